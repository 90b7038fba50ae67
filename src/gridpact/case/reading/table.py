"""Table: a CSV or Parquet file as columns of text or typed values, with the line that each row stands in."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.case.reading.csv_table import split_csv
from gridpact.case.reading.values import is_blank
from gridpact.errors import Problem
from gridpact.spreadsheet_text import texts_of_cells

LARGE_BYTES = 2**20  # from which on several threads read faster than one


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as it stands in its file, R rows.

    Attributes:
        file: name of the file.
        columns: one Arrow array of length R a column, text from CSV and typed from Parquet.
        line: line in a CSV file with the header as line 1, row counted from 1 in a Parquet file, (R,).
        is_row: whether `line` counts rows.
        notices: what of the file was left out.
    """

    file: str
    columns: dict[str, Any]
    line: Int
    is_row: bool = False
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.line)

    def text(self, column: str, row: int) -> str:
        """A value as text; empty where there is none."""
        scalar = self.columns[column][row]
        try:
            value = scalar.as_py()
        except OverflowError:  # A timestamp beyond the years that Python knows is shown as its count.
            value = scalar.value
        return "" if value is None else str(value)

    def place(self, row: int) -> str:
        """Where a row stands in the file: "line 5"."""
        return f"{'row' if self.is_row else 'line'} {self.line[row]}"

    def at(self, rows: Int) -> "Table":
        """Some rows of the table, each still in its place in the file."""
        columns = {name: array.take(rows) for name, array in self.columns.items()}
        return replace(self, columns=columns, line=self.line[rows])


def parse_csv(content: bytes, file: str) -> tuple[Table | None, list[Problem]]:
    """The table in a CSV file, and what is wrong with its form; see `split_csv`.

    Texts that are kept from being formulas of a spreadsheet are read as what they stand for.
    """
    rows, problems = split_csv(content, file)
    if rows is None:
        return None, problems
    if not any(name.strip() for name in rows.header):
        remedy = "its first line names the columns; remove empty rows above it"
        return None, [Problem(file=file, line=1, what="names no columns", remedy=remedy)]
    columns = [texts_of_cells(cells) for cells in rows.columns] if b"'" in content else rows.columns
    table, header_problems = _table(file, rows.header, columns, rows.line)
    return table, header_problems + problems


def _table(
    file: str, header: list[str], columns: list[Any], lines: Int, is_row: bool = False
) -> tuple[Table, list[Problem]]:
    """The table of some columns, and what is wrong with their names."""
    named, notices = _named(file, header, columns)
    names = [name for name, _ in named]
    problems = [
        Problem(file=file, line=0 if is_row else 1, field=name, what="names more than one column")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    # Of columns with the same name the first is read on, so that its values are checked too.
    first: dict[str, Any] = {}
    for name, column in named:
        first.setdefault(name, column)
    return Table(file=file, columns=first, line=lines, is_row=is_row, notices=notices), problems


def _named(file: str, header: list[str], columns: list[Any]) -> tuple[list[tuple[str, Any]], tuple[str, ...]]:
    """The columns that have a name, and what is to be said of those without."""
    named, filled, empty = [], [], 0
    for position, (name, column) in enumerate(zip(header, columns, strict=True), start=1):
        if name.strip():
            named.append((name, column))
        elif is_blank(column).all():
            empty += 1
        else:
            filled.append(position)
    notices = [f"{file}: column {position} has no name and was ignored" for position in filled]
    if empty:
        noun, were = ("column", "was") if empty == 1 else ("columns", "were")
        notices.insert(0, f"{file}: {empty:,} {noun} of empty cells and without a name {were} left out")
    return named, tuple(notices)


def parse_parquet(content: bytes, file: str) -> tuple[Table | None, list[Problem]]:
    """The table in a Parquet file, and what is wrong with its form.

    Args:
        content: of the file.
        file: its name.

    Returns:
        The table, `None` where the file is not Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as arrow_parquet

    try:
        parquet = arrow_parquet.ParquetFile(pa.BufferReader(content))
        return table_of_arrow(parquet.read(use_threads=len(content) > LARGE_BYTES), file)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return None, [Problem(file=file, what=f"is not a readable Parquet file: {reason}")]


def table_of_arrow(arrow: Any, file: str) -> tuple[Table, list[Problem]]:
    """The table that an Arrow table is, and what is wrong with its form.

    Args:
        arrow: an Arrow table, whose rows are counted from 1.
        file: what it is called.

    Raises:
        ArrowException: it does not hold what it says.
    """
    arrow.validate(full=True)
    columns = [_plain(column) for column in arrow.columns]
    lines = np.arange(1, 1 + arrow.num_rows, dtype=np.int64)
    return _table(file, arrow.column_names, columns, lines, is_row=True)


def _plain(column: Any) -> Any:
    """A Parquet column as one array, with the many text types as one and dates as times."""
    import pyarrow as pa

    array = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if (
        pa.types.is_large_string(array.type)
        or pa.types.is_string_view(array.type)
        or pa.types.is_null(array.type)
    ):
        return array.cast(pa.string())
    if pa.types.is_date(array.type):
        return array.cast(pa.timestamp("s"))
    return array
