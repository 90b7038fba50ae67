"""Settings: what is wrong with single settings of a case, in the same words for case.toml and for a Case."""

import re

TIME_LIMIT_MAX_S = 86_400.0


def currency_fault(currency: str) -> tuple[str, str] | None:
    """What is wrong with a currency, which may be empty, and the remedy."""
    if not currency or re.fullmatch(r"[A-Z]{3}", currency):
        return None
    return "is not an ISO 4217 code", 'write three capitals, as in "EUR"'


def seconds_fault(seconds: float) -> tuple[str, str] | None:
    """What is wrong with the time limit of a search, and the remedy."""
    if 0.0 < seconds <= TIME_LIMIT_MAX_S:
        return None
    return "is out of range", f"write a number above 0, up to {TIME_LIMIT_MAX_S:g}, in seconds"
