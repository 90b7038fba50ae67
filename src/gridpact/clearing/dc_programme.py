"""DcProgramme: the linear programme of the published model, built once, solved period by period."""

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import block_array, csr_array, vstack

from gridpact.arrays import Float, Int
from gridpact.clearing.dc_grid import SENSITIVITY_MIN, DcGrid
from gridpact.clearing.even_cut import Polytope, most_even
from gridpact.clearing.problem import ClearingProblem
from gridpact.errors import SolverFailed

DUAL_TOLERANCE = 1e-7
FEASIBILITY_TOLERANCE_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class DcOptimum:
    """The optimum of one period.

    Duals are kW of volume per kW of the cap or limit: not negative for caps, and for flows positive at the
    upper limit and negative at the lower.

    Attributes:
        period: the period.
        columns: its columns, (n,).
        column_kw: cleared power of each, (n,).
        volume_kw: greatest volume.
        seller_dual, buyer_dual: duals of the caps of each participant, (P,).
        flow_dual: duals of the limits of each branch, (M,).
        flow_limit_kw: magnitude of the limit that a branch with a dual is at, (M,).
    """

    period: int
    columns: Int
    column_kw: Float
    volume_kw: float
    seller_dual: Float
    buyer_dual: Float
    flow_dual: Float
    flow_limit_kw: Float


