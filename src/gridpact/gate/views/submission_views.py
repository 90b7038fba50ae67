"""What is shown of submissions, and the proofs that a seal counts them."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from gridpact.gate.access.visibility import mandated, readable, sees_all
from gridpact.gate.access.visitor import Visitor
from gridpact.gate.closing.seal_session import session_entries
from gridpact.gate.door.case_rows import ORDER, TRADE
from gridpact.gate.door.intake import CONFIRMATION
from gridpact.gate.log.jws import signature_member
from gridpact.gate.log.merkle import inclusion_path
from gridpact.gate.log.receipt import SIGNATURE, signed
from gridpact.gate.market.session_states import SessionState, session_state
from gridpact.gate.store.gate_tables import BATCH, FATE, SUBMISSION
from gridpact.gate.words.json_bodies import read_json
from gridpact.gate.words.refused import not_found

_FIRST_STATE = {ORDER: "open", TRADE: "proposed"}
LAPSED = "lapsed"


def own_submission(
    connection: Connection, visitor: Visitor, submission: str
) -> tuple[Row[Any], SessionState]:
    """A submission that a visitor may read, of either side of a trade.

    Raises:
        Refused: 404.
    """
    joined = SUBMISSION.outerjoin(FATE, FATE.c.submission == SUBMISSION.c.submission)
    row = connection.execute(
        select(SUBMISSION, FATE.c.state, FATE.c.by_submission)
        .select_from(joined)
        .where(SUBMISSION.c.submission == submission)
    ).first()
    state = None if row is None else session_state(connection, row.session)
    if row is None or state is None:
        raise not_found()
    sides = [row.participant, *([row.counterparty] if row.counterparty else [])]
    is_own = bool(mandated(visitor, state.row.market).intersection(sides))
    if not is_own and not (sees_all(visitor) and state.seal is not None):
        raise not_found()
    return row, state


def submission_view(
    connection: Connection, visitor: Visitor, row: Row[Any], state: SessionState, private: Mapping[str, Any]
) -> dict[str, Any]:
    """A submission with its receipt, its state and the bytes as they came.

    Of a batch with orders of participants that the visitor may not read, it is given what it may.
    """
    receipt = json.loads(row.receipt)
    if SIGNATURE not in receipt:
        receipt = signed(receipt, private)
    body = row.body
    if row.batch is not None and _reads_batch(connection, visitor, row, state):
        body = connection.execute(select(BATCH.c.body).where(BATCH.c.batch == row.batch)).scalar_one()
    view = {
        "submission": row.submission,
        "receipt": receipt,
        "state": fate_of(row, state),
        "document": _base64url(body),
    }
    if row.jws is not None:
        view["jws"] = _general(connection, row, body)
    return view


def _reads_batch(connection: Connection, visitor: Visitor, row: Row[Any], state: SessionState) -> bool:
    """Whether a visitor may read every participant of a batch."""
    participants = readable(visitor, state.row.market)
    query = select(SUBMISSION.c.participant).where(SUBMISSION.c.batch == row.batch).distinct()
    return participants is None or participants.issuperset(connection.execute(query).scalars())


def _general(connection: Connection, row: Row[Any], body: bytes) -> dict[str, Any]:
    """The signatures over a document as one JWS in general JSON serialisation."""
    signatures = [signature_member(row.jws)]
    if row.by_submission is not None:
        by = connection.execute(select(SUBMISSION).where(SUBMISSION.c.submission == row.by_submission)).one()
        if by.kind == CONFIRMATION and by.jws is not None:
            signatures.append(signature_member(by.jws))
    return {"payload": _base64url(body), "signatures": signatures}


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def fate_of(row: Row[Any], state: SessionState) -> str | None:
    """The state of an order or trade; `None` of other submissions."""
    if row.kind not in _FIRST_STATE:
        return None
    if row.state is not None:
        return str(row.state)
    return LAPSED if row.kind == TRADE and state.seal is not None else _FIRST_STATE[row.kind]


def submissions_of(
    connection: Connection, visitor: Visitor, state: SessionState, kind: str, *, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Own orders or trades of a session, of operators and auditors all once it is sealed.

    Returns:
        The items, and the sequence after which the next ones are, `None` where these are the last.
    """
    joined = SUBMISSION.outerjoin(FATE, FATE.c.submission == SUBMISSION.c.submission)
    query = (
        select(SUBMISSION, FATE.c.state)
        .select_from(joined)
        .where(
            SUBMISSION.c.session == state.row.session,
            SUBMISSION.c.kind == kind,
            SUBMISSION.c.sequence > after,
        )
    )
    participants = readable(visitor, state.row.market)
    if participants is None and state.seal is None:  # Nobody else sees what is open.
        participants = mandated(visitor, state.row.market)
    if participants is not None:
        columns = SUBMISSION.c
        query = query.where(columns.participant.in_(participants) | columns.counterparty.in_(participants))
    rows = connection.execute(query.order_by(SUBMISSION.c.sequence).limit(limit + 1)).all()
    items = [
        {
            "submission": row.submission,
            "participant": row.participant,
            **read_json(row.body),
            "state": fate_of(row, state),
            "received_at": json.loads(row.receipt)["received_at"],
            "sha256": json.loads(row.receipt)["sha256"],
        }
        for row in rows[:limit]
    ]
    return items, rows[limit - 1].sequence if len(rows) > limit else None


def proof_of(connection: Connection, row: Row[Any], state: SessionState) -> dict[str, Any]:
    """The path from a submission to the root of its session's seal (RFC 9162).

    Raises:
        Refused: 404, the session is not sealed yet.
    """
    if state.seal is None:
        raise not_found()
    entries = session_entries(connection, row.session)
    leaves = [entry.leaf() for entry in entries]
    index = [entry.sequence for entry in entries].index(row.sequence)
    return {
        "leaf": leaves[index].hex(),
        "leaf_index": index,
        "tree_size": len(leaves),
        "path": [node.hex() for node in inclusion_path(leaves, index)],
        "entry": entries[index].as_json(),
    }
