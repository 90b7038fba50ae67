"""Fallback: what to clear where a solver failed, as much of a draft as keeps every limit."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.network.network_state import OperatingLimits, Operation, keeps_limits, operate
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.reasons import element_kinds
from gridpact.clearing.problem.solution import BindingLimits, LimitedBy, PeriodSolution, PeriodStatus
from gridpact.grid.network_model import NEUTRAL, PHASE_LABELS
from gridpact.grid.places import places

STEPS = 64
ROUNDS = 4


class Reason(NamedTuple):
    """What holds every column of a period down: as in `PeriodSolution`, the phase by its name."""

    limited_by: LimitedBy
    element: int
    phase: str = ""


NO_STATE = Reason(LimitedBy.VOLTAGE_MIN, -1)


def nothing(problem: ClearingProblem, period: int, volume_bound_kw: float) -> PeriodSolution:
    """What clears in a period in which the network is proven to have no operating point: nothing."""
    count = len(problem.offers.of_period(period))
    return _found(problem, period, np.zeros(count), NO_STATE, volume_bound_kw)


def greatest_share(
    problem: ClearingProblem, period: int, drafts: Sequence[Float], volume_bound_kw: float
) -> PeriodSolution:
    """Of some drafts, each taken back as far as every cap and limit asks, the one with the most volume.

    Args:
        problem: the clearing problem.
        period: which.
        drafts: power of the period's columns, (n,) each; a value that is no number counts as nothing.
        volume_bound_kw: no allocation clears more.
    """
    found = [_taken_back(problem, period, np.nan_to_num(draft), volume_bound_kw) for draft in drafts]
    counts = problem.offers.column_counts[problem.offers.of_period(period)]
    return max(found, key=lambda one: float(one.column_kw[counts].sum()))


def _taken_back(
    problem: ClearingProblem, period: int, draft_kw: Float, volume_bound_kw: float
) -> PeriodSolution:
    """The greatest share of a draft that keeps every limit of a period, the same share of every column.

    The share is searched for on a grid that is refined around the greatest share that holds. A share of
    nothing is the baseline, whose limits are its own; if even that has no operating point, nothing clears.
    """
    columns = problem.offers.of_period(period)
    draft_kw = np.clip(draft_kw, 0.0, problem.offers.column_kw[columns])
    draft_kw = draft_kw * _share_within_caps(problem, period, draft_kw)
    low, high, beyond = 0.0, 1.0, STEPS
    for _ in range(ROUNDS):
        shares = np.linspace(low, high, STEPS + 1)
        injection = problem.candidate_injection(period, np.outer(shares, draft_kw))
        operation = operate(problem.network, injection)
        limits = problem.operating_limits.repeated(period, len(shares))
        kept = keeps_limits(operation, limits)
        best = int(np.flatnonzero(kept)[-1]) if kept.any() else 0
        beyond = min(best + 1, STEPS)
        low, high = float(shares[best]), float(shares[beyond])
    return _found(
        problem, period, low * draft_kw, _worst_limit(problem, operation, limits, beyond), volume_bound_kw
    )


def _found(
    problem: ClearingProblem,
    period: int,
    column_kw: Float,
    reason: Reason,
    volume_bound_kw: float,
) -> PeriodSolution:
    """What a period clears at best, each column cut for one reason."""
    columns = problem.offers.of_period(period)
    return PeriodSolution(
        period=period,
        columns=columns,
        column_kw=column_kw,
        limited_by=np.full(len(columns), reason.limited_by, dtype=np.int64),
        element=np.full(len(columns), reason.element, dtype=np.int64),
        phase=np.full(len(columns), PHASE_LABELS.index(reason.phase), dtype=np.int64),
        binding=BindingLimits.joined([]),
        volume_bound_kw=volume_bound_kw,
        status=PeriodStatus.BEST_FOUND,
    )


def _share_within_caps(problem: ClearingProblem, period: int, draft_kw: Float) -> float:
    """The greatest share of a draft, at most 1, that the caps of a period leave room for."""
    used = np.concatenate(problem.traded_kw(period, draft_kw[None, :]), axis=1)[0]
    caps = np.concatenate([problem.seller_cap_kw[period], problem.buyer_cap_kw[period]])
    shares = np.divide(caps, used, out=np.full_like(used, np.inf), where=used > 0.0)
    return float(np.min(shares, initial=1.0))


def _worst_limit(problem: ClearingProblem, operation: Operation, limits: OperatingLimits, row: int) -> Reason:
    """The limit that a row of an operation breaks most, each relative to its own scale of 1 pu and 100 %."""
    if not operation.converged[row]:
        return NO_STATE
    voltage = limits.voltage_excess_pu(operation.voltage_pu)[row]
    loading = limits.loading_excess_percent(operation.loading_percent)[row] / 100.0
    unbalance = limits.unbalance_excess_percent(operation.unbalance_percent)[row] / 100.0
    found = places(problem.network)
    greatest = max(part.max(initial=0.0) for part in (loading, unbalance))
    if voltage.max() >= greatest:
        column = int(voltage.argmax())
        is_high = operation.voltage_pu[row, column] > limits.voltage_max_pu[row, column]
        kind = LimitedBy.VOLTAGE_MAX if is_high else LimitedBy.VOLTAGE_MIN
        return Reason(kind, int(found.voltage_bus[column]), found.voltage_phase[column])
    if unbalance.max(initial=0.0) == greatest:
        return Reason(LimitedBy.VOLTAGE_UNBALANCE, int(found.unbalance_bus[unbalance.argmax()]))
    column = int(loading.argmax())
    element, phase = int(found.loading_element[column]), found.loading_phase[column]
    if phase == NEUTRAL:
        return Reason(LimitedBy.NEUTRAL, element, phase)
    return Reason(LimitedBy(element_kinds(problem.network, np.array([element]))[0]), element, phase)
