"""Series: the times of rows that belong together, such as those of one participant, in the order of a file.

Local times without an offset come twice where the clocks are put back. In a series that goes through that
hour in the order of time, each of them twice, the order says which is which. And where a whole series is one
period late, its times are the ends of intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.case.horizon import Horizon
from gridpact.case.periods import period_of
from gridpact.case.times import Fault

NONE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The times of a table's rows, R of them.

    Attributes:
        code: which series each row is of, −1 for none, (R,).
        of_row: which distinct time each row has, −1 for none, (R,).
        read: what each distinct time means, (D,).
        horizon: the periods.
    """

    code: Int
    of_row: Int
    read: Sequence[datetime | Fault]
    horizon: Horizon

    def told_apart(self) -> Int:
        """The period of each row whose time comes twice, by the order of rows; −1 for all others, (R,).

        The rows of such an hour in a series are told apart where they stand together, after what is earlier
        and before what is later, and go through the hour twice in the order of time, with all its periods.
        """
        found = np.full(len(self.of_row), NONE, dtype=np.int64)
        hours = [_hour(time, self.horizon) for time in self.read]
        first = self._per_row([hour.period if hour else NONE for hour in hours])
        hour_of_row = self._per_row([hour.periods.start if hour else NONE for hour in hours])
        rows = np.flatnonzero((first >= 0) & (self.code >= 0))
        if not len(rows):
            return found
        by_series = np.argsort(self.code, kind="stable")
        rank = np.argsort(by_series, kind="stable")
        rows = rows[np.lexsort((rows, hour_of_row[rows], self.code[rows]))]
        changes = (np.diff(self.code[rows]) != 0) | (np.diff(hour_of_row[rows]) != 0)
        of_start = {hour.periods.start: hour for hour in hours if hour}
        for group in np.split(rows, np.flatnonzero(changes) + 1):
            hour = of_start[int(hour_of_row[group[0]])]
            once = np.arange(hour.periods.start, hour.periods.stop)
            twice = np.concatenate([once, once + hour.lag])
            begin, end = int(rank[group[0]]), int(rank[group[-1]]) + 1
            if (
                np.array_equal(first[group], np.concatenate([once, once]))
                and end - begin == len(group)
                and self._stands_between(by_series, begin, end, twice)
            ):
                found[group] = twice
        return found

    def looks_like_ends(self) -> Bool:
        """Whether each row is of a series that is late by one period throughout, (R,).

        Such a series has no row at the start of the horizon and one at its end, where no period starts. One
        period after the start it has a row too, where others have one at the start.
        """
        last = self.horizon.periods
        known = self._per_row([_period_or_end(time, self.horizon) for time in self.read])
        rows = np.flatnonzero((self.of_row >= 0) & (self.code >= 0))
        count = int(self.code.max(initial=NONE)) + 1

        def has(condition: Bool) -> Bool:
            of_series: Bool = np.bincount(self.code[rows[condition[rows]]], minlength=count) > 0
            return of_series

        starts_late = has(known == 1) | ~(known == 0).any()
        late = has(known == last) & ~has(known == 0) & ~has(known < 0) & starts_late
        is_late: Bool = np.append(late, False)[self.code]
        return is_late

    def _per_row(self, of_distinct: Sequence[int]) -> Int:
        """A number of each distinct time as one of each row, −1 for none, (R,)."""
        return np.array([*of_distinct, NONE], dtype=np.int64)[self.of_row]

    def _stands_between(self, by_series: Int, begin: int, end: int, periods: Int) -> bool:
        """Whether a series goes from what is earlier than some periods to what is later.

        Args:
            by_series: all rows, series after series, (R,).
            begin: position in it of the first row that has one of the periods.
            end: position after the last one.
            periods: ascending.
        """
        code = self.code[by_series[begin]]
        before, after = begin - 1, end
        if before >= 0 and self.code[by_series[before]] == code:
            earlier = self._known_period(by_series[before])
            if earlier is not None and earlier >= periods[0]:
                return False
        if after < len(by_series) and self.code[by_series[after]] == code:
            later = self._known_period(by_series[after])
            if later is not None and later <= periods[-1]:
                return False
        return True

    def _known_period(self, row: int) -> int | None:
        time = self.read[self.of_row[row]] if self.of_row[row] >= 0 else None
        period = period_of(time, self.horizon, is_end=False) if isinstance(time, datetime) else None
        return period if isinstance(period, int) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hour:
    """An hour that comes twice, and the place of one local time in it.

    Attributes:
        period: that starts at the local time when it comes first.
        periods: of the hour when it comes first.
        lag: periods until each comes again.
    """

    period: int
    periods: range
    lag: int


def _hour(time: datetime | Fault, horizon: Horizon) -> _Hour | None:
    """The hour of a time that may be either of two in the horizon; `None` for others."""
    if isinstance(time, datetime) or len(time.readings) != 2:
        return None
    first, again = (period_of(reading, horizon, is_end=False) for reading in time.readings)
    if isinstance(first, Fault) or isinstance(again, Fault):
        return None
    begin, end, lag = first, first + 1, again - first
    while begin > 0 and _comes_again(horizon.instant(begin - 1)):
        begin -= 1
    while end + lag < horizon.periods and _comes_again(horizon.instant(end)):
        end += 1
    return _Hour(period=first, periods=range(begin, end), lag=lag)


def _comes_again(time: datetime) -> bool:
    """Whether the clocks pass a local time once more after this one."""
    return time.fold == 0 and time.utcoffset() != time.replace(fold=1).utcoffset()


def _period_or_end(time: datetime | Fault, horizon: Horizon) -> int:
    """The period that starts at a time, or may start there, T at the end of the horizon, and −1 elsewhere."""
    readings = (time,) if isinstance(time, datetime) else time.readings
    for is_end in (False, True):
        for reading in readings:
            period = period_of(reading, horizon, is_end=is_end)
            if isinstance(period, int):
                return period
    return NONE