class DcProgramme:
    """The programme of a problem: variables y of every trading pair, then θ of every free node.

    Rows are the caps of sellers, the caps of buyers, the balances of free nodes, and the flows. From period
    to period only bounds change, and HiGHS starts from the last basis.
    """

    def __init__(self, problem: ClearingProblem, grid: DcGrid, periods: Int) -> None:
        """Builds the programme for the columns that `periods` hold."""
        offers, participants = problem.offers, len(problem.participants)
        key = offers.column_seller * participants + offers.column_buyer
        pairs = np.unique(key[np.isin(offers.column_period, periods)])
        self._problem = problem
        self._grid = grid
        self._pairs = len(pairs)
        self._pair_of_column = np.searchsorted(pairs, key)
        seller, buyer = np.divmod(pairs, participants)
        self._sells = _incidence(seller, participants)
        self._buys = _incidence(buyer, participants)
        seen = self._sells * problem.seller_injects[:, None] - self._buys * problem.buyer_draws[:, None]
        self._injected = csr_array(problem.connected.T @ seen)
        self._rows: csr_array = block_array(
            [
                [self._sells, None],
                [self._buys, None],
                [-self._injected[grid.free], grid.injection_per_angle],
                [None, grid.flow_per_angle],
            ],
            format="csr",
        )
        self._highs = self._model()

    def solve(self, period: int, columns: Int, flow_lower_kw: Float, flow_upper_kw: Float) -> DcOptimum:
        """The optimum of a period with flow limits (M,) for its `columns`.

        Raises:
            SolverFailed: HiGHS or Clarabel ended without an optimum.
        """
        programme = self._polytope(period, columns, flow_lower_kw, flow_upper_kw)
        volume_kw, column_dual, row_dual = self._maximise(programme, period)
        face = programme.optimal_face(column_dual, row_dual, DUAL_TOLERANCE)
        participants, free = len(self._problem.participants), len(self._grid.free)
        seller_dual, buyer_dual, _, flow_dual = np.split(
            row_dual, np.cumsum([participants, participants, free])
        )
        return DcOptimum(
            period=period,
            columns=columns,
            column_kw=most_even(
                self._without_angles(face, period, columns), self._problem.offers.column_kw[columns]
            ),
            volume_kw=volume_kw,
            seller_dual=seller_dual,
            buyer_dual=buyer_dual,
            flow_dual=np.where(np.abs(flow_dual) > DUAL_TOLERANCE, flow_dual, 0.0),
            flow_limit_kw=np.abs(np.where(flow_dual > 0, flow_upper_kw, flow_lower_kw)),
        )

    def _polytope(self, period: int, columns: Int, flow_lower_kw: Float, flow_upper_kw: Float) -> Polytope:
        problem, grid = self._problem, self._grid
        proposed = np.zeros(self._pairs)
        proposed[self._pair_of_column[columns]] = problem.offers.column_kw[columns]
        angle = np.full(len(grid.free), np.inf)
        no_minimum = np.full(len(problem.participants), -np.inf)
        balance = problem.baseline_at_nodes.p_kw[period, grid.free]
        surplus, demand = problem.seller_cap_kw[period], problem.buyer_cap_kw[period]
        return Polytope(
            rows=self._rows,
            row_lower=np.concatenate([no_minimum, no_minimum, balance, flow_lower_kw]),
            row_upper=np.concatenate([surplus, demand, balance, flow_upper_kw]),
            lower=np.concatenate([np.zeros(self._pairs), -angle]),
            upper=np.concatenate([proposed, angle]),
        )

    def _without_angles(self, face: Polytope, period: int, columns: Int) -> Polytope:
        """The same polytope in the period's y alone: caps, and flows that some y could bring to a limit."""
        problem, pairs = self._problem, self._pair_of_column[columns]
        caps = 2 * len(problem.participants)
        rows = [self._sells[:, pairs], self._buys[:, pairs]]
        lower, upper = face.row_lower[:caps], face.row_upper[:caps]
        flows = slice(caps + len(self._grid.free), None)
        limited = np.flatnonzero(np.isfinite(face.row_lower[flows]) | np.isfinite(face.row_upper[flows]))
        if len(limited):
            factors = self._grid.sensitivity[limited]
            baseline_kw = factors @ problem.baseline_at_nodes.p_kw[period]
            flow_lower = face.row_lower[flows][limited] - baseline_kw
            flow_upper = face.row_upper[flows][limited] - baseline_kw
            effect = factors @ self._injected[:, pairs]
            effect[np.abs(effect) < SENSITIVITY_MIN] = 0.0
            reach_up = np.maximum(effect, 0.0) @ face.upper[pairs]
            reach_down = np.minimum(effect, 0.0) @ face.upper[pairs]
            reached = (reach_up > flow_upper) | (reach_down < flow_lower) | (flow_lower == flow_upper)
            rows.append(csr_array(effect[reached]))
            lower = np.concatenate([lower, flow_lower[reached]])
            upper = np.concatenate([upper, flow_upper[reached]])
        return Polytope(
            rows=csr_array(vstack(rows)),
            row_lower=lower,
            row_upper=upper,
            lower=face.lower[pairs],
            upper=face.upper[pairs],
        )

    def _model(self) -> highspy.Highs:
        rows, columns = self._rows.shape
        programme = highspy.HighsLp()
        programme.num_col_, programme.num_row_ = columns, rows
        programme.col_cost_ = np.where(np.arange(columns) < self._pairs, -1.0, 0.0)
        programme.col_lower_, programme.col_upper_ = np.full(columns, -np.inf), np.full(columns, np.inf)
        programme.row_lower_, programme.row_upper_ = np.full(rows, -np.inf), np.full(rows, np.inf)
        programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        programme.a_matrix_.start_ = self._rows.indptr
        programme.a_matrix_.index_ = self._rows.indices
        programme.a_matrix_.value_ = self._rows.data
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE_KW)
        highs.setOptionValue("dual_feasibility_tolerance", FEASIBILITY_TOLERANCE_KW)
        highs.passModel(programme)
        return highs

    def _maximise(self, polytope: Polytope, period: int) -> tuple[float, Float, Float]:
        """Greatest volume, and the duals of columns and rows as of a maximisation."""
        highs = self._highs
        columns = np.arange(len(polytope.lower), dtype=np.int32)
        rows = np.arange(len(polytope.row_lower), dtype=np.int32)
        highs.changeColsBounds(len(columns), columns, polytope.lower, polytope.upper)
        highs.changeRowsBounds(len(rows), rows, polytope.row_lower, polytope.row_upper)
        highs.run()
        status = highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverFailed(
                solver="HiGHS",
                status=highs.modelStatusToString(status),
                where=f"the DC clearing of period {period}",
            )
        solution = highs.getSolution()
        volume_kw = -float(highs.getObjectiveValue())
        return volume_kw, -np.asarray(solution.col_dual), -np.asarray(solution.row_dual)


def _incidence(participant: Int, participants: int) -> csr_array:
    """Which participant each pair belongs to, (P, K)."""
    pairs = len(participant)
    return csr_array((np.ones(pairs), (participant, np.arange(pairs))), shape=(participants, pairs))
