"""What is shown of sessions."""

import json
from typing import Any

from sqlalchemy import Connection, Select, func, select

from gridpact.gate.access.visibility import sees_market
from gridpact.gate.access.visitor import OPERATOR, Visitor
from gridpact.gate.closing.session_order import previous_session
from gridpact.gate.market.session_commands import shown_session
from gridpact.gate.market.session_states import FAILED, SessionState, session_state
from gridpact.gate.store.gate_tables import JOB, MARKET, SESSION, SUBMISSION
from gridpact.gate.words.moments import moment_text

OF_RESULT = ("status", "proposed_kwh", "cleared_kwh", "published_at")


def session_view(
    connection: Connection, state: SessionState, now: int, *, for_operator: bool
) -> dict[str, Any]:
    """A session with its state, and after publication what came of it."""
    name = state.at(now)
    view = {**shown_session(state), "state": name, "now": moment_text(now)}
    if state.job is not None:
        view["previous"] = previous_session(connection, state.row.session)
    view["sealed_at"] = None if state.seal is None else moment_text(state.seal.sealed_at)
    is_open_to_all = state.publication is not None or for_operator
    view["submissions"] = _submissions(connection, state) if is_open_to_all else None
    if state.publication is not None:
        answer = json.loads(state.publication.answer)
        view |= {member: answer[member] for member in OF_RESULT}
    if for_operator and name == FAILED and state.job is not None:
        view["problems"] = json.loads(state.job.document).get("problems", [])
    return view


def latest_sessions(
    connection: Connection, who: Visitor, now: int, *, limit: int, market: str | None = None
) -> list[dict[str, Any]]:
    """The sessions that a visitor sees and that close last, the last one first.

    Args:
        connection: to them.
        who: asks.
        now: the gate's time.
        limit: how many at most.
        market: whose sessions alone are wanted, `None` for all.
    """
    query = select(SESSION.c.session).where(SESSION.c.market.in_(_seen(connection, who, market)))
    query = query.order_by(SESSION.c.closes_at.desc(), SESSION.c.session).limit(limit)
    return _views(connection, who, now, query)


def failed_sessions(connection: Connection, who: Visitor, now: int, *, limit: int) -> list[dict[str, Any]]:
    """The sessions that a visitor sees and that have failed, the last one first."""
    query = (
        select(SESSION.c.session)
        .join(JOB, JOB.c.session == SESSION.c.session)
        .where(JOB.c.state == FAILED, SESSION.c.market.in_(_seen(connection, who, None)))
        .order_by(SESSION.c.closes_at.desc(), SESSION.c.session)
        .limit(limit)
    )
    return _views(connection, who, now, query)


def _seen(connection: Connection, who: Visitor, market: str | None) -> list[str]:
    """The markets that a visitor sees; of these one alone, where one is named."""
    names = connection.execute(select(MARKET.c.market)).scalars()
    return [name for name in names if sees_market(who, name) and market in (None, name)]


def _views(connection: Connection, who: Visitor, now: int, query: Select[Any]) -> list[dict[str, Any]]:
    states = [session_state(connection, name) for name in connection.execute(query).scalars().all()]
    is_operator = OPERATOR in who.roles
    return [
        session_view(connection, state, now, for_operator=is_operator)
        for state in states
        if state is not None
    ]


def _submissions(connection: Connection, state: SessionState) -> int:
    if state.seal is not None:
        return int(state.seal.submissions)
    query = select(func.count()).select_from(SUBMISSION).where(SUBMISSION.c.session == state.row.session)
    return int(connection.execute(query).scalar_one())
