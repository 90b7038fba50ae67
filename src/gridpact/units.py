"""Conversions between the units that gridpact speaks in: kW, kWh, pu, percent, kA.

Each factor stands here once.
"""

from math import sqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

MINUTES_PER_HOUR = 60
KW_PER_MW = 1000.0
KVA_PER_MVA = 1000.0
KVA_PER_VA = 1e-3
KA_PER_A = 1e-3
KV_PER_V = 1e-3
VA_PER_MVA = 1e6
SQRT_3 = sqrt(3.0)

Amount = TypeVar("Amount", float, NDArray[np.float64])


def three_phase_kva(voltage_kv: Amount, current_ka: Amount) -> Amount:
    """Apparent power in kVA of a balanced three-phase current at a line-to-line voltage: √3·V·I."""
    return SQRT_3 * voltage_kv * current_ka * KVA_PER_MVA
