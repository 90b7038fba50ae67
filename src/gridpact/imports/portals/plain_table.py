"""Any other table of readings, by what its columns are said to be."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from gridpact.errors import InvalidUsage, Problem
from gridpact.imports.cells.quantities import Unit, unit_in
from gridpact.imports.portals.header import name_of
from gridpact.imports.portals.layout import Direction, Finding, Layout, MeterFormat, ValueColumn
from gridpact.imports.sheets.sheet import Sheet, cell_text, cell_words

TABLE = "table"
SEPARATOR_WORDS = {"semicolon": ";", "comma": ",", "tab": "\t", "bar": "|"}
_PREAMBLE_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What is said of a table; a column is its name in the header, or its number from 1 where it has none.

    Attributes:
        time: column of the date and time, or of the date where `clock` is given.
        clock: column of the time.
        import_column: of energy or power drawn from the network.
        export_column: of energy or power fed into it.
        meter_column: of the meter.
        meter: whose readings they are where no column says it; the file's name where neither does.
        quality_column: that says which readings are estimates.
        estimate: word in that column that means an estimate, beside those that portals use.
        unit: of the readings; what stands in the names of their columns, or kWh, where it is not given.
        is_end: whether stamps are the ends of intervals.
        separator: between cells; found in the file where it is empty.
        decimal_mark: "," or "."; found in the values where it is empty.
        day_order: of dates, "ymd", "dmy" or "mdy"; what cannot be otherwise where it is empty.
        step_minutes: length of an interval; found in the stamps where it is 0.
    """

    time: str = ""
    clock: str = ""
    import_column: str = ""
    export_column: str = ""
    meter_column: str = ""
    meter: str = ""
    quality_column: str = ""
    estimate: str = ""
    unit: Unit | None = None
    is_end: bool | None = None
    separator: str = ""
    decimal_mark: str = ""
    day_order: str = ""
    step_minutes: int = 0

    def given(self) -> list[str]:
        """Names of what is said."""
        return [name for name in self.__dataclass_fields__ if getattr(self, name) not in ("", None, 0)]


def day_order_of(pattern: str) -> str:
    """The order of day, month and year in a date format: "dmy" of "dd.mm.yyyy hh:mm" or "%d.%m.%Y".

    Raises:
        InvalidUsage: it has not one of each.
    """
    letters = pattern.lower().partition(" ")[0].partition("t")[0]
    order = "".join(dict.fromkeys(letter for letter in letters if letter in "ymd"))
    if order not in ("ymd", "dmy", "mdy"):
        raise InvalidUsage(
            f"--date-format '{pattern}' is no order of day, month and year", "as in dd/mm/yyyy"
        )
    return order


def table_format(options: TableOptions) -> MeterFormat:
    """The format of a table of which this is said.

    Raises:
        InvalidUsage: too little is said of it.
    """
    if not options.time or not (options.import_column or options.export_column):
        raise InvalidUsage(
            "--as table has to be told its columns",
            "--time COLUMN, and --import-column or --export-column COLUMN",
        )
    if options.is_end is None:
        raise InvalidUsage(
            "--as table has to be told whether its times are starts or ends of intervals",
            "--stamps start, or --stamps end",
        )
    return MeterFormat(
        name=TABLE,
        timezone="",
        wants="the columns that options name",
        find=lambda sheet: _find(sheet, options),
    )


def _find(sheet: Sheet, options: TableOptions) -> Finding:
    """Where the readings of a table stand."""
    wanted = {
        "time": options.time,
        "clock": options.clock,
        "import": options.import_column,
        "export": options.export_column,
        "meter": options.meter_column,
        "quality": options.quality_column,
    }
    named = {key: name for key, name in wanted.items() if name}
    words = [name for name in named.values() if not _is_number(name)]
    header = _header(sheet, words) if words else -1
    if header is None:
        return Finding(problems=(_missing(sheet, list(named.values())),))
    place = {
        key: int(name) - 1 if _is_number(name) else _place(sheet, header, name) for key, name in named.items()
    }
    values = tuple(
        ValueColumn(
            column=place[way],
            name=name_of(sheet, header, place[way]) if header >= 0 else f"column {place[way] + 1}",
            unit=options.unit or (unit_in(name_of(sheet, max(header, 0), place[way])) or Unit.KWH),
            direction=way,
            quality=place.get("quality"),
        )
        for way in Direction
        if way in place
    )
    stem = Path(sheet.file.partition(", sheet ")[0]).stem
    notices: tuple[str, ...] = ()
    if not options.meter and not options.meter_column:
        notices = (f"{sheet.file}: no meter is said; its own name is taken for it: {stem!r}",)
    left_out = {
        name_of(sheet, header, column): "was not asked for"
        for column in range(len(sheet.rows[header]) if header >= 0 else 0)
        if column not in place.values() and name_of(sheet, header, column)
    }
    layout = Layout(
        header=header,
        first=header + 1 if header >= 0 else _first_time(sheet, place["time"]),
        last=len(sheet.rows),
        day=place["time"],
        clock=place.get("clock"),
        values=values,
        is_end=bool(options.is_end),
        step_minutes=options.step_minutes,
        is_step_said=bool(options.step_minutes),
        meter=options.meter or ("" if options.meter_column else stem),
        meter_column=place.get("meter"),
        day_order=options.day_order,
        decimal_mark=options.decimal_mark,
        estimate_words=frozenset({cell_words(options.estimate)} if options.estimate else ()),
        left_out=left_out,
        notices=notices,
    )
    return Finding(layouts=(layout,))


def _is_number(name: str) -> bool:
    """Whether a column is named by its number."""
    return name.isascii() and name.isdecimal() and int(name) > 0


def _first_time(sheet: Sheet, column: int) -> int:
    """The first row with a digit in the column of times, of a table without a header."""
    rows = range(len(sheet.rows))
    return next((row for row in rows if any(map(str.isdigit, cell_text(sheet.cell(row, column))))), 0)


def _header(sheet: Sheet, names: list[str]) -> int | None:
    """The row that names all columns; `None` where there is none."""
    wanted = {cell_words(name) for name in names}
    for row, cells in enumerate(sheet.rows[:_PREAMBLE_MAX]):
        if wanted <= {cell_words(cell) for cell in cells}:
            return row
    return None


def _place(sheet: Sheet, header: int, name: str) -> int:
    """The first column of a name."""
    return [cell_words(cell) for cell in sheet.rows[header]].index(cell_words(name))


def _missing(sheet: Sheet, names: list[str]) -> Problem:
    """The problem of a table in which some of the columns are not to be found."""
    row = max(
        range(min(len(sheet.rows), _PREAMBLE_MAX)),
        key=lambda each: sum(cell_words(name) in map(cell_words, sheet.rows[each]) for name in names),
    )
    there = [name_of(sheet, row, place) for place in range(len(sheet.rows[row]))]
    absent = [name for name in names if cell_words(name) not in {cell_words(each) for each in there}]
    near = get_close_matches(absent[0], there, n=1) if absent else []
    shown = ", ".join(repr(each) for each in there[:12] if each)
    remedy = f"did you mean '{near[0]}'?" if near else f"it has {shown}"
    what = f"has no row with the columns {', '.join(repr(name) for name in absent or names)}"
    return sheet.problem(row, what, remedy)
