"""SeriesRows: the readings of a table, by meter, direction and register; and where its rows went."""

from collections import Counter
from dataclasses import dataclass, field

from gridpact.arrays import Bool, Int
from gridpact.imports.portals.layout import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRows:
    """The readings of one meter, direction and register in one table, N of them.

    Attributes:
        file: that they stand in.
        meter: that they are of.
        direction: of the energy.
        register: of the meter; empty where it has one for each direction.
        step_minutes: length of each interval.
        start: of each interval, minutes since 1970-01-01 UTC, (N,).
        energy: parts of a kW for a minute, 0 where there is none, (N,).
        given: whether there is a value, (N,).
        estimated: whether it is an estimate, (N,).
        line: of each in the file, (N,).
    """

    file: str
    meter: str
    direction: Direction
    register: str
    step_minutes: int
    start: Int
    energy: Int
    given: Bool
    estimated: Bool
    line: Int


@dataclass(slots=True)
class RowCounts:
    """Where the rows of files went.

    Attributes:
        all: rows of the files, with those above and below the readings.
        readings: rows with a time.
        above: rows above the readings.
        empty: rows without any cell.
        below: rows below the readings, such as totals.
        other: rows of something else than active energy.
        skipped: rows, without a value or with 0, of an hour that the clocks skip.
        unknown_quality: values by a word of quality that is not known, which count as measured.
    """

    all: int = 0
    readings: int = 0
    above: int = 0
    empty: int = 0
    below: int = 0
    other: int = 0
    skipped: int = 0
    unknown_quality: Counter[str] = field(default_factory=Counter)
