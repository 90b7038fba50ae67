"""BillEntries: what bills add to a ledger beside the energy."""

from dataclasses import dataclass

from gridpact.arrays import Bool, Int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillEntries:
    """The standing charges and the rounding of the bills of P participants, as if billed once.

    Attributes:
        fixed_micro: standing charges, to the account of the issuer, (P,).
        rounding_micro: what a bill's cents before VAT are above the ledger, to the account `rounding`, (P,).
        has_bill: who has a bill, (P,).
        is_new: whose bill is of this version, rather than of an earlier one that nothing changed, (P,).
    """

    fixed_micro: Int
    rounding_micro: Int
    has_bill: Bool
    is_new: Bool
