"""Stress: how much of its limit each voltage, loading and unbalance takes."""

from typing import NamedTuple

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.network.network_state import OperatingLimits, Operation


class Stress(NamedTuple):
    """Shares of limits, 1 at a limit and more beyond it; NaN in periods without a power-flow solution.

    Attributes:
        voltage: distance from the middle of the band over half its width, 0 where a supply holds it, (T, V).
        loading: (T, L).
        unbalance: (T, U).
    """

    voltage: Float
    loading: Float
    unbalance: Float


def stress(operation: Operation, limits: OperatingLimits) -> Stress:
    """What an operation takes of limits."""
    held = np.isinf(limits.voltage_max_pu)
    half_band = np.where(held, 1.0, (limits.voltage_max_pu - limits.voltage_min_pu) / 2)
    middle = np.where(held, 1.0, limits.voltage_min_pu + half_band)
    return Stress(
        voltage=np.where(held, 0.0, np.abs(operation.voltage_pu - middle) / half_band),
        loading=operation.loading_percent / limits.loading_max_percent,
        unbalance=operation.unbalance_percent / limits.unbalance_max_percent,
    )
