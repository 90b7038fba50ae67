"""Horizon: the equal periods that a case is cleared over."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gridpact.units import MINUTES_PER_HOUR

RESOLUTION_MINUTES = {"5min": 5, "15min": 15, "30min": 30, "1h": 60}


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """Equal periods from `start` on, counted in elapsed time.

    A local day on which the clocks change therefore has 23 or 25 hours.

    Attributes:
        start: first instant, with its UTC offset.
        timezone: IANA name in which local times are read and written.
        resolution: one of the keys of `RESOLUTION_MINUTES`.
        periods: number of periods T.
    """

    start: datetime
    timezone: str
    resolution: str
    periods: int

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

    def span(self, first: int, last: int) -> str:
        """Local clock times from the start of period `first` to the end of `last`, "11:00–12:00"."""
        return f"{self.instant(first):%H:%M}–{self.instant(last + 1):%H:%M}"
