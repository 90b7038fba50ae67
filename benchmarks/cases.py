"""The cases that are measured: a name, and how each is made."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gridpact.arrays import frozen
from gridpact.case import Case, Orders, Trades
from gridpact.published import cigre_day
from gridpact.published.cases import HOURS

SEED = 44


def many_trades(count: int) -> Case:
    """The 44-bus day with `count` random trades between its sellers and consumers instead of orders.

    Together they propose about twice the day's surplus, so that caps bind in every sunny hour.
    """
    day = cigre_day()
    rng = np.random.default_rng(SEED)
    consumers = len(day.participants) // 2
    start = rng.integers(0, HOURS, count)
    end = np.minimum(start + rng.integers(1, HOURS, count), HOURS)
    proposed_kw = 2.0 * day.profiles.surplus_kw.max(axis=0).sum() / count
    trades = Trades(
        ids=tuple(f"t{k}" for k in range(count)),
        seller=frozen(rng.integers(consumers, 2 * consumers, count), np.int64),
        buyer=frozen(rng.integers(0, consumers, count), np.int64),
        start=frozen(start, np.int64),
        end=frozen(end, np.int64),
        power_kw=frozen(rng.uniform(0.5, 1.5, count) * proposed_kw, float),
        price_per_kwh=frozen(np.full(count, 0.1), float),
        submitted=frozen(np.zeros(count), np.int64),
    )
    return replace(day, name=f"44-bus day, {count} trades", trades=trades, orders=Orders.none())


CASES: dict[str, Callable[[], Case]] = {
    "44-bus day": cigre_day,
    "44-bus day, 100,000 trades": lambda: many_trades(100_000),
}
