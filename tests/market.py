"""Markets in few words: a case made of surpluses, residual demands and orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.case.case import Allocation, Case, Formulation, PriceRule
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.terms import NONE, Terms
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
    block: bool = False
    min_fraction: float = 0.0
    group: str = ""


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
    block: bool = False
    min_fraction: float = 0.0
    group: str = ""
    link: str = ""


def ask(
    id: str,
    participant: str,
    power_kw: float,
    price_per_kwh: float,
    *,
    start: int = 0,
    end: int = 1,
    submitted: int = 0,
    block: bool = False,
    min_fraction: float = 0.0,
    group: str = "",
) -> Order:
    """An order to sell."""
    return Order(
        id,
        participant,
        True,
        power_kw,
        price_per_kwh,
        start,
        end,
        submitted,
        block,
        min_fraction,
        group,
    )


def bid(id: str, participant: str, power_kw: float, price_per_kwh: float, **more: Any) -> Order:
    """An order to buy; `more` as `ask` takes it."""
    return replace(ask(id, participant, power_kw, price_per_kwh, **more), sells=False)


def market(
    *orders: Order,
    generation_kw: Mapping[str, Sequence[float]],
    load_kw: Mapping[str, Sequence[float]],
    bilateral: Sequence[Trade] = (),
    commitments: Sequence[Trade] = (),
    first_open: int = 0,
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
        commitments=trades(commitments, index),
        first_open=first_open,
        orders=Orders(
            ids=tuple(order.id for order in orders),
            participant=np.array([index[order.participant] for order in orders], dtype=np.int64),
            sells=np.array([order.sells for order in orders], dtype=np.bool_),
            start=np.array([order.start for order in orders], dtype=np.int64),
            end=np.array([order.end for order in orders], dtype=np.int64),
            power_kw=np.array([order.power_kw for order in orders], dtype=np.float64),
            price_per_kwh=np.array([order.price_per_kwh for order in orders], dtype=np.float64),
            submitted=np.array([order.submitted for order in orders], dtype=np.int64),
            terms=terms(orders),
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
        terms=terms(rows, [row.link for row in rows]),
    )


def terms(rows: Sequence[Order] | Sequence[Trade], links: Sequence[str] = ()) -> Terms:
    """The terms of rows; `links` names the link of each, where there are any."""
    group_names, group = _labels([row.group for row in rows])
    link_names, link = _labels(links or [""] * len(rows))
    return Terms(
        block=np.array([row.block for row in rows], dtype=np.bool_),
        min_fraction=np.array([row.min_fraction for row in rows], dtype=np.float64),
        group=group,
        link=link,
        group_names=group_names,
        link_names=link_names,
    )


def _labels(texts: Sequence[str]) -> tuple[tuple[str, ...], Int]:
    names = tuple(sorted(set(texts) - {""}))
    return names, np.array([names.index(text) if text else NONE for text in texts], dtype=np.int64)


def rows(result: Trades, case: Case) -> list[Trade]:
    """Rows of trades, with participants named as in the case."""
    names, terms = case.participants.ids, result.terms
    groups, links = (*terms.group_names, ""), (*terms.link_names, "")
    return [
        Trade(name, names[seller], names[buyer], *rest, groups[group], links[link])
        for name, seller, buyer, *rest, group, link in zip(
            result.ids,
            result.seller.tolist(),
            result.buyer.tolist(),
            result.start.tolist(),
            result.end.tolist(),
            result.power_kw.tolist(),
            result.price_per_kwh.tolist(),
            result.submitted.tolist(),
            terms.block.tolist(),
            terms.min_fraction.tolist(),
            terms.group.tolist(),
            terms.link.tolist(),
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
