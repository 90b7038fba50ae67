"""Violations: limits that a state of the network breaks, each element at its worst."""

from typing import Any

import numpy as np

from gridpact.arrays import Bool
from gridpact.case.case import Case
from gridpact.clearing.dispatch_verification import LOADING_TOLERANCE_PERCENT, VOLTAGE_TOLERANCE_PU
from gridpact.clearing.network.network_state import OperatingLimits, Operation
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network import ElementKind, Network
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.decimals import figure

BASELINE_TOLERANCE = 1e-9

Violation = dict[str, Any]


def baseline_violations(clearance: ClearanceArrays) -> list[Violation]:
    """Limits of the case that the baseline alone breaks."""
    return _violations(
        clearance.case,
        clearance.network,
        clearance.baseline,
        clearance.nominal_limits,
        (BASELINE_TOLERANCE, BASELINE_TOLERANCE),
    )


def dispatch_violations(clearance: ClearanceArrays) -> list[Violation]:
    """Operating limits that the dispatch breaks by more than the tolerance of the verification."""
    return _violations(
        clearance.case,
        clearance.network,
        clearance.operation,
        clearance.operating_limits,
        (VOLTAGE_TOLERANCE_PU, LOADING_TOLERANCE_PERCENT),
    )


def remaining_violations(clearance: ClearanceArrays) -> list[Violation]:
    """Limits of the case that are still broken under the dispatch, whoever broke them."""
    return _violations(
        clearance.case,
        clearance.network,
        clearance.operation,
        clearance.nominal_limits,
        (VOLTAGE_TOLERANCE_PU, LOADING_TOLERANCE_PERCENT),
    )


def is_line(network: Network) -> Bool:
    """Which rated elements are lines, (E,); the others are transformers."""
    return np.array([kind is ElementKind.LINE for kind in network.elements.kind], dtype=np.bool_)


def _violations(
    case: Case,
    network: Network,
    operation: Operation,
    limits: OperatingLimits,
    tolerance: tuple[float, float],
) -> list[Violation]:
    """Each broken limit once, by kind, then in the order of the network; tolerances in pu and in percent."""
    voltage, loading, lines = operation.voltage_pu, operation.loading_percent, is_line(network)
    low, high, top = limits.voltage_min_pu, limits.voltage_max_pu, limits.loading_max_percent
    overload = loading - top
    buses, elements = network.bus_ids, network.elements.id
    found = []
    for kind, ids, value, limit, excess in (
        (LimitedBy.VOLTAGE_MIN, buses, voltage, low, low - voltage),
        (LimitedBy.VOLTAGE_MAX, buses, voltage, high, voltage - high),
        (LimitedBy.LINE, elements, loading, top, np.where(lines, overload, -np.inf)),
        (LimitedBy.TRANSFORMER, elements, loading, top, np.where(lines, -np.inf, overload)),
    ):
        broken = excess > tolerance[0 if value is voltage else 1]
        for element in np.flatnonzero(broken.any(axis=0)).tolist():
            worst = int(np.nanargmax(excess[:, element]))
            found.append(
                {
                    "limited_by": kind.label,
                    "element": str(ids[element]),
                    "periods": int(broken[:, element].sum()),
                    "worst_time": case.horizon.instant(worst).isoformat(timespec="minutes"),
                    "worst_value": figure(float(value[worst, element])),
                    "limit": figure(float(limit[worst, element])),
                }
            )
    return found
