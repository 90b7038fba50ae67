"""Prices: a number, or a list of prices by day and local time, as the price of every period."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import gcd
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.case.folder.toml_file import TomlFile
from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon
from gridpact.case.reading.problems import suggestion
from gridpact.settlement.amounts.whole import MICRO
from gridpact.units import MINUTES_PER_HOUR

PRICE_MAX_PER_KWH = 100_000
PRICE_REMEDY = f"write at most {PRICE_MAX_PER_KWH:,} per kWh, in the case's currency"
DAY_MINUTES = 24 * MINUTES_PER_HOUR
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = 7  # beside the numbers of the days of the week, Monday 0
DAYS: Mapping[str, tuple[int, ...]] = {
    "everyday": (*range(7), HOLIDAY),
    "weekday": tuple(range(5)),
    "weekend": (5, 6),
    "holiday": (HOLIDAY,),
    **{name: (number,) for number, name in enumerate(WEEKDAYS)},
}
ENTRY_KEYS = ("days", "from", "to", "price")
LIST_EXAMPLE = '{days = "weekday", from = "07:00", to = "23:00", price = 0.25}'

_Refuse = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A price on some days of the week, or on holidays, from one minute of the day to before another."""

    days: tuple[int, ...]
    first_minute: int
    end_minute: int
    micro_per_kwh: int

    def holds(self, weekday: Int, minute: Int) -> Bool:
        """Whether it is the price at minutes of the day on weekdays, (N,) each."""
        in_time: Bool = (minute >= self.first_minute) & (minute < self.end_minute)
        return in_time & np.isin(weekday, self.days)


