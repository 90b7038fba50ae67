"""The table of the ledger, with its one declared list of columns."""

from typing import TYPE_CHECKING, Any

import numpy as np

from gridpact.arrays import Int
from gridpact.case.writing.table_file import Coded, Instants
from gridpact.results.clearance_tables import Columns, frame
from gridpact.settlement.ledger.entries import NO_TRADE
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settlement import Settlement

if TYPE_CHECKING:
    import pandas as pd

LEDGER = ("entry", "time", "kind", "debit", "credit", "energy_wh", "amount_micro", "trade")
NUMBER_DIGITS = 6


def ledger_table(settlement: Settlement) -> "pd.DataFrame":
    """The entries in order, each under its name; about no trade, the text is empty."""
    columns = ledger_columns(settlement)
    return frame({**columns, "entry": columns["entry"].to_pandas()})


def ledger_columns(settlement: Settlement) -> Columns:
    """The same as columns to write: a ledger has too many texts to hold each as one of Python's."""
    ledger = settlement.ledger
    columns = {
        "entry": entry_names(ledger),
        "time": Instants(horizon=settlement.horizon, period=ledger.period),
        "kind": Coded(labels=[kind.label for kind in EntryKind], codes=ledger.kind),
        "debit": Coded(labels=ledger.accounts, codes=ledger.debit),
        "credit": Coded(labels=ledger.accounts, codes=ledger.credit),
        "energy_wh": ledger.energy_wh,
        "amount_micro": ledger.amount_micro,
        "trade": Coded(labels=("", *ledger.trade_ids), codes=ledger.trade - NO_TRADE),
    }
    return {name: columns[name] for name in LEDGER}


def entry_names(ledger: Ledger) -> Any:
    """The version of each entry and its number in it, from 1, "2-000017", as an Arrow array, (L,)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    version, number = (
        pa.array(each).cast(pa.string()) for each in (ledger.version, _numbers(ledger.version))
    )
    return pc.binary_join_element_wise(version, pc.utf8_lpad(number, NUMBER_DIGITS, "0"), "-")


def _numbers(version: Int) -> Int:
    """Place of each entry among those of its version, from 1, where versions ascend, (L,)."""
    numbers: Int = np.arange(1, len(version) + 1) - np.searchsorted(version, version)
    return numbers
