"""Ledger: double entries, each of which moves money from the account that pays to the one that is paid."""

from dataclasses import dataclass
from enum import IntEnum

from gridpact.arrays import Int


class EntryKind(IntEnum):
    """What an entry is for; `label` is the word in the ledger."""

    P2P = 0
    NETWORK_CHARGE = 1
    TAX = 2
    SUPPLY = 3
    FEED_IN = 4
    IMBALANCE = 5
    LOSS = 6
    UNUSED = 7
    CONGESTION = 8
    FIXED = 9
    ROUNDING = 10

    @property
    def label(self) -> str:
        """Lower case."""
        return self.name.lower()


BILLED = (EntryKind.FIXED, EntryKind.ROUNDING)  # kinds that bills alone make, about no energy


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """L entries, ordered by version, period, kind, debit, credit and trade.

    An entry's name is its version and its number within that version, from 1: `2-000017`.

    Attributes:
        accounts: names of the accounts: the participants' ids, then `retailer/NAME`, `dso`, `tax`, and
            `congestion` and those of bills where there are any; then those that only entries of an earlier
            version know.
        trade_ids: names that `trade` points into.
        period: (L,).
        kind: an `EntryKind`, (L,).
        debit: account that pays, (L,).
        credit: account that is paid, (L,).
        energy_wh: that the entry is about, (L,); negative in a reversal.
        amount_micro: money moved from debit to credit, (L,); negative in a reversal.
        trade: −1 where it is about none, (L,).
        version: of the settlement that wrote the entry, (L,); 1 without corrections.
    """

    accounts: tuple[str, ...]
    trade_ids: tuple[str, ...]
    period: Int
    kind: Int
    debit: Int
    credit: Int
    energy_wh: Int
    amount_micro: Int
    trade: Int
    version: Int
