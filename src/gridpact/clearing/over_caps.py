"""Over caps alone, by any rule: what would clear if the network carried all."""

import numpy as np

from gridpact.case.case import Allocation as Rule
from gridpact.clearing.caps.caps_optimum import caps_fit
from gridpact.clearing.caps.caps_solution import solve_over_caps
from gridpact.clearing.explain import explained
from gridpact.clearing.problem.market import market_of
from gridpact.clearing.problem.parts import period_part
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.solution import Solution
from gridpact.clearing.rules import RULES
from gridpact.clearing.rules.stage import Question
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together


def allocate_over_caps(problem: ClearingProblem, budget: Budget) -> Solution:
    """The allocation by the problem's rule within the caps; its volume bound is that of any rule.

    In periods that terms tie to others everything clears. Where the rule's solver fails, the greatest volume
    stands in.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    greatest = solve_over_caps(problem)
    if problem.rule is Rule.MAX_VOLUME:
        return greatest
    solved = []
    tight = np.flatnonzero(problem.untied & ~caps_fit(problem))
    for period in np.intersect1d(tight, problem.offers.column_period).tolist():
        market = market_of(problem, period_part(problem.offers, period))
        columns = market.part.columns
        question = Question(
            programme=market.programme,
            proposed_kw=market.part.upper_kw,
            rank=problem.offers.column_rank[columns],
            starts=(greatest.column_kw[columns],),
            budget=budget,
        )
        [allocation] = run_together(None, [RULES[problem.rule](question)])
        if allocation.status.is_kept:
            solved.extend(explained(market, allocation, greatest.volume_bound_kw))
    return greatest.with_periods(problem.offers, solved)
