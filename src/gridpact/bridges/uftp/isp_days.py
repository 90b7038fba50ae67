"""Days and their ISPs: equal periods counted from local midnight, 23, 24 or 25 hours of them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def midnight(day: date, timezone: str) -> datetime:
    """The start of a day in UTC; where clocks go forward at midnight, the first instant that there is."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)


def isps_of_day(day: date, timezone: str, step: timedelta) -> int:
    """How many ISPs a day has: of a quarter-hour 92, 96 or 100."""
    return (midnight(day + timedelta(days=1), timezone) - midnight(day, timezone)) // step


def days_between(start: datetime, end: datetime, timezone: str) -> Iterator[date]:
    """The days that have any part of a span, which does not include its end."""
    zone = ZoneInfo(timezone)
    day, last = start.astimezone(zone).date(), (end - timedelta(microseconds=1)).astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)
