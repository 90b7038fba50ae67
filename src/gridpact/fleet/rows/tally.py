"""Tally: what is said of a fleet as a whole, added up as its rows pass by, in memory of one size."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from gridpact.clearing.dispatch_verification import Status
from gridpact.fleet.rows.fleet_tables import (
    BY_HOUR,
    ENERGIES,
    FAILED,
    HOURS_PER_DAY,
    LIMIT_CUTS,
    PHASE_LIMIT_CUTS,
    SECONDS,
    WORST_PHASE,
    Row,
    has_phases,
)

KEPT = 50
SHARE_BINS = 20
SUMS = (
    "periods",
    "participants",
    "trades",
    "proposed_kwh",
    "cleared_kwh",
    "network_cut_kwh",
    *LIMIT_CUTS.values(),
    "caps_cut_kwh",
    "load_kwh",
    "generation_kwh",
    "fed_in_kwh",
    "curtailed_kwh",
)


class Top:
    """The first rows by a figure, those of greatest first, equal ones in the order in which they came.

    Args:
        figure: of a row.
        size: how many are kept.
    """

    def __init__(self, figure: Callable[[Row], float], size: int = KEPT) -> None:
        self._figure, self._size = figure, size
        self._heap: list[tuple[float, int, Row]] = []
        self.count = 0

    def add(self, row: Row) -> None:
        """Takes a row in."""
        self.count += 1
        entry = (self._figure(row), -self.count, row)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    @property
    def rows(self) -> list[Row]:
        """The rows that are kept, in order."""
        return [row for _, _, row in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


class Tally:
    """Counts, sums and rankings of the rows of a fleet.

    Attributes:
        cases: how many rows there were.
        statuses: how many of each status.
        sums: of what can be added up.
        seconds: by column of time.
        by_hour: kWh of each hour of the local day, by column; none for hours in no horizon.
        shares: how many cases cleared less than everything, by equal ranges of the cleared share.
        in_full: how many cleared everything that was proposed.
        idle: how many had nothing proposed.
        limited: in how many cases a kind of limit cut anything, by kind.
        congested: the cases in which the network cut something, those with most cut energy first.
        slowest: cleared cases, those that took longest first.
        unsafe: cases whose dispatch is not safe, in order.
        beyond: cases with limits broken before any trade, those with most first.
        failures: cases without a result, in order.
        unbalanced: the cases on three phases, those with the highest unbalance first.
        worst_phases: in how many of them each phase is the worst.
    """

    def __init__(self) -> None:
        self.cases = 0
        self.statuses = dict.fromkeys([*(str(status) for status in Status), FAILED], 0)
        self.sums: dict[str, float] = dict.fromkeys(SUMS, 0)
        self.seconds = dict.fromkeys(SECONDS, 0.0)
        self.by_hour: dict[str, list[float | None]] = {name: [None] * HOURS_PER_DAY for name in ENERGIES}
        self.shares = [0] * SHARE_BINS
        self.in_full = self.idle = 0
        self.limited = dict.fromkeys(LIMIT_CUTS, 0)
        self.congested = Top(lambda row: row["network_cut_kwh"])
        self.slowest = Top(lambda row: row["seconds"])
        self.unsafe = Top(lambda row: 0.0)
        self.beyond = Top(lambda row: row["baseline_violations"])
        self.failures = Top(lambda row: 0.0)
        self.unbalanced = Top(lambda row: row["highest_unbalance_percent"] or 0.0)
        self.worst_phases = Counter[str]()

    def counting(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, each counted."""
        for row in rows:
            self._add(row)
            yield row

    def _add(self, row: Row) -> None:
        """Takes in a row."""
        self.cases += 1
        self.statuses[row["status"]] += 1
        if row["status"] == FAILED:
            self.failures.add(row)
            return
        for name in SUMS:
            self.sums[name] += row[name]
        if has_phases(row):
            self._add_phases(row)
        for name in SECONDS:
            self.seconds[name] += row[name]
        for name, kwh in row[BY_HOUR].items():
            self.by_hour[name] = [_added(*pair) for pair in zip(self.by_hour[name], kwh, strict=True)]
        self._rank(row)
        self._count_share(row["cleared_share"])

    def _add_phases(self, row: Row) -> None:
        for limit, column in PHASE_LIMIT_CUTS.items():
            self.sums[column] = self.sums.get(column, 0.0) + row[column]
            self.limited[limit] = self.limited.get(limit, 0) + (row[column] > 0.0)
        self.unbalanced.add(row)
        self.worst_phases[row[WORST_PHASE]] += 1

    def _rank(self, row: Row) -> None:
        self.slowest.add(row)
        if row["status"] != Status.CLEARED:
            self.unsafe.add(row)
        if row["baseline_violations"]:
            self.beyond.add(row)
        if row["congested_periods"]:
            self.congested.add(row)
        for limit, column in LIMIT_CUTS.items():
            self.limited[limit] += row[column] > 0.0

    def _count_share(self, share: float | None) -> None:
        if share is None:
            self.idle += 1
        elif share >= 1.0:
            self.in_full += 1
        else:
            self.shares[int(share * SHARE_BINS)] += 1


def _added(one: float | None, other: float | None) -> float | None:
    """The sum of what is known of two numbers; `None` where neither is."""
    return one if other is None else other if one is None else one + other
