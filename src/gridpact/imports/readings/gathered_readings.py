"""Gathered readings: those of all files in the periods of a horizon, each once, and where the others went."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.case.horizon import RESOLUTION_MINUTES, Horizon
from gridpact.case.reading.problems import Problems
from gridpact.case.times import from_microseconds, microseconds
from gridpact.errors import Problem
from gridpact.imports.cells.quantities import whole_wh
from gridpact.imports.portals.layout import Direction
from gridpact.imports.readings.series_rows import SeriesRows

MICROSECONDS_PER_MINUTE = 60_000_000


@dataclass(slots=True)
class ReadingCounts:
    """Where the readings went, of which a row has one in each column of values.

    Attributes:
        all: of them.
        empty: without a value.
        repeated: that another row gives too, with the same value or as an estimate.
        unknown_meter: of meters that no participant has, by meter.
        outside: outside the horizon.
        incomplete: with a value, in periods of which the other direction or another part has none.
        used: that stand in what is written.
    """

    all: int = 0
    empty: int = 0
    repeated: int = 0
    unknown_meter: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    incomplete: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredReadings:
    """Readings of participants, N of them, by period and then by participant.

    Attributes:
        horizon: whose periods they are in.
        participants: names.
        period: of each, (N,).
        participant: index of each, (N,).
        import_wh: energy drawn from the network, (N,).
        export_wh: energy fed into it, (N,).
        estimated: whether any part of it is an estimate, (N,).
        rounded: how many energies were rounded to whole watt-hours.
        zeroed: participants without any reading of a direction, of which it is taken as 0, with that.
        counts: where the readings of the files went.
    """

    horizon: Horizon
    participants: tuple[str, ...]
    period: Int
    participant: Int
    import_wh: Int
    export_wh: Int
    estimated: Bool
    rounded: int
    zeroed: Mapping[str, Direction]
    counts: ReadingCounts


def gather(
    series: Sequence[SeriesRows],
    owner_of: Mapping[str, str],
    participants: Sequence[str],
    horizon: Horizon,
    problems: Problems,
    *,
    absent_is_zero: bool,
) -> GatheredReadings:
    """The readings of all files by participant and period.

    Registers of a meter and meters of a participant are added up. A meter counts from its first reading to
    its last; a period has a reading where each part of it has one, in both directions.

    Args:
        series: all of them, with intervals of one length, which periods are a multiple of.
        owner_of: participant by meter; meters that are not there are counted and left out.
        participants: in the order that they are written in.
        horizon: that they are to be in.
        problems: takes in readings that contradict each other, and what is missing.
        absent_is_zero: whether a direction that a participant has no reading of is 0, and no problem.
    """
    counts = ReadingCounts(all=sum(len(each.start) for each in series))
    of_owner: dict[str, list[SeriesRows]] = defaultdict(list)
    for each in series:
        if each.meter in owner_of:
            of_owner[owner_of[each.meter]].append(each)
        else:
            counts.unknown_meter[each.meter] += len(each.start)
    parts = []
    zeroed: dict[str, Direction] = {}
    for index, name in enumerate(participants):
        own = _Own(name, of_owner.get(name, []), horizon, problems, counts)
        if own.series and (found := own.readings(zeroed, absent_is_zero=absent_is_zero)) is not None:
            parts.append((index, found))
    period = _joined([own.period for _, own in parts])
    participant = _joined([np.full(len(own.period), index) for index, own in parts])
    energies = [
        whole_wh(_joined([own.imported for _, own in parts])),
        whole_wh(_joined([own.exported for _, own in parts])),
    ]
    estimated = _joined([own.estimated.astype(np.int64) for _, own in parts]).astype(np.bool_)
    order = np.lexsort((participant, period))
    return GatheredReadings(
        horizon=horizon,
        participants=tuple(participants),
        period=period[order],
        participant=participant[order],
        import_wh=energies[0][0][order],
        export_wh=energies[1][0][order],
        estimated=estimated[order],
        rounded=sum(int(rounded.sum()) for _, rounded in energies),
        zeroed=zeroed,
        counts=counts,
    )


def _joined(arrays: Sequence[Int]) -> Int:
    """Arrays one after the other."""
    return np.concatenate(arrays).astype(np.int64) if arrays else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intervals:
    """The sum of some series on the intervals of a horizon, K of them.

    Attributes:
        energy: in each, (K,).
        is_full: whether all of it is known, (K,).
        estimated: whether a part of it is an estimate, (K,).
        values: how many values are in it, (K,).
    """

    energy: Int
    is_full: Bool
    estimated: Bool
    values: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class _OwnReadings:
    """The readings of one participant, M of them: periods, energies, which are estimates, (M,) each."""

    period: Int
    imported: Int
    exported: Int
    estimated: Bool


class _Own:
    """The readings of one participant; arguments as those of `gather`."""

    def __init__(
        self, name: str, series: list[SeriesRows], horizon: Horizon, problems: Problems, counts: ReadingCounts
    ) -> None:
        self.name, self.series = name, series
        self._problems, self._counts = problems, counts
        self._first = microseconds(horizon.instant(0)) // MICROSECONDS_PER_MINUTE
        self._step = series[0].step_minutes if series else 1
        self._ratio = RESOLUTION_MINUTES[horizon.resolution] // self._step
        self._count = horizon.periods * self._ratio

    def readings(self, zeroed: dict[str, Direction], *, absent_is_zero: bool) -> _OwnReadings | None:
        """The readings; `None` where there is none."""
        grids = {way: self._direction(way) for way in Direction}
        present = [way for way in Direction if grids[way].values.any()]
        if not present:
            return None
        if len(present) == 1:
            (absent,) = set(Direction) - set(present)
            if not absent_is_zero:
                self._refuse_absent(absent)
            zeroed[self.name] = absent
            grids[absent] = _zero(self._count)
        per_period = {way: self._per_period(grid) for way, grid in grids.items()}
        drawn, fed_in = per_period[Direction.IMPORT], per_period[Direction.EXPORT]
        is_full = drawn.is_full & fed_in.is_full
        values = drawn.values + fed_in.values
        self._counts.used += int(values[is_full].sum())
        self._counts.incomplete += int(values[~is_full].sum())
        estimated = drawn.estimated | fed_in.estimated
        return _OwnReadings(
            period=np.flatnonzero(is_full),
            imported=drawn.energy[is_full],
            exported=fed_in.energy[is_full],
            estimated=estimated[is_full],
        )

    def _refuse_absent(self, absent: Direction) -> None:
        """Takes in that a direction has no readings at all."""
        self._problems.add(
            Problem(
                file=self.series[0].file,
                field="participant",
                value=self.name,
                what=f"has no reading of its {absent}",
                remedy=f"add the files with its {absent}, or take 0 for an absent direction: --absent zero",
            )
        )

    def _direction(self, way: Direction) -> _Intervals:
        """The sum of all meters in a direction."""
        total = _zero(self._count)
        is_covered = np.zeros(self._count, dtype=np.bool_)
        is_lacking = np.zeros(self._count, dtype=np.bool_)
        energy, values, estimated = total.energy.copy(), total.values.copy(), total.estimated.copy()
        ordered = sorted((each for each in self.series if each.direction is way), key=_identity)
        for _, of_meter in groupby(ordered, key=lambda each: each.meter):
            meter = self._meter(list(of_meter))
            found = np.flatnonzero(meter.is_full)
            energy += meter.energy
            values += meter.values
            estimated |= meter.estimated
            if len(found):
                span = slice(found[0], found[-1] + 1)
                is_covered[span] = True
                is_lacking[span] |= ~meter.is_full[span]
        return _Intervals(energy=energy, is_full=is_covered & ~is_lacking, estimated=estimated, values=values)

    def _meter(self, series: list[SeriesRows]) -> _Intervals:
        """The sum of the registers of a meter."""
        energy = np.zeros(self._count, dtype=np.int64)
        values = np.zeros(self._count, dtype=np.int64)
        estimated = np.zeros(self._count, dtype=np.bool_)
        is_lacking = np.zeros(self._count, dtype=np.bool_)
        for _, of_register in groupby(series, key=lambda each: each.register):
            place, given, parts, guessed = self._each_once(list(of_register))
            energy[place[given]] += parts[given]
            values[place[given]] += 1
            estimated[place[given & guessed]] = True
            is_lacking[place[~given]] = True
        return _Intervals(
            energy=energy, is_full=(values > 0) & ~is_lacking, estimated=estimated, values=values
        )

    def _each_once(self, series: list[SeriesRows]) -> tuple[Int, Bool, Int, Bool]:
        """Intervals of a register, each once: place, whether there is a value, that, if it is estimated.

        Of several values the measured one goes before estimates; other values that differ are a problem.
        """
        start = np.concatenate([each.start for each in series])
        given = np.concatenate([each.given for each in series])
        parts = np.concatenate([each.energy for each in series])
        guessed = np.concatenate([each.estimated for each in series])
        place, off = np.divmod(start - self._first, self._step)
        inside = (place >= 0) & (place < self._count) & (off == 0)
        self._counts.outside += int((given & ~inside).sum())
        self._counts.empty += int((~given).sum())
        order = np.lexsort((guessed, ~given, place))
        order = order[inside[order]]
        is_first = np.ones(len(order), dtype=np.bool_)
        is_first[1:] = place[order][1:] != place[order][:-1]
        again = order[~is_first & given[order]]
        kept = order[is_first]
        self._counts.repeated += len(again)
        if len(again):
            chosen = np.zeros(self._count, dtype=np.int64)
            chosen[place[kept]] = kept
            first = chosen[place[again]]
            differs = (parts[again] != parts[first]) & (guessed[again] == guessed[first])
            self._refuse_differing(series, again[differs], first[differs])
        return place[kept], given[kept], parts[kept], guessed[kept]

    def _refuse_differing(self, series: list[SeriesRows], again: Int, first: Int) -> None:
        """Takes in the values that differ from an earlier one of the same interval."""
        ends = np.cumsum([len(each.start) for each in series])

        def origin(row: int) -> tuple[SeriesRows, int]:
            which = int(np.searchsorted(ends, row, side="right"))
            return series[which], row - int(ends[which] - len(series[which].start))

        for row, other in zip(again.tolist(), first.tolist(), strict=True):
            (here, at), (there, where) = origin(max(row, other)), origin(min(row, other))
            minutes = int(here.start[at])
            time = from_microseconds(minutes * MICROSECONDS_PER_MINUTE).isoformat(timespec="minutes")
            place = f"line {there.line[where]}" + ("" if there.file == here.file else f" of {there.file}")
            self._problems.add(
                Problem(
                    file=here.file,
                    line=int(here.line[at]),
                    field=f"{here.direction} of {here.meter}",
                    value=time,
                    what="is another value than that of the same time before",
                    remedy=f"{place} has the first; keep one of them",
                )
            )

    def _per_period(self, grid: _Intervals) -> _Intervals:
        """Intervals added up to periods."""
        shape = (-1, self._ratio)
        is_full: Bool = np.logical_and.reduce(grid.is_full.reshape(shape), axis=1)
        estimated: Bool = np.logical_or.reduce(grid.estimated.reshape(shape), axis=1)
        return _Intervals(
            energy=grid.energy.reshape(shape).sum(axis=1),
            is_full=is_full,
            estimated=estimated,
            values=grid.values.reshape(shape).sum(axis=1),
        )


def _identity(series: SeriesRows) -> tuple[str, str]:
    return series.meter, series.register


def _zero(count: int) -> _Intervals:
    """Nothing at all, and known to be nothing."""
    return _Intervals(
        energy=np.zeros(count, dtype=np.int64),
        is_full=np.ones(count, dtype=np.bool_),
        estimated=np.zeros(count, dtype=np.bool_),
        values=np.zeros(count, dtype=np.int64),
    )
