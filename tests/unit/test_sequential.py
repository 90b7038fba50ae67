"""Sequential clearing against Ipopt, against differences of power flows, and what it leaves to others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest

import gridpact
from gridpact.case import Case, Formulation
from gridpact.clearing import ac, iterate, sequential
from gridpact.clearing.even_cut import EVEN_CUT_WEIGHT
from gridpact.clearing.expansion import Expansion
from gridpact.clearing.monitored import Monitored
from gridpact.clearing.nonlinear import NonlinearClearing
from gridpact.clearing.operation import keeps_limits, operate
from gridpact.clearing.over_caps import solve_over_caps
from gridpact.clearing.problem import ClearingProblem, pose
from gridpact.clearing.sequential import SequentialClearing
from gridpact.clearing.solution import LimitedBy, PeriodSolution, PeriodStatus
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.power_flow import factors_of, run_power_flow
from gridpact.grid.response import Response
from gridpact.grid.source import NetworkSource
from tests.ac_instances import ac_case, saved, uncapped
from tests.instances import make_case, make_participants, make_trades

CIGRE, KABEL, DORF = (
    f"pandapower/{name}" for name in ("cigre_lv", "kerber_landnetz_kabel_1", "kerber_dorfnetz")
)
LIMITS = {
    "line": Limits(line_loading_max_percent=25.0),
    "transformer": Limits(transformer_loading_max_percent=12.0),
    "low": Limits(voltage_min_pu=0.985, voltage_max_pu=1.3),
    "high": Limits(voltage_min_pu=0.7, voltage_max_pu=1.022),
}
OBJECTIVE_TOLERANCE_KW = 1e-4
# The baseline stands at its own limit, and all that could clear touches that: no price of it is finite.
UNPRICED = (KABEL, "line", 1, 0)


def posed(case: Case) -> tuple[ClearingProblem, list[int], np.ndarray]:
    """The problem, its periods that reach a limit from a baseline with a state, and their volume bounds."""
    problem = pose(case, case.trades, compile_source(case.network))
    over_caps = solve_over_caps(problem)
    injection = problem.injection_at_nodes(over_caps.column_kw)
    kept = keeps_limits(operate(problem.network, injection), problem.operating_limits)
    tight = np.flatnonzero(problem.untied & ~kept & problem.baseline_operation.converged)
    return problem, tight.tolist(), over_caps.volume_bound_kw


def steps(problem: ClearingProblem, periods: list[int], bound_kw: np.ndarray) -> list[PeriodSolution]:
    """What sequential clearing finds, sure or not."""
    return [one.solution for one in SequentialClearing(problem).solve(periods, bound_kw)]


def objective(problem: ClearingProblem, found: PeriodSolution) -> float:
    proposed_kw = problem.offers.column_kw[found.columns]
    uneven = np.sum((proposed_kw - found.column_kw) ** 2 / proposed_kw)
    return float(EVEN_CUT_WEIGHT * uneven - found.column_kw.sum())


def compared(network: str | Path, limit: str, seed: int) -> int:
    """How many periods of a case both ways clear the same, which is checked."""
    case = ac_case(
        seed,
        network,
        sellers=6,
        buyers=6,
        trades=20,
        periods=2,
        power_kw=25.0,
        firm=0.3,
        exports=0.3,
        power_factor=0.95,
        limits=LIMITS[limit],
    )
    problem, tight, bound_kw = posed(case)
    found = steps(problem, tight, bound_kw)
    if network in (CIGRE, KABEL, DORF):
        assert [one.period for one in found] == [t for t in tight if (network, limit, seed, t) != UNPRICED]
    ipopt = NonlinearClearing(problem, np.array(tight), on_network=True) if tight else None
    for one in found:
        assert ipopt is not None
        other = ipopt.solve(one.period, float(bound_kw[one.period]))
        assert one.status is PeriodStatus.OPTIMAL and other.status is not PeriodStatus.BEST_FOUND
        assert objective(problem, one) <= objective(problem, other) + OBJECTIVE_TOLERANCE_KW
        limits = problem.operating_limits.repeated(one.period, 1)
        injection = problem.candidate_injection(one.period, one.column_kw[None, :])
        assert keeps_limits(operate(problem.network, injection), limits).all()
        sold, bought = problem.traded_kw(one.period, one.column_kw[None, :])
        assert np.all(sold[0] <= problem.seller_cap_kw[one.period] + 1e-9)
        assert np.all(bought[0] <= problem.buyer_cap_kw[one.period] + 1e-9)
    return len(found)


@pytest.mark.parametrize("limit", list(LIMITS))
def test_it_finds_what_ipopt_finds(limit: str) -> None:
    periods = [compared(network, limit, seed) for network in (CIGRE, KABEL, DORF) for seed in range(3)]
    assert sum(periods) >= 4


@pytest.mark.parametrize("name", ["ring", "two_transformers", "two_supplies"])
def test_it_finds_what_ipopt_finds_in_a_mesh(name: str, tmp_path: Path) -> None:
    network = saved(name, tmp_path)
    assert sum(compared(network, limit, seed) for limit in LIMITS for seed in range(3)) >= 4


def test_the_comparison_sees_every_kind_of_limit() -> None:
    """Each limit of `LIMITS` binds in some case of the comparison above."""
    seen = set()
    for limit in LIMITS:
        for network in (CIGRE, KABEL, DORF):
            case = ac_case(
                0, network, sellers=6, buyers=6, trades=20, periods=2, power_kw=25.0, limits=LIMITS[limit]
            )
            problem, tight, bound_kw = posed(case)
            for one in steps(problem, tight, bound_kw):
                seen |= set(one.binding.limited_by.tolist())
    assert set(LimitedBy) - {LimitedBy.NOTHING, LimitedBy.TERMS} <= seen


@pytest.mark.parametrize("network", [CIGRE, DORF])
def test_derivatives_are_those_of_the_power_flow(network: str) -> None:
    compiled = compile_source(NetworkSource(builtin=network))
    factors, monitored = factors_of(compiled), Monitored(compiled)
    rng = np.random.default_rng(1)
    count, columns = len(factors.free), 5
    baseline = (rng.uniform(-1.5, 0.5, count) + 1j * rng.uniform(-0.5, 0.1, count)) * 60.0 / count
    injected = np.zeros((columns, count), dtype=np.complex128)
    for row in injected:
        seller, buyer = rng.choice(count, 2, replace=False)
        row[seller], row[buyer] = 1.0, -1.0 - 0.4j

    def magnitudes(y: np.ndarray) -> np.ndarray:
        return np.abs(monitored.forms @ voltages(y))

    def voltages(y: np.ndarray) -> np.ndarray:
        at_nodes = np.zeros((1, compiled.nodes), dtype=np.complex128)
        at_nodes[0, factors.free] = baseline + y @ injected
        return run_power_flow(compiled, at_nodes.real, at_nodes.imag).voltage_pu[0]

    y = rng.uniform(1.0, 6.0, columns)
    at = voltages(y)
    expansion = Expansion(
        monitored, at, Response(factors, at[factors.free], baseline + y @ injected), injected
    )
    np.testing.assert_allclose(expansion.magnitude, magnitudes(y), rtol=1e-12)
    nodes, size = len(monitored.node), expansion.magnitude
    loaded = nodes + np.argsort(size[nodes:])[-2:]
    row = np.concatenate([[0, nodes - 1], loaded])
    sign = np.array([1.0, -1.0, 1.0, 1.0])
    weight = rng.uniform(0.5, 2.0, len(row)) / np.array([1.0, 1.0, *size[loaded]])
    step, every = 1e-2, np.eye(columns)

    def slope(y: np.ndarray) -> np.ndarray:
        ahead, behind = ([magnitudes(y + way * step * one)[row] for one in every] for way in (1.0, -1.0))
        return sign[:, None] * (np.array(ahead) - np.array(behind)).T / (2.0 * step)

    true = slope(y)
    assert np.abs(expansion.gradient(row, sign) - true).max() <= 1e-6 * np.abs(true).max()
    bend = 0.5
    difference = np.array(
        [weight @ (slope(y + bend * one) - slope(y - bend * one)) / (2 * bend) for one in every]
    )
    curvature = expansion.curvature(row, sign, weight)
    assert np.abs(curvature - difference).max() <= 2e-3 * np.abs(difference).max()
    np.testing.assert_allclose(curvature, curvature.T, atol=1e-12 * np.abs(curvature).max())


@pytest.mark.parametrize(("network", "limit"), [(CIGRE, "transformer"), (KABEL, "line"), (DORF, "high")])
def test_a_baseline_that_breaks_limits_is_where_it_starts(network: str, limit: str) -> None:
    """At firm loads beyond the limits nothing that loads them more clears, and what relieves them does."""
    case = ac_case(0, network, sellers=6, buyers=6, trades=24, firm=1.0, power_kw=30.0, limits=LIMITS[limit])
    problem, tight, bound_kw = posed(case)
    baseline, nominal = problem.baseline_operation, problem.nominal_limits
    assert tight and not keeps_limits(baseline, nominal)[tight].any()
    ipopt = NonlinearClearing(problem, np.array(tight), on_network=True)
    found = steps(problem, tight, bound_kw)
    assert [one.period for one in found] == tight
    for one in found:
        other = ipopt.solve(one.period, float(bound_kw[one.period]))
        assert objective(problem, one) == pytest.approx(objective(problem, other), abs=1e-3)


def test_steps_into_collapse_are_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the caps admit has no operating point; the optimum is far below it."""
    case = ac_case(1, CIGRE, sellers=4, buyers=4, trades=12, power_kw=400.0)
    problem, tight, bound_kw = posed(case)
    over_caps = solve_over_caps(problem)
    state = operate(problem.network, problem.injection_at_nodes(over_caps.column_kw))
    assert tight and not state.converged[tight].all()
    taken_back = []
    half_way_back = iterate.Iterate.half_way_back
    monkeypatch.setattr(
        iterate.Iterate,
        "half_way_back",
        lambda self: taken_back.append(self.power_kw) or half_way_back(self),
    )
    found = steps(problem, tight, bound_kw)
    assert taken_back and found
    ipopt = NonlinearClearing(problem, np.array(tight), on_network=True)
    for one in found:
        other = ipopt.solve(one.period, float(bound_kw[one.period]))
        assert objective(problem, one) <= objective(problem, other) + 1e-3


