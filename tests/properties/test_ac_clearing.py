"""AC clearing: what must hold for every case, and what must not matter."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Allocation, Case
from gridpact.case.terms import Terms
from gridpact.clearing.explain import active_caps, active_limits
from gridpact.clearing.network.network_state import KEPT_LOADING_PERCENT
from gridpact.clearing.problem.solution import LimitedBy, PeriodStatus
from gridpact.clearing.solver.optimum import SolverStatus
from gridpact.clearing.solver.programme import EVEN_CUT_WEIGHT
from gridpact.grid.limits import Limits
from gridpact.results import Clearance
from tests.ac_instances import ac_case, cleared_kw, table_kw, uncapped
from tests.congested import NONE_MADE_WORSE
from tests.markets import by_steps, market, posed

NETWORKS = ("pandapower/cigre_lv", "pandapower/kerber_landnetz_kabel_1")
SAME_KW = 1e-5
LIMITS = (
    Limits(),
    Limits(voltage_min_pu=0.97, voltage_max_pu=1.03),
    Limits(line_loading_max_percent=20.0),
    Limits(transformer_loading_max_percent=15.0),
)

cases = st.builds(
    ac_case,
    st.integers(0, 10_000),
    st.sampled_from(NETWORKS),
    trades=st.sampled_from([1, 8, 25]),
    power_kw=st.sampled_from([10.0, 40.0]),
    periods=st.sampled_from([1, 2]),
    firm=st.sampled_from([0.0, 0.5]),
    exports=st.sampled_from([0.0, 0.5]),
    power_factor=st.sampled_from([1.0, 0.95]),
    limits=st.sampled_from(LIMITS),
)
congested = st.builds(
    ac_case,
    st.integers(0, 10_000),
    st.sampled_from(NETWORKS),
    trades=st.sampled_from([4, 10]),
    power_kw=st.just(50.0),
    limits=st.sampled_from(LIMITS[1:]),
)
few = settings(max_examples=20, deadline=None)
fewer = settings(max_examples=10, deadline=None)


@given(cases, st.sampled_from(list(Allocation)))
@few
def test_an_allocation_is_feasible(case: Case, rule: Allocation) -> None:
    clearance = gridpact.clear(replace(case, allocation=rule))
    if not clearance.baseline.converged.all():
        assert clearance.summary["status"] == "not_converged"
        return
    kw, offered = clearance.solution.column_kw, clearance.offers
    assert clearance.summary["status"] in NONE_MADE_WORSE
    assert np.all(kw >= 0.0)
    assert np.all(kw <= offered.column_kw)
    shape = case.profiles.load_kw.shape
    assert np.all(offered.sold_kw(kw, shape) <= case.profiles.surplus_kw + 1e-6)
    assert np.all(offered.bought_kw(kw, shape) <= case.profiles.residual_demand_kw + 1e-6)
    limits, state = clearance.operating_limits, clearance.operation
    assert limits.voltage_excess_pu(state.voltage_pu).max() <= 1e-7
    assert limits.loading_excess_percent(state.loading_percent).max() <= KEPT_LOADING_PERCENT
    assert np.all(kw.sum() <= clearance.solution.volume_bound_kw.sum() * (1 + 1e-9) + 1e-6)


@given(cases)
@few
def test_every_cut_has_a_reason_and_no_other_trade_has_one(case: Case) -> None:
    clearance = gridpact.clear(case)
    cut = clearance.offers.column_kw - clearance.solution.column_kw > 0.0
    np.testing.assert_array_equal(cut, clearance.solution.limited_by != LimitedBy.NOTHING)


@given(
    cases,
    st.sampled_from(
        ["voltage_min_pu", "voltage_max_pu", "line_loading_max_percent", "transformer_loading_max_percent"]
    ),
    st.floats(0.002, 0.3),
)
@few
def test_more_limit_never_clears_less(case: Case, name: str, more: float) -> None:
    before = getattr(case.limits, name)
    sign = -1.0 if name == "voltage_min_pu" else 1.0
    scale = 0.1 if name.startswith("voltage") else 1.0
    wider = replace(case, limits=replace(case.limits, **{name: before * (1 + sign * scale * more)}))
    # Where the bare network breaks a limit, what clears beside it is of the order of a tolerance's root.
    assert cleared_kw(wider).sum() >= cleared_kw(case).sum() * (1 - 1e-5) - 1e-3


def same_kw(case: Case) -> float:
    """Within what two clearings of one case must agree.

    Where the baseline stands at a limit that every trade would worsen, hardly anything may clear, and the
    price of that limit is without bound: what little clears is what the solver's tolerance on the limit, of
    1e-10, is worth there. Such a case shows by its shadow prices, which otherwise add nothing to speak of.
    """
    clearance = gridpact.clear(replace(case, allocation=Allocation.MAX_VOLUME))
    return SAME_KW + 1e-7 * float(clearance.limits["shadow_price"].sum())


@given(cases, st.sampled_from(list(Allocation)), st.randoms(use_true_random=False))
@few
def test_row_order_and_names_change_nothing(case: Case, rule: Allocation, random) -> None:
    case = replace(case, allocation=rule)
    trades, people, profiles = case.trades, case.participants, case.profiles
    trade_order = random.sample(range(len(trades)), len(trades))
    order = random.sample(range(len(people)), len(people))
    position = np.argsort(order)
    shuffled = replace(
        case,
        trades=replace(
            trades,
            ids=tuple(f"renamed-{k}" for k in trade_order),
            seller=position[trades.seller[trade_order]],
            buyer=position[trades.buyer[trade_order]],
            start=trades.start[trade_order],
            end=trades.end[trade_order],
            power_kw=trades.power_kw[trade_order],
        ),
        participants=replace(
            people,
            ids=tuple(f"someone-{k}" for k in order),
            bus=people.bus[order],
            firm=people.firm[order],
            exports=people.exports[order],
        ),
        profiles=replace(
            profiles,
            load_kw=profiles.load_kw[:, order],
            generation_kw=profiles.generation_kw[:, order],
        ),
    )
    np.testing.assert_allclose(
        cleared_kw(shuffled), cleared_kw(case)[trade_order], rtol=0, atol=same_kw(case)
    )


@given(cases, st.sampled_from([Allocation.MAX_VOLUME, Allocation.MAX_MIN]), st.floats(0.05, 0.95))
@few
def test_splitting_a_trade_changes_nothing(case: Case, rule: Allocation, share: float) -> None:
    case = replace(case, allocation=rule)
    trades = case.trades
    power = np.append(trades.power_kw, trades.power_kw[0] * (1 - share))
    power[0] *= share
    split = replace(
        trades,
        ids=(*trades.ids, "other part"),
        seller=np.append(trades.seller, trades.seller[0]),
        buyer=np.append(trades.buyer, trades.buyer[0]),
        start=np.append(trades.start, trades.start[0]),
        end=np.append(trades.end, trades.end[0]),
        power_kw=frozen(power, float),
        price_per_kwh=np.append(trades.price_per_kwh, 0.2),
        submitted=np.append(trades.submitted, trades.submitted[0]),
        terms=Terms.none(len(trades) + 1),
    )
    parts = cleared_kw(replace(case, trades=split))
    joined = parts[:-1].copy()
    joined[0] += parts[-1]
    np.testing.assert_allclose(joined, cleared_kw(case), rtol=0, atol=same_kw(case))


@given(cases)
@fewer
def test_a_period_does_not_depend_on_the_others(case: Case) -> None:
    assume(np.all(case.trades.start == 0))
    first = replace(
        case,
        horizon=replace(case.horizon, periods=1),
        profiles=replace(
            case.profiles, load_kw=case.profiles.load_kw[:1], generation_kw=case.profiles.generation_kw[:1]
        ),
        trades=replace(case.trades, end=np.minimum(case.trades.end, 1)),
    )
    np.testing.assert_allclose(cleared_kw(first)[:, 0], cleared_kw(case)[:, 0], rtol=0, atol=SAME_KW)


def moved(clearance: Clearance, kind: LimitedBy, share: float) -> Clearance:
    """The clearance after a limit of the whole network moves by a share of itself."""
    case = clearance.case
    name = {
        LimitedBy.VOLTAGE_MIN: "voltage_min_pu",
        LimitedBy.VOLTAGE_MAX: "voltage_max_pu",
        LimitedBy.LINE: "line_loading_max_percent",
        LimitedBy.TRANSFORMER: "transformer_loading_max_percent",
    }[kind]
    value = getattr(case.limits, name) * (1.0 + share)
    return gridpact.clear(replace(case, limits=replace(case.limits, **{name: value})))


PRICED = {
    LimitedBy.VOLTAGE_MIN: Limits(voltage_min_pu=0.98),
    LimitedBy.VOLTAGE_MAX: Limits(voltage_max_pu=1.02),
    LimitedBy.LINE: Limits(line_loading_max_percent=25.0),
    LimitedBy.TRANSFORMER: Limits(transformer_loading_max_percent=20.0),
}


@pytest.mark.parametrize("kind", PRICED)
def test_shadow_prices_equal_finite_differences(kind: LimitedBy) -> None:
    """Moved by a little both ways; where left and right slopes disagree there is no price to compare with."""
    step = 2e-5 if kind in (LimitedBy.VOLTAGE_MIN, LimitedBy.VOLTAGE_MAX) else 2e-4
    compared = kinks = 0
    for seed in range(12):
        case = uncapped(ac_case(seed, NETWORKS[0], power_kw=45.0, firm=0.2, limits=PRICED[kind]))
        clearance = gridpact.clear(case)
        binding = clearance.solution.binding
        if not (binding.limited_by == kind).any() or clearance.summary["baseline_violations"]:
            continue
        assert clearance.solution.status[0] <= PeriodStatus.ACCEPTABLE
        here = clearance.solution.column_kw.sum()
        up, down = (moved(clearance, kind, sign * step).solution.column_kw.sum() for sign in (1.0, -1.0))
        right, left = (up - here) / (100.0 * step), (here - down) / (100.0 * step)
        if abs(right - left) > 0.01 * abs(right + left) / 2:
            kinks += 1
            continue
        price = binding.shadow_price_kw_per_percent[binding.limited_by == kind].sum()
        assert price == pytest.approx(abs(right + left) / 2, rel=0.01, abs=1e-3)
        compared += 1
    assert compared >= 3
    assert kinks <= compared


@given(congested)
@few
def test_the_shares_of_an_interior_column_add_up(case: Case) -> None:
    """1 + even cut = seller's dual + buyer's dual + Σ dual · effect, for columns strictly inside."""
    problem, tight = posed(case)
    assume(len(tight) > 0)
    one = market(problem, tight[0])
    optimum = by_steps(one)
    assume(optimum.status is SolverStatus.OPTIMAL)
    active, caps = active_limits(one, optimum, 0), active_caps(one, optimum, 0)
    columns, offers = one.part.columns, problem.offers
    fraction = optimum.value / one.part.upper_kw
    interior = (fraction > 1e-3) & (fraction < 1.0 - 1e-3)
    gain = 1.0 + 2.0 * EVEN_CUT_WEIGHT * (1.0 - fraction)
    used = caps.seller_dual[offers.column_seller[columns]] + caps.buyer_dual[offers.column_buyer[columns]]
    used = used + active.dual @ active.effect
    np.testing.assert_allclose(used[interior], gain[interior], rtol=0, atol=1e-4)
    cut_off, whole = fraction < 1e-6, fraction > 1.0 - 1e-6
    assert np.all(used[cut_off] >= gain[cut_off] - 1e-4)
    assert np.all(used[whole] <= gain[whole] + 1e-4)


def test_table_kw_adds_up_to_the_volume() -> None:
    clearance = gridpact.clear(ac_case(1, NETWORKS[0], periods=2))
    assert table_kw(clearance).sum() == pytest.approx(clearance.solution.column_kw.sum())
