"""Correction: an earlier ledger continued, so that it nets to what is right now.

Nothing earlier is changed. Entries that no longer hold are reversed (the same, with negative energy and
money), and new ones are booked, both under the new version. An entry and its reversal count as +1 and −1 of
the same thing; what has to be booked is the difference of the counts.
"""

from dataclasses import replace

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.settlement.ledger.bill_entries import BillEntries
from gridpact.settlement.ledger.book_bills import billed_since
from gridpact.settlement.ledger.entries import (
    Entries,
    as_entries,
    as_ledger,
    counted_things,
    in_order,
    joined,
    places,
    renumbered,
)
from gridpact.settlement.ledger.ledger import BILLED, Ledger


def continued(previous: Ledger, accounts: tuple[str, ...], trade_ids: tuple[str, ...]) -> Ledger:
    """An earlier ledger that points into the names of now, behind which stand those that it alone knows.

    Args:
        previous: all entries until now, of every version.
        accounts: names of now.
        trade_ids: likewise.
    """
    accounts, trade_ids = _names(accounts, previous.accounts), _names(trade_ids, previous.trade_ids)
    rows = renumbered(previous, accounts, trade_ids)
    return as_ledger(rows, accounts=accounts, trade_ids=trade_ids, version=previous.version)


def corrected(
    booked: Ledger,
    previous: Ledger | None,
    version: int,
    bills: BillEntries | None = None,
    last_period: int = 0,
) -> Ledger:
    """The earlier ledger and, under `version`, what makes it net to `booked`; `booked` where there is none.

    Args:
        booked: the entries that hold now, as if settled once.
        previous: all entries until now, of every version; its names begin with those of `booked`.
        version: of the entries that are added.
        bills: what they add; those of before stay as they are without.
        last_period: that bills are booked in.
    """
    if previous is None:
        return booked
    earlier, wanted = as_entries(previous), as_entries(booked)
    differences = [_difference(_of_energy(wanted), _of_energy(earlier))]
    if bills is not None:
        differences += billed_since(bills, earlier, previous.accounts, last_period)
    added = in_order(joined(differences))
    return as_ledger(
        joined([earlier, added]),
        accounts=previous.accounts,
        trade_ids=previous.trade_ids,
        version=np.concatenate([previous.version, np.full(len(added), version)]),
    )


def _names(now: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    """The names of now, and behind them those that only the earlier ledger knows."""
    return now if now == before else tuple(dict.fromkeys((*now, *before)))


def _of_energy(rows: Entries) -> Entries:
    """The rows without those of bills."""
    is_billed = np.isin(rows.kind, BILLED)
    return rows.at(~is_billed) if is_billed.any() else rows


def _difference(wanted: Entries, found: Entries) -> Entries:
    """The entries that turn those found into those wanted, reversals before re-bookings."""
    rows = joined([found, wanted])
    place, is_wanted = places(rows), np.repeat([False, True], [len(found), len(wanted)])
    left = _without_kept(rows, place, is_wanted)
    rows, place, is_wanted = rows.at(left), place[left], is_wanted[left]
    sign = np.where((rows.energy_wh < 0) | ((rows.energy_wh == 0) & (rows.amount_micro < 0)), -1, 1)
    owed = sign * np.where(is_wanted, 1, -1)
    row, count = counted_things((place, sign * rows.energy_wh, sign * rows.amount_micro), owed)
    things, turned = rows.at(np.repeat(row, np.abs(count))), np.repeat(np.sign(count), np.abs(count))
    reversed_sign = np.repeat(sign[row], np.abs(count)) * turned
    added = replace(
        things,
        energy_wh=reversed_sign * things.energy_wh,
        amount_micro=reversed_sign * things.amount_micro,
    )
    return added.at(np.argsort(turned, kind="stable"))


def _without_kept(rows: Entries, place: Int, is_wanted: Bool) -> Int:
    """The rows without those places at which exactly what is wanted is found, in the same order.

    They are most of a ledger, and need not be counted.

    Args:
        rows: those found, then those wanted, each in the order of a ledger.
        place: of each, (L,).
        is_wanted: of each, (L,).
    """
    by_place = np.argsort(place, kind="stable")  # two or three runs in order, which merge fast
    starts = np.flatnonzero(np.diff(place[by_place], prepend=-1))
    size = np.diff(starts, append=len(by_place))
    kept = np.zeros(len(by_place), dtype=np.bool_)
    for half in (1, 2):
        first = starts[size == 2 * half]
        is_same = np.ones(len(first), dtype=np.bool_)
        for offset in range(half):
            one, other = by_place[first + offset], by_place[first + offset + half]
            is_same &= ~is_wanted[one] & is_wanted[other]
            is_same &= rows.energy_wh[one] == rows.energy_wh[other]
            is_same &= rows.amount_micro[one] == rows.amount_micro[other]
        for offset in range(2 * half):
            kept[first[is_same] + offset] = True
    return np.sort(by_place[~kept])
