"""Trades with terms: random cases beside an independent programme, and what must not matter."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandapower as pp
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Case, Formulation, read_case, write_case
from gridpact.case.terms import Terms
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from tests.ac_instances import net_of, table_kw
from tests.congested import NONE_MADE_WORSE
from tests.terms_check import assert_terms_hold
from tests.terms_exact import enumerate_indivisible
from tests.terms_instances import CIGRE, DAY, random_terms_case, tight_case, with_terms
from tests.terms_oracle import Linear, Optimum, Shares
from tests.unit.test_results_dc_reference import meshed, two_supplies

SAME_KW = 1e-6
UNEVENNESS_KW = 1e-5

mixed = st.builds(
    random_terms_case,
    st.integers(0, 1_000_000),
    trades=st.sampled_from([2, 6, 12]),
    periods=st.sampled_from([1, 4, 12]),
    sellers=st.sampled_from([1, 3]),
    buyers=st.sampled_from([2, 4]),
    formulation=st.sampled_from(list(Formulation)),
)
days = st.builds(
    random_terms_case,
    st.integers(0, 1_000_000),
    trades=st.sampled_from([6, 12]),
    periods=st.just(DAY),
    per_period=st.just(False),
    formulation=st.sampled_from(list(Formulation)),
)
on_network = st.builds(
    random_terms_case,
    st.integers(0, 1_000_000),
    trades=st.sampled_from([4, 10]),
    periods=st.sampled_from([1, 4]),
    limits=st.sampled_from(
        [
            Limits(line_loading_max_percent=0.3, transformer_loading_max_percent=1e3),
            Limits(transformer_loading_max_percent=0.3),
        ]
    ),
)
tight = st.builds(
    tight_case,
    st.integers(0, 1_000_000),
    st.sampled_from([CIGRE, "pandapower/kerber_landnetz_kabel_1"]),
    trades=st.sampled_from([3, 7]),
    periods=st.sampled_from([1, 2]),
    power_kw=st.sampled_from([20.0, 50.0]),
    firm=st.sampled_from([0.0, 0.4]),
    exports=st.sampled_from([0.0, 0.4]),
    power_factor=st.sampled_from([1.0, 0.95]),
    limits=st.sampled_from(
        [
            Limits(voltage_min_pu=0.7, voltage_max_pu=1.02),
            Limits(voltage_min_pu=0.975, voltage_max_pu=1.3),
            Limits(transformer_loading_max_percent=12.0),
            Limits(line_loading_max_percent=12.0),
        ]
    ),
)
many = settings(max_examples=40, deadline=None)
few = settings(max_examples=15, deadline=None)


def cleared_kw(case: Case) -> np.ndarray:
    """Cleared power of each trade in each period, (trades, T)."""
    return table_kw(gridpact.clear(case))


def assert_optimal(case: Case, table: np.ndarray, linear: Linear) -> Optimum:
    """Cleared powers have the greatest volume, the preferred decisions and the most even cut of those."""
    best, shares = linear.best(), linear.shares
    assert_terms_hold(case, table)
    if linear.is_relaxed:  # where a choice keeps the case's own limits, these hold
        assert table.sum() <= best.volume + SAME_KW
        return best
    assert table.sum() == pytest.approx(best.volume, abs=SAME_KW)
    fraction, accepted = shares.fraction(table), np.array(best.accepted, dtype=bool)
    lower, upper = shares.bounds(accepted)
    assert np.all(fraction <= upper + SAME_KW)
    assert np.all(fraction >= lower - SAME_KW)
    least = linear.unevenness(linear.most_even(accepted))
    assert linear.unevenness(fraction) == pytest.approx(least, rel=1e-6, abs=UNEVENNESS_KW)
    return best


@given(mixed)
@many
def test_terms_over_caps(case: Case) -> None:
    assert_optimal(case, cleared_kw(case), Linear(case))


@given(days)
@few
def test_terms_over_caps_of_a_whole_day(case: Case) -> None:
    assert_optimal(case, cleared_kw(case), Linear(case))


@given(on_network)
@few
def test_terms_under_the_dc_model(case: Case) -> None:
    assert_optimal(case, cleared_kw(case), Linear(case, net_of(case)))


def test_the_dc_limits_of_these_cases_bind() -> None:
    stopped = 0
    for seed in range(10):
        case = random_terms_case(seed, limits=Limits(line_loading_max_percent=0.3))
        volume = assert_optimal(case, cleared_kw(case), Linear(case, net_of(case))).volume
        stopped += volume < Linear(case).greatest() - 1e-3
    assert stopped >= 3


@pytest.mark.parametrize("make_net", [meshed, two_supplies])
def test_terms_in_meshes_and_with_two_supplies(make_net, tmp_path: Path) -> None:
    stopped, net = 0, make_net()
    path = tmp_path / "net.json"
    pp.to_json(net, str(path))
    for seed in range(12):
        case = random_terms_case(
            seed,
            network=NetworkSource(file=path),
            buses=(1, 2, 3, 4),
            limits=Limits(line_loading_max_percent=3.0, transformer_loading_max_percent=1e3),
        )
        volume = assert_optimal(case, cleared_kw(case), Linear(case, net)).volume
        stopped += volume < Linear(case).greatest() - 1e-3
    assert stopped >= 3


@given(tight)
@few
def test_indivisible_trades_under_ac(case: Case) -> None:
    network = compile_source(case.network)
    assume(Shares(case).decisions <= 12)
    every = enumerate_indivisible(case, network)
    clearance = gridpact.clear(case, network=network)
    table, shares = table_kw(clearance), Shares(case)
    assert clearance.summary["status"] in NONE_MADE_WORSE
    assert_terms_hold(case, table)
    assert table.sum() == pytest.approx(every.best.volume, rel=1e-5, abs=SAME_KW)
    assert tuple(shares.accepted(shares.fraction(table)).tolist()) == every.best.accepted
    upper_kw = clearance.summary["bound"]["upper_kwh"] / case.horizon.hours_per_period
    assert upper_kw >= every.best.volume - SAME_KW


@given(mixed)
@few
def test_the_bound_is_proven_and_reached_over_caps(case: Case) -> None:
    summary = gridpact.clear(case).summary
    volume_kwh = Linear(case).greatest() * case.horizon.hours_per_period
    assert summary["bound"]["upper_kwh"] == pytest.approx(volume_kwh, abs=SAME_KW)
    assert summary["bound"]["gap"] == pytest.approx(0.0, abs=1e-6)


@given(mixed)
@few
def test_every_cut_has_a_reason_and_no_other_trade_has_one(case: Case) -> None:
    clearance = gridpact.clear(case)
    cut = clearance.offers.column_kw - clearance.solution.column_kw > 0.0
    np.testing.assert_array_equal(cut, clearance.solution.limited_by != LimitedBy.NOTHING)


@given(mixed, st.randoms(use_true_random=False))
@few
def test_row_order_and_names_that_keep_the_order_change_nothing(case: Case, random) -> None:
    trades, people, profiles = case.trades, case.participants, case.profiles
    rows = np.array(random.sample(range(len(trades)), len(trades)))
    order = random.sample(range(len(people)), len(people))
    position = np.argsort(order)
    shuffled = replace(
        case,
        trades=replace(
            trades,
            ids=tuple(f"renamed {trades.ids[k]}" for k in rows),
            seller=position[trades.seller[rows]],
            buyer=position[trades.buyer[rows]],
            start=trades.start[rows],
            end=trades.end[rows],
            power_kw=trades.power_kw[rows],
            submitted=trades.submitted[rows],
            terms=trades.terms.at(rows),
        ),
        participants=replace(
            people,
            ids=tuple(f"someone-{k}" for k in order),
            bus=people.bus[order],
            firm=people.firm[order],
            exports=people.exports[order],
        ),
        profiles=replace(
            profiles, load_kw=profiles.load_kw[:, order], generation_kw=profiles.generation_kw[:, order]
        ),
    )
    np.testing.assert_allclose(cleared_kw(shuffled), cleared_kw(case)[rows], rtol=0, atol=SAME_KW)


@given(mixed)
@few
def test_a_written_case_clears_the_same(case: Case) -> None:
    """Terms survive the files, whatever numbers groups and links have."""
    with TemporaryDirectory() as folder:
        write_case(case, folder)
        read = read_case(folder)
    assert read.trades.ids == case.trades.ids
    np.testing.assert_allclose(cleared_kw(read), cleared_kw(case), rtol=0, atol=SAME_KW)


@given(mixed, st.floats(0.05, 0.95), st.integers(0, 1_000))
@few
def test_splitting_a_plain_trade_changes_nothing(case: Case, share: float, chosen: int) -> None:
    trades = case.trades
    plain = np.flatnonzero(~trades.terms.given)
    assume(len(plain))
    one = int(plain[chosen % len(plain)])
    power = np.append(trades.power_kw, trades.power_kw[one] * share)
    power[one] *= 1.0 - share
    split = replace(
        trades,
        ids=(*trades.ids, "t other part"),
        seller=np.append(trades.seller, trades.seller[one]),
        buyer=np.append(trades.buyer, trades.buyer[one]),
        start=np.append(trades.start, trades.start[one]),
        end=np.append(trades.end, trades.end[one]),
        power_kw=frozen(power, float),
        price_per_kwh=np.append(trades.price_per_kwh, 0.2),
        submitted=np.append(trades.submitted, 1),
        terms=trades.terms.followed_by(Terms.none(1)),
    )
    parts = cleared_kw(replace(case, trades=split))
    joined = parts[:-1].copy()
    joined[one] += parts[-1]
    np.testing.assert_allclose(joined, cleared_kw(case), rtol=0, atol=SAME_KW)


@given(mixed)
@few
def test_terms_never_clear_more_than_none(case: Case) -> None:
    plain = with_terms(case)
    assert cleared_kw(case).sum() <= cleared_kw(plain).sum() + SAME_KW


@given(mixed, st.floats(0.0, 1.0))
@few
def test_lower_least_fractions_never_clear_less(case: Case, factor: float) -> None:
    terms = case.trades.terms
    eased = replace(terms, min_fraction=frozen(terms.min_fraction * factor, float))
    easier = replace(case, trades=replace(case.trades, terms=eased))
    assert cleared_kw(easier).sum() >= cleared_kw(case).sum() - SAME_KW
