"""AC clearing: the most that the network really carries, with exact branch equations.

1. Clear against the caps alone, and run one AC power flow over all periods. Where it keeps every limit, the
   optimum over caps is the optimum: most periods end here.
2. Solve the other periods: by sequential steps, on sparse matrices where there are many columns; where these
   find nothing, as nonlinear programmes, built once for the network and its trading pairs.
3. Run the power flow of what they gave. Where a solver failed or its result breaks a limit, the greatest
   share of it or of the optimum over caps that keeps every limit is taken instead, and marked so.

Periods that terms tie together are cleared as one, see `tied`.
"""

from dataclasses import replace
from time import monotonic

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Allocation
from gridpact.clearing.caps import caps_fit
from gridpact.clearing.coupling import period_part
from gridpact.clearing.explain import explained
from gridpact.clearing.market import coordinates_of, on_network
from gridpact.clearing.network.oracle import NetworkOracle
from gridpact.clearing.nonlinear import NonlinearClearing
from gridpact.clearing.operation import keeps_limits, operate
from gridpact.clearing.over_caps import solve_over_caps
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.relaxed_states import relaxed_states
from gridpact.clearing.retreat import nothing, retreat
from gridpact.clearing.rules.stage import Allocation as Shared
from gridpact.clearing.rules.stage import Stage
from gridpact.clearing.sequential import SequentialClearing
from gridpact.clearing.situations import Situations
from gridpact.clearing.solution import LimitedBy, PeriodSolution, PeriodStatus, Solution
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.sqp import DENSE_MAX, SolverStatus, maximise
from gridpact.clearing.tied import solve_part

GAIN_MIN_KW = 1e-4  # by which another optimum has to clear more, beyond what tolerances explain


def solve_ac(problem: ClearingProblem) -> Solution:
    """The allocation of the problem's rule under exact AC, in every period.

    Raises:
        SolverFailed: HiGHS or Clarabel ended without an optimum over the caps.
    """
    alive = columns_with_state(problem)
    if len(alive) == problem.offers.columns:
        return _solve_alive(problem)
    nothing_kw = np.zeros(problem.offers.columns)
    return _without_state(problem).with_columns(alive, _solve_alive(problem.on_top_of(nothing_kw, alive)))


def columns_with_state(problem: ClearingProblem) -> Int:
    """The columns that no terms tie to a period in which the network has no operating point."""
    dead = np.zeros(problem.offers.columns, dtype=np.bool_)
    for part in problem.parts:
        hopeless = [place for place, period in enumerate(part.periods) if _has_no_state(problem, int(period))]
        touched = np.asarray(part.matrix.T @ np.isin(part.period, hopeless).astype(np.float64)) > 0.0
        dead[part.columns] = np.asarray(part.matrix @ touched.astype(np.float64)) > 0.0
    return np.flatnonzero(~dead)


def _without_state(problem: ClearingProblem) -> Solution:
    """Nothing clears: what the columns of `columns_with_state` are added to."""
    offers, periods = problem.offers, problem.shape[0]
    in_dead_period = np.array([_has_no_state(problem, period) for period in range(periods)])
    by_network = in_dead_period[offers.column_period]
    return replace(
        Solution.in_full(offers, periods),
        column_kw=np.zeros(offers.columns),
        limited_by=np.where(by_network, LimitedBy.VOLTAGE_MIN, LimitedBy.TERMS),
        element=np.full(offers.columns, -1, dtype=np.int64),
        volume_bound_kw=np.zeros(periods),
        status=np.where(in_dead_period, PeriodStatus.BEST_FOUND, PeriodStatus.IN_FULL),
    )


def _solve_alive(problem: ClearingProblem) -> Solution:
    """The allocation where every period that terms tie to others may have an operating point."""
    solution = _solve_untied(problem)
    until = monotonic() + problem.seconds_max
    for part in problem.parts:
        situations = Situations.as_scheduled(problem, part)
        solved, outcome = solve_part(problem, part, situations, until - monotonic())
        solution = solution.with_periods(problem.offers, solved).with_parts([outcome])
    return solution


def _solve_untied(problem: ClearingProblem) -> Solution:
    """The allocation in the periods that no terms tie to others; all is cleared in the others."""
    offers = problem.offers
    over_caps = _clear_over_caps(problem)
    tight = np.flatnonzero(problem.untied & ~_keeps_limits(problem, over_caps.column_kw))
    if not len(tight):
        return over_caps
    bound_kw = over_caps.volume_bound_kw
    hopeless = [t for t in tight.tolist() if _has_no_state(problem, t)]
    solvable = np.setdiff1d(tight, hopeless)
    exact = over_caps.with_periods(
        offers,
        [nothing(problem, t, bound_kw[t]) for t in hopeless]
        + _solve_on_network(problem, solvable.tolist(), bound_kw),
    )
    is_unsafe = ~_keeps_limits(problem, exact.column_kw) | (exact.status == PeriodStatus.BEST_FOUND)
    retreats = []
    for period in solvable[is_unsafe[solvable]].tolist():
        columns = offers.of_period(period)
        drafts = exact.column_kw[columns], over_caps.column_kw[columns]
        retreats.append(retreat(problem, period, drafts, bound_kw[period]))
    return exact.with_periods(offers, retreats)


