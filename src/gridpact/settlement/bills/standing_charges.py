"""Standing charges: how many months or days of a billing period a participant is charged for."""

from calendar import monthrange
from datetime import date, timedelta
from fractions import Fraction

from gridpact.settlement.tariffs.bill_terms import ChargeStep


def quantity(per: ChargeStep, first: date, last: date) -> Fraction:
    """How many of its step a charge is for, from a first to a last day, both of them counted.

    A month of which only some days are charged counts as their share of all its days.
    """
    days = (last - first).days + 1
    if per is ChargeStep.DAY:
        return Fraction(days)
    months = Fraction(0)
    while first <= last:
        length = monthrange(first.year, first.month)[1]
        end = min(last, first.replace(day=length))
        months += Fraction((end - first).days + 1, length)
        first = end + timedelta(days=1)
    return months
