"""Settings: what is wrong with single settings of a case, in the same words for case.toml and for a Case."""

import re

TIME_LIMIT_MAX_S, SECONDS_EXAMPLE = 86_400.0, "60"
WORK_MAX, WORK_LIMIT_MAX = 20_000, 1_000_000_000


def currency_fault(currency: str) -> tuple[str, str] | None:
    """What is wrong with a currency, which may be empty, and the remedy."""
    if not currency or re.fullmatch(r"[A-Z]{3}", currency):
        return None
    return "is not an ISO 4217 code", 'write three capitals, as in "EUR"'


def seconds_fault(seconds: float) -> tuple[str, str] | None:
    """What is wrong with the time limit of a clearing, and the remedy."""
    if 0.0 < seconds <= TIME_LIMIT_MAX_S:
        return None
    return "is out of range", f"write a number above 0, up to {TIME_LIMIT_MAX_S:g}, in seconds"


def work_fault(work: int) -> tuple[str, str] | None:
    """What is wrong with the limit of work, and the remedy."""
    if 0 < work <= WORK_LIMIT_MAX:
        return None
    return "is out of range", f"write a whole number from 1 to {WORK_LIMIT_MAX:,}"
