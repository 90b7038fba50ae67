"""The order of the sessions of one horizon: which one waits for which, and whose result is firm in which.

A session rests on the last firm result of its horizon at the moment its clearing begins, or on that of the
session which its operator named. One that failed or was cancelled has no firm result, and holds up nobody.
One that is cleared again after a failure rests on what is firm by then, so that no firm trade is forgotten.
"""

import json
from typing import Any

from sqlalchemy import Connection, Row, select

from gridpact.gate.market.session_states import CLEARING, CLOSED, SessionState, session_state
from gridpact.gate.store.gate_tables import JOB, PUBLICATION, SEAL, SESSION

PREVIOUS = "previous"


def named_previous(row: Row[Any]) -> str | None:
    """The session that an operator named as the one before."""
    named = json.loads(row.document).get(PREVIOUS)
    return None if named is None else str(named)


def previous_session(connection: Connection, session: str) -> str | None:
    """The session whose result is firm in another one: as decided when its clearing began, else as of now."""
    state = session_state(connection, session)
    if state is None:
        return None
    decided = {} if state.job is None else json.loads(state.job.document)
    return decided[PREVIOUS] if PREVIOUS in decided else last_firm(connection, state)


def last_firm(connection: Connection, state: SessionState) -> str | None:
    """The last session of a horizon with a firm result, or the one that was named where it has one."""
    row = state.row
    query = (
        select(PUBLICATION.c.session)
        .join(SESSION, SESSION.c.session == PUBLICATION.c.session)
        .where(
            SESSION.c.market == row.market,
            SESSION.c.horizon == row.horizon,
            SESSION.c.session != row.session,
        )
        .order_by(PUBLICATION.c.published_at)
    )
    firm = list(connection.execute(query).scalars())
    named = named_previous(row)
    if named in firm:
        return named
    return firm[-1] if firm else None


def is_ready(connection: Connection, session: str) -> bool:
    """Whether no other session has to be cleared before a sealed one.

    Those of its horizon that were sealed before it have to, one that is cleared right now, and the one that
    its operator named, until each of them is published, has failed, or is cancelled.
    """
    state = session_state(connection, session)
    if state is None or state.seal is None:
        return False
    before = (JOB.c.state == CLEARING) | (
        (JOB.c.state == CLOSED) & (SEAL.c.last_sequence < state.seal.last_sequence)
    )
    query = (
        select(JOB.c.session)
        .join(SESSION, SESSION.c.session == JOB.c.session)
        .join(SEAL, SEAL.c.session == JOB.c.session)
        .where(
            SESSION.c.market == state.row.market,
            SESSION.c.horizon == state.row.horizon,
            JOB.c.session != session,
            before,
        )
        .limit(1)
    )
    if connection.execute(query).first() is not None:
        return False
    named = named_previous(state.row)
    other = None if named is None else session_state(connection, named)
    if other is None or other.row.cancelled_at is not None:
        return True
    return other.job is not None and other.job.state not in (CLOSED, CLEARING)
