"""Trades, feed-in and curtailment against an exact optimum found apart, by Ipopt on pandapower's tables."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Allocation, Terms
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.feed_in import FeedInClearing
from gridpact.clearing.problem.problem import pose
from gridpact.clearing.relaxed_limits import with_limits_decided
from gridpact.clearing.solver.budget import Budget
from tests.ac_instances import net_of, with_submissions
from tests.exact import NoOptimum, worst_excess
from tests.feed_in.exact_feed_in import FeedInPeriod
from tests.feed_in.random_feed_in import cleared, feed_in_case, trade_kw

BREAKS = (9, 15, 16, 18, 29, 35)  # feed-in breaks limits, and is curtailed in part
COMPETES = (3, 4, 17)  # it has to give way to trades wholly
HELPS = (56, 59, 69, 99, 155)  # more is traded than without it
MENDS = (24, 87, 89, 149)  # it keeps limits that firm loads break without it
CANNOT_MEND = (2, 25, 67, 105, 151)  # firm loads break limits that no choice keeps
SEEDS = (*BREAKS, *COMPETES, *HELPS, *MENDS, *CANNOT_MEND)
NEAR, NEAR_KW = 1e-4, 1e-4


def agree(one: float, other: float) -> bool:
    return abs(one - other) <= NEAR * max(abs(one), abs(other)) + NEAR_KW


@pytest.mark.parametrize("seed", SEEDS)
def test_trades_and_feed_in_are_those_of_another_exact_optimum(seed: int, tmp_path: Path) -> None:
    case = feed_in_case(seed, tmp_path)
    clearance = cleared(case)
    exact, traded_kw = FeedInPeriod(net_of(case), case), trade_kw(clearance)
    assert agree(traded_kw.sum(), exact.volume_kw())
    proposed_kw = case.trades.power_kw
    own, even = (np.sum((proposed_kw - kw) ** 2 / proposed_kw) for kw in (traded_kw, exact.greatest()))
    assert own <= even * (1 + 1e-5) + 1e-4
    fed_in_kw, available_kw = clearance.fed_in.fed_in_kw[0], clearance.fed_in.available_kw[0]
    most = exact.most(traded_kw)
    apart = np.bincount(exact.case.trades.seller, np.where(exact.is_fed, most, 0.0), len(fed_in_kw) + 1)[:-1]
    assert agree(fed_in_kw.sum(), apart.sum())
    np.testing.assert_allclose(fed_in_kw, apart, atol=0.02)
    assert np.all(fed_in_kw <= available_kw)
    assert exact.exact._relaxed == (clearance.summary["status"] == "baseline_unsafe")


@pytest.mark.parametrize("seed", BREAKS)
def test_it_is_curtailed_in_part_where_it_breaks_limits(seed: int, tmp_path: Path) -> None:
    fed_in = cleared(feed_in_case(seed, tmp_path)).fed_in
    assert 0.0 < fed_in.fed_in_kw.sum() < fed_in.available_kw.sum() - 1.0


@pytest.mark.parametrize("seed", HELPS)
def test_it_is_free_to_help_trades(seed: int, tmp_path: Path) -> None:
    case = feed_in_case(seed, tmp_path)
    nobody = replace(case.participants, exports=np.zeros(len(case.participants), dtype=bool))
    assert trade_kw(cleared(case)).sum() > trade_kw(cleared(case, participants=nobody)).sum() + 0.05


@pytest.mark.parametrize("seed", MENDS)
def test_it_mends_what_firm_loads_break(seed: int, tmp_path: Path) -> None:
    case = feed_in_case(seed, tmp_path)
    nobody = replace(case.participants, exports=np.zeros(len(case.participants), dtype=bool))
    clearance = cleared(case)
    assert clearance.summary["status"] == "cleared"
    assert clearance.summary["baseline_violations"]
    assert cleared(case, participants=nobody).summary["status"] == "baseline_unsafe"


@pytest.mark.parametrize("seed", CANNOT_MEND)
def test_it_says_so_where_no_choice_mends_what_firm_loads_break(seed: int, tmp_path: Path) -> None:
    clearance = cleared(feed_in_case(seed, tmp_path))
    assert clearance.summary["status"] == "baseline_unsafe"
    assert clearance.summary["remaining_violations"]
    assert not clearance.summary["violations"]


@pytest.mark.parametrize("seed", SEEDS)
def test_pandapower_finds_the_limits_of_the_case_kept(seed: int, tmp_path: Path) -> None:
    case = feed_in_case(seed, tmp_path)
    clearance = cleared(case)
    bare = replace(
        case, participants=replace(case.participants, exports=np.zeros(len(case.participants), bool))
    )
    excess_pu, excess_points = worst_excess(net_of(case), clearance, bare)
    assert excess_pu <= 1e-6
    assert excess_points <= 1e-4


@pytest.mark.parametrize("seed", (16, 18, 29, 35, 69, 87))
def test_even_curtailment_raises_the_least_share_as_far_as_the_network_carries(
    seed: int, tmp_path: Path
) -> None:
    case = feed_in_case(seed, tmp_path)
    clearance = cleared(case, curtailment="even")
    fed_in = clearance.fed_in
    has = fed_in.available_kw[0] > 1e-6
    share = (fed_in.fed_in_kw[0][has] / fed_in.available_kw[0][has]).min()
    exact = FeedInPeriod(net_of(case), case)
    assert share == pytest.approx(exact.least_share(trade_kw(clearance)), abs=NEAR)
    assert clearance.fed_in.fed_in_kw.sum() <= cleared(case).fed_in.fed_in_kw.sum() + NEAR_KW


@pytest.mark.parametrize("seed", (15, 56, 69, 87, 151))
def test_priority_is_lexicographic_with_feed_in_free(seed: int, tmp_path: Path) -> None:
    case = with_submissions(feed_in_case(seed, tmp_path), seed, 3)
    clearance = cleared(case, allocation=Allocation.PRIORITY)
    exact, traded_kw = FeedInPeriod(net_of(case), case), trade_kw(clearance)
    kept: list[tuple[np.ndarray, float]] = []
    for moment in np.unique(case.trades.submitted):
        is_class = np.zeros(len(exact.is_trade))
        is_class[: exact.own] = case.trades.submitted == moment
        volume_kw = exact.exact.solve(is_class, at_least=kept).objective
        kept.append((is_class, volume_kw * (1 - 1e-9) - 1e-7))
        assert traded_kw[case.trades.submitted == moment].sum() == pytest.approx(
            volume_kw, rel=NEAR, abs=1e-3
        )


@pytest.mark.parametrize("seed", (15, 56, 69, 87))
def test_max_min_is_the_greatest_level_with_feed_in_free(seed: int, tmp_path: Path) -> None:
    case = feed_in_case(seed, tmp_path)
    clearance = cleared(case, allocation=Allocation.MAX_MIN)
    exact, level = FeedInPeriod(net_of(case), case), float((trade_kw(clearance) / case.trades.power_kw).min())
    proposed_kw = np.where(exact.is_trade, exact.case.trades.power_kw, 0.0)
    wanted = exact.is_trade.astype(float)
    exact.exact.solve(wanted, (level - NEAR) * proposed_kw)
    if level < 1.0 - 2e-4:
        with pytest.raises(NoOptimum):
            exact.exact.solve(wanted, (level + 2 * NEAR) * proposed_kw)


@pytest.mark.parametrize("seed", (3, 15, 56, 69, 87, 105))
def test_all_or_nothing_trades_are_the_best_choice_with_feed_in_free(seed: int, tmp_path: Path) -> None:
    case = feed_in_case(seed, tmp_path)
    count = min(len(case.trades), 4)
    plain = replace(case, trades=case.trades.at(np.arange(count)))
    whole = replace(Terms.none(count), min_fraction=frozen(np.ones(count), float))
    clearance = cleared(plain, trades=replace(plain.trades, terms=whole))
    exact = FeedInPeriod(net_of(plain), plain)
    assert agree(trade_kw(clearance).sum(), _best_choice(exact, count))
    traded_kw = trade_kw(clearance)
    most = exact.most(traded_kw)
    assert agree(clearance.fed_in.fed_in_kw.sum(), most[exact.is_fed].sum())


def _best_choice(exact: FeedInPeriod, count: int) -> float:
    """The greatest volume of whole trades, within the case's own limits where any choice keeps them."""
    proposed_kw, best_kw = exact.case.trades.power_kw, -np.inf
    for relaxed in (False, True):
        exact.exact._build(relaxed=relaxed)
        for choice in product((0.0, 1.0), repeat=count):
            whole_kw = np.zeros(len(proposed_kw))
            whole_kw[:count] = np.array(choice) * proposed_kw[:count]
            upper_kw = np.where(exact.is_fed, proposed_kw, whole_kw)
            try:
                exact.exact.solve(exact.is_fed.astype(float), whole_kw, upper_kw)
            except NoOptimum:
                continue
            best_kw = max(best_kw, float(whole_kw.sum()))
        if best_kw >= 0.0:
            return best_kw
    return 0.0


