"""Violations: limits that a state of the network breaks, each element at its worst."""

from typing import Any, NamedTuple

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Case
from gridpact.clearing.dispatch_verification import (
    LOADING_TOLERANCE_PERCENT,
    UNBALANCE_TOLERANCE_PERCENT,
    VOLTAGE_TOLERANCE_PU,
)
from gridpact.clearing.network.network_state import OperatingLimits, Operation
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.places import places
from gridpact.results.clearance_arrays import ClearanceArrays
from gridpact.results.decimals import figure

BASELINE_TOLERANCES = (1e-9, 1e-9, 1e-9)
DISPATCH_TOLERANCES = (VOLTAGE_TOLERANCE_PU, LOADING_TOLERANCE_PERCENT, UNBALANCE_TOLERANCE_PERCENT)

Violation = dict[str, Any]


def baseline_violations(clearance: ClearanceArrays) -> list[Violation]:
    """Limits of the case that the baseline alone breaks."""
    return _violations(
        clearance.case,
        clearance.network,
        clearance.baseline,
        clearance.nominal_limits,
        BASELINE_TOLERANCES,
    )


def dispatch_violations(clearance: ClearanceArrays) -> list[Violation]:
    """Operating limits that the dispatch breaks by more than the tolerance of the verification."""
    return _violations(
        clearance.case,
        clearance.network,
        clearance.operation,
        clearance.operating_limits,
        DISPATCH_TOLERANCES,
    )


def remaining_violations(clearance: ClearanceArrays) -> list[Violation]:
    """Limits of the case that are still broken under the dispatch, whoever broke them."""
    return _violations(
        clearance.case,
        clearance.network,
        clearance.operation,
        clearance.nominal_limits,
        DISPATCH_TOLERANCES,
    )


def is_line(network: Network) -> Bool:
    """Which rated elements are lines, (E,); the others are transformers."""
    return np.array([kind is ElementKind.LINE for kind in network.elements.kind], dtype=np.bool_)


class _Kind(NamedTuple):
    """What one kind of limit is set to: K values a period and their limits, (T, K), and where they stand.

    `ids` and `phases` are of all values, and `chosen` says which of them have a limit of this kind, (K,).
    """

    limited_by: LimitedBy
    ids: Int
    phases: tuple[str, ...]
    value: Float
    limit: Float
    excess: Float
    chosen: Bool
    tolerance: float


def _violations(
    case: Case,
    network: Network,
    operation: Operation,
    limits: OperatingLimits,
    tolerances: tuple[float, float, float],
) -> list[Violation]:
    """Each broken limit once, by kind, then in the order of the network; tolerances in pu and in percent."""
    found = []
    for kind in _kinds(network, operation, limits, tolerances):
        broken = (kind.excess > kind.tolerance) & kind.chosen
        for place in np.flatnonzero(broken.any(axis=0)).tolist():
            worst = int(np.nanargmax(kind.excess[:, place]))
            found.append(
                {
                    "limited_by": kind.limited_by.label,
                    "element": str(kind.ids[place]),
                    **({"phase": kind.phases[place]} if network.is_three_phase else {}),
                    "periods": int(broken[:, place].sum()),
                    "worst_time": case.horizon.instant(worst).isoformat(timespec="minutes"),
                    "worst_value": figure(float(kind.value[worst, place])),
                    "limit": figure(float(kind.limit[worst, place])),
                }
            )
    return found


def _kinds(
    network: Network, operation: Operation, limits: OperatingLimits, tolerances: tuple[float, float, float]
) -> list[_Kind]:
    """The kinds of limits, in the order in which their violations are listed."""
    found, voltage, loading = places(network), operation.voltage_pu, operation.loading_percent
    in_pu, in_percent, of_unbalance = tolerances
    low, high, top = limits.voltage_min_pu, limits.voltage_max_pu, limits.loading_max_percent
    buses = network.bus_ids[found.voltage_bus], found.voltage_phase
    elements = network.elements.id[found.loading_element], found.loading_phase
    every = np.ones(len(found.voltage_bus), dtype=np.bool_)
    of_line = is_line(network)[found.loading_element]
    is_neutral = found.is_neutral
    unbalance, most = operation.unbalance_percent, limits.unbalance_max_percent
    at = network.bus_ids[found.unbalance_bus], ("",) * len(found.unbalance_bus)
    loaded = loading, top, loading - top
    return [
        _Kind(LimitedBy.VOLTAGE_MIN, *buses, voltage, low, low - voltage, every, in_pu),
        _Kind(LimitedBy.VOLTAGE_MAX, *buses, voltage, high, voltage - high, every, in_pu),
        _Kind(LimitedBy.LINE, *elements, *loaded, of_line & ~is_neutral, in_percent),
        _Kind(LimitedBy.NEUTRAL, *elements, *loaded, is_neutral, in_percent),
        _Kind(LimitedBy.TRANSFORMER, *elements, *loaded, ~of_line, in_percent),
        _Kind(
            LimitedBy.VOLTAGE_UNBALANCE,
            *at,
            unbalance,
            most,
            unbalance - most,
            np.ones(len(at[1]), dtype=np.bool_),
            of_unbalance,
        ),
    ]
