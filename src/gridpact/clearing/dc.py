"""DC clearing: the published model as a linear programme.

    maximise    Σ_c y_c
    subject to  0 ≤ y_c ≤ q_c
                Σ_c y_c ≤ a_s                    over the columns that s sells
                Σ_c y_c ≤ r_d                    over the columns that d buys
                p_i = Σ_j B_ij (θ_i − θ_j)       at every node without a supply
                −F_l ≤ B_l (θ_i − θ_j) ≤ F_l     on every line and transformer l

(Fernandes, Christin, Kar 2024, arXiv 2407.21403). The angles are eliminated: a flow is that of the baseline
plus its sensitivities to y. Among the allocations with the greatest volume the most even one is taken.
"""

from gridpact.clearing.dc_grid import DcGrid
from gridpact.clearing.linear import LinearClearing
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.solution import Solution


def solve_dc(problem: ClearingProblem) -> Solution:
    """The greatest volume that the DC model admits, cut most evenly, in every period.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    return LinearClearing(problem, DcGrid(problem.network, problem.limits)).solve()
