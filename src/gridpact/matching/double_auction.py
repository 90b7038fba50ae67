"""The double auction: in every period, the highest bidder trades with the lowest asker while bid ≥ ask.

Source: Fernandes, Christin, Kar, *Peer-to-Peer (P2P) Electricity Markets for Low Voltage Networks*,
IEEE SmartGridComm 2024 (arXiv 2407.21403). There the seller's ask is the price; the other rules are ours.

Walking down the bids and up the asks, each trading what is left of it, is the same as laying two step curves
over each other: cumulative demand by falling price and cumulative supply by rising price. Between two
neighbouring steps of either curve exactly one bid faces exactly one ask, and that is a match.
"""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Case, PriceRule
from gridpact.case.orders import Orders
from gridpact.case.trades import Trades
from gridpact.matching.capacity import Scale, capacity
from gridpact.matching.result import Matches, rank_by_id, trades_of


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """All orders of one side, K of them, by participant and, within it, the best first."""

    order: Int  # index into the orders
    place: Int  # place among all orders of this side, the best first
    participant: Int
    start: Int
    end: Int
    quanta: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curve:
    """The orders of one side that can trade in one period, the best first."""

    order: Int  # index into the orders
    total: Int  # quanta of this order and all better ones


def match(case: Case) -> Trades:
    """The trades that a double auction in every period makes of the case's orders.

    The best bid is the highest, the best ask the lowest; among equals the one submitted first (one without
    a time counts as first), then by id. What an order trades is capped by its power, by what better orders
    of the same participant leave of its residual demand r (bids) or surplus a (asks), and by what bilateral
    trades of the case leave of them. Because a·r = 0 in every period, nobody trades with oneself.

    The case's price rule sets the price: the ask; the midpoint of bid and ask; or one price per period, the
    midpoint of the lowest matched bid and the highest matched ask. It does not change who trades what.

    Args:
        case: its orders are matched; its trades only use up capacity.

    Returns:
        The matched trades only, with names that no trade of the case has; see `trades_of`. Independent of
        the order of orders, trades and participants. Powers are whole multiples of 1e-12 kW; see `Scale`.
    """
    if not len(case.orders):
        return Trades.none()
    orders, room = case.orders, capacity(case)
    asks = _book(orders, orders.sells, orders.price_per_kwh, room.scale)
    bids = _book(orders, ~orders.sells, -orders.price_per_kwh, room.scale)
    matches = [
        _matches(
            period,
            supply=_curve(asks, period, room.sellable[period]),
            demand=_curve(bids, period, room.buyable[period]),
            case=case,
            scale=room.scale,
        )
        for period in range(case.horizon.periods)
    ]
    return trades_of(_joined(matches), orders, case.trades.ids)


def _book(orders: Orders, side: Bool, badness: Float, scale: Scale) -> _Book:
    """The orders of one side; the lowest `badness` is the best."""
    best_first = np.lexsort((rank_by_id(orders.ids), orders.submitted, badness))
    best_first = best_first[side[best_first]]
    place = np.argsort(orders.participant[best_first], kind="stable")
    order = best_first[place]
    return _Book(
        order=order,
        place=place,
        participant=orders.participant[order],
        start=orders.start[order],
        end=orders.end[order],
        quanta=scale.quanta(orders.power_kw[order]),
    )


def _curve(book: _Book, period: int, cap_quanta: Int) -> _Curve:
    """The orders active in a period, each clipped to what its participant's better ones leave of the cap.

    Args:
        book: orders of one side.
        period: the period.
        cap_quanta: cap of each participant in this period, (P,).
    """
    active = np.flatnonzero((book.start <= period) & (period < book.end))
    participant, quanta = book.participant[active], book.quanta[active]
    before = np.cumsum(quanta) - quanta
    begins = np.searchsorted(participant, participant, side="left")
    used = before - before[begins]
    offered = np.clip(cap_quanta[participant] - used, 0, quanta)
    offers = np.flatnonzero(offered)
    offers = offers[np.argsort(book.place[active[offers]])]
    return _Curve(order=book.order[active[offers]], total=np.cumsum(offered[offers]))


def _matches(period: int, *, supply: _Curve, demand: _Curve, case: Case, scale: Scale) -> Matches:
    """The matches of one period: every stretch between two steps of the curves with bid ≥ ask."""
    limit = case.orders.price_per_kwh
    until = np.union1d(supply.total, demand.total)
    until = until[until <= min(supply.total.max(initial=0), demand.total.max(initial=0))]
    since = np.append(0, until)[:-1]
    ask = supply.order[np.searchsorted(supply.total, since, side="right")]
    bid = demand.order[np.searchsorted(demand.total, since, side="right")]
    meets = limit[bid] >= limit[ask]
    ask, bid = ask[meets], bid[meets]
    return Matches(
        ask=ask,
        bid=bid,
        period=np.full(len(ask), period, dtype=np.int64),
        power_kw=scale.kw((until - since)[meets]),
        price_per_kwh=_price_per_kwh(case.price_rule, limit[ask], limit[bid]),
    )


def _price_per_kwh(rule: PriceRule, ask: Float, bid: Float) -> Float:
    """Price of each match of a period, (M,), from its limits, the best first."""
    match rule:
        case PriceRule.ASK:
            return ask
        case PriceRule.MIDPOINT:
            return (ask + bid) / 2.0
        case PriceRule.UNIFORM:
            return np.full(len(ask), (ask[-1:] + bid[-1:]) / 2.0)


def _joined(matches: list[Matches]) -> Matches:
    """The matches of all periods."""
    return Matches(
        ask=np.concatenate([one.ask for one in matches]),
        bid=np.concatenate([one.bid for one in matches]),
        period=np.concatenate([one.period for one in matches]),
        power_kw=np.concatenate([one.power_kw for one in matches]),
        price_per_kwh=np.concatenate([one.price_per_kwh for one in matches]),
    )
