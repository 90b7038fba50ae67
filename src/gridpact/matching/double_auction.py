"""The double auction: in every period, the highest bidder trades with the lowest asker while bid ≥ ask.

Source: Fernandes, Christin, Kar, *Peer-to-Peer (P2P) Electricity Markets for Low Voltage Networks*,
IEEE SmartGridComm 2024 (arXiv 2407.21403). There the seller's ask is the price; the other rules are ours.
"""

import numpy as np

from gridpact.arrays import Float
from gridpact.case.case import Case, PriceRule, need_case
from gridpact.case.orders import Orders
from gridpact.case.trades import Trades
from gridpact.matching.auction import Crossing, auction_of
from gridpact.matching.capacity import Scale, capacity
from gridpact.matching.comebacks import with_comebacks
from gridpact.matching.matches import Matches, trades_of
from gridpact.matching.rounds import rounds
from gridpact.matching.termed import termed_orders


def match(case: Case) -> Trades:
    """The trades that a double auction in every period makes of the case's orders.

    The best bid is the highest, the best ask the lowest; among equals the one submitted first (one without
    a time counts as first), then by id. What an order trades is capped by its power, by what better orders
    of the same participant leave of its residual demand r (bids) or surplus a (asks), and by what bilateral
    trades of the case and its commitments leave of them. Because a·r = 0 in every period, nobody trades with
    oneself. Nothing is matched before the first open period. The terms of orders are kept; see `rounds` and
    `comebacks`.

    The case's price rule sets the price: the ask; the midpoint of bid and ask; or one price per period, the
    midpoint of the lowest matched bid and the highest matched ask. It does not change who trades what.

    Args:
        case: its orders are matched; its trades and commitments only use up capacity.

    Returns:
        The matched trades only, with names that no trade of the case has, and with such terms that those of
        their orders survive cuts; see `trades_of`. Independent of the order of orders, trades and
        participants. Powers are whole multiples of 1e-12 kW; see `Scale`.

    Raises:
        InvalidUsage: `case` is no case.
    """
    need_case("match", case)
    if not len(case.orders):
        return Trades.none()
    orders, room = case.orders, capacity(case)
    termed = termed_orders(orders, room.scale, case.horizon.periods)
    auction = auction_of(orders, room, termed.row)
    held = rounds(auction, termed, range(case.first_open, case.horizon.periods))
    held = with_comebacks(auction, termed, held)
    matches = _matches(held.crossings, orders, case.price_rule, room.scale)
    return trades_of(matches, case)


def _matches(crossings: dict[int, Crossing], orders: Orders, rule: PriceRule, scale: Scale) -> Matches:
    """The matches of all periods."""
    limit = orders.price_per_kwh
    none, unpriced = np.empty(0, dtype=np.int64), np.empty(0)
    quanta = np.concatenate([none, *(one.quanta for one in crossings.values())])
    prices = [_price_per_kwh(rule, limit[one.ask], limit[one.bid]) for one in crossings.values()]
    periods = [np.full(len(one.ask), period, dtype=np.int64) for period, one in crossings.items()]
    return Matches(
        ask=np.concatenate([none, *(one.ask for one in crossings.values())]),
        bid=np.concatenate([none, *(one.bid for one in crossings.values())]),
        period=np.concatenate([none, *periods]),
        power_kw=scale.kw(quanta),
        price_per_kwh=np.concatenate([unpriced, *prices]),
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
