"""The network oracle with three phases: quantities, gradients and curvatures by finite differences."""

from pathlib import Path

import numpy as np
import pytest

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.network.connections import connections
from gridpact.clearing.network.injection import Injection
from gridpact.clearing.network.monitored import Monitored
from gridpact.clearing.network.network_state import (
    Operation,
    keeps_limits,
    nominal_limits,
    operate,
    relaxed_limits,
)
from gridpact.clearing.network.oracle import NetworkOracle
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import bus_voltage_pu, factors_of, run_power_flow, voltages_of
from gridpact.grid.flow.reduction import reduction_to
from gridpact.grid.limits import Limits
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.places import places
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.phases.judged import THREE_PHASE, random_powers, three_phases
from tests.phases.made import pandapower_net, power_grid_model_data, written

EUROPEAN = NetworkSource(builtin="pandapower/ieee_european_lv_asymmetric", model="three-phase")
COORDINATES = 7
STEP_KW = 1e-3


def networks(folder: Path) -> dict[str, Network]:
    return {
        "charged": three_phases(pandapower_net()),
        "uncharged": three_phases(pandapower_net("YNyn", 0.0, charging=False, mesh=False)),
        "conductors": compile_source(
            NetworkSource(file=written(power_grid_model_data(), folder), model="three-phase")
        ),
    }


@pytest.fixture(params=["charged", "uncharged", "conductors"])
def network(request: pytest.FixtureRequest, tmp_path: Path) -> Network:
    return networks(tmp_path)[request.param]


def operated(network: Network, kva: float = 6.0) -> tuple[Operation, Complex]:
    power = random_powers(network, kva)
    at = np.zeros((len(power), network.nodes), dtype=np.complex128)
    np.add.at(at.T, network.bus_nodes.ravel(), power.reshape(len(power), -1).T)
    return operate(network, Injection(p_kw=at.real, q_kvar=at.imag)), at


def essential_nodes(network: Network) -> Int:
    return np.setdiff1d(network.bus_nodes.ravel(), network.slack_node)


def test_what_is_monitored_is_what_the_operation_has(network: Network) -> None:
    operation, at = operated(network)
    oracle = NetworkOracle(network, essential_nodes(network))
    monitored = oracle.monitored
    voltages = oracle.voltages(at[:, oracle.factors.free])
    magnitudes = oracle.magnitudes(voltages)
    first, split = len(monitored.node), monitored.first_unbalance
    np.testing.assert_allclose(
        magnitudes[:, :first], operation.voltage_pu[:, monitored.voltage_column], rtol=0, atol=1e-11
    )
    np.testing.assert_allclose(
        100.0 * magnitudes[:, split:],
        operation.unbalance_percent[:, monitored.unbalance_column],
        rtol=0,
        atol=1e-8,
    )
    greatest = np.zeros_like(operation.loading_percent)
    np.maximum.at(greatest.T, monitored.loading_column, 100.0 * magnitudes[:, first:split].T)
    np.testing.assert_allclose(greatest, operation.loading_percent, rtol=0, atol=1e-8)
    assert len(monitored.phase) == len(monitored.place) == magnitudes.shape[1]


def test_only_ends_that_say_something_of_their_own_are_monitored(tmp_path: Path) -> None:
    found = networks(tmp_path)
    charged, uncharged = Monitored(found["charged"]), Monitored(found["uncharged"])
    lines = sum(kind is ElementKind.LINE for kind in found["uncharged"].elements.kind)
    is_line = uncharged.element < lines
    assert is_line.sum() == 4 * lines  # a, b, c and the neutral at one end
    assert (charged.element < 6).sum() == 2 * 4 * 6
    assert len(np.unique(uncharged.loading_column[is_line])) == 4 * lines


def test_every_quantity_knows_its_phase_and_place(network: Network) -> None:
    monitored, found = Monitored(network), places(network)
    first, split = len(monitored.node), monitored.first_unbalance
    assert set(monitored.phase[:first]) == {"a", "b", "c"}
    assert set(monitored.phase[first:split]) == {"a", "b", "c", "n"}
    assert set(monitored.phase[split:]) == {""}
    for row, column in enumerate(monitored.voltage_column):
        assert (
            monitored.node[row]
            == network.bus_nodes[found.voltage_bus[column]].tolist()["abc".index(monitored.phase[row])]
        )
    neutral = np.array(monitored.phase) == "n"
    assert all(network.elements.kind[element] is ElementKind.LINE for element in monitored.place[neutral])


def _quantities(oracle: NetworkOracle, base: Complex, directions: Complex, value: Float) -> Float:
    return oracle.magnitudes(oracle.voltages((base + value @ directions)[None, :]))[0]


