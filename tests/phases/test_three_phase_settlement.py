"""Settlement on three phases: losses, who bears them, and the head, which is a sum of phases."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest
from power_grid_model import LoadGenType, PowerGridModel, initialize_array

from gridpact.arrays import Float
from gridpact.clearing.network.injection import Injection, at_nodes
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import import_kw, losses_kw, run_power_flow
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from gridpact.settlement.energy.metered_flow import MeteredFlow, marginal_losses_kw, run_metered_flow
from gridpact.settlement.tariffs.tariffs import LossAllocation
from tests.phases.made import pandapower_net, power_grid_model_data, written
from tests.phases.opendss import Circuit
from tests.settlements import (
    Inputs,
    make_horizon,
    make_members,
    make_meters,
    make_positions,
    make_tariffs,
)

BUSES = (2, 3, 3, 4, 5, 5)
PHASES = ("a", "b", "ac", "c", "abc", "a")
PERIODS, STEP = 3, 0.01


def pandapower_file(folder: Path, group: str = "Dyn", shift: float = 150.0) -> Path:
    path = folder / "net.json"
    pp.to_json(pandapower_net(group, shift), str(path))
    return path


def metered(network: Network, phases: tuple[str, ...] = PHASES, seed: int = 5) -> MeteredFlow:
    rng = np.random.default_rng(seed)
    shape = (PERIODS, len(BUSES))
    ids = [f"p{k}" for k in range(len(BUSES))]
    members = make_members(ids, buses=BUSES, load_pf=0.9, generation_pf=0.95)
    members = replace(members, phases=phases)
    meters = make_meters(rng.integers(0, 3_000, shape), rng.integers(0, 2_000, shape))
    return run_metered_flow(members, network, make_horizon(PERIODS, "15min"), meters)


@pytest.mark.parametrize("kind", ["pandapower", "power-grid-model"])
def test_marginal_losses_are_those_of_finite_differences(kind: str, tmp_path: Path) -> None:
    """Each participant's injection is scaled up and down at all of its phases, in the power flow itself."""
    file = pandapower_file(tmp_path) if kind == "pandapower" else written(power_grid_model_data(), tmp_path)
    network = compile_source(NetworkSource(file=file, model="three-phase"))
    found = metered(network)
    marginal = marginal_losses_kw(found)
    for participant in range(len(BUSES)):
        above, below = (scaled_losses_kw(found, participant, way * STEP) for way in (1.0, -1.0))
        np.testing.assert_allclose(
            marginal[:, participant], (above - below) / (2.0 * STEP), rtol=1e-5, atol=1e-7
        )
    assert np.abs(marginal).max() > 1e-2
    assert np.abs(marginal_losses_kw(metered(network, ("abc",) * len(BUSES))) - marginal).max() > 1e-3


def scaled_losses_kw(found: MeteredFlow, participant: int, by: float) -> Float:
    factor = np.ones(len(BUSES))
    factor[participant] += by
    scaled = Injection(p_kw=found.injected.p_kw * factor, q_kvar=found.injected.q_kvar * factor)
    at = at_nodes(found.connected, scaled)
    return losses_kw(found.network, run_power_flow(found.network, at.p_kw, at.q_kvar))


def test_the_head_and_the_losses_are_those_of_power_grid_model(tmp_path: Path) -> None:
    """Its sources, summed over their phases, and what they give beyond what the meters take."""
    network = compile_source(NetworkSource(file=pandapower_file(tmp_path), model="three-phase"))
    found = metered(network)
    expected = power_grid_model_head_kw(network, found.injected)
    np.testing.assert_allclose(import_kw(network, found.flow), expected, rtol=0, atol=1e-6)
    net_kw = found.injected.p_kw.sum(axis=1)
    np.testing.assert_allclose(losses_kw(network, found.flow), expected + net_kw, rtol=0, atol=1e-6)


def power_grid_model_head_kw(network: Network, injected: Injection) -> Float:
    """Power of all sources and phases, by power-grid-model's asymmetric power flow, a period at a time."""
    model = network.verification_model
    first_free = 1 + max(int(part["id"].max()) for part in model.dataset.values() if len(part))
    head = []
    for p_kw, q_kvar in zip(injected.p_kw, injected.q_kvar, strict=True):
        rows = initialize_array("input", "asym_load", len(BUSES))
        rows["id"] = first_free + np.arange(len(BUSES))
        rows["node"] = model.bus_component_id[np.searchsorted(network.bus_ids, BUSES)]
        rows["status"], rows["type"] = 1, LoadGenType.const_power
        for row, phases in enumerate(PHASES):
            share = np.array([phase in phases for phase in "abc"]) / len(phases)
            rows["p_specified"][row] = -1e3 * p_kw[row] * share
            rows["q_specified"][row] = -1e3 * q_kvar[row] * share
        engine = PowerGridModel({**model.dataset, "asym_load": rows})
        output = engine.calculate_power_flow(symmetric=False, error_tolerance=1e-11, max_iterations=50)
        head.append(output["source"]["p"].sum() / 1e3)
    return np.array(head)


