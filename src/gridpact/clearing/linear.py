"""Linear clearing: caps, and where there are any the flow limits of the DC model, period by period."""

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.clearing.dc_grid import DcGrid
from gridpact.clearing.dc_programme import FEASIBILITY_TOLERANCE_KW, DcProgramme
from gridpact.clearing.dc_reasons import binding_limits, reasons
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.solution import PeriodSolution, PeriodStatus, Solution


def solve_over_caps(problem: ClearingProblem) -> Solution:
    """The greatest volume within the caps of all participants, cut most evenly, whatever the network.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    unlimited = np.full((problem.shape[0], len(problem.network.branches)), np.inf)
    return solve_linear(problem, -unlimited, unlimited)


def solve_linear(problem: ClearingProblem, flow_lower_kw: Float, flow_upper_kw: Float) -> Solution:
    """The greatest volume within caps and DC flow limits, (T, M) each, cut most evenly, in every period.

    A period in which everything proposed fits needs no solver.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    offers, periods = problem.offers, problem.shape[0]
    grid = DcGrid(problem.network, problem.limits)
    solution = Solution.in_full(offers, periods)
    tight = np.flatnonzero(~(caps_fit(problem) & _flows_fit(problem, grid, flow_lower_kw, flow_upper_kw)))
    if not len(tight):
        return solution
    programme = DcProgramme(problem, grid, tight)
    solved = []
    for period in tight.tolist():
        columns = offers.of_period(period)
        optimum = programme.solve(period, columns, flow_lower_kw[period], flow_upper_kw[period])
        limited_by, element = reasons(problem, grid, optimum)
        solved.append(
            PeriodSolution(
                period=period,
                columns=columns,
                column_kw=optimum.column_kw,
                limited_by=limited_by,
                element=element,
                binding=binding_limits(problem, grid, optimum),
                volume_bound_kw=optimum.volume_kw,
                status=PeriodStatus.OPTIMAL,
            )
        )
    return solution.with_periods(offers, solved)


def caps_fit(problem: ClearingProblem) -> Bool:
    """Whether everything proposed is within the caps of all participants, (T,)."""
    fits: Bool = np.all(np.isinf(problem.seller_cap_kw) & np.isinf(problem.buyer_cap_kw), axis=1)
    return fits


def _flows_fit(problem: ClearingProblem, grid: DcGrid, lower_kw: Float, upper_kw: Float) -> Bool:
    """Whether the flows are within their limits when everything clears, (T,)."""
    if np.isinf(lower_kw).all() and np.isinf(upper_kw).all():
        return np.ones(problem.shape[0], dtype=np.bool_)
    flow = grid.flows_kw(problem.injection_at_nodes(problem.offers.column_kw).p_kw)
    slack = FEASIBILITY_TOLERANCE_KW
    fits: Bool = np.all((flow >= lower_kw - slack) & (flow <= upper_kw + slack), axis=1)
    return fits
