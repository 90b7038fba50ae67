"""Makes a fleet: many case folders, each a low-voltage feeder of SimBench on one of its days.

    python benchmarks/make_fleet.py DIR --feeders 10000 [--seed 1] [--settled] [--model three-phase]
    python benchmarks/make_fleet.py DIR --congested 100     # the share congested, of a sample of 100

Networks and yearly profiles are SimBench's (Meinecke et al. 2020, "SimBench: a benchmark dataset of electric
power systems"). A feeder has a day and a scale of its own, further homes at the buses of the small networks
(100 connections a feeder on average), solar plants at a share of the homes that differs from feeder to
feeder, and trades or orders; some percent are congested. It depends on the seed and its number alone: the
first hundred of ten thousand feeders are the hundred of a fleet of that size, byte for byte.

With three phases a feeder has the same homes, loads and days. Most homes are connected to one phase, drawn by
the seed; those that use more than a service of one phase carries are connected to all. A plant on one phase
has half of the power that it has in the balanced fleet, up to what the service carries, so that about as many
feeders are congested; trades and orders follow from that.
SimBench gives no zero sequence, so it is that of what its types are:

- Its lines are cables of four equal cores (NAYY 4x150SE, 4x240SE). What is unbalanced comes back through the
  fourth core, Z0 = Z1 + 3 ZN + 6 (mutual of phases − mutual of phase and neutral), and is, with four equal
  cores at the corners of a square, Z0 = 4 Z1 (r0/r1 = 4 in IEC TR 60909-2 too), C0 = C1 / 4.
- Its transformers turn by 150°. They are taken as Dyn5, with the zero sequence of pandapower's standard types
  of that group: leakage as in the positive sequence, mag0_percent 100, mag0_rx 0, si0_hv_partial 0.9.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy, for the workers too

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.case import Case, Horizon, Orders, Participants, Profiles, TableFormat, Trades, write_case
from gridpact.case.case import Allocation, Formulation, PriceRule
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.case.terms import Terms
from gridpact.case.writing.table_file import Coded, Instants, write_table
from gridpact.grid.limits import Limits
from gridpact.grid.network_model import ALL_PHASES, PHASES, NetworkModel
from gridpact.grid.source import NetworkSource

CODES = (
    "1-LV-rural1--0-sw",
    "1-LV-rural2--0-sw",
    "1-LV-rural3--0-sw",
    "1-LV-semiurb4--0-sw",
    "1-LV-semiurb5--0-sw",
    "1-LV-urban6--0-sw",
)
NETWORK_FILE, LOAD_FILE, SOLAR_FILE, PLACES_FILE = "network.json", "load_kw.npy", "solar.npy", "places.npy"
YEAR, DAYS, QUARTERS, TIMEZONE = 2016, 366, 96, "Europe/Berlin"
HOMES_MIN = 84  # with the 13, 99, 118, 41, 104 and 111 loads of the networks, 100 on average
WEEKS_APART = 4
GOLDEN = 0.6180339887498949
SOLAR_SHARE, PLANT_KW, STEEPNESS = (0.05, 0.90), (6.0, 24.0), 1.5
EQUAL_CORES = 4
TRAFO_ZERO_SEQUENCE = {"vector_group": "Dyn5", "mag0_percent": 100.0, "mag0_rx": 0.0, "si0_hv_partial": 0.9}
SERVICE_KW = 7.36  # of one phase: 32 A at 230 V
ON_ONE_PHASE, PHASES_STREAM = 0.5, 2
BAND_PU = (0.95, 1.05)  # what planning leaves of ±10 % to a low-voltage network
EXPORTING, ELASTIC, WITH_ORDERS = 0.6, 0.1, 0.2
TRADES, ORDERS_PER_SIDE = (50, 101), (25, 51)
WINDOW_MEAN, WINDOW_MIN, WINDOW_MAX = 12, 4, 32
LOAD_ERROR, CLOUD_ERROR = 0.2, 0.15
BATCH = 50
NETWORK_LIMITS = ("voltage_max", "voltage_min", "line", "transformer", "neutral", "voltage_unbalance")
TARIFFS = """\
mode = "sharing"
missing = "error"
loss_allocation = "dso"

[network]
p2p_charge_per_kwh = 0.02
retail_charge_per_kwh = 0.05
tax_per_kwh = 0.01

