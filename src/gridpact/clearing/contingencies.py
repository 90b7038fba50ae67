"""Contingencies: an allocation that stays feasible when any one seller or trade delivers nothing.

What is not delivered is missing at the seller, while the buyer uses what it bought: its retailer steps in.
A seller that fails does not feed in either.
All these outages are checked by batched power flows; parts in which one breaks a limit are cleared again
with all of their outages as further situations of the same programme. With nothing cleared there is nothing
to fail. An outage takes relief away: where the bare network breaks a limit, it may be as bad as that. What is
firm by commitments stays: an outage that breaks a limit with the commitments alone may not get worse.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.explain import limit_kinds
from gridpact.clearing.network.network_state import relaxed_limits
from gridpact.clearing.problem.market import Market, with_contingencies
from gridpact.clearing.problem.parts import Part, period_part
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.solution import LimitedBy, PartOutcome, PeriodSolution, Solution

KEPT_PU, KEPT_SHARE = 1e-7, 1e-7  # pu, and parts of one, within which an outage keeps a limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingencies:
    """What robustness took, and how it was checked.

    Attributes:
        outages: number of outages checked, of single sellers and single trades in single periods.
        broken_before: how many of them the allocation without robustness breaks a limit in.
        broken_after: how many the robust one does.
        cost_kw: volume that it costs in each period, (T,).
        max_voltage_excess_pu: the most that a voltage leaves its band by in any outage of the robust one.
        max_loading_excess_percent: likewise for loadings, of phases and of neutrals.
        max_unbalance_excess_percent: likewise for unbalances, 0 in a balanced network.
        worst: the limit that an outage of the robust one breaks most, each relative to its own scale of 1 pu
            and 100 %, or comes nearest to; none where there are no outages.
    """

    outages: int
    broken_before: int
    broken_after: int
    cost_kw: Float
    max_voltage_excess_pu: float
    max_loading_excess_percent: float
    max_unbalance_excess_percent: float
    worst: "WorstOutage | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstOutage:
    """A limit of the network in an outage.

    Attributes:
        period: in which it is.
        limited_by: which kind.
        element: bus position or rated element.
        phase: "a", "b", "c" or "n"; empty for an unbalance, and in a balanced network.
        excess: by how much it is broken, negative inside, pu and parts of one.
    """

    period: int
    limited_by: LimitedBy
    element: int
    phase: str
    excess: float


ClearAgain = Callable[[Sequence[Market]], list[tuple[list[PeriodSolution], PartOutcome | None]]]


def withstand_outages(
    problem: ClearingProblem,
    solution: Solution,
    market_of: Callable[[Part], Market],
    clear_again: ClearAgain,
    known: Solution | None = None,
) -> tuple[Solution, Contingencies]:
    """The allocation that survives every outage, instead of a solution that does not look at them.

    Args:
        problem: the clearing problem.
        solution: to be held against outages.
        market_of: the market of a part on its network.
        clear_again: clears markets with more situations by the rule of the problem.
        known: an allocation that survives every outage as far as one can, where there is one.
    """
    markets = [with_outages(market_of(part), solution, known) for part in _parts(problem)]
    failed = [_broken(market, solution) for market in markets]
    again = [market for market, broken in zip(markets, failed, strict=True) if broken.any()]
    robust = solution
    for solved, outcome in clear_again(again) if again else ():
        robust = robust.with_periods(problem.offers, solved)
        if outcome is not None:
            robust = robust.with_parts([outcome])
    after, greatest, worst = 0, np.zeros(3), None
    for market in markets:
        sides = _excess(market, robust)
        excess = sides.max(axis=0)
        after += int((~_is_kept(market, excess)).sum())
        parts = _by_quantity(market, excess)
        greatest = np.fmax(greatest, [float(np.nanmax(part, initial=0.0)) for part in parts])
        worst = _worse(worst, _worst(market, sides))
    return robust, Contingencies(
        outages=sum(len(broken) for broken in failed),
        broken_before=sum(int(broken.sum()) for broken in failed),
        broken_after=after,
        cost_kw=problem.offers.volume_kw(solution.column_kw - robust.column_kw, problem.shape[0]),
        max_voltage_excess_pu=float(greatest[0]),
        max_loading_excess_percent=100.0 * float(greatest[1]),
        max_unbalance_excess_percent=100.0 * float(greatest[2]),
        worst=worst,
    )


def with_outages(market: Market, solution: Solution, known: Solution | None = None) -> Market:
    """A market with the outages of its part as further situations, and its firm columns as they were cleared.

    Outages are of each seller, and of each trade that is not all that its seller sells, by period. A period
    without a baseline has none: there is nothing that an outage could be held against.
    """
    problem, part = market.problem, market.part
    place, missing = _outages(problem, part)
    firm = problem.offers.column_firm[part.columns]
    programme = market.programme
    if firm.any():
        firm_kw = part.matrix.T @ np.where(firm, solution.column_kw[part.columns], 0.0)
        is_firm = np.asarray(part.matrix.T @ firm.astype(np.float64)) > 0.0
        programme = programme.between(
            np.where(is_firm, firm_kw, programme.lower), np.where(is_firm, firm_kw, programme.upper)
        )
        market = replace(market, programme=programme)
    situations = market.situations
    limits = relaxed_limits(problem.operating_limits, problem.baseline_operation)
    widened = with_contingencies(market, situations.oracle, place, missing, limits)
    if not firm.any():
        return widened
    every = np.arange(len(widened.situations))
    if known is None:
        return _relaxed_to(widened.programme.lower, widened, every[len(situations) :], np.inf)
    return _relaxed_to(part.value(known.column_kw[part.columns]), widened, every, 2.0 * KEPT_PU)


def _parts(problem: ClearingProblem) -> list[Part]:
    """The parts that terms tie, and every other period in which something is proposed."""
    tied = [int(period) for part in problem.parts for period in part.periods]
    traded = np.unique(problem.offers.column_period[~problem.offers.column_is_fed])
    alone = np.setdiff1d(traded, tied)
    return [*problem.parts, *(period_part(problem.offers, int(period)) for period in alone)]


def _outages(problem: ClearingProblem, part: Part) -> tuple[Int, csr_array]:
    """Place of each outage's period in its part, (S,), and share of each column that is missing, (S, n)."""
    offers = problem.offers
    rows = np.flatnonzero(np.isin(offers.column, part.columns) & (offers.column >= 0))
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
    has_trade = np.concatenate([trades_of_seller > 0, np.ones(int(single.sum()), dtype=np.bool_)])
    alive = np.flatnonzero(has_trade & problem.baseline_operation.converged[part.periods[period]])
    return period[alive], csr_array(csr_array(vstack([by_seller, by_trade]))[alive])


