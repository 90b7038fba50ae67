"""E-REDES (Portugal): `Data;Hora;Consumo medido na IC, Ativa (kW);Estado;…` below a preamble with the CPE.

The mean power of each quarter stands at its end. What is called *medido na IC* is what the meter of the
connection (instalação de consumo) read; *registado* is what sharing left.
"""

import re
import shlex

from gridpact.errors import Problem
from gridpact.imports.cells.quantities import Unit, unit_in
from gridpact.imports.portals.header import (
    beside,
    column,
    columns,
    has_words,
    header_row,
    meter_in,
    meter_of_file,
    name_of,
    one_of,
)
from gridpact.imports.portals.layout import Direction, Finding, Layout, MeterFormat, ValueColumn
from gridpact.imports.sheets.sheet import Sheet, cell_words

_CPE = re.compile(r"PT\d{16}[A-Z]{2}")
_DAY, _CLOCK = one_of("data", "date"), one_of("hora", "time", "hour")
_QUALITY = one_of("estado", "status")
_ABOUT = {Direction.IMPORT: ("consumo", "consumption"), Direction.EXPORT: ("injecao", "injection")}
_LEFT_BY_SHARING = "is what sharing left, not what the meter read"


def find(sheet: Sheet) -> Finding | None:
    """Where the readings stand."""
    row = header_row(sheet, _DAY, _CLOCK, _is_power)
    if row is None:
        return None
    values, left_out = [], {}
    for place in columns(sheet, row, _is_power):
        words, name = cell_words(sheet.cell(row, place)), name_of(sheet, row, place)
        if not _is_metered(words):
            left_out[name] = _LEFT_BY_SHARING
            continue
        quality = column(sheet, row, _QUALITY, after=place)
        following = column(sheet, row, _is_power, after=place)
        values.append(
            ValueColumn(
                column=place,
                name=name,
                unit=unit_in(name) or Unit.KW,
                direction=_direction(words),
                quality=quality if quality is not None and quality < (following or quality + 1) else None,
            )
        )
    preamble = [cell for cells in sheet.rows[:row] for cell in cells]
    meter = meter_in(preamble, _CPE) or beside(sheet, range(row), one_of("cpe"))
    notices: tuple[str, ...] = ()
    if not meter:
        meter, notice = meter_of_file(sheet, _CPE)
        notices = (notice,)
    if problem := _misfit(sheet, row, values, left_out, meter):
        return Finding(problems=(problem,))
    day, clock = column(sheet, row, _DAY), column(sheet, row, _CLOCK)
    layout = Layout(
        header=row,
        first=row + 1,
        last=len(sheet.rows),
        day=day or 0,
        clock=clock,
        values=tuple(values),
        is_end=True,
        step_minutes=15,
        meter=meter,
        day_order="dmy",
        left_out=left_out,
        notices=notices,
    )
    return Finding(layouts=(layout,))


def _is_power(words: str) -> bool:
    """Whether a column is of active energy or power, either way."""
    is_reactive = has_words("reativa*")(words) or has_words("reactiv*")(words) or "kvar" in words
    return _direction(words) is not None and not is_reactive


def _is_metered(words: str) -> bool:
    return has_words("medid*")(words) or has_words("measured")(words)


def _direction(words: str) -> Direction | None:
    first = words.split()[:1]
    return next((way for way, names in _ABOUT.items() if first and first[0] in names), None)


def _misfit(
    sheet: Sheet, row: int, values: list[ValueColumn], left_out: dict[str, str], meter: str
) -> Problem | None:
    """The problem of a table without a column that the meter read, or with two of a direction."""
    if not values:
        what = "has no column 'Consumo medido na IC, Ativa (kW)', which is what the meter read"
        first = next(iter(left_out))
        remedy = (
            f"{first!r} is what sharing leaves; where the home shares nothing it is the meter's too: "
            f"--as table --time Data --clock Hora --stamps end --unit kW --timezone Europe/Lisbon "
            f"--meter {shlex.quote(meter)} --import-column {first!r}"
        )
        return sheet.problem(row, what, remedy)
    for way in Direction:
        names = [value.name for value in values if value.direction is way]
        if len(names) > 1:
            what = f"has {len(names)} columns of {way}: {', '.join(map(repr, names))}"
            return sheet.problem(row, what, "keep one of them")
    return None


E_REDES = MeterFormat(
    name="e-redes",
    timezone="Europe/Lisbon",
    wants="columns Data, Hora, 'Consumo medido na IC, Ativa (kW)'",
    find=find,
)
