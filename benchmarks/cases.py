"""The cases that are measured: a name, how each is made, and how often it is run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from tests.instances import make_trades

from gridpact.arrays import Int, frozen
from gridpact.case import Case, Horizon, Orders, Participants, Profiles
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.case.terms import NONE, Terms
from gridpact.grid.compile import compile_source
from gridpact.grid.source import NetworkSource
from gridpact.published import cigre_day, cigre_extreme
from gridpact.published.cases import HOURS

SEED = 44
FEEDER = NetworkSource(builtin="simbench/1-LV-rural2--0-sw")
FEEDER_PARTICIPANTS = 100
QUARTERS = 96
RESOLUTION_OF_A_DAY = {24: "1h", 48: "30min", QUARTERS: "15min"}
MEAN_WINDOW = 12
TIMEZONE = "Europe/Berlin"
POWER_FACTOR = 0.97
NOON, HALF_A_DAY = 13.0, 4.0  # hours


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A case to measure.

    Attributes:
        make: makes it.
        runs: how often it is run; figures are medians.
    """

    make: Callable[[], Case]
    runs: int


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
    trades = make_trades(
        seller=rng.integers(consumers, 2 * consumers, count),
        buyer=rng.integers(0, consumers, count),
        start=start,
        end=end,
        power_kw=rng.uniform(0.5, 1.5, count) * proposed_kw,
    )
    return replace(day, name=f"44-bus day, {count} trades", trades=trades, orders=Orders.none())


def feeder_day(
    count: int, peak_kw: float, *, network: NetworkSource = FEEDER, periods: int = QUARTERS
) -> Case:
    """A day of quarter-hours on a 100-bus feeder: half its participants sell solar, half buy what they need.

    Demand that was not bought goes without (elastic), so that every trade loads the network. At noon the
    trades propose about twice the surplus.

    Args:
        count: number of trades, with windows of 12 periods on average.
        peak_kw: solar peak of each seller, and evening peak of each buyer.
        network: of the feeder.
        periods: of a quarter-hour, the same day again and again; 24 and 48 are one day of longer ones.
    """
    rng = np.random.default_rng(SEED)
    compiled = compile_source(network)
    low_voltage = compiled.bus_ids[compiled.bus_voltage_kv < 1.0]
    half = FEEDER_PARTICIPANTS // 2
    horizon = Horizon(
        start=datetime(2024, 6, 21, tzinfo=ZoneInfo(TIMEZONE)),
        timezone=TIMEZONE,
        resolution=RESOLUTION_OF_A_DAY.get(periods, RESOLUTION_OF_A_DAY[QUARTERS]),
        periods=periods,
    )
    hour = np.mod((np.arange(periods) + 0.5) * horizon.hours_per_period, HOURS)
    sun = np.where(np.abs(hour - NOON) < HALF_A_DAY, np.cos((hour - NOON) / HALF_A_DAY * np.pi / 2.0), 0.0)
    need = 0.45 + 0.35 * np.cos((hour - 19.0) / 24.0 * 2.0 * np.pi) + 0.2 * sun
    size = rng.uniform(0.5, 1.5, FEEDER_PARTICIPANTS) * peak_kw
    sells = np.arange(FEEDER_PARTICIPANTS) < half
    start = rng.integers(0, periods, count)
    end = np.minimum(start + rng.integers(1, 2 * MEAN_WINDOW, count), periods)
    open_at_once = count * MEAN_WINDOW / periods
    return Case(
        name=f"feeder, {count} trades, {peak_kw:g} kW",
        currency="EUR",
        horizon=horizon,
        network=network,
        limits=cigre_extreme().limits,
        formulation=cigre_extreme().formulation,
        allocation=cigre_extreme().allocation,
        price_rule=cigre_extreme().price_rule,
        participants=_participants(rng.choice(low_voltage, FEEDER_PARTICIPANTS), sells),
        profiles=Profiles(
            load_kw=frozen(np.outer(need, np.where(sells, 0.1, 1.0) * size), float),
            generation_kw=frozen(np.outer(sun, sells * size), float),
        ),
        trades=make_trades(
            seller=rng.integers(0, half, count),
            buyer=rng.integers(half, FEEDER_PARTICIPANTS, count),
            start=start,
            end=end,
            power_kw=rng.uniform(0.5, 1.5, count) * 2.0 * half * peak_kw / open_at_once,
        ),
        orders=Orders.none(),
    )


def with_terms(case: Case) -> Case:
    """A case of which a third of the trades have terms: block, least fraction, both, or a group."""
    rng, count = np.random.default_rng(SEED), len(case.trades)
    kind = np.where(rng.random(count) < 1 / 3, rng.integers(0, 4, count), -1)
    groups = max(count // 50, 1)
    terms = Terms(
        block=frozen(np.isin(kind, [0, 2]), np.bool_),
        min_fraction=frozen(
            np.where(np.isin(kind, [1, 2]), rng.choice([0.25, 0.5, 1.0], count), 0.0), np.float64
        ),
        group=frozen(np.where(kind == 3, rng.integers(0, groups, count), NONE), np.int64),
        link=frozen(np.full(count, NONE), np.int64),
        group_names=tuple(f"g{k}" for k in range(groups)),
    )
    return replace(case, trades=replace(case.trades, terms=terms))


def _participants(buses: Int, sells: Int) -> Participants:
    count = len(buses)
    return Participants(
        ids=tuple(f"h{k:03}" for k in range(count)),
        bus=frozen(buses, np.int64),
        firm=frozen(sells, np.bool_),
        exports=frozen(np.zeros(count), np.bool_),
        load_power_factor=frozen(np.full(count, POWER_FACTOR), float),
        generation_power_factor=frozen(np.ones(count), float),
        retailer=(DEFAULT_RETAILER,) * count,
    )


MILD_KW, CONGESTED_KW = 2.0, 25.0
BENCHMARKS: dict[str, Benchmark] = {
    "44-bus day": Benchmark(make=cigre_day, runs=15),
    "44 buses, congested hour": Benchmark(make=cigre_extreme, runs=15),
    "44-bus day, 100,000 trades": Benchmark(make=lambda: many_trades(100_000), runs=3),
    "100-bus feeder, 100,000 trades, mild": Benchmark(make=lambda: feeder_day(100_000, MILD_KW), runs=3),
    "100-bus feeder, 100,000 trades, congested": Benchmark(
        make=lambda: feeder_day(100_000, CONGESTED_KW), runs=1
    ),
}
