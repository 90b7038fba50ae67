"""Periods: those of a horizon that start, or end, at instants."""

from datetime import datetime, timedelta

import numpy as np

from gridpact.arrays import Int
from gridpact.case.horizon import Horizon
from gridpact.case.times import EPOCH, MICROSECOND, Fault, microseconds

OUTSIDE_HORIZON = "is outside the horizon"


def period_of(time: datetime, horizon: Horizon, *, is_end: bool) -> int | Fault:
    """The period that starts at an instant, or why none does.

    Args:
        time: with an offset.
        horizon: the periods.
        is_end: whether the time closes a window: then the horizon's end is allowed, its start is not.

    Returns:
        Index of the period, up to T for the end of a window.
    """
    # By way of UTC: the difference of two times in one timezone would be that of their clocks.
    elapsed = (time - EPOCH) - (horizon.start - EPOCH)
    whole = horizon.periods * horizon.step
    inside = timedelta(0) < elapsed <= whole if is_end else timedelta(0) <= elapsed < whole
    if not inside:
        start, end = (_iso(horizon.instant(index)) for index in (0, horizon.periods))
        return Fault(what=OUTSIDE_HORIZON, remedy=f"which is {start} to {end}")
    period, rest = divmod(elapsed, horizon.step)
    if rest:
        near = _iso(horizon.instant(period + (2 * rest >= horizon.step)))
        remedy = f"periods start every {horizon.resolution}, the nearest at {near}"
        return Fault(what="is not the start of a period", remedy=remedy)
    return period


def periods_of(moments: Int, horizon: Horizon, *, is_end: bool) -> Int | None:
    """The periods that start at instants, as `period_of` gives them; `None` where it finds fault with any.

    Args:
        moments: microseconds since 1970-01-01 UTC, (R,).
        horizon: the periods.
        is_end: whether the times close windows.
    """
    period, rest = np.divmod(moments - microseconds(horizon.start), horizon.step // MICROSECOND)
    first, last = (1, horizon.periods) if is_end else (0, horizon.periods - 1)
    fits = not rest.any() and period.min() >= first and period.max() <= last
    return period if fits else None


def _iso(time: datetime) -> str:
    """ISO 8601 text to the minute."""
    return time.isoformat(timespec="minutes")
