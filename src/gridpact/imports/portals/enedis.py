"""Enedis (France): a load curve `Horodate;Valeur` below `Identifiant PRM;…;Grandeur metier;…;Unite`.

The mean power of each interval stands at its end, with its UTC offset. Import and export are files of their
own, and one file may hold several meters one below the other.
"""

from gridpact.errors import Problem
from gridpact.imports.cells.quantities import unit_in
from gridpact.imports.portals.header import Test, any_of, column, has_words, header_row, name_of, one_of
from gridpact.imports.portals.layout import Direction, Finding, Layout, MeterFormat, ValueColumn
from gridpact.imports.sheets.sheet import Cell, Sheet, cell_text, cell_words

_METER = any_of(has_words("prm"), has_words("point", "reference", "mesure"))
_STAMP = has_words("horodate")
_VALUE = any_of(one_of("valeur"), has_words("valeur", "en"), has_words("puissance", "moyenne"))
_DIRECTIONS: tuple[tuple[Direction, Test], ...] = (
    (Direction.EXPORT, any_of(has_words("production*"), has_words("injection*"), one_of("prod"))),
    (Direction.IMPORT, any_of(has_words("consommation*"), has_words("soutirage*"), one_of("cons"))),
)
_NO_CURVE = any_of(has_words("index"), has_words("quotidien*"), has_words("mensuel*"), has_words("reactive"))
_STEP = has_words("pas", "minutes")
_A_LOAD_CURVE = "export the load curve (courbe de charge) of active energy"


def find(sheet: Sheet) -> Finding | None:
    """Where the readings stand, one table for each meter."""
    layouts: list[Layout] = []
    problems: list[Problem] = []
    first = 0
    while (row := header_row(sheet, _STAMP, first=first)) is not None:
        following = next(
            (
                place
                for place in range(row + 1, len(sheet.rows))
                if any(_METER(cell_words(cell)) for cell in sheet.rows[place][:1])
            ),
            len(sheet.rows),
        )
        found = _table(sheet, first, row, following)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            layouts.append(found)
        first = following
    if not layouts and not problems:
        row = header_row(sheet, _METER)
        if row is None or header_row(sheet, _NO_CURVE) is None:
            return None
        problems.append(sheet.problem(row, "is of Enedis, but holds no load curve", _A_LOAD_CURVE))
    return Finding(layouts=tuple(layouts), problems=tuple(problems))


def _table(sheet: Sheet, first: int, row: int, last: int) -> Layout | Problem:
    """Where the readings below a header stand."""
    facts = _facts(sheet, first, row)
    stamp = column(sheet, row, _STAMP) or 0
    value = column(sheet, row, _VALUE)
    if value is None:
        what = "has no column 'Valeur' of readings beside 'Horodate'"
        return sheet.problem(row, what, _A_LOAD_CURVE)
    meter = next((said for name, said in facts if _METER(cell_words(name))), "")
    if not meter:
        return sheet.problem(
            row, "has no 'Identifiant PRM' above it", "export it again, with its first lines"
        )
    every = [cell_words(said) for _, said in facts] + [cell_words(name) for name, _ in facts]
    if any(_NO_CURVE(words) for words in every):
        return sheet.problem(row, "is no load curve of active energy", _A_LOAD_CURVE)
    name = name_of(sheet, row, value)
    said_unit = next((said for key, said in facts if cell_words(key) == "unite"), "")
    unit = unit_in(said_unit) or unit_in(name)
    if unit is None:
        return sheet.problem(row, "says no unit that is known, W or Wh", "export it again", value=said_unit)
    directions = [way for way, test in _DIRECTIONS if any(test(words) for words in every)]
    if len(directions) != 1:
        what = "says neither or both of 'Consommation' and 'Production'"
        return sheet.problem(row, what, "export it again, with its first lines")
    step = next((said for key, said in facts if _STEP(cell_words(key))), "")
    return Layout(
        top=first,
        header=row,
        first=row + 1,
        last=last,
        day=stamp,
        values=(ValueColumn(column=value, name=name, unit=unit, direction=directions[0]),),
        is_end=True,
        step_minutes=int(step) if step.isdigit() else 0,
        meter=meter,
        day_order="dmy",
    )


def _facts(sheet: Sheet, first: int, row: int) -> list[tuple[Cell, str]]:
    """What stands above a header: names with what stands below them, or beside them."""
    rows = [place for place in range(first, row) if any(cell_text(cell) for cell in sheet.rows[place])]
    below = rows[-2:] if len(rows) > 1 else []
    if below and len([cell for cell in sheet.rows[below[0]] if cell_text(cell)]) > 2:
        names, said = (sheet.rows[place] for place in below)
        return [(name, cell_text(said[k]) if k < len(said) else "") for k, name in enumerate(names)]
    facts: list[tuple[Cell, str]] = []
    for place in rows:
        cells = [cell for cell in sheet.rows[place] if cell_text(cell)]
        facts += [(name, cell_text(said)) for name, said in zip(cells[::2], cells[1::2], strict=False)]
    return facts


ENEDIS = MeterFormat(
    name="enedis",
    timezone="Europe/Paris",
    wants="'Identifiant PRM' above columns Horodate, Valeur",
    find=find,
)