def micro_per_kwh(file: TomlFile, section: str, key: str, value: object) -> int:
    """A price in micro-currency, exactly; 0 where it cannot be used, which is a problem."""
    refuse = file.refusals(section, key, value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        refuse("is not a price", "write a number without quotes, as in 0.25")
        return 0
    price = Decimal(value)
    if not price.is_finite():
        refuse("is not a finite number", "write the price itself")
    elif abs(price) > PRICE_MAX_PER_KWH:
        refuse("is out of range", PRICE_REMEDY)
    elif (scaled := price * MICRO) != scaled.to_integral_value():
        refuse("has more than 6 decimals", f"write {round(price, 6):f}, if that is what it is")
    else:
        return int(scaled)
    return 0


def period_prices(
    file: TomlFile,
    section: str,
    key: str,
    value: object,
    horizon: Horizon | None,
    holidays: Collection[date] = (),
) -> Int:
    """The price in each period, micro-currency per kWh, (T,).

    Args:
        file: tariffs.toml, which takes in what is wrong.
        section: that the price stands in.
        key: of the price.
        value: a number, or a list of entries that cover every period exactly once.
        horizon: T periods; `None` where they are not known, and nothing is looked up.
        holidays: local days on which, in a list with an entry for `holiday`, only such and everyday entries
            hold.
    """
    periods = horizon.periods if horizon else 0
    if not isinstance(value, list):
        return np.full(periods, micro_per_kwh(file, section, key, value))
    entries = [_entry(file, section, f"{key}[{place}]", each) for place, each in enumerate(value, start=1)]
    if not value:
        file.refuse(section, key, "is an empty list", f"write a number, or entries as in {LIST_EXAMPLE}")
    if horizon is None or not value or None in entries:
        return np.zeros(periods, dtype=np.int64)
    return _looked_up([each for each in entries if each], horizon, holidays, file.refusals(section, key, ""))


def _entry(file: TomlFile, section: str, key: str, value: Any) -> _Entry | None:
    """An entry of a list; `None` where it cannot be used."""
    if not isinstance(value, dict):
        file.refuse(section, key, "is not an entry", f"write it as in {LIST_EXAMPLE}", value)
        return None
    unknown = [name for name in value if name not in ENTRY_KEYS]
    for name in unknown:
        remedy = suggestion(name, ENTRY_KEYS) or f"known are {', '.join(ENTRY_KEYS)}"
        file.refuse(section, f"{key}.{name}", "is not known", remedy)
    days = _days(file, section, f"{key}.days", value.get("days", "everyday"))
    first = _minute(file, section, f"{key}.from", value.get("from", "00:00"))
    end = _minute(file, section, f"{key}.to", value.get("to", "24:00"))
    if first is not None and end is not None and end <= first:
        remedy = 'split it at midnight: one entry to = "24:00", another from = "00:00"'
        file.refuse(section, f"{key}.to", "is not after from", remedy, value.get("to", ""))
        return None
    if "price" not in value:
        file.refuse(section, f"{key}.price", "is missing", "add price = 0.25")
    if unknown or days is None or first is None or end is None or "price" not in value:
        return None
    price = micro_per_kwh(file, section, f"{key}.price", value["price"])
    return _Entry(days=days, first_minute=first, end_minute=end, micro_per_kwh=price)


def _days(file: TomlFile, section: str, key: str, value: object) -> tuple[int, ...] | None:
    """Numbers of days of the week, Monday 0; `None` where they cannot be used."""
    if isinstance(value, str) and value in DAYS:
        return DAYS[value]
    near = suggestion(value, DAYS) if isinstance(value, str) else ""
    file.refuse(section, key, "is not a choice", near or f"write {', '.join(DAYS)}", value)
    return None


def _minute(file: TomlFile, section: str, key: str, value: object) -> int | None:
    """Minute of the day of a local time, up to 24:00; `None` where it is none."""
    read = re.fullmatch(r"([01]\d|2[0-4]):([0-5]\d)", value) if isinstance(value, str) else None
    minute = int(read[1]) * MINUTES_PER_HOUR + int(read[2]) if read else DAY_MINUTES + 1
    if minute <= DAY_MINUTES:
        return minute
    remedy = 'write it as in "07:00", from "00:00" to "24:00"'
    file.refuse(section, key, "is not a time of day", remedy, value)
    return None


def _looked_up(entries: list[_Entry], horizon: Horizon, holidays: Collection[date], refuse: _Refuse) -> Int:
    """The price of each period, (T,), where the entries cover it exactly once with one price."""
    knows_holidays = any(entry.days == DAYS["holiday"] for entry in entries)
    grain = _grain_minutes(entries, horizon)
    weekday, minute = _local_minutes(horizon, grain, holidays if knows_holidays else ())
    holds = np.stack([entry.holds(weekday, minute) for entry in entries])
    holds = holds.reshape(len(entries), horizon.periods, -1)
    is_covered_once = _check_cover(holds, horizon, refuse)
    prices = np.array([entry.micro_per_kwh for entry in entries])[np.argmax(holds, axis=0)]
    changes = prices != prices[:, :1]
    if is_covered_once and changes.any():
        remedy = f"let prices change where periods of {horizon.resolution} start"
        refuse(f"changes {_told(changes, horizon)}, inside a period", remedy)
    of_period: Int = prices[:, 0]
    return of_period


def _check_cover(holds: Bool, horizon: Horizon, refuse: _Refuse) -> bool:
    """Whether one of E entries, and no other, holds in each of N parts of every period, (E, T, N)."""
    count = holds.sum(axis=0)
    for wrong, what, remedy in (
        (count == 0, "has no price", "add an entry that covers it"),
        (count > 1, "has more than one price", "let only one entry cover it"),
    ):
        if wrong.any():
            several = np.flatnonzero(holds.reshape(len(holds), -1)[:, np.argmax(wrong)]) + 1
            named = f": entries {' and '.join(map(str, several))}" if len(several) else ""
            refuse(f"{what} {_told(wrong, horizon)}{named}", remedy)
    return bool((count == 1).all())


def _grain_minutes(entries: list[_Entry], horizon: Horizon) -> int:
    """The longest step that meets every minute at which a price or the clock's offset may change."""
    start = horizon.instant(0)
    bounds = [bound for entry in entries for bound in (entry.first_minute, entry.end_minute)]
    return gcd(RESOLUTION_MINUTES[horizon.resolution], start.minute, 15, *bounds)


def _local_minutes(horizon: Horizon, grain: int, holidays: Collection[date]) -> tuple[Int, Int]:
    """Weekday and minute of the day, in local time, at every `grain` minutes of the horizon.

    The weekday of a holiday is `HOLIDAY`.
    """
    import pandas as pd

    steps = horizon.periods * RESOLUTION_MINUTES[horizon.resolution] // grain
    start = horizon.start.astimezone(UTC)
    times = pd.date_range(start, periods=steps, freq=f"{grain}min").tz_convert(horizon.timezone)
    minute = times.hour.to_numpy(np.int64) * MINUTES_PER_HOUR + times.minute.to_numpy(np.int64)
    weekday = times.weekday.to_numpy(np.int64)
    if holidays:
        is_holiday = times.normalize().tz_localize(None).isin(pd.to_datetime(sorted(holidays)))
        weekday = np.where(is_holiday, HOLIDAY, weekday)
    return weekday, minute


def _told(wrong: Bool, horizon: Horizon) -> str:
    """The local time of the first of some parts of periods, (T, N), and how many more periods have one."""
    period, part = (int(index[0]) for index in np.nonzero(wrong))
    minutes = RESOLUTION_MINUTES[horizon.resolution] * part // wrong.shape[1]
    start = horizon.instant(period).timestamp()
    moment = datetime.fromtimestamp(start + 60 * minutes, ZoneInfo(horizon.timezone))
    others = int(wrong.any(axis=1).sum()) - 1
    more = f" and in {others:,} more period{'' if others == 1 else 's'}" if others else ""
    return f"at {moment:%a %Y-%m-%d %H:%M} local time{more}"
