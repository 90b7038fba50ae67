"""Layout: where the readings of a sheet stand, as each format finds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gridpact.errors import Problem
from gridpact.imports.cells.quantities import Unit
from gridpact.imports.sheets.sheet import Sheet


class Direction(StrEnum):
    """Which way energy goes, as the connection sees it."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueColumn:
    """A column of readings.

    Attributes:
        column: its place, from 0.
        name: in the header.
        unit: of its values, where rows do not say it.
        direction: of its energy; `None` where the register of each row says it.
        quality: place of the column that says whether each is an estimate.
        meter: whose they are, where the column says it.
    """

    column: int
    name: str
    unit: Unit
    direction: Direction | None
    quality: int | None = None
    meter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the readings of a sheet stand.

    Attributes:
        top: first row of what is above the readings; 0 but where several tables stand in a sheet.
        header: row of the names of the columns, from 0; −1 where there is none.
        first: first row of readings.
        last: one past the last row that may be one.
        day: column of the date, with the time where `clock` is none.
        clock: column of the time.
        is_end: whether stamps are the ends of intervals.
        values: columns of readings.
        end_day: column of the date of the end, where both are there.
        end_clock: column of its time.
        step_minutes: length of an interval where rows do not show it; 0 where it is not known.
        is_step_said: whether it is said, and holds whatever rows show.
        meter: whose readings all rows are, where no column says it.
        meter_column: column of the meter.
        register_column: column of the register; each register of a meter has its own row.
        direction_of: direction by a register's words; `None` where it is no energy of either.
        unit_column: column of the unit.
        day_order: of dates, as `read_stamp` takes it.
        decimal_mark: of values; found in them where it is empty.
        zero_words: words of quality with which an empty value is zero.
        void_words: words of quality with which there is no reading, whatever the value.
        estimate_words: words of quality that are an estimate, beside those that are known.
        said: what was recognised, for people.
        left_out: columns that were not taken, with the reason.
        notices: what else is to be said.
    """

    header: int
    first: int
    last: int
    day: int
    values: tuple[ValueColumn, ...]
    is_end: bool
    clock: int | None = None
    end_day: int | None = None
    end_clock: int | None = None
    step_minutes: int = 0
    is_step_said: bool = False
    meter: str = ""
    meter_column: int | None = None
    register_column: int | None = None
    direction_of: Callable[[str], Direction | None] | None = None
    unit_column: int | None = None
    top: int = 0
    day_order: str = ""
    decimal_mark: str = ""
    zero_words: frozenset[str] = frozenset()
    void_words: frozenset[str] = frozenset()
    estimate_words: frozenset[str] = frozenset()
    said: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a format finds in a sheet that is one of its own."""

    layouts: tuple[Layout, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFormat:
    """A format of meter readings.

    Attributes:
        name: on the command line.
        timezone: in which its stamps are; empty where it has to be said.
        wants: what its files are recognised by, for people.
        find: where the readings of a sheet stand; `None` where it is not of this format.
    """

    name: str
    timezone: str
    wants: str
    find: Callable[[Sheet], Finding | None]
