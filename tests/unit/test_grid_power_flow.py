"""The power flow on its own: collapse, equal periods, no periods, supplies that participants sit at."""

from dataclasses import replace

import numpy as np
import pytest

from gridpact.grid.compile import compile_source
from gridpact.grid.flow import power_flow
from gridpact.grid.flow.power_flow import (
    bus_voltage_pu,
    factors_of,
    import_kw,
    loading_percent,
    losses_kw,
    run_power_flow,
)
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification import verification_flow as verification
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.agreement import at_nodes


@pytest.fixture(scope="module")
def network() -> Network:
    return compile_source(NetworkSource(builtin="pandapower/cigre_lv"))


def test_collapse_is_reported_and_spares_the_other_periods(network: Network) -> None:
    p_kw = np.zeros((4, len(network.bus_ids)))
    p_kw[1, 17] = -5000.0
    p_kw[2, 17] = -20.0
    p_kw[3, 17] = np.nan
    nothing = np.zeros_like(p_kw)
    flow = run_power_flow(network, at_nodes(network, p_kw), at_nodes(network, nothing))
    assert flow.converged.tolist() == [True, False, True, False]
    assert np.isnan(flow.voltage_pu[1]).all()
    assert np.isnan(loading_percent(network, flow)[1]).all()
    assert np.isnan(import_kw(network, flow)[1])
    other = run_verification_power_flow(
        network.verification_model, np.arange(len(network.bus_ids)), p_kw[:3], nothing[:3]
    )
    assert other.converged.tolist() == [True, False, True]
    assert np.isnan(other.voltage_pu[1]).all()
    assert np.isnan(other.loading_percent[1]).all()
    assert other.engine.startswith("power-grid-model 1.")
    good = [0, 2]
    np.testing.assert_allclose(other.voltage_pu[good], bus_voltage_pu(network, flow)[good], atol=1e-9)


def test_near_collapse_newton_takes_over(network: Network) -> None:
    """Heavier and heavier load at one bus: both engines give up at the same load, and agree before."""
    load_kw = np.linspace(50.0, 1500.0, 40)
    p_kw = np.zeros((40, len(network.bus_ids)))
    p_kw[:, 17] = -load_kw
    nothing = np.zeros_like(p_kw)
    flow = run_power_flow(network, at_nodes(network, p_kw), at_nodes(network, nothing))
    other = run_verification_power_flow(
        network.verification_model, np.arange(len(network.bus_ids)), p_kw, nothing
    )
    assert (np.diff(flow.converged.astype(int)) <= 0).all()
    assert abs(int(flow.converged.sum()) - int(other.converged.sum())) <= 1
    both = flow.converged & other.converged
    assert bus_voltage_pu(network, flow)[both].min() < 0.65
    np.testing.assert_allclose(bus_voltage_pu(network, flow)[both], other.voltage_pu[both], atol=1e-7)


def test_equal_periods_are_equal_to_the_last_bit(network: Network) -> None:
    rng = np.random.default_rng(3)
    p_kw = np.repeat(rng.uniform(-5, 3, (4, network.nodes)), 7, axis=0)[rng.permutation(28)]
    flow = run_power_flow(network, p_kw, 0.3 * p_kw)
    for period in range(28):
        same = (p_kw == p_kw[period]).all(axis=1)
        assert (flow.voltage_pu[same] == flow.voltage_pu[period]).all()


def test_what_it_starts_from_does_not_matter(network: Network) -> None:
    """A near power flow may be far off, near, the very same, or have no solution."""
    rng = np.random.default_rng(4)
    p_kw = rng.uniform(-6, 3, (12, network.nodes))
    near_kw = p_kw + np.repeat([[0.0], [1e-6], [3.0], [-5000.0]], 3, axis=0)
    near = run_power_flow(network, near_kw, 0.3 * p_kw)
    assert near.converged.tolist() == [True] * 9 + [False] * 3
    alone = run_power_flow(network, p_kw, 0.3 * p_kw)
    started = run_power_flow(network, p_kw, 0.3 * p_kw, near)
    assert started.converged.all()
    np.testing.assert_allclose(started.voltage_pu, alone.voltage_pu, rtol=0, atol=1e-12)
    assert (started.voltage_pu[:3] == near.voltage_pu[:3]).all()
    again = run_power_flow(network, near_kw, 0.3 * p_kw, near)
    np.testing.assert_array_equal(again.voltage_pu, near.voltage_pu)


def test_equal_periods_are_equal_whatever_they_start_from(network: Network) -> None:
    rng = np.random.default_rng(6)
    near = run_power_flow(network, *rng.uniform(-6, 3, (2, 4, network.nodes)))
    p_kw, q_kvar = np.tile(near.injection_kva[2].real, (4, 1)), np.tile(near.injection_kva[2].imag, (4, 1))
    flow = run_power_flow(network, p_kw, q_kvar, near)
    assert (flow.voltage_pu == flow.voltage_pu[0]).all()
    np.testing.assert_allclose(flow.voltage_pu[2], near.voltage_pu[2], rtol=0, atol=1e-12)


