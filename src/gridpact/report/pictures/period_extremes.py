"""Extremes: the lowest, median and highest of many values in every period, and where they are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """Of K values in each of T periods; NaN in periods without a power-flow solution.

    Attributes:
        low, median, high: (T,).
        lowest, highest: ids of the buses or elements that they are found at, (T,); any where unknown.
    """

    low: Float
    median: Float
    high: Float
    lowest: NDArray[Any]
    highest: NDArray[Any]


def extremes(values: Float, ids: NDArray[Any]) -> Extremes:
    """The extremes of values (T, K), K > 0, that belong to ids (K,); a period counts if all are known."""
    known: Bool = np.logical_and.reduce(np.isfinite(values), axis=1)
    filled = np.where(known[:, None], values, 0.0)

    def where_known(found: Float) -> Float:
        return np.where(known, found, np.nan)

    return Extremes(
        low=where_known(filled.min(axis=1)),
        median=where_known(np.median(filled, axis=1)),
        high=where_known(filled.max(axis=1)),
        lowest=ids[filled.argmin(axis=1)],
        highest=ids[filled.argmax(axis=1)],
    )
