"""Periods of a case as programmes on their network, and both ways to solve them."""

import numpy as np
from benchmarks.ipopt.optimum_by_ipopt import maximise_by_ipopt

from gridpact.case import Case
from gridpact.clearing.caps.caps_solution import solve_over_caps
from gridpact.clearing.network.network_state import keeps_limits, operate
from gridpact.clearing.problem.market import Market, coordinates_of, on_network, oracle_of
from gridpact.clearing.problem.parts import period_part
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.optimum import Optimum
from gridpact.clearing.solver.sqp import maximise
from gridpact.grid.compile import compile_source


def posed(case: Case) -> tuple[ClearingProblem, list[int]]:
    """The problem of a case within its relaxed limits, and its periods that reach one."""
    problem = pose(case, case.trades, compile_source(case.network))
    over_caps = solve_over_caps(problem)
    injection = problem.injection_at_nodes(over_caps.column_kw)
    kept = keeps_limits(operate(problem.network, injection), problem.operating_limits)
    tight = np.flatnonzero(problem.untied & ~kept & problem.baseline_operation.converged)
    return problem, tight.tolist()


def market(problem: ClearingProblem, period: int) -> Market:
    """A period on its network."""
    oracle = oracle_of(problem)
    part = period_part(problem.offers, period)
    return on_network(problem, part, oracle, coordinates_of(problem, oracle), problem.operating_limits)


def by_steps(one: Market, start: np.ndarray | None = None) -> Optimum:
    """What the sequential steps find from a start, or from nothing traded."""
    programme = one.programme
    start = np.zeros(len(programme)) if start is None else start
    [found] = run_together(one.situations.oracle, [maximise(programme, start, Budget())])
    return found


def by_ipopt(one: Market, start: np.ndarray | None = None) -> Optimum:
    """What Ipopt finds; cautiously where it fails otherwise."""
    start = 0.5 * one.programme.upper if start is None else start
    found = maximise_by_ipopt(one.programme, start, Budget())
    if found.status.is_kept:
        return found
    return maximise_by_ipopt(one.programme, np.zeros(len(one.programme)), Budget(), cautious=True)


def keeps_everything(one: Market, value: np.ndarray) -> bool:
    """Whether a value of a period's variables keeps caps and limits within a clearing's tolerance."""
    problem, period = one.problem, int(one.part.periods[0])
    column_kw = one.part.matrix @ value
    limits = problem.operating_limits.repeated(period, 1)
    injection = problem.candidate_injection(period, column_kw[None, :])
    sold, bought = problem.traded_kw(period, column_kw[None, :])
    return bool(
        keeps_limits(operate(problem.network, injection), limits).all()
        and np.all(sold[0] <= problem.seller_cap_kw[period] + 1e-9)
        and np.all(bought[0] <= problem.buyer_cap_kw[period] + 1e-9)
    )