[retailers.default]
supply_price_per_kwh = 0.21
feed_in_price_per_kwh = 0.05
imbalance_long_per_kwh = 0.04
imbalance_short_per_kwh = 0.22
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A network and its profiles.

    Attributes:
        code: of SimBench.
        network: its power-grid-model JSON.
        bus, power_factor: of each load, (L,).
        load_kw: of each load in each quarter-hour of the year, (Q, L).
        solar: of each kind of plant, share of its rated power, (Q, K).
        model: of the network.
    """

    code: str
    network: Path
    model: NetworkModel
    bus: Int
    power_factor: Float
    load_kw: Float
    solar: Float


def make_bases(
    folder: Path, codes: Sequence[str] = CODES, model: NetworkModel = NetworkModel.BALANCED
) -> None:
    """Writes networks and profiles of SimBench, a folder each, for workers to map into memory."""
    from simbench import get_absolute_values

    from gridpact.grid.library_errors import problems_of_libraries
    from gridpact.grid.pandapower.builtin import builtin_net
    from gridpact.grid.pandapower.power_grid_model_json import power_grid_model_json

    for code in codes:
        source = NetworkSource(builtin=f"simbench/{code}", model=model)
        with problems_of_libraries(source):
            net, _ = builtin_net(source)
            load = get_absolute_values(net, profiles_instead_of_study_cases=True)["load", "p_mw"]
            renewables = net.profiles["renewables"]
        here = folder / code
        here.mkdir(parents=True)
        solar = renewables[[name for name in renewables.columns if name.startswith("PV")]]
        np.save(here / LOAD_FILE, 1e3 * load[net.load.index].to_numpy(np.float64))
        np.save(here / SOLAR_FILE, solar.to_numpy(np.float64))
        p_mw, q_mvar = net.load.p_mw.to_numpy(), net.load.q_mvar.to_numpy()
        np.save(here / PLACES_FILE, np.stack([net.load.bus.to_numpy(), p_mw / np.hypot(p_mw, q_mvar)]))
        for table in ("load", "sgen", "storage"):
            net[table] = net[table].iloc[:0]
        net.profiles = {}
        if source.is_three_phase:
            add_zero_sequence(net)
        (here / NETWORK_FILE).write_bytes(power_grid_model_json(net, source))


def add_zero_sequence(net: Any) -> None:
    """Gives the cables of four equal cores and the transformers of a SimBench net their zero sequence."""
    line, trafo = net.line, net.trafo
    line["r0_ohm_per_km"] = EQUAL_CORES * line.r_ohm_per_km
    line["x0_ohm_per_km"] = EQUAL_CORES * line.x_ohm_per_km
    line["c0_nf_per_km"] = line.c_nf_per_km / EQUAL_CORES
    trafo["vk0_percent"], trafo["vkr0_percent"] = trafo.vk_percent, trafo.vkr_percent
    for column, value in TRAFO_ZERO_SEQUENCE.items():
        trafo[column] = value


def read_bases(folder: Path, model: NetworkModel = NetworkModel.BALANCED) -> list[Base]:
    """The networks and profiles in the folders that `make_bases` writes, in the order of their names."""
    bases = []
    for here in sorted(folder.iterdir()):
        bus, power_factor = np.load(here / PLACES_FILE)
        base = Base(
            code=here.name,
            network=here / NETWORK_FILE,
            model=model,
            bus=bus.astype(np.int64),
            power_factor=np.round(power_factor, 4),
            load_kw=np.load(here / LOAD_FILE, mmap_mode="r"),
            solar=np.load(here / SOLAR_FILE, mmap_mode="r"),
        )
        bases.append(base)
    return bases


def make_case(bases: list[Base], number: int, seed: int) -> Case:
    """Feeder `number` of a fleet, counted from 1."""
    rng = np.random.default_rng([seed, number])
    base = bases[(number - 1) % len(bases)]
    day = int(rng.integers(DAYS))
    start = datetime(YEAR, 1, 1, tzinfo=ZoneInfo(TIMEZONE)) + timedelta(days=day)
    participants, profiles = _homes(base, number, day, rng)
    if base.model is NetworkModel.THREE_PHASE:
        participants, profiles = on_phases(
            participants, profiles, np.random.default_rng([seed, number, PHASES_STREAM])
        )
    orders, trades = Orders.none(), Trades.none()
    if rng.random() < WITH_ORDERS:
        orders = _orders(participants, profiles, rng)
    else:
        trades = _trades(participants, profiles, rng)
    return Case(
        name=f"Feeder {number:05d}, {base.code}, {start:%Y-%m-%d}",
        currency="EUR",
        horizon=Horizon(start=start, timezone=TIMEZONE, resolution="15min", periods=QUARTERS),
        network=NetworkSource(file=base.network, model=base.model),
        limits=Limits(voltage_min_pu=BAND_PU[0], voltage_max_pu=BAND_PU[1]),
        formulation=Formulation.AC,
        allocation=Allocation.MAX_VOLUME,
        price_rule=PriceRule.MIDPOINT,
        participants=participants,
        profiles=profiles,
        trades=trades,
        orders=orders,
        table_format=TableFormat.PARQUET,
    )


def _homes(base: Base, number: int, day: int, rng: np.random.Generator) -> tuple[Participants, Profiles]:
    """The connections: one for each load, and further ones that share a load's power on other days of its."""
    loads = len(base.bus)
    count = max(loads, HOMES_MIN)
    of_load = np.concatenate([np.arange(loads), rng.integers(0, loads, count - loads)])
    weight = rng.uniform(0.5, 1.5, count)
    part = weight / np.bincount(of_load, weight)[of_load] * rng.uniform(0.8, 1.2)
    weeks = np.where(np.arange(count) < loads, 0, rng.integers(-WEEKS_APART, WEEKS_APART + 1, count))
    own_day = (day + 7 * weeks) % DAYS
    quarter = QUARTERS * own_day + np.arange(QUARTERS)[:, None]
    low, high = SOLAR_SHARE
    # The fractional parts of multiples of the golden ratio fill the interval evenly from the first on.
    plants = round((low + (high - low) * (number * GOLDEN % 1.0) ** STEEPNESS) * count)
    owner = rng.permutation(count)[:plants]
    plant_kw = np.zeros(count)
    plant_kw[owner] = rng.uniform(*PLANT_KW, plants)
    kind = rng.integers(0, base.solar.shape[1], count)
    today = QUARTERS * day + np.arange(QUARTERS)
    participants = Participants(
        ids=tuple(f"c{index:03d}" for index in range(1, count + 1)),
        bus=frozen(base.bus[of_load], np.int64),
        firm=frozen(rng.random(count) >= ELASTIC, np.bool_),
        exports=frozen((plant_kw > 0.0) & (rng.random(count) < EXPORTING), np.bool_),
        load_power_factor=frozen(base.power_factor[of_load], np.float64),
        generation_power_factor=frozen(np.ones(count), np.float64),
        retailer=(DEFAULT_RETAILER,) * count,
    )
    profiles = Profiles(
        load_kw=frozen(np.round(np.maximum(base.load_kw[quarter, of_load], 0.0) * part, 3), np.float64),
        generation_kw=frozen(np.round(np.maximum(base.solar[today][:, kind], 0.0) * plant_kw, 3), np.float64),
    )
    return participants, profiles


