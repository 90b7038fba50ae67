"""Correction: an earlier ledger continued, so that it nets to what is right now.

Nothing earlier is changed. Entries that no longer hold are reversed (the same, with negative energy and
money), and new ones are booked, both under the new version. An entry and its reversal count as +1 and −1 of
the same thing; what has to be booked is the difference of the counts.
"""

from dataclasses import replace

import numpy as np

from gridpact.settlement.ledger.entries import (
    Entries,
    as_entries,
    as_ledger,
    in_order,
    joined,
    places,
    renumbered,
)
from gridpact.settlement.ledger.ledger import BILLED, EntryKind, Ledger


def corrected(booked: Ledger, previous: Ledger | None, version: int) -> Ledger:
    """The earlier ledger and, under `version`, what makes it net to `booked`; `booked` where there is none.

    Args:
        booked: the entries that hold now, as if settled once.
        previous: all entries until now, of every version.
        version: of the entries that are added.
    """
    if previous is None:
        return booked
    accounts = _names(booked.accounts, previous.accounts)
    trade_ids = _names(booked.trade_ids, previous.trade_ids)
    earlier = renumbered(previous, accounts, trade_ids)
    wanted = as_entries(booked)
    differences = [
        _difference(wanted.at(wanted.kind == kind), earlier.at(earlier.kind == kind))
        for kind in EntryKind  # one by one, to need less memory
        if kind not in BILLED  # what bills round is booked as a difference, once they are made
    ]
    added = in_order(joined(differences))
    return as_ledger(
        joined([earlier, added]),
        accounts=accounts,
        trade_ids=trade_ids,
        version=np.concatenate([previous.version, np.full(len(added), version)]),
    )


def _names(now: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    """The names of now, and behind them those that only the earlier ledger knows."""
    return tuple(dict.fromkeys((*now, *before)))


def _difference(wanted: Entries, found: Entries) -> Entries:
    """The entries that turn those found into those wanted, reversals before re-bookings."""
    rows = joined([wanted, found])
    if not len(rows):
        return rows
    sign = np.where((rows.energy_wh < 0) | ((rows.energy_wh == 0) & (rows.amount_micro < 0)), -1, 1)
    owed = sign * np.repeat([1, -1], [len(wanted), len(found)])
    things = (places(rows), sign * rows.energy_wh, sign * rows.amount_micro)
    by_thing = np.lexsort(things[::-1])
    is_first = np.any(
        [np.diff(column[by_thing], prepend=column[by_thing[0]] - 1) for column in things], axis=0
    )
    first = np.flatnonzero(is_first)
    count = np.add.reduceat(owed[by_thing], first)
    thing, turned = by_thing[np.repeat(first, np.abs(count))], np.repeat(np.sign(count), np.abs(count))
    added = replace(
        rows.at(thing), energy_wh=turned * things[1][thing], amount_micro=turned * things[2][thing]
    )
    return added.at(np.argsort(turned, kind="stable"))
