"""Times: ISO 8601 text to instants, and instants to microseconds."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEARS = range(1980, 2200)
MICROSECOND = timedelta(microseconds=1)
_MIDNIGHT = re.compile(
    r"(?P<day>\d{4}-?\d{2}-?\d{2}.)24(?P<rest>(?::?00)*(?:[.,]0+)?)(?P<offset>Z|[+-]\d.*)?"
)
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")
FOREVER = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a time cannot be used, and what would be right.

    Attributes:
        what: is wrong.
        remedy: what would be right.
        readings: the instants that it may mean, in order; none where it means nothing.
    """

    what: str
    remedy: str = ""
    readings: tuple[datetime, ...] = field(default=(), compare=False)


_NO_TIME = Fault(what="is not a time", remedy="write it as in 2024-06-21T13:15+01:00")
_NO_DAY = Fault(what="is not a day or a time", remedy="write it as in 2024-06-21 or 2024-06-21T13:15")


def read_time(value: str | datetime, zone: ZoneInfo) -> datetime | Fault:
    """The instant that a time means, with an offset, or why it means none.

    Args:
        value: ISO 8601 text, or a time that is read already.
        zone: the timezone that a time without an offset is read in.

    Returns:
        A time with an offset. A local time that the clocks skip or pass twice is a fault.
    """
    if isinstance(value, str) and (midnight := _MIDNIGHT.fullmatch(value)):
        return _next_midnight(midnight, zone)
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return _NO_TIME
    try:
        return _local(time, zone) if time.tzinfo is None else time.astimezone(zone)
    except (OverflowError, ValueError):
        return Fault(what="is out of the range of times")


def _next_midnight(parts: re.Match[str], zone: ZoneInfo) -> Fault:
    """The fault of 24:00, which names the midnight that it means."""
    try:
        day = datetime.fromisoformat(parts["day"] + "00" + parts["rest"]) + timedelta(days=1)
    except (OverflowError, ValueError):
        return _NO_TIME
    text = day.isoformat(timespec="minutes") + (parts["offset"] or "")
    meant = read_time(text, zone)
    return Fault(
        what="has the hour 24",
        remedy=f"write {text}",
        readings=meant.readings if isinstance(meant, Fault) else (meant,),
    )


def read_start(value: object, zone: ZoneInfo) -> datetime | Fault:
    """The start of a horizon: a whole minute in a year that gridpact knows; see `read_time`."""
    if not isinstance(value, str | datetime):
        return Fault(what="is not a time", remedy="write it as in 2024-06-21T00:00")
    start = read_time(value, zone)
    if isinstance(start, Fault):
        return start
    if start.year not in YEARS:
        return Fault(what="is out of range", remedy=f"write a year from {YEARS[0]} to {YEARS[-1]}")
    if start.second or start.microsecond:
        return Fault(what="is not a whole minute", remedy=f"write {start.isoformat(timespec='minutes')}")
    return start


def read_zone(name: str) -> ZoneInfo | Fault:
    """The timezone of an IANA name, or why there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name[:80], sorted(available_timezones()), n=1)
        remedy = f"did you mean '{near[0]}'?" if near else "write an IANA name, as in Europe/Lisbon"
        return Fault(what="is not a known timezone", remedy=remedy)


def _local(time: datetime, zone: ZoneInfo) -> datetime | Fault:
    """The instant of a local time, or the fault of one that the clocks skip or pass twice."""
    readings = [time.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    before, after = (reading.utcoffset() or timedelta(0) for reading in readings)
    if before == after:
        return readings[0]
    forms = sorted(reading.astimezone(UTC) for reading in readings)
    first, second = (form.astimezone(zone).isoformat(timespec="minutes") for form in forms)
    remedy = f"write {first} or {second}"
    if before < after:
        return Fault(what=f"does not exist in {zone.key}, where the clocks skip it", remedy=remedy)
    what = f"comes twice in {zone.key}, where the clocks are put back"
    return Fault(what=what, remedy=remedy, readings=tuple(forms))


def read_day(value: str | datetime, zone: ZoneInfo) -> datetime | Fault:
    """The instant that a day or a time means: of a day, the first there is of it; else as `read_time`."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        time = read_time(value, zone)
        return _NO_DAY if time == _NO_TIME else time
    try:
        day = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return _NO_DAY
    if day.tzinfo is not None or day != day.replace(hour=0, minute=0, second=0, microsecond=0):
        return read_time(day, zone)
    try:  # Where midnight comes twice it is the first, and where it is skipped what comes in its place.
        return day.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone)
    except (OverflowError, ValueError):
        return Fault(what="is out of the range of times")


def microseconds(time: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of a time with an offset."""
    return (time - EPOCH) // MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The time in UTC, that many microseconds after 1970-01-01."""
    return EPOCH + timedelta(microseconds=count)
