"""Clearing over caps alone: the greatest volume of every period, cut most evenly, of many periods at once.

What needs no solver is decided first. A cap of nothing clears nothing of its columns. A cap that the rest of
its columns keep within is none. A cap alone in its columns clears the same share of all of them, which is the
most even cut of its volume. What is left, columns under two caps that both bind, is solved in batches of
periods, whose programmes are independent of one another.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.problem.problem import CAP_TOLERANCE_KW, ClearingProblem
from gridpact.clearing.solver.even_cut_clarabel import Polytope, most_even
from gridpact.clearing.solver.programme import EVEN_CUT_WEIGHT
from gridpact.clearing.solver.volume_highs import DUAL_TOLERANCE, VolumeModel
from gridpact.errors import SolverFailed

BATCH_ROWS = 100
WHERE = "the clearing over caps"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsOptimum:
    """The optimum over caps of C columns, T periods and P participants.

    Attributes:
        column_kw: cleared power, (C,).
        dual: kW of volume per kW of each cap, of sellers, then of buyers, (2, T, P).
    """

    column_kw: Float
    dual: Float


def clear_over_caps(problem: ClearingProblem, periods: Int) -> CapsOptimum:
    """The optimum of some periods; in the others nothing is looked at, and everything clears.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    offers, (count, participants) = problem.offers, problem.shape
    cap_kw = np.stack([problem.seller_cap_kw, problem.buyer_cap_kw]).reshape(2, -1)
    cells = np.stack(
        [
            offers.column_period * participants + offers.column_seller,
            offers.column_period * participants + offers.column_buyer,
        ]
    )
    column_kw = offers.column_kw.copy()
    dual = np.zeros_like(cap_kw)
    looked_at = np.isin(offers.column_period, periods)
    nothing = looked_at & _any_side(cap_kw <= 0.0, cells)
    column_kw[nothing] = 0.0
    is_open = looked_at & ~nothing
    is_tight = _proposed(cells, np.where(is_open, offers.column_kw, 0.0), cap_kw) > cap_kw + CAP_TOLERANCE_KW
    tight = np.stack([is_tight[side][cells[side]] for side in range(2)]) & is_open
    shared = tight.all(axis=0)
    crossed = np.zeros_like(is_tight)
    for side in range(2):
        crossed[side][cells[side][shared]] = True
    hard = np.zeros_like(is_open)
    for side in range(2):
        hard |= tight[side] & crossed[side][cells[side]]
    for side in range(2):
        alone = np.flatnonzero(tight[side] & ~hard)
        share = _equal_share(cells[side][alone], offers.column_kw[alone], cap_kw[side], dual[side])
        column_kw[alone] = offers.column_kw[alone] * share
    for columns in _batches(np.flatnonzero(hard), cells, is_tight, problem.shape):
        column_kw[columns] = _solved(offers.column_kw[columns], cells[:, columns], is_tight, cap_kw, dual)
    _price_nothing(nothing, cells, cap_kw, dual)
    return CapsOptimum(column_kw=column_kw, dual=dual.reshape(2, count, participants))


def caps_fit(problem: ClearingProblem) -> Bool:
    """Whether everything proposed is within the caps of all participants, (T,)."""
    fits: Bool = np.all(np.isinf(problem.seller_cap_kw) & np.isinf(problem.buyer_cap_kw), axis=1)
    return fits


def _any_side(flags: Bool, cells: Int) -> Bool:
    chosen: Bool = flags[0][cells[0]] | flags[1][cells[1]]
    return chosen


def _proposed(cells: Int, column_kw: Float, like: Float) -> Float:
    """What is proposed under each cap, (2, cells)."""
    return np.stack([np.bincount(cells[side], column_kw, like.shape[1]) for side in range(2)])


def _equal_share(cell: Int, column_kw: Float, cap_kw: Float, dual: Float) -> Float:
    """The share that clears of columns whose only cap binds, (n,); sets the duals of these caps.

    The even cut's own multiplier is 2 (1 − share).
    """
    total = np.bincount(cell, column_kw, len(cap_kw))
    share: Float = cap_kw[cell] / total[cell]
    dual[cell] = 1.0 + EVEN_CUT_WEIGHT * 2.0 * (1.0 - share)
    return share


def _batches(columns: Int, cells: Int, is_tight: Bool, shape: tuple[int, int]) -> list[Int]:
    """The columns in batches of whole periods with a limited number of caps that bind, shape (T, P)."""
    caps = np.zeros(shape[0])
    for side in range(2):
        used = np.unique(cells[side][columns])
        caps += np.bincount(used[is_tight[side][used]] // shape[1], minlength=shape[0])
    batch = np.floor((np.cumsum(caps) - caps) / BATCH_ROWS)
    of_column = batch[cells[0][columns] // shape[1]]
    return [columns[of_column == one] for one in np.unique(of_column)]


def _solved(column_kw: Float, cells: Int, is_tight: Bool, cap_kw: Float, dual: Float) -> Float:
    """The power of columns under caps that bind together, (n,); sets the duals of these caps."""
    rows, upper, found = [], [], []
    count = len(column_kw)
    first = 0
    for side in range(2):
        under = np.flatnonzero(is_tight[side][cells[side]])
        distinct, row = np.unique(cells[side][under], return_inverse=True)
        rows.append((first + row, under))
        upper.append(cap_kw[side][distinct])
        found.append(distinct)
        first += len(distinct)
    row, column = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    polytope = Polytope(
        rows=csr_array((np.ones(len(row)), (row, column)), shape=(first, count)),
        row_lower=np.full(first, -np.inf),
        row_upper=np.concatenate(upper),
        lower=np.zeros(count),
        upper=column_kw,
    )
    greatest = VolumeModel(polytope.rows).solve(polytope, WHERE)
    if greatest is None:
        raise SolverFailed(solver="HiGHS", status="Infeasible", where=WHERE)
    face = polytope.optimal_face(greatest.column_dual, greatest.row_dual, DUAL_TOLERANCE)
    cut = most_even(face, column_kw)
    row_dual = greatest.row_dual + EVEN_CUT_WEIGHT * cut.row_dual
    dual[0][found[0]], dual[1][found[1]] = np.split(row_dual, [len(found[0])])
    return cut.column_kw


def _price_nothing(nothing: Bool, cells: Int, cap_kw: Float, dual: Float) -> None:
    """Sets the duals of the caps of nothing: what a kW of them would add beyond the other cap's price."""
    columns = np.flatnonzero(nothing)
    for side in (1, 0):
        other = 1 - side
        here = columns[cap_kw[side][cells[side][columns]] <= 0.0]
        if side == 1:  # where both are nothing, the seller's is the price
            here = here[cap_kw[other][cells[other][here]] > 0.0]
        worth = 1.0 + 2.0 * EVEN_CUT_WEIGHT - dual[other][cells[other][here]]
        np.maximum.at(dual[side], cells[side][here], np.maximum(worth, 0.0))