def on_phases(
    participants: Participants, profiles: Profiles, rng: np.random.Generator
) -> tuple[Participants, Profiles]:
    """The homes on a phase each, drawn at random, with smaller plants; those of much load on all phases."""
    drawn = np.array(PHASES)[rng.integers(0, len(PHASES), len(participants))]
    is_single = profiles.load_kw.max(axis=0) <= SERVICE_KW
    plant_kw = np.maximum(profiles.generation_kw.max(axis=0), 1e-9)
    share = np.where(is_single, np.minimum(ON_ONE_PHASE, SERVICE_KW / plant_kw), 1.0)
    return (
        replace(participants, phases=tuple(np.where(is_single, drawn, ALL_PHASES).tolist())),
        replace(profiles, generation_kw=frozen(np.round(profiles.generation_kw * share, 3), np.float64)),
    )


def _trades(participants: Participants, profiles: Profiles, rng: np.random.Generator) -> Trades:
    """Trades of plants with other homes, at the hours of the sun."""
    count = int(rng.integers(*TRADES))
    seller = _drawn(profiles.surplus_kw.sum(axis=0), count, rng)
    buyer = _drawn(profiles.residual_demand_kw.sum(axis=0), count, rng)
    buyer = np.where(buyer == seller, (seller + 1) % len(participants), buyer)
    start, end = _windows(profiles, count, rng)
    power_kw = np.minimum(
        _power_kw(profiles.surplus_kw, seller, start, end, rng),
        _power_kw(profiles.residual_demand_kw, buyer, start, end, rng),
    )
    return Trades(
        ids=tuple(f"t{index:03d}" for index in range(1, count + 1)),
        seller=frozen(seller, np.int64),
        buyer=frozen(buyer, np.int64),
        start=frozen(start, np.int64),
        end=frozen(end, np.int64),
        power_kw=frozen(power_kw, np.float64),
        price_per_kwh=frozen(np.round(rng.uniform(0.07, 0.18, count), 4), np.float64),
        submitted=frozen(np.zeros(count), np.int64),
        terms=Terms.none(count),
    )


