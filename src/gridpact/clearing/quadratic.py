"""Quadratic programmes of a few dozen variables, solved by DAQP's dual active-set method."""

from dataclasses import dataclass

import daqp
import numpy as np

from gridpact.arrays import Float

UNBOUNDED = 1e30
SOLVED = 1
FEASIBILITY_TOLERANCE, DUAL_TOLERANCE = 1e-9, 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class QuadraticOptimum:
    """The minimiser (n,), and the multipliers of its bounds (n,), positive at an upper one, and rows (m,)."""

    value: Float
    bound_dual: Float
    row_dual: Float


def solve_quadratic(
    hessian: Float, gradient: Float, rows: Float, row_upper: Float, lower: Float, upper: Float
) -> QuadraticOptimum | None:
    """The minimiser of ½ dᵀ H d + gᵀ d over rows · d ≤ row_upper and lower ≤ d ≤ upper, or none found.

    Args:
        hessian: positive definite, (n, n).
        gradient: (n,).
        rows: (m, n); each is scaled to 1 before it is solved.
        row_upper: (m,).
        lower: bound of d, (n,).
        upper: bound of d, (n,).
    """
    greatest = np.abs(rows).max(axis=1, initial=0.0)
    scale = np.where(greatest > 0.0, greatest, 1.0)
    value, _, flag, info = daqp.solve(
        np.ascontiguousarray(hessian),
        gradient,
        np.ascontiguousarray(rows / scale[:, None]),
        np.concatenate([upper, row_upper / scale]),
        np.concatenate([lower, np.full(len(row_upper), -UNBOUNDED)]),
        np.zeros(len(upper) + len(row_upper), dtype=np.int32),
        primal_tol=FEASIBILITY_TOLERANCE,
        dual_tol=DUAL_TOLERANCE,
    )
    if flag != SOLVED:
        return None
    bound_dual, row_dual = np.split(np.asarray(info["lam"]), [len(upper)])
    return QuadraticOptimum(value=np.asarray(value), bound_dual=bound_dual, row_dual=row_dual / scale)


def convexified(hessian: Float, least: float) -> Float:
    """A matrix with its eigenvalues made positive: their absolute values, at least `least`."""
    value, vector = np.linalg.eigh(hessian)
    if value[0] >= least:
        return hessian
    convex: Float = (vector * np.maximum(np.abs(value), least)) @ vector.T
    return convex


def is_minimum(hessian: Float, held: Float, tolerance: float) -> bool:
    """Whether a function with this Hessian (n, n) curves up wherever the rows `held` (h, n) are kept."""
    if np.linalg.eigvalsh(hessian)[0] >= -tolerance:
        return True
    _, singular, vector = np.linalg.svd(held)
    rank = int(np.sum(singular > np.finfo(float).eps * max(held.shape) * singular.max(initial=0.0)))
    free = vector[rank:]
    return not len(free) or bool(np.linalg.eigvalsh(free @ hessian @ free.T)[0] >= -tolerance)


def is_best_corner(hessian: Float, held: Float, bound_dual: Float, reach: Float) -> bool:
    """Whether no other corner of the bounds is better, as far as curvature up to the other bounds tells.

    Leaving its bound by s costs variable k its multiplier times s, and the others have to follow so that the
    rows `held` keep their values. In the variables that have a multiplier that leaves the reduced Hessian R,
    and Σ r s + ½ sᵀ R s ≥ Σ s (r + ½ min(R, 0) · reach) for all 0 ≤ s ≤ reach: no corner is better where no
    bracket is negative.

    Args:
        hessian: of the Lagrangian, (n, n).
        held: rows with a multiplier, (h, n).
        bound_dual: multiplier of each variable's bound, positive at an upper one, (n,).
        reach: distance of the bounds, (n,).
    """
    at_bound = np.flatnonzero(bound_dual)
    between = np.flatnonzero(bound_dual == 0.0)
    moved = np.zeros((len(bound_dual), len(at_bound)))
    inwards = -np.sign(bound_dual[at_bound])
    moved[at_bound, np.arange(len(at_bound))] = inwards
    if len(held) and len(between):
        moved[between] = -np.linalg.pinv(held[:, between], rcond=1e-10) @ (held[:, at_bound] * inwards)
    reduced = moved.T @ hessian @ moved
    least = np.abs(bound_dual[at_bound]) + 0.5 * np.minimum(reduced, 0.0) @ reach[at_bound]
    return bool(np.all(least >= 0.0))
