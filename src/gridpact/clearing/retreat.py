"""Retreat: what to clear where a solver failed, as much of a draft as keeps every limit."""

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.injection import Injection
from gridpact.clearing.operation import OperatingLimits, Operation, keeps_limits, operate
from gridpact.clearing.problem import ClearingProblem
from gridpact.clearing.solution import BindingLimits, LimitedBy, PeriodSolution, PeriodStatus
from gridpact.grid.network import ElementKind

STEPS = 64
ROUNDS = 4


def retreat(problem: ClearingProblem, period: int, draft_kw: Float, volume_bound_kw: float) -> PeriodSolution:
    """The greatest share of a draft that keeps every limit of a period, the same share of every column.

    The share is searched for on a grid that is refined around the greatest share that holds. A share of
    nothing is the baseline, whose limits are its own; if even that has no operating point, nothing clears.

    Args:
        problem: the clearing problem.
        period: which.
        draft_kw: power of the period's columns, (n,).
        volume_bound_kw: no allocation clears more.
    """
    columns = problem.offers.of_period(period)
    low, high = 0.0, 1.0
    worst = LimitedBy.VOLTAGE_MIN, -1
    for _ in range(ROUNDS):
        shares = np.linspace(low, high, STEPS + 1)
        operation = _operate_shares(problem, period, columns, draft_kw, shares)
        limits = problem.operating_limits.repeated(period, len(shares))
        kept = keeps_limits(operation, limits)
        best = int(np.flatnonzero(kept)[-1]) if kept.any() else 0
        beyond = min(best + 1, STEPS)
        worst = _worst_limit(problem, operation, limits, beyond)
        low, high = float(shares[best]), float(shares[beyond])
    return PeriodSolution(
        period=period,
        columns=columns,
        column_kw=low * draft_kw,
        limited_by=np.full(len(columns), worst[0], dtype=np.int64),
        element=np.full(len(columns), worst[1], dtype=np.int64),
        binding=BindingLimits.joined([]),
        volume_bound_kw=volume_bound_kw,
        status=PeriodStatus.BEST_FOUND,
    )


def _operate_shares(
    problem: ClearingProblem, period: int, columns: np.ndarray, draft_kw: Float, shares: Float
) -> Operation:
    column_kw = np.zeros(problem.offers.columns)
    column_kw[columns] = draft_kw
    whole, none = problem.injection_at_nodes(column_kw), problem.baseline_at_nodes
    return operate(
        problem.network,
        Injection(
            p_kw=none.p_kw[period] + np.outer(shares, whole.p_kw[period] - none.p_kw[period]),
            q_kvar=none.q_kvar[period] + np.outer(shares, whole.q_kvar[period] - none.q_kvar[period]),
        ),
    )


def _worst_limit(
    problem: ClearingProblem, operation: Operation, limits: OperatingLimits, row: int
) -> tuple[LimitedBy, int]:
    """The limit that a row of an operation breaks most, each relative to its own scale of 1 pu and 100 %."""
    if not operation.converged[row]:
        return LimitedBy.VOLTAGE_MIN, -1
    voltage = limits.voltage_excess_pu(operation.voltage_pu)[row]
    loading = limits.loading_excess_percent(operation.loading_percent)[row] / 100.0
    if not loading.size or voltage.max() >= loading.max():
        bus = int(voltage.argmax())
        is_high = operation.voltage_pu[row, bus] > limits.voltage_max_pu[row, bus]
        return (LimitedBy.VOLTAGE_MAX if is_high else LimitedBy.VOLTAGE_MIN), bus
    element = int(loading.argmax())
    is_line = problem.network.elements.kind[element] is ElementKind.LINE
    return (LimitedBy.LINE if is_line else LimitedBy.TRANSFORMER), element
