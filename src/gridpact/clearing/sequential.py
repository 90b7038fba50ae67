"""Sequential clearing: the greatest volume of periods with few columns, over the power of the columns alone.

    minimise    −Σ y + ε Σ (q − y)² / q
    subject to  0 ≤ y ≤ q,  sold ≤ a,  bought ≤ r,  g(v(y)) within its limits

is the nonlinear programme of `programme` with the voltages v put in as the function of y that the power flow
makes of them. Each step solves a quadratic programme with the exact gradients of the limits and the exact
Hessian of the Lagrangian, so the steps end like Newton's (Nocedal, Wright 2006, "Numerical Optimization",
chapter 18). They begin at the baseline, which keeps every limit. A limit is at work from when a step breaks
it. Where linearised limits contradict one another, the steps begin again at the baseline with all limits
found by then.

What is found satisfies the first- and second-order conditions of an optimum and keeps all limits; a period
in which no such point is found is left to another solver. As losses curve what a network can carry, there can
be several optima, at other corners of what is proposed: where prices and curvature do not rule that out, the
optimum is marked as not sure.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.expansion import Expansion
from gridpact.clearing.iterate import KEPT, Iterate, Period, Progress, stepped
from gridpact.clearing.monitored import Monitored
from gridpact.clearing.pairs import Pairs
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.reasons import (
    DUAL_MIN,
    ActiveCaps,
    ActiveLimits,
    binding_limits,
    element_kinds,
    reasons,
)
from gridpact.clearing.solution import LimitedBy, PeriodSolution, PeriodStatus
from gridpact.grid.power_flow import factors_of, run_power_flow
from gridpact.grid.response import Response

BATCH_PERIODS = 96
# Beyond so many columns an interior-point method takes hardly longer; it takes as much longer as the network
# is larger than a feeder.
COLUMNS_MAX, FEEDER_NODES = 80, 300
STEPS_MAX = 20


class Found(NamedTuple):
    """An optimum, and whether no other one is to be expected in its period."""

    solution: PeriodSolution
    is_sure: bool


class SequentialClearing:
    """Clears periods of a problem by `max-volume` on the network."""

    def __init__(self, problem: ClearingProblem) -> None:
        self._problem = problem
        self._network = problem.network
        self._factors = factors_of(problem.network)
        self._monitored = Monitored(problem.network)

    def solve(self, periods: Sequence[int], volume_bound_kw: Float) -> list[Found]:
        """The optima of the periods in which one is found.

        Args:
            periods: whose power flow of the baseline has a solution.
            volume_bound_kw: no allocation clears more in a period, (T,).
        """
        columns_max = COLUMNS_MAX * max(self._network.nodes / FEEDER_NODES, 1.0)
        small = [t for t in periods if len(self._problem.offers.of_period(t)) <= columns_max]
        batches = [small[first : first + BATCH_PERIODS] for first in range(0, len(small), BATCH_PERIODS)]
        return [one for batch in batches for one in self._solve_batch(batch, volume_bound_kw)]

    def _solve_batch(self, periods: Sequence[int], volume_bound_kw: Float) -> list[Found]:
        data = self._periods(periods)
        at = [Iterate.at_baseline(period) for period in data]
        for _ in range(STEPS_MAX):
            moving = [k for k, one in enumerate(at) if one.progress in (Progress.MOVING, Progress.SETTLED)]
            if not moving:
                break
            injected = np.array([data[k].baseline_kva + at[k].power_kw @ data[k].injected for k in moving])
            for k, injected_kva, voltage_pu in zip(moving, injected, self._voltages(injected), strict=True):
                at[k] = self._advanced(data[k], at[k], injected_kva, voltage_pu)
        return [
            Found(self._explained(period, found, float(volume_bound_kw[period.period])), found.is_sure)
            for period, found in zip(data, at, strict=True)
            if found.progress is Progress.FOUND
        ]

    def _periods(self, periods: Sequence[int]) -> list[Period]:
        problem, offers, free = self._problem, self._problem.offers, self._factors.free
        columns = [offers.of_period(t) for t in periods]
        pairs, pair = Pairs.of(problem, np.concatenate(columns))
        injected = (pairs.injected_p + 1j * pairs.injected_q).tocsr()[free].T.toarray()
        pairs_by_period = np.split(pair, np.cumsum([len(one) for one in columns])[:-1])
        return [
            self._period(t, its_columns, injected[its_pairs])
            for t, its_columns, its_pairs in zip(periods, columns, pairs_by_period, strict=True)
        ]

    def _period(self, t: int, columns: Int, injected: Complex) -> Period:
        problem, offers, free = self._problem, self._problem.offers, self._factors.free
        sellers, sold = _under(offers.column_seller[columns], problem.seller_cap_kw[t])
        buyers, bought = _under(offers.column_buyer[columns], problem.buyer_cap_kw[t])
        least_pu, greatest_pu, loading_percent = self._monitored.bounds(problem.operating_limits, t)
        baseline = problem.baseline_at_nodes
        return Period(
            period=t,
            columns=columns,
            proposed_kw=offers.column_kw[columns],
            baseline_kva=baseline.p_kw[t, free] + 1j * baseline.q_kvar[t, free],
            injected=injected,
            seller=sellers,
            buyer=buyers,
            under=np.vstack([sold, bought]),
            cap_kw=np.concatenate([problem.seller_cap_kw[t, sellers], problem.buyer_cap_kw[t, buyers]]),
            least=np.concatenate([least_pu, np.full(len(loading_percent), -np.inf)]),
            greatest=np.concatenate([greatest_pu, loading_percent / 100.0]),
        )

    def _voltages(self, injected_kva: Complex) -> Complex:
        """Voltages of all nodes, (m, N), for powers injected at those that no supply holds, (m, R)."""
        at_nodes = np.zeros((len(injected_kva), self._network.nodes), dtype=np.complex128)
        at_nodes[:, self._factors.free] = injected_kva
        return run_power_flow(self._network, at_nodes.real, at_nodes.imag).voltage_pu

    def _advanced(self, period: Period, at: Iterate, injected_kva: Complex, voltage_pu: Complex) -> Iterate:
        """One step on, or the end of the steps; `voltage_pu` (N,) is of the powers where they are."""
        if not np.isfinite(voltage_pu).all():
            return at.half_way_back()
        expansion = Expansion(
            self._monitored,
            voltage_pu,
            Response(self._factors, voltage_pu[self._factors.free], injected_kva),
            period.injected,
        )
        excess = period.excess(expansion.magnitude)
        if at.progress is Progress.SETTLED and excess.max() <= KEPT:
            return replace(at, progress=Progress.FOUND, value=expansion.magnitude[at.row])
        tolerance = KEPT if at.power_kw.any() else -KEPT
        return stepped(period, at.with_worst(excess, len(self._monitored.node), tolerance), expansion)

    def _explained(self, period: Period, found: Iterate, volume_bound_kw: float) -> PeriodSolution:
        """The solution of a period: the optimum with its reasons and binding limits."""
        problem, t = self._problem, period.period
        offers = problem.offers
        limits = self._active_limits(period, found)
        seller_dual, buyer_dual = np.zeros(problem.shape[1]), np.zeros(problem.shape[1])
        seller_dual[period.seller], buyer_dual[period.buyer] = np.split(found.cap_dual, [len(period.seller)])
        caps = ActiveCaps(
            seller_cap_kw=problem.seller_cap_kw[t],
            buyer_cap_kw=problem.buyer_cap_kw[t],
            seller_dual=seller_dual,
            buyer_dual=buyer_dual,
        )
        seller, buyer = offers.column_seller[period.columns], offers.column_buyer[period.columns]
        limited_by, element = reasons(limits, caps, seller, buyer)
        return PeriodSolution(
            period=t,
            columns=period.columns,
            column_kw=found.power_kw,
            limited_by=limited_by,
            element=element,
            binding=binding_limits(t, limits, caps),
            volume_bound_kw=volume_bound_kw,
            status=PeriodStatus.OPTIMAL,
        )

    def _active_limits(self, period: Period, found: Iterate) -> ActiveLimits:
        """The limits that have a dual, voltages in pu and loadings in percent."""
        monitored = self._monitored
        active = np.flatnonzero(found.dual > DUAL_MIN)
        active = active[np.lexsort((found.sign[active], found.row[active]))]
        row, sign = found.row[active], found.sign[active]
        is_voltage = row < len(monitored.node)
        unit = np.where(is_voltage, 1.0, 100.0)
        element = np.concatenate([monitored.bus, monitored.element])[row]
        kinds = np.where(sign > 0.0, LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN).astype(np.int64)
        kinds[~is_voltage] = element_kinds(self._network, element[~is_voltage])
        return ActiveLimits(
            limited_by=kinds,
            element=element,
            value=found.value[active] * unit,
            limit=np.where(sign > 0.0, period.greatest[row], period.least[row]) * unit,
            dual=sign * found.dual[active] / unit,
            effect=found.gradient[active] * (sign * unit)[:, None],
        )


def _under(participant: Int, cap_kw: Float) -> tuple[Int, Float]:
    """The participants of n columns that have a finite cap, (S,), and which columns each one caps, (S, n)."""
    capped = np.unique(participant[np.isfinite(cap_kw[participant])])
    return capped, (participant[None, :] == capped[:, None]).astype(np.float64)
