"""Clearing on top of commitments: what earlier clearings made firm stays, and the rest uses what is left.

1. In every period in which the commitments fit, they become part of the baseline.
2. In the others a new forecast has made them infeasible. There they come first, with whatever the new trades
   and feed-in can do to relieve the network for them.
3. Everything else is cleared on top, by the rule of the case; where the commitments need relief, by what
   gives it.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Allocation
from gridpact.clearing.network.network_state import (
    keeps_limits,
    operate,
)
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.solution import LimitedBy, Solution

FIRM_TOLERANCE_KW = 1e-6  # a sum of powers that were written to nine decimals
FIRST, SECOND = 0, 1

Solve = Callable[[ClearingProblem], Solution]


def solve_on_commitments(problem: ClearingProblem, solve: Solve, *, can_rank: bool) -> Solution:
    """The solution of a problem in which some columns are firm.

    Args:
        problem: the clearing problem.
        solve: finds the solution of one without firm columns.
        can_rank: whether it can put some columns before others.
    """
    offers = problem.offers
    if not offers.column_firm.any():
        return solve(problem)
    firm_kw = np.where(offers.column_firm, offers.column_kw, 0.0)
    contested = np.flatnonzero(~_fits(problem, firm_kw))
    decided = Solution.in_full(offers, problem.shape[0])
    bound_kw = offers.volume_kw(firm_kw, problem.shape[0])
    bound_kw[contested] = 0.0
    decided = replace(decided, column_kw=firm_kw, volume_bound_kw=bound_kw)
    relief_kw = np.zeros_like(firm_kw)
    if len(contested):
        here = np.isin(offers.column_period, contested)
        relieves = offers.column_helps | (can_rank & (offers.column_unit < 0))
        chosen = np.flatnonzero(here & (offers.column_firm | relieves))
        found = decided.with_columns(chosen, solve(_alone(problem, chosen, ranked=can_rank)))
        relief_kw = np.where(offers.column_firm, 0.0, found.column_kw)
        decided = replace(found, column_kw=np.where(offers.column_firm, found.column_kw, 0.0))
        volume_kw = offers.volume_kw(decided.column_kw, problem.shape[0])
        decided = replace(decided, volume_bound_kw=np.minimum(decided.volume_bound_kw, volume_kw))
    rest = np.flatnonzero(~offers.column_firm)
    if not len(rest):
        return decided
    fits = _fits(problem, decided.column_kw)
    remaining = problem.on_top_of(decided.column_kw, rest, keeps_limits=fits, known_kw=relief_kw[rest])
    on_top = _with_whole_caps(problem, decided.column_kw, solve(remaining))
    firm_kw = offers.volume_kw(decided.column_kw, problem.shape[0])
    raised = [replace(one, upper_kw=one.upper_kw + float(firm_kw[one.periods].sum())) for one in on_top.parts]
    return decided.with_columns(rest, replace(on_top, parts=tuple(raised)))


def _fits(problem: ClearingProblem, firm_kw: Float) -> Bool:
    """Whether the firm columns keep every cap and limit, (T,), within twice the tolerance of a clearing."""
    sold_kw, bought_kw = (
        problem.offers.sold_kw(firm_kw, problem.shape),
        problem.offers.bought_kw(firm_kw, problem.shape),
    )
    within = np.all(sold_kw <= problem.seller_cap_kw + FIRM_TOLERANCE_KW, axis=1)
    within &= np.all(bought_kw <= problem.buyer_cap_kw + FIRM_TOLERANCE_KW, axis=1)
    operation = operate(problem.network, problem.injection_at_nodes(firm_kw))
    idle = problem.offers.idle(firm_kw, problem.shape[0])
    fits: Bool = idle | (within & keeps_limits(operation, problem.operating_limits.widened()))
    return fits


def _alone(problem: ClearingProblem, columns: Int, *, ranked: bool) -> ClearingProblem:
    """The problem of some columns alone; with ranks those that are firm come before the others."""
    offers = problem.offers.of(columns)
    if ranked:
        behind = np.where(offers.column_firm, FIRST, SECOND + offers.column_rank)
        offers = replace(offers, column_rank=behind.astype(np.int64))
    rule = Allocation.PRIORITY if ranked else problem.rule
    return replace(problem, offers=offers, parts=(), rule=rule)


def _with_whole_caps(problem: ClearingProblem, firm_kw: Float, on_top: Solution) -> Solution:
    """A solution on top of what is firm, with its binding caps as those of the participants.

    A cap that leaves nothing on top has no price that could be told from its remaining 0 kW.
    """
    binding = on_top.binding
    used_kw = np.zeros(len(binding.limit))
    for kind, total in (
        (LimitedBy.SELLER_SURPLUS, problem.offers.sold_kw(firm_kw, problem.shape)),
        (LimitedBy.BUYER_DEMAND, problem.offers.bought_kw(firm_kw, problem.shape)),
    ):
        rows = np.flatnonzero(binding.limited_by == kind)
        used_kw[rows] = total[binding.period[rows], binding.element[rows]]
    limit = binding.limit + used_kw
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(used_kw > 0.0, limit / binding.limit, 1.0)
        price = np.where(np.isfinite(scale), binding.shadow_price_kw_per_percent * scale, np.nan)
    return replace(
        on_top,
        binding=replace(
            binding, value=binding.value + used_kw, limit=limit, shadow_price_kw_per_percent=price
        ),
    )