@pytest.mark.parametrize("few", [True, False])
def test_gradients_and_curvatures_are_those_of_finite_differences(network: Network, few: bool) -> None:
    random = np.random.default_rng(2)
    nodes = essential_nodes(network)
    oracle = NetworkOracle(network, nodes[:: 3 if few else 1])
    count = len(oracle.factors.free)
    base = random.uniform(-5.0, 5.0, count) + 1j * random.uniform(-1.0, 1.0, count)
    directions = random.normal(size=(COORDINATES, count)) * (1.0 + 0.2j)
    sensitivities = oracle.around(oracle.voltages(base[None, :])[0], base, directions)
    magnitude = _quantities(oracle, base, directions, np.zeros(COORDINATES))
    np.testing.assert_allclose(sensitivities.magnitude, magnitude, rtol=0, atol=1e-11)
    split = oracle.monitored.first_unbalance
    row = np.flatnonzero(magnitude > np.where(np.arange(len(magnitude)) < split, 1e-3, 1e-4))
    assert (row >= split).sum() > 3
    assert (row < split).sum() > 10
    sign = random.choice([-1.0, 1.0], len(row))
    steps = STEP_KW * np.eye(COORDINATES)
    above, below = (
        np.array([_quantities(oracle, base, directions, way * step)[row] for step in steps])
        for way in (1.0, -1.0)
    )
    gradient = sensitivities.gradient(row, sign)
    by_differences = sign * (above - below) / (2.0 * STEP_KW)
    np.testing.assert_allclose(gradient, by_differences.T, rtol=1e-4, atol=1e-7)

    weight = random.uniform(0.0, 1.0, len(row))
    curvature = sensitivities.curvature(row, sign, weight)
    expected = np.zeros((COORDINATES, COORDINATES))
    for column, step in enumerate(steps):
        around = []
        for way in (1.0, -1.0):
            moved = base + way * step @ directions
            there = oracle.around(oracle.voltages(moved[None, :])[0], moved, directions)
            around.append(weight @ there.gradient(row, sign))
        expected[column] = (around[0] - around[1]) / (2.0 * STEP_KW)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(curvature, expected, rtol=0, atol=2e-4 * scale)
    np.testing.assert_allclose(curvature, curvature.T, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("only", ["voltage", "loading", "unbalance"])
def test_each_kind_of_row_has_the_curvature_of_its_own(network: Network, only: str) -> None:
    random = np.random.default_rng(4)
    oracle = NetworkOracle(network, essential_nodes(network))
    count = len(oracle.factors.free)
    base = random.uniform(-6.0, 6.0, count) + 0j
    directions = random.normal(size=(3, count)) + 0j
    first, split = len(oracle.monitored.node), oracle.monitored.first_unbalance
    chosen = {"voltage": slice(0, first), "loading": slice(first, split), "unbalance": slice(split, None)}
    rows = np.arange(split + len(oracle.monitored.unbalance_column))[chosen[only]]
    magnitude = _quantities(oracle, base, directions, np.zeros(3))
    rows = rows[magnitude[rows] > 1e-3][:5]
    assert len(rows)
    step = 0.02
    for row in rows.tolist():
        points = [
            _quantities(oracle, base, directions, np.array([way * step, 0.0, 0.0]))[row]
            for way in (-1.0, 0.0, 1.0)
        ]
        second = (points[0] - 2.0 * points[1] + points[2]) / step**2
        here = oracle.around(oracle.voltages(base[None, :])[0], base, directions)
        one = np.array([row])
        curvature = here.curvature(one, np.ones(1), np.ones(1))[0, 0]
        assert curvature == pytest.approx(second, rel=1e-3, abs=1e-8)


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_the_reduced_network_has_the_voltages_of_the_whole_one(share: float) -> None:
    network = compile_source(EUROPEAN)
    free, random = factors_of(network).free, np.random.default_rng(1)
    seen = np.sort(random.choice(free, int(share * len(free)), replace=False))
    power = random.uniform(-0.1, 0.1, (5, len(seen))) / share * (1.0 + 0.1j)
    reduction = reduction_to(network, seen)
    assert (reduction.spread is None) == (len(seen) > 400)
    injected = np.zeros((5, len(reduction.node)), dtype=np.complex128)
    injected[:, np.searchsorted(reduction.node, seen)] = power
    at_nodes = np.zeros((5, network.nodes), dtype=np.complex128)
    at_nodes[:, seen] = power
    whole = run_power_flow(network, at_nodes.real, at_nodes.imag).voltage_pu
    reduced = reduction.everywhere(voltages_of(reduction.factors, injected))
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(reduced, whole, rtol=0, atol=1e-11)


def test_newton_finds_heavily_loaded_phases_too() -> None:
    network = compile_source(EUROPEAN)
    node = network.bus_nodes[[300, 600, 880]].ravel()
    at = np.zeros((100, network.nodes))
    at[:, node] = -np.arange(100.0)[:, None]
    flow = run_power_flow(network, at, 0.3 * at)
    assert 0.5 < np.abs(flow.voltage_pu[flow.converged]).min() < 0.6
    assert not flow.converged.all()
    bus, phase = np.repeat([300, 600, 880], 3), np.tile([0, 1, 2], 3)
    other = run_verification_power_flow(
        network.verification_model, bus, at[:, node], 0.3 * at[:, node], phase
    )
    np.testing.assert_array_equal(other.converged, flow.converged)
    near = flow.converged.nonzero()[0][:-1]
    np.testing.assert_allclose(bus_voltage_pu(network, flow)[near], other.voltage_pu[near], rtol=0, atol=1e-8)


def test_limits_are_relaxed_phase_by_phase(network: Network) -> None:
    operation, _ = operated(network)
    limits = Limits(
        voltage_max_pu=float(np.median(operation.voltage_pu)),
        line_loading_max_percent=float(np.median(operation.loading_percent)),
        neutral_loading_max_percent=1.0,
        voltage_unbalance_max_percent=max(float(np.median(operation.unbalance_percent)), 1e-3),
    )
    nominal = nominal_limits(network, limits, len(operation.converged))
    relaxed = relaxed_limits(nominal, operation)
    found = places(network)
    neutral = np.array(found.loading_phase) == "n"
    assert (nominal.loading_max_percent[:, neutral] == 1.0).all()
    assert nominal.voltage_max_pu.shape == (len(operation.converged), 3 * len(network.bus_ids))
    assert nominal.unbalance_max_percent.shape == (len(operation.converged), len(found.unbalance_bus))
    for name, value in (
        ("voltage_max_pu", operation.voltage_pu),
        ("loading_max_percent", operation.loading_percent),
        ("unbalance_max_percent", operation.unbalance_percent),
    ):
        before, after = getattr(nominal, name), getattr(relaxed, name)
        np.testing.assert_array_equal(after, np.maximum(before, value))
        assert (after > before).any()
        assert (after == before).any()
    assert not keeps_limits(operation, nominal).any()
    assert keeps_limits(operation, relaxed).all()


def test_an_unbalance_alone_breaks_a_limit() -> None:
    network = three_phases(pandapower_net())
    operation, _ = operated(network, 1.0)
    wide = Limits(voltage_min_pu=0.5, voltage_max_pu=1.5, voltage_unbalance_max_percent=1e-4)
    kept = keeps_limits(operation, nominal_limits(network, wide, len(operation.converged)))
    assert not kept[1:].any()


def test_connections_share_the_power_of_a_participant_among_its_phases() -> None:
    network = three_phases(pandapower_net())
    bus = np.array([2, 3, 3])
    found = connections(network, bus, ("abc", "b", "ac"))
    assert found.participant.tolist() == [0, 0, 0, 1, 2, 2]
    assert found.phase.tolist() == [0, 1, 2, 1, 0, 2]
    np.testing.assert_allclose(found.shared(np.array([[3.0, 1.0, 4.0]])), [[1.0, 1.0, 1.0, 1.0, 2.0, 2.0]])
    incidence = found.incidence(3, network.nodes).toarray()
    np.testing.assert_allclose(incidence.sum(axis=1), 1.0)
    assert incidence[1, network.bus_nodes[3, 1]] == 1.0
    assert incidence[2, network.bus_nodes[3, 2]] == 0.5
    assert THREE_PHASE.is_three_phase


def test_a_great_unbalance_bends_with_its_reference_too() -> None:
    network = three_phases(pandapower_net(charging=False, mesh=False))
    oracle = NetworkOracle(network, essential_nodes(network))
    count, heavy = len(oracle.factors.free), np.searchsorted(oracle.factors.free, network.bus_nodes[4])
    base = np.zeros(count, dtype=np.complex128)
    base[heavy] = (-25.0 - 8.0j, 25.0 - 5.0j, 0.0)
    directions = np.zeros((2, count), dtype=np.complex128)
    directions[0, heavy], directions[1, heavy] = (1.0, 1.0, 1.0), (0.3j, 1.0j, -0.5)
    here = oracle.around(oracle.voltages(base[None, :])[0], base, directions)
    row = int(
        np.argmax(here.magnitude * (np.arange(len(here.magnitude)) >= oracle.monitored.first_unbalance))
    )
    assert here.magnitude[row] > 0.035
    one, step = np.array([row]), 0.05
    curvature = here.curvature(one, np.ones(1), np.ones(1))
    for coordinate in range(2):
        points = []
        for way in (-step, step):
            moved = base + way * directions[coordinate]
            there = oracle.around(oracle.voltages(moved[None, :])[0], moved, directions)
            points.append(there.gradient(one, np.ones(1))[0])
        by_differences = (points[1] - points[0]) / (2.0 * step)
        np.testing.assert_allclose(curvature[coordinate], by_differences, rtol=2e-4, atol=1e-10)
