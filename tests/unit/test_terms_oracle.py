"""What trades with terms are compared with is right where the answer is known, and agrees with itself."""

from dataclasses import replace

import numpy as np
import pytest

import gridpact
from gridpact.case import Case, Formulation
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from tests.ac_instances import ac_case, net_of
from tests.exact import ExactPeriod
from tests.terms_exact import ExactTerms, enumerate_indivisible
from tests.terms_instances import (
    CIGRE,
    random_terms_case,
    street,
    tight_case,
    with_submissions,
    with_terms,
)
from tests.terms_oracle import Linear, Shares

VOLTAGE_MAX = Limits(voltage_max_pu=1.022, voltage_min_pu=0.7)
ONE_SELLER = street([5.0], [9.0], [(0, 0, 0, 1, 4.0), (0, 0, 0, 1, 3.0)])
TWO_PERIODS = street([[5.0], [2.0]], [[9.0], [9.0]], [(0, 0, 0, 2, 4.0), (0, 0, 0, 2, 3.0)])


@pytest.mark.parametrize(
    ("case", "volume", "accepted"),
    [
        (ONE_SELLER, 5.0, ()),
        (with_terms(ONE_SELLER, min_fraction=1.0), 4.0, (True, False)),
        (with_terms(ONE_SELLER, min_fraction=[1.0, 0.5]), 4.0, (True, False)),
        (with_terms(ONE_SELLER, min_fraction=[1.0, 0.3]), 5.0, (True, True)),
        (with_terms(ONE_SELLER, group=0), 4.0, (True, False)),
        (with_terms(ONE_SELLER, link=0), 5.0, ()),
        (with_terms(ONE_SELLER, link=0, min_fraction=[0.0, 0.8]), 0.0, (False,)),
        (TWO_PERIODS, 7.0, ()),
        (with_terms(TWO_PERIODS, block=[True, False]), 7.0, ()),
        (with_terms(TWO_PERIODS, block=True), 4.0, ()),
        (with_terms(TWO_PERIODS, block=True, min_fraction=0.6), 4.0, (False, True)),
        (with_terms(TWO_PERIODS, min_fraction=1.0), 4.0, (True, False, False, False)),
    ],
)
def test_closed_forms(case: Case, volume: float, accepted: tuple[bool, ...]) -> None:
    best = Linear(case).best()
    assert best.volume == pytest.approx(volume, abs=1e-7)
    assert best.accepted == accepted
    assert Linear(case).best_of_all().accepted == accepted


def test_a_link_spans_windows() -> None:
    """4 kW of which half fits, and 6 kW of which all would: both clear at one half."""
    case = street([[2.0], [9.0]], [[9.0], [9.0]], [(0, 0, 0, 1, 4.0), (0, 0, 1, 2, 6.0)])
    best = Linear(with_terms(case, link=0)).best()
    assert best.volume == pytest.approx(5.0, abs=1e-7)
    np.testing.assert_allclose(best.fraction, [0.5], atol=1e-8)


def test_ties_go_to_the_earlier_then_by_id() -> None:
    case = with_terms(street([4.0], [9.0], [(0, 0, 0, 1, 4.0)] * 3), min_fraction=1.0)
    assert Linear(case).best().accepted == (True, False, False)
    late_first = Shares(with_submissions(case, [0, 2, 1]))
    assert [decision.order[1] for decision in late_first.decided] == ["t002", "t001", "t000"]


def test_the_mixed_integer_programme_agrees_with_going_through_all() -> None:
    compared = 0
    for seed in range(40):
        linear = Linear(random_terms_case(seed, trades=7, periods=3))
        if not 0 < linear.shares.decisions <= 8:
            continue
        one, other = linear.best(), linear.best_of_all()
        assert one.volume == pytest.approx(other.volume, abs=1e-7)
        assert one.accepted == other.accepted
        assert linear.greatest() == pytest.approx(other.volume, abs=1e-7)
        compared += 1
    assert compared >= 20


def test_the_dc_rows_give_the_volume_of_the_dc_clearing() -> None:
    stopped = 0
    for seed in range(10):
        case = ac_case(seed, CIGRE, periods=2, power_kw=60.0, limits=Limits(line_loading_max_percent=15.0))
        case = replace(case, formulation=Formulation.DC)
        volume = Linear(case, net_of(case)).best().volume
        assert gridpact.clear(case).solution.column_kw.sum() == pytest.approx(volume, abs=1e-6)
        stopped += volume < Linear(case).best().volume - 1e-3
    assert stopped >= 3


def test_the_exact_programme_without_terms_is_that_of_each_period() -> None:
    case = ac_case(1, CIGRE, periods=2, trades=8, power_kw=40.0, limits=VOLTAGE_MAX)
    net = net_of(case)
    apart = sum(ExactPeriod(net, case, period).solve().objective for period in range(2))
    assert ExactTerms(net, case).best().volume == pytest.approx(apart, rel=1e-8)
    assert apart < Linear(case).best().volume - 1e-3


@pytest.mark.parametrize("seed", range(4))
def test_the_exact_programme_agrees_with_going_through_indivisible_trades(seed: int) -> None:
    case = tight_case(seed, trades=5, power_kw=50.0, limits=VOLTAGE_MAX)
    every = enumerate_indivisible(case, compile_source(case.network))
    best = ExactTerms(net_of(case), case).best()
    assert best.accepted == every.best.accepted
    assert best.volume == pytest.approx(every.best.volume, abs=1e-6)


def test_a_trade_that_can_only_be_cut_is_not_gone_through() -> None:
    with pytest.raises(ValueError, match="in full or not at all"):
        enumerate_indivisible(with_terms(ONE_SELLER, min_fraction=0.5), compile_source(ONE_SELLER.network))


def test_the_most_even_of_two_is_the_same_share_of_both() -> None:
    linear = Linear(ONE_SELLER)
    fraction = linear.most_even(np.zeros(0, dtype=bool))
    np.testing.assert_allclose(fraction, 5.0 / 7.0, rtol=0, atol=1e-6)
    assert linear.unevenness(fraction) == pytest.approx(4.0 / 7.0, abs=1e-6)
    assert linear.unevenness(np.array([1.0, 1.0 / 3.0])) > linear.unevenness(fraction) + 0.1
