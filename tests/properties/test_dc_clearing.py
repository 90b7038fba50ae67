"""DC clearing: physical invariants, an independent solution, and what must not matter."""

from dataclasses import replace
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Case, Profiles, Trades, read_case, write_case
from gridpact.case.terms import Terms
from gridpact.clearing.dc_clearing import DcClearing, solve_dc
from gridpact.clearing.dc_model.dc_grid import DcGrid
from gridpact.clearing.network.injection import at_nodes
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.clearing.problem.solution import LimitedBy, Solution
from gridpact.dispatch import dispatch
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from tests.instances import random_case

NETWORKS = ("pandapower/cigre_lv", "pandapower/kerber_landnetz_kabel_1")
LINE_PERCENTS = (100.0, 10.0, 3.0)

cases = st.builds(
    random_case,
    st.integers(0, 10_000),
    network=st.sampled_from(NETWORKS),
    participants=st.sampled_from([4, 12, 30]),
    trades=st.sampled_from([1, 10, 60]),
    line_percent=st.sampled_from(LINE_PERCENTS),
)


def solved(case: Case) -> tuple[ClearingProblem, Solution]:
    problem = pose(case, case.trades, compile_source(case.network))
    return problem, solve_dc(problem)


def cleared_kw(case: Case) -> np.ndarray:
    """Cleared power of each trade in each period, (trades, T)."""
    problem, solution = solved(case)
    table = np.zeros((len(case.trades), case.horizon.periods))
    table[problem.offers.trade, problem.offers.period] = problem.offers.row_kw(solution.column_kw)
    return table


def test_a_period_without_a_binding_flow_clears_as_its_own_programme_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spared = 0
    for seed in range(12):
        case = random_case(seed, participants=30, trades=60, line_percent=(100.0, 10.0)[seed % 2])
        problem, solution = solved(case)
        with monkeypatch.context() as patch:
            patch.setattr(DcClearing, "_keeps_limits", keeps_none)
            exact = solve_dc(problem)
        cut = solution.column_kw < problem.offers.column_kw
        is_programme = np.zeros(problem.shape[0], dtype=bool)
        is_programme[solution.binding.period[solution.binding.limited_by >= LimitedBy.LINE]] = True
        spared += np.count_nonzero(cut & ~is_programme[problem.offers.column_period])
        np.testing.assert_allclose(solution.column_kw, exact.column_kw, rtol=0, atol=1e-7)
        np.testing.assert_allclose(solution.volume_bound_kw, exact.volume_bound_kw, rtol=0, atol=1e-7)
        np.testing.assert_array_equal(
            solution.limited_by >= LimitedBy.LINE, exact.limited_by >= LimitedBy.LINE
        )
        prices = [
            np.bincount(
                one.binding.period, one.binding.shadow_price_kw_per_percent, minlength=problem.shape[0]
            )
            for one in (solution, exact)
        ]
        np.testing.assert_allclose(*prices, rtol=0, atol=1e-7)
    assert spared > 100


def test_where_no_flow_binds_no_programme_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    case = replace(random_case(0, participants=30, trades=60), limits=Limits(line_loading_max_percent=1000.0))
    monkeypatch.setattr("gridpact.clearing.dc_clearing.LinearChoices", None)
    problem, solution = solved(case)
    assert np.count_nonzero(solution.column_kw < problem.offers.column_kw) > 10


def keeps_none(clearing: DcClearing, column_kw: np.ndarray) -> np.ndarray:
    return np.zeros(len(clearing._baseline_kw), dtype=bool)


