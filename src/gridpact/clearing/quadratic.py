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
