"""Rules of allocation under exact AC: each is best by its own measure, found independently."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

import gridpact
from gridpact.case import Allocation, Case
from gridpact.clearing.problem.solution import LimitedBy, PeriodStatus
from gridpact.clearing.rules import max_min, proportional, stage
from gridpact.clearing.solver import sqp
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.grid.limits import Limits
from tests.ac_instances import ac_case, cleared_kw, net_of, with_submissions
from tests.exact import ExactPeriod, worst_excess

NETWORKS = ("pandapower/cigre_lv", "pandapower/kerber_landnetz_freileitung_1")
LIMITS = {
    "voltage": Limits(voltage_min_pu=0.97, voltage_max_pu=1.03),
    "line": Limits(line_loading_max_percent=30.0),
}
SEEDS = (1, 2)
RELATIVE = 1e-6


def congested(seed: int, network: str, limits: str, allocation: Allocation) -> Case:
    case = ac_case(
        seed, network, sellers=3, buyers=3, trades=7, power_kw=50.0, firm=0.2, limits=LIMITS[limits]
    )
    return replace(with_submissions(case, seed, 3), allocation=allocation)


every_case = [
    pytest.param(seed, network, limits, id=f"{network.rsplit('/', 1)[1]}-{limits}-{seed}")
    for network in NETWORKS
    for limits in LIMITS
    for seed in SEEDS
]


def pair_of(case: Case) -> np.ndarray:
    """A number for each trade that is the same for trades between the same two participants."""
    return case.trades.seller * len(case.participants) + case.trades.buyer


@pytest.mark.parametrize(("seed", "network", "limits"), every_case)
def test_no_rule_clears_more_than_max_volume(seed: int, network: str, limits: str) -> None:
    volumes = {rule: cleared_kw(congested(seed, network, limits, rule)).sum() for rule in Allocation}
    most = volumes[Allocation.MAX_VOLUME]
    assert most > 1.0
    for rule, volume in volumes.items():
        assert volume <= most * (1 + RELATIVE), rule


@pytest.mark.parametrize("rule", list(Allocation))
@pytest.mark.parametrize(("seed", "network", "limits"), every_case)
def test_every_rule_keeps_every_limit(seed: int, network: str, limits: str, rule: Allocation) -> None:
    case = congested(seed, network, limits, rule)
    clearance = gridpact.clear(case)
    assert clearance.summary["status"] == "cleared"
    assert clearance.solution.status.max() <= PeriodStatus.ACCEPTABLE
    excess_pu, excess_points = worst_excess(net_of(case), clearance)
    assert excess_pu <= 1e-6
    assert excess_points <= 1e-3


@pytest.mark.parametrize(("seed", "network", "limits"), every_case)
def test_max_min_raises_none_without_lowering_one_below_it(seed: int, network: str, limits: str) -> None:
    """The mark of lexicographic optimality: with all columns of no greater share held, none can rise."""
    case = congested(seed, network, limits, Allocation.MAX_MIN)
    cleared = cleared_kw(case)[:, 0]
    proposed, pairs = case.trades.power_kw, pair_of(case)
    share = cleared / proposed
    exact = ExactPeriod(net_of(case), case)
    for pair in np.unique(pairs[share < 1.0 - 1e-6]):
        chosen = pairs == pair
        level = share[chosen].max()
        held = np.where(share <= level + 1e-6, cleared * (1 - 1e-9), 0.0)
        risen = exact.solve(chosen.astype(float), lower_kw=held).objective
        assert risen <= cleared[chosen].sum() + 1e-5 * proposed[chosen].sum()


@pytest.mark.parametrize("seed", range(6))
def test_max_min_over_caps_equals_linear_programmes(seed: int) -> None:
    """Raising the least share by linear programmes over caps alone, where the network is wide."""
    wide = Limits(
        voltage_min_pu=0.5,
        voltage_max_pu=1.5,
        line_loading_max_percent=1e3,
        transformer_loading_max_percent=1e3,
    )
    case = ac_case(seed, NETWORKS[0], sellers=3, buyers=3, trades=8, power_kw=2.0, limits=wide)
    case = replace(case, allocation=Allocation.MAX_MIN)
    rows, caps = cap_rows(case)
    expected = lexicographic(rows, caps, case.trades.power_kw)
    np.testing.assert_allclose(cleared_kw(case)[:, 0] / case.trades.power_kw, expected, atol=1e-5)


def cap_rows(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Rows and right sides of all caps over trades, in period 0."""
    people = np.arange(len(case.participants))[:, None]
    rows = np.vstack([people == case.trades.seller, people == case.trades.buyer]).astype(float)
    caps = np.concatenate([case.profiles.surplus_kw[0], case.profiles.residual_demand_kw[0]])
    return rows, caps


def lexicographic(rows: np.ndarray, caps: np.ndarray, proposed: np.ndarray) -> np.ndarray:
    """Max-min shares: raise all, then fix those that no linear programme can raise above the level."""
    count = len(proposed)
    fixed = np.full(count, np.nan)
    shares = rows * proposed
    while np.isnan(fixed).any():
        is_open = np.isnan(fixed)
        level = best_level(shares, caps, fixed)
        for column in np.flatnonzero(is_open):
            bounds = [
                (level - 1e-9, 1.0) if is_open[k] else (fixed[k] - 1e-9, fixed[k]) for k in range(count)
            ]
            goal = np.zeros(count)
            goal[column] = -1.0
            best = linprog(goal, A_ub=shares, b_ub=caps + 1e-9, bounds=bounds)
            if -best.fun <= level + 1e-6:
                fixed[column] = level
    return fixed


