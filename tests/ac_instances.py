"""Random cases for AC clearing on public networks and on networks made here, and how to clear them."""

from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandapower as pp

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Allocation, Case, Formulation
from gridpact.case.schema import POWER_MAX_KW
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.pandapower.builtin import builtin_net
from gridpact.grid.source import NetworkSource
from gridpact.results import Clearance
from tests.instances import make_case, make_participants, make_trades

BUILT_IN = tuple(
    f"pandapower/{name}"
    for name in ("cigre_lv", "kerber_landnetz_kabel_1", "kerber_landnetz_freileitung_1", "village_1")
)
MESHED = ("ring", "two_transformers", "two_supplies")


def ac_case(
    seed: int,
    network: str | Path | NetworkSource,
    *,
    sellers: int = 4,
    buyers: int = 4,
    trades: int = 12,
    periods: int = 1,
    power_kw: float = 60.0,
    firm: float = 0.0,
    exports: float = 0.0,
    power_factor: float = 1.0,
    allocation: Allocation = Allocation.MAX_VOLUME,
    limits: Limits | None = None,
) -> Case:
    """Sellers and buyers at random low-voltage buses, each trade of up to `power_kw`.

    `firm` and `exports` are the shares of firm demand and of exported surplus. Caps bind for some, not all.
    """
    rng = np.random.default_rng(seed)
    if isinstance(network, NetworkSource):
        source = network
    else:
        source = NetworkSource(file=network) if isinstance(network, Path) else NetworkSource(builtin=network)
    compiled = compile_source(source)
    low_voltage = compiled.bus_ids[
        (compiled.bus_voltage_kv < 1.0) & ~np.isin(compiled.bus_node, compiled.slack_node)
    ]
    people = sellers + buyers
    sells = np.arange(people) < sellers
    per_person = power_kw * trades / people
    load_kw = np.where(sells, 0.05, 1.4) * per_person * rng.uniform(0.3, 1.2, (periods, people))
    generation_kw = np.where(sells, 1.4, 0.02) * per_person * rng.uniform(0.3, 1.2, (periods, people))
    start = rng.integers(0, periods, trades)
    case = make_case(
        make_participants(
            rng.choice(low_voltage, people, replace=len(low_voltage) < people),
            rng.random(people) < firm,
            rng.random(people) < exports,
            power_factor,
        ),
        load_kw,
        generation_kw,
        make_trades(
            rng.integers(0, sellers, trades),
            rng.integers(sellers, people, trades),
            start,
            rng.integers(start + 1, periods + 1),
            rng.uniform(0.2, 1.0, trades) * power_kw,
        ),
        network="pandapower/cigre_lv",  # until it is replaced
    )
    return replace(
        case,
        network=source,
        limits=limits or Limits(),
        formulation=Formulation.AC,
        allocation=allocation,
    )


def uncapped(case: Case) -> Case:
    """The case with so much surplus, and elastic demand, that no cap binds; firm loads stay."""
    people, profiles = case.participants, case.profiles
    sells = np.isin(np.arange(len(people)), case.trades.seller)
    load_kw = profiles.load_kw * np.where(people.firm | sells, 1.0, 20.0)
    generation_kw = profiles.generation_kw * np.where(sells, 20.0, 0.0)
    return replace(
        case,
        profiles=replace(
            profiles,
            load_kw=np.minimum(load_kw, POWER_MAX_KW),
            generation_kw=np.minimum(generation_kw, POWER_MAX_KW),
        ),
    )


def with_submissions(case: Case, seed: int, classes: int) -> Case:
    """The case with its trades submitted at one of so many times."""
    rng = np.random.default_rng(seed)
    submitted = rng.integers(1, classes + 1, len(case.trades))
    return replace(case, trades=replace(case.trades, submitted=frozen(submitted, np.int64)))


def cleared_kw(case: Case) -> np.ndarray:
    """Cleared power of each trade in each period, (trades, T)."""
    return table_kw(gridpact.clear(case))


def table_kw(clearance: Clearance) -> np.ndarray:
    """Cleared power of each trade in each period, (trades, T)."""
    offers, case = clearance.offers, clearance.case
    table = np.zeros((len(case.trades), case.horizon.periods))
    table[offers.trade, offers.period] = offers.row_kw(clearance.solution.column_kw)
    return table


def net_of(case: Case):
    """The case's network as pandapower has it."""
    if case.network.file is not None:
        return deepcopy(_of_file(case.network.file, case.network.file.stat().st_mtime_ns))
    return deepcopy(_built_in(case.network))


@cache
def _of_file(file: Path, written: int):
    return pp.from_json(str(file))


@cache
def _built_in(source: NetworkSource):
    """Made once: that takes up to half a second, and a copy a hundredth."""
    return builtin_net(source)[0]


def ring_net():
    """A ring of eight buses with a spur and a chord: every bus but the last has two ways to the supply."""
    net = pp.create_empty_network()
    supply = pp.create_bus(net, 10.0)
    pp.create_ext_grid(net, supply, vm_pu=1.01)
    bus = [pp.create_bus(net, 0.4) for _ in range(9)]
    pp.create_transformer(net, supply, bus[0], "0.25 MVA 10/0.4 kV")
    for k in range(8):
        pp.create_line(net, bus[k], bus[(k + 1) % 8], 0.08 + 0.02 * k, "NAYY 4x50 SE")
    pp.create_line(net, bus[2], bus[6], 0.15, "NAYY 4x50 SE")
    pp.create_line(net, bus[4], bus[8], 0.1, "NAYY 4x50 SE")
    return net


def two_transformers_net():
    """Two unlike transformers in parallel, one of them tapped, before a forked feeder."""
    net = pp.create_empty_network()
    supply = pp.create_bus(net, 10.0)
    pp.create_ext_grid(net, supply)
    bus = [pp.create_bus(net, 0.4) for _ in range(8)]
    pp.create_transformer(net, supply, bus[0], "0.25 MVA 10/0.4 kV", tap_pos=-1)
    pp.create_transformer(net, supply, bus[0], "0.4 MVA 10/0.4 kV")
    for a, b in ((0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 6), (4, 7)):
        pp.create_line(net, bus[a], bus[b], 0.12, "NAYY 4x150 SE")
    return net


def two_supplies_net():
    """Two supplies at different voltages, joined by a feeder with a branch in its middle."""
    net = pp.create_empty_network()
    bus = [pp.create_bus(net, 0.4) for _ in range(10)]
    pp.create_ext_grid(net, bus[0], vm_pu=1.02)
    pp.create_ext_grid(net, bus[6], vm_pu=1.00)
    for a, b in ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (3, 7), (7, 8), (8, 9)):
        pp.create_line(net, bus[a], bus[b], 0.15, "NAYY 4x50 SE")
    return net


MADE_HERE = {
    "ring": ring_net,
    "two_transformers": two_transformers_net,
    "two_supplies": two_supplies_net,
}


def saved(name: str, folder: Path) -> Path:
    """The file of a network that is made here."""
    path = folder / f"{name}.json"
    if not path.exists():
        pp.to_json(MADE_HERE[name](), str(path))
    return path


def drawn_network(rng: np.random.Generator, folder: Path) -> str | Path:
    """One of the public networks, or of the meshed ones, which is written to a folder."""
    names = (*BUILT_IN, *MESHED)
    name = names[int(rng.integers(len(names)))]
    return saved(name, folder) if name in MESHED else name