def _orders(participants: Participants, profiles: Profiles, rng: np.random.Generator) -> Orders:
    """Asks of plants and bids of homes at the hours of the sun, most of which can be matched."""
    each = int(rng.integers(*ORDERS_PER_SIDE))
    count = 2 * each
    sells = np.arange(count) < each
    participant = np.concatenate(
        [_drawn(profiles.surplus_kw.sum(axis=0), each, rng), rng.integers(0, len(participants), each)]
    )
    start, end = _windows(profiles, count, rng)
    power_kw = np.where(
        sells,
        _power_kw(profiles.surplus_kw, participant, start, end, rng),
        _power_kw(profiles.residual_demand_kw, participant, start, end, rng),
    )
    price = np.where(sells, rng.uniform(0.06, 0.14, count), rng.uniform(0.10, 0.19, count))
    return Orders(
        ids=tuple(f"o{index:03d}" for index in range(1, count + 1)),
        participant=frozen(participant, np.int64),
        sells=frozen(sells, np.bool_),
        start=frozen(start, np.int64),
        end=frozen(end, np.int64),
        power_kw=frozen(power_kw, np.float64),
        price_per_kwh=frozen(np.round(price, 4), np.float64),
        submitted=frozen(np.zeros(count), np.int64),
        terms=Terms.none(count),
    )


def _drawn(weight: Float, count: int, rng: np.random.Generator) -> Int:
    """Indices drawn in proportion to a weight, any of them where there is none."""
    weight = weight + 1e-9
    return rng.choice(len(weight), count, p=weight / weight.sum())


