"""Entries: rows of a ledger before they are in order."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from gridpact.arrays import Bool, Int
from gridpact.case.reading.arrow_arrays import arrow_numbers, numpy_values
from gridpact.settlement.amounts.money import FITTING, amount_micro
from gridpact.settlement.ledger.ledger import EntryKind, Ledger

NO_TRADE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Rows of a ledger, (L,) each; the fields are those of `Ledger`."""

    period: Int
    kind: Int
    debit: Int
    credit: Int
    energy_wh: Int
    amount_micro: Int
    trade: Int

    def __len__(self) -> int:
        return len(self.period)

    def at(self, rows: Int | Bool | slice) -> "Entries":
        """Some of the rows."""
        return Entries(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def entries(
    kind: EntryKind,
    *,
    period: Int,
    debit: ArrayLike,
    credit: ArrayLike,
    energy_wh: Int,
    price_micro_per_kwh: Int | int,
    trade: ArrayLike = NO_TRADE,
) -> Entries:
    """Entries of one kind for energy at a price, without those about no energy.

    Args:
        kind: of all.
        period: (L,).
        debit: account that pays, one for all or (L,).
        credit: account that is paid, one for all or (L,).
        energy_wh: (L,).
        price_micro_per_kwh: one for all or (L,).
        trade: one for all or (L,).
    """
    shape = energy_wh.shape
    all_of_them = Entries(
        period=period,
        kind=np.full(shape, int(kind)),
        debit=np.broadcast_to(np.asarray(debit, np.int64), shape),
        credit=np.broadcast_to(np.asarray(credit, np.int64), shape),
        energy_wh=energy_wh,
        amount_micro=amount_micro(energy_wh, price_micro_per_kwh),
        trade=np.broadcast_to(np.asarray(trade, np.int64), shape),
    )
    return all_of_them.at(energy_wh != 0)


def joined(parts: Sequence[Entries]) -> Entries:
    """The rows of several, one after the other."""
    return Entries(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Entries)
        }
    )


def in_order(rows: Entries) -> Entries:
    """The rows by period, kind, debit, credit and trade; equal ones stay in their order."""
    return rows.at(np.argsort(places(rows), kind="stable"))


def places(rows: Entries) -> Int:
    """A number of each row that grows with its period, kind, debit, credit and trade, (L,)."""
    keys = (rows.period, rows.kind, rows.debit, rows.credit, rows.trade - NO_TRADE)
    sizes = [int(key.max(initial=0)) + 1 for key in keys]
    if prod(sizes) < FITTING:
        place = np.zeros(len(rows), dtype=np.int64)
        for key, size in zip(keys, sizes, strict=True):
            place = place * size + key
        return place
    by_key = np.lexsort(keys[::-1])
    is_new = np.any([np.diff(key[by_key], prepend=-1) != 0 for key in keys], axis=0)
    rank = np.empty(len(rows), dtype=np.int64)
    rank[by_key] = np.cumsum(is_new)
    return rank


def counted_things(columns: tuple[Int, ...], count: Int) -> tuple[Int, Int]:
    """A row of each distinct thing whose counts do not add up to 0, and their sum, in the order of things.

    Args:
        columns: that say what thing a row is about, (L,) each.
        count: of each row, (L,).
    """
    import pyarrow as pa

    names = [f"{place}" for place in range(len(columns))]
    arrays = [arrow_numbers(each) for each in (*columns, count, np.arange(len(count)))]
    table = pa.table(arrays, names=[*names, "count", "row"])
    sums = table.group_by(names).aggregate([("count", "sum"), ("row", "min")])
    total, row = (numpy_values(sums[name].combine_chunks()) for name in ("count_sum", "row_min"))
    kept = np.flatnonzero(total)
    total, row = total[kept], row[kept]
    in_order = np.lexsort([column[row] for column in columns[::-1]])
    return row[in_order], total[in_order]


def sums_of_places(place: Int, *values: Int) -> list[Int]:
    """The sums of values, (L,) each, at each distinct place, (L,), in the order of places."""
    by_place = np.argsort(place, kind="stable")  # of ledgers, which are runs in order that merge fast
    starts = np.flatnonzero(np.diff(place[by_place], prepend=-1))
    return [np.add.reduceat(each[by_place], starts) if len(starts) else each[:0] for each in values]


def renumbered(ledger: Ledger, accounts: tuple[str, ...], trade_ids: tuple[str, ...]) -> Entries:
    """The rows of a ledger, pointing into other names, among which its own all are."""
    account = _positions(ledger.accounts, accounts)
    trade = np.append(_positions(ledger.trade_ids, trade_ids), NO_TRADE)  # the last is where -1 points
    rows = as_entries(ledger)
    return replace(rows, debit=account[rows.debit], credit=account[rows.credit], trade=trade[rows.trade])


def _positions(names: tuple[str, ...], among: tuple[str, ...]) -> Int:
    """The place of each name among others."""
    position = {name: number for number, name in enumerate(among)}
    return np.array([position[name] for name in names], dtype=np.int64)


def as_ledger(
    rows: Entries, *, accounts: tuple[str, ...], trade_ids: tuple[str, ...], version: ArrayLike
) -> Ledger:
    """The ledger of rows that are in order.

    Args:
        rows: L of them, whose arrays become those of the ledger.
        accounts: names that debit and credit point into.
        trade_ids: names that `trade` points into.
        version: that wrote each, one for all or (L,).
    """
    columns = {field.name: _sealed(getattr(rows, field.name)) for field in fields(rows)}
    written = np.broadcast_to(np.asarray(version, np.int64), len(rows))
    return Ledger(accounts=accounts, trade_ids=trade_ids, version=_sealed(written), **columns)


def _sealed(values: Int) -> Int:
    """Whole numbers that nobody writes to from here on; a ledger is too large to copy them for that."""
    array = np.ascontiguousarray(values, dtype=np.int64)
    array.flags.writeable = False
    return array


def as_entries(ledger: Ledger) -> Entries:
    """The rows of a ledger."""
    return Entries(**{field.name: getattr(ledger, field.name) for field in fields(Entries)})
