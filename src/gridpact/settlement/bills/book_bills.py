"""Booking bills: standing charges and rounding to cents as entries, so that money still adds up to 0."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.settlement.amounts.cents import MICRO_PER_CENT
from gridpact.settlement.amounts.money import sum_at
from gridpact.settlement.bills.bill import Bill
from gridpact.settlement.ledger.entries import (
    NO_TRADE,
    Entries,
    as_entries,
    as_ledger,
    joined,
    renumbered,
)
from gridpact.settlement.ledger.ledger import EntryKind, Ledger
from gridpact.settlement.settling.settlement import Settlement
from gridpact.settlement.tariffs.accounts import BILLING, ISSUER, ROUNDING


@dataclass(frozen=True, slots=True, kw_only=True)
class _Billed:
    """What a kind of entries that bills make moves for each participant, micro-currency, (P,)."""

    kind: EntryKind
    account: str
    micro: Int


def book_bills(settlement: Settlement, bills: Sequence[Bill]) -> Settlement:
    """A settlement whose ledger has what bills charge and round beside the energy.

    The standing charges of a bill are one entry, to the account of the issuer. Of what a bill's cents before
    VAT differ from the ledger there is one entry between the participant and the account `rounding`; where a
    bill is corrected, of the difference to before.

    Args:
        settlement: without entries of bills of its own version.
        bills: of all who are members.
    """
    count = len(settlement.participants)
    billed = (
        _Billed(kind=EntryKind.FIXED, account=ISSUER, micro=_fixed_micro(bills, count)),
        _Billed(kind=EntryKind.ROUNDING, account=ROUNDING, micro=_rounding_micro(bills, count)),
    )
    has_bill, is_new = (np.zeros(count, dtype=np.bool_) for _ in range(2))
    has_bill[[bill.participant for bill in bills]] = True
    is_new[[bill.participant for bill in bills if bill.version == settlement.version]] = True
    booked = _opened(settlement.booked, settlement)
    ledger = _opened(settlement.ledger, settlement)
    version = settlement.version
    once = _added(booked, settlement, billed, has_bill, version)
    if settlement.ledger is settlement.booked:
        return replace(settlement, booked=once, ledger=once)
    before = [_earlier_micro(ledger, each) for each in billed]
    changes = tuple(
        replace(each, micro=each.micro - was[:count]) for each, was in zip(billed, before, strict=True)
    )
    return replace(settlement, booked=once, ledger=_added(ledger, settlement, changes, is_new, version))


def _fixed_micro(bills: Sequence[Bill], count: int) -> Int:
    """The standing charges of each participant's bill, which are whole cents, (P,)."""
    micro, fixed = np.zeros(count, dtype=np.int64), EntryKind.FIXED.label
    for bill in bills:
        of_bill = sum(line.cents for line in bill.lines if line.kind == fixed)
        micro[bill.participant] = of_bill * MICRO_PER_CENT
    return micro


def _rounding_micro(bills: Sequence[Bill], count: int) -> Int:
    """What the cents of each participant's bill are above what the ledger has of its energy, (P,)."""
    micro, fixed = np.zeros(count, dtype=np.int64), EntryKind.FIXED.label
    for bill in bills:
        lines = (line for line in bill.lines if line.kind != fixed)
        micro[bill.participant] = sum(line.cents * MICRO_PER_CENT - int(line.amount_micro) for line in lines)
    return micro


def _earlier_micro(ledger: Ledger, billed: _Billed) -> Int:
    """What earlier versions have moved of a kind, by the account that pays, (accounts,)."""
    rows = np.flatnonzero(ledger.kind == billed.kind)
    return sum_at(ledger.debit[rows], ledger.amount_micro[rows], len(ledger.accounts))


def _opened(ledger: Ledger, settlement: Settlement) -> Ledger:
    """A ledger with the accounts of bills after those of the energy."""
    count = len(settlement.participants) + len(settlement.tariffs.retailers) + 2
    names = tuple(dict.fromkeys((*ledger.accounts[:count], *BILLING, *ledger.accounts)))
    if names[: len(ledger.accounts)] == ledger.accounts:
        return replace(ledger, accounts=names)
    rows = renumbered(ledger, names, ledger.trade_ids)
    return as_ledger(rows, accounts=names, trade_ids=ledger.trade_ids, version=ledger.version)


def _added(
    ledger: Ledger, settlement: Settlement, billed: Sequence[_Billed], is_new: Bool, version: int
) -> Ledger:
    """A ledger with the entries of bills behind all others: they are the last kinds of the last period."""
    rows = joined([*_entries(ledger, settlement, billed, is_new)])
    return as_ledger(
        joined([as_entries(ledger), rows]),
        accounts=ledger.accounts,
        trade_ids=ledger.trade_ids,
        version=np.concatenate([ledger.version, np.full(len(rows), version)]),
    )


def _entries(
    ledger: Ledger, settlement: Settlement, billed: Sequence[_Billed], is_new: Bool
) -> Iterator[Entries]:
    """One entry of rounding for each bill that is new, and one of what else there is to book."""
    for each in billed:
        is_booked = each.micro != 0
        if each.kind is EntryKind.ROUNDING:
            is_booked = is_booked | is_new
        participant = np.flatnonzero(is_booked)
        shape = participant.shape
        yield Entries(
            period=np.full(shape, settlement.horizon.periods - 1),
            kind=np.full(shape, int(each.kind)),
            debit=participant,
            credit=np.full(shape, ledger.accounts.index(each.account)),
            energy_wh=np.zeros(shape, dtype=np.int64),
            amount_micro=each.micro[participant],
            trade=np.full(shape, NO_TRADE),
        )
