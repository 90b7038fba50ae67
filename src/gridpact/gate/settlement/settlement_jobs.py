"""Jobs: who makes which settlement, with a lease and a fence, so that each is published once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from gridpact.gate.closing.leases import LEASE_MICROSECONDS
from gridpact.gate.closing.seal_session import SYSTEM
from gridpact.gate.log.receipt import signed
from gridpact.gate.settlement.settle_folder import SettledFolder
from gridpact.gate.settlement.settlement_state import (
    FAILED,
    PUBLISHED,
    SETTLING,
    WAITING,
    settlement_state,
)
from gridpact.gate.store.gate_tables import SETTLED_FILE, SETTLEMENT, SETTLEMENT_PUBLICATION, SETTLING_JOB
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.moments import moment_text

TRIES_MAX = 20  # A settlement on which workers die does not hold up all others for ever.


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlingClaim:
    """A settlement that one worker makes, as long as nobody else has a later fence."""

    settlement: str
    fence: int


def is_one_waiting(connection: Connection, now: int) -> bool:
    """Whether there is a settlement that a worker could claim."""
    return (
        connection.execute(select(SETTLING_JOB.c.settlement).where(_waits(now)).limit(1)).first() is not None
    )


def _waits(now: int) -> ColumnElement[bool]:
    job = SETTLING_JOB.c
    return (job.state == WAITING) | ((job.state == SETTLING) & (job.lease_until < now))


def claim_settlement(transaction: Transaction, now: int, worker: str) -> SettlingClaim | None:
    """Claims the next settlement that waits, in the order in which they were asked for; `None` for none."""
    job = SETTLING_JOB.c
    query = select(SETTLING_JOB).join(SETTLEMENT, SETTLEMENT.c.settlement == job.settlement)
    for row in transaction.rows(query.where(_waits(now)).order_by(SETTLEMENT.c.sequence)):
        tries = int(json.loads(row.document).get("tries", 0))
        if tries >= TRIES_MAX:
            said = [{"what": f"{tries} workers have ended while they settled it"}]
            fail_settlement(transaction, SettlingClaim(settlement=row.settlement, fence=row.fence), said, now)
            continue
        values = {
            "state": SETTLING,
            "fence": row.fence + 1,
            "worker": worker,
            "lease_until": now + LEASE_MICROSECONDS,
            "document": compact_json({"tries": tries + 1}),
        }
        transaction.write(update(SETTLING_JOB).where(job.settlement == row.settlement).values(**values))
        return SettlingClaim(settlement=row.settlement, fence=row.fence + 1)
    return None


def renew_settlement(transaction: Transaction, claimed: SettlingClaim, now: int) -> bool:
    """Holds a claim for longer; `False` where it is lost."""
    query = update(SETTLING_JOB).where(*_held(claimed)).values(lease_until=now + LEASE_MICROSECONDS)
    return transaction.write(query) == 1


def publish_settlement(
    transaction: Transaction,
    claimed: SettlingClaim,
    settled: SettledFolder,
    private: Mapping[str, Any],
    now: int,
) -> bool:
    """Publishes a settlement whole, once; `False` where the claim is lost."""
    state = settlement_state(transaction.connection, claimed.settlement)
    if state is None or transaction.row(select(SETTLING_JOB).where(*_held(claimed))) is None:
        return False
    given = state.document["given"]
    facts = {
        "settlement": claimed.settlement,
        "market": state.row.market,
        "from": given["from"],
        "until": given["until"],
        "corrects": given.get("corrects"),
        "version": settled.version,
        "published_at": moment_text(now),
        "participants": list(settled.participants),
        "retailers": list(settled.retailers),
        "inputs_sha256": settled.inputs_sha256,
        "files": {name: sha256(content).hexdigest() for name, content in settled.files.items()},
    }
    answer = compact_json(signed(facts, private))
    transaction.act(
        kind="settled", subject=claimed.settlement, actor=SYSTEM, received_at=now, body=answer.encode()
    )
    transaction.insert(SETTLEMENT_PUBLICATION, settlement=claimed.settlement, published_at=now, answer=answer)
    for name, content in settled.files.items():
        transaction.insert(SETTLED_FILE, settlement=claimed.settlement, name=name, content=content)
    transaction.write(update(SETTLING_JOB).where(*_held(claimed)).values(state=PUBLISHED, lease_until=0))
    return True


def fail_settlement(
    transaction: Transaction, claimed: SettlingClaim, problems: Sequence[Mapping[str, Any]], now: int
) -> bool:
    """Notes that a settlement could not be made, and why; `False` where the claim is lost."""
    if transaction.row(select(SETTLING_JOB).where(*_held(claimed))) is None:
        return False
    text = compact_json({"problems": list(problems)})
    transaction.act(
        kind="settling-failed", subject=claimed.settlement, actor=SYSTEM, received_at=now, body=text.encode()
    )
    values = {"state": FAILED, "lease_until": 0, "document": text}
    transaction.write(update(SETTLING_JOB).where(*_held(claimed)).values(**values))
    return True


def _held(claimed: SettlingClaim) -> tuple[Any, ...]:
    job = SETTLING_JOB.c
    return job.settlement == claimed.settlement, job.fence == claimed.fence, job.state == SETTLING
