"""The limits that an OpenADR 3 event holds, read back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isfinite
from typing import Any

from gridpact.envelopes.exchange_formats.openadr_events import EXPORT, IMPORT

KILOWATT = "KW"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class NotAnEnvelope(Exception):
    """An event that holds no envelope; the text says what is wrong, `remedy` what would be right."""

    def __init__(self, what: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLimits:
    """The limits of an event over its T intervals.

    Attributes:
        target: name of the resource.
        starts: of the intervals, in UTC, (T,).
        step: length of each.
        import_max_kw, export_max_kw: limits, (T,).
    """

    target: str
    starts: tuple[datetime, ...]
    step: timedelta
    import_max_kw: tuple[float, ...]
    export_max_kw: tuple[float, ...]


def limits_of_event(event: Mapping[str, Any]) -> EventLimits:
    """The limits of an event, with targets as OpenADR 3.0 or 3.1 writes them.

    Raises:
        NotAnEnvelope: it is no event of both limits in kW, one interval after the other.
    """
    try:
        target = _target(event["targets"])
        for descriptor in event["payloadDescriptors"]:
            if descriptor["payloadType"] in (IMPORT, EXPORT) and descriptor["units"] != KILOWATT:
                raise NotAnEnvelope(f"has limits in {descriptor['units']!r}", f"give them in {KILOWATT}")
        starts, steps = zip(*_times(event), strict=True)
        values = [_limits(interval) for interval in event["intervals"]]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise NotAnEnvelope("is no envelope as an event", "make the envelopes again") from error
    if len(set(steps)) != 1 or any(b - a != steps[0] for a, b in pairwise(starts)):
        raise NotAnEnvelope("has intervals that do not follow one another", "make the envelopes again")
    return EventLimits(
        target=target,
        starts=starts,
        step=steps[0],
        import_max_kw=tuple(limits[IMPORT] for limits in values),
        export_max_kw=tuple(limits[EXPORT] for limits in values),
    )


def _target(targets: Any) -> str:
    """The one resource that an event is for."""
    (only,) = targets
    if isinstance(only, str):
        return only
    (name,) = only["values"]
    if only["type"] != "RESOURCE_NAME" or not isinstance(name, str):
        raise NotAnEnvelope("is not for one resource", "make the envelopes again")
    return name


def _times(event: Mapping[str, Any]) -> list[tuple[datetime, timedelta]]:
    """Start and length of each interval: its own, or by those of the event."""
    return interval_times(event["intervals"], event.get("intervalPeriod"))


def interval_times(
    intervals: list[Mapping[str, Any]], of_all: Mapping[str, Any] | None
) -> list[tuple[datetime, timedelta]]:
    """Start, in UTC, and length of each interval: its own, or counted on from the start of all.

    Raises:
        KeyError, TypeError, ValueError: one cannot be known.
    """
    found = []
    for place, interval in enumerate(intervals):
        own = interval.get("intervalPeriod") or {}
        step = duration_of(own["duration"] if own.get("duration") else (of_all or {})["duration"])
        start = (
            instant_of(own["start"])
            if own.get("start")
            else instant_of((of_all or {})["start"]) + place * step
        )
        found.append((start, step))
    return found


def duration_of(text: str) -> timedelta:
    """A length as ISO 8601 has it, without months and years.

    Raises:
        ValueError: it is none, or none above 0.
    """
    found = _DURATION.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if length <= timedelta(0):
        raise ValueError(f"{text!r} is no duration")
    return length


def instant_of(text: str) -> datetime:
    """A time with an offset, in UTC.

    Raises:
        ValueError: it is none.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return time.astimezone(UTC)


def _limits(interval: Mapping[str, Any]) -> dict[str, float]:
    """Both limits of an interval, in kW."""
    found = {payload["type"]: payload["values"] for payload in interval["payloads"]}
    limits = {}
    for kind in (IMPORT, EXPORT):
        (value,) = found[kind]
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
            raise NotAnEnvelope(
                f"has a limit that is no power of 0 or more: {value!r}", "make the envelopes again"
            )
        limits[kind] = float(value)
    return limits
