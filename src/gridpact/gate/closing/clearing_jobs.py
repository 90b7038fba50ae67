"""Jobs: who clears which session, with a lease and a fence, so that each is published once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from gridpact.gate.closing.leases import LEASE_MICROSECONDS
from gridpact.gate.closing.seal_session import SYSTEM, seal_facts
from gridpact.gate.closing.session_order import PREVIOUS, is_ready, last_firm
from gridpact.gate.log.receipt import signed
from gridpact.gate.market.session_states import CLEARED, CLEARING, CLOSED, FAILED, session_state
from gridpact.gate.store.gate_tables import (
    FAILED_FILE,
    JOB,
    PUBLICATION,
    PUBLISHED_FILE,
    SEAL,
    SEALED_CASE,
    SUBMISSION,
)
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.gate_names import shown
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import FieldProblem, Refused, invalid

if TYPE_CHECKING:  # which brings the engine along, and serving processes do without
    from gridpact.gate.closing.clear_session import ClearedSession

TRIES_MAX = 20  # A session on which workers die does not hold up all others for ever.


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A session that one worker clears, as long as nobody else has a later fence."""

    session: str
    fence: int


def claim(transaction: Transaction, now: int, worker: str = "") -> Claim | None:
    """Claims the next session that can be cleared for a worker; `None` where there is none."""
    waits = (JOB.c.state == CLOSED) | ((JOB.c.state == CLEARING) & (JOB.c.lease_until < now))
    query = (
        select(JOB).join(SEAL, SEAL.c.session == JOB.c.session).where(waits).order_by(SEAL.c.last_sequence)
    )
    for job in transaction.rows(query):
        document = json.loads(job.document)
        tries = int(document.get("tries", 0))
        if job.state == CLEARING and tries >= TRIES_MAX:
            said = f"{tries} workers have ended while they cleared it"
            fail(transaction, Claim(session=job.session, fence=job.fence), [said], now)
        elif is_ready(transaction.connection, job.session):
            if PREVIOUS not in document or job.state == CLOSED:
                state = session_state(transaction.connection, job.session)
                document[PREVIOUS] = None if state is None else last_firm(transaction.connection, state)
            values = {
                "state": CLEARING,
                "fence": job.fence + 1,
                "lease_until": now + LEASE_MICROSECONDS,
                "document": compact_json({**document, "worker": worker, "tries": tries + 1}),
            }
            transaction.write(update(JOB).where(JOB.c.session == job.session).values(**values))
            return Claim(session=job.session, fence=job.fence + 1)
    return None


def renew(transaction: Transaction, claimed: Claim, now: int) -> bool:
    """Holds a claim for longer; `False` where it is lost."""
    query = update(JOB).where(*_held(claimed)).values(lease_until=now + LEASE_MICROSECONDS)
    return transaction.write(query) == 1


def _held(claimed: Claim) -> tuple[Any, ...]:
    return JOB.c.session == claimed.session, JOB.c.fence == claimed.fence, JOB.c.state == CLEARING


def holds(transaction: Transaction, claimed: Claim) -> bool:
    """Whether a claim is still the last one."""
    return transaction.row(select(JOB).where(*_held(claimed))) is not None


def seal_case(
    transaction: Transaction, claimed: Claim, case_sha256: str, private: Mapping[str, Any], now: int
) -> bool:
    """Signs the digest of the case that is cleared; `False` where the claim is lost."""
    facts = seal_facts(transaction.connection, claimed.session)
    if facts is None or not holds(transaction, claimed):
        return False
    of_session = SEALED_CASE.c.session == claimed.session
    last = transaction.row(
        select(SEALED_CASE).where(of_session).order_by(SEALED_CASE.c.attempt.desc()).limit(1)
    )
    if last is not None and last.case_sha256 == case_sha256:
        return True
    answer = compact_json(signed({**facts, "case_sha256": case_sha256}, private))
    transaction.act(
        kind="case",
        subject=claimed.session,
        actor=SYSTEM,
        received_at=now,
        body=answer.encode(),
        session=claimed.session,
    )
    attempts = select(func.count()).select_from(SEALED_CASE).where(of_session)
    transaction.insert(
        SEALED_CASE,
        session=claimed.session,
        attempt=int(transaction.connection.execute(attempts).scalar_one()) + 1,
        case_sha256=case_sha256,
        answer=answer,
    )
    return True