def _relaxed_to(value: Float, market: Market, chosen: Int, at_most: float) -> Market:
    """A market whose chosen situations may be as bad as at some value, (J,), by no more than a bound."""
    situations = market.situations
    voltages = situations.oracle.voltages(situations.injected_kva(value, chosen))
    magnitude = situations.oracle.magnitudes(voltages)
    least, greatest = situations.least.copy(), situations.greatest.copy()
    least[chosen] = np.maximum(np.fmin(least[chosen], magnitude), least[chosen] - at_most)
    greatest[chosen] = np.minimum(np.fmax(greatest[chosen], magnitude), greatest[chosen] + at_most)
    programme = replace(market.programme, situations=situations.with_limits(least, greatest))
    return replace(market, programme=programme)


def _broken(market: Market, solution: Solution) -> Bool:
    """Which outages an allocation breaks a limit in, (S',)."""
    return ~_is_kept(market, _excess(market, solution).max(axis=0))


def _is_kept(market: Market, excess: Float) -> Bool:
    """Which outages keep every limit, (S',), for their excess, (S', M)."""
    voltage, *shares = (part.max(axis=1, initial=0.0) for part in _by_quantity(market, excess))
    kept: Bool = (voltage <= KEPT_PU) & np.all([share <= KEPT_SHARE for share in shares], axis=0)
    return kept


def _excess(market: Market, solution: Solution) -> Float:
    """How far outages are above upper and below lower limits, pu of voltage and parts of one, (2, S', M)."""
    situations, part = market.situations, market.part
    outages = np.arange(len(part.periods), len(situations))
    value = part.value(solution.column_kw[part.columns])
    voltages = situations.oracle.voltages(situations.injected_kva(value, outages))
    magnitude = situations.oracle.magnitudes(voltages)
    return np.stack([magnitude - situations.greatest[outages], situations.least[outages] - magnitude])


def _by_quantity(market: Market, excess: Float) -> list[Float]:
    """The excess of voltages, of currents and of unbalances, (S', V), (S', I) and (S', W)."""
    monitored = market.situations.oracle.monitored
    return np.split(excess, [len(monitored.node), monitored.first_unbalance], axis=1)


def _worst(market: Market, excess: Float) -> WorstOutage | None:
    """The limit with the greatest excess, (2, S', M), in an outage that has a state; none without one."""
    known = np.where(np.isfinite(excess), excess, -np.inf)
    if not np.isfinite(known).any():
        return None
    side, outage, row = (int(one) for one in np.unravel_index(known.argmax(), known.shape))
    monitored, part = market.situations.oracle.monitored, market.part
    kind = limit_kinds(monitored, np.array([row]), np.array([-1.0 if side else 1.0]))
    return WorstOutage(
        period=int(part.periods[market.place[len(part.periods) + outage]]),
        limited_by=LimitedBy(int(kind[0])),
        element=int(monitored.place[row]),
        phase=monitored.phase[row],
        excess=float(known[side, outage, row]),
    )


def _worse(first: WorstOutage | None, second: WorstOutage | None) -> WorstOutage | None:
    """That of two which has the greater excess, the first where they are equal."""
    return max((one for one in (first, second) if one), key=lambda one: one.excess, default=None)
