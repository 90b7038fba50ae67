"""Certificates on networks small enough to know the answer, and what they do with wrong input."""

from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import pandapower as pp
import pytest

import gridpact
from gridpact.case import Case, Formulation
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.certificate.certify import Certificate, ProvenBy, certify
from gridpact.clearing.certificate.relaxation import SCALE_KVA, Relaxation
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.errors import SolverFailed
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import run_power_flow
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from gridpact.published import cigre_extreme
from tests.ac_instances import ac_case
from tests.instances import make_case, make_participants, make_trades, random_case

VOLTAGE_KV, RESISTANCE_OHM, REACTANCE_OHM, RATING_KA = 0.4, 0.08, 0.02, 0.2
PROPOSED_KW = 400.0
RESISTANCE = RESISTANCE_OHM / VOLTAGE_KV**2 / 1000.0  # per unit on 1 kVA
REACTANCE = REACTANCE_OHM / VOLTAGE_KV**2 / 1000.0
RATING = np.sqrt(3.0) * VOLTAGE_KV * RATING_KA * 1000.0  # kVA at nominal voltage


def posed(case: Case) -> ClearingProblem:
    return pose(replace(case, formulation=Formulation.AC), case.trades, compile_source(case.network))


def certified(case: Case) -> tuple[ClearingProblem, Certificate]:
    problem = posed(case)
    solution = solve_ac(problem)
    return problem, certify(problem, solution.column_kw, solution.volume_bound_kw)


def one_line(
    folder: Path, *, seller: int, buyer: int, limits: Limits, proposed_kw: float = PROPOSED_KW
) -> Case:
    """A supply at bus 0, a line, and bus 1: one trade from the `seller` bus to the `buyer` bus."""
    net = pp.create_empty_network()
    supply, end = (pp.create_bus(net, VOLTAGE_KV) for _ in range(2))
    pp.create_ext_grid(net, supply)
    pp.create_line_from_parameters(net, supply, end, 1.0, RESISTANCE_OHM, REACTANCE_OHM, 0.0, RATING_KA)
    path = folder / "line.json"
    pp.to_json(net, str(path))
    case = make_case(
        make_participants([seller, buyer], [False, False], [False, False]),
        [[0.0, proposed_kw]],
        [[proposed_kw, 0.0]],
        make_trades([0], [1], [0], [1], [proposed_kw]),
        network="pandapower/cigre_lv",  # until it is replaced
        limits=limits,
    )
    return replace(case, network=NetworkSource(file=path))


def end_voltage_drawing(current: float) -> float:
    """|v| at the end of the line that draws a current in phase with v: |v_0|² = (|v| + r i)² + (x i)²."""
    return np.sqrt(1.0 - (REACTANCE * current) ** 2) - RESISTANCE * current


def current_between(voltage: float) -> float:
    """The current, positive if drawn, with which the end of the line is at a voltage."""
    square = RESISTANCE**2 + REACTANCE**2
    half, rest = RESISTANCE * voltage, voltage**2 - 1.0
    return float((-half + np.sqrt(half**2 - square * rest)) / square)


def closed_form(folder: Path, limit: str) -> tuple[ClearingProblem, float]:
    """One trade on one line that a limit holds down, and by the closed form the most of it that clears."""
    if limit == "rating":
        case = one_line(folder, seller=0, buyer=1, limits=Limits(voltage_min_pu=0.5))
        return posed(case), end_voltage_drawing(RATING) * RATING
    if limit == "voltage_min":
        case = one_line(folder, seller=0, buyer=1, limits=Limits(voltage_min_pu=0.96))
        return posed(case), 0.96 * current_between(0.96)
    case = one_line(folder, seller=1, buyer=0, limits=Limits(voltage_max_pu=1.04))
    return posed(case), -1.04 * current_between(1.04)


@pytest.mark.parametrize("limit", ["rating", "voltage_min", "voltage_max"])
def test_the_bound_on_one_line_is_the_closed_form(tmp_path: Path, limit: str) -> None:
    problem, most_kw = closed_form(tmp_path, limit)
    certificate = certify(problem, np.array([most_kw]), np.array([PROPOSED_KW]))
    assert most_kw < PROPOSED_KW
    assert certificate.upper_kw == pytest.approx([most_kw], rel=2e-5)
    assert certificate.upper_kw[0] >= most_kw


@pytest.mark.parametrize("limit", ["rating", "voltage_min", "voltage_max"])
def test_more_than_the_closed_form_is_refused(tmp_path: Path, limit: str) -> None:
    problem, most_kw = closed_form(tmp_path, limit)
    with pytest.raises(SolverFailed, match="can clear"):
        certify(problem, np.array([1.001 * most_kw]), np.array([PROPOSED_KW]))


def test_less_than_what_is_possible_shows_as_a_gap(tmp_path: Path) -> None:
    problem, most_kw = closed_form(tmp_path, "rating")
    certificate = certify(problem, np.array([0.9 * most_kw]), np.array([PROPOSED_KW]))
    assert certificate.gap == pytest.approx([0.1], abs=1e-4)


def test_the_extreme_hour_is_proven_to_be_the_optimum() -> None:
    _, certificate = certified(cigre_extreme())
    assert certificate.proven_by.tolist() == [ProvenBy.RELAXATION]
    assert certificate.gap[0] < 1e-5


