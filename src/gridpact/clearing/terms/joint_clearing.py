"""Tied clearing: periods that terms tie together, cleared as one, by any rule.

Decisions are those of the greatest volume; what they leave is shared by the rule. By `priority` decisions
are lexicographic too: those of the greatest volume of the earliest class, then, with its volume kept, of
the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.case.case import Allocation as Rule
from gridpact.clearing.explain import LimitsOf, active_limits, explained
from gridpact.clearing.problem.market import Market
from gridpact.clearing.problem.parts import Part
from gridpact.clearing.problem.solution import PartOutcome, PeriodSolution, snapped
from gridpact.clearing.rules.rule import rule_of, shared_by
from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation, holds
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.clearing.solver.programme import Programme
from gridpact.clearing.terms.decision_search import ChoiceFound, Search
from gridpact.clearing.terms.linear_choices import LinearChoices
from gridpact.clearing.terms.network_choices import NetworkChoices

SHARES = 1000
HELD_SHARE = 1e-9


Choices = NetworkChoices | LinearChoices


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSearch:
    """A part in the middle of its search, whose quick answer is there."""

    market: Market
    choices: Choices
    search: Search


def solve_parts(
    markets: Sequence[Market], budget: Budget, limits_of: LimitsOf = active_limits
) -> list[tuple[list[PeriodSolution], PartOutcome]]:
    """The solution of the periods of each part, and how far its search got.

    First each part gets a quick answer, then the rest of the budget in proportion to its decisions, so that
    none that takes long starves another.
    """
    searching = budget.of_searches()
    searches = [_begun(market, searching) for market in markets]
    weights = [1.0 + len(market.part.parent) for market in markets]
    solved = []
    for place, one in enumerate(searches):
        share = searching.share(weights[place] / sum(weights[place:]))
        solved.append(_solved(one, share, limits_of))
        searching.took(share)
    budget.took(searching)
    return solved


def has_choice(market: Market, budget: Budget) -> bool:
    """Whether a choice of a part's decisions is found that keeps everything."""
    searching = budget.of_searches()
    begun = _begun(market, searching)
    found = begun.search.run(searching)
    budget.took(searching)
    return bool(np.isfinite(found.leaf.volume_kw))


def _begun(market: Market, budget: Budget) -> PartSearch:
    weight = market.part.counts.astype(np.float64)
    if market.problem.rule == Rule.PRIORITY:
        rank = _ranks(market)
        weight = (rank == rank.min()).astype(np.float64)
    choices = _choices(market.part, market.programme, weight)
    search = Search(market.part, choices)
    search.quick(budget)
    return PartSearch(market=market, choices=choices, search=search)


def _choices(part: Part, programme: Programme, weight: Float) -> Choices:
    if programme.situations is None:
        return LinearChoices(part, programme, weight)
    return NetworkChoices(part, programme, programme.situations, weight)


def _solved(
    begun: PartSearch, budget: Budget, limits_of: LimitsOf
) -> tuple[list[PeriodSolution], PartOutcome]:
    """What the periods of a part clear once its decisions are taken, and what became of its search."""
    market = begun.market
    part, problem = market.part, market.problem
    if problem.rule == Rule.PRIORITY:
        found, choices = _by_class(begun, budget)
    else:
        found, choices = _chosen(begun, budget), begun.choices
    allocation = _allocation(market, found, choices, budget)
    value = snapped(allocation.value, part.upper_kw)
    rejected = part.rejected(found.taken)
    bound_kw = problem.offers.volume_kw(problem.offers.column_kw, problem.shape[0])
    solved = [
        one.rejecting(rejected[part.period == place], stopped=not found.is_finished)
        for place, one in enumerate(explained(market, replace(allocation, value=value), bound_kw, limits_of))
    ]
    upper_kw = found.upper_kw if problem.rule == Rule.MAX_VOLUME else part.proposed_kw
    return solved, PartOutcome(
        periods=part.periods,
        upper_kw=max(upper_kw, part.volume_kw(value)),
        is_finished=found.is_finished and allocation.status <= SolverStatus.ACCEPTABLE,
    )


