"""Money: amounts and shares in whole numbers, each rounding exact and stated.

Energy is in whole watt-hours and money in micro-currency. Products are taken in 64 bits where they fit and in
Python's unbounded integers where they do not, so that no figure is ever off by a rounding of the machine.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Int

WH_PER_KWH = 1000
FITTING = 2.0**62  # below it a product, and the sum of it and another, fit in 64 bits

_Whole = NDArray[Any]  # of int64, or of Python's integers where those do not fit


def amount_micro(energy_wh: Int, price_micro_per_kwh: Int | int) -> Int:
    """What energy costs at a price, micro-currency: energy · price / 1000, rounded half to even.

    Energy and price may be negative; either may be broadcast against the other.
    """
    product = _product(energy_wh, np.asarray(price_micro_per_kwh, np.int64))
    whole, rest = product // WH_PER_KWH, product % WH_PER_KWH
    is_up = (rest > WH_PER_KWH // 2) | ((rest == WH_PER_KWH // 2) & (whole % 2 == 1))
    amount: Int = (whole + is_up).astype(np.int64)
    return amount


def whole_part(part: Int, total: Int, of: Int) -> Int:
    """The greatest whole number not above part · total / of, where `of` is positive."""
    whole: Int = (_product(part, total) // of).astype(np.int64)
    return whole


def sum_at(place: Int, values: Int, size: int) -> Int:
    """Sums of whole `values` at each of `size` places, (size,)."""
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, place, values)
    return sums


def largest_remainder(total: Int, weight: Int, order: Int) -> Int:
    """Whole shares of each total in proportion to the weights, which add up to it exactly, (T, P).

    Each gets the whole part of total · weight / Σ weight; what is left of the total goes out one by one to
    those with the largest remainders, and among equal ones to the first in `order` (the method of Hamilton).
    A negative total is shared like the positive one, with the sign turned. Rows without weight get nothing.

    Args:
        total: (T,).
        weight: (T, P); single ones may be negative, their sum in a row not.
        order: the columns, the first to be served first, (P,).
    """
    of = weight.sum(axis=1, keepdims=True)
    size = np.where(of[:, 0] > 0, np.abs(total), 0)
    product, of = _product(size[:, None], weight), np.maximum(of, 1)
    share, rest = (product // of).astype(np.int64), (product % of).astype(np.int64)
    left = size - share.sum(axis=1)
    if left.any():
        first = order[np.argsort(-rest[:, order], axis=1, kind="stable")]
        served = np.arange(len(order)) < left[:, None]
        np.add.at(share, (np.nonzero(served)[0], first[served]), 1)
    signed: Int = share * np.sign(total)[:, None]
    return signed


def _product(left: Int, right: Int) -> _Whole:
    """The exact product."""
    if left.size == 0 or right.size == 0:
        return left * right
    bound = float(np.abs(left).max()) * float(np.abs(right).max())
    return left * right if bound < FITTING else left.astype(object) * right.astype(object)
