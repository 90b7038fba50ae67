"""A pandapower net with three phases as power-grid-model input, straight from its tables.

power-grid-model's generic branches have no phases, so that lines, impedances and switches are its lines. A
winding without a way to the other side in the zero sequence is its zigzag winding, whose zero sequence is
0.1 z₁ + 3 z_earthing: an earthing of (z₀ − 0.1 z₁)/3 makes it what it has to be. A YNyn transformer is its
T circuit: a transformer, a node of its own with a shunt, and a line.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Complex, Float, Int, frozen
from gridpact.grid.immutable import frozen_dataset
from gridpact.grid.network import Network
from gridpact.grid.network_model import PHASES
from gridpact.grid.pandapower.pandapower_zero_sequence import YZN_FACTOR, numbers
from gridpact.grid.pandapower.to_power_grid_model import (
    GenericBranches,
    impedance_branches,
    joined_nodes,
    line_branches,
    line_rating_a,
    shunt_rows,
    source_rows,
    switch_branches,
    tapped,
    transformer_branches,
    transformer_rating_a,
)
from gridpact.grid.pandapower.vector_group import DELTA_WYE, WYE_WYE, winding_groups
from gridpact.grid.verification.verification_model import VerificationModel

WYE, WYE_N, DELTA, ZIGZAG_N = 0, 1, 2, 4
FREQUENCY_HZ = 50.0  # that power-grid-model takes
SN_VA = 1e6
ZIGZAG_SHARE = 0.1
SHARE_MIN = 1e-7  # of an impedance that each part of a T circuit keeps

Rows = NDArray[np.void]


def three_phase_model(net: Any, network: Network, line_rows: Int, trafo_rows: Int) -> VerificationModel:
    """The net for power-grid-model's asymmetric power flow.

    Args:
        net: a prepared pandapower net.
        network: its balanced network.
        line_rows: rows of the line table that are elements of the network.
        trafo_rows: rows of the transformer table that are elements of the network, after the lines.
    """
    node_of_bus = joined_nodes(net)
    nodes, count = int(node_of_bus.max()) + 1, len(net.trafo)
    middle = nodes + np.arange(count)
    first = nodes + count
    lines, halves_at = _lines(net, node_of_bus, first), first + len(net.line)
    transformers, halves, shunts = _transformers(net, node_of_bus, middle, halves_at + count)
    halves["id"] = halves_at + np.arange(count)
    first = halves_at + 2 * count
    others = [
        _series(net, impedance_branches(net), _impedance_zero(net), node_of_bus, first),
        _series(
            net,
            switch_branches(net),
            switch_branches(net).impedance_ohm,
            node_of_bus,
            first + len(net.impedance),
        ),
    ]
    first += len(net.impedance) + len(net.switch)
    shunts["id"] = first + np.arange(count)
    at_buses = _shunts(net, node_of_bus, first + count)
    through = winding_groups(net.trafo) == WYE_WYE
    live = np.flatnonzero(through & (transformers["from_status"] | transformers["to_status"]).astype(bool))
    halves["to_status"] = transformers["to_status"]
    transformers["to_status"] = np.where(through, 1, transformers["to_status"])
    transformers["to_node"] = np.where(through, middle, transformers["to_node"])
    dataset = {
        "node": _nodes(net, node_of_bus, middle[live], live),
        "line": np.concatenate([lines, halves[live], *others]),
        "transformer": transformers[(transformers["from_status"] | transformers["to_status"]).astype(bool)],
        "shunt": np.concatenate([shunts[live], at_buses]),
        "source": _sources(net, node_of_bus, first + count + len(at_buses)),
    }
    rows = dataset["line"]
    kept = (rows["from_status"] | rows["to_status"]).astype(bool) & (rows["from_node"] != rows["to_node"])
    dataset["line"] = rows[kept]
    line_a = line_rating_a(net.line.iloc[line_rows])
    from_a, to_a = transformer_rating_a(net.trafo.iloc[trafo_rows])
    from_id = np.concatenate([lines["id"][line_rows], transformers["id"][trafo_rows]])
    to_trafo = np.where(through, halves["id"], transformers["id"])[trafo_rows]
    is_line = np.arange(len(from_id)) < len(line_rows)
    held = np.isin(network.bus_node, network.slack_node)
    return VerificationModel(
        dataset=frozen_dataset(dataset),
        bus_component_id=frozen(node_of_bus[net.bus.index.get_indexer(network.bus_ids)], np.int64),
        element_component_id=frozen(from_id, np.int64),
        rating_from_a=frozen(np.concatenate([line_a, from_a]), np.float64),
        rating_to_a=frozen(np.concatenate([line_a, to_a]), np.float64),
        phases=PHASES,
        to_component_id=frozen(np.concatenate([lines["id"][line_rows], to_trafo]), np.int64),
        has_neutral=frozen(is_line, np.bool_),
        unbalance_bus=frozen(np.flatnonzero(~held), np.int64),
    )


def _nodes(net: Any, node_of_bus: Int, middle: Int, trafo_rows: Int) -> Rows:
    """The nodes of buses, and those in the middle of transformers, with the voltage of their low side."""
    ids, first = np.unique(node_of_bus, return_index=True)
    nodes = _rows("node", len(ids) + len(middle))
    nodes["id"] = np.concatenate([ids, middle])
    low = net.bus.vn_kv.reindex(net.trafo.lv_bus).to_numpy()[trafo_rows]
    nodes["u_rated"] = 1e3 * np.concatenate([net.bus.vn_kv.to_numpy()[first], low])
    return nodes


def _lines(net: Any, node_of_bus: Int, first_id: int) -> Rows:
    branches = line_branches(net)
    length, parallel = net.line.length_km.to_numpy(), net.line.parallel.to_numpy()
    ohm = (numbers(net.line, "r0_ohm_per_km") + 1j * numbers(net.line, "x0_ohm_per_km")) * length / parallel
    rows = _series(net, branches, ohm, node_of_bus, first_id)
    shunt, per_farad = branches.admittance_s, 2 * np.pi * FREQUENCY_HZ
    rows["c1"] = shunt.imag / per_farad
    rows["tan1"] = np.divide(shunt.real, shunt.imag, out=np.zeros(len(rows)), where=shunt.imag != 0)
    rows["c0"] = net.f_hz / FREQUENCY_HZ * 1e-9 * numbers(net.line, "c0_nf_per_km", 0.0) * length * parallel
    return rows


def _series(net: Any, branches: GenericBranches, ohm: Complex, node_of_bus: Int, first_id: int) -> Rows:
    """Branches without shunts as lines."""
    rows = _rows("line", len(branches.from_bus))
    rows["id"] = first_id + np.arange(len(rows))
    _connect(rows, net, branches, node_of_bus)
    rows["r1"], rows["x1"] = branches.impedance_ohm.real, branches.impedance_ohm.imag
    rows["r0"], rows["x0"] = ohm.real, ohm.imag
    for name in ("c1", "tan1", "c0", "tan0"):
        rows[name] = 0.0
    return rows


def _impedance_zero(net: Any) -> Complex:
    rows = net.impedance
    ohm = net.bus.vn_kv.reindex(rows.to_bus).to_numpy() ** 2 / rows.sn_mva.to_numpy().astype(float)
    zero: Complex = (numbers(rows, "rft0_pu") + 1j * numbers(rows, "xft0_pu")) * ohm
    return zero


def _transformers(net: Any, node_of_bus: Int, middle: Int, first_id: int) -> tuple[Rows, Rows, Rows]:
    """For each row a transformer, and the line and the shunt that make it a T circuit if it has to be one."""
    branches, trafo = transformer_branches(net), net.trafo
    through = winding_groups(trafo) == WYE_WYE
    low_ohm, high_ohm, magnetising_ohm = zero_ohm(net)
    leakage_ohm, iron_s = _t_circuit(net)
    seen = seen_ohm(winding_groups(trafo), low_ohm, high_ohm, magnetising_ohm)
    rows = _rows("transformer", len(trafo))
    rows["id"] = first_id + np.arange(len(rows))
    _connect(rows, net, branches, node_of_bus)
    low_v = 1e3 * net.bus.vn_kv.reindex(trafo.lv_bus).to_numpy()
    high_v = 1e3 * net.bus.vn_kv.reindex(trafo.hv_bus).to_numpy()
    rows["u1"], rows["u2"], rows["sn"] = high_v * branches.ratio, low_v, SN_VA
    series = np.where(through, leakage_ohm / 2, branches.impedance_ohm)
    iron = np.where(through, 0.0, branches.admittance_s)
    rows["uk"] = np.where(series.imag < 0, -1, 1) * np.abs(series) * SN_VA / low_v**2
    rows["pk"] = series.real * SN_VA**2 / low_v**2
    rows["i0"], rows["p0"] = np.abs(iron) * low_v**2 / SN_VA, iron.real * low_v**2
    clock = np.rint(np.rad2deg(branches.shift_rad) / 30).astype(np.int64) % 12
    rows["clock"] = clock
    rows["winding_from"] = np.select([through, clock % 2 == 0], [WYE_N, DELTA], WYE)
    rows["winding_to"] = np.where(through, WYE_N, ZIGZAG_N)
    whole_ohm = low_ohm + high_ohm
    first_ohm, second_ohm = (np.where(part == 0, SHARE_MIN * whole_ohm, part) for part in (high_ohm, low_ohm))
    earthing = np.where(through, first_ohm - series, seen - ZIGZAG_SHARE * series) / 3
    rows["r_grounding_to"], rows["x_grounding_to"] = earthing.real, earthing.imag
    rows["r_grounding_from"] = rows["x_grounding_from"] = 0.0
    rows["tap_side"] = rows["tap_pos"] = rows["tap_min"] = rows["tap_max"] = rows["tap_nom"] = 0
    rows["tap_size"] = 0.0
    halves = _rows("line", len(trafo))
    halves["from_node"], halves["to_node"], halves["from_status"] = middle, rows["to_node"], 1
    halves["r1"], halves["x1"] = leakage_ohm.real / 2, leakage_ohm.imag / 2
    halves["r0"], halves["x0"] = second_ohm.real, second_ohm.imag
    for name in ("c1", "tan1", "c0", "tan0"):
        halves[name] = 0.0
    shunts = _rows("shunt", len(trafo))
    shunts["node"], shunts["status"] = middle, 1
    shunts["g1"], shunts["b1"] = iron_s.real, iron_s.imag
    zero_s = 1 / magnetising_ohm
    shunts["g0"], shunts["b0"] = zero_s.real, zero_s.imag
    return rows, halves, shunts


def seen_ohm(group: NDArray[Any], low: Complex, high: Complex, magnetising: Complex) -> Complex:
    """Zero-sequence impedance seen from the low-voltage side, whose other side carries none."""
    around = low + 1 / (1 / np.where(high == 0, np.inf, high) + 1 / magnetising)
    around = np.where(high == 0, low, around)
    return np.where(group == DELTA_WYE, around, (low + magnetising) / YZN_FACTOR)


def zero_ohm(net: Any) -> tuple[Complex, Complex, Complex]:
    """Low-voltage, high-voltage and magnetising part of the zero sequence, ohm at the low-voltage side."""
    trafo = net.trafo
    base = _low_winding_kv(net) ** 2 / (trafo.sn_mva * trafo.parallel).to_numpy().astype(float)
    size, real = numbers(trafo, "vk0_percent") * base / 100, numbers(trafo, "vkr0_percent") * base / 100
    whole = real + 1j * np.sqrt(np.maximum(size**2 - real**2, 0.0))
    angle = np.arctan2(1.0, numbers(trafo, "mag0_rx"))
    magnetising = numbers(trafo, "mag0_percent") / 100 * size * np.exp(1j * angle)
    high = numbers(trafo, "si0_hv_partial")
    return (1 - high) * whole, high * whole, magnetising


def _t_circuit(net: Any) -> tuple[Complex, Complex]:
    """Leakage impedance and iron admittance of each transformer at its low-voltage side, ohm and siemens."""
    trafo = net.trafo
    base = _low_winding_kv(net) ** 2 / (trafo.sn_mva * trafo.parallel).to_numpy().astype(float)
    size, real = (trafo[name].to_numpy().astype(float) / 100 for name in ("vk_percent", "vkr_percent"))
    leakage = base * (real + 1j * np.sqrt(np.maximum(size**2 - real**2, 0.0)))
    none_s = trafo.i0_percent.to_numpy().astype(float) / 100 / base
    loss_s = (
        trafo.pfe_kw.to_numpy().astype(float) * trafo.parallel.to_numpy() / 1e3 / _low_winding_kv(net) ** 2
    )
    return leakage, loss_s - 1j * np.sqrt(np.maximum(none_s**2 - loss_s**2, 0.0))


def _low_winding_kv(net: Any) -> Float:
    """Voltage of the low-voltage winding at its tap."""
    return tapped(net.trafo)[1]


def _connect(rows: Rows, net: Any, branches: GenericBranches, node_of_bus: Int) -> None:
    rows["from_node"] = node_of_bus[net.bus.index.get_indexer(branches.from_bus)]
    rows["to_node"] = node_of_bus[net.bus.index.get_indexer(branches.to_bus)]
    rows["from_status"], rows["to_status"] = branches.closed_from, branches.closed_to


def _shunts(net: Any, node_of_bus: Int, first_id: int) -> Rows:
    """Shunts, which do not reach the neutral, and those at the ends of impedances."""
    rows = shunt_rows(net, node_of_bus, first_id)
    rows["g0"] = rows["b0"] = 0.0
    impedance, parts = net.impedance, [rows]
    active = impedance_branches(net).closed_from
    for end, bus in (("f", impedance.from_bus), ("t", impedance.to_bus)):
        siemens = (numbers(impedance, f"g{end}0_pu", 0.0) + 1j * numbers(impedance, f"b{end}0_pu", 0.0)) * (
            impedance.sn_mva.to_numpy().astype(float) / net.bus.vn_kv.reindex(bus).to_numpy() ** 2
        )
        here = np.flatnonzero(active & (siemens != 0))
        more = _rows("shunt", len(here))
        more["id"] = first_id + sum(map(len, parts)) + np.arange(len(here))
        more["node"] = node_of_bus[net.bus.index.get_indexer(bus)][here]
        more["status"], more["g1"], more["b1"] = 1, 0.0, 0.0
        more["g0"], more["b0"] = siemens.real[here], siemens.imag[here]
        parts.append(more)
    return np.concatenate(parts)


def _sources(net: Any, node_of_bus: Int, first_id: int) -> Rows:
    rows = source_rows(net, node_of_bus, first_id)
    rows["z01_ratio"] = 1.0
    return rows


def _rows(component: str, count: int) -> Rows:
    from power_grid_model import initialize_array

    rows: Rows = initialize_array("input", component, count)
    return rows
