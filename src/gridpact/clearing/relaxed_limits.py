"""Limits that hold: the case's own, or what the bare network has where no choice of trades keeps these."""

from dataclasses import replace

import numpy as np

from gridpact.clearing.network.network_state import OperatingLimits, keeps_limits
from gridpact.clearing.problem.market import Market, coordinates_of, on_network, oracle_of
from gridpact.clearing.problem.parts import period_part
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.rules.stage import best_of, holds
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import Solve, run_together
from gridpact.clearing.solver.optimum import SolverStatus
from gridpact.clearing.solver.programme import Objective, Programme
from gridpact.clearing.solver.sqp import DENSE_MAX, maximise
from gridpact.clearing.terms.joint_clearing import has_choice

REACH_SHARE = 0.5  # of what is exceeded, that trades must make up for by their sensitivities alone


def with_limits_decided(problem: ClearingProblem, budget: Budget) -> ClearingProblem:
    """The problem within the case's own limits wherever a choice of trades is found that keeps them.

    In the others, where the bare network breaks a limit, limits are relaxed to what the bare network has.
    """
    state, nominal = problem.baseline_operation, problem.nominal_limits
    broken = np.flatnonzero(state.converged & ~keeps_limits(state, nominal))
    if not len(broken):
        return problem
    oracle = oracle_of(problem)
    coordinates = coordinates_of(problem, oracle)
    alone = np.intersect1d(broken[problem.untied[broken]], problem.offers.column_period)
    markets = [
        on_network(problem, period_part(problem.offers, int(t)), oracle, coordinates, nominal) for t in alone
    ]
    solves = [_keeps_own_limits(market, problem.operating_limits, budget) for market in markets]
    found = run_together(oracle, solves)
    kept = [int(one.part.periods[0]) for one, is_kept in zip(markets, found, strict=True) if is_kept]
    for part in problem.parts:
        touched = np.intersect1d(part.periods, broken)
        if len(touched) and _part_keeps_own_limits(
            on_network(problem, part, oracle, coordinates, nominal), budget
        ):
            kept.extend(touched.tolist())
    own = np.isin(np.arange(problem.shape[0]), kept)
    return replace(problem, operating_limits=problem.operating_limits.replaced(own, nominal))


def _keeps_own_limits(market: Market, relaxed: OperatingLimits, budget: Budget) -> Solve[bool]:
    """Whether a choice of trades is found that keeps the case's own limits, those of a market.

    Commitments come first: where they are kept in full only within the relaxed limits, these hold.
    """
    programme = market.programme
    if (yield from _is_out_of_reach(programme)):
        return False
    firm = market.problem.offers.column_firm[market.part.columns]
    if firm.any():
        kept_in_full = programme.between(np.where(firm, programme.upper, programme.lower), programme.upper)
        if (yield from _any_choice(kept_in_full, budget)):
            return True
        monitored = market.situations.oracle.monitored
        least, greatest = monitored.least_and_greatest(relaxed, market.part.periods)
        within = replace(programme, situations=market.situations.with_limits(least, greatest))
        fits = yield from holds(within, kept_in_full.lower[None, :])
        if fits[0]:
            return False
    return (yield from _any_choice(programme, budget))


def _part_keeps_own_limits(market: Market, budget: Budget) -> bool:
    """The same of periods that terms tie together: a search, where trades that need no terms could do it."""
    [is_possible] = run_together(market.oracle, [keeps_some_choice(market.programme, budget)])
    return is_possible and has_choice(market, budget)


def keeps_some_choice(programme: Programme, budget: Budget) -> Solve[bool]:
    """Whether a choice of the variables is found that keeps the limits of a programme, whatever terms say."""
    if (yield from _is_out_of_reach(programme)):
        return False
    return (yield from _any_choice(programme, budget))


def _any_choice(programme: Programme, budget: Budget) -> Solve[bool]:
    """Whether a choice of trades is found that keeps the limits of a programme.

    Steps that lessen nothing but what is exceeded, from nothing and from half of everything, are the answer
    where they end; where none does, the greatest volume is looked for. Of many variables only the first is
    asked.
    """
    starts = (programme.lower, 0.5 * (programme.lower + programme.upper))
    is_answered = len(programme) > DENSE_MAX
    for start in starts[:1] if is_answered else starts:
        size_kw = np.where(programme.upper > 0.0, programme.upper, 1.0)
        nearest = programme.aiming_at(Objective.nearness(start, size_kw))
        found = yield from maximise(nearest, start, budget)
        if found.status.is_kept:
            return True
        is_answered |= found.status is SolverStatus.INFEASIBLE
    if is_answered:
        return False
    found = yield from best_of(programme, starts, budget)
    return found.status.is_kept


def _is_out_of_reach(programme: Programme) -> Solve[bool]:
    """Whether trades make up for less than half of what is exceeded most without them.

    As far as the state without them tells: voltages are nearly linear in what is traded, and currents lie
    above their linear part.
    """
    situations = programme.situations
    if situations is None:
        return False
    injected = situations.injected_kva(programme.lower, np.arange(len(situations)))
    voltages = yield injected
    for situation, (voltage, power) in enumerate(zip(voltages, injected, strict=True)):
        if not np.isfinite(voltage).all():
            continue
        point = situations.oracle.around(voltage, power, situations.directions)
        excess = situations.excess(point.magnitude, situation)
        side, row = np.unravel_index(int(excess.argmax()), excess.shape)
        sign = 1.0 if side == 0 else -1.0
        gradient = point.gradient(np.array([row]), np.array([sign]))[0]
        by_variable = situations.effects[situation].T @ gradient
        relief = -np.minimum(by_variable * (programme.upper - programme.lower), 0.0).sum()
        if relief < REACH_SHARE * excess[side, row]:
            return True
    return False