def publish(
    transaction: Transaction, claimed: Claim, cleared: "ClearedSession", private: Mapping[str, Any], now: int
) -> bool:
    """Publishes a result whole, once; `False` where the claim is lost."""
    if not holds(transaction, claimed):
        return False
    session = claimed.session
    last = transaction.connection.execute(select(func.max(PUBLICATION.c.published_at))).scalar()
    now = max(now, (last or 0) + 1)  # Results are in the order of their publication, whatever clocks do.
    facts = {
        "session": session,
        "status": cleared.summary["status"],
        "proposed_kwh": cleared.summary["proposed_kwh"],
        "cleared_kwh": cleared.summary["cleared_kwh"],
        "published_at": moment_text(now),
        "files": {name: sha256(content).hexdigest() for name, content in cleared.files.items()},
    }
    answer = compact_json(signed(facts, private))
    transaction.act(
        kind="published",
        subject=session,
        actor=SYSTEM,
        received_at=now,
        body=answer.encode(),
        session=session,
    )
    transaction.insert(PUBLICATION, session=session, published_at=now, answer=answer)
    for name, content in cleared.files.items():
        transaction.insert(PUBLISHED_FILE, session=session, name=name, content=content)
    transaction.write(delete(FAILED_FILE).where(FAILED_FILE.c.session == session))
    transaction.write(update(JOB).where(JOB.c.session == session).values(state=CLEARED))
    return True


def fail(
    transaction: Transaction,
    claimed: Claim,
    problems: Sequence[str],
    now: int,
    files: Mapping[str, bytes] | None = None,
) -> bool:
    """Notes that a session could not be cleared, and why; `False` where the claim is lost.

    Args:
        transaction: that it is part of.
        claimed: the session.
        problems: why it cannot be published.
        now: the gate's time.
        files: of the result that is not firm, which operators see.
    """
    job = transaction.row(select(JOB).where(*_held(claimed)))
    if job is None:
        return False
    body = compact_json({"problems": list(problems)}).encode()
    transaction.act(
        kind="failed",
        subject=claimed.session,
        actor=SYSTEM,
        received_at=now,
        body=body,
        session=claimed.session,
    )
    document = {**json.loads(job.document), "problems": list(problems)}
    transaction.write(delete(FAILED_FILE).where(FAILED_FILE.c.session == claimed.session))
    for name, content in (files or {}).items():
        transaction.insert(FAILED_FILE, session=claimed.session, name=name, content=content)
    values = {"state": FAILED, "document": compact_json(document)}
    transaction.write(update(JOB).where(JOB.c.session == claimed.session).values(**values))
    return True


def retry(
    transaction: Transaction, session: str, document: Mapping[str, Any], *, actor: str, received_at: int
) -> None:
    """Has a failed session cleared again, without submissions that its operator excludes."""
    reason, exclude = document.get("reason"), document.get("exclude", [])
    problems = [
        FieldProblem(pointer=f"/{name}", what="is not known", remedy="known are reason, exclude")
        for name in document
        if name not in ("reason", "exclude")
    ]
    if not isinstance(reason, str) or not reason.strip():
        problems.append(FieldProblem(pointer="/reason", what="is missing", remedy="say why"))
    if not isinstance(exclude, list) or not all(isinstance(each, str) for each in exclude):
        problems.append(FieldProblem(pointer="/exclude", what="is not a list of submissions"))
    elif exclude:
        known = select(SUBMISSION.c.submission).where(SUBMISSION.c.session == session)
        known_names = {row.submission for row in transaction.rows(known)}
        problems += [
            FieldProblem(
                pointer=f"/exclude/{index}", value=shown(each), what="is not a submission of this session"
            )
            for index, each in enumerate(exclude)
            if each not in known_names
        ]
    if problems:
        raise invalid(problems)
    job = transaction.row(select(JOB).where(JOB.c.session == session))
    if job is None or job.state != FAILED:
        raise Refused(409, "wrong-state", "Only a session that failed is cleared again.")
    transaction.act(
        kind="retry",
        subject=session,
        actor=actor,
        received_at=received_at,
        body=compact_json(document).encode(),
        session=session,
    )
    kept = {"exclude": sorted({*json.loads(job.document).get("exclude", []), *exclude})}
    transaction.write(
        update(JOB).where(JOB.c.session == session).values(state=CLOSED, document=compact_json(kept))
    )
