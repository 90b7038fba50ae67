"""Correction: an earlier ledger continued, so that it nets to what is right now.

Nothing earlier is changed. Entries that no longer hold are reversed (the same, with negative energy and
money), and new ones are booked, both under the new version. An entry and its reversal count as +1 and −1 of
the same thing; what has to be booked is the difference of the counts.
"""

from dataclasses import replace

import numpy as np

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
from gridpact.settlement.ledger.ledger import BILLED, EntryKind, Ledger


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
    differences = [
        _difference(wanted.at(wanted.kind == kind), earlier.at(earlier.kind == kind))
        for kind in EntryKind  # one by one, to need less memory
        if kind not in BILLED
    ]
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


def _difference(wanted: Entries, found: Entries) -> Entries:
    """The entries that turn those found into those wanted, reversals before re-bookings."""
    rows = joined([wanted, found])
    sign = np.where((rows.energy_wh < 0) | ((rows.energy_wh == 0) & (rows.amount_micro < 0)), -1, 1)
    owed = sign * np.repeat([1, -1], [len(wanted), len(found)])
    row, count = counted_things((places(rows), sign * rows.energy_wh, sign * rows.amount_micro), owed)
    things, turned = rows.at(np.repeat(row, np.abs(count))), np.repeat(np.sign(count), np.abs(count))
    reversed_sign = np.repeat(sign[row], np.abs(count)) * turned
    added = replace(
        things,
        energy_wh=reversed_sign * things.energy_wh,
        amount_micro=reversed_sign * things.amount_micro,
    )
    return added.at(np.argsort(turned, kind="stable"))
