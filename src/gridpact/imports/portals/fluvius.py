"""Fluvius (Flanders): `Van (datum);Van (tijdstip);Tot (datum);…;EAN-code;…;Register;Volume;Eenheid;…`.

Each interval has its start and its end, and each register of a meter its own row: by day and by night, drawn
and fed in. The portal speaks other languages too.
"""

from gridpact.imports.cells.quantities import Unit
from gridpact.imports.portals.header import Test, any_of, column, has_words, header_row, name_of, one_of
from gridpact.imports.portals.layout import Direction, Finding, Layout, MeterFormat, ValueColumn
from gridpact.imports.sheets.sheet import Sheet, cell_words

_DAY = one_of("van datum", "du date", "de date", "from date", "von datum")
_CLOCK = one_of("van tijdstip", "van tijd", "du heure", "de heure", "from time", "von zeit", "von uhrzeit")
_END_DAY = one_of("tot datum", "au date", "a date", "to date", "bis datum")
_END_CLOCK = one_of("tot tijdstip", "tot tijd", "au heure", "a heure", "to time", "bis zeit", "bis uhrzeit")
_METER = any_of(one_of("ean"), has_words("ean", "code"), has_words("code", "ean"))
_REGISTER = one_of("register", "registratie", "registre")
_VOLUME, _UNIT = one_of("volume", "volumen"), one_of("eenheid", "unite", "unit", "einheit")
_QUALITY = any_of(has_words("validatiestatus"), has_words("validation*"), has_words("statut*"))
_IMPORT: Test = any_of(
    has_words("afname"),
    has_words("prelevement"),
    has_words("offtake"),
    has_words("consumption"),
    has_words("entnahme"),
)
_EXPORT: Test = any_of(has_words("injectie"), has_words("injection"), has_words("einspeisung"))
_NEITHER: Test = any_of(
    has_words("reactie*"),
    has_words("reactiv*"),
    has_words("inductie*"),
    has_words("inductiv*"),
    has_words("capaciti*"),
    has_words("reaktiv*"),
    has_words("blind*"),
)
_NOTHING_USED = frozenset({"geen verbruik", "pas de consommation", "no consumption", "kein verbrauch"})
_NO_DATA = frozenset({"geen gegevens", "pas de donnees", "no data", "keine daten"})


def find(sheet: Sheet) -> Finding | None:
    """Where the readings stand."""
    row = header_row(sheet, _DAY, _CLOCK, _REGISTER, _VOLUME)
    if row is None:
        return None
    meter, volume = column(sheet, row, _METER), column(sheet, row, _VOLUME) or 0
    if meter is None:
        return Finding(problems=(sheet.problem(row, "has no column 'EAN-code'", "export it again"),))
    value = ValueColumn(
        column=volume,
        name=name_of(sheet, row, volume),
        unit=Unit.KWH,
        direction=None,
        quality=column(sheet, row, _QUALITY),
    )
    layout = Layout(
        header=row,
        first=row + 1,
        last=len(sheet.rows),
        day=column(sheet, row, _DAY) or 0,
        clock=column(sheet, row, _CLOCK),
        end_day=column(sheet, row, _END_DAY),
        end_clock=column(sheet, row, _END_CLOCK),
        values=(value,),
        is_end=False,
        step_minutes=15,
        meter_column=meter,
        register_column=column(sheet, row, _REGISTER),
        direction_of=direction_of,
        unit_column=column(sheet, row, _UNIT),
        day_order="dmy",
        zero_words=_NOTHING_USED,
        void_words=_NO_DATA,
    )
    return Finding(layouts=(layout,))


def direction_of(register: str) -> Direction | None:
    """The direction of a register; `None` where it is no active energy.

    Raises:
        KeyError: it is not known.
    """
    words = cell_words(register)
    if _NEITHER(words):
        return None
    for way, test in ((Direction.EXPORT, _EXPORT), (Direction.IMPORT, _IMPORT)):
        if test(words):
            return way
    raise KeyError(register)


FLUVIUS = MeterFormat(
    name="fluvius",
    timezone="Europe/Brussels",
    wants="columns 'Van (datum)', 'Van (tijdstip)', Register, Volume",
    find=find,
)
