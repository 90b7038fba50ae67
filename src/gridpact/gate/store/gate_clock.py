"""GateClock: the time of all processes of a gate, set by their common database."""

from sqlalchemy import text

from gridpact.gate.store.database import Database
from gridpact.gate.words.moments import system_clock

APART_MAX = 1_000_000  # microseconds; a machine whose clock is further off is not ready
_QUERY = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


class GateClock:
    """The time in microseconds: that of the machine, and how far the database is ahead of it.

    With SQLite, which has no clock but the machine's, that is nothing.

    Args:
        database: whose clock rules.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ahead = 0

    def __call__(self) -> int:
        """The time of the gate."""
        return system_clock() + self.ahead

    @property
    def is_near(self) -> bool:
        """Whether the clock of this machine can be trusted between two measurements."""
        return abs(self.ahead) <= APART_MAX

    def measure(self) -> None:
        """Asks the database for its time."""
        if self._database.is_sqlite:
            return
        with self._database.engine.connect() as connection:
            before = system_clock()
            theirs = int(connection.execute(text(_QUERY)).scalar_one())
            after = system_clock()
            connection.rollback()
        self.ahead = theirs - (before + after) // 2
