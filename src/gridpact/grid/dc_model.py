"""Susceptances of the published DC model."""

import numpy as np

from gridpact.arrays import Float, frozen


def susceptance_kw(resistance: Float, reactance: Float) -> Float:
    """B of the published DC model, −Im(1/z) = x / (r² + x²), kW per radian, of the series impedance z.

    Both are in pu of 1 kVA. The DC model leaves out tap ratios, and has no meaning where the reactance is not
    positive: there it is given |1/z|.

    Args:
        resistance: r, (M,).
        reactance: x, (M,).

    Returns:
        B, (M,), positive.
    """
    square = resistance**2 + reactance**2
    return frozen(np.where(reactance > 0, reactance / square, 1 / np.sqrt(square)), np.float64)
