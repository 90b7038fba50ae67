"""SessionState: what is known of a session, and the state that it is in at a moment."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from gridpact.gate.store.gate_tables import JOB, PUBLICATION, SEAL, SESSION

SCHEDULED, OPEN, CLOSED, CLEARING = "scheduled", "open", "closed", "clearing"
CLEARED, FAILED, CANCELLED = "cleared", "failed", "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """A session with what became of it; `None` where it did not come to that."""

    row: Row[Any]
    seal: Row[Any] | None
    job: Row[Any] | None
    publication: Row[Any] | None

    @property
    def document(self) -> dict[str, Any]:
        """The session as its operator gave it."""
        document: dict[str, Any] = json.loads(self.row.document)
        return document

    def at(self, now: int) -> str:
        """The state at a moment."""
        if self.row.cancelled_at is not None:
            return CANCELLED
        if self.publication is not None:
            return CLEARED
        if self.job is not None and self.job.state in (FAILED, CLEARING):
            return str(self.job.state)
        if self.seal is not None:
            return CLOSED
        return SCHEDULED if now < self.row.opens_at else OPEN


def session_state(connection: Connection, session: str) -> SessionState | None:
    """What is known of a session; `None` where there is none."""
    row = connection.execute(select(SESSION).where(SESSION.c.session == session)).first()
    if row is None:
        return None
    seal, job, publication = (
        connection.execute(select(table).where(table.c.session == session)).first()
        for table in (SEAL, JOB, PUBLICATION)
    )
    return SessionState(row=row, seal=seal, job=job, publication=publication)
