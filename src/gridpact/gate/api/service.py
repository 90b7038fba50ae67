"""Service: what the routes of one serving process share."""

import logging
from collections.abc import Callable
from importlib import import_module
from threading import Event, Thread
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from gridpact.gate.api.access_cache import Access, AccessCache
from gridpact.gate.api.accesses_together import AccessesTogether
from gridpact.gate.api.checks_together import ChecksTogether
from gridpact.gate.api.rate_limit import RateLimit
from gridpact.gate.closing.sealer import Sealer
from gridpact.gate.events.event_feed import EventFeed
from gridpact.gate.events.openings import log_openings
from gridpact.gate.market.session_frames import SessionFrame, frame_of
from gridpact.gate.market.session_states import SessionState
from gridpact.gate.store.gate_home import Gate
from gridpact.gate.store.transaction import Transaction, known_changes
from gridpact.gate.store.writer import Writer, not_stored
from gridpact.gate.watch.json_log import say

Answer = TypeVar("Answer")
SEALING_SECONDS, CLOCK_SECONDS = 0.2, 30.0
UNKNOWN_KEYS_PER_SECOND, UNKNOWN_KEYS_AT_ONCE = 5.0, 50.0
FRAMES_MAX = 2_000
CHECKS_LIBRARY = "pandas"  # which the first check of a table would else wait for


class Service:
    """A gate with its writer, its limits, and the thread that seals.

    Args:
        gate: that is served.
    """

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.name = gate.name
        self.writer = Writer(gate.database)
        self.of_keys = RateLimit(gate.settings.requests_per_second, gate.settings.requests_at_once)
        self.of_addresses = RateLimit(UNKNOWN_KEYS_PER_SECOND, UNKNOWN_KEYS_AT_ONCE)
        self.checks = ChecksTogether()
        self.accesses = AccessCache()
        self._reading = AccessesTogether(self.accesses, self.frame, self.now)
        self.feed = EventFeed(self.read, gate.settings.event_streams)
        self._frames: dict[str, tuple[int, SessionFrame]] = {}
        self._ended = Event()
        self._sealer = Thread(target=self._seal, name="sealer", daemon=True)
        self._sealer.start()
        Thread(target=import_module, args=(CHECKS_LIBRARY,), name="preparing", daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """Whether its threads, which store and seal, are."""
        return self._sealer.is_alive() and self.writer.is_alive

    def now(self) -> int:
        """The gate's time."""
        return self.gate.clock()

    async def read(self, query: Callable[[Connection], Answer]) -> Answer:
        """Carries out a query beside the loop.

        Raises:
            Refused: 503, the database cannot be reached.
        """
        return await run_in_threadpool(self._read, query)

    def _read(self, query: Callable[[Connection], Answer]) -> Answer:
        try:
            with self.gate.database.reading() as connection:
                return query(connection)
        except SQLAlchemyError as error:
            say("the database did not answer", level=logging.ERROR, error=error)
            raise not_stored("The database did not answer.") from error

    async def access(self, key_sha256: str, session: str) -> Access:
        """Who comes with a key, and a session that it sees, as the database has them now.

        Raises:
            Refused: 401, 404, or 503 where the database cannot be reached.
        """
        return await self._reading.access(key_sha256, session, self.read)

    async def write(self, work: Callable[[Transaction], Answer]) -> Answer:
        """Carries out a unit of work, and waits until it is on disk."""
        return await self.writer.submit(work)

    def frame(self, connection: Connection, state: SessionState, changed: int | None = None) -> SessionFrame:
        """The frame of a session, kept for as long as nothing was changed.

        Args:
            connection: to the database.
            state: of the session.
            changed: `known_changes` of the connection, where that is known.
        """
        name = state.row.session
        changed = known_changes(connection) if changed is None else changed
        known = self._frames.get(name)
        if known is not None and known[0] == changed:
            return known[1]
        frame = frame_of(connection, state.row)
        if known is not None and frame.is_that_of(known[1]):
            frame = known[1]
        if len(self._frames) >= FRAMES_MAX:
            self._frames.clear()
        self._frames[name] = changed, frame
        return frame

    def close(self) -> None:
        """Finishes what waits, and ends."""
        self._ended.set()
        self._sealer.join()
        self.writer.close()
        self.gate.database.close()

    def _seal(self) -> None:
        measured, gate = monotonic(), self.gate
        sealer = Sealer(gate.database, gate.clock, gate.drain_microseconds, self.writer.carry_out)
        while not self._ended.wait(SEALING_SECONDS):
            try:
                if monotonic() - measured > CLOCK_SECONDS:
                    self.gate.clock.measure()
                    measured = monotonic()
                log_openings(gate.database, gate.clock, self.writer.carry_out)
                sealer.seal_due()
            except Exception as error:
                say("could not seal", level=logging.ERROR, error=error)

    def facts(self) -> dict[str, Any]:
        """What `/keys` says."""
        return {"gate": self.name, "keys": self.gate.public_keys()}
