"""Clearing over caps: closed forms and batches against one programme per period, and their duals."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from gridpact.clearing.caps import clear_over_caps
from gridpact.clearing.linear_programme import LinearPeriod, LinearProgramme
from gridpact.clearing.pairs import Pairs
from gridpact.clearing.problem import ClearingProblem, pose
from gridpact.grid.compile import compile_source
from tests.instances import random_case


def problem_of(seed: int, trades: int, participants: int) -> ClearingProblem:
    case = random_case(seed, trades=trades, periods=6, participants=participants)
    return pose(case, case.trades, compile_source(case.network))


def unevenness(cleared_kw: np.ndarray, proposed_kw: np.ndarray) -> float:
    return float(np.sum((proposed_kw - cleared_kw) ** 2 / proposed_kw))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize(("trades", "participants"), [(8, 6), (60, 8), (200, 30)])
def test_it_is_what_one_programme_per_period_finds(seed: int, trades: int, participants: int) -> None:
    problem = problem_of(seed, trades, participants)
    offers, (periods, count) = problem.offers, problem.shape
    found = clear_over_caps(problem, np.arange(periods))
    pairs, pair = Pairs.of(problem, np.arange(offers.columns))
    programme = LinearProgramme(pairs, csr_array((0, len(pairs))))
    for period in range(periods):
        columns = offers.of_period(period)
        if not len(columns):
            continue
        optimum = programme.solve(
            LinearPeriod(
                period=period,
                pair=pair[columns],
                proposed_kw=offers.column_kw[columns],
                seller_cap_kw=problem.seller_cap_kw[period],
                buyer_cap_kw=problem.buyer_cap_kw[period],
                rise_min_kw=np.empty(0),
                rise_max_kw=np.empty(0),
            )
        )
        proposed_kw, cleared_kw = offers.column_kw[columns], found.column_kw[columns]
        assert cleared_kw.sum() == pytest.approx(optimum.volume_kw, abs=1e-7)
        assert unevenness(cleared_kw, proposed_kw) <= unevenness(optimum.column_kw, proposed_kw) + 1e-7
        np.testing.assert_allclose(cleared_kw, optimum.column_kw, rtol=0, atol=1e-3)
    sold = offers.sold_kw(found.column_kw, (periods, count))
    bought = offers.bought_kw(found.column_kw, (periods, count))
    for side, (traded, cap) in enumerate([(sold, problem.seller_cap_kw), (bought, problem.buyer_cap_kw)]):
        assert np.all(traded <= cap + 1e-8)
        assert np.all(found.dual[side] >= -1e-9)
        assert np.all((found.dual[side] < 1e-6) | (traded >= cap - 1e-6))
    worth = (
        found.dual[0][offers.column_period, offers.column_seller]
        + found.dual[1][offers.column_period, offers.column_buyer]
    )
    is_cut = found.column_kw < offers.column_kw - 1e-6
    assert np.all(worth[is_cut] >= 1.0 - 1e-6)
    is_inside = is_cut & (found.column_kw > 1e-6)
    share = found.column_kw[is_inside] / offers.column_kw[is_inside]
    np.testing.assert_allclose(worth[is_inside], 1.0 + 2e-5 * (1.0 - share), rtol=0, atol=1e-6)
