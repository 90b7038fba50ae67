"""Markets in few words: a case made of surpluses, residual demands and orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from gridpact.case.case import Allocation, Case, Formulation, PriceRule
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.trades import Trades
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource


@dataclass(frozen=True, slots=True)
class Order:
    """One row of orders.csv, periods in place of times."""

    id: str
    participant: str
    sells: bool
    power_kw: float
    price_per_kwh: float
    start: int = 0
    end: int = 1
    submitted: int = 0


@dataclass(frozen=True, slots=True)
class Trade:
    """One row of trades.csv, periods in place of times."""

    id: str
    seller: str
    buyer: str
    start: int
    end: int
    power_kw: float
    price_per_kwh: float
    submitted: int = 0


def ask(
    id: str,
    participant: str,
    power_kw: float,
    price_per_kwh: float,
    *,
    start: int = 0,
    end: int = 1,
    submitted: int = 0,
) -> Order:
    """An order to sell."""
    return Order(id, participant, True, power_kw, price_per_kwh, start, end, submitted)


def bid(
    id: str,
    participant: str,
    power_kw: float,
    price_per_kwh: float,
    *,
    start: int = 0,
    end: int = 1,
    submitted: int = 0,
) -> Order:
    """An order to buy."""
    return Order(id, participant, False, power_kw, price_per_kwh, start, end, submitted)


def market(
    *orders: Order,
    generation_kw: Mapping[str, Sequence[float]],
    load_kw: Mapping[str, Sequence[float]],
    bilateral: Sequence[Trade] = (),
    price_rule: PriceRule = PriceRule.ASK,
) -> Case:
    """A case whose participants are the keys of the two forecasts, in that order; none given means zero."""
    names = tuple(dict.fromkeys([*generation_kw, *load_kw]))
    index = {name: place for place, name in enumerate(names)}
    periods = len(next(iter([*generation_kw.values(), *load_kw.values()])))
    zeros = [0.0] * periods
    return Case(
        name="market",
        currency="EUR",
        horizon=Horizon(
            start=datetime(2024, 6, 21, tzinfo=UTC), timezone="UTC", resolution="1h", periods=periods
        ),
        network=NetworkSource(builtin="pandapower/cigre_lv"),
        limits=Limits(),
        formulation=Formulation.DC,
        allocation=Allocation.MAX_VOLUME,
        price_rule=price_rule,
        participants=_participants(names),
        profiles=Profiles(
            load_kw=np.array([load_kw.get(name, zeros) for name in names], dtype=np.float64).T,
            generation_kw=np.array([generation_kw.get(name, zeros) for name in names], dtype=np.float64).T,
        ),
        trades=trades(bilateral, index),
        orders=Orders(
            ids=tuple(order.id for order in orders),
            participant=np.array([index[order.participant] for order in orders], dtype=np.int64),
            sells=np.array([order.sells for order in orders], dtype=np.bool_),
            start=np.array([order.start for order in orders], dtype=np.int64),
            end=np.array([order.end for order in orders], dtype=np.int64),
            power_kw=np.array([order.power_kw for order in orders], dtype=np.float64),
            price_per_kwh=np.array([order.price_per_kwh for order in orders], dtype=np.float64),
            submitted=np.array([order.submitted for order in orders], dtype=np.int64),
        ),
    )


def trades(rows: Sequence[Trade], index: Mapping[str, int]) -> Trades:
    """Trades of rows, with participants numbered by `index`."""
    return Trades(
        ids=tuple(row.id for row in rows),
        seller=np.array([index[row.seller] for row in rows], dtype=np.int64),
        buyer=np.array([index[row.buyer] for row in rows], dtype=np.int64),
        start=np.array([row.start for row in rows], dtype=np.int64),
        end=np.array([row.end for row in rows], dtype=np.int64),
        power_kw=np.array([row.power_kw for row in rows], dtype=np.float64),
        price_per_kwh=np.array([row.price_per_kwh for row in rows], dtype=np.float64),
        submitted=np.array([row.submitted for row in rows], dtype=np.int64),
    )


def rows(result: Trades, case: Case) -> list[Trade]:
    """Rows of trades, with participants named as in the case."""
    names = case.participants.ids
    return [
        Trade(name, names[seller], names[buyer], *rest)
        for name, seller, buyer, *rest in zip(
            result.ids,
            result.seller.tolist(),
            result.buyer.tolist(),
            result.start.tolist(),
            result.end.tolist(),
            result.power_kw.tolist(),
            result.price_per_kwh.tolist(),
            result.submitted.tolist(),
            strict=True,
        )
    ]


def _participants(names: tuple[str, ...]) -> Participants:
    count = len(names)
    return Participants(
        ids=names,
        bus=np.arange(count),
        firm=np.ones(count, dtype=np.bool_),
        exports=np.zeros(count, dtype=np.bool_),
        load_power_factor=np.ones(count),
        generation_power_factor=np.ones(count),
        retailer=("default",) * count,
    )
