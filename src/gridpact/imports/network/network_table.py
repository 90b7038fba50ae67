"""NetworkTable: a sheet as a table of a network, each value checked by the kind of its column."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import isfinite

from gridpact.case.reading.problems import Problems, suggestion
from gridpact.case.schema import FLAG_WORDS
from gridpact.imports.cells.quantities import Unreadable, plain_number
from gridpact.imports.network.network_columns import NetworkColumn, NetworkTableSchema, ValueKind
from gridpact.imports.sheets.sheet import Cell, Sheet, cell_text, is_empty

Value = str | float | bool | None


class NetworkTable:
    """The rows of a table of a network.

    Values that cannot be used are problems, and `None`: the network is refused anyway.

    Args:
        sheet: that it stands in, with the names of the columns in its first row that is not empty.
        schema: its columns.
        problems: takes in what is wrong.

    Attributes:
        rows: of the sheet that hold an element.
        notices: what of the sheet was left out.
    """

    def __init__(self, sheet: Sheet, schema: NetworkTableSchema, problems: Problems) -> None:
        self.sheet, self.schema, self.notices = sheet, schema, list[str]()
        self._problems = problems
        filled = [row for row, cells in enumerate(sheet.rows) if any(not is_empty(cell) for cell in cells)]
        self._header = filled[0] if filled else 0
        self.rows = filled[1:]
        self._place = self._columns()
        self._decimal_mark = self._found_mark()

    def __len__(self) -> int:
        return len(self.rows)

    def has(self, name: str) -> bool:
        """Whether there is a column."""
        return name in self._place

    def cell(self, row: int, name: str) -> Cell:
        """A cell of a row of the sheet; `None` where there is no such column."""
        return self.sheet.cell(row, self._place[name]) if name in self._place else None

    def values(self, name: str) -> list[Value]:
        """A column of the elements, its default where a cell is empty."""
        column = next(column for column in self.schema.columns if column.name == name)
        return [self._value(row, column) for row in self.rows]

    def refuse(self, row: int, name: str, what: str, remedy: str = "") -> None:
        """Takes in what is wrong with a cell."""
        value = self.cell(row, name)
        self._problems.add(self.sheet.problem(row, what, remedy, field=name, value=value))

    def refuse_missing(self, row: int, names: Iterable[str], remedy: str) -> None:
        """Takes in that a row lacks values."""
        what = f"lacks {', '.join(names)}"
        self._problems.add(self.sheet.problem(row, what, remedy))

    def _columns(self) -> dict[str, int]:
        """The place of each column; those that are missing, there twice or misspelt are problems."""
        known = [column.name for column in self.schema.columns]
        named = [(cell_text(cell).lower(), place) for place, cell in enumerate(self._header_cells())]
        places: dict[str, int] = {}
        for name, place in named:
            if name in places:
                self._refuse_header("names more than one column", "keep one of them", name)
            elif name in known:
                places[name] = place
        absent = [name for name in known if name not in places]
        for name, _ in named:
            if not name or name in known:
                continue
            if near := get_close_matches(name, absent, n=1, cutoff=0.75):
                self._refuse_header("is not a known column", f"did you mean '{near[0]}'?", name)
                absent.remove(near[0])
            else:
                self.notices.append(f"{self.sheet.file}: column {name!r} is not known and was ignored")
        for column in self.schema.columns:
            if column.required and column.name in absent:
                self._refuse_header("is not among the columns", f"add it: {column.meaning}", column.name)
        return places

    def _header_cells(self) -> list[Cell]:
        return self.sheet.rows[self._header] if self.sheet.rows else []

    def _refuse_header(self, what: str, remedy: str, name: str) -> None:
        self._problems.add(self.sheet.problem(self._header, what, remedy, field=name))

    def _found_mark(self) -> str:
        """The decimal mark of the numbers: a comma where any of them has one."""
        numbers = [column.name for column in self.schema.columns if column.kind is ValueKind.NUMBER]
        cells = [self.cell(row, name) for name in numbers for row in self.rows]
        return "," if any(isinstance(cell, str) and "," in cell for cell in cells) else "."

    def _value(self, row: int, column: NetworkColumn) -> Value:
        """A value, checked."""
        cell = self.cell(row, column.name)
        if is_empty(cell):
            if column.required and column.name in self._place:
                self.refuse(row, column.name, "is missing", f"it is the {column.meaning}")
            return column.default
        if column.kind is ValueKind.TEXT:
            text = cell_text(cell)
            if column.choices and text not in column.choices:
                self.refuse(row, column.name, "is not a choice", f"write {' or '.join(column.choices)}")
            return text
        if column.kind is ValueKind.FLAG:
            return self._flag(row, column.name, cell)
        return self._number(row, column, cell)

    def _flag(self, row: int, name: str, cell: Cell) -> bool:
        """True or false."""
        said = cell_text(cell).lower()
        for truth, words in zip((True, False), FLAG_WORDS, strict=True):
            if said in words:
                return truth
        self.refuse(row, name, "is neither true nor false", "write true or false")
        return False

    def _number(self, row: int, column: NetworkColumn, cell: Cell) -> float | None:
        """A number within its range."""
        read = cell if isinstance(cell, float | int) else plain_number(cell_text(cell), self._decimal_mark)
        if isinstance(read, Unreadable):
            self.refuse(row, column.name, read.what, read.remedy)
            return None
        number = float(read)
        if not isfinite(number):
            self.refuse(row, column.name, "is no number", "write it plainly, as in 0.125")
            return None
        if number < column.least or (column.is_above and number == column.least):
            self.refuse(
                row, column.name, f"is not {'above' if column.is_above else 'at least'} {column.least:g}"
            )
            return None
        if column.kind is ValueKind.WHOLE and not number.is_integer():
            self.refuse(row, column.name, "is no whole number")
            return None
        return number


def bus_places(table: NetworkTable, name: str, index: dict[str, int], where: str) -> list[int | None]:
    """A column of names of buses as their indices; `None`, with a problem, where there is no such bus."""
    places: list[int | None] = []
    for row, said in zip(table.rows, table.values(name), strict=True):
        text = "" if said is None else str(said)
        if text and text not in index:
            table.refuse(row, name, f"is not in {where}", suggestion(text, index) or f"add it to {where}")
        places.append(index.get(text))
    return places