@pytest.mark.parametrize("load_kw", [0.1, 1.0, 5.0, 8.0, 12.0])
def test_it_takes_hardly_more_steps_than_it_needs(
    network: Network, load_kw: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps are looked at now and then: what contraction promises must not be too late."""
    factors, plain = factors_of(network), power_flow._mapped
    power = np.full((1, len(factors.free)), -load_kw * (1.0 + 0.3j))
    exact = power_flow.voltages_of(factors, power)
    voltage, needed = factors.no_load_pu[None, :], 0
    while np.abs(voltage - exact).max() > power_flow.ERROR_PU:
        voltage, needed = plain(factors, power, voltage), needed + 1
    taken: list[int] = []
    monkeypatch.setattr(power_flow, "_mapped", lambda *given: taken.append(1) or plain(*given))
    power_flow.voltages_of(factors, power)
    assert needed - 1 <= len(taken) <= needed + 2


def test_a_matrix_and_sparse_factors_give_the_same(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    p_kw, q_kvar = np.random.default_rng(7).uniform(-6, 3, (2, 20, network.nodes))
    voltages = []
    for nodes_max in (0, network.nodes):
        monkeypatch.setattr(power_flow, "DENSE_NODES_MAX", nodes_max)
        factors_of.cache_clear()
        voltages.append(run_power_flow(network, p_kw, q_kvar).voltage_pu)
        assert isinstance(factors_of(network).impedance, np.ndarray) == (nodes_max > 0)
    factors_of.cache_clear()
    np.testing.assert_allclose(voltages[0], voltages[1], rtol=0, atol=1e-12)


def test_an_element_is_loaded_as_its_worst_branch(network: Network) -> None:
    p_kw, q_kvar = np.random.default_rng(8).uniform(-6, 3, (2, 5, network.nodes))
    flow = run_power_flow(network, p_kw, q_kvar)
    each = loading_percent(network, flow)[:, network.branches.element]
    element = np.full(len(network.branches), -1)
    element[[9, 2, 4, 7]] = [3, 0, 3, 3]
    grouped = replace(network, branches=replace(network.branches, element=element))
    expected = np.zeros((5, len(network.elements)))
    expected[:, 3], expected[:, 0] = each[:, [9, 4, 7]].max(axis=1), each[:, 2]
    np.testing.assert_array_equal(loading_percent(grouped, flow), expected)


def test_every_method_of_the_verification_agrees(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    every_bus = np.arange(len(network.bus_ids))
    p_kw, q_kvar = np.random.default_rng(9).uniform(-8, 4, (2, 30, len(every_bus)))
    flows = []
    for method in verification.METHODS:
        monkeypatch.setattr(verification, "METHODS", (method,))
        flows.append(run_verification_power_flow(network.verification_model, every_bus, p_kw, q_kvar))
        assert flows[-1].converged.all()
    for flow in flows[1:]:
        np.testing.assert_allclose(flow.voltage_pu, flows[0].voltage_pu, rtol=0, atol=1e-9)
        np.testing.assert_allclose(flow.loading_percent, flows[0].loading_percent, rtol=0, atol=1e-5)


def test_verification_by_newton_where_the_faster_method_gives_up(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just before collapse the first method contracts too slowly, and the periods beside it are kept."""
    bus, q_kvar = np.array([17]), np.zeros((40, 1))
    p_kw = -np.linspace(50.0, 1500.0, 40)[:, None]
    all_of_them = run_verification_power_flow(network.verification_model, bus, p_kw, q_kvar)
    for methods in (verification.METHODS[:1], verification.METHODS[1:]):
        monkeypatch.setattr(verification, "METHODS", methods)
        some = run_verification_power_flow(network.verification_model, bus, p_kw, q_kvar)
        if methods[0][0] == "iterative_current":
            assert 0 < some.converged.sum() < all_of_them.converged.sum()
        else:
            assert (some.converged == all_of_them.converged).all()
        known = some.converged
        np.testing.assert_allclose(some.voltage_pu[known], all_of_them.voltage_pu[known], rtol=0, atol=1e-8)


def test_voltages_solve_the_equations(network: Network) -> None:
    rng = np.random.default_rng(5)
    p_kw, q_kvar = rng.uniform(-6, 3, (2, 50, network.nodes))
    flow = run_power_flow(network, p_kw, q_kvar)
    drawn = flow.voltage_pu * (network.admittance @ flow.voltage_pu.T).T.conj()
    free = np.setdiff1d(np.arange(network.nodes), network.slack_node)
    np.testing.assert_allclose(drawn[:, free], (p_kw + 1j * q_kvar)[:, free], atol=1e-6)


def test_injection_at_the_supply_is_not_imported(network: Network) -> None:
    supply = network.bus_node == network.slack_node[0]
    p_kw = np.zeros((2, len(network.bus_ids)))
    p_kw[1, np.flatnonzero(supply)[0]] = 12.0
    flow = run_power_flow(network, at_nodes(network, p_kw), np.zeros((2, network.nodes)))
    imported = import_kw(network, flow)
    np.testing.assert_allclose(imported[1], imported[0] - 12.0, atol=1e-9)
    np.testing.assert_allclose(*losses_kw(network, flow), atol=1e-9)


def test_no_periods_and_no_connections(network: Network) -> None:
    empty = run_power_flow(network, np.zeros((0, network.nodes)), np.zeros((0, network.nodes)))
    assert bus_voltage_pu(network, empty).shape == (0, len(network.bus_ids))
    assert loading_percent(network, empty).shape == (0, len(network.elements))
    nobody = np.zeros(0, dtype=np.int64)
    none = run_verification_power_flow(network.verification_model, nobody, np.zeros((0, 0)), np.zeros((0, 0)))
    assert none.voltage_pu.shape == (0, len(network.bus_ids))
    two = run_verification_power_flow(network.verification_model, nobody, np.zeros((2, 0)), np.zeros((2, 0)))
    assert two.voltage_pu.shape == (2, len(network.bus_ids))
