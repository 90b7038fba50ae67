"""AC clearing: the most that the network really carries, with exact branch equations.

1. Clear against the caps alone, and run one AC power flow over all periods. Where it keeps every limit, the
   optimum over caps is the optimum: most periods end here. Where it does not with all feed-in, the same is
   tried without any.
2. Solve the other periods by the rule on the network.
3. Run the power flow of what they gave. Where no solver found what keeps every limit, the greatest share of
   a draft that does is taken instead, and marked so.

Which limits hold is decided before, see `relaxed_limits`. Periods that terms tie together are cleared as one,
see `terms/joint_clearing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Allocation as Rule
from gridpact.clearing.certificate.relaxed_states import relaxed_states
from gridpact.clearing.contingencies import Contingencies, withstand_outages
from gridpact.clearing.explain import explained
from gridpact.clearing.fallback import greatest_share, nothing
from gridpact.clearing.network.network_state import Operation, keeps_limits, operate
from gridpact.clearing.over_caps import allocate_over_caps
from gridpact.clearing.problem.market import Market, coordinates_of, on_network, oracle_of
from gridpact.clearing.problem.parts import Part, period_part
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.solution import LimitedBy, PartOutcome, PeriodSolution, PeriodStatus, Solution
from gridpact.clearing.rules.rule import shared_by
from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation, best_of
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import Solve, run_together
from gridpact.clearing.solver.optimum import LimitsAtWork, Optimum, SolverStatus
from gridpact.clearing.solver.sqp import DENSE_MAX
from gridpact.clearing.terms.joint_clearing import share_kept, solve_parts
from gridpact.grid.network_model import NO_PHASE

BATCH_PERIODS = 96
NOTHING_NEAR: Mapping[int, LimitsAtWork] = MappingProxyType({})
PROBES, PROBED_FROM = 6, 12  # periods that are looked at first, where there are more than so many


def solve_ac(problem: ClearingProblem, budget: Budget | None = None) -> Solution:
    """The allocation of the problem's rule under exact AC, in every period.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum over the caps.
    """
    return AcClearing(problem, budget or Budget()).solve()


class AcClearing:
    """Clears a problem on its network.

    Args:
        problem: the clearing problem.
        budget: of work and time.
        doubts: whether to look for a better optimum wherever there may be one.
        near: limits that were at work in problems like it, by period; where there are some, steps start from
            what is known, which is near the optimum.

    Attributes:
        limits_at_work: at the first optimum of each period that was cleared on the network by itself.
    """

    def __init__(
        self,
        problem: ClearingProblem,
        budget: Budget,
        *,
        doubts: bool = True,
        near: Mapping[int, LimitsAtWork] = NOTHING_NEAR,
    ) -> None:
        self.limits_at_work: dict[int, LimitsAtWork] = {}
        self._problem = problem
        self._doubts = doubts
        self._near = near
        self._budget = budget
        self._oracle = oracle_of(problem)
        self._coordinates = coordinates_of(problem, self._oracle)

    def solve(self) -> Solution:
        """See `solve_ac`."""
        problem = self._problem
        alive = columns_with_state(problem)
        if len(alive) == problem.offers.columns:
            return self._solve_alive()
        nothing_kw = np.zeros(problem.offers.columns)
        on_alive = AcClearing(
            problem.on_top_of(nothing_kw, alive, keeps_limits=np.ones(problem.shape[0], dtype=np.bool_)),
            self._budget,
        )
        return _without_state(problem).with_columns(alive, on_alive._solve_alive())

    def _solve_alive(self) -> Solution:
        """The allocation where every period that terms tie to others may have an operating point."""
        solution = self._solve_untied()
        problem, limits = self._problem, self._problem.operating_limits
        markets = [
            on_network(problem, part, self._oracle, self._coordinates, limits) for part in problem.parts
        ]
        for solved, outcome in solve_parts(markets, self._budget):
            solution = solution.with_periods(problem.offers, solved).with_parts([outcome])
        return solution

    def _solve_untied(self) -> Solution:
        """The allocation in the periods that no terms tie to others; all is cleared in the others."""
        problem, offers = self._problem, self._problem.offers
        over_caps = allocate_over_caps(problem, self._budget)
        state = self._operation(over_caps.column_kw, problem.baseline_operation)
        is_kept = self._keeps_limits(over_caps.column_kw, state)
        if offers.column_helps.any() and not is_kept.all():
            over_caps = over_caps.without_help(offers, ~is_kept)
            state = self._operation(over_caps.column_kw, state)
            is_kept = self._keeps_limits(over_caps.column_kw, state)
        tight = np.flatnonzero(problem.untied & ~is_kept)
        tight = np.intersect1d(tight, offers.column_period[offers.column_counts])
        if not len(tight):
            return replace(over_caps, operation=state)
        bound_kw = over_caps.volume_bound_kw
        hopeless = [t for t in tight.tolist() if has_no_state(problem, t)]
        solvable = np.setdiff1d(tight, hopeless)
        exact = over_caps.with_periods(
            offers,
            [nothing(problem, t, bound_kw[t]) for t in hopeless]
            + self._on_network(solvable.tolist(), over_caps.column_kw, bound_kw),
        )
        state = self._operation(exact.column_kw, state)
        is_kept = self._keeps_limits(exact.column_kw, state)
        is_unsafe = ~is_kept | (exact.status == PeriodStatus.BEST_FOUND)
        instead = []
        for period in solvable[is_unsafe[solvable]].tolist():
            columns = offers.of_period(period)
            drafts = exact.column_kw[columns], over_caps.column_kw[columns], problem.known_kw[columns]
            instead.append(greatest_share(problem, period, drafts, bound_kw[period]))
        return replace(exact.with_periods(offers, instead), operation=state)

    def _on_network(self, periods: list[int], over_caps_kw: Float, bound_kw: Float) -> list[PeriodSolution]:
        """The allocation of some periods on the network.

        They are cleared side by side; those of many columns one after the other, as each begins with the
        limits that were at work in the last. Of many periods a few are looked at first: where doubts lead to
        nothing better in any of them, there are none in the others.
        """
        size = np.bincount(self._problem.offers.column_period, minlength=self._problem.shape[0])
        many = [t for t in periods if size[t] > DENSE_MAX]
        few = [t for t in periods if size[t] <= DENSE_MAX]
        probes = few[:: -(-len(few) // PROBES)] if len(few) > PROBED_FROM else []
        rest = [t for t in few if t not in probes]
        batches = [rest[first : first + BATCH_PERIODS] for first in range(0, len(rest), BATCH_PERIODS)]
        solved: list[PeriodSolution] = []
        limits, doubts = None, self._doubts
        for batch in [*([probes] if probes else []), *batches, *([t] for t in many)]:
            markets = [self._market(t) for t in batch]
            solves = [
                self._clear(one, over_caps_kw[one.part.columns], self._near.get(t, limits), doubts=doubts)
                for t, one in zip(batch, markets, strict=True)
            ]
            allocations = run_together(self._oracle, solves)
            if batch is probes:
                doubts = doubts and not all(one.stages[0].optimum.is_first for one in allocations)
            for t, market, allocation in zip(batch, markets, allocations, strict=True):
                solved.extend(explained(market, allocation, bound_kw))
                self.limits_at_work[t] = allocation.stages[0].optimum.limits
            if size[batch[0]] > DENSE_MAX:
                limits = self.limits_at_work[batch[0]]
        return solved

    def withstanding_outages(
        self, solution: Solution, known: Solution | None = None
    ) -> tuple[Solution, Contingencies]:
        """The allocation that survives every outage, instead of a solution that does not look at them.

        One that does may be known, in which firm columns are as they have to stay.
        """
        problem = self._problem

        def market(part: Part) -> Market:
            return on_network(problem, part, self._oracle, self._coordinates, problem.operating_limits)

        return withstand_outages(problem, solution, market, self._clear_again, known)

    def _clear_again(
        self, markets: Sequence[Market]
    ) -> list[tuple[list[PeriodSolution], PartOutcome | None]]:
        """The solutions of markets with more situations."""
        problem = self._problem
        tied = [one for one in markets if not problem.untied[one.part.periods].any()]
        alone = [one for one in markets if problem.untied[one.part.periods].any()]
        bound_kw = problem.offers.volume_kw(problem.offers.column_kw, problem.shape[0])
        found: list[tuple[list[PeriodSolution], PartOutcome | None]] = list(solve_parts(tied, self._budget))
        solves = [self._clear(one, one.programme.upper) for one in alone]
        for one, allocation in zip(alone, run_together(self._oracle, solves), strict=True):
            kept = allocation if allocation.status.is_kept else share_kept(one.programme)
            found.append((explained(one, kept, bound_kw), None))
        return found

    def _market(self, period: int) -> Market:
        problem = self._problem
        part = period_part(problem.offers, period)
        return on_network(problem, part, self._oracle, self._coordinates, problem.operating_limits)

    def _clear(
        self,
        market: Market,
        over_caps_kw: Float,
        limits: LimitsAtWork | None = None,
        *,
        doubts: bool = True,
    ) -> Solve[StagedAllocation]:
        """The allocation of a period by the problem's rule."""
        problem, part = self._problem, market.part
        starts: tuple[Float, ...] = (problem.known_kw[part.columns], over_caps_kw)
        if problem.rule == Rule.MAX_VOLUME and limits is None and not self._can_relieve[part.periods].any():
            starts = starts[::-1]  # which is where a step without limits would lead
        greatest: Optimum | None = None
        if problem.rule != Rule.MAX_VOLUME:
            greatest = yield from best_of(market.programme, starts, self._budget, doubts=True, limits=limits)
            if greatest.status.is_kept:
                starts = (greatest.value, *starts)
        question = Question(
            programme=market.programme,
            proposed_kw=part.upper_kw,
            rank=problem.offers.column_rank[part.columns],
            starts=starts,
            budget=self._budget,
            limits=limits,
            doubts=doubts,
        )
        allocation = yield from shared_by(problem.rule, question)
        if allocation.status.is_kept or greatest is None or not greatest.status.is_kept:
            return allocation
        every = np.ones(len(part.upper_kw), dtype=np.bool_)
        stage = Stage(optimum=greatest, decides=every)
        return StagedAllocation(value=greatest.value, status=SolverStatus.STOPPED, stages=(stage,))

    def _operation(self, column_kw: Float, near: Operation) -> Operation:
        """The operation under an allocation, found from one that is near."""
        return operate(self._problem.network, self._problem.injection_at_nodes(column_kw), near)

    def _keeps_limits(self, column_kw: Float, operation: Operation) -> Bool:
        """Whether each period keeps its limits in the operation under an allocation, (T,)."""
        problem = self._problem
        idle = problem.offers.idle(column_kw, problem.shape[0])
        kept: Bool = (idle & ~self._can_relieve) | keeps_limits(operation, problem.operating_limits)
        return kept

    @cached_property
    def _can_relieve(self) -> Bool:
        """Whether a period has limits that the bare network breaks and some choice of trades keeps, (T,)."""
        state = self._problem.baseline_operation
        can_relieve: Bool = state.converged & ~keeps_limits(state, self._problem.operating_limits)
        return can_relieve


