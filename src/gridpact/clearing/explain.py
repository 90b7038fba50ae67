"""From an allocation to the solution of its periods: what clears, what cut it, which limits bind."""

from collections.abc import Callable, Sequence

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.case import Allocation as Rule
from gridpact.clearing.network.monitored import Monitored
from gridpact.clearing.problem.cut_shares import CutShares
from gridpact.clearing.problem.market import Market
from gridpact.clearing.problem.reasons import (
    DUAL_MIN,
    ActiveCaps,
    ActiveLimits,
    binding_limits,
    element_kinds,
    reasons,
)
from gridpact.clearing.problem.solution import BindingLimits, LimitedBy, PeriodSolution, PeriodStatus
from gridpact.clearing.rules.stage import StagedAllocation
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.grid.network_model import NEUTRAL, NO_PHASE, PHASE_LABELS

LimitsOf = Callable[[Market, Optimum, int], ActiveLimits]
STATUS = {
    SolverStatus.OPTIMAL: PeriodStatus.OPTIMAL,
    SolverStatus.ACCEPTABLE: PeriodStatus.ACCEPTABLE,
    SolverStatus.STOPPED: PeriodStatus.BEST_FOUND,
    SolverStatus.INFEASIBLE: PeriodStatus.BEST_FOUND,
    SolverStatus.FAILED: PeriodStatus.BEST_FOUND,
}


def explained(
    market: Market, allocation: StagedAllocation, bound_kw: Float, limits_of: LimitsOf | None = None
) -> list[PeriodSolution]:
    """The solution of each period of a part.

    Args:
        market: of the part.
        allocation: of its variables.
        bound_kw: no allocation clears more in a period, (T,).
        limits_of: the limits with a multiplier at an optimum, in a period of the part.
    """
    problem, part = market.problem, market.part
    column_kw = part.matrix @ allocation.value
    solutions = []
    for place, period in enumerate(part.periods.tolist()):
        here = np.flatnonzero(part.period == place)
        columns = part.columns[here]
        limited_by = np.full(len(here), LimitedBy.NOTHING, dtype=np.int64)
        element = np.full(len(here), -1, dtype=np.int64)
        phase = np.full(len(here), NO_PHASE, dtype=np.int64)
        bindings, shares = [], CutShares.none()
        seller, buyer = problem.offers.column_seller[columns], problem.offers.column_buyer[columns]
        for stage in allocation.stages:
            limits = (limits_of or active_limits)(market, stage.optimum, place)
            caps = active_caps(market, stage.optimum, place)
            found = reasons(limits, caps, seller, buyer)
            decided = np.asarray(part.matrix @ stage.decides.astype(np.float64))[here] > 0.0
            limited_by[decided], element[decided] = found.limited_by[decided], found.element[decided]
            phase[decided] = found.phase[decided]
            shares = CutShares.joined(shares.where(~decided), found.shares.where(decided))
            bindings.append(binding_limits(period, limits, caps))
        solutions.append(
            PeriodSolution(
                period=period,
                columns=columns,
                column_kw=column_kw[here],
                limited_by=limited_by,
                element=element,
                phase=phase,
                binding=_binding(bindings, problem.rule),
                volume_bound_kw=float(bound_kw[period]),
                status=STATUS[allocation.status],
                shares=shares,
            )
        )
    return solutions


def active_caps(market: Market, optimum: Optimum, place: int) -> ActiveCaps:
    """The caps of a period of a part with their multipliers at an optimum."""
    problem, caps = market.problem, market.caps
    period = market.part.periods[place]
    dual = caps.by_period(optimum.row_dual[: len(caps.cell)], len(market.part.periods))[place]
    seller_dual, buyer_dual = np.split(dual, 2)
    return ActiveCaps(
        seller_cap_kw=problem.seller_cap_kw[period],
        buyer_cap_kw=problem.buyer_cap_kw[period],
        seller_dual=seller_dual,
        buyer_dual=buyer_dual,
    )


def active_limits(market: Market, optimum: Optimum, place: int) -> ActiveLimits:
    """The network's limits that have a multiplier in a period, voltages in pu and loadings in percent."""
    situations, work = market.programme.situations, optimum.limits
    columns = int(np.sum(market.part.period == place))
    if situations is None or not len(work):
        return ActiveLimits.none(columns)
    monitored = situations.oracle.monitored
    chosen = np.flatnonzero((work.dual > DUAL_MIN) & (market.place[work.situation] == place))
    chosen = chosen[np.lexsort((work.sign[chosen], work.row[chosen], work.situation[chosen]))]
    row, sign, situation = work.row[chosen], work.sign[chosen], work.situation[chosen]
    is_voltage = row < len(monitored.node)
    unit = np.where(is_voltage, 1.0, 100.0)
    effect = np.zeros((len(chosen), columns))
    for one in np.unique(situation).tolist():
        here = situation == one
        effect[here] = (market.column_effect(one).T @ work.gradient[chosen[here]].T).T
    limit = np.where(sign > 0.0, situations.greatest[situation, row], situations.least[situation, row])
    return ActiveLimits(
        limited_by=limit_kinds(monitored, row, sign),
        element=monitored.place[row],
        phase=limit_phases(monitored, row),
        value=work.value[chosen] * unit,
        limit=limit * unit,
        dual=sign * work.dual[chosen] / unit,
        effect=effect * (sign * unit)[:, None],
    )


def limit_kinds(monitored: Monitored, row: Int, sign: Float) -> Int:
    """The `LimitedBy` of monitored quantities at their upper limit, or their lower one, by the sign, (L,)."""
    kinds = np.where(sign > 0.0, LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN).astype(np.int64)
    is_unbalance = row >= monitored.first_unbalance
    current = np.flatnonzero((row >= len(monitored.node)) & ~is_unbalance)
    kinds[current] = element_kinds(monitored.network, monitored.place[row[current]])
    kinds[limit_phases(monitored, row) == PHASE_LABELS.index(NEUTRAL)] = LimitedBy.NEUTRAL
    kinds[is_unbalance] = LimitedBy.VOLTAGE_UNBALANCE
    return kinds


def limit_phases(monitored: Monitored, row: Int) -> Int:
    """Positions in `PHASE_LABELS` of the phases of monitored quantities, (L,)."""
    return np.array([PHASE_LABELS.index(monitored.phase[one]) for one in row.tolist()], dtype=np.int64)


def _binding(bindings: Sequence[BindingLimits], rule: str) -> BindingLimits:
    """The limits of the only stage, or of all stages; a price of volume has only `max-volume`."""
    if rule == Rule.MAX_VOLUME and bindings:
        return bindings[0]
    return BindingLimits.joined(list(bindings)).distinct_without_price()
