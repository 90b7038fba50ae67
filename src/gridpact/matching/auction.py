"""Auction: one period of the double auction, as two step curves laid over each other.

Walking down the bids and up the asks, each trading what is left of it, is the same as laying two step curves
over each other: cumulative demand by falling price and cumulative supply by rising price. Between two
neighbouring steps of either curve exactly one bid faces exactly one ask, and that is a match.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.orders import Orders
from gridpact.matching.capacity import Capacity, Scale
from gridpact.matching.ranks import rank_by_id

NO_ROW = -1
_NONE, _NOTHING = frozen([], np.int64), frozen([0], np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All orders of one side, K of them, by participant and, within it, the best first."""

    order: Int  # index into the orders
    place: Int  # place among all orders of this side, the best first
    participant: Int
    start: Int
    end: Int
    quanta: Int
    row: Int  # of the order in the ceilings, NO_ROW where it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The orders of one side that can trade in one period, the best first."""

    order: Int  # index into the orders
    total: Int  # quanta of this order and all better ones

    @property
    def quanta(self) -> Int:
        """Quanta that each order offers."""
        return np.diff(self.total, prepend=0)

    def matched(self, volume: int) -> Int:
        """Quanta of each order that trade where the curves cross at `volume`."""
        within = np.minimum(self.total, volume)
        return np.diff(within, prepend=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """The matches of one period, M of them, the best first.

    Attributes:
        supply: the asks that can trade.
        demand: the bids that can trade.
        ask: index into the orders, (M,).
        bid: index into the orders, (M,).
        quanta: matched power, (M,), positive.
    """

    supply: Curve
    demand: Curve
    ask: Int
    bid: Int
    quanta: Int

    @property
    def volume(self) -> int:
        """Quanta matched in all."""
        return int(self.quanta.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Auction:
    """The orders of a case by side, and what their participants can sell and buy.

    Attributes:
        asks: all orders to sell.
        bids: all orders to buy.
        room: caps of the participants.
        price_per_kwh: limit of each order, (N,).
    """

    asks: Book
    bids: Book
    room: Capacity
    price_per_kwh: Float

    def curves(self, period: int, ceiling: Int = _NONE) -> tuple[Curve, Curve]:
        """Supply and demand in one period, under ceilings as in `crossing`."""
        return (
            _curve(self.asks, period, self.room.sellable[period], ceiling),
            _curve(self.bids, period, self.room.buyable[period], ceiling),
        )

    def crossing(self, period: int, ceiling: Int) -> Crossing:
        """The matches of one period.

        Args:
            period: the period.
            ceiling: most that each order with a row may trade in this period, quanta, (R,).
        """
        supply, demand = self.curves(period, ceiling)
        if not (len(supply.order) and len(demand.order)):
            return Crossing(supply=supply, demand=demand, ask=_NONE, bid=_NONE, quanta=_NONE)
        until = np.unique(np.concatenate([supply.total, demand.total]))
        until = until[until <= min(supply.total[-1], demand.total[-1])]
        since = np.concatenate([_NOTHING, until[:-1]])
        ask = supply.order[supply.total.searchsorted(since, side="right")]
        bid = demand.order[demand.total.searchsorted(since, side="right")]
        meets = self.price_per_kwh[bid] >= self.price_per_kwh[ask]
        return Crossing(
            supply=supply,
            demand=demand,
            ask=ask[meets],
            bid=bid[meets],
            quanta=(until - since)[meets],
        )


def auction_of(orders: Orders, room: Capacity, row: Int) -> Auction:
    """The auction of all orders.

    Args:
        orders: N of them.
        room: caps of their participants.
        row: of each order in the ceilings, `NO_ROW` where it has none, (N,).
    """
    price = orders.price_per_kwh
    return Auction(
        asks=_book(orders, orders.sells, price, room.scale, row),
        bids=_book(orders, ~orders.sells, -price, room.scale, row),
        room=room,
        price_per_kwh=price,
    )


def _book(orders: Orders, side: Bool, badness: Float, scale: Scale, row: Int) -> Book:
    """The orders of one side; the lowest `badness` is the best."""
    best_first = np.lexsort((rank_by_id(orders.ids), orders.submitted, badness))
    best_first = best_first[side[best_first]]
    place = np.argsort(orders.participant[best_first], kind="stable")
    order = best_first[place]
    return Book(
        order=order,
        place=place,
        participant=orders.participant[order],
        start=orders.start[order],
        end=orders.end[order],
        quanta=scale.quanta(orders.power_kw[order]),
        row=row[order],
    )


def _curve(book: Book, period: int, cap_quanta: Int, ceiling: Int) -> Curve:
    """The orders active in a period, each clipped to what its participant's better ones leave of the cap.

    Args:
        book: orders of one side.
        period: the period.
        cap_quanta: cap of each participant in this period, (P,).
        ceiling: most that each order with a row may trade, (R,).
    """
    active = ((book.start <= period) & (period < book.end)).nonzero()[0]
    participant, quanta = book.participant[active], book.quanta[active]
    if len(ceiling):
        row = book.row[active]
        quanta = np.where(row == NO_ROW, quanta, np.minimum(quanta, ceiling[row]))
    before = quanta.cumsum() - quanta
    used = before - before[participant.searchsorted(participant)]
    offered = np.minimum(np.maximum(cap_quanta[participant] - used, 0), quanta)
    offers = offered.nonzero()[0]
    offers = offers[book.place[active[offers]].argsort()]
    return Curve(order=book.order[active[offers]], total=offered[offers].cumsum())
