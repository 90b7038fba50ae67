"""PartRows: the linear limits of a part, caps and flows, over its variables."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Float, Int
from gridpact.clearing.problem.parts import Part
from gridpact.clearing.problem.problem import ClearingProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRows:
    """m rows, lower ≤ matrix·v ≤ upper, one per cap or flow and period.

    Attributes:
        matrix: (m, J).
        lower, upper: (m,), infinite where there is none.
        cell: which cap or flow of which period: place of the period × count + index, (m,).
        count: how many there are in a period.
    """

    matrix: csr_array
    lower: Float
    upper: Float
    cell: Int
    count: int

    def by_period(self, dual: Float, periods: int) -> Float:
        """Duals of the rows, (m,), as an array by period and index, (periods, count)."""
        spread = np.zeros(periods * self.count)
        spread[self.cell] = dual
        return spread.reshape(periods, self.count)


def cap_rows(problem: ClearingProblem, part: Part) -> PartRows:
    """The caps of a part: of P sellers, then of P buyers."""
    count = problem.shape[1]
    offers, columns = problem.offers, part.columns
    first, every = 2 * count * part.period, np.arange(len(columns))
    under = np.append(first + offers.column_seller[columns], first + count + offers.column_buyer[columns])
    caps = np.hstack([problem.seller_cap_kw[part.periods], problem.buyer_cap_kw[part.periods]]).reshape(-1)
    is_capped = np.append(np.ones_like(every, dtype=np.bool_), ~offers.column_is_fed[columns])
    binds = is_capped & np.isfinite(caps[under])
    cell, row = np.unique(under[binds], return_inverse=True)
    return PartRows(
        matrix=part.by_variable(np.ones(len(row)), row, np.tile(every, 2)[binds], len(cell)),
        lower=np.full(len(cell), -np.inf),
        upper=caps[cell],
        cell=cell,
        count=2 * count,
    )


def flow_rows(part: Part, effects: list[csr_array], rise_min_kw: Float, rise_max_kw: Float) -> PartRows:
    """The flow limits of a part that its variables can reach.

    Args:
        part: the part.
        effects: flow of each branch per kW of each column, in each of its periods, (M, n of the period).
        rise_min_kw: how far each flow may fall from the baseline, not positive, (periods, M).
        rise_max_kw: how far it may rise, not negative, (periods, M).
    """
    count = rise_min_kw.shape[1]
    rows = [effect @ part.matrix[part.period == place] for place, effect in enumerate(effects)]
    matrix = csr_array(vstack(rows)) if rows else csr_array((0, len(part.upper_kw)))
    lower, upper = rise_min_kw.reshape(-1), rise_max_kw.reshape(-1)
    most: Float = np.asarray(matrix.maximum(0.0) @ part.upper_kw)
    least: Float = np.asarray(matrix.minimum(0.0) @ part.upper_kw)
    cell = np.flatnonzero((most > upper) | (least < lower))
    return PartRows(
        matrix=csr_array(matrix[cell]), lower=lower[cell], upper=upper[cell], cell=cell, count=count
    )
