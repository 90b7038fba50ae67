"""Sequential steps against Ipopt, against differences of power flows, and what they leave to others."""

from pathlib import Path

import numpy as np
import pytest

from gridpact.clearing.operation import keeps_limits, operate
from gridpact.clearing.over_caps import solve_over_caps
from gridpact.clearing.rules.stage import best_of
from gridpact.clearing.solver import sqp
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.sqp import SolverStatus
from gridpact.grid.limits import Limits
from tests.ac_instances import ac_case, saved, uncapped
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
    worse = []
    for period in tight:
        one = market(problem, period)
        first, other = by_steps(one), by_ipopt(one)
        starts = (np.zeros(len(one.programme)), one.programme.upper)
        [best] = run_together(one.situations.oracle, [best_of(one.programme, starts, Budget())])
        assert best.value.sum() >= other.value.sum() - 1e-3
        if first.value.sum() < other.value.sum() - 1.0:
            worse.append(period)
            assert not first.is_sure
    assert worse
