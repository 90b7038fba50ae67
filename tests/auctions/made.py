"""Cases with orders that are cleared on their network, and the same as trades of all pairs."""

from dataclasses import replace
from typing import Any

import numpy as np

from gridpact import Case, Clearance, Orders, Trades
from tests.ac_instances import ac_case

POWER_KW = 4000.0  # more than anybody has: surplus and residual demand are what is offered
NETWORK_AUCTION, DOUBLE_AUCTION = "network-auction", "double-auction"


def order_case(seed: int, network: Any, *, sellers: int = 4, buyers: int = 4, **choices: Any) -> Case:
    """Sellers and buyers at random buses of a network, with one order each for all that they have."""
    people = sellers + buyers
    case = ac_case(seed, network, sellers=sellers, buyers=buyers, trades=people, **choices)
    rng = np.random.default_rng(1000 + seed)
    sells = np.arange(people) < sellers
    price = np.where(sells, rng.uniform(0.05, 0.25, people), rng.uniform(0.12, 0.35, people)).round(3)
    return replace(
        case,
        trades=Trades.none(),
        orders=orders_of(np.arange(people), sells, np.full(people, POWER_KW), price),
        mechanism=NETWORK_AUCTION,
        feed_in="firm",
    )


def orders_of(participant: Any, sells: Any, power_kw: Any, price_per_kwh: Any) -> Orders:
    """Orders of one period, called o0, o1 and so on."""
    count = len(participant)
    return Orders(
        ids=tuple(f"o{k}" for k in range(count)),
        participant=participant,
        sells=sells,
        start=np.zeros(count, dtype=np.int64),
        end=np.ones(count, dtype=np.int64),
        power_kw=power_kw,
        price_per_kwh=price_per_kwh,
    )


def pairs_of(case: Case) -> tuple[Case, np.ndarray]:
    """A trade of every ask with every bid, and what a kW of each adds to welfare."""
    orders = case.orders
    asks, bids = np.flatnonzero(orders.sells), np.flatnonzero(~orders.sells)
    ask, bid = (grid.ravel() for grid in np.meshgrid(asks, bids, indexing="ij"))
    trades = Trades(
        ids=tuple(f"t{k}" for k in range(len(ask))),
        seller=orders.participant[ask],
        buyer=orders.participant[bid],
        start=np.zeros(len(ask), dtype=np.int64),
        end=np.ones(len(ask), dtype=np.int64),
        power_kw=np.full(len(ask), 1000.0),
        price_per_kwh=np.zeros(len(ask)),
    )
    worth = orders.price_per_kwh[bid] - orders.price_per_kwh[ask]
    return replace(case, trades=trades, orders=Orders.none(), mechanism=DOUBLE_AUCTION), worth


def welfare_per_hour(clearance: Clearance) -> float:
    """Σ bid · bought − Σ ask · sold, of the table of orders."""
    table = clearance.orders
    sign = np.where(table["side"] == "buy", 1.0, -1.0)
    return float((sign * table["limit_price_per_kwh"] * table["cleared_kw"]).sum())
