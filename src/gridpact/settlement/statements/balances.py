"""Balances: what each account is paid and pays, beside what it would have with retail alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int, frozen
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.ledger import BILLED, EntryKind
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.statements.retail_only import retail_only


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Money of A accounts over the horizon, micro-currency; all of it adds up to zero.

    Attributes:
        accounts: the participants together, then the retailers, the DSO, the tax, congestion where there is
            any, and those of bills.
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

    def of_accounts(self, accounts: Sequence[str]) -> "Balances":
        """The balances of given accounts, which have these among them; 0 of those that are not here."""
        place = {name: at for at, name in enumerate(accounts)}
        at = np.array([place[name] for name in self.accounts], dtype=np.int64)

        def spread(micro: Int) -> Int:
            found = np.zeros(len(accounts), dtype=np.int64)
            found[at] = micro
            return frozen(found, np.int64)

        return Balances(
            accounts=tuple(accounts),
            received_micro=spread(self.received_micro),
            paid_micro=spread(self.paid_micro),
            retail_only_micro=spread(self.retail_only_micro),
        )


def make_balances(settlement: Settlement) -> Balances:
    """The balances of all accounts, from every entry of the ledger.

    Losses, and what bills alone charge, are the same with retail alone.
    """
    ledger, count = settlement.ledger, len(settlement.participants)
    others = len(settlement.accounts.names) - count
    size = len(ledger.accounts)

    def together(side: Int, rows: Int) -> Int:
        sums = sum_at(side[rows], ledger.amount_micro[rows], size)
        return np.concatenate([[sums[:count].sum()], sums[count : count + others]])

    every, same = np.arange(len(ledger.kind)), np.flatnonzero(np.isin(ledger.kind, (EntryKind.LOSS, *BILLED)))
    alone = retail_only(settlement.meters, settlement.tariffs)
    without = np.zeros(1 + others, dtype=np.int64)
    energy = [-alone.participant_micro.sum(), *alone.retailer_micro, alone.dso_micro, alone.tax_micro]
    without[: len(energy)] = energy
    either_way = together(ledger.credit, same) - together(ledger.debit, same)
    return Balances(
        accounts=("participants", *ledger.accounts[count : count + others]),
        received_micro=frozen(together(ledger.credit, every), np.int64),
        paid_micro=frozen(together(ledger.debit, every), np.int64),
        retail_only_micro=frozen(without + either_way, np.int64),
    )
