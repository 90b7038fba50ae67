"""Monthly accounts: what each account pays and is paid in each month, kind by kind."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settling.settlement import Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyAccounts:
    """M rows by account, month and kind, in the order of the ledger's accounts, of time and of kinds.

    Attributes:
        account: index into the accounts of the ledger, (M,).
        month: index into `months`, (M,).
        kind: an `EntryKind`, (M,).
        energy_wh: of all entries that debit or credit the account, (M,).
        paid_micro: of those that debit it, (M,).
        received_micro: of those that credit it, (M,).
        months: local months, "2026-10".
    """

    account: Int
    month: Int
    kind: Int
    energy_wh: Int
    paid_micro: Int
    received_micro: Int
    months: tuple[str, ...]


def monthly_accounts(settlement: Settlement) -> MonthlyAccounts:
    """The accounts of all months, from every entry of the ledger; there is a row where there is an entry."""
    ledger, kinds = settlement.ledger, len(EntryKind)
    labels = [f"{instant:%Y-%m}" for instant in settlement.horizon.instants()]
    months = tuple(dict.fromkeys(labels))
    place = {label: number for number, label in enumerate(months)}
    month = np.array([place[label] for label in labels], dtype=np.int64)[ledger.period]
    size = len(ledger.accounts) * len(months) * kinds
    sums = {}
    for name, side in (("paid", ledger.debit), ("received", ledger.credit)):
        at = (side * len(months) + month) * kinds + ledger.kind
        sums[name] = (
            np.bincount(at, minlength=size),
            sum_at(at, ledger.energy_wh, size),
            sum_at(at, ledger.amount_micro, size),
        )
    rows = np.flatnonzero(sums["paid"][0] + sums["received"][0])
    return MonthlyAccounts(
        account=frozen(rows // (len(months) * kinds), np.int64),
        month=frozen(rows // kinds % len(months), np.int64),
        kind=frozen(rows % kinds, np.int64),
        energy_wh=frozen((sums["paid"][1] + sums["received"][1])[rows], np.int64),
        paid_micro=frozen(sums["paid"][2][rows], np.int64),
        received_micro=frozen(sums["received"][2][rows], np.int64),
        months=months,
    )