def test_what_meets_the_caps_needs_no_cones() -> None:
    problem, certificate = certified(random_case(1))
    assert certificate.proven_by.tolist() == [ProvenBy.CAPS_MET] * problem.shape[0]
    np.testing.assert_allclose(certificate.gap, 0.0, atol=1e-12)
    np.testing.assert_allclose(certificate.upper_kw, certificate.cleared_kw)


def test_a_firm_load_that_no_state_can_serve_proves_that_nothing_clears(tmp_path: Path) -> None:
    case = one_line(tmp_path, seller=0, buyer=1, limits=Limits(), proposed_kw=5000.0)
    problem = posed(replace(case, participants=make_participants([0, 1], [False, True], [False, False])))
    certificate = certify(problem, np.zeros(1), np.array([5000.0]))
    assert certificate.proven_by.tolist() == [ProvenBy.NO_STATE]
    assert certificate.upper_kw.tolist() == [0.0]


def test_more_than_is_possible_is_refused() -> None:
    problem = posed(cigre_extreme())
    solution = solve_ac(problem)
    for share in (1.001, 1.02):
        with pytest.raises(SolverFailed, match=r"no more than 713\.48"):
            certify(problem, share * solution.column_kw, solution.volume_bound_kw)


def test_a_line_that_is_open_at_one_end_has_a_node_without_a_bus_and_changes_little(tmp_path: Path) -> None:
    case = one_line(tmp_path, seller=0, buyer=1, limits=Limits(voltage_min_pu=0.96))
    net = pp.from_json(str(tmp_path / "line.json"))
    stub = pp.create_line_from_parameters(net, 1, 0, 0.1, 0.3, 0.1, 200.0, RATING_KA)
    pp.create_switch(net, 0, stub, et="l", closed=False)
    pp.to_json(net, str(tmp_path / "stub.json"))
    problem = posed(replace(case, network=NetworkSource(file=tmp_path / "stub.json")))
    relaxation = Relaxation(problem.network)
    hidden = np.setdiff1d(relaxation.free, relaxation.monitored.node)
    certificate = certify(problem, np.array([50.0]), np.array([PROPOSED_KW]))
    assert len(hidden) == 1
    assert certificate.upper_kw == pytest.approx([0.96 * current_between(0.96)], rel=1e-3)


@pytest.mark.parametrize(
    "network", ["cigre_lv", "kerber_landnetz_freileitung_1", "village_1", "ieee_european_lv"]
)
def test_a_power_flow_satisfies_every_equation_of_the_relaxation(network: str) -> None:
    compiled = compile_source(NetworkSource(builtin=f"pandapower/{network}"))
    relaxation = Relaxation(compiled)
    free, (first, second), drop = relaxation.free, relaxation.ends, relaxation.drop
    p, q = np.zeros((2, 1, compiled.nodes))
    rng = np.random.default_rng(7)
    p[0, free], q[0, free] = rng.normal(0.0, 2.0, len(free)), rng.normal(0.0, 0.5, len(free))
    voltage = run_power_flow(compiled, p, q).voltage_pu[0]
    relative = voltage / relaxation.no_load_pu
    across, mean = relative[first] - relative[second], 0.5 * (relative[first] + relative[second])
    product = across * mean.conj() / drop
    state = np.concatenate(
        [
            np.abs(relative[free]) ** 2 - 1.0,
            product.real,
            product.imag,
            0.5 * np.abs(across / drop) ** 2,
        ]
    )
    injected = np.concatenate([p[0, free], q[0, free]])
    np.testing.assert_allclose(relaxation.balances @ state * SCALE_KVA, injected, atol=1e-6)
    np.testing.assert_allclose(relaxation.differences @ state, 0.0, atol=1e-8)
    loadings, idle = relaxation.squared_loadings
    squared = np.abs(relaxation.monitored.admittance @ voltage) ** 2
    np.testing.assert_allclose(loadings @ state + idle, squared, atol=1e-9)
    cones, offset = relaxation.cones
    head, *tail = (cones @ state + offset).reshape(-1, 4).T
    np.testing.assert_allclose(head, np.sqrt(sum(part**2 for part in tail)), atol=1e-8)


@pytest.mark.parametrize(("trades", "is_default"), [(12, False), (170, True)])
def test_a_certificate_that_costs_less_than_the_clearing_is_the_default(
    trades: int, is_default: bool
) -> None:
    network = "pandapower/kerber_landnetz_kabel_1"
    limits = Limits(transformer_loading_max_percent=12.0)
    case = ac_case(1, network, sellers=14, buyers=14, trades=trades, power_kw=40.0, limits=limits)
    default, asked = gridpact.clear(case), gridpact.clear(case, certify=True)
    assert (default.certificate is not None) == is_default
    assert gridpact.clear(case, certify=False).certificate is None
    assert gridpact.clear(case, deadline=monotonic() + 60.0).certificate is None
    assert asked.certificate is not None
    np.testing.assert_array_equal(asked.solution.column_kw, default.solution.column_kw)
    if default.certificate is not None:
        assert np.all(default.certificate.upper_kw >= asked.certificate.upper_kw * (1.0 - 1e-9))
        assert ProvenBy.TIGHTENED not in default.certificate.proven_by
        assert default.summary["bound"]["method"] == "certificate"
