"""Datadis (Spain): `cups;fecha;hora;consumo_kWh;metodoObtencion;energiaVertida_kWh;…`, hours 01:00 to 24:00.

The time is the end of the interval; one file may hold several meters.
"""

from gridpact.imports.cells.quantities import Unit, unit_in
from gridpact.imports.portals.header import Test, any_of, column, has_words, header_row, name_of, one_of
from gridpact.imports.portals.layout import Direction, Finding, Layout, MeterFormat, ValueColumn
from gridpact.imports.sheets.sheet import Sheet, cell_words

_METER, _DAY, _CLOCK = one_of("cups"), one_of("fecha", "date"), one_of("hora", "time")
_IMPORT: Test = any_of(
    one_of("consumo", "consumo kwh", "consumo wh", "consumokwh", "ae kwh", "ae wh", "consumption kwh"),
)
_EXPORT: Test = any_of(
    has_words("energiavertida*"),
    has_words("energia", "vertida"),
    has_words("vertido*"),
    one_of("as kwh", "as wh", "surplusenergy kwh", "surplus energy kwh"),
)
_OTHERS: Test = any_of(
    has_words("energiagenerada*"),
    has_words("energia", "generada"),
    has_words("energiaautoconsumida*"),
    has_words("energia", "autoconsumida"),
    has_words("ae", "autocons"),
)
_QUALITY: Test = any_of(
    has_words("metodoobtencion*"),
    has_words("metodo", "obtencion"),
    has_words("real", "estimad*"),
    one_of("obtainmethod", "obtain method"),
)


def find(sheet: Sheet) -> Finding | None:
    """Where the readings stand."""
    row = header_row(sheet, _METER, _DAY, _CLOCK, _IMPORT)
    if row is None:
        return None
    quality = column(sheet, row, _QUALITY)
    values = []
    for way, test in ((Direction.IMPORT, _IMPORT), (Direction.EXPORT, _EXPORT)):
        place = column(sheet, row, test)
        if place is not None:
            name = name_of(sheet, row, place)
            unit = unit_in(name) or Unit.KWH
            values.append(ValueColumn(column=place, name=name, unit=unit, direction=way, quality=quality))
    left_out = {
        name_of(sheet, row, place): "is behind the meter or of sharing, not what the meter read"
        for place, cell in enumerate(sheet.rows[row])
        if _OTHERS(cell_words(cell))
    }
    layout = Layout(
        header=row,
        first=row + 1,
        last=len(sheet.rows),
        day=column(sheet, row, _DAY) or 0,
        clock=column(sheet, row, _CLOCK),
        values=tuple(values),
        is_end=True,
        step_minutes=60,
        meter_column=column(sheet, row, _METER),
        day_order="dmy",
        left_out=left_out,
    )
    return Finding(layouts=(layout,))


DATADIS = MeterFormat(
    name="datadis",
    timezone="Europe/Madrid",
    wants="columns cups, fecha, hora, consumo_kWh",
    find=find,
)