def _windows(profiles: Profiles, count: int, rng: np.random.Generator) -> tuple[Int, Int]:
    """First period and one past the last of windows around the hours of the sun."""
    length = np.clip(rng.geometric(1.0 / WINDOW_MEAN, count), WINDOW_MIN, WINDOW_MAX)
    middle = _drawn(profiles.surplus_kw.sum(axis=1), count, rng)
    start = np.clip(middle - length // 2, 0, QUARTERS - length)
    return start, start + length


def _power_kw(available_kw: Float, who: Int, start: Int, end: Int, rng: np.random.Generator) -> Float:
    """About half of the mean of what each has in its window, rounded to a watt, and never nothing."""
    total = np.vstack([np.zeros(available_kw.shape[1]), np.cumsum(available_kw, axis=0)])
    mean_kw = (total[end, who] - total[start, who]) / (end - start)
    return np.round(np.maximum(mean_kw * rng.uniform(0.2, 0.9, len(who)), 0.05), 3)


def write_feeder(case: Case, folder: Path, seed: int, number: int, *, settled: bool) -> None:
    """Writes the case folder of a feeder, with meters and tariffs where it is to be settled."""
    write_case(case, folder)
    if settled:
        write_table(
            _meters(case, np.random.default_rng([seed, number, 1])), folder, "meters", case.table_format
        )
        (folder / "tariffs.toml").write_text(TARIFFS, encoding="utf-8", newline="\n")


def _meters(case: Case, rng: np.random.Generator) -> dict[str, Any]:
    """Readings in whole watt-hours: the forecast with an error of homes and clouds, trades as proposed."""
    periods, count = case.profiles.load_kw.shape
    load_kw = case.profiles.load_kw * np.exp(LOAD_ERROR * rng.standard_normal((periods, count)))
    clouds = np.clip(1.0 + CLOUD_ERROR * rng.standard_normal((periods, 1)), 0.3, 1.2)
    net_kw = case.profiles.generation_kw * clouds - load_kw
    edge_kw = np.zeros((periods + 1, count))
    np.add.at(edge_kw, (case.trades.start, case.trades.seller), case.trades.power_kw)
    np.add.at(edge_kw, (case.trades.end, case.trades.seller), -case.trades.power_kw)
    sold_kw = np.maximum(np.cumsum(edge_kw, axis=0)[:-1], 0.0)
    fed_kw = np.where(case.participants.exports, net_kw, np.minimum(net_kw, sold_kw))
    hours = case.horizon.hours_per_period
    import_kwh, export_kwh = (np.round(np.maximum(kw, 0.0) * hours, 3) for kw in (-net_kw, fed_kw))
    return {
        "time": Instants(horizon=case.horizon, period=np.repeat(np.arange(periods), count)),
        "participant": Coded(labels=case.participants.ids, codes=np.tile(np.arange(count), periods)),
        "import_kwh": import_kwh.ravel(),
        "export_kwh": export_kwh.ravel(),
    }


_bases: list[Base] = []


def _open_bases(folder: Path, model: NetworkModel) -> None:
    """Opens the networks in a worker, once."""
    _bases[:] = read_bases(folder, model)


def _write_batch(numbers: range, folder: Path, seed: int, settled: bool) -> int:
    for number in numbers:
        case = make_case(_bases, number, seed)
        write_feeder(case, folder / feeder_name(number), seed, number, settled=settled)
    return len(numbers)


def feeder_name(number: int) -> str:
    """The folder of a feeder."""
    return f"feeder-{number:05d}"


def make_fleet(
    folder: Path,
    feeders: int,
    seed: int,
    *,
    settled: bool,
    workers: int,
    model: NetworkModel = NetworkModel.BALANCED,
) -> None:
    """Writes a fleet into a folder, and says on stderr how it goes."""
    batches = [range(first, min(first + BATCH, feeders + 1)) for first in range(1, feeders + 1, BATCH)]
    write = partial(_write_batch, folder=folder, seed=seed, settled=settled)
    with tempfile.TemporaryDirectory() as aside:
        began = time.perf_counter()
        make_bases(Path(aside), model=model)
        _tell(f"{len(CODES)} networks with their profiles in {time.perf_counter() - began:.1f} s")
        began, done = time.perf_counter(), 0
        for count in _written(write, batches, (Path(aside), model), workers):
            done += count
            rate = done / (time.perf_counter() - began)
            _tell(f"\r{done} of {feeders} feeders, {rate:.0f} a second", end="" if done < feeders else "\n")


def _written(
    write: Any, batches: list[range], bases: tuple[Path, NetworkModel], workers: int
) -> Iterator[int]:
    """Number of feeders of each batch, once written, here or in worker processes."""
    if workers == 1:
        _open_bases(*bases)
        yield from map(write, batches)
        return
    # Processes started afresh: one that is forked would have half of the threads of its parent.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, _open_bases, bases) as pool:
        yield from pool.map(write, batches)


def congested_share(folder: Path, sample: int) -> tuple[int, int]:
    """How many feeders of a sample, spread evenly over a fleet, the network limits, and how many it has."""
    import gridpact

    cases = sorted(path.parent for path in folder.glob("*/case.toml"))
    if not cases:
        return 0, 0
    chosen = [cases[index] for index in np.unique(np.linspace(0, len(cases) - 1, sample).astype(int))]
    congested = 0
    for case in chosen:
        clearance = gridpact.clear(gridpact.read_case(case))
        limited = clearance.cleared["limited_by"].isin(NETWORK_LIMITS).any()
        congested += bool(limited or clearance.summary["baseline_violations"])
    return congested, len(chosen)


def _tell(text: str, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="DIR", type=Path, help="of the fleet")
    parser.add_argument("--feeders", type=int, default=0, help="how many to make")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", choices=tuple(NetworkModel), default=NetworkModel.BALANCED)
    parser.add_argument("--settled", action="store_true", help="with meters and tariffs")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that write")
    parser.add_argument("--congested", metavar="N", type=int, default=0, help="clear a sample of N")
    given = parser.parse_args()
    if given.feeders < 0 or given.seed < 0 or given.workers < 1 or given.congested < 0:
        parser.error("a count is negative")
    if not given.feeders and not given.congested:
        parser.error("give --feeders, or --congested for a fleet that is there")
    if given.feeders and given.folder.exists() and any(given.folder.iterdir()):
        parser.error(f"{given.folder} is not empty")
    if given.feeders:
        model = NetworkModel(given.model)
        make_fleet(
            given.folder,
            given.feeders,
            given.seed,
            settled=given.settled,
            workers=given.workers,
            model=model,
        )
    if given.congested:
        congested, sample = congested_share(given.folder, given.congested)
        if not sample:
            parser.error(f"{given.folder} has no cases")
        print(f"{congested} of a sample of {sample} feeders are congested ({100 * congested / sample:.0f} %)")


if __name__ == "__main__":
    main()