def columns_with_state(problem: ClearingProblem) -> Int:
    """The columns that no terms tie to a period in which the network has no operating point."""
    dead = np.zeros(problem.offers.columns, dtype=np.bool_)
    for part in problem.parts:
        hopeless = [place for place, period in enumerate(part.periods) if has_no_state(problem, int(period))]
        touched = np.asarray(part.matrix.T @ np.isin(part.period, hopeless).astype(np.float64)) > 0.0
        dead[part.columns] = np.asarray(part.matrix @ touched.astype(np.float64)) > 0.0
    return np.flatnonzero(~dead)


def _without_state(problem: ClearingProblem) -> Solution:
    """Nothing clears: what the columns of `columns_with_state` are added to."""
    offers, periods = problem.offers, problem.shape[0]
    in_dead_period = np.array([has_no_state(problem, period) for period in range(periods)])
    by_network = in_dead_period[offers.column_period]
    return replace(
        Solution.in_full(offers, periods),
        column_kw=np.zeros(offers.columns),
        limited_by=np.where(by_network, LimitedBy.VOLTAGE_MIN, LimitedBy.TERMS),
        element=np.full(offers.columns, -1, dtype=np.int64),
        phase=np.full(offers.columns, NO_PHASE, dtype=np.int64),
        volume_bound_kw=np.zeros(periods),
        status=np.where(in_dead_period, PeriodStatus.BEST_FOUND, PeriodStatus.IN_FULL),
    )


def has_no_state(problem: ClearingProblem, period: int) -> bool:
    """Whether a period without a baseline is proven to have no operating point, whatever clears.

    A convex relaxation of the network that has no point within the limits is the proof, at a hundredth of
    the time that a solver takes to fail. There is none of three phases.
    """
    if problem.baseline_operation.converged[period] or problem.network.is_three_phase:
        return False
    relaxed = relaxed_states(problem, period)
    return relaxed.states.greatest(relaxed.volume_kw).upper == -np.inf