def best_level(shares: np.ndarray, caps: np.ndarray, fixed: np.ndarray) -> float:
    is_open = np.isnan(fixed)
    open_load = shares[:, is_open].sum(axis=1)
    used = shares[:, ~is_open] @ fixed[~is_open]
    loaded = open_load > 0
    return float(min(1.0, ((caps - used)[loaded] / open_load[loaded]).min()))


@pytest.mark.parametrize(("seed", "network", "limits"), every_case)
def test_proportional_satisfies_its_optimality_condition(seed: int, network: str, limits: str) -> None:
    """Σ q (y' − y) / y ≤ 0 for every allowed y': no change gains more in relative terms than it costs."""
    case = congested(seed, network, limits, Allocation.PROPORTIONAL)
    cleared = cleared_kw(case)[:, 0]
    proposed = case.trades.power_kw
    assert np.all(cleared > 0.0)
    exact = ExactPeriod(net_of(case), case)
    weights = proposed / cleared
    assert exact.solve(weights).objective <= (weights @ cleared) * (1 + 1e-5)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        other = exact.solve(rng.uniform(0.0, 1.0, len(proposed))).trade_kw
        assert weights @ (other - cleared) <= 1e-5 * (weights @ cleared)
        mixed = np.sum(proposed * np.log((0.9 * cleared + 0.1 * other) / proposed))
        assert mixed <= np.sum(proposed * np.log(cleared / proposed)) + 1e-5 * proposed.sum()


@pytest.mark.parametrize(("seed", "network", "limits"), every_case)
def test_priority_equals_solving_class_after_class(seed: int, network: str, limits: str) -> None:
    case = congested(seed, network, limits, Allocation.PRIORITY)
    cleared = cleared_kw(case)[:, 0]
    exact = ExactPeriod(net_of(case), case)
    kept: list[tuple[np.ndarray, float]] = []
    for time in np.unique(case.trades.submitted):
        chosen = (case.trades.submitted == time).astype(float)
        volume = exact.solve(chosen, at_least=kept).objective
        assert chosen @ cleared == pytest.approx(volume, rel=1e-5, abs=1e-3)
        kept.append((chosen, float(chosen @ cleared) * (1 - 1e-7)))


@pytest.mark.parametrize("rule", list(Allocation))
@pytest.mark.parametrize("limits", LIMITS)
def test_limits_that_are_listed_as_binding_do_bind(limits: str, rule: Allocation) -> None:
    case = ac_case(4, NETWORKS[0], trades=20, power_kw=40.0, firm=0.3, limits=LIMITS[limits], allocation=rule)
    clearance = gridpact.clear(case)
    state, binding = clearance.operation, clearance.solution.binding
    of_voltage = np.isin(binding.limited_by, (LimitedBy.VOLTAGE_MIN, LimitedBy.VOLTAGE_MAX))
    of_loading = np.isin(binding.limited_by, (LimitedBy.LINE, LimitedBy.TRANSFORMER))
    for chosen, values, tolerance in (
        (of_voltage, state.voltage_pu, 1e-4),
        (of_loading, state.loading_percent, 0.05),
    ):
        at = values[binding.period[chosen], binding.element[chosen]]
        np.testing.assert_allclose(at, binding.limit[chosen], rtol=0, atol=tolerance)


def test_shares_are_the_same_where_nothing_distinguishes_trades() -> None:
    for rule in (Allocation.MAX_VOLUME, Allocation.MAX_MIN, Allocation.PROPORTIONAL):
        case = congested(1, NETWORKS[0], "voltage", rule)
        share = cleared_kw(case)[:, 0] / case.trades.power_kw
        pairs = pair_of(case)
        for pair in np.unique(pairs):
            assert np.ptp(share[pairs == pair]) <= 1e-9


@pytest.mark.parametrize("rule", list(Allocation))
def test_solvers_that_fail_leave_the_best_that_keeps_every_limit(
    rule: Allocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = congested(2, NETWORKS[0], "voltage", rule)
    best = cleared_kw(replace(case, allocation=Allocation.MAX_VOLUME)).sum()

    def failing(programme, start, budget, **_):
        return Optimum.without_multipliers(programme, SolverStatus.FAILED, start)

    def failing_steps(programme, start, budget, *_, **__):
        if programme.situations is None:
            return (yield from sqp.maximise(programme, start, budget))
        return failing(programme, start, budget)
        yield

    for room in (stage, max_min, proportional):
        monkeypatch.setattr(room, "maximise", failing_steps)
    clearance = gridpact.clear(case)
    assert clearance.solution.status.tolist() == [PeriodStatus.BEST_FOUND]
    assert clearance.summary["status"] == "cleared"
    excess_pu, excess_points = worst_excess(net_of(case), clearance)
    assert excess_pu <= 1e-6
    assert excess_points <= 1e-3
    volume = clearance.solution.column_kw.sum()
    assert 0.0 < volume <= best * (1 + RELATIVE)
    cut = clearance.cleared[clearance.cleared.cleared_kw < clearance.cleared.proposed_kw - 1e-6]
    assert (cut.limited_by != "").all()
