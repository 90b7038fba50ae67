"""The readings of a table, by meter, direction and register, each at the instant it begins."""

from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.case.reading.problems import Problems
from gridpact.imports.cells.quantities import Unit, Unreadable, unit_in, value_parts
from gridpact.imports.cells.stamps import MINUTES_PER_DAY, Stamp, read_stamp
from gridpact.imports.portals.layout import Direction, Layout, ValueColumn
from gridpact.imports.readings.clock_changes import Placing, local_starts
from gridpact.imports.readings.quality_words import QualityMark, mark_of
from gridpact.imports.readings.series_rows import RowCounts, SeriesRows
from gridpact.imports.sheets.sheet import Cell, Sheet, cell_text, cell_words, is_cut_number, is_empty
from gridpact.units import MINUTES_PER_HOUR

STEPS = (5, 10, 15, 20, 30, 60)
SHOWN_MIN = 3  # intervals of a length, from which on it is believed
_FAULTS = {
    Placing.SKIPPED: ("does not exist in {zone}, where the clocks skip it", "remove the row"),
    Placing.ONCE_OF_TWICE: (
        "comes twice in {zone}, where the clocks are put back, and once here",
        "export that day again with both hours, or remove its rows",
    ),
    Placing.OUT_OF_ORDER: (
        "comes twice in {zone}, where the clocks are put back, and its rows are not in the order of time",
        "put all of the first hour before all of the second",
    ),
}


def read_series(
    sheet: Sheet, layout: Layout, zone: ZoneInfo, problems: Problems, counts: RowCounts
) -> list[SeriesRows]:
    """The readings of a table.

    Args:
        sheet: that it stands in.
        layout: where.
        zone: that times without an offset are in.
        problems: takes in what is wrong with them.
        counts: takes in where the rows went.
    """
    return _TableReading(sheet, layout, zone, problems, counts).series()


@dataclass(slots=True)
class _Group:
    """The rows of one meter and register, in their order."""

    meter: str
    register: str
    rows: list[int] = field(default_factory=list)
    minutes: list[int] = field(default_factory=list)
    is_utc: list[bool] = field(default_factory=list)


