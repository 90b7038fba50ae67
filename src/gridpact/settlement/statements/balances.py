"""Balances: what each account is paid and pays, beside what it would have with retail alone."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.retail_only import retail_only
from gridpact.settlement.tariffs.accounts import CONGESTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Money of A accounts over the horizon, micro-currency; all of it adds up to zero.

    Attributes:
        accounts: the participants together, then the retailers, the DSO, the tax, and congestion.
        received_micro, paid_micro: sums of the entries that credit and debit an account, (A,).
        retail_only_micro: received less paid with no trade and no sharing, (A,).
    """

    accounts: tuple[str, ...]
    received_micro: Int
    paid_micro: Int
    retail_only_micro: Int

    @property
    def net_micro(self) -> Int:
        """Received less paid, (A,)."""
        return self.received_micro - self.paid_micro

    @property
    def gain_micro(self) -> Int:
        """How much better off an account is than with retail alone, (A,)."""
        return self.net_micro - self.retail_only_micro


def make_balances(settlement: Settlement) -> Balances:
    """The balances of all accounts, from every entry of the ledger; losses are the same with retail alone."""
    ledger, count = settlement.ledger, len(settlement.participants)
    others = list(range(count, count + len(settlement.tariffs.retailers) + 2))
    has_congestion = CONGESTION in ledger.accounts
    others += [ledger.accounts.index(CONGESTION)] if has_congestion else []
    size = len(ledger.accounts)

    def together(side: Int, rows: Int) -> Int:
        sums = sum_at(side[rows], ledger.amount_micro[rows], size)
        return np.concatenate([[sums[:count].sum()], sums[others]])

    every, lost = np.arange(len(ledger.kind)), np.flatnonzero(ledger.kind == EntryKind.LOSS)
    alone = retail_only(settlement.meters, settlement.tariffs)
    without_losses = [-alone.participant_micro.sum(), *alone.retailer_micro, alone.dso_micro, alone.tax_micro]
    without_losses += [0] if has_congestion else []
    losses = together(ledger.credit, lost) - together(ledger.debit, lost)
    return Balances(
        accounts=("participants", *(ledger.accounts[place] for place in others)),
        received_micro=frozen(together(ledger.credit, every), np.int64),
        paid_micro=frozen(together(ledger.debit, every), np.int64),
        retail_only_micro=frozen(np.array(without_losses) + losses, np.int64),
    )
