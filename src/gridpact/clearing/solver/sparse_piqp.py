"""Quadratic programmes of any size, solved by PIQP's proximal interior-point method on sparse matrices.

The network's part stays dense in its few coordinates: z = E d are variables of their own. A row that says
how far one may move, as a participant's cap does of all its trades, is a bound of that coordinate: without
such rows PIQP factors a system a third smaller. Every variable is in units of how far it can move, without
which PIQP takes some of these programmes for infeasible.
"""

from dataclasses import dataclass

import numpy as np
import piqp
from scipy.sparse import coo_array, csc_matrix, csr_array, vstack

from gridpact.arrays import Float, Int
from gridpact.clearing.solver.quadratic import QuadraticOptimum, QuadraticProgramme, convexified

ITERATIONS_MAX = 200
LEAST_CURVATURE = 1e-12
# Of what two rows that are multiples of each other may differ by rounding.
PARALLEL = 1e-12

Entries = tuple[Int, Int, Float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where what is of a programme over J variables: these, then the coordinates of each block, then t.

    Attributes:
        start: column of each block's first coordinate, and of t, (S + 1,).
        unit: of each column, (n,).
    """

    start: Int
    unit: Float

    @classmethod
    def of(cls, programme: QuadraticProgramme) -> "_Layout":
        reach = [abs(block.effect) @ programme.span for block in programme.blocks]
        elastic = np.ones(int(programme.elastic is not None))
        sizes = [len(programme.span), *(len(one) for one in reach)]
        unit = np.concatenate([programme.span, *(np.maximum(one, 1e-9) for one in reach), elastic])
        return cls(start=np.cumsum(sizes), unit=unit)

    def matrix(self, rows: int, entries: list[Entries]) -> csc_matrix:
        """A matrix over all columns, (rows, n), from its entries, in the columns' units."""
        row, column, value = (np.concatenate(one) for one in zip(*entries, strict=True))
        return csc_matrix((value * self.unit[column], (row, column)), shape=(rows, len(self.unit)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caps:
    """Rows that are multiples of a coordinate, r·d = f z, at most one a coordinate and direction.

    Attributes:
        row: (C,), of the programme's own rows.
        column: of each one's coordinate, (C,).
        factor: f, (C,).
    """

    row: Int
    column: Int
    factor: Float

    @classmethod
    def of(cls, programme: QuadraticProgramme, layout: _Layout) -> "_Caps":
        """Two rows are multiples of each other where (r·e)² = (r·r)(e·e), and then by r·e / e·e."""
        rows = programme.rows
        effect = csr_array(vstack([rows[:0], *(block.effect for block in programme.blocks)]))
        product = coo_array(rows @ effect.T)
        row, coordinate = (one.astype(np.int64) for one in product.coords)
        factor = product.data / _squares(effect)[coordinate]
        like = factor * product.data >= _squares(rows)[row] * (1.0 - PARALLEL)
        row, coordinate, factor = row[like], coordinate[like], factor[like]
        apart = abs(rows[row] - csr_array(effect[coordinate].multiply(factor[:, None]))).max(axis=1).toarray()
        same = np.flatnonzero(apart <= PARALLEL * np.sqrt(_squares(rows)[row]))
        _, first = np.unique(row[same], return_index=True)
        same = same[first]
        _, first = np.unique(2 * coordinate[same] + (factor[same] > 0.0), return_index=True)
        same = same[first]
        return cls(row=row[same], column=layout.start[0] + coordinate[same], factor=factor[same])

    def as_bounds(self, row_upper: Float, lower: Float, upper: Float) -> None:
        """Bound the coordinates as the rows do, in place."""
        bound, up = row_upper[self.row] / self.factor, self.factor > 0.0
        upper[self.column[up]], lower[self.column[~up]] = bound[up], bound[~up]

    def price(self, bound_dual: Float) -> Float:
        """The multiplier of each row, from those of its coordinate's bounds, (C,)."""
        return np.maximum(bound_dual[self.column] / self.factor, 0.0)


def _squares(rows: csr_array) -> Float:
    return np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float64)


def solve_sparse(programme: QuadraticProgramme, tolerance: float) -> QuadraticOptimum | None:
    """The minimiser to a tolerance, or none where none was found."""
    count, own = len(programme.gradient), programme.rows.shape[0]
    elastic = int(programme.elastic is not None)
    layout = _Layout.of(programme)
    unit, coordinates = layout.unit, len(layout.unit) - count - elastic
    of_excess = np.full(elastic, programme.elastic or 0.0)
    gradient = np.concatenate([programme.gradient, *(one.gradient for one in programme.blocks), of_excess])
    lower = np.concatenate([programme.lower, np.full(coordinates, -np.inf), np.zeros(elastic)])
    upper = np.concatenate([programme.upper, np.full(coordinates + elastic, np.inf)])
    caps = _Caps.of(programme, layout)
    caps.as_bounds(programme.row_upper, lower, upper)
    kept = np.delete(np.arange(own), caps.row)
    found = _solved(
        _hessian(programme, layout),
        gradient * unit,
        _links(programme, layout),
        _rows(programme, layout, kept),
        np.concatenate([programme.row_upper[kept], *(block.upper for block in programme.blocks)]),
        lower / unit,
        upper / unit,
        tolerance,
    )
    if found is None:
        return None
    value, bound_dual, row_dual = found
    bound_dual = bound_dual / unit
    kept_dual, limit_dual = np.split(np.maximum(row_dual, 0.0), [len(kept)])
    own_dual = np.zeros(own)
    own_dual[kept], own_dual[caps.row] = kept_dual, caps.price(bound_dual)
    return QuadraticOptimum(
        value=(value * unit)[:count],
        bound_dual=bound_dual[:count],
        row_dual=own_dual,
        limit_dual=limit_dual,
        excess=float(value[-1]) if elastic else 0.0,
    )


def _hessian(programme: QuadraticProgramme, layout: _Layout) -> csc_matrix:
    own = np.arange(len(programme.diagonal))
    entries = [(own, own, programme.diagonal * layout.unit[own])]
    for block, start in zip(programme.blocks, layout.start, strict=False):
        row, column, value = _dense(convexified(block.hessian, LEAST_CURVATURE))
        entries.append((row + start, column + start, value * layout.unit[row + start]))
    excess = np.arange(layout.start[-1], len(layout.unit))
    entries.append((excess, excess, np.full(len(excess), LEAST_CURVATURE)))
    return layout.matrix(len(layout.unit), entries)


def _links(programme: QuadraticProgramme, layout: _Layout) -> csc_matrix:
    """E d − z = 0."""
    count = len(programme.gradient)
    every = np.arange(layout.start[-1] - count)
    entries = [(every, every + count, np.full(len(every), -1.0))]
    for block, start in zip(programme.blocks, layout.start, strict=False):
        row, column, value = _sparse(block.effect)
        entries.append((row + (start - count), column, value))
    return layout.matrix(len(every), entries)


def _rows(programme: QuadraticProgramme, layout: _Layout, kept: Int) -> csc_matrix:
    """The kept of the programme's own rows, then the limits of each block."""
    entries, first = [_sparse(csr_array(programme.rows[kept]))], len(kept)
    elastic = np.arange(layout.start[-1], len(layout.unit))
    for block, start in zip(programme.blocks, layout.start, strict=False):
        row, column, value = _dense(block.rows)
        entries.append((row + first, column + start, value))
        limits = np.arange(first, first + len(block.upper))
        if len(elastic):
            entries.append((limits, np.full(len(limits), elastic[0]), np.full(len(limits), -1.0)))
        first += len(limits)
    return layout.matrix(first, entries)


def _dense(matrix: Float) -> Entries:
    row, column = (one.ravel() for one in np.indices(matrix.shape))
    return row, column, matrix.ravel()


def _sparse(matrix: csr_array) -> Entries:
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return row, matrix.indices.astype(np.int64), matrix.data


def _solved(
    hessian: csc_matrix,
    gradient: Float,
    links: csc_matrix,
    rows: csc_matrix,
    row_upper: Float,
    lower: Float,
    upper: Float,
    tolerance: float,
) -> tuple[Float, Float, Float] | None:
    """The minimiser and the multipliers of bounds and rows; `None` where PIQP finds none."""
    solver = piqp.SparseSolver()
    settings = solver.settings
    settings.verbose = False
    settings.max_iter = ITERATIONS_MAX
    settings.eps_abs = settings.eps_rel = tolerance
    settings.eps_duality_gap_abs = settings.eps_duality_gap_rel = tolerance
    no_lower = np.full(len(row_upper), -np.inf)
    solver.setup(hessian, gradient, links, np.zeros(links.shape[0]), rows, no_lower, row_upper, lower, upper)
    if solver.solve() != piqp.PIQP_SOLVED:
        return None
    result = solver.result
    bound_dual = np.asarray(result.z_bu) - np.asarray(result.z_bl)
    return np.array(result.x), bound_dual, np.array(result.z_u)
