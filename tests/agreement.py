"""Compares our power flow, pandapower's own and the verification flow on one pandapower net."""

import json
from typing import Any

import numpy as np

from gridpact.arrays import Float
from gridpact.grid.flow.power_flow import (
    bus_voltage_pu,
    import_kw,
    loading_percent,
    losses_kw,
    run_power_flow,
)
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.pandapower.from_pandapower import network_from_pandapower
from gridpact.grid.pandapower.power_grid_model_json import power_grid_model_json
from gridpact.grid.power_grid_model.component_labels import component_labels
from gridpact.grid.power_grid_model.from_power_grid_model import network_from_power_grid_model
from gridpact.grid.reading.power_grid_model_records import network_records
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow

PERIODS = 3


def at_nodes(network: Network, at_bus: Float) -> Float:
    """Sums what is at each bus, (T, B), at each node, (T, N)."""
    total = np.zeros((len(at_bus), network.nodes))
    np.add.at(total.T, network.bus_node, at_bus.T)
    return total


def random_injections(network: Network, total_kw: float, seed: int = 1) -> tuple[Float, Float]:
    rng = np.random.default_rng(seed)
    shape = (PERIODS, len(network.bus_ids))
    each = total_kw / len(network.bus_ids)
    return rng.uniform(-1.0, 0.5, shape) * each, rng.uniform(-0.4, 0.1, shape) * each


def run_pandapower(
    net: Any,
    network: Network,
    p_kw: Float,
    q_kvar: Float,
    init: str = "dc",
    tolerance_mva: float = 1e-10,
) -> None:
    """Runs pandapower's power flow with these injections (B,) instead of the net's loads."""
    import pandapower as pp

    for table in ("load", "sgen", "storage", "motor", "asymmetric_load", "asymmetric_sgen", "ward", "xward"):
        net[table] = net[table].iloc[:0]
    net.gen = net.gen[net.gen.slack.astype(bool)]
    pp.create_loads(net, network.bus_ids, p_mw=-p_kw / 1e3, q_mvar=-q_kvar / 1e3)
    pp.runpp(
        net,
        calculate_voltage_angles=True,
        trafo_model="t",
        init=init,
        numba=False,
        tolerance_mva=tolerance_mva,
        max_iteration=50,
    )


def pandapower_loading(net: Any, network: Network) -> Float:
    tables = {ElementKind.LINE: net.res_line, ElementKind.TRANSFORMER: net.res_trafo}
    pairs = zip(network.elements.kind, network.elements.id, strict=True)
    return np.array([tables[kind].loading_percent.at[index] for kind, index in pairs], dtype=float)


def carried(net: Any) -> Network:
    """The net by way of power-grid-model's JSON."""
    source = NetworkSource(builtin="carried")
    records = network_records(json.loads(power_grid_model_json(net, source)), source)
    labels = component_labels(records.by_component)
    return network_from_power_grid_model(records.dataset, source, labels, records.notices)


def assert_carried(network: Network, other: Network, p_kw: Float, q_kvar: Float) -> None:
    """Two networks name the same buses and elements, and have the same power flow, of both engines."""
    assert other.bus_ids.tolist() == network.bus_ids.tolist()
    assert other.bus_names == network.bus_names
    elements = [
        dict(
            zip(
                zip(each.elements.kind, each.elements.id.tolist(), strict=True),
                each.elements.name,
                strict=True,
            )
        )
        for each in (network, other)
    ]
    assert elements[0] == elements[1]
    order = [np.lexsort([each.elements.id, np.array(each.elements.kind)]) for each in (network, other)]
    flows = [run_power_flow(each, at_nodes(each, p_kw), at_nodes(each, q_kvar)) for each in (network, other)]
    for measure, tolerance in ((bus_voltage_pu, 1e-10), (import_kw, 1e-6), (losses_kw, 1e-6)):
        first, second = (measure(each, flow) for each, flow in zip((network, other), flows, strict=True))
        np.testing.assert_allclose(second, first, rtol=0, atol=tolerance)
    loadings = [
        loading_percent(each, flow)[:, rows]
        for each, flow, rows in zip((network, other), flows, order, strict=True)
    ]
    np.testing.assert_allclose(loadings[1], loadings[0], rtol=0, atol=1e-6)
    every_bus = np.arange(len(other.bus_ids))
    again = run_verification_power_flow(other.verification_model, every_bus, p_kw, q_kvar)
    np.testing.assert_allclose(again.voltage_pu, bus_voltage_pu(network, flows[0]), rtol=0, atol=1e-8)
    np.testing.assert_allclose(again.loading_percent[:, order[1]], loadings[0], rtol=0, atol=1e-4)


def assert_agrees(net: Any, total_kw: float = 60.0, notices: tuple[str, ...] = ()) -> Network:
    """Three power flows agree on the net, which is changed; the network is handed back."""
    network = network_from_pandapower(net, NetworkSource(builtin="test"), notices)
    p_kw, q_kvar = random_injections(network, total_kw)
    flow = run_power_flow(network, at_nodes(network, p_kw), at_nodes(network, q_kvar))
    assert flow.converged.all()
    voltage, loading = bus_voltage_pu(network, flow), loading_percent(network, flow)
    assert_carried(network, carried(net), p_kw, q_kvar)
    every_bus = np.arange(len(network.bus_ids))
    other = run_verification_power_flow(network.verification_model, every_bus, p_kw, q_kvar)
    assert other.converged.all()
    np.testing.assert_allclose(other.voltage_pu, voltage, rtol=0, atol=1e-8)
    np.testing.assert_allclose(other.loading_percent, loading, rtol=0, atol=1e-5)

    run_pandapower(net, network, p_kw[0], q_kvar[0])
    np.testing.assert_allclose(net.res_bus.vm_pu[network.bus_ids], voltage[0], rtol=0, atol=1e-9)
    angle = np.rad2deg(
        np.angle(
            flow.voltage_pu[0, network.bus_node]
            * np.exp(-1j * np.deg2rad(net.res_bus.va_degree[network.bus_ids].to_numpy()))
        )
    )
    np.testing.assert_allclose(angle, 0.0, atol=1e-5)
    unrated = np.isnan(pandapower_loading(net, network))
    np.testing.assert_allclose(
        loading[0][~unrated], pandapower_loading(net, network)[~unrated], rtol=0, atol=1e-4
    )
    supplied = 1e3 * (net.res_ext_grid.p_mw.sum() + net.res_gen.p_mw.sum())
    np.testing.assert_allclose(import_kw(network, flow)[0], supplied, rtol=0, atol=1e-3)
    lost = 1e3 * sum(net[f"res_{table}"].pl_mw.sum() for table in ("line", "trafo", "impedance"))
    lost += 1e3 * net.res_shunt.p_mw.sum()
    if not (net.switch.z_ohm > 0).any():
        np.testing.assert_allclose(losses_kw(network, flow)[0], lost, rtol=0, atol=1e-3)
    balance = import_kw(network, flow) + p_kw.sum(axis=1) - losses_kw(network, flow)
    np.testing.assert_allclose(balance, 0.0, atol=1e-6)
    unsupplied = set(network.islanded_bus_ids) | set(network.out_of_service_bus_ids)
    assert unsupplied == set(net.res_bus.index[net.res_bus.vm_pu.isna()])
    return network
