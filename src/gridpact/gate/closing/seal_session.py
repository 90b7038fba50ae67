"""The seal of a session: what counts in it, for ever."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from gridpact.gate.log.entry import LogEntry
from gridpact.gate.log.receipt import signed
from gridpact.gate.market.session_states import CLOSED
from gridpact.gate.store.gate_tables import JOB, LOG, SEAL, SEALED_CASE, SUBMISSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.moments import moment_text

SYSTEM = "gate"


def session_entries(connection: Connection, session: str) -> list[LogEntry]:
    """The log entries of the submissions of a session, in the order of their sequence."""
    query = (
        select(LOG)
        .join(SUBMISSION, SUBMISSION.c.sequence == LOG.c.sequence)
        .where(SUBMISSION.c.session == session)
        .order_by(LOG.c.sequence)
    )
    return [entry_of(row) for row in connection.execute(query)]


def entry_of(row: Any) -> LogEntry:
    """A log entry out of its row."""
    return LogEntry(
        sequence=row.sequence,
        kind=row.kind,
        session=row.session,
        actor=row.actor,
        received_at=row.received_at,
        sha256=row.sha256,
    )


def seal_session(transaction: Transaction, session: str, root: bytes, submissions: int, now: int) -> None:
    """Seals a session, from which on nothing can be stored in it.

    Args:
        transaction: that it is part of.
        session: that has no seal yet.
        root: of the tree over the entries of its submissions (RFC 9162, 2.1).
        submissions: how many these are.
        now: the gate's time, microseconds.
    """
    sequence, chain, _ = transaction.lock_head()
    facts = {"session": session, "submissions": submissions, "root": root.hex()}
    logged = transaction.act(
        kind="seal",
        subject=session,
        actor=SYSTEM,
        received_at=now,
        body=compact_json(facts).encode(),
        session=session,
    )
    transaction.insert(
        SEAL,
        session=session,
        sealed_at=logged.entry.received_at,
        submissions=submissions,
        last_sequence=sequence,
        root=root.hex(),
        chain=chain.hex(),
    )
    transaction.insert(JOB, session=session, state=CLOSED, fence=0, lease_until=0, document="{}")


def seal_answer(connection: Connection, session: str, private: Mapping[str, Any]) -> dict[str, Any] | None:
    """The signed seal of a session; `None` where it is not sealed.

    Its `case_sha256` is null until the session before it is cleared, on whose result the case rests.
    """
    cases = select(SEALED_CASE).where(SEALED_CASE.c.session == session)
    row = connection.execute(cases.order_by(SEALED_CASE.c.attempt.desc()).limit(1)).first()
    if row is not None:
        answer: dict[str, Any] = json.loads(row.answer)
        return answer
    facts = seal_facts(connection, session)
    return None if facts is None else signed({**facts, "case_sha256": None}, private)


def seal_facts(connection: Connection, session: str) -> dict[str, Any] | None:
    """What a seal says of the submissions of a session."""
    seal = connection.execute(select(SEAL).where(SEAL.c.session == session)).first()
    if seal is None:
        return None
    return {
        "session": session,
        "sealed_at": moment_text(seal.sealed_at),
        "submissions": seal.submissions,
        "root": seal.root,
        "chain": seal.chain,
    }
