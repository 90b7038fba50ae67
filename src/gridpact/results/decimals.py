"""Decimals: to how many of them results give their figures."""

import numpy as np

from gridpact.arrays import Float

DECIMALS = 9


def figure(value: float) -> float:
    """A figure to the decimals of the results, without a negative zero."""
    return round(value, DECIMALS) + 0.0


def rounded(values: Float) -> Float:
    """Values to the same decimals, without a negative zero; same shape."""
    to_decimals: Float = np.round(values, DECIMALS) + 0.0
    return to_decimals
