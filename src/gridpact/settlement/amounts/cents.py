"""Cents: amounts as they are billed and paid."""

from fractions import Fraction

MICRO_PER_CENT = 10_000


def cents(micro: int | Fraction) -> int:
    """An amount in whole cents, rounded half to even."""
    return round(Fraction(micro) / MICRO_PER_CENT)
