"""Events out of the log, in its order: what was committed is there for all processes, and nothing else is."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, select
from sqlalchemy.sql import text

from gridpact.gate.access.visibility import Audience
from gridpact.gate.door.case_rows import TRADE
from gridpact.gate.door.intake import CONFIRMATION, REJECTION
from gridpact.gate.events.gate_event import (
    SESSION_CANCELLED,
    SESSION_CLEARED,
    SESSION_CLOSED,
    SESSION_OPENED,
    SETTLEMENT_PUBLISHED,
    TRADE_CONFIRMED,
    TRADE_PROPOSED,
    TRADE_REJECTED,
    WEBHOOK_DISABLED,
    GateEvent,
)
from gridpact.gate.store.gate_tables import ACTION, EVENT_ENTRIES, LOG, LOG_HEAD, SESSION, SUBMISSION
from gridpact.gate.words.json_bodies import read_json

PAGE = 500
_OF_SESSIONS = {
    "opened": SESSION_OPENED,
    "seal": SESSION_CLOSED,
    "published": SESSION_CLEARED,
    "session-cancelled": SESSION_CANCELLED,
}
_OF_TRADES = {TRADE: TRADE_PROPOSED, CONFIRMATION: TRADE_CONFIRMED, REJECTION: TRADE_REJECTED}
_OF_WEBHOOKS, _OF_SETTLEMENTS = "webhook-disabled", "settled"
_IS_EVENT = text(f"log.{EVENT_ENTRIES}")  # As the index has it, so that the index is used.
_ANSWER = SUBMISSION.alias("answer")
_PROPOSAL = SUBMISSION.alias("proposal")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Some events, one after the other.

    Attributes:
        events: in the order of the log.
        until: the last entry of the log that was looked at.
        is_last: whether it ends at the end of the log.
        changed: last entry that changed who may do what.
    """

    events: Sequence[GateEvent]
    until: int
    is_last: bool
    changed: int


def end_of_log(connection: Connection) -> int:
    """The last entry of the log."""
    return int(connection.execute(select(LOG_HEAD.c.sequence)).scalar_one())


def last_event(connection: Connection) -> int:
    """The last entry of the log that is an event; 0 where there is none."""
    return int(connection.execute(select(func.max(LOG.c.sequence)).where(_IS_EVENT)).scalar() or 0)


def events_after(connection: Connection, sequence: int, limit: int = PAGE) -> EventPage:
    """The events after an entry of the log, at most so many.

    Args:
        connection: that sees one state of the database.
        sequence: of the entry.
        limit: how many are read.
    """
    head = connection.execute(select(LOG_HEAD)).one()
    rows = connection.execute(_query(sequence, limit)).all()
    is_last = len(rows) < limit
    return EventPage(
        events=tuple(event for row in rows if (event := _event(row)) is not None),
        until=max(int(head.sequence), sequence) if is_last else int(rows[-1].sequence),
        is_last=is_last,
        changed=int(head.changed),
    )


def _query(sequence: int, limit: int) -> Any:
    """Entries with the market of their session, the trade that they are about, and the body of actions."""
    of_trade = (_PROPOSAL.c.submission == _ANSWER.c.name) & (LOG.c.kind != literal_column(f"'{TRADE}'"))
    joined = (
        LOG.outerjoin(SESSION, SESSION.c.session == LOG.c.session)
        .outerjoin(_ANSWER, _ANSWER.c.sequence == LOG.c.sequence)
        .outerjoin(_PROPOSAL, of_trade)
        .outerjoin(ACTION, ACTION.c.sequence == LOG.c.sequence)
    )
    columns = (
        LOG.c.sequence,
        LOG.c.kind,
        LOG.c.session,
        SESSION.c.market,
        func.coalesce(_PROPOSAL.c.submission, _ANSWER.c.submission).label("submission"),
        func.coalesce(_PROPOSAL.c.body, _ANSWER.c.body).label("trade"),
        ACTION.c.subject,
        ACTION.c.body,
    )
    query = select(*columns).select_from(joined).where(_IS_EVENT, LOG.c.sequence > sequence)
    return query.order_by(LOG.c.sequence).limit(limit)


def _event(row: Row[Any]) -> GateEvent | None:
    """The event that an entry is."""
    if row.kind in _OF_SESSIONS:
        facts = {"session": row.session, "market": row.market}
        return _made(row, _OF_SESSIONS[row.kind], facts, Audience(market=row.market))
    if row.kind in _OF_TRADES:
        return _trade_event(row)
    if row.kind == _OF_WEBHOOKS:
        pseudonym, _, webhook = row.subject.partition("/")
        return _made(row, WEBHOOK_DISABLED, {"webhook": webhook}, Audience(pseudonym=pseudonym))
    if row.kind == _OF_SETTLEMENTS:
        return _settlement_event(row)
    return None


def _trade_event(row: Row[Any]) -> GateEvent:
    """What became of a proposal, for its two sides and nobody else."""
    proposal = read_json(bytes(row.trade))
    facts = {
        "session": row.session,
        "market": row.market,
        "submission": row.submission,
        **{name: proposal[name] for name in ("trade", "seller", "buyer")},
    }
    sides = frozenset({proposal["seller"], proposal["buyer"]})
    return _made(row, _OF_TRADES[row.kind], facts, Audience(market=row.market, participants=sides))


def _settlement_event(row: Row[Any]) -> GateEvent:
    """The publication of a settlement, for those who are in it, and those who see all."""
    answer = json.loads(row.body)
    audience = Audience(
        market=answer["market"],
        participants=frozenset(answer["participants"]),
        retailers=frozenset(answer["retailers"]),
        is_overseen=True,
    )
    facts = {name: answer[name] for name in ("settlement", "market", "from", "until", "corrects")}
    return _made(row, SETTLEMENT_PUBLISHED, facts, audience)


def _made(row: Row[Any], kind: str, facts: dict[str, Any], audience: Audience) -> GateEvent:
    return GateEvent(sequence=int(row.sequence), kind=kind, facts=facts, audience=audience)
