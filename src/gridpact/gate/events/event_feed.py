"""EventFeed: the log followed for all streams of a serving process, so that each event is read once."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from gridpact.gate.events.event_source import EventPage, end_of_log, events_after
from gridpact.gate.events.gate_event import GateEvent
from gridpact.gate.watch.json_log import say
from gridpact.gate.words.refused import Refused

Answer = TypeVar("Answer")
POLL_SECONDS, AWAY_SECONDS = 0.2, 1.0
KEPT_MAX = 5_000  # events that streams find without asking the database
RETRY_SECONDS = 10


class Read(Protocol):
    """Carries out a query beside the loop."""

    def __call__(self, query: Callable[[Connection], Answer]) -> Awaitable[Answer]:
        """The answer of the query."""


class EventFeed:
    """Follows the log for as long as somebody listens.

    Args:
        read: carries out a query beside the loop; 503 where the database is away.
        streams_max: how many streams a user may hold at a time.
    """

    def __init__(self, read: Read, streams_max: float) -> None:
        self._read, self._streams_max = read, streams_max
        self._streams: Counter[str] = Counter()
        self._kept: deque[GateEvent] = deque()
        self._from = self._until = 0  # What is kept are all events after the one and up to the other.
        self._news = asyncio.Event()
        self._following: asyncio.Task[None] | None = None
        self.changed = 0  # last entry that changed who may do what, as far as the log was read
        self.is_ended = False

    def refuse_many(self, pseudonym: str) -> None:
        """Refuses a user a further stream where it has as many as it may (429)."""
        if self._streams[pseudonym] >= self._streams_max:
            detail = f"A user has at most {self._streams_max:g} streams of events at a time."
            raise Refused(429, "too-many", detail, headers={"Retry-After": str(RETRY_SECONDS)})

    @contextmanager
    def stream_of(self, pseudonym: str, end: int) -> Iterator[None]:
        """A stream of a user, until it ends.

        Args:
            pseudonym: of the user.
            end: of the log, as it was read lately.
        """
        self._streams[pseudonym] += 1
        if self._following is None or self._following.done():
            self._kept.clear()
            self._from = self._until = end
            self._following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            self._streams[pseudonym] -= 1
            self._streams += Counter()  # Who has none is forgotten.

    async def end_of_log(self) -> int:
        """The last entry of the log.

        Raises:
            Refused: 503, the database is away.
        """
        return await self._read(end_of_log)

    async def after(self, sequence: int) -> EventPage:
        """Events after an entry of the log: those that are there, of which there may be none.

        Raises:
            Refused: 503, the database is away.
        """
        if sequence < self._from:
            return await self._read(partial(events_after, sequence=sequence))
        events: Sequence[GateEvent] = [event for event in self._kept if event.sequence > sequence]
        until = max(self._until, sequence)
        return EventPage(events=events, until=until, is_last=True, changed=self.changed)

    def news(self) -> asyncio.Event:
        """What is set once there is more than there was when it was asked for."""
        return self._news

    def end(self) -> None:
        """Ends all streams."""
        self.is_ended = True
        self._tell()

    def _tell(self) -> None:
        told, self._news = self._news, asyncio.Event()
        told.set()

    async def _follow(self) -> None:
        """Reads on, for as long as there are streams."""
        while self._streams and not self.is_ended:
            try:
                page = await self._read(partial(events_after, sequence=self._until))
            except Refused:
                await asyncio.sleep(AWAY_SECONDS)
                continue
            except Exception as error:  # Streams go on saying that they are there, and the log says why.
                say("events could not be read", level=logging.ERROR, error=error)
                await asyncio.sleep(AWAY_SECONDS)
                continue
            self._keep(page)
            if page.is_last:
                await asyncio.sleep(POLL_SECONDS)

    def _keep(self, page: EventPage) -> None:
        has_changed = page.changed != self.changed
        self._kept.extend(page.events)
        self._until, self.changed = page.until, page.changed
        while len(self._kept) > KEPT_MAX:
            self._from = self._kept.popleft().sequence
        if page.events or has_changed:
            self._tell()
