"""Ratings that stand for "not rated": numbers that no line or transformer has, written by converters.

pandapower's `from_ppc` and `from_mpc` write 99,999 kA or MVA where a MATPOWER case gives no rating (before
pandapower 2.0, 99,999 kVA), and carry over the 9,900 MVA that such cases write for the same. A transformer's
impedance stands on its rated power, so that its rating cannot be left empty as a line's can.
"""

from collections.abc import Sequence

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.units import KA_PER_A, SQRT_3

PLACEHOLDERS = (9_900.0, 99_999.0)
OLD_PLACEHOLDER_MVA = 99.999
ENDLESS_MIN = 1e5
UNRATED_MVA = ENDLESS_MIN
LIKENESS = 1e-6
NAMED_MAX = 5


def is_placeholder(ratings: Float) -> Bool:
    """Whether each rating, in kA or MVA, is a number that stands for "not rated"; NaN is none.

    Args:
        ratings: as they stand in the file, before parallel systems and derating, (n,).
    """
    like: Bool = ratings >= ENDLESS_MIN * (1 - LIKENESS)
    for number in PLACEHOLDERS:
        like = like | np.isclose(ratings, number, rtol=LIKENESS, atol=0.0)
    return like


def is_placeholder_power(rated_mva: Float) -> Bool:
    """Whether each rated power of a transformer, in MVA, stands for "not rated"; NaN does not.

    Args:
        rated_mva: as they stand in the file, before parallel systems and derating, (n,).
    """
    old: Bool = np.isclose(rated_mva, OLD_PLACEHOLDER_MVA, rtol=LIKENESS, atol=0.0)
    return old | is_placeholder(rated_mva)


def is_placeholder_of_a_line(rating_ka: Float, voltage_kv: Float) -> Bool:
    """Whether each rating of a line is such a number, or the current that such a number of MVA makes.

    Args:
        rating_ka: as they stand in the file, (n,).
        voltage_kv: nominal voltage, line to line, (n,).
    """
    found = is_placeholder(rating_ka)
    for number in PLACEHOLDERS:
        found = found | np.isclose(SQRT_3 * voltage_kv * rating_ka, number, rtol=LIKENESS, atol=0.0)
    return found


def is_placeholder_in_ampere(rating_a: Float, voltage_kv: Float) -> Bool:
    """Whether each rating of a line is such a number, in kA or in A, or a power of ten from 100,000 A on."""
    in_ampere = is_placeholder(np.where(rating_a < ENDLESS_MIN, rating_a, np.nan))
    tens = np.log10(np.where(rating_a > 0, rating_a, 1.0))
    is_round = (rating_a >= ENDLESS_MIN * (1 - LIKENESS)) & (np.abs(tens - np.rint(tens)) < LIKENESS)
    found: Bool = is_placeholder_of_a_line(rating_a * KA_PER_A, voltage_kv) | in_ampere | is_round
    return found


def unrated_notice(noun: str, field: str, indices: Sequence[int]) -> str:
    """What is to be said of elements whose rating is a placeholder, of which there is at least one."""
    count = len(indices)
    named = ", ".join(str(index) for index in sorted(indices)[:NAMED_MAX]) + (
        ", …" if count > NAMED_MAX else ""
    )
    elements = f"{count} {noun}{'s' if count != 1 else ''}"
    return f"not rated ({field} is a placeholder), and so never overloaded: {elements} ({named})"
