"""The most even point of a polytope, against the conditions of an optimum and by both ways to it."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.sparse import csr_array

from gridpact.clearing.solver import even_cut_clarabel
from gridpact.clearing.solver.even_cut_clarabel import EvenCut, Polytope, most_even


@dataclass(frozen=True, kw_only=True)
class Market:
    """Trades between sellers and buyers, some of whom trade a given sum and the others at most so much."""

    polytope: Polytope
    offered_kw: np.ndarray

    @classmethod
    def random(cls, seed: int, *, equations: float = 0.5, floors: bool = False) -> "Market":
        """A market in which a point exists."""
        rng = np.random.default_rng(seed)
        users, trades = int(rng.integers(2, 8)), int(rng.integers(3, 60))
        seller, buyer = rng.integers(0, users, trades), users + rng.integers(0, users, trades)
        every = np.arange(trades)
        places = (np.append(seller, buyer), np.append(every, every))
        rows = csr_array((np.ones(2 * trades), places), shape=(2 * users, trades))
        offered_kw = rng.uniform(0.01, 5.0, trades)
        point_kw = offered_kw * rng.choice([0.0, 0.3, 0.9, 1.0], trades)
        reached_kw = rows @ point_kw
        is_equation = rng.random(2 * users) < equations
        lower_kw = np.where(
            is_equation, reached_kw, reached_kw - rng.uniform(0.0, 1.0) if floors else -np.inf
        )
        polytope = Polytope(
            rows=rows,
            row_lower=lower_kw,
            row_upper=np.where(is_equation, reached_kw, reached_kw + rng.uniform(0.0, 1.0, 2 * users)),
            lower=np.zeros(trades),
            upper=offered_kw,
        )
        return cls(polytope=polytope, offered_kw=offered_kw)

    def unevenness_kw(self, cut: EvenCut) -> float:
        """Σ q (1 − y / q)²."""
        return float(np.sum(self.offered_kw * (1.0 - cut.column_kw / self.offered_kw) ** 2))


@pytest.mark.parametrize("floors", [False, True])
@pytest.mark.parametrize("seed", range(80))
def test_it_is_the_point_to_which_no_feasible_step_goes_up(seed: int, floors: bool) -> None:
    market = Market.random(seed, floors=floors)
    polytope = market.polytope
    found = most_even(polytope, market.offered_kw)
    value_kw = polytope.rows @ found.column_kw
    assert np.all(value_kw <= polytope.row_upper + 1e-8) and np.all(value_kw >= polytope.row_lower - 1e-8)
    at_upper, at_lower = value_kw > polytope.row_upper - 1e-7, value_kw < polytope.row_lower + 1e-7
    assert np.all(found.row_dual[~at_upper] <= 1e-9) and np.all(found.row_dual[~at_lower] >= -1e-9)
    pull = 2.0 * (1.0 - found.column_kw / market.offered_kw) - polytope.rows.T @ found.row_dual
    step = np.clip(found.column_kw + pull, polytope.lower, polytope.upper) - found.column_kw
    left = np.abs(step[~_forced(polytope)])
    assert left.max(initial=0.0) <= 1e-7


def _forced(polytope: Polytope) -> np.ndarray:
    lower, upper = even_cut_clarabel._forced(polytope)
    return lower >= upper


@pytest.mark.parametrize("seed", range(40))
def test_clarabel_finds_the_same_where_rounds_circle(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    market = Market.random(seed, floors=True)
    expected = most_even(market.polytope, market.offered_kw)
    monkeypatch.setattr(even_cut_clarabel, "_by_rounds", lambda *_: None)
    found = most_even(market.polytope, market.offered_kw)
    np.testing.assert_allclose(found.column_kw, expected.column_kw, atol=1e-4)
    assert market.unevenness_kw(found) == pytest.approx(market.unevenness_kw(expected), abs=1e-6)
    np.testing.assert_allclose(
        market.polytope.rows.T @ found.row_dual, market.polytope.rows.T @ expected.row_dual, atol=1e-3
    )