def _chosen(begun: PartSearch, budget: Budget) -> ChoiceFound:
    """The choice of the greatest volume; under a rule that shares, everything taken where that can be."""
    part, rule = begun.market.part, rule_of(begun.market.problem.rule)
    if rule.shares and part.decisions and not np.any(part.group >= 0):
        found = begun.search.of_choice(np.ones(part.decisions), budget)
        if np.isfinite(found.leaf.volume_kw):
            return found
    return begun.search.run(budget)


def _by_class(begun: PartSearch, budget: Budget) -> tuple[ChoiceFound, Choices]:
    """The choice that is lexicographic in the volumes of the classes, and what the last class chose among."""
    market, choices, search = begun.market, begun.choices, begun.search
    rank, programme = _ranks(market), market.programme
    ranks = np.unique(rank[market.part.counts])
    for place, one in enumerate(ranks.tolist()):
        share = budget.share(1.0 / (len(ranks) - place))
        found = search.run(share)
        budget.took(share)
        if place + 1 == len(ranks) or not np.isfinite(found.leaf.volume_kw):
            return found, choices
        chosen = (rank == one).astype(np.float64)
        held_kw = float(chosen @ found.leaf.power_kw) * (1.0 - HELD_SHARE)
        programme = programme.with_rows(csr_array(-chosen[None, :]), np.array([-held_kw]))
        weight = (rank == ranks[place + 1]).astype(np.float64)
        choices = _choices(market.part, programme, weight)
        search = Search(market.part, choices)
        search.begin_with(found.taken)
    raise ValueError("a part has no variables")


def _allocation(market: Market, found: ChoiceFound, choices: Choices, budget: Budget) -> StagedAllocation:
    """What the rule makes of the choice; at least what was found for it.

    By `priority` the rule keeps the volumes of classes itself: rows that hold them, as in the search, would
    leave next to no room beside the caps.
    """
    part, problem = market.part, market.problem
    chosen = market.programme.between(*part.bounds(found.taken))
    best = choices.optimum(found.taken, found.leaf.power_kw, budget)
    every = np.ones(len(part.upper_kw), dtype=np.bool_)
    if not np.isfinite(found.leaf.volume_kw):
        return share_kept(chosen)
    own = StagedAllocation(
        value=best.value if best.status.is_kept else found.leaf.power_kw,
        status=best.status,
        stages=(Stage(optimum=best, decides=every),),
    )
    if problem.rule == Rule.MAX_VOLUME:
        return own
    question = Question(
        programme=chosen,
        proposed_kw=part.upper_kw,
        rank=_ranks(market),
        starts=(found.leaf.power_kw,),
        budget=budget,
    )
    [shared] = run_together(market.oracle, [shared_by(problem.rule, question)])
    return shared if shared.status.is_kept else replace(own, status=SolverStatus.STOPPED)


def share_kept(programme: Programme) -> StagedAllocation:
    """The greatest share of everything between its bounds that keeps every limit, or the least."""
    situations = programme.situations
    shares = np.linspace(0.0, 1.0, SHARES + 1)
    values = programme.lower + shares[:, None] * (programme.upper - programme.lower)
    oracle = situations.oracle if situations else None
    [kept] = run_together(oracle, [holds(programme, values)])
    value = values[int(np.flatnonzero(kept)[-1])] if kept.any() else values[0]
    optimum = Optimum.without_multipliers(programme, SolverStatus.FAILED, value)
    every = np.ones(len(value), dtype=np.bool_)
    return StagedAllocation(
        value=value, status=SolverStatus.FAILED, stages=(Stage(optimum=optimum, decides=every),)
    )


def _ranks(market: Market) -> Int:
    """Rank of each variable's submission, the earliest of its columns, (J,); the last where none counts."""
    part = market.part
    rank = np.full(len(part.upper_kw), np.iinfo(np.int64).max)
    entries = part.matrix.tocoo()
    column, variable = entries.coords
    np.minimum.at(rank, variable, market.problem.offers.column_rank[part.columns[column]])
    rank[~part.counts] = np.iinfo(np.int64).max
    return rank
