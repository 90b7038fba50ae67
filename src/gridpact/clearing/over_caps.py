"""Over caps alone, by any rule: what would clear if the network carried all."""

from dataclasses import replace

import numpy as np

from gridpact.arrays import Int
from gridpact.case.case import Allocation as Rule
from gridpact.clearing.caps.caps_optimum import caps_fit
from gridpact.clearing.caps.caps_solution import solve_over_caps
from gridpact.clearing.explain import explained
from gridpact.clearing.problem.market import market_of
from gridpact.clearing.problem.parts import period_part
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.solution import Solution
from gridpact.clearing.rules.rule import shared_by
from gridpact.clearing.rules.stage import Question
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together


def allocate_over_caps(problem: ClearingProblem, budget: Budget) -> Solution:
    """The allocation by the problem's rule within the caps; its volume bound is that of any rule.

    In periods that terms tie to others everything clears. Where the rule's solver fails, the greatest volume
    stands in. Feed-in that does not count is what is left of surplus.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum.
    """
    helps = problem.offers.column_helps
    if not helps.any():
        return _allocated(problem, budget)
    others = np.flatnonzero(~helps)
    return _with_the_rest_fed_in(problem, others, _allocated(problem.only(others), budget))


def _with_the_rest_fed_in(problem: ClearingProblem, columns: Int, alone: Solution) -> Solution:
    """A solution of some columns alone, with what it leaves of surplus in the others."""
    offers = problem.offers
    full = Solution.in_full(offers, problem.shape[0])
    column_kw, limited_by, element = full.column_kw.copy(), full.limited_by.copy(), full.element.copy()
    column_kw[columns], limited_by[columns], element[columns] = (
        alone.column_kw,
        alone.limited_by,
        alone.element,
    )
    helps = offers.column_helps
    left_kw = problem.seller_cap_kw - offers.sold_kw(np.where(helps, 0.0, column_kw), problem.shape)
    left_kw = np.maximum(left_kw[offers.column_period, offers.column_seller], 0.0)
    return replace(
        alone,
        column_kw=np.where(helps, np.minimum(offers.column_kw, left_kw), column_kw),
        limited_by=limited_by,
        element=element,
        phase=full.phase,
        shares=alone.shares.placed(columns),
    )


def _allocated(problem: ClearingProblem, budget: Budget) -> Solution:
    """What clears over caps alone: where these bind, as the rule of allocation has it."""
    greatest = solve_over_caps(problem)
    if problem.rule == Rule.MAX_VOLUME:
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
        [allocation] = run_together(None, [shared_by(problem.rule, question)])
        if allocation.status.is_kept:
            solved.extend(explained(market, allocation, greatest.volume_bound_kw))
    return greatest.with_periods(problem.offers, solved)
