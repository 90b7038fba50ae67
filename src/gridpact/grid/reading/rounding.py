"""Parts that exceed their whole by a rounding, as numbers do that were written with few digits."""

import numpy as np

from gridpact.arrays import Bool, Float

ROUNDING_MAX = 1e-3
SILENT_MAX = 1e-9


def exceeds_by_rounding(part: Float, whole: Float, largest: float = ROUNDING_MAX) -> Bool:
    """Whether each part is greater than its whole, and no more than a share of it."""
    exceeds: Bool = (part > whole) & (part <= whole * (1 + largest))
    return exceeds


def is_worth_saying(part: Float, whole: Float) -> Bool:
    """Whether each part exceeds its whole by a rounding that is more than that of a computed number."""
    with np.errstate(invalid="ignore"):
        return exceeds_by_rounding(part, whole) & ~exceeds_by_rounding(part, whole, SILENT_MAX)
