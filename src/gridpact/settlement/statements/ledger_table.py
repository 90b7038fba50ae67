"""The table of the ledger, with its one declared list of columns."""

from typing import TYPE_CHECKING

import numpy as np

from gridpact.arrays import Int
from gridpact.case.horizon import Horizon
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.results.clearance_tables import Columns, frame
from gridpact.settlement.ledger.entries import NO_TRADE
from gridpact.settlement.ledger.entry_names import entry_names
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settlement import Settlement

if TYPE_CHECKING:
    import pandas as pd

LEDGER = ("entry", "time", "kind", "debit", "credit", "energy_wh", "amount_micro", "trade")
_KINDS = tuple(kind.label for kind in EntryKind)


def ledger_table(settlement: Settlement) -> "pd.DataFrame":
    """The entries in order, each under its name; about no trade, the text is empty."""
    columns = LedgerColumns(settlement.horizon).of(settlement.ledger)
    return frame({**columns, "entry": columns["entry"].to_pandas()})


class LedgerColumns:
    """Entries as columns to write, in parts: a ledger has too many texts to hold each as one of Python's.

    Args:
        horizon: that periods count in.
    """

    def __init__(self, horizon: Horizon) -> None:
        self._horizon = horizon
        self._written: dict[int, int] = {}  # entries so far, by their version

    def of(self, ledger: Ledger, first_period: int = 0) -> Columns:
        """The columns of entries that follow those of before, whose periods count from `first_period` on."""
        columns = {
            "entry": entry_names(ledger.version, self._numbers(ledger.version)),
            "time": Instants(horizon=self._horizon, period=ledger.period + first_period),
            "kind": Coded(labels=_KINDS, codes=ledger.kind),
            "debit": Coded(labels=ledger.accounts, codes=ledger.debit),
            "credit": Coded(labels=ledger.accounts, codes=ledger.credit),
            "energy_wh": ledger.energy_wh,
            "amount_micro": ledger.amount_micro,
            "trade": Coded(labels=("", *ledger.trade_ids), codes=ledger.trade - NO_TRADE),
        }
        return {name: columns[name] for name in LEDGER}

    def _numbers(self, version: Int) -> Int:
        """Place of each entry among those of its version, from 1, where versions ascend, (L,)."""
        numbers = np.arange(1, len(version) + 1) - np.searchsorted(version, version)
        for each in np.unique(version).tolist():
            rows = slice(*np.searchsorted(version, (each, each + 1)))
            numbers[rows] += self._written.get(each, 0)
            self._written[each] = self._written.get(each, 0) + rows.stop - rows.start
        return numbers
