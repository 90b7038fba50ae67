"""A pandapower net as power-grid-model input, straight from its tables.

It is the second conversion, which nothing of pandapower's own admittance matrices enters: lines,
transformers, impedances and switches with a resistance all become power-grid-model's generic branch

    from ──┤ k·e^{jθ} : 1 ├──┬── r1 + j x1 ──┬── to
                         (g1 + j b1)/2   (g1 + j b1)/2

with r1, x1, g1, b1 in ohm and siemens at the `to` side. The formulas of the elements are those of
pandapower's documentation ("Datastructure and elements"); loads and generators are left out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridpact.arrays import Bool, Complex, Float, Int, frozen
from gridpact.grid.immutable import frozen_dataset
from gridpact.grid.unrated import UNRATED_MVA, is_placeholder_power
from gridpact.grid.verification.verification_model import VerificationModel

IDEAL_SHORT_CIRCUIT_VA = 1e16
SWITCH_R_OVER_X = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GenericBranches:
    """Generic branches before they have ids; impedance in ohm and admittance in siemens at the `to` side.

    All arrays are (n,); `from_bus` and `to_bus` are bus indices, `closed_*` the switches at the ends.
    """

    from_bus: Int
    to_bus: Int
    closed_from: Bool
    closed_to: Bool
    impedance_ohm: Complex
    admittance_s: Complex
    ratio: Float
    shift_rad: Float


def verification_model(net: Any, bus_ids: Int, line_rows: Int, trafo_rows: Int) -> VerificationModel:
    """The net for power-grid-model.

    Args:
        net: pandapower net without loads and generators, whose columns are complete.
        bus_ids: buses of the network, (B,).
        line_rows: rows of the line table that are elements of the network.
        trafo_rows: rows of the transformer table that are elements of the network, after the lines.

    Returns:
        Input with one node for buses joined by closed switches, and ideal sources.
    """
    parts = [line_branches(net), transformer_branches(net), impedance_branches(net), switch_branches(net)]
    node_of_bus = joined_nodes(net)
    nodes = int(node_of_bus.max()) + 1
    starts = nodes + np.cumsum([0, *(len(part.from_bus) for part in parts)])
    dataset = {
        "node": _nodes(net, node_of_bus),
        "generic_branch": _generic_branches(net, node_of_bus, nodes, parts),
    }
    dataset["shunt"] = shunt_rows(net, node_of_bus, int(starts[-1]))
    dataset["source"] = source_rows(net, node_of_bus, int(starts[-1]) + len(dataset["shunt"]))
    line_a = line_rating_a(net.line.iloc[line_rows])
    from_a, to_a = transformer_rating_a(net.trafo.iloc[trafo_rows])
    return VerificationModel(
        dataset=frozen_dataset(dataset),
        bus_component_id=frozen(node_of_bus[net.bus.index.get_indexer(bus_ids)], np.int64),
        element_component_id=frozen(
            np.concatenate([starts[0] + line_rows, starts[1] + trafo_rows]), np.int64
        ),
        rating_from_a=frozen(np.concatenate([line_a, from_a]), np.float64),
        rating_to_a=frozen(np.concatenate([line_a, to_a]), np.float64),
    )


def joined_nodes(net: Any) -> Int:
    """Node of each row of the bus table: buses in service that closed switches join are one node."""
    row = net.bus.index.get_indexer
    first, second = row(net.switch.bus), row(net.switch.element)
    joins = (net.switch.et == "b").to_numpy() & net.switch.closed.to_numpy().astype(bool)
    joins &= ~(net.switch.z_ohm.to_numpy() > 0)
    active = net.bus.in_service.to_numpy().astype(bool)
    joins &= active[first] & active[second]
    graph = coo_array((np.ones(joins.sum()), (first[joins], second[joins])), shape=(len(net.bus),) * 2)
    label: Int = connected_components(graph, directed=False)[1].astype(np.int64)
    return label


def _nodes(net: Any, node_of_bus: Int) -> NDArray[np.void]:
    from power_grid_model import initialize_array

    ids, first = np.unique(node_of_bus, return_index=True)
    nodes: NDArray[np.void] = initialize_array("input", "node", len(ids))
    nodes["id"] = ids
    nodes["u_rated"] = net.bus.vn_kv.to_numpy()[first] * 1e3
    return nodes


def _generic_branches(
    net: Any, node_of_bus: Int, first_id: int, parts: list[GenericBranches]
) -> NDArray[np.void]:
    from power_grid_model import initialize_array

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    branch: NDArray[np.void] = initialize_array(
        "input", "generic_branch", sum(len(part.from_bus) for part in parts)
    )
    branch["id"] = first_id + np.arange(len(branch))
    branch["from_node"] = node_of_bus[net.bus.index.get_indexer(joined("from_bus"))]
    branch["to_node"] = node_of_bus[net.bus.index.get_indexer(joined("to_bus"))]
    branch["from_status"], branch["to_status"] = joined("closed_from"), joined("closed_to")
    impedance, admittance = joined("impedance_ohm"), joined("admittance_s")
    branch["r1"], branch["x1"] = impedance.real, impedance.imag
    branch["g1"], branch["b1"] = admittance.real, admittance.imag
    branch["k"], branch["theta"] = joined("ratio"), joined("shift_rad")
    live: NDArray[np.void] = branch[(branch["from_status"] | branch["to_status"]).astype(bool)]
    # An impedance that a closed switch bypasses carries nothing.
    kept: NDArray[np.void] = live[live["from_node"] != live["to_node"]]
    return kept


def _closed(net: Any, table: str, kind: str, end: str) -> tuple[Bool, Bool]:
    """True for each row whose end has no open switch, and true where the bus at that end is in service."""
    rows = net[table]
    open_switches = net.switch[(net.switch.et == kind) & ~net.switch.closed.astype(bool)]
    opened = set(zip(open_switches.element, open_switches.bus, strict=True))
    closed = np.array([pair not in opened for pair in zip(rows.index, rows[end], strict=True)], dtype=bool)
    return closed, net.bus.in_service.reindex(rows[end]).to_numpy().astype(bool)


def line_branches(net: Any) -> GenericBranches:
    """Lines, by row; an out-of-service bus is an open end."""
    line = net.line
    (switch_from, bus_from), (switch_to, bus_to) = (
        _closed(net, "line", "l", end) for end in ("from_bus", "to_bus")
    )
    active = line.in_service.to_numpy().astype(bool)
    length, parallel = line.length_km.to_numpy(), line.parallel.to_numpy()
    susceptance = 2 * np.pi * net.f_hz * line.c_nf_per_km.to_numpy() * 1e-9
    return GenericBranches(
        from_bus=line.from_bus.to_numpy(),
        to_bus=line.to_bus.to_numpy(),
        closed_from=switch_from & bus_from & active,
        closed_to=switch_to & bus_to & active,
        impedance_ohm=(line.r_ohm_per_km.to_numpy() + 1j * line.x_ohm_per_km.to_numpy()) * length / parallel,
        admittance_s=(line.g_us_per_km.to_numpy() * 1e-6 + 1j * susceptance) * length * parallel,
        ratio=np.ones(len(line)),
        shift_rad=np.zeros(len(line)),
    )


def transformer_branches(net: Any) -> GenericBranches:
    """Transformers: a T circuit of two equal halves of the short-circuit impedance around the iron branch.

    With z the short-circuit impedance and y the iron admittance at the low-voltage side, the T circuit equals
    the pi circuit with series z (1 + z y / 4) and shunts that add up to y / (1 + z y / 4).
    """
    trafo = net.trafo
    (switch_hv, bus_hv), (switch_lv, bus_lv) = (
        _closed(net, "trafo", "t", end) for end in ("hv_bus", "lv_bus")
    )
    # An end at an out-of-service bus takes the transformer out, unless a switch is open there.
    active = trafo.in_service.to_numpy().astype(bool) & (bus_hv | ~switch_hv) & (bus_lv | ~switch_lv)
    hv_kv, lv_kv, shift = tapped(trafo)
    mva, parallel = trafo.sn_mva.to_numpy(), trafo.parallel.to_numpy()
    magnitude, resistance = trafo.vk_percent.to_numpy() / 100, trafo.vkr_percent.to_numpy() / 100
    reactance = np.sqrt(np.maximum(magnitude**2 - resistance**2, 0.0))
    z = (resistance + 1j * reactance) * lv_kv**2 / mva / parallel
    iron_mva = trafo.pfe_kw.to_numpy() / 1e3
    magnetising_mva = np.sqrt(np.maximum((trafo.i0_percent.to_numpy() / 100 * mva) ** 2 - iron_mva**2, 0.0))
    y = (iron_mva - 1j * magnetising_mva) / lv_kv**2 * parallel
    vn = net.bus.vn_kv
    nominal = vn.reindex(trafo.hv_bus).to_numpy() / vn.reindex(trafo.lv_bus).to_numpy()
    return GenericBranches(
        from_bus=trafo.hv_bus.to_numpy(),
        to_bus=trafo.lv_bus.to_numpy(),
        closed_from=switch_hv & active,
        closed_to=switch_lv & active,
        impedance_ohm=z * (1 + z * y / 4),
        admittance_s=y / (1 + z * y / 4),
        ratio=hv_kv / lv_kv / nominal,
        shift_rad=np.deg2rad(shift),
    )


def tapped(trafo: Any) -> tuple[Float, Float, Float]:
    """Voltages of the windings in kV and phase shift in degrees at the present tap positions.

    "Ratio" and "Symmetrical" changers add steps at the tap's angle to the winding's voltage, "Ideal" ones
    turn it; a step on the low-voltage side turns the other way. A changer without a type does nothing.
    """
    voltage = {side: trafo[f"vn_{side}_kv"].to_numpy().astype(complex) for side in ("hv", "lv")}
    shift = trafo.shift_degree.to_numpy().astype(float).copy()
    for tap in ("tap", "tap2"):
        if f"{tap}_pos" not in trafo or f"{tap}_changer_type" not in trafo:
            continue
        kind, side = trafo[f"{tap}_changer_type"], trafo[f"{tap}_side"]
        steps, percent, degree = (
            np.nan_to_num(values)
            for values in (
                _numbers(trafo, f"{tap}_pos") - _numbers(trafo, f"{tap}_neutral"),
                _numbers(trafo, f"{tap}_step_percent"),
                _numbers(trafo, f"{tap}_step_degree"),
            )
        )
        for winding, direction in (("hv", 1.0), ("lv", -1.0)):
            here = (side == winding).to_numpy(dtype=bool, na_value=False)
            adds = here & kind.isin(["Ratio", "Symmetrical"]).to_numpy()
            turns = here & (kind == "Ideal").to_numpy(dtype=bool, na_value=False)
            stepped = 1 + steps * percent / 100 * np.exp(1j * np.deg2rad(degree))
            voltage[winding] = np.where(adds, np.abs(voltage[winding]) * stepped, voltage[winding])
            shift += np.where(adds, direction * np.rad2deg(np.angle(stepped)), 0.0)
            chord = np.rad2deg(2 * np.arcsin(np.clip(steps * percent / 200, -1, 1)))
            shift += np.where(turns, direction * np.where(degree != 0, steps * degree, chord), 0.0)
    return np.abs(voltage["hv"]), np.abs(voltage["lv"]), shift


def _numbers(table: Any, column: str) -> Float:
    if column not in table:
        return np.full(len(table), np.nan)
    values: Float = table[column].astype(float).to_numpy()
    return values


def impedance_branches(net: Any) -> GenericBranches:
    """Impedances, in pu of their own rated power; their shunts are with the shunts."""
    rows = net.impedance
    vn = net.bus.vn_kv.reindex(rows.to_bus).to_numpy()
    active = rows.in_service.to_numpy().astype(bool)
    for end in ("from_bus", "to_bus"):
        active = active & net.bus.in_service.reindex(rows[end]).to_numpy().astype(bool)
    return GenericBranches(
        from_bus=rows.from_bus.to_numpy(),
        to_bus=rows.to_bus.to_numpy(),
        closed_from=active,
        closed_to=active,
        impedance_ohm=(rows.rft_pu.to_numpy() + 1j * rows.xft_pu.to_numpy()) * vn**2 / rows.sn_mva.to_numpy(),
        admittance_s=np.zeros(len(rows), dtype=np.complex128),
        ratio=np.ones(len(rows)),
        shift_rad=np.zeros(len(rows)),
    )


def switch_branches(net: Any) -> GenericBranches:
    """Closed bus-bus switches that have an impedance; r is twice x, pandapower's default."""
    closed = net.switch.closed.to_numpy().astype(bool)
    rows = net.switch[(net.switch.et == "b").to_numpy() & closed & (net.switch.z_ohm > 0).to_numpy()]
    in_service = net.bus.in_service
    active = (in_service.reindex(rows.bus).to_numpy() & in_service.reindex(rows.element).to_numpy()).astype(
        bool
    )
    angle = np.arctan(1 / SWITCH_R_OVER_X)
    return GenericBranches(
        from_bus=rows.bus.to_numpy(),
        to_bus=rows.element.to_numpy(),
        closed_from=active,
        closed_to=active,
        impedance_ohm=rows.z_ohm.to_numpy().astype(float) * np.exp(1j * angle),
        admittance_s=np.zeros(len(rows), dtype=np.complex128),
        ratio=np.ones(len(rows)),
        shift_rad=np.zeros(len(rows)),
    )


