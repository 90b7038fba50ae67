"""Quadratic programmes of a few dozen variables, solved by DAQP's dual active-set method."""

import daqp
import numpy as np
from scipy.linalg import block_diag

from gridpact.arrays import Float
from gridpact.clearing.solver.quadratic import QuadraticOptimum, QuadraticProgramme, convexified

UNBOUNDED = 1e30
SOLVED, SOFT_SOLVED = 1, 2
FEASIBILITY_TOLERANCE, DUAL_TOLERANCE = 1e-9, 1e-12
EXCESS_CURVATURE = 1e-6


def solve_dense(programme: QuadraticProgramme) -> QuadraticOptimum | None:
    """The minimiser, or none where there is none."""
    count = len(programme.gradient)
    hessian, gradient = np.diag(programme.diagonal), programme.gradient
    limits = [np.zeros((0, count))]
    for block in programme.blocks:
        effect = block.effect.toarray()
        hessian = hessian + effect.T @ block.hessian @ effect
        gradient = gradient + effect.T @ block.gradient
        limits.append(block.rows @ effect)
    limit_rows = np.vstack(limits)
    limit_upper = np.concatenate([np.zeros(0), *(block.upper for block in programme.blocks)])
    rows = np.vstack([programme.rows.toarray(), limit_rows])
    row_upper = np.concatenate([programme.row_upper, limit_upper])
    lower, upper = programme.lower, programme.upper
    hessian = convexified(hessian, float(programme.diagonal.min()))
    if programme.elastic is not None:
        hessian = block_diag(hessian, np.array([[EXCESS_CURVATURE]]))
        gradient = np.append(gradient, programme.elastic)
        lower, upper = np.append(lower, 0.0), np.append(upper, UNBOUNDED)
        relaxed = np.where(np.arange(len(rows)) < programme.rows.shape[0], 0.0, -1.0)
        rows = np.column_stack([rows, relaxed])
    found = _solved(hessian, gradient, rows, row_upper, lower, upper)
    if found is None:
        return None
    value, bound_dual, row_dual = found
    row_dual, own = np.maximum(row_dual, 0.0), programme.rows.shape[0]
    return QuadraticOptimum(
        value=value[:count],
        bound_dual=bound_dual[:count],
        row_dual=row_dual[:own],
        limit_dual=row_dual[own:],
        excess=float(value[count]) if programme.elastic is not None else 0.0,
        is_exact=True,
    )


def _solved(
    hessian: Float, gradient: Float, rows: Float, row_upper: Float, lower: Float, upper: Float
) -> tuple[Float, Float, Float] | None:
    """The minimiser and the multipliers of bounds and rows; `None` where daqp finds none."""
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
    if flag not in (SOLVED, SOFT_SOLVED):
        return None
    dual, variables = np.asarray(info["lam"]), len(upper)
    return np.asarray(value), dual[:variables], dual[variables:] / scale