class _TableReading:
    """One pass over a table; arguments as those of `read_series`."""

    def __init__(
        self, sheet: Sheet, layout: Layout, zone: ZoneInfo, problems: Problems, counts: RowCounts
    ) -> None:
        self._sheet, self._layout, self._zone = sheet, layout, zone
        self._problems, self._counts = problems, counts
        self._names = sheet.rows[layout.header] if layout.header >= 0 else []
        self._end = self._last_row()
        self._decimal_mark = layout.decimal_mark or self._found_mark()

    def series(self) -> list[SeriesRows]:
        """The readings."""
        layout, counts = self._layout, self._counts
        counts.above += layout.first - layout.top
        counts.all += layout.last - layout.top
        counts.below += layout.last - self._end
        groups = self._groups()
        step = self._step(groups)
        if step not in STEPS:
            self._refuse_step(step)
            return []
        return [each for group in groups for each in self._of_group(group, step)]

    def _column(self, place: int | None) -> str:
        """The name of a column."""
        if place is None:
            return ""
        name = cell_text(self._names[place]) if place < len(self._names) else ""
        return name or f"column {place + 1}"

    def _last_row(self) -> int:
        """One past the last row with a time; what follows are totals and remarks, without a digit there."""
        for row in range(self._layout.last - 1, self._layout.first - 1, -1):
            if any(each.isdigit() for each in cell_text(self._sheet.cell(row, self._layout.day))):
                return row + 1
        return self._layout.first

    def _found_mark(self) -> str:
        """The decimal mark that the values have; empty where none of them has one."""
        places = {value.column for value in self._layout.values}
        found = ""
        for row in range(self._layout.first, self._end):
            for place in places:
                cell = self._sheet.cell(row, place)
                if isinstance(cell, str):
                    if "," in cell:
                        return ","
                    if "." in cell:
                        found = "."
        return found

    def _groups(self) -> list[_Group]:
        """The rows with a time, by meter and register."""
        layout, sheet = self._layout, self._sheet
        groups: dict[tuple[str, str], _Group] = {}
        for row in range(layout.first, self._end):
            cells = sheet.rows[row]
            if is_empty(sheet.cell(row, layout.day)) and all(map(is_empty, cells)):
                self._counts.empty += 1
                continue
            register = cell_text(sheet.cell(row, layout.register_column or 0)) if layout.direction_of else ""
            if layout.direction_of and not self._is_energy(row, register):
                self._counts.other += 1
                continue
            self._counts.readings += 1
            stamp = self._stamp(row)
            meter = self._meter(row)
            if isinstance(stamp, Unreadable):
                self._refuse(row, layout.day, stamp, self._said_time(row))
            elif meter is not None:
                key = (meter, register)
                group = groups.setdefault(key, _Group(meter=meter, register=register))
                group.rows.append(row)
                group.minutes.append(stamp.minutes)
                group.is_utc.append(stamp.is_utc)
        return list(groups.values())

    def _said_time(self, row: int) -> str:
        """The time of a row as it stands there."""
        cells = (self._layout.day, self._layout.clock)
        return " ".join(
            cell_text(self._sheet.cell(row, place)) for place in cells if place is not None
        ).strip()

    def _is_energy(self, row: int, register: str) -> bool:
        """Whether a row is of active energy, by its register and unit; unknown ones are problems."""
        layout, sheet = self._layout, self._sheet
        said = cell_text(sheet.cell(row, layout.unit_column)) if layout.unit_column is not None else ""
        if said and unit_in(said) is None:
            return False
        try:
            return layout.direction_of is None or layout.direction_of(register) is not None
        except KeyError:
            place = layout.register_column or 0
            unknown = Unreadable(
                what="is no register of import or export that is known", remedy="remove its rows"
            )
            self._refuse(row, place, unknown, register)
            return False

    def _stamp(self, row: int) -> Stamp | Unreadable:
        """The time of a row."""
        layout, sheet = self._layout, self._sheet
        day = sheet.cell(row, layout.day)
        clock = sheet.cell(row, layout.clock) if layout.clock is not None else None
        return read_stamp(day, clock, layout.day_order, has_clock=layout.clock is not None)

    def _meter(self, row: int) -> str | None:
        """The meter of a row; `None` where it names none, which is a problem."""
        place = self._layout.meter_column
        if place is None:
            return self._layout.meter
        cell = self._sheet.cell(row, place)
        meter = cell_text(cell)
        if is_cut_number(cell):
            remedy = "format the column as text where it comes from, or export it as CSV"
            self._refuse(
                row, place, Unreadable(what="is a number that a workbook has cut", remedy=remedy), meter
            )
            return None
        if not meter:
            self._refuse(row, place, Unreadable(what="names no meter", remedy="name it"), "")
            return None
        return meter

    def _refuse(self, row: int, place: int, fault: Unreadable, value: Cell) -> None:
        """Takes in what is wrong with a cell."""
        field = self._column(place)
        self._problems.add(self._sheet.problem(row, fault.what, fault.remedy, field=field, value=value))

    def _step(self, groups: list[_Group]) -> int:
        """Length of the intervals: from start to end where both stand there, else between most rows.

        What a portal usually has counts where too few rows show another.
        """
        layout = self._layout
        if layout.is_step_said or not groups:
            return layout.step_minutes or STEPS[0]
        if layout.end_day is not None:
            spans = Counter(self._span(row, minutes) for group in groups for row, minutes in _first(group))
            (step, _), *_ = spans.most_common(1)
            if step:
                return step
        steps = Counter[int]()
        for group in groups:
            between = np.abs(np.diff(np.array(group.minutes, dtype=np.int64)))
            lengths, times = np.unique(between[between > 0], return_counts=True)
            steps.update(dict(zip(lengths.tolist(), times.tolist(), strict=True)))
        (step, times_seen), *_ = steps.most_common(1) or [(0, 0)]
        is_shown = times_seen >= SHOWN_MIN and 2 * times_seen > steps.total()
        return step if is_shown or not layout.step_minutes else layout.step_minutes

    def _span(self, row: int, minutes: int) -> int:
        """Minutes from the start of a row to its end; 0 where it has none."""
        layout, sheet = self._layout, self._sheet
        end_clock = sheet.cell(row, layout.end_clock) if layout.end_clock is not None else None
        end = read_stamp(
            sheet.cell(row, layout.end_day or 0),
            end_clock,
            layout.day_order,
            has_clock=layout.end_clock is not None,
        )
        return 0 if isinstance(end, Unreadable) else max(0, end.minutes - minutes)

    def _refuse_step(self, step: int) -> None:
        """Takes in that intervals are of a length that no case has."""
        if step == 0:
            what, remedy = "does not show how long its intervals are", "export more than one of them"
        elif step % MINUTES_PER_DAY == 0:
            what, remedy = "holds totals of days", "export values of quarter-hours, half-hours or hours"
        else:
            listed = ", ".join(map(str, STEPS))
            what = f"has intervals of {step} minutes"
            remedy = f"export values of {listed} minutes"
        row = min(self._layout.first, len(self._sheet.rows) - 1)
        self._problems.add(self._sheet.problem(row, what, remedy))

    def _of_group(self, group: _Group, step: int) -> list[SeriesRows]:
        """The readings of a meter and register, a series for each column of values."""
        layout = self._layout
        stamps = np.array(group.minutes, dtype=np.int64)
        is_utc = np.array(group.is_utc, dtype=np.bool_)
        rows = np.array(group.rows, dtype=np.int64)
        starts = stamps - step if layout.is_end else stamps.copy()
        placed = np.zeros(len(stamps), dtype=np.int64)
        local = np.flatnonzero(~is_utc)
        starts[local], placed[local] = local_starts(stamps[local], self._zone, step, is_end=layout.is_end)
        off_grid = stamps % step != 0
        for place in np.flatnonzero(off_grid).tolist():
            fault = Unreadable(what=f"is not on the grid of {step} minutes that most rows are on")
            self._refuse(group.rows[place], layout.day, fault, self._said_time(group.rows[place]))
        kept = (placed == Placing.SURELY) & ~off_grid
        self._refuse_placed(group, placed, off_grid)
        return [
            self._values(value, group, rows[kept], starts[kept], step)
            for value in layout.values
            if kept.any()
        ]

    def _refuse_placed(self, group: _Group, placed: Int, off_grid: Bool) -> None:
        """Takes in the times that clocks skip, or pass twice and cannot be told apart."""
        for place in np.flatnonzero((placed != Placing.SURELY) & ~off_grid).tolist():
            row, kind = group.rows[place], Placing(int(placed[place]))
            if kind is Placing.SKIPPED and self._says_nothing(row):
                self._counts.skipped += 1
                self._counts.readings -= 1
                continue
            what, remedy = _FAULTS[kind]
            fault = Unreadable(what=what.format(zone=self._zone.key), remedy=remedy)
            self._refuse(row, self._layout.day, fault, self._said_time(row))

    def _says_nothing(self, row: int) -> bool:
        """Whether no value of a row is above 0."""
        read = [
            value_parts(self._sheet.cell(row, value.column), value.unit, self._decimal_mark)
            for value in self._layout.values
        ]
        return all(each is None or each == 0 for each in read)

    def _values(self, value: ValueColumn, group: _Group, rows: Int, starts: Int, step: int) -> SeriesRows:
        """The readings of a column of values in the rows of a group."""
        layout, sheet = self._layout, self._sheet
        direction = value.direction or (layout.direction_of or _none)(group.register) or Direction.IMPORT
        parts, given, estimated = [], [], []
        read_of: dict[tuple[Cell, type, Unit], int | Unreadable | None] = {}
        marks: dict[Cell, QualityMark] = {}
        for row in rows.tolist():
            cells = sheet.rows[row]
            cell = cells[value.column] if value.column < len(cells) else None
            unit = value.unit if layout.unit_column is None else self._unit(row, value)
            key = (cell, type(cell), unit)
            if key not in read_of:
                read_of[key] = value_parts(cell, unit, self._decimal_mark)
            read = read_of[key]
            if isinstance(read, Unreadable):
                self._refuse(row, value.column, read, cell)
                read = None
            said = sheet.cell(row, value.quality) if value.quality is not None else None
            mark = marks.get(said) or marks.setdefault(said, mark_of(cell_words(said), layout))
            if mark.is_unknown:
                self._counts.unknown_quality[mark.words] += 1
            read = None if mark.is_void else 0 if mark.is_zero and read is None else read
            given.append(read is not None)
            parts.append((read or 0) * (step if unit.is_power else MINUTES_PER_HOUR))
            estimated.append(mark.is_estimate)
        return SeriesRows(
            file=sheet.file,
            meter=value.meter or group.meter,
            direction=direction,
            register=group.register,
            step_minutes=step,
            start=starts,
            energy=np.array(parts, dtype=np.int64),
            given=np.array(given, dtype=np.bool_),
            estimated=np.array(estimated, dtype=np.bool_),
            line=np.array(sheet.lines, dtype=np.int64)[rows],
        )

    def _unit(self, row: int, value: ValueColumn) -> Unit:
        """The unit of a row's value."""
        place = self._layout.unit_column
        return value.unit if place is None else unit_in(cell_text(self._sheet.cell(row, place))) or value.unit


def _first(group: _Group, count: int = 200) -> list[tuple[int, int]]:
    """The first rows of a group, with their times."""
    return list(zip(group.rows[:count], group.minutes[:count], strict=True))


def _none(_: str) -> Direction | None:
    """No direction, whatever the register."""
    return None