def shunt_rows(net: Any, node_of_bus: Int, first_id: int) -> NDArray[np.void]:
    """Shunts at their own nominal voltage, and those at the two ends of impedances.

    Args:
        net: pandapower net whose columns are complete.
        node_of_bus: node of each row of the bus table.
        first_id: of the shunts.
    """
    from power_grid_model import initialize_array

    shunt, impedance = net.shunt, net.impedance
    power = (shunt.p_mw - 1j * shunt.q_mvar) * shunt.step / shunt.vn_kv.astype(float) ** 2
    bus, siemens = [shunt.bus.to_numpy()], [power.to_numpy().astype(complex)]
    active = [shunt.in_service.to_numpy().astype(bool)]
    impedance_active = impedance_branches(net).closed_from
    for end in ("f", "t"):
        at = impedance["from_bus" if end == "f" else "to_bus"]
        vn = net.bus.vn_kv.reindex(at).to_numpy()
        pu = impedance[f"g{end}_pu"].to_numpy() + 1j * impedance[f"b{end}_pu"].to_numpy()
        bus.append(at.to_numpy())
        siemens.append(pu * impedance.sn_mva.to_numpy() / vn**2)
        active.append(impedance_active)
    buses, values = np.concatenate(bus), np.concatenate(siemens)
    at_bus = net.bus.in_service.reindex(buses).to_numpy().astype(bool)
    kept = np.concatenate(active) & at_bus & (values != 0)
    shunts: NDArray[np.void] = initialize_array("input", "shunt", int(kept.sum()))
    shunts["id"] = first_id + np.arange(len(shunts))
    shunts["node"] = node_of_bus[net.bus.index.get_indexer(buses[kept])]
    shunts["status"] = 1
    shunts["g1"], shunts["b1"] = values[kept].real, values[kept].imag
    return shunts


