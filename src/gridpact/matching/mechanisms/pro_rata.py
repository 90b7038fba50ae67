"""Pro rata: what a community shares at one price, the short side in full and the long side in proportion."""

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.matching.matches import Matches
from gridpact.matching.mechanisms.order_book import OrderBook, OrderSide


def shared_at(book: OrderBook, price_per_kwh: float) -> Matches:
    """The matches of all orders that accept a price, in each period.

    Of the side that offers less all is matched; of the other the same share of each order, in whole quanta,
    those left over going to the largest remainders. Who meets whom follows the order of the book: the first
    ask meets the first bid, and whoever is done makes room for the next (the north-west corner rule).
    """
    ask, bid, period, quanta = [], [], [], []
    for orders in book.periods():
        sells, buys = orders.asks.price_per_kwh <= price_per_kwh, orders.bids.price_per_kwh >= price_per_kwh
        supply, demand = _offered(orders.asks, sells), _offered(orders.bids, buys)
        volume = min(int(supply.sum()), int(demand.sum()))
        if not volume:
            continue
        sold, bought = np.cumsum(shares(supply, volume)), np.cumsum(shares(demand, volume))
        until = np.union1d(sold, bought)
        until = until[until > 0]
        ask.append(orders.asks.order[np.searchsorted(sold, until)])
        bid.append(orders.bids.order[np.searchsorted(bought, until)])
        period.append(np.full(len(until), orders.period))
        quanta.append(np.diff(until, prepend=0))
    none = np.empty(0, dtype=np.int64)
    power_kw = book.scale.kw(np.concatenate([none, *quanta]))
    return Matches(
        ask=np.concatenate([none, *ask]),
        bid=np.concatenate([none, *bid]),
        period=np.concatenate([none, *period]),
        power_kw=power_kw,
        price_per_kwh=np.full(len(power_kw), price_per_kwh),
    )


def shares(offered: Int, volume: int) -> Int:
    """Whole shares of a volume in proportion to what is offered, (K,), at least the volume in all.

    What rounding down leaves goes one by one to the largest remainders, the first among equal ones.
    """
    total = int(offered.sum())
    parts = [divmod(one * volume, total) for one in offered.tolist()]
    found = np.array([whole for whole, _ in parts], dtype=np.int64)
    left = volume - int(found.sum())
    largest = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    found[largest[:left]] += 1
    return found


def _offered(side: OrderSide, accepts: Bool) -> Int:
    """Quanta that each order offers at a price that it accepts, or not, (K,)."""
    return np.where(accepts, side.quanta, 0)
