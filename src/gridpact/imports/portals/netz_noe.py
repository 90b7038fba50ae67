"""Netz NÖ (Lower Austria): `Messzeitpunkt;Verbrauch (kWh);Qualität;Restnetzbezug (kWh);…`, ends of quarters.

The meter stands in the file's name; feed-in is a file of its own. *Restnetzbezug*, *Eigendeckung* and the
like are what sharing left or gave.
"""

import re

from gridpact.imports.cells.quantities import Unit, unit_in
from gridpact.imports.portals.header import (
    any_of,
    column,
    columns,
    has_words,
    header_row,
    meter_of_file,
    name_of,
    one_of,
)
from gridpact.imports.portals.layout import Direction, Finding, Layout, MeterFormat, ValueColumn
from gridpact.imports.sheets.sheet import Sheet, cell_words

_METER = re.compile(r"AT[0-9A-Z]{31}")
_STAMP = one_of("messzeitpunkt")
_QUALITY = has_words("qualitat")
_IMPORT = one_of("verbrauch kwh", "verbrauch", "verbrauch wh", "verbrauch kw")
_EXPORT = one_of("einspeisung kwh", "einspeisung", "einspeisung wh", "einspeisung kw", "erzeugung kwh")


def find(sheet: Sheet) -> Finding | None:
    """Where the readings stand."""
    row = header_row(sheet, _STAMP, any_of(_IMPORT, _EXPORT))
    if row is None:
        return None
    values = []
    for way, test in ((Direction.IMPORT, _IMPORT), (Direction.EXPORT, _EXPORT)):
        for place in columns(sheet, row, test)[:1]:
            name, following = name_of(sheet, row, place), cell_words(sheet.cell(row, place + 1))
            values.append(
                ValueColumn(
                    column=place,
                    name=name,
                    unit=unit_in(name) or Unit.KWH,
                    direction=way,
                    quality=place + 1 if _QUALITY(following) else None,
                )
            )
    taken = {value.name for value in values}
    left_out = {
        name_of(sheet, row, place): "is what sharing left or gave, not what the meter read"
        for place, cell in enumerate(sheet.rows[row])
        if has_words("kwh")(cell_words(cell)) and name_of(sheet, row, place) not in taken
    }
    meter, notice = meter_of_file(sheet, _METER)
    layout = Layout(
        header=row,
        first=row + 1,
        last=len(sheet.rows),
        day=column(sheet, row, _STAMP) or 0,
        values=tuple(values),
        is_end=True,
        step_minutes=15,
        meter=meter,
        day_order="dmy",
        left_out=left_out,
        notices=(notice,),
    )
    return Finding(layouts=(layout,))


NETZ_NOE = MeterFormat(
    name="netz-noe",
    timezone="Europe/Vienna",
    wants="columns Messzeitpunkt, 'Verbrauch (kWh)' or 'Einspeisung (kWh)'",
    find=find,
)
