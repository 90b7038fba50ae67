"""LinearProgramme: the greatest volume over caps and flow limits, built once and solved period by period."""

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Float, Int
from gridpact.clearing.even_cut import EVEN_CUT_WEIGHT, EvenCut, Polytope, most_even
from gridpact.clearing.pairs import Pairs
from gridpact.errors import SolverFailed

DUAL_TOLERANCE = 1e-7
FEASIBILITY_TOLERANCE_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearPeriod:
    """What distinguishes one period from another, for n columns.

    Attributes:
        period: its number, for messages.
        pair: pair of each column, (n,).
        proposed_kw: q, (n,).
        seller_cap_kw, buyer_cap_kw: (P,), infinite where there is none.
        rise_min_kw, rise_max_kw: how far each flow may change from the baseline, (M,): never above and
            never below 0, infinite where there is no limit.
    """

    period: int
    pair: Int
    proposed_kw: Float
    seller_cap_kw: Float
    buyer_cap_kw: Float
    rise_min_kw: Float
    rise_max_kw: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearOptimum:
    """The optimum of one period, and the multipliers of Σ y less a small weight of its unevenness.

    Attributes:
        column_kw: y, (n,).
        volume_kw: greatest volume.
        seller_dual, buyer_dual: kW of volume per kW of the caps, (P,).
        flow_dual: kW of volume per kW of the flow limits, positive at an upper limit, (M,).
    """

    column_kw: Float
    volume_kw: float
    seller_dual: Float
    buyer_dual: Float
    flow_dual: Float


class LinearProgramme:
    """Maximises Σ y over 0 ≤ y ≤ q, the caps, and lower ≤ effect·y ≤ upper, for K pairs and M flows.

    Flows are changes from the baseline, so that y = 0 is feasible to the last digit whatever the baseline.
    From period to period only bounds change; every solve starts afresh, so that a period's duals do not
    depend on its neighbours.
    """

    def __init__(self, pairs: Pairs, effect: csr_array) -> None:
        self._participants = len(pairs.participant_node)
        self._rows = csr_array(
            vstack(
                [
                    _incidence(pairs.seller, self._participants),
                    _incidence(pairs.buyer, self._participants),
                    effect,
                ]
            )
        )
        self._highs = _model(self._rows)

    def solve(self, data: LinearPeriod) -> LinearOptimum:
        """The greatest volume of a period, cut most evenly.

        Raises:
            SolverFailed: HiGHS or Clarabel ended without an optimum.
        """
        proposed_kw = np.zeros(self._rows.shape[1])
        proposed_kw[data.pair] = data.proposed_kw
        row_lower = np.concatenate([np.full(2 * self._participants, -np.inf), data.rise_min_kw])
        row_upper = np.concatenate([data.seller_cap_kw, data.buyer_cap_kw, data.rise_max_kw])
        volume_kw, column_dual, row_dual = self._maximise(row_lower, row_upper, proposed_kw, data.period)
        polytope = Polytope(
            rows=csr_array(self._rows[:, data.pair]),
            row_lower=row_lower,
            row_upper=row_upper,
            lower=np.zeros(len(data.pair)),
            upper=data.proposed_kw,
        )
        face = polytope.optimal_face(column_dual[data.pair], row_dual, DUAL_TOLERANCE)
        cut: EvenCut = most_even(face, data.proposed_kw)
        seller_dual, buyer_dual, flow_dual = np.split(
            row_dual + EVEN_CUT_WEIGHT * cut.row_dual, [self._participants, 2 * self._participants]
        )
        return LinearOptimum(
            column_kw=cut.column_kw,
            volume_kw=volume_kw,
            seller_dual=seller_dual,
            buyer_dual=buyer_dual,
            flow_dual=flow_dual,
        )

    def _maximise(
        self, row_lower: Float, row_upper: Float, proposed_kw: Float, period: int
    ) -> tuple[float, Float, Float]:
        """Greatest volume, and the duals of columns and rows as of a maximisation."""
        highs, (rows, columns) = self._highs, self._rows.shape
        row_index, column_index = np.arange(rows, dtype=np.int32), np.arange(columns, dtype=np.int32)
        highs.clearSolver()
        highs.changeColsBounds(columns, column_index, np.zeros(columns), proposed_kw)
        highs.changeRowsBounds(rows, row_index, row_lower, row_upper)
        highs.run()
        status = highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverFailed(
                solver="HiGHS",
                status=highs.modelStatusToString(status),
                where=f"the linear clearing of period {period}",
            )
        solution = highs.getSolution()
        volume_kw = -float(highs.getObjectiveValue())
        return volume_kw, -np.asarray(solution.col_dual), -np.asarray(solution.row_dual)


def _model(matrix: csr_array) -> highspy.Highs:
    rows, columns = matrix.shape
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = columns, rows
    programme.col_cost_ = np.full(columns, -1.0)
    programme.col_lower_, programme.col_upper_ = np.zeros(columns), np.zeros(columns)
    programme.row_lower_, programme.row_upper_ = np.full(rows, -np.inf), np.full(rows, np.inf)
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = matrix.indptr
    programme.a_matrix_.index_ = matrix.indices
    programme.a_matrix_.value_ = matrix.data
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE_KW)
    highs.setOptionValue("dual_feasibility_tolerance", FEASIBILITY_TOLERANCE_KW)
    highs.passModel(programme)
    return highs


def _incidence(participant: Int, participants: int) -> csr_array:
    """Which participant each pair belongs to, (P, K)."""
    pairs = len(participant)
    return csr_array((np.ones(pairs), (participant, np.arange(pairs))), shape=(participants, pairs))
