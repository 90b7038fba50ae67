"""Ratings that stand for "not rated": numbers that no line or transformer has, written by converters.

pandapower's `from_ppc` and `from_mpc` write 99,999 kA or MVA where a MATPOWER case gives no rating, and carry
over the 9,900 MVA that such cases write for the same. A transformer's impedance stands on its rated power, so
that its rating cannot be left empty as a line's can.
"""

from collections.abc import Sequence

import numpy as np

from gridpact.arrays import Bool, Float

PLACEHOLDERS = (9_900.0, 99_999.0)
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


def unrated_notice(noun: str, field: str, indices: Sequence[int]) -> str:
    """What is to be said of elements whose rating is a placeholder, of which there is at least one."""
    count = len(indices)
    named = ", ".join(str(index) for index in indices[:NAMED_MAX]) + (", …" if count > NAMED_MAX else "")
    elements = f"{count} {noun}{'s' if count != 1 else ''}"
    return f"not rated ({field} is a placeholder), and so never overloaded: {elements} ({named})"
