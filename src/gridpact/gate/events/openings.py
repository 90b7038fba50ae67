"""The opening of sessions as entries of the log, so that it is an event like all others."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Executable, select

from gridpact.gate.closing.seal_session import SYSTEM
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_tables import OPENING, SEAL, SESSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.moments import Clock

SESSIONS_AT_ONCE = 200
CarryOut = Callable[[Callable[[Transaction], Any]], Any]


def log_openings(database: Database, clock: Clock, carry_out: CarryOut) -> int:
    """Logs the opening of all sessions that are open, once, and gives how many these are.

    Args:
        database: of the gate.
        clock: the gate's time.
        carry_out: carries out a unit of work in a transaction, and gives its answer once it is durable.
    """
    logged = 0
    while True:
        with database.reading() as connection:
            if not _unlogged(connection, clock()):
                return logged
        logged += carry_out(lambda transaction: _log(transaction, clock()))


def _log(transaction: Transaction, now: int) -> int:
    sessions = _unlogged(transaction.connection, now)
    for session in sessions:
        entry = transaction.act(
            kind="opened", subject=session, actor=SYSTEM, received_at=now, body=b"", session=session
        )
        transaction.insert(OPENING, session=session, sequence=entry.entry.sequence)
    return len(sessions)


def _unlogged(connection: Connection, now: int) -> list[str]:
    return list(connection.execute(_query(now)).scalars())


def _query(now: int) -> Executable:
    joined = SESSION.outerjoin(OPENING, OPENING.c.session == SESSION.c.session)
    joined = joined.outerjoin(SEAL, SEAL.c.session == SESSION.c.session)
    is_open = (SESSION.c.opens_at <= now) & (now < SESSION.c.closes_at) & SESSION.c.cancelled_at.is_(None)
    is_new = OPENING.c.session.is_(None) & SEAL.c.session.is_(None)
    query = select(SESSION.c.session).select_from(joined).where(is_open, is_new)
    return query.order_by(SESSION.c.opens_at, SESSION.c.session).limit(SESSIONS_AT_ONCE)
