"""The double auction: in every period, the highest bidder trades with the lowest asker while bid ≥ ask.

Source: Fernandes, Christin, Kar, *Peer-to-Peer (P2P) Electricity Markets for Low Voltage Networks*,
IEEE SmartGridComm 2024 (arXiv 2407.21403). There the seller's ask is the price; the other rules are ours.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from gridpact.arrays import Float
from gridpact.case.case import PriceRule
from gridpact.matching.auction import Auction, Crossing, auction_of
from gridpact.matching.comebacks import with_comebacks
from gridpact.matching.matches import Matches
from gridpact.matching.mechanisms.mechanism import Mechanism
from gridpact.matching.mechanisms.order_book import OrderBook
from gridpact.matching.rounds import rounds
from gridpact.matching.termed import termed_orders

Prices = Callable[[Auction, Crossing], Float]


def double_auction(book: OrderBook) -> Matches:
    """The matches of a double auction in every period.

    The best bid is the highest, the best ask the lowest; among equals the one submitted first (one without
    a time counts as first), then by id. What an order trades is capped by its power, by what better orders
    of the same participant leave of its residual demand r (bids) or surplus a (asks), and by what bilateral
    trades of the case and its commitments leave of them. Because a·r = 0 in every period, nobody trades with
    oneself. Nothing is matched before the first open period. The terms of orders are kept; see `rounds` and
    `comebacks`.

    The case's price rule sets the price: the ask; the midpoint of bid and ask; or one price per period, the
    midpoint of the prices at which exactly this clears, see `uniform_price`. It does not change who trades
    what.
    """
    return _matched(book, partial(_by_rule, book.case.price_rule))


def pay_as_bid(book: OrderBook) -> Matches:
    """The same matches, in which every buyer pays its own bid, and the seller receives it."""
    return _matched(book, lambda auction, one: auction.price_per_kwh[one.bid])


def _matched(book: OrderBook, prices_of: Prices) -> Matches:
    """The matches of all periods, at some prices."""
    case, room = book.case, book.auction.room
    termed = termed_orders(case.orders, room.scale, case.horizon.periods)
    auction = auction_of(case.orders, room, termed.row)
    held = rounds(auction, termed, range(case.first_open, case.horizon.periods))
    crossings = with_comebacks(auction, termed, held).crossings
    none, unpriced = np.empty(0, dtype=np.int64), np.empty(0)
    periods = [np.full(len(one.ask), period, dtype=np.int64) for period, one in crossings.items()]
    return Matches(
        ask=np.concatenate([none, *(one.ask for one in crossings.values())]),
        bid=np.concatenate([none, *(one.bid for one in crossings.values())]),
        period=np.concatenate([none, *periods]),
        power_kw=room.scale.kw(np.concatenate([none, *(one.quanta for one in crossings.values())])),
        price_per_kwh=np.concatenate([unpriced, *(prices_of(auction, one) for one in crossings.values())]),
    )


def _by_rule(rule: PriceRule, auction: Auction, crossing: Crossing) -> Float:
    """Price of each match of a period, (M,), the best first."""
    ask, bid = auction.price_per_kwh[crossing.ask], auction.price_per_kwh[crossing.bid]
    match rule:
        case PriceRule.ASK:
            return ask
        case PriceRule.MIDPOINT:
            return (ask + bid) / 2.0
        case PriceRule.UNIFORM:
            return np.full(len(ask), uniform_price(auction, crossing) if len(ask) else 0.0)


def uniform_price(auction: Auction, crossing: Crossing) -> float:
    """The midpoint of the prices at which exactly the matches of a period clear.

    They are between the highest ask that trades and the lowest bid that does, and not above an ask, nor below
    a bid, that offers more than it trades.
    """
    price, volume = auction.price_per_kwh, crossing.volume
    low, high = price[crossing.ask].max(), price[crossing.bid].min()
    asks, bids = crossing.supply, crossing.demand
    open_asks = price[asks.order[asks.total > volume]]
    open_bids = price[bids.order[bids.total > volume]]
    low = max(low, open_bids.max(initial=-np.inf))
    high = min(high, open_asks.min(initial=np.inf))
    return float((low + high) / 2.0)


MECHANISM = Mechanism(match=double_auction, keeps_terms=True)
PAY_AS_BID = Mechanism(match=pay_as_bid, keeps_terms=True)
