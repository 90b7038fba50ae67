"""Monthly accounts: what each account pays and is paid in each month, kind by kind."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.case.horizon import Horizon
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.ledger import EntryKind, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyAccounts:
    """M rows by account, month and kind, in the order of the ledger's accounts, of time and of kinds.

    Attributes:
        accounts: names that `account` points into.
        months: local months that `month` points into, "2026-10".
        account, month: (M,) each.
        kind: an `EntryKind`, (M,).
        energy_wh: of all entries that debit or credit the account, (M,).
        paid_micro: of those that debit it, (M,).
        received_micro: of those that credit it, (M,).
    """

    accounts: tuple[str, ...]
    months: tuple[str, ...]
    account: Int
    month: Int
    kind: Int
    energy_wh: Int
    paid_micro: Int
    received_micro: Int


class MonthlySums:
    """Takes the entries of a ledger in parts, and adds them up.

    Args:
        horizon: that their periods count in.
    """

    def __init__(self, horizon: Horizon) -> None:
        labels = [f"{instant:%Y-%m}" for instant in horizon.instants()]
        self._months = tuple(dict.fromkeys(labels))
        place = {label: number for number, label in enumerate(self._months)}
        self._month = np.array([place[label] for label in labels], dtype=np.int64)
        self._names: tuple[str, ...] = ()
        self._sums = np.zeros((4, 0), dtype=np.int64)  # entries, energy, paid and received at each place

    def add(self, ledger: Ledger, first_period: int = 0) -> None:
        """Adds entries whose periods count from `first_period` on; accounts go on from those of before."""
        months, kinds = len(self._months), len(EntryKind)
        self._names = max(self._names, ledger.accounts, key=len)
        size = len(self._names) * months * kinds
        sums = np.zeros((4, size), dtype=np.int64)
        sums[:, : self._sums.shape[1]] = self._sums
        of_month = self._month[ledger.period + first_period]
        for side, figure in ((ledger.debit, 2), (ledger.credit, 3)):
            at = (side * months + of_month) * kinds + ledger.kind
            sums[0] += np.bincount(at, minlength=size)
            sums[1] += sum_at(at, ledger.energy_wh, size)
            sums[figure] += sum_at(at, ledger.amount_micro, size)
        self._sums = sums

    def accounts(self) -> MonthlyAccounts:
        """The sums until now; there is a row where there is an entry."""
        months, kinds = len(self._months), len(EntryKind)
        rows = np.flatnonzero(self._sums[0])
        return MonthlyAccounts(
            accounts=self._names,
            months=self._months,
            account=frozen(rows // (months * kinds), np.int64),
            month=frozen(rows // kinds % months, np.int64),
            kind=frozen(rows % kinds, np.int64),
            energy_wh=frozen(self._sums[1, rows], np.int64),
            paid_micro=frozen(self._sums[2, rows], np.int64),
            received_micro=frozen(self._sums[3, rows], np.int64),
        )
