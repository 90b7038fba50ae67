"""Termed: the orders that have terms, as arrays over the periods."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.orders import Orders
from gridpact.case.terms import NONE
from gridpact.matching.auction import NO_ROW
from gridpact.matching.capacity import Scale
from gridpact.matching.ranks import rank_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Termed:
    """The orders with terms, R of them, over T periods; the best ask first, and after all asks the best bid.

    Attributes:
        row: of each of the N orders among these, `NO_ROW` where it has no terms, (N,).
        order: index into the orders, (R,).
        sells: whether it is an ask, (R,).
        block: whether the same power trades in every period of the window, (R,).
        least: least quanta of use, (R,).
        group: exclusive group, numbered from 0, `NONE` for none, (R,).
        window: whether a period is in the window, (R, T).
        power: what it sells or buys at most, quanta, 0 outside the window, (R, T).
    """

    row: Int
    order: Int
    sells: Bool
    block: Bool
    least: Int
    group: Int
    window: Bool
    power: Int

    def __len__(self) -> int:
        return len(self.block)

    def at(self, rows: Int) -> "Termed":
        """Some of these orders; `row` goes on pointing into all of them."""
        return Termed(
            row=self.row,
            order=self.order[rows],
            sells=self.sells[rows],
            block=self.block[rows],
            least=self.least[rows],
            group=self.group[rows],
            window=self.window[rows],
            power=self.power[rows],
        )


def termed_orders(orders: Orders, scale: Scale, periods: int) -> Termed:
    """The orders with terms, whatever the order of all orders.

    Args:
        orders: N of them.
        scale: the quantum.
        periods: T.
    """
    terms = orders.terms
    order = _best_first(orders, np.flatnonzero(terms.given))
    row = np.full(len(orders), NO_ROW, dtype=np.int64)
    row[order] = np.arange(len(order))
    period = np.arange(periods)
    window = (orders.start[order, None] <= period) & (period < orders.end[order, None])
    return Termed(
        row=row,
        order=order,
        sells=orders.sells[order],
        block=terms.block[order],
        least=scale.uncapped_quanta(useful_kw(orders)[order]),
        group=terms.group[order],
        window=window,
        power=np.where(window, scale.quanta(orders.power_kw[order])[:, None], 0),
    )


def useful_kw(orders: Orders) -> Float:
    """The least power of each order that is of use, 0 where any is, (N,); its power may be infinite."""
    fraction = orders.terms.min_fraction
    return np.multiply(fraction, orders.power_kw, where=fraction > 0.0, out=np.zeros(len(orders)))


def _best_first(orders: Orders, chosen: Int) -> Int:
    """Indices of some orders, the best ask first, and after all asks the best bid."""
    sells, price = orders.sells[chosen], orders.price_per_kwh[chosen]
    rank = rank_by_id(tuple(orders.ids[number] for number in chosen.tolist()))
    return chosen[np.lexsort((rank, orders.submitted[chosen], np.where(sells, price, -price), ~sells))]


def lasting(termed: Termed, traded: Int) -> Int:
    """What each order that trades `traded`, (R, T), may go on to trade by its block and least fraction."""
    even = np.where(termed.block[:, None], least_traded(termed, traded)[:, None], traded)
    return np.where(even >= termed.least[:, None], even, 0)


def least_traded(termed: Termed, traded: Int) -> Int:
    """Quanta that each order trades in the least period of its window, (R,)."""
    outside = np.iinfo(np.int64).max
    least: Int = np.where(termed.window, traded, outside).min(axis=1, initial=outside)
    return least


def is_beaten(termed: Termed, trades: Bool) -> tuple[Bool, Int]:
    """Which orders trade though a better one of their group does too, and the row of that group's best.

    Args:
        termed: R orders.
        trades: whether an order trades at all, (R,).

    Returns:
        The beaten, (R,), and the best that trades of each one's group, its own row where none does, (R,).
    """
    rows = np.arange(len(termed))
    best = rows.copy()
    in_group = np.flatnonzero(trades & (termed.group != NONE))
    _, first, inverse = np.unique(termed.group[in_group], return_index=True, return_inverse=True)
    best[in_group] = in_group[first[inverse]]
    is_worse: Bool = best != rows
    return is_worse, best
