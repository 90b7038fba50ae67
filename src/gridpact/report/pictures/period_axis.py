"""PeriodAxis: the time axis of all pictures, one place per period, labelled in local time.

Periods are placed by their number and not by clock time, so that days of 23 and 25 hours are drawn right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from gridpact.case.horizon import Horizon
from gridpact.fields.said import counted

TICKS_MAX = 6
MINUTES_PER_DAY = 24 * 60
TICK_MINUTES = (5, 15, 30, 60, 120, 180, 240, 360, 720)
TICK_DAYS = (1, 2, 7, 14, 28, 56, 112, 224, 448)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodAxis:
    """T periods side by side: period τ reaches from τ − ½ to τ + ½.

    Attributes:
        labels: each period in full, "2024-06-21 11:00–12:00", with its offset where the clocks change
            within the horizon, (T,).
        tick_positions, tick_texts: clock times at the borders of periods.
        title: what the axis shows.
    """

    labels: tuple[str, ...]
    tick_positions: tuple[float, ...]
    tick_texts: tuple[str, ...]
    title: str

    def __len__(self) -> int:
        return len(self.labels)


def period_axis(horizon: Horizon) -> PeriodAxis:
    """The axis of a horizon."""
    borders = [horizon.instant(period) for period in range(horizon.periods + 1)]
    return axis_between(borders, f"Local time, {horizon.timezone}")


def axis_between(borders: Sequence[datetime], title: str) -> PeriodAxis:
    """The axis of the periods between instants, (T + 1,), each in its own offset."""
    clocks_change = len({border.utcoffset() for border in borders}) > 1
    ticks, texts = _ticks(borders)
    return PeriodAxis(
        labels=tuple(_label(start, end, with_offset=clocks_change) for start, end in pairwise(borders)),
        tick_positions=tuple(tick - 0.5 for tick in ticks),
        tick_texts=tuple(texts),
        title=title,
    )


def horizon_words(horizon: Horizon) -> str:
    """A horizon in full: "2024-06-21 00:00 to 2024-06-22 00:00 (Europe/Lisbon), 24 periods of 1h"."""
    first, end = horizon.instant(0), horizon.instant(horizon.periods)
    periods = f"{counted(horizon.periods, 'period')} of {horizon.resolution}"
    return f"{first:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} ({horizon.timezone}), {periods}"


def _label(start: datetime, end: datetime, *, with_offset: bool) -> str:
    """Date and clock times of a period, with the offset where the clocks change."""
    offset = f" (UTC{start.isoformat()[-6:]})" if with_offset else ""
    return f"{start:%Y-%m-%d} {start:%H:%M}–{end:%H:%M}{offset}"


def _ticks(borders: Sequence[datetime]) -> tuple[list[int], list[str]]:
    """Numbers of the borders that carry a tick, and its text: the finest even spacing that has room."""
    several_days = borders[0].date() != borders[-2].date()
    for minutes in TICK_MINUTES:
        found = [i for i, border in enumerate(borders) if _minute(border) % minutes == 0]
        if 2 <= len(found) <= TICKS_MAX:
            return found, [_clock(borders[i], with_date=several_days) for i in found]
    midnights = [i for i, border in enumerate(borders) if _minute(border) == 0]
    for days in TICK_DAYS:
        found = midnights[::days]
        if 2 <= len(found) <= TICKS_MAX:
            return found, [f"{borders[i]:%m-%d}" for i in found]
    evenly = np.unique(np.linspace(0, len(borders) - 1, min(len(borders), 3)).astype(int)).tolist()
    return evenly, [_clock(borders[i], with_date=several_days) for i in evenly]


def _minute(instant: datetime) -> int:
    """The minute of the local day."""
    return instant.hour * 60 + instant.minute


def _clock(instant: datetime, *, with_date: bool) -> str:
    """The clock time at a tick, and at midnight the date."""
    date = f"<br>{instant:%m-%d}" if with_date and _minute(instant) == 0 else ""
    return f"{instant:%H:%M}{date}"
