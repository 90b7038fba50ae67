"""A pandapower net as a Network, by pandapower's own admittance matrices.

Supplies, branches, taps, vector groups, shunts and switches act exactly as in
`pandapower.runpp(net, calculate_voltage_angles=True, trafo_model="t")`.
"""

from typing import Any

import numpy as np

from gridpact.arrays import Complex, Float, Int, frozen
from gridpact.errors import InvalidCase
from gridpact.grid.flow.dc_model import susceptance_kw
from gridpact.grid.immutable import frozen_csr
from gridpact.grid.network import Branches, ElementKind, Elements, Network
from gridpact.grid.pandapower.pandapower_net import SUPPLY_NAME, prepared_net
from gridpact.grid.pandapower.pandapower_zero_sequence import zero_two_ports
from gridpact.grid.pandapower.three_phase_model import three_phase_model
from gridpact.grid.pandapower.to_power_grid_model import verification_model
from gridpact.grid.plausibility.idle_problems import idle_problems
from gridpact.grid.plausibility.network_names import NetworkNames
from gridpact.grid.reading.compact_indices import compacted
from gridpact.grid.source import NetworkSource
from gridpact.grid.three_phase.expansion import three_phase_network
from gridpact.grid.three_phase.two_port import TwoPorts, joined_two_ports
from gridpact.grid.unrated import is_placeholder_power
from gridpact.units import KVA_PER_MVA, SQRT_3, three_phase_kva

# Columns of pandapower's internal (PYPOWER) tables.
FROM_NODE, TO_NODE, RESISTANCE, REACTANCE = 0, 1, 2, 3
BASE_KV = 9


def network_from_pandapower(original: Any, source: NetworkSource, notices: tuple[str, ...] = ()) -> Network:
    """A pandapower net, ready for clearing.

    Args:
        original: a pandapower net; it is not changed.
        source: where it comes from, for its name and for problems.
        notices: what is already to be said about it.

    Returns:
        The network and, converted separately from the same tables, its verification model.

    Raises:
        InvalidCase: what cannot be carried exactly, all at once.
    """
    net, more_notices = prepared_net(original, source)
    internal, lookups = _internal(compacted(net), source)
    node = _node_of_bus(net, lookups["bus"], len(internal["bus"]))
    supplied = node >= 0
    rows, branches, elements = _branches(net, internal, lookups["branch"])
    order = np.argsort(net.bus.index.to_numpy()[supplied], kind="stable")
    buses = net.bus[supplied].iloc[order]
    in_service = net.bus.in_service.to_numpy().astype(bool)
    off, islanded = net.bus[~in_service].sort_index(), net.bus[in_service & ~supplied].sort_index()
    slack, slack_voltage, supply_names = _supplies(net, node)
    network = Network(
        name=source.name,
        bus_ids=frozen(buses.index.to_numpy(), np.int64),
        bus_names=_names(buses),
        bus_node=frozen(node[supplied][order], np.int64),
        bus_voltage_kv=frozen(buses.vn_kv.to_numpy(), np.float64),
        slack_node=slack,
        slack_voltage_pu=slack_voltage,
        admittance=frozen_csr(internal["Ybus"], net.sn_mva * KVA_PER_MVA),
        branches=branches,
        elements=elements,
        out_of_service_bus_ids=frozen(off.index.to_numpy(), np.int64),
        islanded_bus_ids=frozen(islanded.index.to_numpy(), np.int64),
        verification_model=verification_model(net, buses.index.to_numpy(), *rows),
        notices=(*notices, *more_notices),
        out_of_service_bus_names=_names(off),
        islanded_bus_names=_names(islanded),
    )
    names = NetworkNames(bus="bus", branch=_branch_names(net, internal, lookups), supply=supply_names)
    if problems := [*idle_problems(network, names, source)]:
        raise InvalidCase(problems)
    if not source.is_three_phase:
        return network
    return three_phase_network(
        network,
        _zero_sequence(net, internal, lookups),
        np.zeros(network.nodes, dtype=np.complex128),
        three_phase_model(net, network, *rows),
    )


def _internal(net: Any, source: NetworkSource) -> tuple[dict[str, Any], dict[str, Any]]:
    """The internal tables of pandapower, its rows of the buses and branches, and which switches are branches.

    Nothing is solved: the start is accepted as it is, however far it is off. pandapower's usual start, a DC
    power flow, divides by reactances that may be zero.
    """
    from pandapower import runpp

    runpp(
        net,
        calculate_voltage_angles=True,
        trafo_model="t",
        trafo_loading="current",
        init="flat",
        tolerance_mva=np.inf,
        switch_rx_ratio=2,
        consider_line_temperature=False,
        numba=False,
    )
    internal: dict[str, Any] = net._ppc["internal"]
    if "bus" not in internal or not internal["Ybus"].shape[0]:
        raise InvalidCase([source.problem("has no bus besides those of its supplies")])
    if not np.isfinite(internal["Ybus"].data).all():
        raise InvalidCase([source.problem("has an impedance that is zero or not a number")])
    bus = np.asarray(net._pd2ppc_lookups["bus"], dtype=np.int64)[net.bus.index.to_numpy()]
    lookups = {"bus": bus, "branch": net._pd2ppc_lookups["branch"], "switch": net._impedance_bb_switches}
    return internal, lookups


def _node_of_bus(net: Any, ppc_row: Int, nodes: int) -> Int:
    """Node of each row of the bus table, −1 where no supply reaches it."""
    reached = (ppc_row < nodes) & net.bus.in_service.to_numpy().astype(bool)
    return np.where(reached, ppc_row, -1)


