"""Horizon: the equal periods that a case is cleared over."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gridpact.case.times import Fault, read_start, read_zone
from gridpact.fields.case_part import CasePart
from gridpact.fields.refusals import Refusals
from gridpact.fields.said import a
from gridpact.fields.scalars import whole
from gridpact.units import MINUTES_PER_HOUR

RESOLUTION_MINUTES = {"5min": 5, "15min": 15, "30min": 30, "1h": 60}
PERIODS_MAX = 105_408  # a leap year of 5 minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon(CasePart):
    """Equal periods from `start` on, counted in elapsed time.

    A local day on which the clocks change therefore has 23 or 25 hours.

    Attributes:
        start: first instant; text is read as in case.toml, and a time without an offset in the timezone.
        timezone: IANA name in which local times are read and written.
        resolution: one of the keys of `RESOLUTION_MINUTES`.
        periods: number of periods T.

    Raises:
        InvalidCase: with everything that is wrong with it.
    """

    start: datetime
    timezone: str
    resolution: str
    periods: int

    def __post_init__(self) -> None:
        refusals = Refusals("horizon")
        zone = _zone(refusals, self.timezone)
        resolution: Any = self.resolution
        if not isinstance(resolution, str) or resolution not in RESOLUTION_MINUTES:
            remedy = f"write {', '.join(RESOLUTION_MINUTES)}"
            refusals.add("resolution", "is not a resolution", remedy, resolution)
        periods = whole(self.periods)
        if fault := periods_fault(periods):
            refusals.add("periods", fault.what, fault.remedy, self.periods)
        start = _start(refusals, self.start, zone or ZoneInfo("UTC"))
        refusals.finish()
        self._set(start=start, timezone=zone and zone.key, resolution=str(resolution), periods=periods)

    def __repr__(self) -> str:
        """One line."""
        start = self.instant(0).isoformat(timespec="minutes")
        return f"<Horizon: {self.periods:,} × {self.resolution} from {start}, {self.timezone}>"

    @property
    def step(self) -> timedelta:
        """Length of a period."""
        return timedelta(minutes=RESOLUTION_MINUTES[self.resolution])

    @property
    def hours_per_period(self) -> float:
        """Length of a period in hours: kW times this is kWh."""
        return RESOLUTION_MINUTES[self.resolution] / MINUTES_PER_HOUR

    def instant(self, period: int) -> datetime:
        """Start of a period in local time with its offset; `period` may be T, the end of the horizon."""
        return (self.start.astimezone(UTC) + period * self.step).astimezone(ZoneInfo(self.timezone))

    def instants(self) -> list[datetime]:
        """Start of every period in local time with its offset, length T."""
        start, step, zone = self.start.astimezone(UTC), self.step, ZoneInfo(self.timezone)
        return [(start + period * step).astimezone(zone) for period in range(self.periods)]

    def labels(self) -> list[str]:
        """Start of every period as ISO 8601 text with the local UTC offset, length T."""
        return [instant.isoformat(timespec="minutes") for instant in self.instants()]

    def clock_warning(self) -> str | None:
        """That days were counted as 24 hours though the clocks change; `None` where they were not.

        The horizon begins at a midnight and has whole days of 24 hours, so that a change of the clocks in it
        moves its end away from midnight.
        """
        begin, end = self.instant(0), self.instant(self.periods)
        shift = (end.utcoffset() or timedelta()) - (begin.utcoffset() or timedelta())
        is_midnight = (begin.hour, begin.minute, begin.second) == (0, 0, 0)
        if not shift or shift % self.step or not is_midnight or self.periods * self.step % timedelta(days=1):
            return None
        fitting = self.periods - shift // self.step
        return (
            f"clocks change in the horizon, which therefore ends at {end.isoformat(timespec='minutes')} and"
            f" not at midnight; with periods = {fitting} it would"
        )

    def span(self, first: int, last: int) -> str:
        """Local clock times from the start of period `first` to the end of `last`, "11:00–12:00"."""
        return f"{self.instant(first):%H:%M}–{self.instant(last + 1):%H:%M}"


def periods_fault(periods: object) -> Fault | None:
    """What is wrong with a number of periods."""
    if not isinstance(periods, int) or isinstance(periods, bool):
        return Fault(what="is not a whole number", remedy="write digits without quotes or a point, as in 24")
    if not 1 <= periods <= PERIODS_MAX:
        return Fault(what="is out of range", remedy=f"write 1 to {PERIODS_MAX}")
    return None


def _zone(refusals: Refusals, timezone: object) -> ZoneInfo | None:
    """The timezone; `None` where it is none, which `refusals` takes in."""
    name = timezone.key if isinstance(timezone, ZoneInfo) else timezone
    if not isinstance(name, str):
        refusals.add("timezone", "is not text", f"it is {a(timezone)}; write an IANA name", timezone)
        return None
    zone = read_zone(name)
    if isinstance(zone, Fault):
        refusals.add("timezone", zone.what, zone.remedy, name)
        return None
    return zone


def _start(refusals: Refusals, given: object, zone: ZoneInfo) -> datetime | None:
    """The first instant; `None` where it is none, which `refusals` takes in."""
    start = read_start(_plain(given), zone)
    if isinstance(start, Fault):
        refusals.add("start", start.what, start.remedy, str(given) if isinstance(given, datetime) else given)
        return None
    return start


def _plain(value: object) -> object:
    """A time of a library, such as pandas, as one of Python; `None` for one that is none, as its NaT is."""
    if not isinstance(value, datetime) or type(value) is datetime:
        return value
    try:
        return datetime.combine(value.date(), value.time(), value.tzinfo).replace(fold=value.fold)
    except (TypeError, ValueError):
        return None
