"""Accesses that are asked for at the same time are read together, which costs little more than one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from gridpact.gate.access.visibility import need_market
from gridpact.gate.access.visitor import no_key, visitors_of
from gridpact.gate.api.access_cache import Access, AccessCache
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
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                try:
                    found = await read(self._all([asked for asked, _ in waiting]))
                except Exception as error:
                    found = [error] * len(waiting)
                for (_, future), access in zip(waiting, found, strict=True):
                    if isinstance(access, Access):
                        self._cache.keep(access)
                    if future.done():
                        continue
                    if isinstance(access, Access):
                        future.set_result(access)
                    else:
                        future.set_exception(access)
        finally:
            self._task = None

    def _all(self, asked: Sequence[Asked]) -> Callable[[Connection], list[Access | Refused]]:
        def query(connection: Connection) -> list[Access | Refused]:
            changed = known_changes(connection)
            visitors = visitors_of(connection, {key for key, _ in asked}, self._clock())
            keys = signing_keys(connection, {visitor.user for visitor in visitors.values()})
            sessions = {
                session: self._session(connection, session, changed)
                for session in {name for _, name in asked}
            }
            found: list[Access | Refused] = []
            for key, session in asked:
                visitor, of_session = visitors.get(key), sessions[session]
                try:
                    if visitor is None:
                        raise no_key()
                    if of_session is None:
                        raise not_found()
                    state, frame = of_session
                    need_market(visitor, state.row.market)
                except Refused as refused:
                    found.append(refused)
                    continue
                of_visitor = keys[visitor.user]
                found.append(
                    Access(visitor=visitor, keys=of_visitor, state=state, frame=frame, changed=changed)
                )
            return found

        return query

    def _session(
        self, connection: Connection, session: str, changed: int
    ) -> tuple[SessionState, SessionFrame] | None:
        state = session_state(connection, session)
        return None if state is None else (state, self._frame(connection, state, changed))
