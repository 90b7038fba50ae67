"""Sequential steps against Ipopt, against differences of power flows, and what they leave to others."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest
from benchmarks.against_ipopt import random_case

import gridpact
from gridpact.case import Case, Formulation
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.caps.caps_solution import solve_over_caps
from gridpact.clearing.network.network_state import keeps_limits, operate
from gridpact.clearing.network.oracle import NetworkOracle
from gridpact.clearing.problem.solution import LimitedBy, PeriodStatus
from gridpact.clearing.rules import stage
from gridpact.clearing.solver import sqp, step_method
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.dense_daqp import solve_dense
from gridpact.clearing.solver.joined_situations import LOST_KW
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.clearing.solver.quadratic import QuadraticOptimum, QuadraticProgramme
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import factors_of, run_power_flow
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from tests.ac_instances import ac_case, saved, uncapped
from tests.instances import make_case, make_participants, make_trades
from tests.markets import by_ipopt, by_steps, keeps_everything, market, posed

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


def compared(network: str | Path, limit: str, seed: int) -> list[SolverStatus]:
    """How the steps end in the periods of a case, where what they find is held against Ipopt."""
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
    problem, tight = posed(case)
    ended = []
    for period in tight:
        one = market(problem, period)
        found, other = by_steps(one), by_ipopt(one)
        ended.append(found.status)
        if found.status is SolverStatus.OPTIMAL:
            assert other.status.is_kept
            assert found.objective >= other.objective - OBJECTIVE_TOLERANCE_KW
            assert keeps_everything(one, found.value)
    return ended


@pytest.mark.parametrize("limit", list(LIMITS))
def test_they_find_what_ipopt_finds(limit: str) -> None:
    ended = [
        one for network in (CIGRE, KABEL, DORF) for seed in range(3) for one in compared(network, limit, seed)
    ]
    assert len(ended) >= 4
    assert sum(one is not SolverStatus.OPTIMAL for one in ended) <= 1


@pytest.mark.parametrize("name", ["ring", "two_transformers", "two_supplies"])
def test_they_find_what_ipopt_finds_in_a_mesh(name: str, tmp_path: Path) -> None:
    network = saved(name, tmp_path)
    ended = [one for limit in LIMITS for seed in range(3) for one in compared(network, limit, seed)]
    assert sum(one is SolverStatus.OPTIMAL for one in ended) >= 4


def test_they_ask_for_no_power_flow_twice() -> None:
    """Neither before the only situation joins, nor after a step that no voltage shows."""
    case = ac_case(
        0, CIGRE, sellers=6, buyers=6, trades=20, periods=2, power_kw=25.0, limits=LIMITS["transformer"]
    )
    problem, tight = posed(case)
    assert len(tight)
    for period in tight:
        one = market(problem, period)
        asked: list[np.ndarray] = []
        steps = sqp.maximise(one.programme, one.programme.upper, Budget())
        injected = next(steps)
        try:
            while True:
                asked.append(injected)
                injected = steps.send(one.situations.oracle.voltages(injected))
        except StopIteration as end:
            assert end.value.status is SolverStatus.OPTIMAL
        pairs = itertools.pairwise(asked)
        assert len(asked) >= 3
        assert all(np.abs(later - earlier).max() > LOST_KW / 10.0 for earlier, later in pairs)


def test_the_comparison_sees_every_kind_of_limit() -> None:
    """Each limit of `LIMITS` binds in some case of the comparison above."""
    seen = set()
    for limit in LIMITS:
        for network in (CIGRE, KABEL, DORF):
            case = ac_case(
                0, network, sellers=6, buyers=6, trades=20, periods=2, power_kw=25.0, limits=LIMITS[limit]
            )
            seen |= set(gridpact.clear(case).solution.binding.limited_by.tolist())
    of_three_phases = {LimitedBy.NEUTRAL, LimitedBy.VOLTAGE_UNBALANCE}
    in_no_clearing = {LimitedBy.NOTHING, LimitedBy.TERMS, LimitedBy.CONNECTION}
    assert set(LimitedBy) - in_no_clearing - of_three_phases <= seen


@pytest.mark.parametrize("network", [CIGRE, DORF])
def test_derivatives_are_those_of_the_power_flow(network: str) -> None:
    compiled = compile_source(NetworkSource(builtin=network))
    rng = np.random.default_rng(1)
    free = factors_of(compiled).free
    essential = np.sort(rng.choice(free, 2 * len(free) // 3, replace=False))
    oracle = NetworkOracle(compiled, essential)
    monitored, count, columns = oracle.monitored, len(essential), 5
    baseline = (rng.uniform(-1.5, 0.5, count) + 1j * rng.uniform(-0.5, 0.1, count)) * 60.0 / count
    injected = np.zeros((columns, count), dtype=np.complex128)
    for row in injected:
        seller, buyer = rng.choice(count, 2, replace=False)
        row[seller], row[buyer] = 1.0, -1.0 - 0.4j

    def magnitudes(y: np.ndarray) -> np.ndarray:
        return np.abs(monitored.forms @ voltages(y))

    def voltages(y: np.ndarray) -> np.ndarray:
        at_nodes = np.zeros((1, compiled.nodes), dtype=np.complex128)
        at_nodes[0, essential] = baseline + y @ injected
        return run_power_flow(compiled, at_nodes.real, at_nodes.imag).voltage_pu[0]

    y = rng.uniform(1.0, 6.0, columns)
    at = voltages(y)
    around = oracle.around(at, baseline + y @ injected, injected)
    np.testing.assert_allclose(around.magnitude, magnitudes(y), rtol=1e-12)
    nodes, size = len(monitored.node), around.magnitude
    loaded = nodes + np.argsort(size[nodes:])[-2:]
    row = np.concatenate([[0, nodes - 1], loaded])
    sign = np.array([1.0, -1.0, 1.0, 1.0])
    weight = rng.uniform(0.5, 2.0, len(row)) / np.array([1.0, 1.0, *size[loaded]])
    step, every = 1e-2, np.eye(columns)

    def slope(y: np.ndarray) -> np.ndarray:
        ahead, behind = ([magnitudes(y + way * step * one)[row] for one in every] for way in (1.0, -1.0))
        return sign[:, None] * (np.array(ahead) - np.array(behind)).T / (2.0 * step)

    true = slope(y)
    assert np.abs(around.gradient(row, sign) - true).max() <= 1e-6 * np.abs(true).max()
    bend = 0.5
    difference = np.array(
        [weight @ (slope(y + bend * one) - slope(y - bend * one)) / (2 * bend) for one in every]
    )
    curvature = around.curvature(row, sign, weight)
    assert np.abs(curvature - difference).max() <= 2e-3 * np.abs(difference).max()
    np.testing.assert_allclose(curvature, curvature.T, atol=1e-12 * np.abs(curvature).max())


@pytest.mark.parametrize(("network", "limit"), [(CIGRE, "transformer"), (KABEL, "line"), (DORF, "high")])
def test_a_baseline_that_breaks_limits_is_where_they_start(network: str, limit: str) -> None:
    """At firm loads beyond the limits nothing that loads them more clears, and what relieves them does."""
    case = ac_case(0, network, sellers=6, buyers=6, trades=24, firm=1.0, power_kw=30.0, limits=LIMITS[limit])
    problem, tight = posed(case)
    baseline, nominal = problem.baseline_operation, problem.nominal_limits
    assert tight and not keeps_limits(baseline, nominal)[tight].any()
    for period in tight:
        one = market(problem, period)
        found = by_steps(one)
        assert found.status is SolverStatus.OPTIMAL
        assert found.objective == pytest.approx(by_ipopt(one).objective, abs=1e-3)


def test_steps_into_collapse_are_taken_back() -> None:
    """All that the caps admit has no operating point; the optimum is far below it."""
    case = ac_case(1, CIGRE, sellers=4, buyers=4, trades=12, power_kw=400.0)
    problem, tight = posed(case)
    over_caps = solve_over_caps(problem)
    state = operate(problem.network, problem.injection_at_nodes(over_caps.column_kw))
    assert tight and not state.converged[tight].all()
    for period in tight:
        one = market(problem, period)
        found = by_steps(one)
        assert found.status is SolverStatus.OPTIMAL
        assert found.objective >= by_ipopt(one).objective - 1e-3


def congested() -> Case:
    return ac_case(2, CIGRE, sellers=6, buyers=6, trades=20, power_kw=25.0, limits=LIMITS["low"])


def test_ordinary_periods_need_no_further_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("not needed")

    expected = gridpact.clear(congested())
    assert expected.solution.status.tolist() == [PeriodStatus.OPTIMAL]
    assert LimitedBy.VOLTAGE_MIN in expected.solution.binding.limited_by
    monkeypatch.setattr(stage, "_from_elsewhere", refused)
    again = gridpact.clear(congested())
    assert again.solution.column_kw.tolist() == expected.solution.column_kw.tolist()


def test_where_steps_end_nowhere_they_begin_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = gridpact.clear(congested())
    own, further = stage._from_elsewhere, []

    def elsewhere(programme, best, budget):
        assert not best.status.is_kept
        further.append(programme)
        return (yield from own(programme, best, budget))

    def failing_before(programme, start, budget, *more, **others):
        if further or programme.situations is None:
            return (yield from sqp.maximise(programme, start, budget, *more, **others))
        return Optimum.without_multipliers(programme, SolverStatus.FAILED, start)

    monkeypatch.setattr(stage, "_from_elsewhere", elsewhere)
    monkeypatch.setattr(stage, "maximise", failing_before)
    again = gridpact.clear(congested())
    assert len(further) == 1 and again.solution.status.tolist() == [PeriodStatus.OPTIMAL]
    np.testing.assert_allclose(again.solution.column_kw, expected.solution.column_kw, atol=1e-4)
    cut = expected.offers.column_kw - expected.solution.column_kw > 1e-5
    assert cut.any()
    for reason in ("limited_by", "element"):
        one, other = getattr(again.solution, reason), getattr(expected.solution, reason)
        assert one[cut].tolist() == other[cut].tolist()


@pytest.mark.parametrize("network", [CIGRE, DORF])
def test_sparse_and_dense_programmes_have_the_same_optimum(
    network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interior-point method on sparse matrices finds what the active-set method on dense ones does."""
    compared = 0
    for limit in LIMITS.values():
        case = ac_case(3, network, sellers=8, buyers=8, trades=40, power_kw=40.0, firm=0.2, limits=limit)
        problem, tight = posed(case)
        for period in tight:
            monkeypatch.setattr(sqp, "DENSE_MAX", 10**9)
            dense = by_steps(market(problem, period))
            monkeypatch.setattr(sqp, "DENSE_MAX", 0)
            sparse = by_steps(market(problem, period))
            assert dense.status is sparse.status is SolverStatus.OPTIMAL
            assert sparse.value.sum() == pytest.approx(dense.value.sum(), abs=1e-6)
            np.testing.assert_allclose(sparse.value, dense.value, atol=1e-3)
            compared += 1
    assert compared >= 2


