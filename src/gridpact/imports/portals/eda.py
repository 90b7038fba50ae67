"""EDA (Austria): a community's report, with one column for each metering point and meter code.

Rows `MeteringpointID`, `Energy direction`, `Metercode` and others stand above the readings, which are of
quarters, at their starts. `Gesamtverbrauch lt. Messung …` and `Gesamte gemeinschaftliche Erzeugung` are what
the meters read; the others are shares.
"""

from gridpact.imports.cells.quantities import Unit, Unreadable, unit_in
from gridpact.imports.cells.stamps import read_stamp
from gridpact.imports.portals.header import Test, any_of, has_words, name_of
from gridpact.imports.portals.layout import Direction, Finding, Layout, MeterFormat, ValueColumn
from gridpact.imports.sheets.sheet import Cell, Sheet, cell_text, cell_words, is_cut_number

_PREAMBLE_MAX = 60
_METERED: tuple[tuple[Direction, Test], ...] = (
    (Direction.IMPORT, any_of(has_words("gesamtverbrauch"), lambda words: words.endswith("1 9 0 g 01"))),
    (
        Direction.EXPORT,
        any_of(
            has_words("gesamte", "gemeinschaftliche", "erzeugung"),
            lambda words: words.endswith("2 9 0 g 01"),
        ),
    ),
)
_QUALITIES = ("mm", "qov", "")
_TOTAL = "total"
_LOG = ("qov", "log")


def find(sheet: Sheet) -> Finding | None:
    """Where the readings stand."""
    named = {cell_words(cells[0]).replace(" ", ""): row for row, cells in _above(sheet)}
    meters = next(
        (named[key] for key in ("meteringpointid", "zahlpunkt", "meteringpoint") if key in named), -1
    )
    codes = named.get("metercode", -1)
    if meters < 0 or codes < 0:
        return None
    if any(word in cell_words(sheet.name).split() for word in _LOG):
        return Finding()
    first = next(
        (row for row in range(codes + 1, len(sheet.rows)) if _is_stamped(sheet, row)), len(sheet.rows)
    )
    values, left_out, problems = [], {}, []
    for place in range(1, len(sheet.rows[codes])):
        code, meter = name_of(sheet, codes, place), cell_text(sheet.cell(meters, place))
        if not code or cell_words(meter) == _TOTAL:
            continue
        words = cell_words(code)
        way = next((way for way, test in _METERED if test(words)), None)
        if way is None:
            left_out[code] = "is a share, not what the meter read"
            continue
        if not meter or is_cut_number(sheet.cell(meters, place)):
            problems.append(
                sheet.problem(meters, f"names no meter for column {place + 1}", "export it again")
            )
            continue
        quality = cell_words(sheet.cell(meters, place + 1)) in _QUALITIES
        is_quality = quality and not name_of(sheet, codes, place + 1)
        values.append(
            ValueColumn(
                column=place,
                name=code,
                unit=unit_in(code) or Unit.KWH,
                direction=way,
                quality=place + 1 if is_quality else None,
                meter=meter,
            )
        )
    if not values and not problems:
        what = "has no column 'Gesamtverbrauch lt. Messung' or 'Gesamte gemeinschaftliche Erzeugung'"
        problems.append(sheet.problem(codes, what, "export the report with all meter codes"))
    layout = Layout(
        header=codes,
        first=first,
        last=len(sheet.rows),
        day=0,
        values=tuple(values),
        is_end=False,
        step_minutes=15,
        day_order="dmy",
        left_out=left_out,
    )
    return Finding(layouts=(layout,) if values else (), problems=tuple(problems))


def _above(sheet: Sheet) -> list[tuple[int, list[Cell]]]:
    """The rows at the top that begin with a name."""
    return [(row, cells) for row, cells in enumerate(sheet.rows[:_PREAMBLE_MAX]) if cells]


def _is_stamped(sheet: Sheet, row: int) -> bool:
    """Whether a row begins with a time."""
    return not isinstance(read_stamp(sheet.cell(row, 0), None, "dmy", has_clock=False), Unreadable)


EDA = MeterFormat(
    name="eda",
    timezone="Europe/Vienna",
    wants="rows MeteringpointID and Metercode",
    find=find,
)
