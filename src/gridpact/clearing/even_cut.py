"""The even cut: of all allocations with the greatest volume, the one that spreads the cuts most evenly."""

from dataclasses import dataclass

import clarabel
import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array, eye_array, vstack

from gridpact.arrays import Bool, Float
from gridpact.errors import SolverFailed

SOLVER_TOLERANCE = 1e-10
ACCEPTED_TOLERANCE = 1e-7
POLISH_TOLERANCE_KW = 1e-8


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


def most_even(polytope: Polytope, proposed_kw: Float) -> Float:
    """The point of a polytope with the least Σ_t q_t (1 − y_t / q_t)².

    The sum is strictly convex, so the point is the only one: it does not depend on the order or the naming
    of the trades. Clarabel finds which bounds are tight; the point on those is then solved for exactly.

    Args:
        polytope: of y in kW, not empty.
        proposed_kw: q, (n,), positive.

    Returns:
        y, (n,).

    Raises:
        SolverFailed: Clarabel found no solution.
    """
    constraints, right, equations = _one_sided(polytope)
    free = polytope.upper > polytope.lower
    fixed_kw = np.where(free, 0.0, polytope.upper)
    if not free.any():
        return fixed_kw
    right = right - constraints @ fixed_kw
    constraints = constraints[:, free]
    constraining = np.diff(constraints.indptr) > 0
    constraints, right, equations = constraints[constraining], right[constraining], equations[constraining]
    proposed = proposed_kw[free]
    estimate, tight = _solve(constraints, right, equations, proposed)
    free_kw = _polished(estimate, constraints, right, tight | equations, proposed)
    result = fixed_kw.copy()
    result[free] = np.clip(free_kw, polytope.lower[free], polytope.upper[free])
    return result


def _one_sided(polytope: Polytope) -> tuple[csr_array, Float, Bool]:
    """The polytope as A y ≤ b, (k, n) and (k,), and which of the rows hold with equality, (k,)."""
    rows = vstack([polytope.rows, eye_array(len(polytope.lower))], format="csr")
    lower = np.concatenate([polytope.row_lower, polytope.lower])
    upper = np.concatenate([polytope.row_upper, polytope.upper])
    equal = upper <= lower
    has_upper = np.isfinite(upper)
    has_lower = np.isfinite(lower) & ~equal
    return (
        csr_array(vstack([rows[has_upper], -rows[has_lower]])),
        np.concatenate([upper[has_upper], -lower[has_lower]]),
        np.concatenate([equal[has_upper], np.zeros(int(has_lower.sum()), dtype=np.bool_)]),
    )


def _solve(constraints: csr_array, right: Float, equations: Bool, proposed: Float) -> tuple[Float, Bool]:
    """The minimiser to the solver's accuracy, and which constraints are tight at it."""
    order = np.argsort(~equations, kind="stable")
    scale = float(proposed.max())
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = SOLVER_TOLERANCE
    settings.reduced_tol_gap_abs = settings.reduced_tol_gap_rel = ACCEPTED_TOLERANCE
    settings.reduced_tol_feas = ACCEPTED_TOLERANCE
    count = int(equations.sum())
    solver = clarabel.DefaultSolver(
        csc_array(diags_array(2.0 * scale / proposed)),
        np.full(len(proposed), -2.0),
        csc_array(constraints[order]),
        right[order] / scale,
        [clarabel.ZeroConeT(count), clarabel.NonnegativeConeT(len(right) - count)],
        settings,
    )
    result = solver.solve()
    if result.status not in (clarabel.SolverStatus.Solved, clarabel.SolverStatus.AlmostSolved):
        raise SolverFailed(solver="Clarabel", status=str(result.status), where="the even cut")
    tight = np.empty(len(right), dtype=np.bool_)
    tight[order] = np.asarray(result.s) < np.asarray(result.z)
    return np.asarray(result.x) * scale, tight


def _polished(estimate: Float, constraints: csr_array, right: Float, tight: Bool, proposed: Float) -> Float:
    """The minimiser on the tight constraints, or the estimate where that leaves the polytope.

    With y = q + √q ∘ w the sum to minimise is |w|², so w is the shortest solution of A √Q w = b − A q.
    """
    root = np.sqrt(proposed)
    active = constraints[tight].toarray()
    shortest, *_ = np.linalg.lstsq(active * root, right[tight] - active @ proposed, rcond=1e-12)
    polished: Float = proposed + root * shortest
    excess = constraints @ polished - right
    excess[tight] = np.abs(excess[tight])
    return polished if excess.max() <= POLISH_TOLERANCE_KW else estimate
