"""Random clearing cases on public networks, for tests that compare with something independent."""

from datetime import UTC, datetime

import numpy as np

from gridpact.arrays import frozen
from gridpact.case import (
    Allocation,
    Case,
    FeedIn,
    Formulation,
    Horizon,
    Orders,
    Participants,
    PriceRule,
    Profiles,
    Trades,
)
from gridpact.case.terms import Terms
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource


def make_participants(buses, firm, exports, power_factor=1.0) -> Participants:
    count = len(buses)
    return Participants(
        ids=tuple(f"p{k}" for k in range(count)),
        bus=frozen(buses, np.int64),
        firm=frozen(firm, np.bool_),
        exports=frozen(exports, np.bool_),
        load_power_factor=frozen(np.full(count, power_factor), float),
        generation_power_factor=frozen(np.full(count, power_factor), float),
        retailer=("default",) * count,
    )


def make_trades(seller, buyer, start, end, power_kw) -> Trades:
    count = len(power_kw)
    return Trades(
        ids=tuple(f"t{k}" for k in range(count)),
        seller=frozen(seller, np.int64),
        buyer=frozen(buyer, np.int64),
        start=frozen(start, np.int64),
        end=frozen(end, np.int64),
        power_kw=frozen(power_kw, float),
        price_per_kwh=frozen(np.full(count, 0.1), float),
        submitted=frozen(np.zeros(count), np.int64),
        terms=Terms.none(count),
    )


def make_case(
    participants, load_kw, generation_kw, trades, *, network, limits=None, resolution="15min"
) -> Case:
    return Case(
        name="random",
        currency="",
        horizon=Horizon(
            start=datetime(2024, 6, 21, tzinfo=UTC),
            timezone="UTC",
            resolution=resolution,
            periods=len(load_kw),
        ),
        network=NetworkSource(builtin=network),
        limits=limits or Limits(),
        formulation=Formulation.DC,
        feed_in=FeedIn.FIRM,
        allocation=Allocation.MAX_VOLUME,
        price_rule=PriceRule.ASK,
        participants=participants,
        profiles=Profiles(load_kw=frozen(load_kw, float), generation_kw=frozen(generation_kw, float)),
        trades=trades,
        orders=Orders.none(),
    )


def random_case(
    seed: int,
    *,
    network: str = "pandapower/cigre_lv",
    participants: int = 12,
    trades: int = 30,
    periods: int = 3,
    power_kw: float = 40.0,
    line_percent: float = 100.0,
) -> Case:
    """Prosumers at random buses with random trades; `power_kw` sets the scale of load and generation."""
    rng = np.random.default_rng(seed)
    buses = compile_source(NetworkSource(builtin=network)).bus_ids
    is_seller = np.arange(participants) < participants // 2
    load_kw = rng.uniform(0, power_kw, (periods, participants)) * np.where(is_seller, 0.1, 1.0)
    generation_kw = rng.uniform(0, power_kw, (periods, participants)) * np.where(is_seller, 1.0, 0.05)
    start = rng.integers(0, periods, trades)
    return make_case(
        make_participants(
            rng.choice(buses[1:], participants),
            rng.random(participants) < 0.5,
            rng.random(participants) < 0.3,
        ),
        load_kw,
        generation_kw,
        make_trades(
            rng.integers(0, participants // 2, trades),
            rng.integers(participants // 2, participants, trades),
            start,
            rng.integers(start + 1, periods + 1),
            rng.uniform(0.01, power_kw, trades),
        ),
        network=network,
        limits=Limits(line_loading_max_percent=line_percent),
    )
