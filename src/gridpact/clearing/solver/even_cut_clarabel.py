"""The even cut: of all allocations with the greatest volume, the one that spreads the cuts most evenly."""

from dataclasses import dataclass, replace

import clarabel
import numpy as np
from scipy.sparse import csc_array, csr_array

from gridpact.arrays import Bool, Float, Int
from gridpact.errors import SolverFailed
from gridpact.solvers.clarabel import silent_settings

SOLVER_TOLERANCE = 1e-10
ACCEPTED_TOLERANCE = 1e-7
POLISH_TOLERANCE_KW = 1e-8
TIGHT_TOLERANCE_KW = 1e-9
ROUNDS_MAX = 20
FORCED_TOLERANCE_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Polytope:
    """All y with row_lower ≤ rows·y ≤ row_upper and lower ≤ y ≤ upper; equal bounds are equations.

    Attributes:
        rows: (m, n).
        row_lower, row_upper: (m,), infinite where there is no bound.
        lower, upper: (n,).
    """

    rows: csr_array
    row_lower: Float
    row_upper: Float
    lower: Float
    upper: Float

    @property
    def entries(self) -> tuple[Int, Int, Float]:
        """Row, column and value of each stored entry of `rows`."""
        row = np.repeat(np.arange(len(self.row_lower)), np.diff(self.rows.indptr))
        return row.astype(np.int64), self.rows.indices.astype(np.int64), self.rows.data

    def reach(self) -> tuple[Float, Float]:
        """The least and the greatest value of each row over the bounds of y alone, (m,) each."""
        row, column, value = self.entries
        at_lower, at_upper = value * self.lower[column], value * self.upper[column]
        count = len(self.row_lower)
        return (
            np.bincount(row, np.minimum(at_lower, at_upper), count).astype(np.float64),
            np.bincount(row, np.maximum(at_lower, at_upper), count).astype(np.float64),
        )

    def of(self, columns: Int) -> "Polytope":
        """The polytope of some variables alone, the others at 0."""
        return replace(
            self, rows=csr_array(self.rows[:, columns]), lower=self.lower[columns], upper=self.upper[columns]
        )

    def optimal_face(self, column_dual: Float, row_dual: Float, tolerance: float) -> "Polytope":
        """The optima of a linear programme over this polytope, from any of its dual optima.

        By complementary slackness they are the feasible points at which every constraint with a non-zero
        dual is tight. Duals are of a maximisation: positive at an upper bound, negative at a lower.
        """
        return Polytope(
            rows=self.rows,
            row_lower=np.where(row_dual > tolerance, self.row_upper, self.row_lower),
            row_upper=np.where(row_dual < -tolerance, self.row_lower, self.row_upper),
            lower=np.where(column_dual > tolerance, self.upper, self.lower),
            upper=np.where(column_dual < -tolerance, self.lower, self.upper),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenCut:
    """The most even point of a polytope.

    Attributes:
        column_kw: y, (n,).
        row_dual: multiplier of each row in the maximisation of −Σ q (1 − y/q)², (m,): positive at an upper
            bound, negative at a lower, 0 where the row is not tight.
    """

    column_kw: Float
    row_dual: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tight:
    """−1, 0 or 1 for each row, (m,), and each column, (n,): at its lower bound, at none, at its upper one."""

    rows: Float
    columns: Float

    @classmethod
    def equations(cls, polytope: Polytope) -> "_Tight":
        """The equations alone."""
        return cls(rows=_is_equation(polytope).astype(np.float64), columns=np.zeros(len(polytope.lower)))

    def after(self, polytope: Polytope, wanted_kw: Float, multiplier: Float) -> "_Tight":
        """What is tight where the columns, (n,), want to be, at these multipliers of the rows, (m,)."""
        value_kw = polytope.rows @ np.clip(wanted_kw, polytope.lower, polytope.upper)
        above = np.where(
            self.rows > 0.0, multiplier < 0.0, value_kw > polytope.row_upper + TIGHT_TOLERANCE_KW
        )
        below = np.where(
            self.rows < 0.0, multiplier > 0.0, value_kw < polytope.row_lower - TIGHT_TOLERANCE_KW
        )
        return _Tight(
            rows=np.where(_is_equation(polytope) | above, 1.0, np.where(below, -1.0, 0.0)),
            columns=np.where(
                wanted_kw >= polytope.upper, 1.0, np.where(wanted_kw <= polytope.lower, -1.0, 0.0)
            ),
        )

    def are(self, other: "_Tight") -> bool:
        """Whether the same bounds are tight."""
        return bool((self.rows == other.rows).all() and (self.columns == other.columns).all())


def _is_equation(polytope: Polytope) -> Bool:
    equal: Bool = polytope.row_upper <= polytope.row_lower
    return equal


def most_even(polytope: Polytope, target_kw: Float, spread_kw: Float | None = None) -> EvenCut:
    """The point of a polytope with the least Σ (t − y)² / s: with s = t, the least Σ t (1 − y / t)².

    The sum is strictly convex, so the point is the only one: it does not depend on the order or the naming
    of the trades. Rounds over what is tight mostly end at it, to rounding; where they circle, Clarabel finds
    what is tight, and the point on that is solved for exactly.

    Args:
        polytope: of y in kW, not empty.
        target_kw: t, (n,).
        spread_kw: s, (n,), positive; t, where there is none.

    Raises:
        SolverFailed: Clarabel found no solution.
    """
    spread_kw = target_kw if spread_kw is None else spread_kw
    lower, upper = _forced(polytope)
    free = upper > lower
    column_kw = np.where(free, 0.0, upper)
    row_dual = np.zeros(len(polytope.row_lower))
    if not free.any():
        return EvenCut(column_kw=column_kw, row_dual=row_dual)
    done_kw = polytope.rows @ column_kw
    of_rest = replace(polytope, lower=np.where(free, lower, 0.0), upper=np.where(free, upper, 0.0))
    least, most = of_rest.reach()
    row_lower, row_upper = polytope.row_lower - done_kw, polytope.row_upper - done_kw
    matters = (most > least) & ((most > row_upper) | (least < row_lower))
    rest = Polytope(
        rows=_block(polytope, matters, free),
        row_lower=row_lower[matters],
        row_upper=row_upper[matters],
        lower=lower[free],
        upper=upper[free],
    )
    target_kw, spread_kw = target_kw[free], spread_kw[free]
    found = _by_rounds(rest, target_kw, spread_kw)
    if found is None:
        found = _polished(rest, target_kw, spread_kw, *_estimate(rest, target_kw, spread_kw))
    column_kw[free] = np.clip(found.column_kw, rest.lower, rest.upper)
    row_dual[matters] = found.row_dual
    return EvenCut(column_kw=column_kw, row_dual=row_dual)


def _forced(polytope: Polytope) -> tuple[Float, Float]:
    """The bounds of y, (n,) each, equal where a row leaves its columns no choice.

    A row whose least reach is its upper bound holds all its columns there, and likewise at the other end:
    without them the polytope has an inside, which an interior-point method needs.
    """
    lower, upper = polytope.lower.copy(), polytope.upper.copy()
    row, column, value = polytope.entries
    while True:
        least, most = replace(polytope, lower=lower, upper=upper).reach()
        down = (polytope.row_upper <= least + FORCED_TOLERANCE_KW)[row]
        up = (polytope.row_lower >= most - FORCED_TOLERANCE_KW)[row]
        to_lower, to_upper = np.zeros_like(lower, dtype=np.bool_), np.zeros_like(lower, dtype=np.bool_)
        to_lower[column[down & (value > 0.0) | up & (value < 0.0)]] = True
        to_upper[column[up & (value > 0.0) | down & (value < 0.0)]] = True
        changes = (to_lower | to_upper) & (upper > lower)
        if not changes.any():
            return lower, upper
        upper = np.where(changes & to_lower, lower, upper)
        lower = np.where(changes & ~to_lower, upper, lower)


def _estimate(polytope: Polytope, target: Float, spread: Float) -> tuple[Float, _Tight]:
    """The minimiser to Clarabel's accuracy, (n,), and what is tight there."""
    lower = np.concatenate([polytope.row_lower, polytope.lower])
    upper = np.concatenate([polytope.row_upper, polytope.upper])
    equal = upper <= lower
    has_upper, has_lower = ~equal & np.isfinite(upper), ~equal & np.isfinite(lower)
    scale, count = float(spread.max()), len(spread)
    every = np.arange(count)
    solver = clarabel.DefaultSolver(
        csc_array((2.0 * scale / spread, every, np.arange(count + 1)), shape=(count, count)),
        -2.0 * target / spread,
        _constraints(polytope, (equal, has_upper, has_lower)),
        np.concatenate([upper[equal], upper[has_upper], -lower[has_lower]]) / scale,
        [
            clarabel.ZeroConeT(int(equal.sum())),
            clarabel.NonnegativeConeT(int(has_upper.sum() + has_lower.sum())),
        ],
        _settings(),
    )
    result = solver.solve()
    if result.status not in (clarabel.SolverStatus.Solved, clarabel.SolverStatus.AlmostSolved):
        raise SolverFailed(solver="Clarabel", status=str(result.status), where="the even cut")
    tight = np.asarray(result.s) < np.asarray(result.z)
    ends = np.cumsum([equal.sum(), has_upper.sum()])
    side = np.where(equal, 1.0, 0.0)
    side[np.flatnonzero(has_upper)[tight[ends[0] : ends[1]]]] = 1.0
    side[np.flatnonzero(has_lower)[tight[ends[1] :]]] = -1.0
    row_side, column_side = np.split(side, [len(polytope.row_lower)])
    return np.asarray(result.x) * scale, _Tight(rows=row_side, columns=column_side)


def _block(polytope: Polytope, chosen: Bool, free: Bool) -> csr_array:
    """The chosen of the rows, at the free of the variables."""
    row, column, value = polytope.entries
    here = chosen[row] & free[column]
    place, position = np.cumsum(chosen) - 1, np.cumsum(free) - 1
    shape = (int(chosen.sum()), int(free.sum()))
    return csr_array((value[here], (place[row[here]], position[column[here]])), shape=shape)


def _constraints(polytope: Polytope, blocks: tuple[Bool, Bool, Bool]) -> csc_array:
    """Rows, then variables, by which of them are equations, have an upper, and, negated, a lower bound."""
    count, variables = len(polytope.row_lower), np.arange(len(polytope.lower))
    row, column, value = polytope.entries
    row, column = np.concatenate([row, count + variables]), np.concatenate([column, variables])
    value = np.concatenate([value, np.ones(len(variables))])
    rows, columns, values, first = [], [], [], 0
    for chosen, sign in zip(blocks, (1.0, 1.0, -1.0), strict=True):
        here = chosen[row]
        rows.append(first + (np.cumsum(chosen) - 1)[row[here]])
        columns.append(column[here])
        values.append(sign * value[here])
        first += int(chosen.sum())
    cells = (np.concatenate(rows), np.concatenate(columns))
    return csc_array((np.concatenate(values), cells), shape=(first, len(variables)))


def _by_rounds(polytope: Polytope, target: Float, spread: Float) -> EvenCut | None:
    """The minimiser by rounds over what is tight, the equations at first, or none where they circle."""
    tight = _Tight.equations(polytope)
    for _ in range(ROUNDS_MAX):
        column_kw, multiplier, wanted_kw = _on(tight, polytope, target, spread)
        after = tight.after(polytope, wanted_kw, multiplier)
        if after.are(tight):
            is_feasible = _excess(polytope, column_kw) <= POLISH_TOLERANCE_KW
            return EvenCut(column_kw=column_kw, row_dual=-2.0 * multiplier) if is_feasible else None
        tight = after
    return None


def _on(tight: _Tight, polytope: Polytope, target: Float, spread: Float) -> tuple[Float, Float, Float]:
    """The minimiser on what is tight, the rows' ν and where the columns want to be: (n,), (m,) and (n,).

    With y = t + √s ∘ w between its bounds, the sum to minimise is |w|², so w is the shortest solution of
    A √S w = b − A t over the tight rows A y = b: w = √S Aᵀ ν with A S Aᵀ ν = b − A t. A column that is held
    at a bound, and wants to be between its bounds, at t + S Aᵀ ν, is to be released.
    """
    held, inside = np.flatnonzero(tight.rows), tight.columns == 0.0
    rows = _block(polytope, tight.rows != 0.0, np.ones(len(spread), dtype=np.bool_))
    right = np.where(tight.rows[held] > 0.0, polytope.row_upper[held], polytope.row_lower[held])
    column_kw = np.where(tight.columns > 0.0, polytope.upper, polytope.lower)
    column_kw[inside] = target[inside]
    weight = np.where(inside, spread, 0.0)[rows.indices]
    weighted = csr_array((rows.data * weight, rows.indices, rows.indptr), shape=rows.shape)
    normal = (weighted @ rows.T).toarray()
    multiplier = np.zeros(len(tight.rows))
    for _ in range(2):  # the second time takes away what rounding left of the first
        correction, *_ = np.linalg.lstsq(normal, right - rows @ column_kw, rcond=1e-13)
        multiplier[held] += correction
        column_kw += weighted.T @ correction
    return column_kw, multiplier, target + spread * (rows.T @ multiplier[held])


def _polished(polytope: Polytope, target: Float, spread: Float, estimate: Float, tight: _Tight) -> EvenCut:
    """The minimiser on the rows that are tight at an estimate, or the estimate where that is outside."""
    for _ in range(ROUNDS_MAX):
        column_kw, multiplier, wanted_kw = _on(tight, polytope, target, spread)
        outside = _outside(polytope, column_kw) & (tight.columns == 0.0)
        released = (tight.columns < 0.0) & (wanted_kw > polytope.lower)
        released |= (tight.columns > 0.0) & (wanted_kw < polytope.upper)
        if not (outside | released).any():
            break
        columns = np.where(outside, np.where(column_kw > polytope.upper, 1.0, -1.0), tight.columns)
        tight = replace(tight, columns=np.where(released, 0.0, columns))
    is_feasible = _excess(polytope, column_kw) <= POLISH_TOLERANCE_KW
    found, estimated = (float(np.sum((target - y) ** 2 / spread)) for y in (column_kw, estimate))
    is_better = found <= estimated + POLISH_TOLERANCE_KW
    return EvenCut(column_kw=column_kw if is_feasible and is_better else estimate, row_dual=-2.0 * multiplier)


def _outside(polytope: Polytope, column_kw: Float) -> Bool:
    outside: Bool = (column_kw > polytope.upper + POLISH_TOLERANCE_KW) | (
        column_kw < polytope.lower - POLISH_TOLERANCE_KW
    )
    return outside


def _excess(polytope: Polytope, column_kw: Float) -> float:
    """How far a point is outside its polytope, in kW."""
    row = polytope.rows @ column_kw
    parts = (
        row - polytope.row_upper,
        polytope.row_lower - row,
        column_kw - polytope.upper,
        polytope.lower - column_kw,
    )
    return max(float(part.max(initial=0.0)) for part in parts)


def _settings() -> clarabel.DefaultSettings:
    settings = silent_settings(SOLVER_TOLERANCE)
    settings.reduced_tol_gap_abs = settings.reduced_tol_gap_rel = ACCEPTED_TOLERANCE
    settings.reduced_tol_feas = ACCEPTED_TOLERANCE
    return settings
