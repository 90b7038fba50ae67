"""Beyond: where the limits of a network are broken by a dispatch, or were before any trade."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool
from gridpact.clearing.dispatch_verification import (
    LOADING_TOLERANCE_PERCENT,
    UNBALANCE_TOLERANCE_PERCENT,
    VOLTAGE_TOLERANCE_PU,
)
from gridpact.clearing.network.network_state import OperatingLimits, Operation
from gridpact.results.clearance import Clearance


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """Which values are outside their limits; the columns are those of `places`.

    Attributes:
        voltage: (T, V).
        loading: (T, L).
        unbalance: (T, U).
    """

    voltage: Bool
    loading: Bool
    unbalance: Bool


def beyond_limits(clearance: Clearance) -> tuple[Beyond, Beyond]:
    """What the dispatch breaks, and what it keeps as far as it was kept before any trade."""
    broken = _beyond(clearance.operation, clearance.operating_limits)
    nominal = _beyond(clearance.operation, clearance.nominal_limits)
    before = Beyond(
        voltage=nominal.voltage & ~broken.voltage,
        loading=nominal.loading & ~broken.loading,
        unbalance=nominal.unbalance & ~broken.unbalance,
    )
    return broken, before


def _beyond(operation: Operation, limits: OperatingLimits) -> Beyond:
    voltage = limits.voltage_excess_pu(operation.voltage_pu)
    loading = limits.loading_excess_percent(operation.loading_percent)
    unbalance = limits.unbalance_excess_percent(operation.unbalance_percent)
    return Beyond(
        voltage=np.asarray(voltage > VOLTAGE_TOLERANCE_PU),
        loading=np.asarray(loading > LOADING_TOLERANCE_PERCENT),
        unbalance=np.asarray(unbalance > UNBALANCE_TOLERANCE_PERCENT),
    )
