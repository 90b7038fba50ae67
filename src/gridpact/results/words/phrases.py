"""Phrases: numbers, counts and times as people read them."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from gridpact.case.horizon import Horizon

DIGITS, DIGITS_MAX = 4, 12
SHARE_SHOWN_MAX = 0.9995  # from here on a share would read 100.0%


def significant(value: float, digits: int = DIGITS) -> str:
    """A number with so many significant digits and no trailing zeros: "0.9", "1.041", "0.00012".

    Digits before the decimal point are never rounded away.
    """
    whole = len(str(int(abs(value)))) if np.isfinite(value) else 1
    return np.format_float_positional(
        value + 0.0, precision=max(digits, whole), unique=False, fractional=False, trim="-"
    )


def ranged(values: Sequence[float]) -> str:
    """One number where all read the same, "0.9", or the least and the greatest, "60 to 74.59"."""
    least, greatest = significant(min(values)), significant(max(values))
    return least if least == greatest else f"{least} to {greatest}"


def ranged_pu(values: Sequence[float]) -> str:
    """The same of voltages, to a ten-thousandth of nominal: "1.0534", "0.9 to 0.9012"."""
    least, greatest = (f"{value:.4f}".rstrip("0").rstrip(".") for value in (min(values), max(values)))
    return least if least == greatest else f"{least} to {greatest}"


def told_apart(value: float, limit: float) -> tuple[str, str]:
    """A value and its limit with as few digits as tell them apart, but four at least."""
    for digits in range(DIGITS, DIGITS_MAX):
        if significant(value, digits) != significant(limit, digits):
            return significant(value, digits), significant(limit, digits)
    return significant(value, DIGITS_MAX), significant(limit, DIGITS_MAX)


def share_of(part: float, whole: float) -> str:
    """A percentage that reads 100.0% only where nothing is missing."""
    if SHARE_SHOWN_MAX <= part / whole < 1.0:
        return ">99.9%"
    return f"{part / whole:.1%}"


def clock(horizon: Horizon, period: int) -> str:
    """The start of a period, "11:00", with its date where the horizon is longer than 24 hours."""
    return f"{horizon.instant(period):{_layout(horizon)}}"


def span(horizon: Horizon, first: int, last: int) -> str:
    """From the start of period `first` to the end of `last`, "11:00–12:00".

    It has dates where the horizon is longer than 24 hours, and the UTC offset where the clocks change in it.
    """
    start, end = horizon.instant(first), horizon.instant(last + 1)
    if not _is_long(horizon):
        words = f"{start:%H:%M}–{end:%H:%M}"
    elif start.date() == end.date() or f"{end:%H:%M}" == "00:00":
        words = f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"
    else:
        words = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
    clocks_change = horizon.instant(0).utcoffset() != horizon.instant(horizon.periods).utcoffset()
    return f"{words} (from UTC{start.isoformat()[-6:]})" if clocks_change else words


def _layout(horizon: Horizon) -> str:
    """How times are shown: with the date where the horizon is long."""
    return "%Y-%m-%d %H:%M" if _is_long(horizon) else "%H:%M"


def _is_long(horizon: Horizon) -> bool:
    """Whether a clock time alone could mean several periods."""
    return horizon.periods * horizon.step > timedelta(hours=24)
