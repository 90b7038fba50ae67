"""Periods in words, from the starts that a result writes: "12:00–13:00", with dates where they repeat."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from gridpact.arrays import Int

SPANS_SAID = 3


def periods_words(starts: Sequence[datetime], step: timedelta, periods: Int) -> str:
    """Some periods in words: their spans, or how many spells of them there are and between when.

    Args:
        starts: of every period of the result.
        step: length of a period.
        periods: which, in any order.
    """
    chosen = np.unique(periods)
    runs = np.split(chosen, np.flatnonzero(np.diff(chosen) > 1) + 1)
    if len(runs) > SPANS_SAID:
        whole = _span(starts, step, int(chosen[0]), int(chosen[-1]))
        return f"in {len(chosen)} periods of {whole}"
    return " and ".join(_span(starts, step, int(run[0]), int(run[-1])) for run in runs)


def _span(starts: Sequence[datetime], step: timedelta, first: int, last: int) -> str:
    """From the start of a period to the end of another."""
    start = starts[first]
    end = starts[last + 1] if last + 1 < len(starts) else starts[last] + step
    if len(starts) * step <= timedelta(hours=24):
        return f"{start:%H:%M}–{end:%H:%M}"
    if (end - timedelta(microseconds=1)).date() == start.date():
        return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
