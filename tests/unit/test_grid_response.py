"""The response of voltages to small changes, against differences of true power flows."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from gridpact.grid.compile import compile_source
from gridpact.grid.flow import response
from gridpact.grid.flow.power_flow import Factors, factors_of, run_power_flow
from gridpact.grid.flow.response import Response
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource

NETWORKS = ("pandapower/cigre_lv", "pandapower/kerber_dorfnetz", "simbench/1-LV-rural2--0-sw")
STEP_KVA = 1e-3


def voltage_of(network: Network, injected_kva: np.ndarray) -> np.ndarray:
    """Voltages of the nodes that no supply holds."""
    free = factors_of(network).free
    at_nodes = np.zeros((1, network.nodes), dtype=np.complex128)
    at_nodes[0, free] = injected_kva
    flow = run_power_flow(network, at_nodes.real, at_nodes.imag)
    assert flow.converged.all()
    return flow.voltage_pu[0, free]


def in_form(factors: Factors, is_dense: bool) -> Factors:
    sparse = splu(csc_array(factors.reduced))
    if not is_dense:
        return replace(factors, impedance=sparse)
    return replace(factors, impedance=sparse.solve(np.eye(len(factors.free), dtype=np.complex128)))


@pytest.fixture(params=NETWORKS)
def point(request: pytest.FixtureRequest) -> tuple[Network, np.ndarray]:
    network = compile_source(NetworkSource(builtin=request.param))
    rng = np.random.default_rng(7)
    count = len(factors_of(network).free)
    return network, (rng.uniform(-2.0, 1.0, count) + 1j * rng.uniform(-0.8, 0.2, count)) * 80.0 / count


@pytest.mark.parametrize("is_dense", [True, False])
@pytest.mark.parametrize("iterations", [response.ITERATIONS_MAX, 0])
def test_it_is_the_derivative_of_the_power_flow(
    point: tuple[Network, np.ndarray], is_dense: bool, iterations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response, "ITERATIONS_MAX", iterations)
    network, injected_kva = point
    factors = in_form(factors_of(network), is_dense)
    answer = Response(factors, voltage_of(network, injected_kva), injected_kva)
    rng = np.random.default_rng(3)
    changes = rng.normal(size=(4, len(injected_kva))) + 1j * rng.normal(size=(4, len(injected_kva)))
    voltage, current = answer.to_powers(changes)
    for change, dv, di in zip(changes, voltage, current, strict=True):
        up, down = (voltage_of(network, injected_kva + sign * STEP_KVA * change) for sign in (1.0, -1.0))
        true = (up - down) / (2.0 * STEP_KVA)
        assert np.abs(dv - true).max() <= 1e-5 * np.abs(true).max()
        i_up, i_down = (
            ((injected_kva + sign * STEP_KVA * change) / at).conj() for sign, at in ((1.0, up), (-1.0, down))
        )
        assert np.abs(di - (i_up - i_down) / (2.0 * STEP_KVA)).max() <= 1e-5 * np.abs(di).max()


@pytest.mark.parametrize("is_dense", [True, False])
@pytest.mark.parametrize("iterations", [response.ITERATIONS_MAX, 0])
def test_gradients_say_the_same_as_responses(
    point: tuple[Network, np.ndarray], is_dense: bool, iterations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, injected_kva = point
    answer = Response(in_form(factors_of(network), is_dense), voltage_of(network, injected_kva), injected_kva)
    monkeypatch.setattr(response, "RESPONSE_TOLERANCE", 1e-13)
    rng = np.random.default_rng(4)
    shape = (5, len(injected_kva))
    changes = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    gradients = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    voltage, _ = answer.to_powers(changes)
    monkeypatch.setattr(response, "ITERATIONS_MAX", iterations)
    by_power = answer.power_gradient(answer.current_gradient(gradients))
    np.testing.assert_allclose(
        (by_power @ changes.T).real,
        (gradients.conj() @ voltage.T).real,
        rtol=1e-9,
        atol=1e-12 * np.abs(voltage).max(),
    )