def source_rows(net: Any, node_of_bus: Int, first_id: int) -> NDArray[np.void]:
    """One source at each node with an external grid, so strong that its voltage is that of the grid.

    Args:
        net: pandapower net whose columns are complete.
        node_of_bus: node of each row of the bus table, the same where closed switches join buses.
        first_id: of the sources.
    """
    from power_grid_model import initialize_array

    grid = net.ext_grid[net.ext_grid.in_service.astype(bool)]
    grid = grid[net.bus.in_service.reindex(grid.bus).to_numpy().astype(bool)]
    node, first = np.unique(node_of_bus[net.bus.index.get_indexer(grid.bus)], return_index=True)
    sources: NDArray[np.void] = initialize_array("input", "source", len(node))
    sources["id"] = first_id + np.arange(len(node))
    sources["node"] = node
    sources["status"] = 1
    sources["u_ref"] = grid.vm_pu.to_numpy()[first]
    sources["u_ref_angle"] = np.deg2rad(grid.va_degree.to_numpy().astype(float)[first])
    sources["sk"] = IDEAL_SHORT_CIRCUIT_VA
    return sources


def line_rating_a(line: Any) -> Float:
    """Rated current of each line, in A, infinite where there is none."""
    ampere = 1e3 * (line.max_i_ka * line.parallel * line.df).to_numpy().astype(float)
    return np.where(np.isnan(ampere), np.inf, ampere)


def transformer_rated_va(trafo: Any) -> Float:
    """Rated power of each transformer, in VA, that of `UNRATED_MVA` where there is none."""
    mva = (trafo.sn_mva * trafo.parallel * trafo.df).to_numpy().astype(float)
    return 1e6 * np.where(is_placeholder_power(trafo.sn_mva.to_numpy().astype(float)), UNRATED_MVA, mva)


def transformer_rating_a(trafo: Any) -> tuple[Float, Float]:
    """Rated current of each winding, in A, infinite where there is none."""
    unrated = is_placeholder_power(trafo.sn_mva.to_numpy().astype(float))
    va = np.where(unrated, np.inf, transformer_rated_va(trafo))
    hv, lv = (1e3 * trafo[column].to_numpy().astype(float) for column in ("vn_hv_kv", "vn_lv_kv"))
    return va / (np.sqrt(3) * hv), va / (np.sqrt(3) * lv)
