"""SettlementState: what is known of a settlement."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from gridpact.gate.store.gate_tables import SETTLEMENT, SETTLEMENT_PUBLICATION, SETTLING_JOB

WAITING, SETTLING, PUBLISHED, FAILED = "waiting", "settling", "published", "failed"
STATES = (WAITING, SETTLING, PUBLISHED, FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementState:
    """A settlement with what became of it.

    Attributes:
        row: as it was asked for.
        job: the work on it.
        publication: `None` where it did not come to that.
    """

    row: Row[Any]
    job: Row[Any]
    publication: Row[Any] | None

    @property
    def document(self) -> dict[str, Any]:
        """What it is made of, as it was fixed when it was asked for."""
        document: dict[str, Any] = json.loads(self.row.document)
        return document

    @property
    def answer(self) -> dict[str, Any]:
        """What the gate signed of it; nothing where it is not published."""
        answer: dict[str, Any] = {} if self.publication is None else json.loads(self.publication.answer)
        return answer

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Why it could not be made, where it could not."""
        problems: list[dict[str, Any]] = json.loads(self.job.document).get("problems", [])
        return problems


def settlement_state(connection: Connection, settlement: str) -> SettlementState | None:
    """What is known of a settlement; `None` where there is none."""
    row, job, publication = (
        connection.execute(select(table).where(table.c.settlement == settlement)).first()
        for table in (SETTLEMENT, SETTLING_JOB, SETTLEMENT_PUBLICATION)
    )
    if row is None or job is None:
        return None
    return SettlementState(row=row, job=job, publication=publication)
