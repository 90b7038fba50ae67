"""DC clearing: the published model as a linear programme, one build per network, one solve per period.

    maximise    Σ_c y_c
    subject to  0 ≤ y_c ≤ q_c
                Σ_c y_c ≤ a_s                    over the columns that s sells
                Σ_c y_c ≤ r_d                    over the columns that d buys
                p_i = Σ_j B_ij (θ_i − θ_j)       at every node without a supply
                −F_l ≤ B_l (θ_i − θ_j) ≤ F_l     on every line and transformer l

(Fernandes, Christin, Kar 2024, arXiv 2407.21403), solved by HiGHS. Among the allocations with the greatest
volume the most even one is taken. Where the baseline already breaks a flow limit, the limit is relaxed to the
baseline's own flow. A period in which everything proposed fits needs no solver.
"""

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.clearing.dc_grid import DcGrid
from gridpact.clearing.dc_programme import FEASIBILITY_TOLERANCE_KW, DcProgramme
from gridpact.clearing.dc_reasons import binding_limits, reasons
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.solution import BindingLimits, LimitedBy, Solution


def solve_dc(problem: ClearingProblem) -> Solution:
    """The greatest volume that the DC model admits, cut most evenly, in every period.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    offers = problem.offers
    grid = DcGrid(problem.network, problem.limits)
    baseline_kw = grid.flows_kw(problem.baseline_at_nodes.p_kw)
    flow_lower_kw = np.minimum(baseline_kw, -grid.flow_limit_kw)
    flow_upper_kw = np.maximum(baseline_kw, grid.flow_limit_kw)

    column_kw = offers.column_kw.copy()
    limited_by = np.full(offers.columns, LimitedBy.NOTHING, dtype=np.int64)
    element = np.full(offers.columns, -1, dtype=np.int64)
    volume_kw = offers.volume_kw(column_kw, problem.shape[0])
    binding: list[BindingLimits] = []

    tight = np.flatnonzero(~_everything_fits(problem, grid, flow_lower_kw, flow_upper_kw))
    if len(tight):
        programme = DcProgramme(problem, grid, tight)
        first = np.searchsorted(offers.column_period, np.arange(problem.shape[0] + 1))
        for period in tight.tolist():
            columns = np.arange(first[period], first[period + 1])
            optimum = programme.solve(period, columns, flow_lower_kw[period], flow_upper_kw[period])
            column_kw[columns] = optimum.column_kw
            volume_kw[period] = optimum.volume_kw
            limited_by[columns], element[columns] = reasons(problem, grid, optimum)
            binding.append(binding_limits(problem, grid, optimum))
    return Solution(
        column_kw=column_kw,
        limited_by=limited_by,
        element=element,
        binding=BindingLimits.joined(binding),
        volume_bound_kw=volume_kw,
        solved_periods=len(tight),
    )


def _everything_fits(problem: ClearingProblem, grid: DcGrid, lower_kw: Float, upper_kw: Float) -> Bool:
    """Whether every column can clear in full, (T,)."""
    offers = problem.offers
    slack = FEASIBILITY_TOLERANCE_KW
    sold = offers.sold_kw(offers.column_kw, problem.shape)
    bought = offers.bought_kw(offers.column_kw, problem.shape)
    within_caps = np.all(sold <= problem.surplus_kw + slack, axis=1)
    within_caps &= np.all(bought <= problem.residual_demand_kw + slack, axis=1)
    p_kw = problem.baseline_at_nodes.p_kw + problem.change_kw(offers.column_kw) @ problem.connected
    flow = grid.flows_kw(p_kw)
    fits: Bool = within_caps & np.all((flow >= lower_kw - slack) & (flow <= upper_kw + slack), axis=1)
    return fits
