"""Robust clearing: an allocation that stays feasible when any one seller or trade delivers nothing.

What is not delivered is missing at the seller, while the buyer uses what it bought: its retailer steps in.
All these outages are checked by batched power flows; those that break a limit become part of the programme of
their periods, which is solved again until none is left. With nothing cleared there is nothing to fail, so
that such an allocation always exists.
"""

from dataclasses import dataclass
from time import monotonic

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Float
from gridpact.clearing.coupling import Part, period_part
from gridpact.clearing.operation import operate
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.situations import Situations
from gridpact.clearing.solution import Solution
from gridpact.clearing.tangents import broken
from gridpact.clearing.tied import solve_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """What robustness took, and how it was checked.

    Attributes:
        outages: number of outages checked, of single sellers and single trades in single periods.
        broken_before: how many of them the allocation without robustness breaks a limit in.
        broken_after: how many the robust one does.
        cost_kw: volume that it costs in each period, (T,).
        max_voltage_excess_pu: the most that a voltage leaves its band by in any outage of the robust one.
        max_loading_excess_percent: likewise for loadings.
    """

    outages: int
    broken_before: int
    broken_after: int
    cost_kw: Float
    max_voltage_excess_pu: float
    max_loading_excess_percent: float


def make_robust(problem: ClearingProblem, solution: Solution) -> tuple[Solution, Robustness]:
    """The greatest volume that survives every outage, instead of a solution that does not look at them."""
    tied = {int(period): part for part in problem.parts for period in part.periods}
    parts = {id(part): part for part in problem.parts}
    for period in range(problem.shape[0]):
        if period not in tied and len(problem.offers.of_period(period)):
            part = period_part(problem.offers, period)
            parts[id(part)] = part
    robust, counted, before = solution, 0, 0
    until = monotonic() + problem.seconds_max
    for part in parts.values():
        situations = outages(problem, part)
        failed = _failed(situations, solution)
        counted, before = counted + len(situations), before + int(failed.sum())
        if failed.any():
            scheduled = Situations.as_scheduled(problem, part)
            seconds = until - monotonic()
            solved, outcome = solve_part(problem, part, scheduled.followed_by(situations), seconds)
            robust = robust.with_periods(problem.offers, solved).with_parts([outcome])
    after, voltage_excess, loading_excess = 0, 0.0, 0.0
    for part in parts.values():
        situations = outages(problem, part)
        after += int(_failed(situations, robust).sum())
        operation = operate(problem.network, situations.injection(_power_kw(part, robust)))
        limits = problem.operating_limits.at(situations.at)
        voltage = limits.voltage_excess_pu(operation.voltage_pu)
        loading = limits.loading_excess_percent(operation.loading_percent)
        voltage_excess = max(voltage_excess, float(np.nanmax(voltage, initial=0.0)))
        loading_excess = max(loading_excess, float(np.nanmax(loading, initial=0.0)))
    periods = problem.shape[0]
    return robust, Robustness(
        outages=counted,
        broken_before=before,
        broken_after=after,
        cost_kw=problem.offers.volume_kw(solution.column_kw - robust.column_kw, periods),
        max_voltage_excess_pu=voltage_excess,
        max_loading_excess_percent=loading_excess,
    )


def outages(problem: ClearingProblem, part: Part) -> Situations:
    """The outages of each seller, and of each trade that is not all that its seller sells, by period.

    A period without a baseline has none: there is nothing that an outage could be held against.
    """
    offers = problem.offers
    rows = np.flatnonzero(np.isin(offers.column, part.columns))
    place = np.searchsorted(part.columns, offers.column[rows])
    share = offers.proposed_kw[rows] / offers.column_kw[offers.column[rows]]
    seller = offers.column_seller[part.columns]
    count = problem.shape[1]
    of_seller, cell = np.unique(part.period * count + seller, return_inverse=True)
    trades_of_seller = np.bincount(cell[place], minlength=len(of_seller))
    single = trades_of_seller[cell[place]] > 1
    columns = len(part.columns)
    by_seller = csr_array((np.ones(columns), (cell, np.arange(columns))), shape=(len(of_seller), columns))
    by_trade = csr_array(
        (share[single], (np.arange(int(single.sum())), place[single])), shape=(int(single.sum()), columns)
    )
    period = np.concatenate([of_seller // count, part.period[place[single]]])
    alive = np.flatnonzero(problem.baseline_operation.converged[part.periods[period]])
    withheld = csr_array(csr_array(vstack([by_seller, by_trade]))[alive])
    return Situations.as_scheduled(problem, part).with_outages(period[alive], withheld)


def _failed(situations: Situations, solution: Solution) -> Bool:
    limits = situations.problem.operating_limits.at(situations.at)
    return broken(situations, limits, _power_kw(situations.part, solution))


def _power_kw(part: Part, solution: Solution) -> Float:
    """The power of each variable, (J,)."""
    summed = part.matrix.copy()
    summed.data = np.ones_like(summed.data)
    total: Float = summed.T @ solution.column_kw[part.columns]
    return total