def constraints(problem: ClearingProblem, period: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A y ≤ b of one period from power transfer factors, and its columns: a formulation without angles."""
    offers = problem.offers
    columns = np.flatnonzero(offers.column_period == period)
    sells = np.zeros((len(problem.participants), len(columns)))
    buys = np.zeros_like(sells)
    sells[offers.column_seller[columns], np.arange(len(columns))] = 1.0
    buys[offers.column_buyer[columns], np.arange(len(columns))] = 1.0
    injected = sells * problem.seller_injects[:, None] - buys * problem.buyer_draws[:, None]
    grid = DcGrid(problem.network, problem.limits)
    factors = transfer_factors(problem)
    baseline = factors @ problem.baseline_at_nodes.p_kw[period]
    effect = factors @ problem.connected.T.toarray() @ injected
    limited = np.isfinite(grid.flow_limit_kw)
    rows = np.vstack([sells, buys, effect[limited], -effect[limited]])
    caps = np.concatenate([problem.seller_cap_kw[period], problem.buyer_cap_kw[period]])

    def right(flow: np.ndarray) -> np.ndarray:
        above, below = np.maximum(grid.flow_limit_kw, flow), np.maximum(grid.flow_limit_kw, -flow)
        room = [above[limited] - baseline[limited], below[limited] + baseline[limited]]
        return np.concatenate([np.minimum(caps, 1e9), *room])

    bounds = [(0.0, kw) for kw in problem.offers.column_kw[columns]]
    nominal = right(np.zeros_like(baseline))
    if len(columns) and linprog(np.zeros(len(columns)), A_ub=rows, b_ub=nominal, bounds=bounds).status == 0:
        return rows, nominal, columns
    return rows, right(baseline), columns  # no choice keeps the case's own limits


def transfer_factors(problem: ClearingProblem) -> np.ndarray:
    """Flow per injection of a radial network: ±1 on the way to the supply, found by walking the tree."""
    branches, nodes = problem.network.branches, problem.network.nodes
    parent: dict[int, tuple[int, int, float]] = {}
    known = set(problem.network.slack_node.tolist())
    ends = list(zip(branches.from_node.tolist(), branches.to_node.tolist(), strict=True))
    while len(known) < nodes:
        for branch, (start, end) in enumerate(ends):
            if start in known and end not in known:
                parent[end] = (start, branch, -1.0)
                known.add(end)
            elif end in known and start not in known:
                parent[start] = (end, branch, 1.0)
                known.add(start)
    factors = np.zeros((len(branches), nodes))
    for node in range(nodes):
        here = node
        while here in parent:
            here, branch, sign = parent[here]
            factors[branch, node] = sign
    return factors


@given(cases)
@settings(max_examples=40, deadline=None)
def test_volume_equals_an_independent_linear_programme(case: Case) -> None:
    problem, solution = solved(case)
    for period in range(case.horizon.periods):
        rows, right, columns = constraints(problem, period)
        proposed = problem.offers.column_kw[columns]
        cleared = solution.column_kw[columns]
        if not len(columns):
            continue
        best = linprog(-np.ones(len(columns)), A_ub=rows, b_ub=right, bounds=[(0, q) for q in proposed])
        assert cleared.sum() == pytest.approx(-best.fun, abs=1e-6)
        assert solution.volume_bound_kw[period] == pytest.approx(-best.fun, abs=1e-6)
        assert np.all(rows @ cleared <= right + 1e-7)
        assert np.all(cleared >= 0.0)
        assert np.all(cleared <= proposed + 1e-12)


@given(cases)
@settings(max_examples=25, deadline=None)
def test_no_other_allocation_of_that_volume_is_more_even(case: Case) -> None:
    """Σ (q − y)² / q is convex: y is the least if no step towards another feasible z leads downhill."""
    problem, solution = solved(case)
    for period in range(case.horizon.periods):
        rows, right, columns = constraints(problem, period)
        proposed, cleared = problem.offers.column_kw[columns], solution.column_kw[columns]
        if not len(columns):
            continue
        slope = -2.0 * (proposed - cleared) / proposed
        downhill = linprog(
            slope,
            A_ub=rows,
            b_ub=right + 1e-8,
            A_eq=np.ones((1, len(columns))),
            b_eq=[cleared.sum()],
            bounds=[(0, q) for q in proposed],
        )
        assert downhill.status == 0, downhill.message
        assert downhill.fun >= slope @ cleared - 1e-5


@given(cases, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_row_order_of_trades_and_participants_changes_nothing(case: Case, random) -> None:
    trades, participants, profiles = case.trades, case.participants, case.profiles
    trade_order = random.sample(range(len(trades)), len(trades))
    order = random.sample(range(len(participants)), len(participants))
    position = np.argsort(order)
    shuffled = replace(
        case,
        trades=replace(
            trades,
            ids=tuple(trades.ids[k] for k in trade_order),
            seller=position[trades.seller[trade_order]],
            buyer=position[trades.buyer[trade_order]],
            start=trades.start[trade_order],
            end=trades.end[trade_order],
            power_kw=trades.power_kw[trade_order],
        ),
        participants=replace(
            participants,
            bus=participants.bus[order],
            firm=participants.firm[order],
            exports=participants.exports[order],
        ),
        profiles=Profiles(load_kw=profiles.load_kw[:, order], generation_kw=profiles.generation_kw[:, order]),
    )
    np.testing.assert_allclose(cleared_kw(shuffled), cleared_kw(case)[trade_order], rtol=0, atol=1e-7)


def cleared_table(case: Case) -> np.ndarray:
    """Cleared power of each row of cleared.csv, through files: written, read, cleared, in the order given."""
    with TemporaryDirectory() as folder:
        write_case(case, folder)
        table = gridpact.clear(read_case(folder)).cleared
    place = {name: index for index, name in enumerate(case.trades.ids)}
    order = np.lexsort([table["time"], table["trade"].map(place)])
    return table["cleared_kw"].to_numpy()[order]


@given(cases, st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_names_change_nothing(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    trades, participants = case.trades, case.participants
    renamed = replace(
        case,
        trades=replace(trades, ids=shuffled_names(rng, len(trades))),
        participants=replace(participants, ids=shuffled_names(rng, len(participants))),
    )
    np.testing.assert_allclose(cleared_table(renamed), cleared_table(case), rtol=0, atol=1e-7)


def shuffled_names(rng: np.random.Generator, count: int) -> tuple[str, ...]:
    """Names whose alphabetical order is a random one, some of them numbers with leading zeros."""
    return tuple(f"{number:04d}" if number % 2 else f"ä {number}" for number in rng.permutation(count))


@given(cases, st.floats(0.05, 0.95), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_splitting_a_trade_in_two_changes_nothing(case: Case, share: float, chosen: int) -> None:
    trades = case.trades
    one = chosen % len(trades)
    power = np.append(trades.power_kw, trades.power_kw[one] * share)
    power[one] *= 1.0 - share
    split = Trades(
        ids=(*trades.ids, "other half"),
        seller=np.append(trades.seller, trades.seller[one]),
        buyer=np.append(trades.buyer, trades.buyer[one]),
        start=np.append(trades.start, trades.start[one]),
        end=np.append(trades.end, trades.end[one]),
        power_kw=frozen(power, float),
        price_per_kwh=np.append(trades.price_per_kwh, 0.2),
        submitted=np.append(trades.submitted, 1),
        terms=Terms.none(len(trades) + 1),
    )
    whole, parts = cleared_kw(case), cleared_kw(replace(case, trades=split))
    joined = parts[:-1].copy()
    joined[one] += parts[-1]
    np.testing.assert_allclose(joined, whole, rtol=0, atol=1e-7)


@given(cases, st.floats(1.01, 3.0))
@settings(max_examples=25, deadline=None)
def test_more_line_limit_never_clears_less(case: Case, factor: float) -> None:
    wider = replace(
        case, limits=Limits(line_loading_max_percent=case.limits.line_loading_max_percent * factor)
    )
    assert cleared_kw(wider).sum() >= cleared_kw(case).sum() - 1e-6


@given(cases)
@settings(max_examples=25, deadline=None)
def test_the_schedule_balances(case: Case) -> None:
    count = len(case.participants)
    case = replace(
        case,
        participants=replace(
            case.participants,
            load_power_factor=np.linspace(0.8, 0.98, count),
            generation_power_factor=np.linspace(0.95, 0.85, count),
        ),
    )
    problem, solution = solved(case)
    sold = problem.offers.sold_kw(solution.column_kw, problem.shape)
    bought = problem.offers.bought_kw(solution.column_kw, problem.shape)
    plan = dispatch(case.participants, case.profiles, sold, bought)
    np.testing.assert_allclose(
        plan.load_kw,
        plan.own_use_kw + plan.p2p_bought_kw + plan.retail_import_kw + plan.unserved_kw,
        atol=1e-7,
    )
    np.testing.assert_allclose(
        plan.generation_kw,
        plan.own_use_kw + plan.p2p_sold_kw + plan.retail_export_kw + plan.curtailed_kw,
        atol=1e-7,
    )
    assert np.all(plan.unserved_kw[:, case.participants.firm] == 0.0)
    assert np.all(plan.curtailed_kw[:, case.participants.exports] == 0.0)
    injection = at_nodes(problem.connected, plan.injection(case.participants))
    expected = problem.injection_at_nodes(solution.column_kw)
    np.testing.assert_allclose(injection.p_kw, expected.p_kw, atol=1e-7)
    np.testing.assert_allclose(injection.q_kvar, expected.q_kvar, atol=1e-7)


@given(cases)
@settings(max_examples=30, deadline=None)
def test_every_cut_has_a_reason_that_binds(case: Case) -> None:
    problem, solution = solved(case)
    offers, binding = problem.offers, solution.binding
    known = set(
        zip(binding.period.tolist(), binding.limited_by.tolist(), binding.element.tolist(), strict=True)
    )
    for column in range(offers.columns):
        cut = offers.column_kw[column] - solution.column_kw[column] > 1e-7
        assert cut == (solution.limited_by[column] != LimitedBy.NOTHING)
        if cut:
            key = (
                int(offers.column_period[column]),
                int(solution.limited_by[column]),
                int(solution.element[column]),
            )
            assert key in known