def congested() -> Case:
    return ac_case(2, CIGRE, sellers=6, buyers=6, trades=20, power_kw=25.0, limits=LIMITS["low"])


def test_small_periods_need_no_interior_point_method(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("not needed")

    expected = gridpact.clear(congested())
    assert expected.solution.status.tolist() == [PeriodStatus.OPTIMAL]
    assert LimitedBy.VOLTAGE_MIN in expected.solution.binding.limited_by
    monkeypatch.setattr(ac, "NonlinearClearing", refused)
    again = gridpact.clear(congested())
    assert again.solution.column_kw.tolist() == expected.solution.column_kw.tolist()


@pytest.mark.parametrize(("name", "value"), [("COLUMNS_MAX", 3), ("STEPS_MAX", 1)])
def test_what_it_leaves_is_solved_by_ipopt(name: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = gridpact.clear(congested())
    monkeypatch.setattr(sequential, name, value)
    problem, tight, bound_kw = posed(congested())
    assert tight and steps(problem, tight, bound_kw) == []
    again = gridpact.clear(congested())
    np.testing.assert_allclose(again.solution.column_kw, expected.solution.column_kw, atol=1e-5)
    cut = expected.offers.column_kw - expected.solution.column_kw > 1e-5
    assert cut.any()
    for reason in ("limited_by", "element"):
        one, other = getattr(again.solution, reason), getattr(expected.solution, reason)
        assert one[cut].tolist() == other[cut].tolist()


def test_no_periods_are_no_work() -> None:
    problem, _, bound_kw = posed(congested())
    assert steps(problem, [], bound_kw) == []


def test_equal_voltages_have_one_limit_at_work(tmp_path: Path) -> None:
    """Of a bus and the one at the end of an idle line behind it, only the first is ever priced."""
    net = pp.create_empty_network()
    buses = [pp.create_bus(net, 0.4) for _ in range(4)]
    pp.create_ext_grid(net, buses[0])
    for first, second in ((0, 1), (1, 2), (2, 3)):
        pp.create_line_from_parameters(
            net,
            buses[first],
            buses[second],
            length_km=0.4,
            r_ohm_per_km=0.3,
            x_ohm_per_km=0.08,
            c_nf_per_km=0.0,
            max_i_ka=0.3,
        )
    path = tmp_path / "net.json"
    pp.to_json(net, path)
    case = make_case(
        make_participants(np.array([2, 1]), np.array([False, False]), np.array([False, False]), 1.0),
        np.array([[0.0, 60.0]]),
        np.array([[60.0, 0.0]]),
        make_trades(np.array([0]), np.array([1]), np.array([0]), np.array([1]), np.array([60.0])),
        network="pandapower/cigre_lv",  # until it is replaced
        limits=Limits(voltage_max_pu=1.02),
    )
    case = replace(case, network=NetworkSource(file=path), formulation=Formulation.AC)
    binding = gridpact.clear(case).solution.binding
    assert binding.limited_by.tolist() == [LimitedBy.VOLTAGE_MAX]
    assert binding.element.tolist() == [2]
    assert binding.shadow_price_kw_per_percent[0] > 0.0


def test_the_better_of_two_optima_is_cleared() -> None:
    """Where the steps end at a corner that is not the best, they are not sure of it, and Ipopt is asked."""
    case = ac_case(
        713,
        DORF,
        sellers=4,
        buyers=3,
        trades=25,
        periods=2,
        power_kw=113.47053737776213,
        power_factor=0.85,
        limits=Limits(voltage_min_pu=0.6, voltage_max_pu=1.037698408584783),
    )
    case = uncapped(case)
    problem, tight, bound_kw = posed(case)
    found = {one.solution.period: one for one in SequentialClearing(problem).solve(tight, bound_kw)}
    ipopt = NonlinearClearing(problem, np.array(tight), on_network=True)
    cleared = gridpact.clear(case)
    volume_kw = cleared.offers.volume_kw(cleared.solution.column_kw, 2)
    worse = []
    for period in tight:
        other_kw = ipopt.solve(period, float(bound_kw[period])).column_kw.sum()
        assert volume_kw[period] >= other_kw - 1e-3
        if period in found and found[period].solution.column_kw.sum() < other_kw - 1.0:
            worse.append(period)
            assert not found[period].is_sure
    assert worse
