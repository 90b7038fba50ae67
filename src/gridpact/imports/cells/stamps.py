"""Stamps: what cells say of dates and times, in whole minutes."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from gridpact.imports.cells.quantities import Unreadable
from gridpact.imports.sheets.sheet import Cell, cell_text

MINUTES_PER_DAY = 1440
_FIRST_DAY = date(1970, 1, 1).toordinal()
_YEARS = range(1990, 2100)
_WORKBOOK_MIDNIGHT = datetime(1899, 12, 31)  # the day 0 of a workbook, whose time cells are parts of it
_DATE = re.compile(
    r"(?P<first>\d{1,4})(?P<mark>[-/.])(?P<second>\d{1,2})(?P=mark)(?P<third>\d{1,4})"
    r"|(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?::(?P<second>\d{2})(?:[.,](?P<rest>\d+))?)?"
    r"\s*(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)?"
)
_NOT_A_DATE = Unreadable(what="is no date", remedy="write it as in 2026-10-25")
_NOT_A_TIME = Unreadable(what="is no time", remedy="write it as in 2026-10-25 02:15")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time in minutes since 1970-01-01 00:00: by the clocks, or of UTC where it has an offset."""

    minutes: int
    is_utc: bool = False


@lru_cache(maxsize=2**17, typed=True)
def read_stamp(day: Cell, clock: Cell, day_order: str, *, has_clock: bool) -> Stamp | Unreadable:
    """The time that one cell says, or a cell with a date and one with a time.

    Args:
        day: of the date, with the time where it stands there too; 24:00 is the end of the day.
        clock: of the time where it has its own cell.
        day_order: of year, month and day: "ymd", "dmy", "mdy"; where it is empty, what cannot be taken
            otherwise.
        has_clock: whether the time has its own cell.
    """
    if not has_clock:
        if isinstance(day, datetime):
            return _of_moment(day)
        if isinstance(day, date):  # what a workbook has for midnight
            return Stamp(minutes=(day.toordinal() - _FIRST_DAY) * MINUTES_PER_DAY)
        text = cell_text(day)
        first, _, rest = text.replace("T", " ", 1).partition(" ")
        day, clock = first, rest.strip()
    days = _days(day, day_order)
    if isinstance(days, Unreadable):
        return days
    minutes = _minutes(clock)
    if isinstance(minutes, Unreadable):
        return minutes
    return Stamp(minutes=days * MINUTES_PER_DAY + minutes.minutes, is_utc=minutes.is_utc)


def _of_moment(moment: datetime) -> Stamp | Unreadable:
    """The time of a workbook's cell, which may be off by what is lost in a number of days."""
    rounded = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    if rounded.second:
        return Unreadable(what="is no whole minute")
    days = rounded.date().toordinal() - _FIRST_DAY
    return Stamp(minutes=days * MINUTES_PER_DAY + rounded.hour * 60 + rounded.minute)


def _days(cell: Cell, day_order: str) -> int | Unreadable:
    """Days from 1970-01-01 to the date of a cell."""
    if isinstance(cell, datetime | date):
        return cell.toordinal() - _FIRST_DAY
    if isinstance(cell, float):
        return Unreadable(what="is no date but a number", remedy="format the cells as dates, or as texts")
    parts = _DATE.fullmatch(cell_text(cell))
    if parts is None:
        return _NOT_A_DATE
    if parts["year"]:
        return _ordinal(parts["year"], parts["month"], parts["day"])
    numbers = (parts["first"], parts["second"], parts["third"])
    if not day_order and len(numbers[0]) < 4 and parts["mark"] == "/":
        remedy = "say --date-format dd/mm/yyyy, or mm/dd/yyyy"
        return Unreadable(what="could begin with the day or with the month", remedy=remedy)
    order = "ymd" if len(numbers[0]) == 4 else day_order if day_order and day_order != "ymd" else "dmy"
    named = dict(zip(order, numbers, strict=True))
    return _ordinal(named["y"], named["m"], named["d"])


def _ordinal(year: str, month: str, day: str) -> int | Unreadable:
    """Days from 1970-01-01 to a date."""
    full = int(year) + 2000 * (len(year) == 2)
    if full not in _YEARS:
        return _NOT_A_DATE
    try:
        return date(full, int(month), int(day)).toordinal() - _FIRST_DAY
    except ValueError:
        return _NOT_A_DATE


def _minutes(cell: Cell) -> Stamp | Unreadable:
    """Minutes from midnight to the time of day in a cell, with its offset taken off where it has one."""
    if isinstance(cell, date | timedelta):
        return _of_days(cell)
    if isinstance(cell, time):
        return _of_moment(datetime.combine(date(1970, 1, 1), cell))
    parts = _CLOCK.fullmatch(cell_text(cell))
    if parts is None:
        return _NOT_A_TIME
    hour, minute = int(parts["hour"]), int(parts["minute"] or 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return _NOT_A_TIME
    if int(parts["second"] or 0) or int(parts["rest"] or 0):
        return Unreadable(what="is no whole minute")
    minutes, offset = hour * 60 + minute, parts["offset"]
    if not offset:
        return Stamp(minutes=minutes)
    digits = offset.replace(":", "")[1:] or "0000"
    shift = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return Stamp(minutes=minutes - (shift if offset[0] == "+" else -shift), is_utc=True)


def _of_days(cell: date | timedelta) -> Stamp | Unreadable:
    """Minutes from midnight in a workbook's cell that holds days, of which 24:00 is one."""
    if isinstance(cell, datetime) and cell.year in _YEARS:
        return _of_moment(datetime.combine(date(1970, 1, 1), cell.time()))
    if isinstance(cell, date):
        midnight = datetime.combine(cell, cell.time() if isinstance(cell, datetime) else time())
        cell = midnight - _WORKBOOK_MIDNIGHT
    minutes = round(cell.total_seconds() / 60)
    return Stamp(minutes=minutes) if 0 <= minutes <= MINUTES_PER_DAY else _NOT_A_TIME
