"""The greatest volume over a polytope, by HiGHS, with bounds that change from solve to solve."""

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float
from gridpact.clearing.solver.even_cut_clarabel import Polytope
from gridpact.errors import SolverFailed
from gridpact.solvers.highs import SilentHighs

DUAL_TOLERANCE = 1e-7
FEASIBILITY_TOLERANCE_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeOptimum:
    """The greatest volume, where it is reached, (n,), and the duals of a maximisation, (n,) and (m,)."""

    volume_kw: float
    power_kw: Float
    column_dual: Float
    row_dual: Float


class VolumeModel:
    """Maximises Σ w y over rows·y and y within bounds that change from solve to solve.

    Every solve starts afresh, so that its duals do not depend on the one before.
    """

    def __init__(self, matrix: csr_array, weight: Float | None = None) -> None:
        rows, columns = matrix.shape
        self._weight = np.ones(columns) if weight is None else weight
        programme = highspy.HighsLp()
        programme.num_col_, programme.num_row_ = columns, rows
        programme.col_cost_ = -self._weight
        programme.col_lower_, programme.col_upper_ = np.zeros(columns), np.zeros(columns)
        programme.row_lower_, programme.row_upper_ = np.full(rows, -np.inf), np.full(rows, np.inf)
        programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        programme.a_matrix_.start_ = matrix.indptr
        programme.a_matrix_.index_ = matrix.indices
        programme.a_matrix_.value_ = matrix.data
        self._highs = SilentHighs()
        self._highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE_KW)
        self._highs.setOptionValue("dual_feasibility_tolerance", FEASIBILITY_TOLERANCE_KW)
        self._highs.passModel(programme)

    def solve(self, polytope: Polytope, where: str) -> VolumeOptimum | None:
        """The greatest volume over a polytope with the rows of this model, or none where that is empty.

        Raises:
            SolverFailed: HiGHS ended otherwise.
        """
        highs, (rows, columns) = self._highs, polytope.rows.shape
        row_index, column_index = np.arange(rows, dtype=np.int32), np.arange(columns, dtype=np.int32)
        highs.clearSolver()
        highs.changeColsBounds(columns, column_index, polytope.lower, polytope.upper)
        highs.changeRowsBounds(rows, row_index, polytope.row_lower, polytope.row_upper)
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverFailed(solver="HiGHS", status=highs.modelStatusToString(status), where=where)
        solution = highs.getSolution()
        return VolumeOptimum(
            volume_kw=-float(highs.getObjectiveValue()),
            power_kw=np.asarray(solution.col_value),
            column_dual=-np.asarray(solution.col_dual),
            row_dual=-np.asarray(solution.row_dual),
        )
