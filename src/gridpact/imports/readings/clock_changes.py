"""Clock changes of a timezone, and the instants that its clocks mean, in minutes since 1970-01-01."""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.case.times import EPOCH

MINUTES_PER_DAY = 1440


class Placing(IntEnum):
    """How a local time was placed."""

    SURELY = 0
    SKIPPED = 1
    ONCE_OF_TWICE = 2
    OUT_OF_ORDER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """A change of a timezone's offset.

    Attributes:
        instant: in UTC.
        before: offset until then.
        after: offset from then on.
    """

    instant: int
    before: int
    after: int

    @property
    def low(self) -> int:
        """Local time from which clocks say too much or too little."""
        return self.instant + min(self.before, self.after)

    @property
    def high(self) -> int:
        """Local time until which they do."""
        return self.instant + max(self.before, self.after)


def offset_at(zone: ZoneInfo, instant: int) -> int:
    """Offset of a timezone at an instant."""
    local = (EPOCH + timedelta(minutes=instant)).astimezone(zone)
    return int((local.utcoffset() or timedelta(0)).total_seconds()) // 60


@lru_cache(maxsize=256)
def clock_changes(zone: ZoneInfo, first_day: int, last_day: int) -> tuple[int, tuple[ClockChange, ...]]:
    """The offset at the start of a day, and the changes until the end of another, by days since 1970."""
    changes = []
    start = first_day * MINUTES_PER_DAY
    begin, before = start, offset_at(zone, start)
    first = before
    for day in range(first_day + 1, last_day + 2):
        end = day * MINUTES_PER_DAY
        after = offset_at(zone, end)
        if after != before:
            low, high = begin, end
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_at(zone, middle) == before else (low, middle)
            changes.append(ClockChange(instant=high, before=before, after=after))
        begin, before = end, after
    return first, tuple(changes)


def local_starts(stamps: Int, zone: ZoneInfo, step_minutes: int, *, is_end: bool) -> tuple[Int, Int]:
    """The instants at which the intervals of one series start, and how surely, (R,) each; see `Placing`.

    In the hour that clocks pass twice the order of the rows tells which is which: where they go through it
    once and then once more, the first are before the change. At the end of an interval clocks may say what
    they do then, or the start and its length: both are taken.

    Args:
        stamps: local times, in the order of the rows, (R,).
        zone: whose clocks they are of.
        step_minutes: length of an interval.
        is_end: whether stamps are the ends of intervals.
    """
    naive = stamps - step_minutes if is_end else stamps
    placed = np.zeros(len(stamps), dtype=np.int64)
    if not len(stamps):
        return naive, placed
    days = int(naive.min()) // MINUTES_PER_DAY - 2, int(naive.max()) // MINUTES_PER_DAY + 2
    offset, changes = clock_changes(zone, *days)
    starts = naive - offset
    for change in changes:
        starts = np.where(naive >= change.high, naive - change.after, starts)
        between = (naive >= change.low) & (naive < change.high)
        if change.before < change.after:
            is_first = between & (stamps == change.high) & is_end
            starts = np.where(is_first, change.instant - step_minutes, starts)
            placed[between & ~is_first] = Placing.SKIPPED
        else:
            _place_twice(stamps, naive, change, step_minutes, is_end, between, starts, placed)
    return starts, placed


def _place_twice(
    stamps: Int,
    naive: Int,
    change: ClockChange,
    step_minutes: int,
    is_end: bool,
    between: Bool,
    starts: Int,
    placed: Int,
) -> None:
    """Places the rows of an hour that comes twice, by their order, in `starts` and `placed`."""
    near = (stamps >= change.low) & ((stamps <= change.high) if is_end else (stamps < change.high))
    rows = np.flatnonzero(near)
    if not len(rows):
        return
    if stamps[-1] < stamps[0]:
        rows = rows[::-1]
    breaks = np.flatnonzero(np.diff(stamps[rows]) <= 0)
    if len(breaks) != 1:
        placed[between] = Placing.OUT_OF_ORDER if len(breaks) else Placing.ONCE_OF_TWICE
        return
    first, again = rows[: breaks[0] + 1], rows[breaks[0] + 1 :]
    starts[first] = naive[first] - change.before
    starts[again] = naive[again] - change.after
