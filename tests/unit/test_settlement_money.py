"""Amounts and shares in whole numbers: rounding, ties, signs, and figures beyond 64 bits."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridpact.settlement.amounts.money import amount_micro, largest_remainder, sum_at, whole_part


@pytest.mark.parametrize(
    ("energy_wh", "price", "micro"),
    [
        (1_000, 200_000, 200_000),
        (1, 200_000, 200),
        (1, 500, 0),  # 0.5
        (1, 1_500, 2),  # 1.5
        (1, 2_500, 2),  # 2.5
        (1, 1_501, 2),
        (3, 167, 1),  # 0.501
        (1, -500, 0),
        (1, -1_500, -2),
        (-1, 1_500, -2),
        (-3, 500, -2),
        (7, 0, 0),
        (10**9, 10**11 + 1, 10**17 + 10**6),
        (10**9 + 1, 10**11 + 500, 100_000_000_600_000_000),  # …600 000 000.5, and the whole part is even
        (10**9 + 1, -(10**11) - 500, -100_000_000_600_000_000),
    ],
)
def test_an_amount_is_rounded_half_to_even(energy_wh: int, price: int, micro: int) -> None:
    assert round(Fraction(energy_wh * price, 1000)) == micro
    assert amount_micro(np.array([energy_wh]), price).tolist() == [micro]
    assert amount_micro(np.array([energy_wh]), np.array([price])).tolist() == [micro]


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_an_amount_and_its_reversal_cancel(energy_wh: int, price: int) -> None:
    forth, back = amount_micro(np.array([energy_wh, -energy_wh]), price).tolist()
    assert forth == -back
    assert abs(1000 * forth - energy_wh * price) <= 500


def test_the_whole_part_is_exact_beyond_64_bits() -> None:
    part, total, of = np.array([10**12 - 1]), np.array([10**12 - 1]), np.array([10**12])
    assert whole_part(part, total, of).tolist() == [10**12 - 2]
    assert whole_part(np.array([3, 7]), np.array([5, 5]), np.array([4, 7])).tolist() == [3, 5]


def test_sums_at_places() -> None:
    big = 2**53 + 1  # not a float
    assert sum_at(np.array([2, 0, 2]), np.array([big, 5, 1]), 3).tolist() == [5, 0, big + 1]


ORDER = np.arange(3)


@pytest.mark.parametrize(
    ("total", "weight", "order", "shares"),
    [
        (10, [1, 1, 1], [0, 1, 2], [4, 3, 3]),
        (10, [1, 1, 1], [2, 0, 1], [3, 3, 4]),
        (11, [1, 1, 1], [2, 0, 1], [4, 3, 4]),
        (10, [5, 3, 2], [0, 1, 2], [5, 3, 2]),
        (7, [5, 3, 2], [0, 1, 2], [4, 2, 1]),  # 3.5, 2.1, 1.4
        (-7, [5, 3, 2], [0, 1, 2], [-4, -2, -1]),
        (7, [0, 1, 0], [0, 1, 2], [0, 7, 0]),
        (7, [0, 0, 0], [0, 1, 2], [0, 0, 0]),
        (0, [1, 2, 3], [0, 1, 2], [0, 0, 0]),
        (10, [3, 2, -1], [0, 1, 2], [8, 5, -3]),  # 7.5, 5, −2.5: the first of the two halves is rounded up
        (10**12, [10**12, 1, 0], [0, 1, 2], [10**12 - 1, 1, 0]),  # products beyond 64 bits
    ],
)
def test_largest_remainder(total: int, weight: list[int], order: list[int], shares: list[int]) -> None:
    found = largest_remainder(np.array([total]), np.array([weight]), np.array(order))
    assert found.tolist() == [shares]


def test_rows_are_shared_by_themselves() -> None:
    found = largest_remainder(np.array([10, 0, 7]), np.array([[1, 1, 1], [1, 1, 1], [0, 0, 0]]), ORDER)
    assert found.tolist() == [[4, 3, 3], [0, 0, 0], [0, 0, 0]]
