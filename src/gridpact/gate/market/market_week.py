"""A week of a market: all days that prices can name, and a grid on which times are read."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon
from gridpact.case.times import Fault, read_start

MONDAY = "2001-01-01T00:00"
MINUTES = 7 * 24 * 60


def market_week(market: Mapping[str, Any]) -> Horizon | None:
    """Seven days in the timezone and resolution of the document of a market."""
    zone, resolution = str(market["timezone"]), str(market["resolution"])
    start = read_start(MONDAY, ZoneInfo(zone))
    if isinstance(start, Fault):
        return None
    periods = MINUTES // RESOLUTION_MINUTES[resolution]
    return Horizon(start=start, timezone=zone, resolution=resolution, periods=periods)
