"""Signs of life of clearing workers, in the database that all processes of a gate share."""

from sqlalchemy import Connection, delete, func, insert, select, update

from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import WORKER

SIGN_SECONDS = 10.0
ALIVE_MICROSECONDS = 120_000_000  # A solver can keep a worker from giving signs.


def give_sign(database: Database, worker: str, now: int) -> None:
    """Notes that a worker is alive."""
    with database.writing() as connection:
        seen = update(WORKER).where(WORKER.c.worker == worker).values(seen_at=now)
        if connection.execute(seen).rowcount == 0:
            connection.execute(insert(WORKER).values(worker=worker, seen_at=now))


def take_sign(database: Database, worker: str | None = None) -> None:
    """Notes that a worker has ended, or all of them."""
    query = delete(WORKER)
    with database.writing() as connection:
        connection.execute(query if worker is None else query.where(WORKER.c.worker == worker))


def workers_alive(connection: Connection, now: int) -> int:
    """How many workers were heard of lately."""
    query = select(func.count()).select_from(WORKER).where(WORKER.c.seen_at > now - ALIVE_MICROSECONDS)
    return int(connection.execute(query).scalar_one())
