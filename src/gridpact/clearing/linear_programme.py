"""LinearProgramme: the greatest volume over caps and flow limits, built once and solved period by period."""

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Float, Int
from gridpact.clearing.even_cut import EVEN_CUT_WEIGHT, EvenCut, Polytope, most_even
from gridpact.clearing.pairs import Pairs
from gridpact.errors import SolverFailed
from gridpact.solvers.highs import SilentHighs

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
        self._model = VolumeModel(self._rows)

    def solve(self, data: LinearPeriod) -> LinearOptimum:
        """The greatest volume of a period, cut most evenly.

        Raises:
            SolverFailed: HiGHS or Clarabel ended without an optimum.
        """
        proposed_kw = np.zeros(self._rows.shape[1])
        proposed_kw[data.pair] = data.proposed_kw
        row_lower = np.concatenate([np.full(2 * self._participants, -np.inf), data.rise_min_kw])
        row_upper = np.concatenate([data.seller_cap_kw, data.buyer_cap_kw, data.rise_max_kw])
        whole = Polytope(
            rows=self._rows,
            row_lower=row_lower,
            row_upper=row_upper,
            lower=np.zeros_like(proposed_kw),
            upper=proposed_kw,
        )
        where = f"the linear clearing of period {data.period}"
        found = self._model.solve(whole, where)
        if found is None:
            raise SolverFailed(solver="HiGHS", status="Infeasible", where=where)
        face = whole.of(data.pair).optimal_face(found.column_dual[data.pair], found.row_dual, DUAL_TOLERANCE)
        cut: EvenCut = most_even(face, data.proposed_kw)
        seller_dual, buyer_dual, flow_dual = np.split(
            found.row_dual + EVEN_CUT_WEIGHT * cut.row_dual, [self._participants, 2 * self._participants]
        )
        return LinearOptimum(
            column_kw=cut.column_kw,
            volume_kw=found.volume_kw,
            seller_dual=seller_dual,
            buyer_dual=buyer_dual,
            flow_dual=flow_dual,
        )


class VolumeModel:
    """Maximises Σ y over rows·y and y within bounds that change from solve to solve.

    Every solve starts afresh, so that its duals do not depend on the one before.
    """

    def __init__(self, matrix: csr_array) -> None:
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
        self._highs = SilentHighs()
        self._highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE_KW)
        self._highs.setOptionValue("dual_feasibility_tolerance", FEASIBILITY_TOLERANCE_KW)
        self._highs.passModel(programme)

    def solve(self, polytope: Polytope, where: str) -> "VolumeOptimum | None":
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


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeOptimum:
    """The greatest volume, where it is reached, (n,), and the duals of a maximisation, (n,) and (m,)."""

    volume_kw: float
    power_kw: Float
    column_dual: Float
    row_dual: Float


def _incidence(participant: Int, participants: int) -> csr_array:
    """Which participant each pair belongs to, (P, K)."""
    pairs = len(participant)
    return csr_array((np.ones(pairs), (participant, np.arange(pairs))), shape=(participants, pairs))