def test_the_losses_of_a_cable_of_four_conductors_are_those_of_opendss(tmp_path: Path) -> None:
    """With a phase alone loaded, the neutral's share of the losses is half of them."""
    km, impedance = 0.3, complex(0.32, 0.08)
    zero = impedance * 4.0  # a neutral like the phases: z0 = z + 3 z
    net = pp.create_empty_network(sn_mva=1.0)
    supply, end = (pp.create_bus(net, 0.4) for _ in range(2))
    pp.create_ext_grid(net, supply, s_sc_max_mva=1e9, rx_max=0.1, x0x_max=1.0, r0x0_max=0.1)
    pp.create_line_from_parameters(
        net, supply, end, km, impedance.real, impedance.imag, 0.0, 0.2,
        r0_ohm_per_km=zero.real, x0_ohm_per_km=zero.imag, c0_nf_per_km=0.0,
    )  # fmt: skip
    pp.to_json(net, str(tmp_path / "line.json"))
    network = compile_source(NetworkSource(file=tmp_path / "line.json", model="three-phase"))
    members = replace(make_members(["a"], buses=[end]), phases=("b",))
    meters = make_meters([[2_000]], [[0]])
    inputs = Inputs(
        participants=members,
        horizon=make_horizon(1, "15min"),
        positions=make_positions([]),
        meters=meters,
        tariffs=make_tariffs(1, of_participant=np.zeros(1)),
        network=network,
    )
    settlement = inputs.settled()
    circuit = Circuit("supply", 0.4, 1.0)
    matrix = "rmatrix=[0.32|0 0.32|0 0 0.32|0 0 0 0.32] xmatrix=[0.08|0 0.08|0 0 0.08|0 0 0 0.08]"
    circuit.command(f"New Line.one bus1=supply.1.2.3.0 bus2=end.1.2.3.4 phases=4 length={km} units=km")
    circuit.command(f"Edit Line.one {matrix} cmatrix=[0|0 0|0 0 0|0 0 0 0]")
    circuit.load("home", "end.2.4", 0.4 / np.sqrt(3.0), 8.0)
    circuit.solve()
    lost_w = circuit.engine.ActiveCircuit.Losses[0]
    assert settlement.losses_wh.tolist() == [round(lost_w / 4.0)]
    assert lost_w == pytest.approx(1e3 * metered_losses_kw(inputs, network), abs=1e-3)
    current = np.abs(circuit.currents("Line.one"))[1]
    assert lost_w == pytest.approx(2.0 * km * impedance.real * current**2, rel=1e-6)


def metered_losses_kw(inputs: Inputs, network: Network) -> float:
    found = run_metered_flow(inputs.participants, network, inputs.horizon, inputs.meters)
    return float(losses_kw(network, found.flow)[0])


@pytest.mark.parametrize(("group", "shift"), [("Dyn", 150.0), ("YNyn", 0.0)])
def test_what_is_connected_to_all_phases_settles_as_its_balanced_twin(
    group: str, shift: float, tmp_path: Path
) -> None:
    file, rng = pandapower_file(tmp_path, group, shift), np.random.default_rng(8)
    shape = (PERIODS, len(BUSES))
    meters = make_meters(rng.integers(0, 4_000, shape), rng.integers(0, 2_000, shape))
    ids = [f"p{k}" for k in range(len(BUSES))]
    flows, settled = [], []
    for model in ("balanced", "three-phase"):
        network = compile_source(NetworkSource(file=file, model=model))
        inputs = Inputs(
            participants=make_members(ids, buses=BUSES, load_pf=0.9),
            horizon=make_horizon(PERIODS, "15min"),
            positions=make_positions([]),
            meters=meters,
            tariffs=make_tariffs(
                PERIODS, of_participant=np.zeros(len(BUSES)), losses=LossAllocation.MARGINAL
            ),
            network=network,
        )
        settled.append(inputs.settled())
        flows.append(run_metered_flow(inputs.participants, network, inputs.horizon, meters))
    balanced, phases = flows
    for quantity in (losses_kw, import_kw):
        one, other = (quantity(flow.network, flow.flow) for flow in flows)
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-6)
    np.testing.assert_allclose(marginal_losses_kw(phases), marginal_losses_kw(balanced), rtol=0, atol=1e-6)
    for name in ("losses_wh", "head_import_wh", "loss_shares_wh"):
        np.testing.assert_array_equal(getattr(settled[1], name), getattr(settled[0], name))
    assert settled[0].losses_wh.min() > 100


def test_a_meter_shows_the_sum_of_its_phases(tmp_path: Path) -> None:
    network = compile_source(NetworkSource(file=pandapower_file(tmp_path), model="three-phase"))
    found = metered(network)
    at = found.flow.injection_kva[:, network.bus_nodes[np.searchsorted(network.bus_ids, 5)]]
    p_kw = found.injected.p_kw
    np.testing.assert_allclose(at[:, 1].real, p_kw[:, 4] / 3.0, rtol=1e-12)
    np.testing.assert_allclose(at[:, 0].real, p_kw[:, 4] / 3.0 + p_kw[:, 5], rtol=1e-12)
    whole = found.flow.injection_kva.real.sum(axis=1)
    np.testing.assert_allclose(whole, p_kw.sum(axis=1), rtol=1e-12)
