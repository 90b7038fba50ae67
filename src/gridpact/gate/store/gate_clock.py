"""GateClock: the time of all processes of a gate, set by their common database."""

import time
from collections.abc import Callable
from threading import Lock

from sqlalchemy import text

from gridpact.gate.store.database import Database
from gridpact.gate.words.moments import system_clock

APART_MAX = 1_000_000  # microseconds; a machine whose clock is further off is not ready
_QUERY = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def steady_clock() -> int:
    """Microseconds that pass as on a clock that nobody sets, also while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1000


class GateClock:
    """The time in microseconds: that of the database at the last measurement, and what has passed since then.

    With SQLite, which has no clock of its own, it is that of the machine. Between measurements no jump of the
    machine's clock is seen, and it never goes back: where a measurement shows an earlier time, it stands
    until that time has come.

    Args:
        database: whose clock rules.
        system: the clock of this machine.
        steady: what passes, whatever is done to that clock.
    """

    def __init__(
        self,
        database: Database,
        system: Callable[[], int] = system_clock,
        steady: Callable[[], int] = steady_clock,
    ) -> None:
        self._database, self._system, self._steady = database, system, steady
        self._lock = Lock()
        self._offset = system() - steady()
        self._last = 0

    def __call__(self) -> int:
        """The time of the gate."""
        with self._lock:
            self._last = max(self._last, self._steady() + self._offset)
            return self._last

    @property
    def ahead(self) -> int:
        """How far the gate's time is ahead of this machine's clock now, microseconds."""
        return self() - self._system()

    @property
    def is_near(self) -> bool:
        """Whether the clock of this machine agrees with the gate's time."""
        return abs(self.ahead) <= APART_MAX

    def measure(self) -> None:
        """Sets it by the clock of the database."""
        is_own = self._database.is_sqlite
        offset = self._system() - self._steady() if is_own else self._theirs()
        with self._lock:
            self._offset = offset

    def _theirs(self) -> int:
        with self._database.engine.connect() as connection:
            before = self._steady()
            theirs = int(connection.execute(text(_QUERY)).scalar_one())
            after = self._steady()
            connection.rollback()
        return theirs - (before + after) // 2
