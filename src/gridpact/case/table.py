"""Table: a CSV or Parquet file as columns of text or typed values, with the line that each row stands in."""

import csv
import io
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.errors import Problem

_INNER_QUOTE = re.compile(rb'[^,\n"]"[^,\n"]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as it stands in its file, R rows.

    Attributes:
        file: name of the file.
        columns: one Arrow array of length R a column, text from CSV and typed from Parquet.
        line: line in a CSV file with the header as line 1, row counted from 1 in a Parquet file, (R,).
        is_row: whether `line` counts rows.
    """

    file: str
    columns: dict[str, Any]
    line: Int
    is_row: bool = False

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


def parse_csv(content: bytes, file: str) -> tuple[Table | None, list[Problem]]:
    """The table in a CSV file, and what is wrong with its form.

    A plain file is split by Arrow. One with blank lines, line breaks or quotes inside values, or rows that
    do not fit is split by the slower `csv` module, which knows the line of every row.

    Args:
        content: of the file: UTF-8, with or without a byte order mark.
        file: its name.

    Returns:
        The table, `None` where there is no header to read it by; rows that do not fit the header are left
        out of it and are problems.
    """
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [
            Problem(file=file, line=line, what="is not UTF-8 text", remedy="save the file as UTF-8")
        ]
    if not text.strip():
        return None, [Problem(file=file, what="is empty", remedy="its first line names the columns")]
    if _is_plain(content):
        header = next(csv.reader([text.partition("\n")[0]]))
        columns = _split_fast(content, len(header))
        lines = np.arange(2, 2 + content.rstrip(b"\n").count(b"\n"), dtype=np.int64)
        if columns is not None and len(columns[0]) == len(lines):
            return _table(file, header, columns, lines)
    return _split_exactly(text, file)


def _is_plain(content: bytes) -> bool:
    """Whether a CSV file has neither blank lines nor quotes anywhere but around whole values."""
    if content.startswith(b"\n") or b"\n\n" in content:
        return False
    header_quotes, quotes = content.count(b'"', 0, content.find(b"\n")), content.count(b'"')
    if header_quotes % 2 or quotes % 2 or b'""' in content:
        return False
    return not quotes or _INNER_QUOTE.search(content) is None


def _split_fast(content: bytes, width: int) -> list[Any] | None:
    """Columns of a plain CSV file; `None` where a row does not fit."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    names = [str(index) for index in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(skip_rows=1, column_names=names, use_threads=False),
            parse_options=arrow_csv.ParseOptions(ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    return [column.combine_chunks() for column in table.columns]


def _split_exactly(text: str, file: str) -> tuple[Table | None, list[Problem]]:
    """Columns of any CSV file: quotes, line breaks inside them, blank lines, rows that do not fit."""
    import pyarrow as pa

    problems: list[Problem] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    header: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if row and not header:
                header = row
            elif row and len(row) != len(header):
                what = f"has {len(row)} values where the header has {len(header)} columns"
                problems.append(
                    Problem(file=file, line=line, what=what, remedy="quote a value with a comma in it")
                )
            elif row:
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = 'close every quote, and write a quote inside a value as ""'
        problems.append(Problem(file=file, line=line, what=f"is not CSV: {error}", remedy=remedy))
    if not header:
        return None, problems or [
            Problem(file=file, what="is empty", remedy="its first line names the columns")
        ]
    values = zip(*rows, strict=True) if rows else [()] * len(header)
    columns = [pa.array(column, pa.string()) for column in values]
    table, header_problems = _table(file, header, columns, np.array(lines, dtype=np.int64))
    return table, header_problems + problems


def _table(
    file: str, header: list[str], columns: list[Any], lines: Int, is_row: bool = False
) -> tuple[Table, list[Problem]]:
    problems = [
        Problem(file=file, line=0 if is_row else 1, field=name, what="names more than one column")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    # Of columns with the same name the first is read on, so that its values are checked too.
    named: dict[str, Any] = {}
    for name, column in zip(header, columns, strict=True):
        named.setdefault(name, column)
    return Table(file=file, columns=named, line=lines, is_row=is_row), problems


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
        arrow = arrow_parquet.ParquetFile(pa.BufferReader(content)).read().combine_chunks()
        arrow.validate(full=True)
        columns = [_plain(column) for column in arrow.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return None, [Problem(file=file, what=f"is not a readable Parquet file: {reason}")]
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