def test_limits_that_nothing_keeps_are_told_where_the_dense_method_fails_on_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem, [period, *_] = posed(congested())
    one = market(problem, period)
    inside = one.situations
    high = replace(inside, least=np.where(np.isfinite(inside.least), inside.least + 0.1, inside.least))
    impossible = replace(one, programme=replace(one.programme, situations=high))
    expected = by_steps(impossible)

    def no_elastic(programme: QuadraticProgramme) -> QuadraticOptimum | None:
        return None if programme.elastic is not None else solve_dense(programme)

    monkeypatch.setattr(step_method, "solve_dense", no_elastic)
    found = by_steps(impossible)
    assert found.status is expected.status is SolverStatus.INFEASIBLE
    np.testing.assert_allclose(found.value, expected.value, atol=1e-3)


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
    """Where the steps end at a corner that is not the best, they are not sure of it, and look elsewhere."""
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
    problem, tight = posed(case)
    cleared = gridpact.clear(case)
    volume_kw = cleared.offers.volume_kw(cleared.solution.column_kw, 2)
    worse = []
    for period in tight:
        one = market(problem, period)
        first, other = by_steps(one), by_ipopt(one)
        assert volume_kw[period] >= other.value.sum() - 1e-3
        if first.value.sum() < other.value.sum() - 1.0:
            worse.append(period)
            assert not first.is_sure
    assert worse


