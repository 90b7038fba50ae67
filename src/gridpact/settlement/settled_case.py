"""SettledCase: the settlement of a case, with its tables and figures."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridpact.case.case import Case
from gridpact.settlement.bills.billed import Billed
from gridpact.settlement.settlement_summary import summarise
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.ledger_table import ledger_table
from gridpact.settlement.statements.residuals import make_residuals, residuals_table
from gridpact.settlement.statements.statements import make_statements, statements_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class SettledCase:
    """What a case is settled as.

    The arrays of `settlement` are the result; `ledger`, `statements`, `residuals` and `summary` are made of
    them on first use.

    Attributes:
        case: what was settled.
        settlement: in whole watt-hours and micro-currency.
        scheduled: how many readings were taken from the schedule.
        inputs_sha256: digest of the case's files, tariffs, meters, positions and choices.
        corrects: folder of the settlement that this one corrects.
        billed: the bills; `None` where none were asked for.
    """

    case: Case
    settlement: Settlement
    scheduled: int
    inputs_sha256: str
    corrects: Path | None = None
    billed: Billed | None = None

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        entries = len(self.settlement.ledger.kind)
        return f"<SettledCase '{self.case.name}': {self.settlement.tariffs.mode}, {entries} entries>"

    @cached_property
    def ledger(self) -> "pd.DataFrame":
        """One row per entry, columns `ledger_table.LEDGER`."""
        return ledger_table(self.settlement)

    @cached_property
    def statements(self) -> "pd.DataFrame":
        """One row per participant, columns `statements.STATEMENTS`."""
        return statements_table(self.settlement, make_statements(self.settlement))

    @cached_property
    def residuals(self) -> "pd.DataFrame":
        """One row per period and retailer, columns `residuals.RESIDUALS`."""
        return residuals_table(self.settlement, make_residuals(self.settlement))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of `settlement.json`."""
        return summarise(
            self.case,
            self.settlement,
            scheduled=self.scheduled,
            inputs_sha256=self.inputs_sha256,
            billed=self.billed,
        )
