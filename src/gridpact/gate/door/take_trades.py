"""Trades: proposed by one side, confirmed or rejected by the other; and withdrawals."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select

from gridpact.gate.access.visibility import need_trade, reads
from gridpact.gate.access.visitor import TRADE as TRADE_RIGHT
from gridpact.gate.access.visitor import Visitor
from gridpact.gate.door.arrival import Arrival, need_open
from gridpact.gate.door.case_rows import ORDER, TRADE
from gridpact.gate.door.intake import (
    CONFIRMATION,
    CONFIRMED,
    REJECTED,
    REJECTION,
    WITHDRAWAL,
    WITHDRAWN,
    Item,
    alive,
    end,
    state_of,
    store,
    stored_before,
    with_fate,
)
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.store.gate_tables import FATE, SUBMISSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.json_bodies import read_json
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found

Taken = tuple[int, dict[str, Any]]


def proposer(visitor: Visitor, market: str, document: Mapping[str, Any]) -> str:
    """The side of a trade that proposes it: that which the visitor may trade for.

    Raises:
        Refused: 403 or 404, it may trade for neither.
    """
    sides = [document["seller"], document["buyer"]]
    for side in sides:
        if TRADE_RIGHT in visitor.rights(market, side):
            return str(side)
    known = [side for side in sides if reads(visitor, market, side)]
    need_trade(visitor, market, (known or sides)[0])
    raise not_found()


def take_trade(
    transaction: Transaction, arrival: Arrival, frame: SessionFrame, private: Mapping[str, Any]
) -> Taken:
    """Stores the proposal of a trade."""
    state, document = state_of(transaction, arrival.session), arrival.document
    own = proposer(arrival.visitor, frame.market, document)
    other = document["buyer"] if own == document["seller"] else document["seller"]
    item = _item(TRADE, own, document["trade"], arrival, counterparty=other)
    if (receipt := stored_before(transaction, arrival.session, item)) is not None:
        return 200, receipt
    need_open(state, arrival.received_at)
    problems = _torn_link(transaction, arrival.session, item)
    if alive(transaction, arrival.session, own) >= frame.rules.orders_max:
        what = f"would have more than {frame.rules.orders_max:,} orders and trades in the session"
        problems.append(FieldProblem(pointer="/trade", value=own, what=what, remedy="withdraw some"))
    if problems:
        raise invalid(problems)
    return 201, store(transaction, state, arrival, item, private)


def proposal_for(
    transaction: Transaction, visitor: Visitor, session: str, market: str, submission: str
) -> Row[Any]:
    """The proposal that a visitor answers for the other side.

    Raises:
        Refused: 404 or 403.
    """
    row = with_fate(transaction, session, submission)
    if row is None or row.kind != TRADE:
        raise not_found()
    if TRADE_RIGHT not in visitor.rights(market, row.counterparty) and reads(
        visitor, market, row.participant
    ):
        need_trade(visitor, market, row.participant)
        raise Refused(403, "right-missing", "The other side confirms or rejects a trade.")
    need_trade(visitor, market, row.counterparty)
    return row


def take_answer(
    transaction: Transaction,
    arrival: Arrival,
    kind: str,
    submission: str,
    frame: SessionFrame,
    private: Mapping[str, Any],
) -> Taken:
    """Stores the confirmation or rejection of a trade."""
    state = state_of(transaction, arrival.session)
    proposal = proposal_for(transaction, arrival.visitor, arrival.session, frame.market, submission)
    item = _item(kind, proposal.counterparty, submission, arrival, counterparty=proposal.participant)
    if (receipt := stored_before(transaction, arrival.session, item)) is not None:
        return 200, receipt
    need_open(state, arrival.received_at)
    if kind == CONFIRMATION and arrival.document["sha256"] != _digest(proposal):
        what, remedy = "is not the digest of the proposal", "read the proposal, and send its sha256"
        value = str(arrival.document["sha256"])
        raise invalid([FieldProblem(pointer="/sha256", value=value, what=what, remedy=remedy)])
    if proposal.state is not None:
        raise Refused(409, "wrong-state", f"The trade is {proposal.state}.")
    receipt = store(transaction, state, arrival, item, private)
    fate = {CONFIRMATION: CONFIRMED, REJECTION: REJECTED}[kind]
    end(transaction, submission, fate, receipt["submission"])
    return 201, receipt


def take_withdrawal(
    transaction: Transaction, arrival: Arrival, frame: SessionFrame, private: Mapping[str, Any]
) -> Taken:
    """Stores the withdrawal of an own order, or of an own trade that is not confirmed."""
    state, document = state_of(transaction, arrival.session), arrival.document
    target = with_fate(transaction, arrival.session, document["submission"])
    if target is None or target.kind not in (ORDER, TRADE):
        raise not_found()
    need_trade(arrival.visitor, frame.market, target.participant)
    item = _item(WITHDRAWAL, target.participant, document["withdrawal"], arrival)
    if (receipt := stored_before(transaction, arrival.session, item)) is not None:
        return 200, receipt
    need_open(state, arrival.received_at)
    if target.state is not None:
        raise Refused(409, "wrong-state", f"The {target.kind} is {target.state}.")
    receipt = store(transaction, state, arrival, item, private)
    end(transaction, target.submission, WITHDRAWN, receipt["submission"])
    return 201, receipt


def _item(kind: str, participant: str, name: str, arrival: Arrival, counterparty: str | None = None) -> Item:
    return Item(
        kind=kind,
        participant=participant,
        name=name,
        document=arrival.document,
        digest=arrival.digest.hex(),
        body=arrival.body,
        counterparty=counterparty,
    )


def _digest(proposal: Row[Any]) -> str:
    return sha256(proposal.body).hexdigest()


def _torn_link(transaction: Transaction, session: str, item: Item) -> list[FieldProblem]:
    """What is wrong with a trade whose link an earlier one has with another group, as no case has both."""
    link = item.document.get("link")
    if link is None:
        return []
    joined = SUBMISSION.outerjoin(FATE, FATE.c.submission == SUBMISSION.c.submission)
    rows = transaction.rows(
        select(SUBMISSION.c.body)
        .select_from(joined)
        .where(
            SUBMISSION.c.session == session,
            SUBMISSION.c.participant == item.participant,
            SUBMISSION.c.kind == TRADE,
            FATE.c.state.is_(None) | (FATE.c.state == CONFIRMED),
        )
    )
    for earlier in (read_json(row.body) for row in rows):
        if earlier.get("link") == link and earlier.get("group") != item.document.get("group"):
            what = "holds trades of different groups"
            remedy = "give all trades of a link one group"
            return [FieldProblem(pointer="/link", value=str(link), what=what, remedy=remedy)]
    return []