@pytest.mark.parametrize(("seed", "volume_kw"), [(1004, 46.43863), (1019, 57.20073), (1043, 42.83681)])
def test_a_path_through_the_inside_finds_what_steps_from_corners_miss(
    seed: int, volume_kw: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Volumes are the best of ten solves by Ipopt from random starts, of `benchmarks.against_ipopt`."""
    monkeypatch.setattr(stage, "TILTS", 0)
    problem, _ = posed(random_case(seed, tmp_path))
    one = market(problem, 1)
    by_corners = by_steps(one)
    assert by_corners.status is SolverStatus.OPTIMAL and by_corners.value.sum() < volume_kw * (1.0 - 1e-4)
    cleared = solve_ac(problem).column_kw[problem.offers.of_period(1)]
    assert cleared.sum() == pytest.approx(volume_kw, rel=1e-6)
    assert keeps_everything(one, one.part.matrix.T @ cleared)


@pytest.mark.parametrize(("seed", "period", "volume_kw"), [(3200, 1, 354.74896), (1692, 0, 47.54742)])
def test_tilted_objectives_find_what_lies_beside(
    seed: int, period: int, volume_kw: float, tmp_path: Path
) -> None:
    """Volumes are the best of ten solves by Ipopt from random starts, of `benchmarks.against_ipopt`."""
    problem, _ = posed(random_case(seed, tmp_path))
    cleared = solve_ac(problem).column_kw[problem.offers.of_period(period)]
    assert cleared.sum() == pytest.approx(volume_kw, rel=1e-6)


def test_much_curvature_over_what_is_proposed_leaves_a_doubt(tmp_path: Path) -> None:
    """One limit has a price, and another optimum is better all the same; Ipopt's, as above."""
    problem, _ = posed(random_case(1887, tmp_path))
    first = by_steps(market(problem, 1))
    assert first.status is SolverStatus.OPTIMAL and not first.is_sure
    assert first.value.sum() < 141.0
    cleared = solve_ac(problem).column_kw[problem.offers.of_period(1)]
    assert cleared.sum() == pytest.approx(141.24681, rel=1e-6)


def test_steps_of_many_trades_are_exact_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last steps come from what bound before, not from an interior-point method at a tight tolerance."""
    tolerances = []
    solve = step_method.solve_sparse

    def counted(quadratic: QuadraticProgramme, tolerance: float) -> QuadraticOptimum | None:
        tolerances.append(tolerance)
        return solve(quadratic, tolerance)

    monkeypatch.setattr(step_method, "solve_sparse", counted)
    limits = Limits(transformer_loading_max_percent=12.0)
    case = ac_case(1, KABEL, sellers=14, buyers=14, trades=170, power_kw=40.0, limits=limits)
    problem, tight = posed(case)
    found = by_steps(market(problem, tight[0]))
    assert found.status is SolverStatus.OPTIMAL
    assert tolerances and step_method.TIGHT_TOLERANCE not in tolerances


def test_limits_that_were_at_work_before_save_steps_and_change_nothing() -> None:
    limits = Limits(transformer_loading_max_percent=12.0)
    case = ac_case(1, KABEL, sellers=14, buyers=14, trades=170, power_kw=40.0, limits=limits)
    problem, tight = posed(case)
    one = market(problem, tight[0])
    assert len(one.programme) > sqp.DENSE_MAX
    plain, begun = Budget(), Budget()
    nothing = one.programme.lower
    [first] = run_together(one.oracle, [sqp.maximise(one.programme, nothing, plain)])
    again = sqp.maximise(one.programme, nothing, begun, limits=first.limits)
    [second] = run_together(one.oracle, [again])
    assert first.status is second.status is SolverStatus.OPTIMAL
    assert begun.spent < plain.spent
    np.testing.assert_allclose(second.value, first.value, rtol=0, atol=1e-4)
    assert second.objective == pytest.approx(first.objective, abs=1e-6)
