"""DC clearing: the published model as a linear programme, one build per network, one solve per period.

    maximise    Σ_c y_c
    subject to  0 ≤ y_c ≤ q_c
                Σ_c y_c ≤ a_s                    over the columns that s sells
                Σ_c y_c ≤ r_d                    over the columns that d buys
                p_i = Σ_j B_ij (θ_i − θ_j)       at every node without a supply
                −F_l ≤ B_l (θ_i − θ_j) ≤ F_l     on every line and transformer l

(Fernandes, Christin, Kar 2024, arXiv 2407.21403), solved by HiGHS. Among the allocations with the greatest
volume the most even one is taken. Where the baseline already breaks a flow limit, the limit is relaxed to the
baseline's own flow.
"""

import numpy as np

from gridpact.clearing.dc_grid import DcGrid
from gridpact.clearing.linear import solve_linear
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.solution import Solution


def solve_dc(problem: ClearingProblem) -> Solution:
    """The greatest volume that the DC model admits, cut most evenly, in every period.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    grid = DcGrid(problem.network, problem.limits)
    baseline_kw = grid.flows_kw(problem.baseline_at_nodes.p_kw)
    return solve_linear(
        problem,
        np.minimum(baseline_kw, -grid.flow_limit_kw),
        np.maximum(baseline_kw, grid.flow_limit_kw),
    )
