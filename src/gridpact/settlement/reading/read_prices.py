"""Retailers' prices period by period, from a table to arrays.

A row holds for the step of its table: the least time between two of its times; a table of days, all of them
at local midnight, has rows of a day each, whatever hours it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.case.folder.part_tables import refuse_repeated_cells
from gridpact.case.horizon import Horizon
from gridpact.case.reading.frame import Frame
from gridpact.case.reading.reader import TableReader
from gridpact.case.times import MICROSECOND, Fault, from_microseconds, microseconds, read_day
from gridpact.settlement.amounts.whole import MICRO, whole_parts
from gridpact.settlement.tariffs.prices import PRICE_MAX_PER_KWH, PRICE_REMEDY

TABLE_KEYS = ("supply_price_per_kwh", "feed_in_price_per_kwh")
SHORTEST_DAY = timedelta(hours=22)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodPrices:
    """One price of a retailer, micro-currency per kWh, and the periods that it is given in, (T,) each."""

    micro_per_kwh: Int
    is_given: Bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """The prices in a table.

    Attributes:
        reader: of the table.
        file: its name.
        retailers: whose prices they are, as the table names them.
        of_row: which of them each row is about, −1 where that cannot be used, (R,).
        prices: of each retailer by its name, by `TABLE_KEYS`; those that are given in some period.
        warnings: what a reader should know of it.
    """

    reader: TableReader
    file: str
    retailers: tuple[str, ...]
    of_row: Int
    prices: Mapping[str, Mapping[str, PeriodPrices]]
    warnings: list[str] = field(default_factory=list)


def read_prices(reader: TableReader, frame: Frame) -> PriceTable:
    """The prices in a table; where the horizon is not known they are checked, and none are given."""
    names, horizon = reader.names("retailer"), frame.horizon
    moments = reader.instant("time", horizon)
    values = {key: _micro(reader, key) for key in TABLE_KEYS if key in reader.table.columns}
    if not values:
        reader.refuse_table("has no prices", f"add a column {' or '.join(TABLE_KEYS)}")
    retailers = tuple(dict.fromkeys(names.distinct))
    found = PriceTable(
        reader=reader, file=reader.table.file, retailers=retailers, of_row=names.of_row, prices={}
    )
    used = (moments > 0) & (names.of_row >= 0)
    if horizon is None or not used.any():
        return found
    _, number = np.unique(moments, return_inverse=True)
    refuse_repeated_cells(
        reader,
        np.where(used, names.of_row * len(moments) + number, -1),
        what="and its retailer are given more than once",
    )
    first, end = _spans(reader, moments, used, horizon)
    outside = used & ((end <= 0) | (first >= horizon.periods))
    if outside.any():
        count = int(outside.sum())
        said = "row is" if count == 1 else "rows are"
        found.warnings.append(f"{reader.table.file}: {count:,} {said} outside the horizon and not used")
    prices: dict[str, dict[str, PeriodPrices]] = {}
    for code, retailer in enumerate(names.distinct):
        for key, (micro, is_given) in values.items():
            rows = np.flatnonzero(used & is_given & (names.of_row == code))
            if len(rows):
                of_retailer = _spread(micro[rows], first[rows], end[rows], horizon.periods)
                prices.setdefault(retailer, {})[key] = of_retailer
    return PriceTable(
        reader=reader,
        file=found.file,
        retailers=retailers,
        of_row=names.of_row,
        prices=prices,
        warnings=found.warnings,
    )


def _micro(reader: TableReader, key: str) -> tuple[Int, Bool]:
    """A column of prices in micro-currency, and where one is given, (R,) each."""
    values = reader.number(key)
    is_given = ~np.isnan(values)
    values = np.where(is_given, values, 0.0)
    fits = np.abs(values) <= PRICE_MAX_PER_KWH
    reader.refuse(key, ~fits, "is out of range", PRICE_REMEDY)
    micro, is_whole = whole_parts(np.where(fits, values, 0.0), MICRO)
    reader.refuse(key, ~is_whole, "has more than 6 decimals", "write at most 6 decimals")
    return micro, is_given


def _spans(reader: TableReader, moments: Int, used: Bool, horizon: Horizon) -> tuple[Int, Int]:
    """The first period of each row and the one after its last, in the horizon or not, (R,) each."""
    resolution, start = horizon.step // MICROSECOND, microseconds(horizon.start)
    first, off = np.divmod(moments - start, resolution)
    is_off = used & (off != 0)
    begin = horizon.instant(0).isoformat(timespec="minutes")
    remedy = f"periods start every {horizon.resolution} from {begin} on"
    reader.refuse("time", is_off, "is not the start of a period", remedy)
    times = np.unique(moments[used & ~is_off])
    if len(times) < 2:
        return first, first + 1
    if (ends := _ends_of_days(times, horizon)) is not None:
        until = np.append(ends, 0)[np.minimum(np.searchsorted(times, moments), len(times))]
        return first, (until - start) // resolution
    step = int(np.diff(times).min())
    misplaced = used & ~is_off & ((moments - times[0]) % step != 0)
    apart = f"{step * MICROSECOND}"
    what = f"is not a multiple of {apart} after the first time, which is the least between two of them"
    reader.refuse("time", misplaced, what, "give all prices of a table for the same time each")
    return first, first + step // resolution


def _ends_of_days(times: Int, horizon: Horizon) -> Int | None:
    """The end of the local day that starts at each time, (N,); `None` where some day does not start there."""
    if np.diff(times).min() < SHORTEST_DAY // MICROSECOND:
        return None
    zone, ends = ZoneInfo(horizon.timezone), []
    for count in times.tolist():
        local = from_microseconds(count).astimezone(zone)
        begin, end = (read_day((local.date() + timedelta(days=days)).isoformat(), zone) for days in (0, 1))
        if begin != local or isinstance(end, Fault):
            return None
        ends.append(microseconds(end))
    return np.array(ends, dtype=np.int64)


def _spread(micro_per_kwh: Int, first: Int, end: Int, periods: int) -> PeriodPrices:
    """The prices of some rows, each over its own periods as far as the horizon has them."""
    first, end = np.clip(first, 0, periods), np.clip(end, 0, periods)
    count = np.maximum(end - first, 0)
    row = np.repeat(np.arange(len(first)), count)
    place = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    prices, is_given = np.zeros(periods, dtype=np.int64), np.zeros(periods, dtype=np.bool_)
    prices[place], is_given[place] = micro_per_kwh[row], True
    return PeriodPrices(micro_per_kwh=prices, is_given=is_given)