@pytest.mark.parametrize("seed", (15, 16, 56, 69, 87, 151))
def test_commitments_come_before_trades_and_trades_before_feed_in(seed: int, tmp_path: Path) -> None:
    whole = feed_in_case(seed, tmp_path)
    count, firm = len(whole.trades), max(1, len(whole.trades) // 2)
    case = replace(
        whole,
        commitments=whole.trades.at(np.arange(firm)),
        trades=whole.trades.at(np.arange(firm, count)),
    )
    clearance = cleared(case)
    exact, traded_kw = FeedInPeriod(net_of(whole), whole), trade_kw(clearance)
    is_firm, is_new = (np.zeros(len(exact.is_trade)) for _ in range(2))
    is_firm[:firm], is_new[firm:count] = 1.0, 1.0
    assert agree(traded_kw[:firm].sum(), exact.exact.solve(is_firm).objective)
    lower, upper = np.zeros(len(is_firm)), exact.case.trades.power_kw.copy()
    lower[:firm], upper[:firm] = np.maximum(traded_kw[:firm] - 1e-7, 0.0), traded_kw[:firm] + 1e-7
    assert agree(traded_kw[firm:].sum(), exact.exact.solve(is_new, lower, upper).objective)
    assert agree(clearance.fed_in.fed_in_kw.sum(), exact.most(traded_kw)[exact.is_fed].sum())


@pytest.mark.parametrize("seed", (9, 56, 59, 69))
def test_a_certificate_bounds_trades_with_feed_in_free(seed: int, tmp_path: Path) -> None:
    clearance = gridpact.clear(feed_in_case(seed, tmp_path), certify=True)
    bound = clearance.summary["bound"]
    assert 0.0 <= bound["gap"] <= 1e-5
    assert bound["upper_kwh"] >= clearance.summary["cleared_kwh"] - 1e-6


def test_firm_feed_in_is_taken_in_full_whatever_it_breaks(tmp_path: Path) -> None:
    case = feed_in_case(18, tmp_path)
    clearance = cleared(case, feed_in="firm")
    assert not clearance.fed_in.curtailed_kw.any()
    assert clearance.summary["status"] == "baseline_unsafe"


def test_the_baseline_is_fed_into_by_the_same_rule(tmp_path: Path) -> None:
    case = feed_in_case(18, tmp_path)
    clearance, nothing = cleared(case), cleared(case, trades=case.trades.at(np.arange(0)))
    np.testing.assert_allclose(clearance.baseline.voltage_pu, nothing.operation.voltage_pu, atol=1e-9)
    assert nothing.summary["feed_in"]["curtailed_kwh"] > 1.0


def test_a_net_of_pandapower_is_what_the_oracle_is_made_of(tmp_path: Path) -> None:
    """The oracle's own state of a schedule, by `runpp`, is the one that gridpact says."""
    case = feed_in_case(18, tmp_path)
    clearance = cleared(case)
    net, people = net_of(case), case.participants
    net.load, net.sgen = net.load.iloc[:0], net.sgen.iloc[:0]
    injected = clearance.dispatch.injection(people)
    for bus, p_kw, q_kvar in zip(people.bus, injected.p_kw[0], injected.q_kvar[0], strict=True):
        pp.create_sgen(net, int(bus), p_mw=p_kw / 1e3, q_mvar=q_kvar / 1e3)
    pp.runpp(net, calculate_voltage_angles=True, tolerance_mva=1e-9, numba=False)
    found = net.res_bus.vm_pu.loc[clearance.network.bus_ids].to_numpy()
    np.testing.assert_allclose(found, clearance.operation.voltage_pu[0], atol=1e-7)


def test_many_periods_are_doubted_like_one(tmp_path: Path) -> None:
    """The first optimum of this period is not the best; of many of them only a few are looked at first."""
    case, periods = feed_in_case(58, tmp_path), 14
    trades = case.trades
    many = replace(
        case,
        horizon=replace(case.horizon, periods=periods),
        profiles=replace(
            case.profiles,
            load_kw=frozen(np.tile(case.profiles.load_kw, (periods, 1)), float),
            generation_kw=frozen(np.tile(case.profiles.generation_kw, (periods, 1)), float),
        ),
        trades=replace(trades, end=frozen(np.full(len(trades), periods), np.int64)),
    )
    alone, together = cleared(case), cleared(many)
    one_kw = alone.fed_in.fed_in_kw.sum()
    np.testing.assert_allclose(together.fed_in.fed_in_kw.sum(axis=1), one_kw, rtol=1e-6)
    exact = FeedInPeriod(net_of(case), case)
    assert (
        one_kw
        >= exact.exact.solve(exact.is_fed.astype(float), *exact._around(trade_kw(alone))).objective - 1e-3
    )


def test_what_is_fed_in_beside_trades_saves_steps_to_what_is_without_them(tmp_path: Path) -> None:
    saved, differ = 0, []
    for seed in BREAKS:
        case = feed_in_case(seed, tmp_path)
        network = gridpact.compile_network(case)
        budget = Budget()
        problem = with_limits_decided(pose(case, case.trades, network), budget)
        after, alone = FeedInClearing(problem, case, budget), FeedInClearing(problem, case, budget)
        after.beside(solve_ac(problem, budget))
        before = budget.spent
        near_kw = after.alone().fed_in_kw
        middle = budget.spent
        afar_kw = alone.alone().fed_in_kw
        saved += (budget.spent - middle) - (middle - before)
        differ.append(near_kw.sum() - afar_kw.sum())
    assert saved >= len(BREAKS)
    np.testing.assert_allclose(differ, 0.0, atol=1e-6)
