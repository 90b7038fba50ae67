"""SettledCase: the settlement of a case, with its tables and figures."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridpact.case.case import Case
from gridpact.fields.notebook import small_table
from gridpact.settlement.amounts.whole import MICRO
from gridpact.settlement.bills.billed import Billed
from gridpact.settlement.ledger.ledger_digest import LedgerDigest
from gridpact.settlement.settlement_summary import summarise
from gridpact.settlement.settlement_totals import Sink, Totals, entries_of, totals, unchanged_notice
from gridpact.settlement.settling.settle import book_up
from gridpact.settlement.settling.settled_energy import SettledEnergy
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.changes import Changes, changes
from gridpact.settlement.statements.ledger_table import ledger_table
from gridpact.settlement.statements.residuals import residuals_table
from gridpact.settlement.statements.statements import statements_table
from gridpact.settlement.tariffs.tariffs import Mode

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class SettledCase:
    """What a case is settled as.

    The arrays of `energy` are the result; all else is made of them on first use. The ledger may be larger
    than memory: `totals`, and so `statements`, `residuals` and `summary`, go through it day by day,
    `settlement` and `ledger` have it whole.

    Attributes:
        case: what was settled.
        energy: in whole watt-hours; or the whole settlement, with its ledger.
        scheduled: how many readings were taken from the schedule.
        inputs_sha256: digest of the case's files, tariffs, meters, positions and choices.
        corrects: folder of the settlement that this one corrects.
        billed: the bills; `None` where none were asked for.
        earlier_mode: of that settlement.
        earlier_digest: of its ledger; taken anew where it is not given.
    """

    case: Case
    energy: SettledEnergy
    scheduled: int
    inputs_sha256: str
    corrects: Path | None = None
    billed: Billed | None = None
    earlier_mode: Mode = Mode.SHARING
    earlier_digest: LedgerDigest | None = None

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        entries = self.totals.entries
        return f"<SettledCase '{self.case.name}': {self.energy.tariffs.mode}, {entries} entries>"

    def _repr_html_(self) -> str:
        """A small table, for notebooks."""
        statements, currency = self.totals.statements, self.case.currency
        money = {
            "participants pay": statements.total_micro,
            "with retail alone": statements.retail_only_micro,
            "they gain": statements.gain_micro,
        }
        facts = {
            "mode": str(self.energy.tariffs.mode),
            "ledger": f"{self.totals.entries:,} entries",
            **{name: f"{int(micro.sum()) / MICRO:,.6f} {currency}".strip() for name, micro in money.items()},
        }
        return small_table(self.case.name, facts)

    @cached_property
    def settlement(self) -> Settlement:
        """The settlement with its ledger, whole, in whole watt-hours and micro-currency."""
        if isinstance(self.energy, Settlement):
            return self.energy
        settlement = book_up(self.energy)
        earlier = 0 if settlement.previous is None else len(settlement.previous.kind)
        told = unchanged_notice(settlement, len(settlement.ledger.kind) - earlier)
        return replace(settlement, notices=(*settlement.notices, *told))

    @cached_property
    def totals(self) -> Totals:
        """The figures, without the ledger."""
        return totals(self.energy, digest=self.earlier_digest)

    @cached_property
    def changes(self) -> Changes | None:
        """Whose readings changed since the settlement that is corrected; `None` where there is none."""
        return changes(self.energy, self.earlier_mode, self.totals.statements)

    def write_entries(self, sink: Sink) -> None:
        """Hands a sink the entries in their order, in parts, and takes the figures on the way."""
        if "totals" in self.__dict__:
            entries_of(self.energy, sink)
        else:
            self.__dict__["totals"] = totals(self.energy, sink, digest=self.earlier_digest)

    @cached_property
    def ledger(self) -> "pd.DataFrame":
        """One row per entry, columns `ledger_table.LEDGER`."""
        return ledger_table(self.settlement)

    @cached_property
    def statements(self) -> "pd.DataFrame":
        """One row per participant, columns those of `statements.statement_columns`."""
        return statements_table(self.energy, self.totals.statements)

    @cached_property
    def residuals(self) -> "pd.DataFrame":
        """One row per period and retailer, columns `residuals.RESIDUALS`."""
        return residuals_table(self.energy, self.totals.residuals)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The figures of `settlement.json`."""
        return summarise(
            self.case,
            self.energy,
            self.totals,
            self.changes,
            scheduled=self.scheduled,
            inputs_sha256=self.inputs_sha256,
            billed=self.billed,
        )
