"""Whole numbers of a smaller unit, from the decimal numbers of a table."""

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.settlement.amounts.money import WH_PER_KWH

MICRO = 1_000_000  # parts of a unit of money, and of a coefficient of 1
_NOISE = 1e-6  # parts of the smaller unit that a number may be off by, having been computed
_TIE_ULPS = 4  # that a product of decimal numbers may be off by: each factor and each product by half of one


def whole_parts(values: Float, parts: int) -> tuple[Int, Bool]:
    """`values` as whole numbers of the `parts` of their unit, and where they are whole, (R,) each.

    A number that is off by no more than a sum of such numbers in floating point, a millionth of a part, is
    whole.
    """
    scaled = values * parts
    whole = np.rint(scaled)
    is_whole: Bool = np.abs(scaled - whole) <= _NOISE + 4 * np.spacing(np.abs(scaled))
    return whole.astype(np.int64), is_whole


def nearest_whole(values: Float) -> Int:
    """The nearest whole numbers, half to even, (R,).

    A product that is half a number in decimals is often not in floating point, 0.5015 · 1000 for one; what is
    no further from a half than such products are is that half.
    """
    half = np.floor(values) + 0.5
    is_tie = np.abs(values - half) <= _TIE_ULPS * np.spacing(np.abs(values))
    return np.rint(np.where(is_tie, half, values)).astype(np.int64)


def nearest_wh(power_kw: Float, hours: float) -> Int:
    """The energy of a power over a time, to the nearest watt-hour, half to even."""
    return nearest_whole(power_kw * hours * WH_PER_KWH)
