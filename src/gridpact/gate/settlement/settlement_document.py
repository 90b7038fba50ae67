"""What an operator asks to be settled, checked: a name, a span of time, and what it corrects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridpact.case.horizon import RESOLUTION_MINUTES
from gridpact.case.times import from_microseconds
from gridpact.gate.words.gate_names import SESSION_NAME, shown
from gridpact.gate.words.moments import MOMENT_REMEDY, read_moment
from gridpact.gate.words.refused import FieldProblem

MEMBERS = ("settlement", "from", "until", "corrects")
DAYS_MAX = 400
MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledSpan:
    """The span of time that is settled.

    Attributes:
        start: first moment, microseconds since 1970-01-01 UTC.
        until: the moment after the last one.
        periods: how many there are in it.
        local_start: start in the market's timezone.
    """

    start: int
    until: int
    periods: int
    local_start: datetime


def span_of(document: Mapping[str, Any], market: Mapping[str, Any]) -> SettledSpan:
    """The span of a document that is right."""
    start, until = (read_moment(document[name]) or 0 for name in ("from", "until"))
    minutes = RESOLUTION_MINUTES[str(market["resolution"])]
    local = from_microseconds(start).astimezone(ZoneInfo(str(market["timezone"])))
    return SettledSpan(
        start=start, until=until, periods=(until - start) // (minutes * MINUTE), local_start=local
    )


def document_problems(document: Mapping[str, Any], market: Mapping[str, Any]) -> list[FieldProblem]:
    """Everything that is wrong with a document by itself."""
    problems = [
        FieldProblem(
            pointer=f"/{name}",
            value=shown(value),
            what="is not known",
            remedy=f"known are {', '.join(MEMBERS)}",
        )
        for name, value in document.items()
        if name not in MEMBERS
    ]
    name = document.get("settlement")
    if not isinstance(name, str) or not SESSION_NAME.fullmatch(name):
        what = "is missing" if name is None else "is not a name"
        remedy = "write 1 to 64 of the characters A-Z, a-z, 0-9, point, hyphen and underscore"
        problems.append(
            FieldProblem(pointer="/settlement", value=shown(name or ""), what=what, remedy=remedy)
        )
    corrects = document.get("corrects")
    if corrects is not None and not isinstance(corrects, str):
        remedy = "write the name of the settlement, or leave it out"
        problems.append(
            FieldProblem(pointer="/corrects", value=shown(corrects), what="is not text", remedy=remedy)
        )
    times = [each for each in ("from", "until") if read_moment(document.get(each)) is None]
    for each in times:
        what = "is not a time with an offset" if each in document else "is missing"
        value = shown(document.get(each, ""))
        problems.append(FieldProblem(pointer=f"/{each}", value=value, what=what, remedy=MOMENT_REMEDY))
    return problems if times else problems + _span_problems(document, market)


def _span_problems(document: Mapping[str, Any], market: Mapping[str, Any]) -> list[FieldProblem]:
    """What is wrong with the span between two moments."""
    span, resolution = span_of(document, market), str(market["resolution"])
    if not span.start < span.until <= span.start + DAYS_MAX * DAY:
        what = f"is not after from, by at most {DAYS_MAX} days"
        return [
            FieldProblem(
                pointer="/until",
                value=str(document["until"]),
                what=what,
                remedy="write the moment after the last one that is settled",
            )
        ]
    minutes, zone = RESOLUTION_MINUTES[resolution], ZoneInfo(str(market["timezone"]))
    problems = []
    for name in ("from", "until"):
        local = from_microseconds(read_moment(document[name]) or 0).astimezone(zone)
        if local.second or local.microsecond or (local.hour * 60 + local.minute) % minutes:
            what, remedy = f"does not lie on the periods of {resolution}", "write the start of a period"
            value = str(document[name])
            problems.append(FieldProblem(pointer=f"/{name}", value=value, what=what, remedy=remedy))
    return problems
