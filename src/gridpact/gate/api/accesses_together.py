"""Accesses that are asked for at the same time are read together, which costs little more than one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from gridpact.gate.access.visibility import need_market
from gridpact.gate.access.visitor import keys_of_market, no_key, visitors_of
from gridpact.gate.api.access_cache import Access, AccessCache, Accesses
from gridpact.gate.door.signed_submissions import signing_keys
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.market.session_states import SessionState, session_state
from gridpact.gate.store.transaction import known_changes
from gridpact.gate.words.refused import Refused, not_found

Asked = tuple[str, str]  # digest of a key, and a session
FrameOf = Callable[[Connection, SessionState, int], SessionFrame]
Read = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class AccessesTogether:
    """Reads who comes with a key and the session it is about, as the database has them when it is asked.

    Args:
        cache: that keeps what was read.
        frame: gives the frame of a session.
        clock: the gate's time.
    """

    def __init__(self, cache: AccessCache, frame: FrameOf, clock: Callable[[], int]) -> None:
        self._cache, self._frame, self._clock = cache, frame, clock
        self._waiting: list[tuple[Asked, asyncio.Future[Access]]] = []
        self._task: asyncio.Task[None] | None = None

    async def access(self, key_sha256: str, session: str, read: Read) -> Access:
        """Who comes with a key, and a session that it sees.

        Args:
            key_sha256: digest of the key.
            session: its name.
            read: carries out a query beside the loop.

        Raises:
            Refused: 401 where the key stands for nobody, 404 where the visitor does not see the session.
        """
        future: asyncio.Future[Access] = asyncio.get_running_loop().create_future()
        self._waiting.append(((key_sha256, session), future))
        if self._task is None:
            self._task = asyncio.create_task(self._read(read))
        return await future

    async def _read(self, read: Read) -> None:
        """Reads what is waited for in one go, again as long as more has come meanwhile."""
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                asked = [each for each, _ in waiting]
                found: Sequence[Access | Exception]
                try:
                    accesses = await read(partial(self._all, asked=asked))
                    self._cache.keep(accesses)
                    found = [_judged(accesses, each) for each in asked]
                except Exception as error:
                    found = [error] * len(waiting)
                for (_, future), access in zip(waiting, found, strict=True):
                    if future.done():
                        continue
                    if isinstance(access, Access):
                        future.set_result(access)
                    else:
                        future.set_exception(access)
        finally:
            self._task = None

    def _all(self, connection: Connection, asked: Sequence[Asked]) -> Accesses:
        """What was asked for, and the other traders of those markets that are new, who are about to ask."""
        changed, now = known_changes(connection), self._clock()
        sessions, kept = {}, self._cache.sessions(changed)
        for name in {session for _, session in asked}:
            found = kept.get(name)
            if found is None or found[0].row.closes_at <= now:  # It may be sealed, which is no change.
                found = self._session(connection, name, changed)
            if found is not None:
                sessions[name] = found
        markets = {state.row.market for state, _ in sessions.values()}
        new = [market for market in markets if self._cache.lacks(market, changed)]
        others = {key for market in new for key in keys_of_market(connection, market)}
        keys = {key for key, _ in asked} | (others - self._cache.visitors(changed).keys())
        visitors = visitors_of(connection, keys, now)
        of_users = signing_keys(connection, {visitor.user for visitor in visitors.values()})
        return Accesses(
            changed=changed,
            visitors={key: (visitor, of_users[visitor.user]) for key, visitor in visitors.items()},
            sessions=sessions,
            markets=new,
        )

    def _session(
        self, connection: Connection, session: str, changed: int
    ) -> tuple[SessionState, SessionFrame] | None:
        state = session_state(connection, session)
        return None if state is None else (state, self._frame(connection, state, changed))


def _judged(accesses: Accesses, asked: Asked) -> Access | Refused:
    """Whether who comes with a key sees a session: its access, or why it is refused."""
    visitor, session = accesses.visitors.get(asked[0]), accesses.sessions.get(asked[1])
    try:
        if visitor is None:
            raise no_key()
        if session is None:
            raise not_found()
        need_market(visitor[0], session[0].row.market)
    except Refused as refused:
        return refused
    return Access(
        visitor=visitor[0], keys=visitor[1], state=session[0], frame=session[1], changed=accesses.changed
    )
