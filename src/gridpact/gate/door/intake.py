"""Intake: how a submission becomes an entry of the log, and gets its receipt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, func, select

from gridpact.gate.door.arrival import Arrival
from gridpact.gate.log.receipt import signed_text
from gridpact.gate.market.session_states import SessionState, session_state
from gridpact.gate.store.gate_tables import FATE, SUBMISSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.json_bodies import json_string, read_json, same_content
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import Refused, not_found

CONFIRMATION, REJECTION, WITHDRAWAL, FORECAST = "confirmation", "rejection", "withdrawal", "forecast"
WITHDRAWN, REPLACED, CONFIRMED, REJECTED = "withdrawn", "replaced", "confirmed", "rejected"
SUBMISSION_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What of an arrival becomes one submission.

    Attributes:
        kind: as in `order`.
        participant: that it is of.
        name: unique for kind, participant and session.
        document: what it says.
        digest: what the log has for it, in hexadecimal digits.
        body: what is stored of it: the bytes as they came, or of an order in a batch what it says.
        counterparty: the other side, of a trade.
        index: place in a batch.
    """

    kind: str
    participant: str
    name: str
    document: Mapping[str, Any]
    digest: str
    body: bytes
    counterparty: str | None = None
    index: int | None = None


def state_of(transaction: Transaction, session: str) -> SessionState:
    """The session that a submission is for.

    Raises:
        Refused: 404, there is none.
    """
    state = session_state(transaction.connection, session)
    if state is None:
        raise not_found()
    return state


def stored_before(transaction: Transaction, session: str, item: Item) -> dict[str, Any] | None:
    """The receipt of a submission that is stored already; `None` where its name is free.

    Raises:
        Refused: 409, the name is taken by other content.
    """
    row = transaction.row(
        select(SUBMISSION).where(
            SUBMISSION.c.session == session,
            SUBMISSION.c.participant == item.participant,
            SUBMISSION.c.kind == item.kind,
            SUBMISSION.c.name == item.name,
        )
    )
    if row is None:
        return None
    if not same_content(read_json(row.body), read_json(item.body)):
        raise Refused(409, "name-taken", f"There is another {item.kind} of the name '{item.name}'.")
    receipt: dict[str, Any] = json.loads(row.receipt)
    return receipt


def alive(transaction: Transaction, session: str, participant: str) -> int:
    """How many orders and trades a participant has handed in that nothing has ended."""
    joined = SUBMISSION.outerjoin(FATE, FATE.c.submission == SUBMISSION.c.submission)
    query = (
        select(func.count())
        .select_from(joined)
        .where(
            SUBMISSION.c.session == session,
            SUBMISSION.c.participant == participant,
            SUBMISSION.c.kind.in_(("order", "trade")),
            FATE.c.state.is_(None) | (FATE.c.state == CONFIRMED),
        )
    )
    return int(transaction.connection.execute(query).scalar_one())


def with_fate(transaction: Transaction, session: str, submission: str) -> Row[Any] | None:
    """A submission of a session with its `state`, `None` where nothing ended it."""
    joined = SUBMISSION.outerjoin(FATE, FATE.c.submission == SUBMISSION.c.submission)
    return transaction.row(
        select(SUBMISSION, FATE.c.state)
        .select_from(joined)
        .where(and_(SUBMISSION.c.submission == submission, SUBMISSION.c.session == session))
    )


def end(transaction: Transaction, submission: str, state: str, by: str) -> None:
    """Notes what ended a submission, or bound it."""
    transaction.insert(FATE, submission=submission, state=state, by_submission=by)


def store(
    transaction: Transaction,
    state: SessionState,
    arrival: Arrival,
    item: Item,
    private: Mapping[str, Any],
    *,
    batch: int | None = None,
) -> dict[str, Any]:
    """Stores a submission, and gives its receipt; of an order in a batch without a signature of its own."""
    receipt: dict[str, Any] = json.loads(store_text(transaction, state.row, arrival, item, private, batch)[1])
    return receipt


def store_text(
    transaction: Transaction,
    session: Row[Any],
    arrival: Arrival,
    item: Item,
    private: Mapping[str, Any],
    batch: int | None = None,
) -> tuple[str, str]:
    """Stores a submission, and gives its id and the JSON text of its receipt."""
    received_at = transaction.receive(arrival.session, arrival.received_at, session.last_received_at)
    moment = moment_text(received_at)
    sequence, chain = transaction.append_text(
        kind=item.kind,
        session=arrival.session,
        actor=arrival.visitor.pseudonym,
        received_at=received_at,
        moment=moment,
        digest=item.digest,
    )
    submission = f"s{sequence:0{SUBMISSION_DIGITS}}"
    facts = receipt_facts(
        submission=submission,
        kind=item.kind,
        session=arrival.session,
        participant=item.participant,
        name=item.name,
        sequence=sequence,
        moment=moment,
        digest=item.digest,
        chain=chain,
        of_batch=None if item.index is None else (arrival.digest.hex(), item.index),
    )
    receipt = facts if item.index is not None else signed_text(facts, private)
    transaction.add_submission(
        submission,
        sequence,
        arrival.session,
        item.participant,
        item.kind,
        item.name,
        item.body,
        batch,
        item.index,
        item.counterparty,
        arrival.jws,
        receipt,
    )
    return submission, receipt


def receipt_facts(
    *,
    submission: str,
    kind: str,
    session: str,
    participant: str,
    name: str,
    sequence: int,
    moment: str,
    digest: str,
    chain: str,
    of_batch: tuple[str, int] | None,
) -> str:
    """The JSON text of what a receipt says, without its signature.

    Args:
        submission: its id.
        kind: as in `order`.
        session: that it is for.
        participant: that it is of.
        name: that its sender gave it.
        sequence: of its entry in the log.
        moment: at which it was received, as text.
        digest: what the log has of its content.
        chain: the link of its entry.
        of_batch: digest of the batch that it came in, and its place there.
    """
    whole = "" if of_batch is None else f',"batch_sha256":"{of_batch[0]}","index":{of_batch[1]}'
    return (
        f'{{"submission":{json_string(submission)},"kind":{json_string(kind)},"session":{json_string(session)},'
        f'"participant":{json_string(participant)},"name":{json_string(name)},"sequence":{sequence},'
        f'"received_at":"{moment}","sha256":{json_string(digest)},"chain":{json_string(chain)}{whole}}}'
    )
