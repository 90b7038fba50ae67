"""Leases: for how long a session is a worker's, and their end where the worker is known to be dead."""

import json

from sqlalchemy import select, true, update

from gridpact.gate.market.session_states import CLEARING
from gridpact.gate.store.gate_tables import JOB, SETTLING_JOB, WEBHOOK
from gridpact.gate.store.transaction import Transaction

# After which a session of a worker that was not heard of is another's. It is long, as solvers can keep a
# worker from renewing it; what is known to be dead is released at once.
LEASE_MICROSECONDS = 120_000_000


def release(transaction: Transaction, worker: str | None = None) -> int:
    """Ends the leases of a worker that is dead, or of all where all are; gives how many sessions it had."""
    held = [
        job.session
        for job in transaction.rows(select(JOB).where(JOB.c.state == CLEARING, JOB.c.lease_until > 0))
        if worker is None or json.loads(job.document).get("worker") == worker
    ]
    for session in held:
        transaction.write(update(JOB).where(JOB.c.session == session).values(lease_until=0))
    for table in (SETTLING_JOB, WEBHOOK):
        is_of = true() if worker is None else table.c.worker == worker
        transaction.write(update(table).where(is_of, table.c.lease_until > 0).values(lease_until=0))
    return len(held)
