"""Random cases whose trades have terms, and how to give terms to trades."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from gridpact.arrays import frozen
from gridpact.case import Case, Formulation
from gridpact.case.terms import NONE, Terms
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from tests.ac_instances import ac_case
from tests.instances import make_case, make_participants, make_trades

CIGRE = "pandapower/cigre_lv"
CIGRE_BUSES = (12, 14, 16, 17, 18, 22, 36, 40, 43)
WIDE = Limits(
    voltage_min_pu=0.5,
    voltage_max_pu=1.5,
    line_loading_max_percent=1e3,
    transformer_loading_max_percent=1e3,
)
DAY = 96


def with_terms(case: Case, *, block=False, min_fraction=0.0, group=NONE, link=NONE) -> Case:
    """The case with terms, one value for all trades or one for each."""
    count = len(case.trades)
    group, link = (np.broadcast_to(each, count) for each in (group, link))
    terms = Terms(
        block=frozen(np.broadcast_to(block, count), np.bool_),
        min_fraction=frozen(np.broadcast_to(min_fraction, count), np.float64),
        group=frozen(group, np.int64),
        link=frozen(link, np.int64),
        group_names=tuple(f"g{k}" for k in range(group.max(initial=-1) + 1)),
        link_names=tuple(f"l{k}" for k in range(link.max(initial=-1) + 1)),
    )
    return replace(case, trades=replace(case.trades, terms=terms))


def with_submissions(case: Case, submitted) -> Case:
    """The case with its trades submitted at these microseconds."""
    return replace(case, trades=replace(case.trades, submitted=frozen(submitted, np.int64)))


def street(surplus_kw, demand_kw, rows, *, formulation=Formulation.DC, resolution="15min") -> Case:
    """A wide network on which only caps can bind.

    Args:
        surplus_kw: of each seller in each period, (T, sellers).
        demand_kw: of each buyer in each period, (T, buyers).
        rows: seller, buyer, start, end and power in kW of each trade.
    """
    surplus_kw, demand_kw = np.atleast_2d(surplus_kw), np.atleast_2d(demand_kw)
    sellers, buyers = surplus_kw.shape[1], demand_kw.shape[1]
    people = sellers + buyers
    seller, buyer, start, end, power_kw = (list(part) for part in zip(*rows, strict=True))
    case = make_case(
        make_participants(np.resize(CIGRE_BUSES, people), np.ones(people, bool), np.arange(people) % 2 == 0),
        np.hstack([np.zeros_like(surplus_kw), demand_kw]),
        np.hstack([surplus_kw, np.zeros_like(demand_kw)]),
        named(make_trades(seller, sellers + np.array(buyer), start, end, power_kw)),
        network=CIGRE,
        limits=WIDE,
        resolution=resolution,
    )
    return replace(case, formulation=formulation)


def named(trades):
    """The trades with ids whose alphabetical order is theirs."""
    return replace(trades, ids=tuple(f"t{k:03}" for k in range(len(trades))))


def random_terms_case(
    seed: int,
    *,
    trades: int = 10,
    periods: int = 4,
    sellers: int = 3,
    buyers: int = 3,
    network: str | NetworkSource = CIGRE,
    buses=CIGRE_BUSES,
    limits: Limits = WIDE,
    formulation: Formulation = Formulation.DC,
    linked: bool = True,
    per_period: bool = True,
) -> Case:
    """Sellers that have about half of what they propose, and trades of every kind of terms at random.

    Windows are from one period to all. `per_period` says whether trades that are no block may have a least
    fraction or a group, which makes one decision in each period.
    """
    rng = np.random.default_rng(seed)
    people = sellers + buyers
    sells = np.arange(people) < sellers
    start = rng.integers(0, periods, trades)
    end = np.where(rng.random(trades) < 0.3, periods, rng.integers(start + 1, periods + 1))
    start = np.where(rng.random(trades) < 0.3, 0, start)
    power_kw = rng.uniform(0.5, 5.0, trades)
    scale = 0.5 * power_kw.sum() / min(sellers, buyers)
    case = make_case(
        make_participants(rng.choice(buses, people), rng.random(people) < 0.5, rng.random(people) < 0.3),
        rng.uniform(0.1, 1.0, (periods, people)) * np.where(sells, 0.1, scale),
        rng.uniform(0.1, 1.0, (periods, people)) * np.where(sells, scale, 0.05),
        named(
            make_trades(
                rng.integers(0, sellers, trades), rng.integers(sellers, people, trades), start, end, power_kw
            )
        ),
        network=CIGRE,
        limits=limits,
    )
    source = network if isinstance(network, NetworkSource) else NetworkSource(builtin=network)
    block = rng.random(trades) < 0.5
    decided = block | per_period
    min_fraction = rng.choice([0.0, 0.0, 0.3, 0.7, 1.0], trades) * decided
    link = np.where(rng.random(trades) < 0.3 * linked, rng.integers(0, 2, trades), NONE)
    group = np.where((rng.random(trades) < 0.3) & decided, rng.integers(0, 2, trades), NONE)
    for one in np.unique(link[link != NONE]):
        group[link == one] = group[link == one][0]
        if np.sum(link == one) == 1:
            link[link == one] = NONE
    submitted = rng.choice([0, 1, 2], trades)
    case = replace(case, network=source, formulation=formulation)
    return with_submissions(
        with_terms(case, block=block, min_fraction=min_fraction, group=group, link=link), submitted
    )


def tight_case(
    seed: int,
    network: str | Path = CIGRE,
    *,
    min_fraction=1.0,
    block_share: float = 0.5,
    **options,
) -> Case:
    """Trades of a least fraction on a network whose limits bind, some of them blocks."""
    case = ac_case(seed, network, **options)
    rng = np.random.default_rng(seed)
    block = rng.random(len(case.trades)) < block_share
    return with_terms(replace(case, trades=named(case.trades)), block=block, min_fraction=min_fraction)
