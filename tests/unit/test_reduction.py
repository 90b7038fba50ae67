"""A network seen from some of its nodes has the voltages of the whole one, wherever something is injected."""

import numpy as np
import pytest

from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import factors_of, run_power_flow, voltages_of
from gridpact.grid.flow.reduction import reduction_to
from gridpact.grid.source import NetworkSource

NETWORKS = ("pandapower/cigre_lv", "pandapower/kerber_dorfnetz", "pandapower/ieee_european_lv")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_reduced_network_has_the_voltages_of_the_whole_one(name: str, share: float) -> None:
    network = compile_source(NetworkSource(builtin=name))
    free, random = factors_of(network).free, np.random.default_rng(1)
    seen = np.sort(random.choice(free, max(1, int(share * len(free))), replace=False))
    power = random.uniform(-2.0, 2.0, (5, len(seen))) / share + 0.3j * random.uniform(-1, 1, (5, len(seen)))
    reduction = reduction_to(network, seen)
    assert (reduction.spread is None) == (len(seen) > 400 or share == 1.0)
    position = np.searchsorted(reduction.node, seen)
    injected = np.zeros((5, len(reduction.node)), dtype=np.complex128)
    injected[:, position] = power
    at_nodes = np.zeros((5, network.nodes), dtype=np.complex128)
    at_nodes[:, seen] = power
    whole = run_power_flow(network, at_nodes.real, at_nodes.imag).voltage_pu
    reduced = reduction.everywhere(voltages_of(reduction.factors, injected))
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(reduced, whole, rtol=0, atol=1e-11)


def test_what_has_no_state_has_none_in_the_reduced_network() -> None:
    network = compile_source(NetworkSource(builtin="pandapower/cigre_lv"))
    seen = factors_of(network).free[-3:]
    reduction = reduction_to(network, seen)
    voltage = reduction.everywhere(voltages_of(reduction.factors, np.full((1, 3), -1e6 + 0j)))
    assert np.isnan(voltage).all()


def test_forms_are_seen_from_the_reduced_network() -> None:
    network = compile_source(NetworkSource(builtin="pandapower/kerber_dorfnetz"))
    free = factors_of(network).free
    reduction = reduction_to(network, free[::4])
    random = np.random.default_rng(2)
    shift = 1e-3 * random.normal(size=(1, len(reduction.node)))
    before = reduction.everywhere(reduction.factors.no_load_pu[None, :])
    after = reduction.everywhere(reduction.factors.no_load_pu[None, :] + shift)
    forms = network.branches.admittance_from
    by_all = forms @ (after - before)[0]
    np.testing.assert_allclose(
        reduction.seen(forms) @ shift[0], by_all, rtol=0, atol=1e-9 * np.abs(by_all).max()
    )
