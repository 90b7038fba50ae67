"""What operators are shown of a gate at work: submissions a minute, clearing jobs, workers."""

import json
from typing import Any

from sqlalchemy import Connection, func, select

from gridpact.gate.door.case_rows import ORDER, TRADE
from gridpact.gate.door.intake import FORECAST
from gridpact.gate.door.take_forecasts import OPERATORS
from gridpact.gate.store.gate_tables import JOB, LOG, SESSION, SUBMISSION, WORKER
from gridpact.gate.words.moments import moment_text

MINUTE = 60_000_000
MINUTES = 30


def submissions_a_minute(connection: Connection, now: int) -> list[tuple[int, int]]:
    """How many submissions came in each of the last minutes: the moment at which it began, and the number."""
    first = now // MINUTE - MINUTES + 1
    begin = _first_entry_since(connection, first * MINUTE)
    minute = (LOG.c.received_at - LOG.c.received_at % MINUTE).label("minute")
    query = (
        select(minute, func.count())
        .select_from(SUBMISSION.join(LOG, LOG.c.sequence == SUBMISSION.c.sequence))
        .where(SUBMISSION.c.sequence >= begin)
        .group_by(minute)
    )
    counts = {int(moment): int(count) for moment, count in connection.execute(query)}
    return [(number * MINUTE, counts.get(number * MINUTE, 0)) for number in range(first, first + MINUTES)]


def _first_entry_since(connection: Connection, moment: int) -> int:
    """The sequence from which on entries were received after a moment, nearly: it rises with time."""
    low, high = 1, int(connection.execute(select(func.max(LOG.c.sequence))).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(select(LOG.c.received_at).where(LOG.c.sequence == middle)).scalar_one()
        low, high = (middle + 1, high) if at < moment else (low, middle)
    return low


def jobs_view(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """Clearing jobs of the sessions that closed last."""
    query = (
        select(JOB, SESSION.c.market, SESSION.c.closes_at)
        .join(SESSION, SESSION.c.session == JOB.c.session)
        .order_by(SESSION.c.closes_at.desc())
        .limit(limit)
    )
    return [
        {
            "session": row.session,
            "market": row.market,
            "state": row.state,
            "claims": row.fence,
            "excluded": json.loads(row.document).get("exclude", []),
        }
        for row in connection.execute(query)
    ]


def workers_view(connection: Connection, now: int) -> list[dict[str, Any]]:
    """Clearing workers, and when each was last heard of."""
    return [
        {
            "worker": row.worker,
            "seen_at": moment_text(row.seen_at),
            "seconds": (now - row.seen_at) // 1_000_000,
        }
        for row in connection.execute(select(WORKER).order_by(WORKER.c.seen_at.desc()))
    ]


def excludable_view(connection: Connection, session: str, *, limit: int) -> list[dict[str, Any]]:
    """What was handed in to a session, by kind: what its operator may leave out of the next try."""
    columns = SUBMISSION.c
    query = (
        select(columns.submission, columns.kind, columns.participant, columns.name)
        .where(columns.session == session, columns.kind.in_((ORDER, TRADE, FORECAST, OPERATORS)))
        .order_by(columns.kind, columns.sequence)
        .limit(limit)
    )
    return [dict(row._mapping) for row in connection.execute(query)]
