"""Booking bills: standing charges and rounding to cents as entries, so that money still adds up to 0."""

from collections.abc import Iterator

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.ledger.bill_entries import BillEntries
from gridpact.settlement.ledger.entries import NO_TRADE, Entries
from gridpact.settlement.ledger.ledger import EntryKind
from gridpact.settlement.tariffs.accounts import ISSUER, ROUNDING


def billed_once(bills: BillEntries, accounts: tuple[str, ...], period: int) -> Iterator[Entries]:
    """The entries of bills: their standing charges, where there are any, and one of rounding for each.

    Args:
        bills: what is booked.
        accounts: names of all.
        period: that it is booked in.
    """
    is_charged = bills.fixed_micro != 0
    yield _entries(EntryKind.FIXED, ISSUER, bills.fixed_micro, is_charged, accounts, period)
    yield _entries(EntryKind.ROUNDING, ROUNDING, bills.rounding_micro, bills.has_bill, accounts, period)


def billed_since(
    bills: BillEntries, earlier: Entries, accounts: tuple[str, ...], period: int
) -> Iterator[Entries]:
    """The entries that bring those of bills of before to what they are now, as differences.

    Each bill that is new has one of rounding, whatever the difference.

    Args:
        bills: what holds now.
        earlier: entries of every earlier version.
        accounts: names of all, the participants' first.
        period: that it is booked in.
    """
    for kind, account, micro in (
        (EntryKind.FIXED, ISSUER, bills.fixed_micro),
        (EntryKind.ROUNDING, ROUNDING, bills.rounding_micro),
    ):
        rows = np.flatnonzero(earlier.kind == kind)
        before = sum_at(earlier.debit[rows], earlier.amount_micro[rows], len(accounts))[: len(micro)]
        is_booked = micro != before
        if kind is EntryKind.ROUNDING:
            is_booked = is_booked | bills.is_new
        yield _entries(kind, account, micro - before, is_booked, accounts, period)


def _entries(
    kind: EntryKind, account: str, micro: Int, is_booked: Bool, accounts: tuple[str, ...], period: int
) -> Entries:
    """Entries of some participants, (P,), to an account."""
    participant = np.flatnonzero(is_booked)
    shape = participant.shape
    return Entries(
        period=np.full(shape, period),
        kind=np.full(shape, int(kind)),
        debit=participant,
        credit=np.full(shape, accounts.index(account)),
        energy_wh=np.zeros(shape, dtype=np.int64),
        amount_micro=micro[participant],
        trade=np.full(shape, NO_TRADE),
    )
