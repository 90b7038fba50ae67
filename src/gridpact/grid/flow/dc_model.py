"""Susceptances of the published DC model."""

import numpy as np

from gridpact.arrays import Float, frozen

REACTANCE_SHARE_MIN = 1e-3


def susceptance_kw(resistance: Float, reactance: Float) -> Float:
    """B of the published DC model, −Im(1/z) = x / (r² + x²), kW per radian, of the series impedance z.

    Both are in pu of 1 kVA. The DC model leaves out tap ratios, and takes a branch to carry power by the
    angle across its reactance. It has no meaning where the reactance is not positive, and loses it where the
    reactance is below a thousandth of the resistance: B falls to nothing as x does, and a short piece of
    resistive cable would stop all flow. Such a branch is given |1/z|.

    Args:
        resistance: r, (M,).
        reactance: x, (M,).

    Returns:
        B, (M,), positive.
    """
    square = resistance**2 + reactance**2
    inductive = (reactance > 0) & (reactance >= REACTANCE_SHARE_MIN * np.abs(resistance))
    return frozen(np.where(inductive, reactance / square, 1 / np.sqrt(square)), np.float64)
