"""Quadratic programmes of any size, solved by PIQP's proximal interior-point method on sparse matrices.

The network's part stays dense in its few coordinates: z = E d are variables of their own. Every variable is
in units of how far it can move, without which PIQP takes some of these programmes for infeasible.
"""

import numpy as np
import piqp
from scipy.sparse import block_diag, csc_array, csc_matrix, csr_array, diags_array, eye_array, hstack, vstack

from gridpact.arrays import Float
from gridpact.clearing.solver.quadratic import QuadraticOptimum, QuadraticProgramme, convexified

ITERATIONS_MAX = 200
LEAST_CURVATURE = 1e-12


def solve_sparse(programme: QuadraticProgramme, tolerance: float) -> QuadraticOptimum | None:
    """The minimiser to a tolerance, or none where none was found."""
    count, own = len(programme.gradient), programme.rows.shape[0]
    elastic = int(programme.elastic is not None)
    sizes = [block.effect.shape[0] for block in programme.blocks]
    limits = [len(block.upper) for block in programme.blocks]
    reach = [abs(block.effect) @ programme.span for block in programme.blocks]
    unit = np.concatenate([programme.span, *(np.maximum(one, 1e-9) for one in reach), np.ones(elastic)])
    size = len(unit)
    hessian = block_diag(
        [
            diags_array(programme.diagonal),
            *(csc_array(convexified(block.hessian, LEAST_CURVATURE)) for block in programme.blocks),
            csc_array(np.full((elastic, elastic), LEAST_CURVATURE)),
        ],
        format="csc",
    )
    of_excess = np.full(elastic, programme.elastic or 0.0)
    gradient = np.concatenate([programme.gradient, *(one.gradient for one in programme.blocks), of_excess])
    effects = [block.effect for block in programme.blocks]
    empty = csr_array((0, count))
    links = hstack([vstack([empty, *effects]), -eye_array(sum(sizes)), csr_array((sum(sizes), elastic))])
    of_blocks = block_diag([csr_array((0, 0)), *(csr_array(block.rows) for block in programme.blocks)])
    of_limits = hstack(
        [csr_array((sum(limits), count)), of_blocks, csr_array(-np.ones((sum(limits), elastic)))]
    )
    of_rows = hstack([programme.rows, csr_array((own, size - count))])
    scaled = diags_array(unit)
    row_upper = np.concatenate([programme.row_upper, *(block.upper for block in programme.blocks)])
    found = _solved(
        csc_array(scaled @ hessian @ scaled),
        gradient * unit,
        csc_array(links @ scaled),
        csc_array(vstack([of_rows, of_limits]) @ scaled),
        row_upper,
        np.concatenate([programme.lower, np.full(sum(sizes), -np.inf), np.zeros(elastic)]) / unit,
        np.concatenate([programme.upper, np.full(sum(sizes) + elastic, np.inf)]) / unit,
        tolerance,
    )
    if found is None:
        return None
    value, bound_dual, row_dual = found
    own_dual, limit_dual = np.split(np.maximum(row_dual, 0.0), [own])
    return QuadraticOptimum(
        value=(value * unit)[:count],
        bound_dual=(bound_dual / unit)[:count],
        row_dual=own_dual,
        limit_dual=limit_dual,
        excess=float(value[-1]) if elastic else 0.0,
    )


def _solved(
    hessian: csc_array,
    gradient: Float,
    links: csc_array,
    rows: csc_array,
    row_upper: Float,
    lower: Float,
    upper: Float,
    tolerance: float,
) -> tuple[Float, Float, Float] | None:
    solver = piqp.SparseSolver()
    settings = solver.settings
    settings.verbose = False
    settings.max_iter = ITERATIONS_MAX
    settings.eps_abs = settings.eps_rel = tolerance
    settings.eps_duality_gap_abs = settings.eps_duality_gap_rel = tolerance
    no_lower = np.full(len(row_upper), -np.inf)
    solver.setup(
        csc_matrix(hessian),
        gradient,
        csc_matrix(links),
        np.zeros(links.shape[0]),
        csc_matrix(rows),
        no_lower,
        row_upper,
        lower,
        upper,
    )
    if solver.solve() != piqp.PIQP_SOLVED:
        return None
    result = solver.result
    bound_dual = np.asarray(result.z_bu) - np.asarray(result.z_bl)
    return np.array(result.x), bound_dual, np.array(result.z_u)
