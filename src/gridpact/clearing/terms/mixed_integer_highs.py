"""MixedInteger: a linear programme with yes-or-no decisions, solved by HiGHS, to which cuts can be added.

maximise    Σ_j w_j v_j
subject to  0 ≤ v_j ≤ u_j,  rows·v ≤ upper
            m_j u_j b_k ≤ v_j ≤ u_j b_k      where v_j hangs on decision k
            b_k ≤ b_p ≤ Σ_k b_k              where decisions k need decision p
            Σ b_k ≤ 1                        over an exclusive group,  b ∈ {0, 1}
"""

from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

from gridpact.arrays import Float, Int
from gridpact.clearing.problem.parts import Part
from gridpact.clearing.solver.budget import Budget
from gridpact.errors import SolverFailed
from gridpact.solvers.highs import SilentHighs

FEASIBILITY_TOLERANCE = 1e-9
INTEGRALITY_TOLERANCE = 1e-9
LOOSE_TOLERANCE = 1e-7
GAP_MIN = 1e-8
SECONDS_MIN, SECONDS_MAX = 0.01, 1e9
NODES_MAX = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a solve found.

    Attributes:
        power_kw: v, (J,).
        taken: b, 0 or 1 and between them where they were relaxed, (K,).
        volume_kw: Σ v.
        upper_kw: no choice has a greater volume.
    """

    power_kw: Float
    taken: Float
    volume_kw: float
    upper_kw: float

    @classmethod
    def nothing(cls, part: Part) -> "Draft":
        """Nothing taken."""
        return cls.of_choice(part, np.zeros(part.decisions))

    @classmethod
    def of_choice(cls, part: Part, taken: Float) -> "Draft":
        """A choice, (K,), of which nothing more is known."""
        least_kw, _ = part.bounds(taken)
        return cls(
            power_kw=least_kw,
            taken=taken,
            volume_kw=0.0,
            upper_kw=part.proposed_kw,
        )


class MixedInteger:
    """The programme of a part.

    Args:
        part: J variables and K decisions.
        rows: (m, J).
        row_lower, row_upper: (m,), infinite where there is none.
        weight: of each variable's volume, (J,); 1 where there is none.
    """

    def __init__(
        self, part: Part, rows: csr_array, row_lower: Float, row_upper: Float, weight: Float | None = None
    ) -> None:
        self._part = part
        self._weight = part.counts.astype(np.float64) if weight is None else weight
        self._variables = len(part.upper_kw)
        links, link_upper = _links(part)
        padded = csr_array((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], links.shape[1]))
        self._highs = _model(
            csr_array(vstack([padded, links])),
            np.concatenate([row_lower, np.full(len(link_upper), -np.inf)]),
            np.concatenate([row_upper, link_upper]),
            np.concatenate([part.upper_kw, np.ones(part.decisions)]),
            self._weight,
        )
        self._is_relaxed = True

    @property
    def aim(self) -> csr_array:
        """The objective as a row, (1, J)."""
        return csr_array(self._weight[None, :])

    def relax(self) -> Draft | None:
        """The greatest volume with decisions between 0 and 1; none where there is no feasible choice."""
        self._set_integrality(relaxed=True)
        return self._run(Budget(), 0.0)

    def solve(self, *, budget: Budget, gap: float) -> Draft | None:
        """The greatest volume found within a budget, to a relative gap; none where nothing is feasible."""
        self._set_integrality(relaxed=False)
        return self._run(budget, gap)

    def add_cuts(self, rows: csr_array, upper: Float) -> None:
        """Adds rows·v ≤ upper, (k, J) and (k,)."""
        self._highs.addRows(
            rows.shape[0],
            np.full(rows.shape[0], -np.inf),
            upper,
            rows.nnz,
            rows.indptr[:-1],
            rows.indices,
            rows.data,
        )

    def forbid(self, taken: Float) -> None:
        """Rules one choice of all decisions out, (K,)."""
        index = np.arange(self._variables, self._variables + self._part.decisions, dtype=np.int32)
        sign = np.where(taken > 0.5, 1.0, -1.0)
        self._highs.addRow(-np.inf, float(np.sum(taken > 0.5)) - 1.0, len(index), index, sign)

    def fix(self, decision: int, value: int) -> None:
        """Fixes a decision."""
        self._highs.changeColBounds(self._variables + decision, float(value), float(value))

    def release(self, decision: int) -> None:
        """Lets a decision be either again."""
        self._highs.changeColBounds(self._variables + decision, 0.0, 1.0)

    def _set_integrality(self, *, relaxed: bool) -> None:
        count = self._part.decisions
        if relaxed == self._is_relaxed or not count:
            return
        kind = highspy.HighsVarType.kContinuous if relaxed else highspy.HighsVarType.kInteger
        index = np.arange(self._variables, self._variables + count, dtype=np.int32)
        self._highs.changeColsIntegrality(count, index, np.full(count, kind))
        self._is_relaxed = relaxed

    def _run(self, budget: Budget, gap: float) -> Draft | None:
        """The draft that a run within the budget finds; `None` where no choice is feasible."""
        highs = self._highs
        highs.clearSolver()
        seconds = min(max(budget.seconds_left, SECONDS_MIN), SECONDS_MAX)
        highs.setOptionValue("time_limit", highs.getRunTime() + seconds)
        nodes = min(max(budget.work - budget.spent, 1.0), NODES_MAX)
        highs.setOptionValue("mip_max_nodes", int(nodes))
        highs.setOptionValue("mip_rel_gap", max(gap, GAP_MIN))
        highs.setOptionValue("mip_abs_gap", GAP_MIN)
        highs.run()
        status = highs.getModelStatus()
        if status == highspy.HighsModelStatus.kSolveError:
            status = self._run_again()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        info = highs.getInfo()
        budget.spend(max(float(info.mip_node_count), 1.0))
        has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        stopped = (highspy.HighsModelStatus.kTimeLimit, highspy.HighsModelStatus.kSolutionLimit)
        if not has_point and status not in stopped:
            raise SolverFailed(
                solver="HiGHS", status=highs.modelStatusToString(status), where="the clearing with terms"
            )
        is_integer = not self._is_relaxed and self._part.decisions > 0
        total_kw = float(self._weight @ self._part.upper_kw)
        bound = -float(info.mip_dual_bound) if is_integer else -float(info.objective_function_value)
        values = np.asarray(highs.getSolution().col_value) if has_point else np.zeros(highs.getNumCol())
        taken = values[self._variables :]
        return Draft(
            power_kw=np.clip(values[: self._variables], 0.0, self._part.upper_kw),
            taken=np.rint(taken) if is_integer else taken,
            volume_kw=float(self._weight @ values[: self._variables]),
            upper_kw=min(bound, total_kw) if np.isfinite(bound) else total_kw,
        )

    def _run_again(self) -> highspy.HighsModelStatus:
        """The status of a run without presolve, which may turn bounds that nearly meet into an error."""
        highs = self._highs
        highs.clearSolver()
        highs.setOptionValue("presolve", "off")
        highs.setOptionValue("primal_feasibility_tolerance", LOOSE_TOLERANCE)
        highs.run()
        status: highspy.HighsModelStatus = highs.getModelStatus()
        highs.setOptionValue("presolve", "choose")
        highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE)
        return status


def _links(part: Part) -> tuple[csr_array, Float]:
    """The rows that tie variables and decisions, rows·(v, b) ≤ upper."""
    size, count = len(part.upper_kw), part.decisions
    held = np.flatnonzero(part.decision >= 0)
    least = held[part.least_share[held] > 0.0]
    child = np.flatnonzero(part.parent >= 0)
    members = np.flatnonzero(part.group >= 0)
    _, group = np.unique(part.group[members], return_inverse=True)
    groups = int(group.max(initial=-1)) + 1
    parents, family = np.unique(part.parent[child], return_inverse=True)
    row_of_held = np.arange(len(held))
    row_of_least = len(held) + np.arange(len(least))
    row_of_child = len(held) + len(least) + np.arange(len(child))
    first_family = len(held) + len(least) + len(child)
    row_of_family, row_of_parent = first_family + family, first_family + np.arange(len(parents))
    first_group = first_family + len(parents)
    row: list[Int] = [
        row_of_held,
        row_of_held,
        row_of_least,
        row_of_least,
        row_of_child,
        row_of_child,
        row_of_family,
        row_of_parent,
    ]
    column = [
        held,
        size + part.decision[held],
        least,
        size + part.decision[least],
        size + child,
        size + part.parent[child],
        size + child,
        size + parents,
    ]
    least_kw = part.least_share[least] * part.upper_kw[least]
    value = [
        np.ones(len(held)),
        -part.upper_kw[held],
        -np.ones(len(least)),
        least_kw,
        np.ones(len(child)),
        -np.ones(len(child)),
        -np.ones(len(child)),
        np.ones(len(parents)),
    ]
    rows = coo_array(
        (
            np.concatenate([*value, np.ones(len(members))]),
            (
                np.concatenate([*row, first_group + group]),
                np.concatenate([*column, size + members]),
            ),
        ),
        shape=(first_group + groups, size + count),
    )
    return csr_array(rows), np.concatenate([np.zeros(first_group), np.ones(groups)])


def _model(
    matrix: csr_array, row_lower: Float, row_upper: Float, upper: Float, weight: Float
) -> highspy.Highs:
    """max weightᵀ v within rows and bounds as HiGHS takes it, silent and at its tolerances."""
    rows, columns = matrix.shape
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = columns, rows
    programme.col_cost_ = np.append(-weight, np.zeros(columns - len(weight)))
    programme.col_lower_, programme.col_upper_ = np.zeros(columns), upper
    programme.row_lower_, programme.row_upper_ = row_lower, row_upper
    programme.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = matrix.indptr
    programme.a_matrix_.index_ = matrix.indices
    programme.a_matrix_.value_ = matrix.data
    highs = SilentHighs()
    highs.setOptionValue("primal_feasibility_tolerance", FEASIBILITY_TOLERANCE)
    highs.setOptionValue("dual_feasibility_tolerance", FEASIBILITY_TOLERANCE)
    highs.setOptionValue("mip_feasibility_tolerance", INTEGRALITY_TOLERANCE)
    highs.passModel(programme)
    return highs
