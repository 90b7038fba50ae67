"""Database: connections to SQLite or PostgreSQL, set up so that what is committed is on disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from gridpact.errors import InvalidUsage

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BUSY_SECONDS = 30.0
OUTAGES = SQLAlchemyError, OSError  # of a database or a disk: no fault of what is worked on


class Database:
    """The database of a gate.

    Args:
        url: `sqlite:///PATH` or `postgresql://…`.

    Raises:
        InvalidUsage: it is neither.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise InvalidUsage(f"{url!r} is no database", _REMEDY) from None
        self.kind = parsed.get_backend_name()
        if self.kind not in (SQLITE, POSTGRESQL):
            raise InvalidUsage(f"{self.kind!r} is not a database of the gate", _REMEDY)
        self.engine = _sqlite(url) if self.kind == SQLITE else _postgresql(parsed)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file, which one process serves."""
        return self.kind == SQLITE

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database, and writes nothing."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed, on disk, when all went well."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection = connection.execution_options(is_writer=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Ends all connections."""
        self.engine.dispose()


_REMEDY = "write sqlite:///PATH or postgresql://USER@HOST/NAME"


def _postgresql(url: Any) -> Engine:
    """An engine of PostgreSQL by psycopg."""
    return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)


def _sqlite(url: str) -> Engine:
    """An engine of SQLite in which writers wait for each other, and readers for nobody."""
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    def set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy begins and commits, and nothing else does.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        is_writer = connection.get_execution_options().get("is_writer")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine
