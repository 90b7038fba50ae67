"""TableReader: the columns of one table as numpy arrays, each value checked by the kind of its column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.horizon import Horizon
from gridpact.case.periods import OUTSIDE_HORIZON, period_of, periods_of
from gridpact.case.ranges import RANK_REMEDY, range_faults
from gridpact.case.reading.bus_names import BusNames
from gridpact.case.reading.problems import Problems, suggestion
from gridpact.case.reading.series import Series
from gridpact.case.reading.table import Table
from gridpact.case.reading.values import (
    distinct_labels,
    distinct_texts,
    distinct_times,
    is_missing,
    moments,
    numbers,
)
from gridpact.case.schema import FLAG_WORDS, Column, Kind, Schema
from gridpact.case.times import Fault, microseconds, read_day, read_time
from gridpact.errors import Problem

_MISSING = "is missing"
_ENDS = "the times look like ends of intervals: write each interval's start"
_IN_SERIES = "; without offsets, each participant needs all times of that hour twice, in the order of time"
_NUMBER_REMEDY = {Kind.RANK: RANK_REMEDY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The values of a text column: `of_row` points into `distinct`, −1 where a value cannot be used, (R,)."""

    of_row: Int
    distinct: tuple[str, ...]

    def texts(self) -> tuple[str, ...]:
        """The text of every row; empty where it cannot be used."""
        padded = (*self.distinct, "")
        return tuple(padded[index] for index in self.of_row.tolist())


class TableReader:
    """Reads the columns of one table.

    Values that cannot be used are problems, and placeholders in the arrays: the case is refused anyway.

    Args:
        table: the table.
        schema: its columns.
        problems: takes in what is wrong with the values.
    """

    def __init__(self, table: Table, schema: Schema, problems: Problems) -> None:
        self.table = table
        self._schema = schema
        self._problems = problems

    def refuse_table(self, what: str, remedy: str) -> None:
        """Takes in a problem with the table as a whole."""
        self._problems.add(Problem(file=self.table.file, what=what, remedy=remedy))

    def refuse(self, field: str, rows: Bool, what: str, remedy: str | Callable[[int], str] = "") -> None:
        """Takes in that the rows of a mask, (R,), have the same problem in a column."""
        if rows.any():
            self._problems.add_rows(self.table, field, np.flatnonzero(rows), what, remedy)

    def names(self, name: str) -> Names:
        """A column of texts, (R,)."""
        column = self._schema.column(name)
        array = self.table.columns.get(name)
        if array is None:
            return Names(of_row=np.zeros(len(self.table), dtype=np.int64), distinct=(column.default,))
        of_row, distinct = distinct_texts(array)
        if distinct is None:
            self._refuse_type(column, array)
            return Names(of_row=np.full(len(self.table), -1, dtype=np.int64), distinct=())
        rows = self._cells(column, is_missing(array))
        if not column.required:
            of_row, distinct = np.where(rows, of_row, len(distinct)), [*distinct, column.default]
            rows = np.ones(len(rows), dtype=np.bool_)
        joined = "".join(distinct)
        if joined.isprintable() and " " not in joined:
            return Names(of_row=np.where(rows, of_row, -1), distinct=tuple(distinct))
        spaced = [text != text.strip() for text in distinct]
        unprintable = [not text.isprintable() and text == text.strip() for text in distinct]
        for faulty, what, remedy in (
            (spaced, "has white space around it", "write it without"),
            (unprintable, "has a character that cannot be printed", "write it without"),
        ):
            bad = rows & np.array([*faulty, False], dtype=np.bool_)[of_row]
            self.refuse(name, bad, what, remedy)
            rows &= ~bad
        return Names(of_row=np.where(rows, of_row, -1), distinct=tuple(distinct))

    def unique_names(self, name: str) -> tuple[str, ...]:
        """A column of texts that names the rows, each once, (R,)."""
        names = self.names(name)
        _, first, inverse = np.unique(names.of_row, return_index=True, return_inverse=True)
        first_row = first[inverse]
        repeated = (names.of_row >= 0) & (first_row != np.arange(len(self.table)))
        if name in self.table.columns:
            place = "row" if self.table.is_row else "line"
            self.refuse(
                name,
                repeated,
                "is there more than once",
                lambda row: f"first in {place} {self.table.line[first_row[row]]}; give each its own name",
            )
        return names.texts()

    def lookup(self, name: str, index: Mapping[str, int] | None, where: str) -> Int:
        """A column of texts as their indices, −1 where unknown, (R,).

        Args:
            name: of the column.
            index: index of every known text; `None` where they could not be read, and nothing is checked.
            where: the file that the known texts stand in.
        """
        names = self.names(name)
        if index is None or name not in self.table.columns:
            return np.full(len(self.table), -1, dtype=np.int64)
        of_distinct = np.array([index.get(text, -1) for text in (*names.distinct, "")], dtype=np.int64)
        found: Int = np.where(names.of_row >= 0, of_distinct[names.of_row], -1)
        unknown = (found < 0) & (names.of_row >= 0)
        self.refuse(
            name,
            unknown,
            f"is not in {where}",
            lambda row: suggestion(self.table.text(name, row), index) or f"add it to {where}",
        )
        return found

    def buses(self, name: str, known: BusNames | None) -> tuple[Int, list[str]]:
        """A column of buses as their indices, −1 where one cannot be used, (R,), and its distinct texts.

        Args:
            name: of the column.
            known: the buses; `None` where there is no network to look them up in, and nothing is checked.
        """
        column = self._schema.column(name)
        array = self.table.columns.get(name)
        if array is None:
            return np.full(len(self.table), -1, dtype=np.int64), []
        of_row, distinct = distinct_labels(array)
        if distinct is None:
            self._refuse_type(column, array)
            return np.full(len(self.table), -1, dtype=np.int64), []
        of_row = np.where(self._cells(column, is_missing(array)), of_row, -1)
        if known is None:
            return np.full(len(self.table), -1, dtype=np.int64), distinct
        found = [known.find(text) if text else -1 for text in distinct]
        self._refuse_faults(name, of_row, found)
        usable = [-1 if isinstance(bus, Fault) else bus for bus in found]
        return np.array([*usable, -1], dtype=np.int64)[of_row], distinct

    def number(self, name: str) -> Float:
        """A column of finite numbers within the range of its kind, its default where one is not, (R,)."""
        column = self._schema.column(name)
        default = float(column.default or 0.0)
        array = self.table.columns.get(name)
        if array is None:
            return np.full(len(self.table), default)
        values, is_number = numbers(array)
        if values is None:
            self._refuse_type(column, array)
            return np.full(len(self.table), default)
        rows = self._cells(column, is_missing(array))
        self.refuse(
            name,
            rows & ~is_number,
            "is not a number",
            _NUMBER_REMEDY.get(column.kind, "write it plainly, as in 1.5"),
        )
        rows &= is_number
        for faulty, what, remedy in range_faults(column.kind, values):
            bad = rows & faulty
            self.refuse(name, bad, what, remedy)
            rows &= ~bad
        return np.where(rows, values, default)

    def number_or(self, name: str, otherwise: Float) -> Float:
        """A column of numbers that the table may not have, another where a cell is empty, (R,)."""
        return np.where(self.is_given(name), self.number(name), otherwise)

    def choice(self, name: str) -> Int:
        """A column of choices as their indices in the schema, the first where the cell is empty, (R,)."""
        column = self._schema.column(name)
        names = self.names(name)
        index = {text: position for position, text in enumerate(column.choices)}
        of_distinct = np.array([index.get(text, -1) for text in (*names.distinct, "")], dtype=np.int64)
        chosen = of_distinct[names.of_row]
        unknown = (chosen < 0) & (names.of_row >= 0)
        if name in self.table.columns:
            options = " or ".join(f"'{choice}'" for choice in column.choices)
            self.refuse(name, unknown, "is not a choice", f"write {options}")
        return np.maximum(chosen, 0)

    def is_given(self, name: str) -> Bool:
        """Whether each row has a value in a column that the table may not have, (R,)."""
        array = self.table.columns.get(name)
        return np.zeros(len(self.table), dtype=np.bool_) if array is None else ~is_missing(array)

    def flag(self, name: str) -> Bool:
        """A column of true or false, false where the cell is empty, (R,)."""
        names = self.names(name)
        lower = [text.lower() for text in names.distinct]
        is_true = np.array([*(text in FLAG_WORDS[0] for text in lower), False], dtype=np.bool_)
        is_known = np.array(
            [*(text in FLAG_WORDS[0] + FLAG_WORDS[1] for text in lower), True], dtype=np.bool_
        )
        if name in self.table.columns:
            unknown = ~is_known[names.of_row]
            self.refuse(name, unknown, "is neither true nor false", "write true or false")
        flags: Bool = is_true[names.of_row]
        return flags

    def labels(self, name: str) -> tuple[tuple[str, ...], Int]:
        """The labels that rows share in a column of texts, and which one each row has, (R,).

        That is −1 for none, and −2 where it cannot be used. A column that the table may not have is empty.
        """
        if name not in {column.name for column in self._schema.columns}:
            return (), np.full(len(self.table), -1, dtype=np.int64)
        names = self.names(name)
        labels = sorted({names.distinct[k] for k in np.unique(names.of_row[names.of_row >= 0])} - {""})
        place = {label: position for position, label in enumerate(labels)}
        of_distinct = np.array([*(place.get(text, -1) for text in names.distinct), -2], dtype=np.int64)
        return tuple(labels), of_distinct[names.of_row]

    def period(
        self, name: str, horizon: Horizon | None, *, is_end: bool = False, spared: Bool | None = None
    ) -> Int:
        """A column of times as periods, −1 where one cannot be used, (R,).

        Args:
            name: of the column.
            horizon: the periods; `None` where they are not known, and nothing is checked.
            is_end: whether the times close windows.
            spared: rows in which a time outside the horizon is no problem of its own, (R,).
        """
        if horizon is None:
            return np.full(len(self.table), -1, dtype=np.int64)
        instants = self._instants(name)
        if instants is not None and (periods := periods_of(instants, horizon, is_end=is_end)) is not None:
            return periods

        def resolve(time: datetime) -> int | Fault:
            return period_of(time, horizon, is_end=is_end)

        return self._times(name, horizon, resolve, absent=-1, spared=spared)

    def window(self, horizon: Horizon | None) -> tuple[Int, Int]:
        """First period and one past the last of the windows in columns start and end, (R,) each.

        A window that ends before it starts is that problem alone, wherever the horizon lies.
        """
        if horizon is None:
            return self.period("start", None), self.period("end", None)
        start, end = (self._moments(name, ZoneInfo(horizon.timezone)) for name in ("start", "end"))
        empty = end <= start  # NaN where there is no such time
        what, remedy = "is not after the start of the window", "the end itself is not part of it"
        self.refuse("end", empty, what, remedy)
        return (
            self.period("start", horizon, spared=empty),
            self.period("end", horizon, is_end=True, spared=empty),
        )

    def _instants(self, name: str) -> Int | None:
        """A column that holds instants alone as microseconds since 1970-01-01 UTC, (R,); else `None`."""
        array = self.table.columns.get(name)
        return None if array is None else moments(array)

    def _moments(self, name: str, zone: ZoneInfo) -> Float:
        """A column of times as seconds since 1970-01-01 UTC, NaN where it is none, (R,)."""
        if (instants := self._instants(name)) is not None:
            return instants / 1e6
        array = self.table.columns.get(name)
        of_row, distinct = (None, None) if array is None else distinct_times(array)
        if of_row is None or distinct is None:
            return np.full(len(self.table), np.nan)
        read = [_read(value, zone) for value in distinct]
        seconds = [np.nan if isinstance(time, Fault) else microseconds(time) / 1e6 for time in read]
        return np.array([*seconds, np.nan])[of_row]

    def instant(self, name: str, horizon: Horizon | None) -> Int:
        """A column of times as microseconds since 1970-01-01 UTC, 0 where not given, (R,)."""
        if horizon is None:
            return np.zeros(len(self.table), dtype=np.int64)
        if (instants := self._instants(name)) is not None and instants.min() > 0:
            return instants

        def resolve(time: datetime) -> int | Fault:
            count = microseconds(time)
            return count if count > 0 else Fault(what="is not after 1970-01-01", remedy="write when it was")

        return self._times(name, horizon, resolve, absent=0)

    def day(self, name: str, horizon: Horizon | None, *, absent: int) -> Int:
        """A column of days, each its first instant, or times, as microseconds since 1970-01-01 UTC, (R,).

        Args:
            name: of the column.
            horizon: within which one has to be the start or end of a period; `None` where it is not known.
            absent: where none is given.
        """
        if horizon is None:
            return np.full(len(self.table), absent, dtype=np.int64)

        def resolve(time: datetime) -> int | Fault:
            found = period_of(time, horizon, is_end=False)
            is_off_grid = isinstance(found, Fault) and found.what != OUTSIDE_HORIZON
            return found if is_off_grid and isinstance(found, Fault) else microseconds(time)

        return self._times(name, horizon, resolve, absent=absent, read=read_day)

    def _times(
        self,
        name: str,
        horizon: Horizon,
        resolve: Callable[[datetime], int | Fault],
        absent: int,
        spared: Bool | None = None,
        read: Callable[[str | datetime, ZoneInfo], datetime | Fault] = read_time,
    ) -> Int:
        """A column of times as what each resolves to, (R,); `absent` where none is given or can be used."""
        column = self._schema.column(name)
        array = self.table.columns.get(name)
        if array is None:
            return np.full(len(self.table), absent, dtype=np.int64)
        of_row, distinct = distinct_times(array)
        if distinct is None:
            self._refuse_type(column, array)
            return np.full(len(self.table), absent, dtype=np.int64)
        of_row = np.where(self._cells(column, is_missing(array)), of_row, -1)
        times = [_read(value, ZoneInfo(horizon.timezone), read) for value in distinct]
        resolved = [time if isinstance(time, Fault) else resolve(time) for time in times]
        usable = [absent if isinstance(value, Fault) else value for value in resolved]
        values = np.array([*usable, absent], dtype=np.int64)[of_row]
        is_late = np.zeros(len(values), dtype=np.bool_)
        if column.series and any(isinstance(value, Fault) for value in resolved):
            series = Series(code=self._codes(column.series), of_row=of_row, read=times, horizon=horizon)
            period = series.told_apart()
            for row in np.flatnonzero(period >= 0).tolist():
                told = resolve(horizon.instant(int(period[row])))
                values[row] = absent if isinstance(told, Fault) else told
            of_row = np.where(period >= 0, -1, of_row)
            is_late = series.looks_like_ends()

        def remedy(row: int, fault: Fault) -> str:
            if column.series and len(fault.readings) == 2:
                return fault.remedy + _IN_SERIES
            return _ENDS if is_late[row] else fault.remedy

        self._refuse_faults(name, of_row, resolved, spared, remedy)
        return values

    def _refuse_faults(
        self,
        name: str,
        of_row: Int,
        resolved: Sequence[int | Fault],
        spared: Bool | None = None,
        remedy: Callable[[int, Fault], str] = lambda _, fault: fault.remedy,
    ) -> None:
        """Takes in the faults of distinct values, at every row that has one of them.

        Args:
            name: of the column.
            of_row: which distinct value each row has, −1 for none, (R,).
            resolved: the distinct values, or their faults.
            spared: rows in which a time outside the horizon is no problem of its own, (R,).
            remedy: of a row and its fault.
        """
        faults = {index: value for index, value in enumerate(resolved) if isinstance(value, Fault)}
        for what in sorted({fault.what for fault in faults.values()}):
            indices = [index for index, fault in faults.items() if fault.what == what]
            rows = np.isin(of_row, indices)
            if spared is not None and what == OUTSIDE_HORIZON:
                rows &= ~spared
            self.refuse(name, rows, what, lambda row: remedy(row, faults[int(of_row[row])]))

    def _codes(self, name: str) -> Int:
        """A column of texts as a code for each, −1 where there is none, (R,); without it, all are alike."""
        array = self.table.columns.get(name)
        if array is None:
            return np.zeros(len(self.table), dtype=np.int64)
        of_row, distinct = (None, None) if array is None else distinct_texts(array)
        return np.full(len(self.table), -1, dtype=np.int64) if of_row is None or distinct is None else of_row

    def _cells(self, column: Column, missing: Bool) -> Bool:
        """The rows that have a value; a required one that is missing is a problem."""
        if column.required:
            article = "" if column.meaning.startswith(("the ", "a ")) else "the "
            self.refuse(column.name, missing, _MISSING, f"give {article}{column.meaning}")
        return ~missing

    def _refuse_type(self, column: Column, array: Any) -> None:
        """Takes in that a column has a type of which no value can be used."""
        what = f"has the type {array.type}, which is not a {column.kind}"
        self._problems.add(Problem(file=self.table.file, field=column.name, what=what))


def _read(
    value: str | datetime | None,
    zone: ZoneInfo,
    read: Callable[[str | datetime, ZoneInfo], datetime | Fault] = read_time,
) -> datetime | Fault:
    """The instant that a time means; `None` stands for one that Python cannot hold."""
    return Fault(what="is out of the range of times") if value is None else read(value, zone)
