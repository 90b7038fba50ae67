"""Billed: the bills of a settlement with the terms that they follow."""

from dataclasses import dataclass

from gridpact.settlement.bills.bill import Bill
from gridpact.settlement.tariffs.bill_terms import BillTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What a settlement is billed as.

    Attributes:
        terms: how it is billed.
        bills: of all who are members in some period, in the order of the participants.
    """

    terms: BillTerms
    bills: tuple[Bill, ...]
