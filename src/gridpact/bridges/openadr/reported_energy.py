"""What the resources of a server reported: usage that is settled, or a forecast that is cleared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Any

from gridpact.bridges.openadr.event_limits import instant_of, interval_times
from gridpact.bridges.standards.vtn_terms import VtnTerms
from gridpact.case.reading.problems import Problems, shown
from gridpact.errors import Problem
from gridpact.imports.portals.layout import Direction

KILOWATT_HOUR = "KWH"
QUALITY, NOT_READ, ESTIMATED = "DATA_QUALITY", ("BAD", "MISSING"), "ESTIMATED"
REPORT_AGAIN = "have the resource report it again"


class Reported(StrEnum):
    """What is taken of reports: their payload type."""

    USAGE = "USAGE"
    FORECAST = "USAGE_FORECAST"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedEnergy:
    """An energy in kWh of an interval, and whether it is an estimate."""

    kwh: float
    is_estimate: bool


@dataclass(slots=True)
class ReportedSeries:
    """What reports said, each interval of a resource once: the latest report of it counts.

    Attributes:
        energies: by participant, way and start of the interval.
        steps: lengths of the intervals that were found.
        not_read: intervals whose quality says that there is no reading, or a bad one.
        replaced: intervals that a later report gave again, with another value.
        unknown: names of resources that no participant has.
    """

    energies: dict[tuple[str, Direction, datetime], ReportedEnergy] = field(default_factory=dict)
    steps: set[timedelta] = field(default_factory=set)
    not_read: int = 0
    replaced: int = 0
    unknown: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceOwners:
    """Whose each resource is, and which way its usage goes."""

    of_resource: Mapping[str, tuple[str, Direction]]
    are_known: bool

    @classmethod
    def of(cls, terms: VtnTerms, participants: tuple[str, ...] | None) -> "ResourceOwners":
        """The owners by what standards.toml says; without participants any other name is a participant's."""
        people = participants if participants is not None else tuple(terms.resources)
        owners = {terms.resource_of(name): (name, Direction.IMPORT) for name in people}
        owners |= {resource: (name, Direction.EXPORT) for name, resource in terms.feed_in_resources.items()}
        return cls(of_resource=owners, are_known=participants is not None)

    def owner(self, resource: str) -> tuple[str, Direction] | None:
        """Participant and way of a resource; `None` where nobody has it."""
        return self.of_resource.get(resource) or (None if self.are_known else (resource, Direction.IMPORT))


def reported_series(
    reports: Iterable[Mapping[str, Any]], kind: Reported, owners: ResourceOwners, problems: Problems
) -> ReportedSeries:
    """What reports of a kind say, in the order in which they were changed last.

    Args:
        reports: as the server gives them.
        kind: what is taken of them.
        owners: of resources.
        problems: takes in what is wrong with them.
    """
    series = ReportedSeries()
    for report in sorted(reports, key=_changed):
        units, is_estimate = _described(report, kind)
        name = f"report {shown(report.get('id', ''))}"
        for resource in report.get("resources") or ():
            try:
                _take(resource, kind, owners, series, units=units, is_estimate=is_estimate)
            except _Unusable as error:
                where = f"resource {shown(resource.get('resourceName', ''))}"
                what, remedy = str(error), error.remedy
                problems.add(Problem(file=name, field=where, value=error.value, what=what, remedy=remedy))
            except (KeyError, TypeError, ValueError, AttributeError):
                what = "is not as OpenADR 3 has a report"
                problems.add(Problem(file=name, field="resources", what=what, remedy=REPORT_AGAIN))
    return series


class _Unusable(Exception):
    """A reading that cannot be used."""

    def __init__(self, what: str, remedy: str, value: object = "") -> None:
        self.remedy, self.value = remedy, shown(value)
        super().__init__(what)


def _changed(report: Mapping[str, Any]) -> tuple[datetime, str]:
    """When a report was changed last, and its ID."""
    text = report.get("modificationDateTime") or report.get("createdDateTime") or ""
    try:
        when = instant_of(text)
    except (TypeError, ValueError):
        when = datetime.min.replace(tzinfo=UTC)
    return when, str(report.get("id", ""))


def _described(report: Mapping[str, Any], kind: Reported) -> tuple[str, bool]:
    """The unit of a payload type in a report, and whether its readings are estimates."""
    for each in report.get("payloadDescriptors") or ():
        if each.get("payloadType") == kind:
            return str(each.get("units") or KILOWATT_HOUR), each.get("readingType") == ESTIMATED
    return KILOWATT_HOUR, False


def _take(
    resource: Mapping[str, Any],
    kind: Reported,
    owners: ResourceOwners,
    series: ReportedSeries,
    *,
    units: str,
    is_estimate: bool,
) -> None:
    """Takes what a report says of a resource."""
    name = resource["resourceName"]
    intervals = resource["intervals"]
    times = interval_times(intervals, resource.get("intervalPeriod"))
    for interval, (start, step) in zip(intervals, times, strict=True):
        payloads = {payload["type"]: payload["values"] for payload in interval["payloads"]}
        if kind not in payloads:
            continue
        owner = owners.owner(name)
        if owner is None:
            series.unknown.add(name)
            return
        quality = (payloads.get(QUALITY) or ["OK"])[0]
        if quality in NOT_READ:
            series.not_read += 1
            continue
        if units != KILOWATT_HOUR:
            raise _Unusable(f"has its {kind} in another unit", f"report it in {KILOWATT_HOUR}", units)
        energy = ReportedEnergy(
            kwh=_energy(payloads[kind], kind), is_estimate=is_estimate or quality == ESTIMATED
        )
        key = (*owner, start)
        series.replaced += series.energies.get(key, energy) != energy
        series.energies[key] = energy
        series.steps.add(step)


def _energy(values: Any, kind: Reported) -> float:
    """The one energy of a payload, in kWh."""
    if len(values) != 1 or isinstance(values[0], bool) or not isinstance(values[0], int | float):
        raise _Unusable(f"has a {kind} that is not one number", REPORT_AGAIN, values)
    if not isfinite(values[0]):
        raise _Unusable(f"has a {kind} that is not finite", REPORT_AGAIN, values[0])
    if values[0] < 0 and kind is Reported.USAGE:
        remedy = "report feed-in by a resource of its own, named in [openadr.feed_in_resources]"
        raise _Unusable("has a usage below 0", remedy, values[0])
    return float(values[0])
