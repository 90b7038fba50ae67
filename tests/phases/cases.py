"""Cases on small networks with three phases, in both formats, and how their limits are set."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp

from gridpact.case import Case, Formulation
from gridpact.grid.limits import Limits
from gridpact.grid.network_model import NetworkModel
from gridpact.grid.source import NetworkSource
from tests.ac_instances import ac_case
from tests.instances import make_case, make_participants, make_trades
from tests.phases.made import pandapower_net, power_grid_model_data, written

LIMITS = Limits(voltage_min_pu=0.94, voltage_max_pu=1.06, voltage_unbalance_max_percent=50.0)
WIDE = Limits(
    voltage_min_pu=0.5,
    voltage_max_pu=1.5,
    line_loading_max_percent=1000.0,
    transformer_loading_max_percent=1000.0,
    voltage_unbalance_max_percent=100.0,
    neutral_loading_max_percent=1000.0,
)
FORMATS = ("pandapower", "power-grid-model")
PHASES = ("a", "b", "c", "a", "bc", "b")


def network_source(network_format: str, folder: Path, **made: Any) -> NetworkSource:
    """A small network with the buses 1 to 5 at low voltage, in one of `FORMATS`."""
    if network_format == "pandapower":
        path = folder / "net.json"
        pp.to_json(pandapower_net(charging=False, **made), str(path))
    else:
        path = written(power_grid_model_data(charging=False, **made), folder)
    return NetworkSource(file=path, model=NetworkModel.THREE_PHASE)


def case_on(
    net: Any,
    folder: Path,
    *,
    limits: Limits = LIMITS,
    phases: tuple[str, ...] = (),
    seed: int = 3,
    power_kw: float = 20.0,
) -> Case:
    """Three sellers and three buyers on a pandapower net, or on a source, for two periods."""
    if isinstance(net, NetworkSource):
        source = net
    else:
        path = folder / "net.json"
        pp.to_json(net, str(path))
        source = NetworkSource(file=path, model=NetworkModel.THREE_PHASE)
    case = ac_case(seed, source, sellers=3, buyers=3, trades=8, periods=2, power_kw=power_kw, limits=limits)
    return replace(case, participants=replace(case.participants, phases=phases))


def relief_case(source: NetworkSource, *, high: bool, limits: Limits = WIDE) -> Case:
    """Four participants at bus 4 and one at bus 5, of which the first strains phase a without any trade.

    Where `high`, it exports 12 kW there, and its trade with an elastic buyer on the same phase relieves the
    network; else it is a load of 12 kW, and a seller on the same phase relieves it.
    The other trade is on phase b.
    """
    load_kw = [[0.0, 9.0, 0.0, 6.0, 0.0]] if high else [[12.0, 0.0, 0.0, 6.0, 0.0]]
    generation_kw = [[12.0, 0.0, 6.0, 0.0, 0.0]] if high else [[0.0, 9.0, 6.0, 0.0, 0.0]]
    first = (0, 1) if high else (1, 0)
    trades = make_trades([first[0], 2], [first[1], 3], [0, 0], [1, 1], [9.0, 6.0])
    people = make_participants([4, 4, 5, 4, 5], [not high, False, True, False, True], [high] + [False] * 4)
    case = make_case(
        people, np.array(load_kw), np.array(generation_kw), trades, network="pandapower/cigre_lv"
    )
    return replace(
        case,
        network=source,
        formulation=Formulation.AC,
        participants=replace(people, phases=("a", "a", "b", "b", "c")),
        limits=limits,
    )


def worst_of(table: Any, kind: str, column: str) -> float:
    """The worst value of a kind of limit in a table of the network, but for what a supply holds."""
    table = table[table["limit_max"].notna()]
    if kind == "voltage_min":
        return float(table[table["quantity"] == "voltage_pu"][column].min())
    chosen = {
        "voltage_max": table["quantity"] == "voltage_pu",
        "line": (table["kind"] == "line") & (table["phase"] != "n"),
        "neutral": table["phase"] == "n",
        "transformer": table["kind"] == "transformer",
        "voltage_unbalance": table["quantity"] == "unbalance_percent",
    }
    return float(table[chosen[kind]][column].max())


FIELD = {
    "voltage_max": "voltage_max_pu",
    "voltage_min": "voltage_min_pu",
    "line": "line_loading_max_percent",
    "neutral": "neutral_loading_max_percent",
    "transformer": "transformer_loading_max_percent",
    "voltage_unbalance": "voltage_unbalance_max_percent",
}


def limited(case: Case, kind: str, value: float) -> Case:
    """The case with wide limits, but for one kind."""
    return replace(case, limits=replace(WIDE, **{FIELD[kind]: value}))
