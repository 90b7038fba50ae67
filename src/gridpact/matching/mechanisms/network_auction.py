"""The network auction: orders are cleared on the network itself, and only what clears is paired.

What clears, and at which price, is found with the network, see `gridpact.clearing.auction`; here orders are
made ready for that, and what cleared is paired in the order of the double auction.
"""

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.case import Case
from gridpact.case.orders import OrderRows
from gridpact.case.trades import Trades
from gridpact.errors import InvalidUsage
from gridpact.matching.matches import Matches, trades_of
from gridpact.matching.mechanisms.mechanism import Mechanism, refuse_wrong
from gridpact.matching.mechanisms.order_book import OrderBook


def match(book: OrderBook) -> Matches:
    """None without the network.

    Raises:
        InvalidUsage: always.
    """
    raise InvalidUsage(
        f"the mechanism '{book.case.mechanism}' has no trades before the network is cleared",
        "clear the case: what clears of its orders is then in the tables cleared and orders",
    )


MECHANISM = Mechanism(match=match, is_on_network=True)


def rows_of(case: Case) -> OrderRows:
    """The orders of a case in the open periods of their windows, with what the double auction would match."""
    book, orders = OrderBook(case), case.orders
    start = np.maximum(orders.start, case.first_open)
    length = np.maximum(orders.end - start, 0)
    first = np.cumsum(length) - length
    order = np.repeat(np.arange(len(orders)), length)
    period = np.repeat(start, length) + np.arange(len(order)) - np.repeat(first, length)
    offered, draft, auction = np.zeros_like(order), np.zeros_like(order), book.auction
    none = np.empty(0, dtype=np.int64)
    for one in np.unique(period).tolist():
        crossing = auction.crossing(one, none)
        for curve in (crossing.supply, crossing.demand):
            row = first[curve.order] + one - start[curve.order]
            offered[row], draft[row] = curve.quanta, curve.matched(crossing.volume)
    rank = np.zeros(len(orders), dtype=np.int64)
    for side in (auction.asks, auction.bids):
        rank[side.order] = side.place
    return OrderRows(
        order=order,
        period=period,
        offered_kw=book.scale.kw(offered),
        draft_kw=book.scale.kw(draft),
        rank=rank[order],
    )


def paired(case: Case, rows: OrderRows, cleared_kw: Float, price_per_kwh: Float) -> tuple[Trades, Float]:
    """What cleared of orders, as trades: in each period the first ask with the first bid, each at its price.

    Whoever is done makes room for the next; first is as in the double auction.

    Args:
        case: whose orders they are.
        rows: of the orders, R of them.
        cleared_kw: of each, (R,).
        price_per_kwh: where its participant sells or buys, (R,).

    Returns:
        The trades, and what clears to a whole quantum, as much sold as bought in every period, (R,).
    """
    scale = OrderBook(case).scale
    quanta, sells = (
        np.minimum(scale.quanta(cleared_kw), scale.quanta(rows.offered_kw)),
        case.orders.sells[rows.order],
    )
    ask, bid, power = [], [], []
    for period in np.unique(rows.period[quanta > 0]).tolist():
        here = np.flatnonzero((rows.period == period) & (quanta > 0))
        here = here[np.argsort(rows.rank[here], kind="stable")]
        sold, bought = here[sells[here]], here[~sells[here]]
        volume = min(int(quanta[sold].sum()), int(quanta[bought].sum()))
        for side in (sold, bought):
            quanta[side] = _first(quanta[side], volume)
        up_to = [np.cumsum(quanta[side]) for side in (sold, bought)]
        until = np.union1d(*up_to)
        until = until[until > 0]
        ask.append(sold[np.searchsorted(up_to[0], until)])
        bid.append(bought[np.searchsorted(up_to[1], until)])
        power.append(np.diff(until, prepend=0))
    none = np.empty(0, dtype=np.int64)
    of_ask, of_bid = np.concatenate([none, *ask]), np.concatenate([none, *bid])
    matches = Matches(
        ask=rows.order[of_ask],
        bid=rows.order[of_bid],
        period=rows.period[of_ask],
        power_kw=scale.kw(np.concatenate([none, *power])),
        price_per_kwh=price_per_kwh[of_bid],
        seller_price_per_kwh=price_per_kwh[of_ask],
    )
    refuse_wrong(matches, case)
    return trades_of(matches, case), scale.kw(quanta)


def _first(quanta: Int, volume: int) -> Int:
    """As much of each, the first ones first, as makes a volume; the last give up what rounding added."""
    return np.diff(np.minimum(np.cumsum(quanta), volume), prepend=0)
