"""Extremes: where and when a voltage or a loading is at its worst."""

from typing import NamedTuple

import numpy as np

from gridpact.arrays import Float


class Extreme(NamedTuple):
    """An extreme value of an array (T, K), at a period and a position in it."""

    value: float
    period: int
    position: int


def lowest(values: Float) -> Extreme | None:
    """The least of the values that are known, the earliest where there are several; none of none."""
    return _at(values, np.where(np.isnan(values), np.inf, values).argmin()) if _known(values) else None


def highest(values: Float) -> Extreme | None:
    """The greatest of the values that are known, the earliest where there are several; none of none."""
    return _at(values, np.where(np.isnan(values), -np.inf, values).argmax()) if _known(values) else None


def _known(values: Float) -> bool:
    """Whether any value is known."""
    return bool(np.any(~np.isnan(values)))


def _at(values: Float, flat: np.intp) -> Extreme:
    """The extreme at a place of the flattened array."""
    period, position = divmod(int(flat), values.shape[1])
    return Extreme(float(values.flat[flat]), period, position)