def _solve_on_network(problem: ClearingProblem, periods: list[int], bound_kw: Float) -> list[PeriodSolution]:
    """The optima of some periods on the network: by sequential steps, by Ipopt too where not sure."""
    found = []
    if problem.rule is Allocation.MAX_VOLUME:
        with_state = [t for t in periods if problem.baseline_operation.converged[t]]
        found = SequentialClearing(problem).solve(with_state, bound_kw)
    sure = {one.solution.period: one.solution for one in found if one.is_sure}
    unsure = {one.solution.period: one.solution for one in found if not one.is_sure}
    if problem.rule is Allocation.MAX_VOLUME:
        waiting = [t for t in periods if t not in sure and t not in unsure]
        sure |= {one.period: one for one in _solve_large(problem, waiting, bound_kw)}
    others = [t for t in periods if t not in sure]
    if not others:
        return list(sure.values())
    clearing = NonlinearClearing(problem, np.array(others), on_network=True)
    by_ipopt = [clearing.solve(t, bound_kw[t]) for t in others]
    return [*sure.values(), *(_better(problem, unsure.get(one.period), one) for one in by_ipopt)]


def _solve_large(problem: ClearingProblem, periods: list[int], bound_kw: Float) -> list[PeriodSolution]:
    """The optima of those periods with too many columns for dense matrices in which steps end at one."""
    large = [
        t
        for t in periods
        if problem.baseline_operation.converged[t] and len(problem.offers.of_period(t)) > DENSE_MAX
    ]
    if not large:
        return []
    oracle, solved, limits = NetworkOracle(problem.network), list[PeriodSolution](), problem.operating_limits
    coordinates = coordinates_of(problem, oracle)
    for period in large:
        market = on_network(problem, period_part(problem.offers, period), oracle, coordinates, limits)
        idle = np.zeros(len(market.programme))
        [optimum] = run_together(oracle, [maximise(market.programme, idle, Budget())])
        if optimum.status is SolverStatus.OPTIMAL:
            every = np.ones(len(idle), dtype=np.bool_)
            stage = Stage(optimum=optimum, decides=every)
            found = Shared(value=optimum.value, status=optimum.status, stages=(stage,))
            solved.extend(explained(market, found, bound_kw))
    return solved


def _better(problem: ClearingProblem, first: PeriodSolution | None, second: PeriodSolution) -> PeriodSolution:
    """Of a solution that keeps every limit, where there is one, and a draft: what keeps them and has more."""
    if first is None:
        return second
    gained_kw = float(second.column_kw.sum() - first.column_kw.sum())
    if second.status is PeriodStatus.BEST_FOUND or not gained_kw > GAIN_MIN_KW:
        return first
    injection = problem.candidate_injection(second.period, second.column_kw[None, :])
    limits = problem.operating_limits.repeated(second.period, 1)
    return second if keeps_limits(operate(problem.network, injection), limits)[0] else first


def _has_no_state(problem: ClearingProblem, period: int) -> bool:
    """Whether a period without a baseline is proven to have no operating point, whatever clears.

    A convex relaxation of the network that has no point within the limits is the proof, at a hundredth of
    the time that a solver takes to fail.
    """
    if problem.baseline_operation.converged[period]:
        return False
    relaxed = relaxed_states(problem, period)
    return relaxed.states.greatest(relaxed.volume_kw).upper == -np.inf


def _clear_over_caps(problem: ClearingProblem) -> Solution:
    """The allocation by the problem's rule within the caps alone; its volume bound is that of any rule.

    Where the rule's solver fails, the greatest volume stands in, marked as the best found.
    """
    greatest = solve_over_caps(problem)
    if problem.rule is Allocation.MAX_VOLUME:
        return greatest
    tight = np.flatnonzero(problem.untied & ~caps_fit(problem))
    if not len(tight):
        return greatest
    clearing = NonlinearClearing(problem, tight, on_network=False)
    solved = [clearing.solve(t, greatest.volume_bound_kw[t]) for t in tight.tolist()]
    by_rule = [one for one in solved if one.status is not PeriodStatus.BEST_FOUND]
    found = greatest.with_periods(problem.offers, by_rule)
    failed = [one.period for one in solved if one.status is PeriodStatus.BEST_FOUND]
    status = np.where(np.isin(np.arange(problem.shape[0]), failed), PeriodStatus.BEST_FOUND, found.status)
    return replace(found, status=status)


def _keeps_limits(problem: ClearingProblem, column_kw: Float) -> Bool:
    """Whether each period has nothing to cut, or keeps its limits under an allocation's power flow, (T,)."""
    injection = problem.injection_at_nodes(column_kw)
    operation = operate(problem.network, injection, problem.baseline_operation)
    nothing_cleared = problem.offers.volume_kw(column_kw, problem.shape[0]) == 0.0
    kept: Bool = nothing_cleared | keeps_limits(operation, problem.operating_limits)
    return kept
