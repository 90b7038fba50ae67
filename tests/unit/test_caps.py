"""Clearing over caps: closed forms and batches against one programme per period, and their duals."""

import numpy as np
import pytest

from gridpact.clearing.caps.caps_optimum import clear_over_caps
from gridpact.clearing.problem.market import market_of
from gridpact.clearing.problem.parts import period_part
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.terms.linear_choices import LinearChoices
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
    for period in range(periods):
        columns = offers.of_period(period)
        if not len(columns):
            continue
        market = market_of(problem, period_part(offers, period))
        choices = LinearChoices.of(market.part, market.programme)
        optimum = choices.optimum(np.zeros(0), market.part.upper_kw, Budget())
        proposed_kw, cleared_kw = offers.column_kw[columns], found.column_kw[columns]
        assert cleared_kw.sum() == pytest.approx(optimum.value.sum(), abs=1e-7)
        assert unevenness(cleared_kw, proposed_kw) <= unevenness(optimum.value, proposed_kw) + 1e-7
        np.testing.assert_allclose(cleared_kw, optimum.value, rtol=0, atol=1e-3)
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
