"""The bills of an earlier settlement, from what its settlement.json says of them."""

from collections.abc import Callable, Iterable

from gridpact.settlement.bills.issued_bill import IssuedBill, issued_bill


def read_issued_bills(
    found: object, participants: Iterable[str], refuse: Callable[[str, str, str], None]
) -> dict[str, IssuedBill]:
    """The bills by participant; none where there are none, or they cannot be used, which is refused.

    Args:
        found: the records of the bills; `None` where there are none.
        participants: of the case.
        refuse: takes in a value, what is wrong with it and a remedy.
    """
    if found is None:
        return {}
    try:
        issued = {str(each["participant"]): issued_bill(each) for each in found}  # type: ignore[attr-defined]
    except (ValueError, KeyError, TypeError, AttributeError):
        refuse("", "are not as they were written", "give the file as it was written")
        return {}
    known = set(participants)
    for name in (name for name in issued if name not in known):
        remedy = "keep the participant: its bill can be corrected, and not be forgotten"
        refuse(name, "has a bill and is not in participants any more", remedy)
    return issued