def _supplies(net: Any, node: Int) -> tuple[Int, Complex, tuple[str, ...]]:
    """Nodes held by a supply, ascending, and the voltage that each holds; the supplies there agree on it."""
    at_node = node[net.bus.index.get_indexer(net.ext_grid.bus)]
    active = net.ext_grid.in_service.to_numpy().astype(bool) & (at_node >= 0)
    slack, first = np.unique(at_node[active], return_index=True)
    magnitude = net.ext_grid.vm_pu.to_numpy().astype(float)[active][first]
    angle = np.deg2rad(net.ext_grid.va_degree.to_numpy().astype(float)[active][first])
    voltage = frozen(magnitude * np.exp(1j * angle), np.complex128)
    return frozen(slack, np.int64), voltage, tuple(net.ext_grid[SUPPLY_NAME][active].iloc[first])


def _branch_names(net: Any, internal: dict[str, Any], lookups: dict[str, Any]) -> tuple[str, ...]:
    """What the net calls each energised branch."""
    energised = np.asarray(internal["branch_is"], dtype=bool)
    names = np.full(len(energised), "", dtype=object)
    for table, (first, last) in lookups["branch"].items():
        index = net.switch.index[lookups["switch"]] if table == "switch" else net[table].index
        names[first:last] = [f"{table} {number}" for number in index]
    return tuple(names[energised])


def _zero_sequence(net: Any, internal: dict[str, Any], lookups: dict[str, Any]) -> TwoPorts:
    """The zero sequence of each energised branch."""
    energised = np.asarray(internal["branch_is"], dtype=bool)
    switches = np.asarray(lookups["switch"], dtype=bool)
    tables = sorted(lookups["branch"].items(), key=lambda item: item[1])
    every = [zero_two_ports(net, table, switches) for table, (first, last) in tables if last > first]
    return joined_two_ports(every).at(np.flatnonzero(energised))


def _branches(
    net: Any, internal: dict[str, Any], lookup: dict[str, tuple[int, int]]
) -> tuple[tuple[Int, Int], Branches, Elements]:
    """Rows of the energised lines and transformers, all energised branches, and the rated elements."""
    energised = np.asarray(internal["branch_is"], dtype=bool)
    position = np.cumsum(energised) - 1
    rows: dict[str, Int] = {}
    at: dict[str, Int] = {}
    for table in ("line", "trafo"):
        first, last = lookup.get(table, (0, 0))
        rows[table] = np.flatnonzero(energised[first:last])
        at[table] = position[first:last][rows[table]]
    table = internal["branch"].real
    from_node, to_node = (table[:, column].astype(np.int64) for column in (FROM_NODE, TO_NODE))
    base_kv = internal["bus"][:, BASE_KV].real
    element = np.full(len(table), -1)
    rating_from, rating_to = np.full((2, len(table)), np.inf)
    rated = np.concatenate([at["line"], at["trafo"]])
    element[rated] = np.arange(len(rated))
    line_ka, (hv_ka, lv_ka) = _line_rating_ka(net, rows["line"]), _trafo_rating_ka(net, rows["trafo"])
    for rating, nodes, ka in (
        (rating_from, from_node, np.concatenate([line_ka, hv_ka])),
        (rating_to, to_node, np.concatenate([line_ka, lv_ka])),
    ):
        rating[rated] = three_phase_kva(base_kv[nodes[rated]], ka)
    scale = net.sn_mva * KVA_PER_MVA
    branches = Branches(
        from_node=frozen(from_node, np.int64),
        to_node=frozen(to_node, np.int64),
        admittance_from=frozen_csr(internal["Yf"], scale),
        admittance_to=frozen_csr(internal["Yt"], scale),
        rating_from_kva=frozen(rating_from, np.float64),
        rating_to_kva=frozen(rating_to, np.float64),
        element=frozen(element, np.int64),
        susceptance_kw=susceptance_kw(table[:, RESISTANCE] / scale, table[:, REACTANCE] / scale),
    )
    return (rows["line"], rows["trafo"]), branches, _elements(net, rows)


def _line_rating_ka(net: Any, rows: Int) -> Float:
    line = net.line.iloc[rows]
    rating = (line.max_i_ka * line.parallel * line.df).to_numpy().astype(float)
    return np.where(np.isnan(rating), np.inf, rating)


def _trafo_rating_ka(net: Any, rows: Int) -> tuple[Float, Float]:
    """Current at 100 % loading on both sides: that of the rated power at the winding's own voltage."""
    trafo = net.trafo.iloc[rows]
    mva = (trafo.sn_mva * trafo.parallel * trafo.df).to_numpy().astype(float)
    mva = np.where(is_placeholder_power(trafo.sn_mva.to_numpy().astype(float)), np.inf, mva)
    hv, lv = (trafo[column].to_numpy().astype(float) for column in ("vn_hv_kv", "vn_lv_kv"))
    return mva / (SQRT_3 * hv), mva / (SQRT_3 * lv)


def _elements(net: Any, rows: dict[str, Int]) -> Elements:
    tables = {
        ElementKind.LINE: net.line.iloc[rows["line"]],
        ElementKind.TRANSFORMER: net.trafo.iloc[rows["trafo"]],
    }
    return Elements(
        kind=tuple(kind for kind, table in tables.items() for _ in range(len(table))),
        id=frozen(np.concatenate([table.index.to_numpy() for table in tables.values()]), np.int64),
        name=tuple(name for table in tables.values() for name in _names(table)),
    )


def _names(table: Any) -> tuple[str, ...]:
    if "name" not in table:
        return ("",) * len(table)
    return tuple(
        "" if missing else str(name) for name, missing in zip(table.name, table.name.isna(), strict=True)
    )
