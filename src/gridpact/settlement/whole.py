"""Whole numbers of a smaller unit, from the decimal numbers of a table."""

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.settlement.money import WH_PER_KWH

MICRO = 1_000_000  # parts of a unit of money, and of a coefficient of 1
_NOISE = 1e-6  # parts of the smaller unit that a number may be off by, having been computed


def whole_parts(values: Float, parts: int) -> tuple[Int, Bool]:
    """`values` as whole numbers of the `parts` of their unit, and where they are whole, (R,) each.

    A number that is off by no more than a sum of such numbers in floating point, a millionth of a part, is
    whole.
    """
    scaled = values * parts
    whole = np.rint(scaled)
    is_whole: Bool = np.abs(scaled - whole) <= _NOISE + 4 * np.spacing(np.abs(scaled))
    return whole.astype(np.int64), is_whole


def nearest_wh(power_kw: Float, hours: float) -> Int:
    """The energy of a power over a time, to the nearest watt-hour, half to even."""
    return np.rint(power_kw * hours * WH_PER_KWH).astype(np.int64)
