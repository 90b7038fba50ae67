"""CSV text to columns of text, each row with the line it stands in, at the speed of Arrow."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.errors import Problem
from gridpact.fields.said import counted

_COMMA, _NEWLINE, _QUOTE = b',\n"'
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}
_EMPTY = "its first line names the columns"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTable:
    """The rows of a CSV file that fit its header.

    Attributes:
        header: names of the columns, as they stand there.
        columns: one Arrow array of text a column, of length R.
        line: of each row, the header's line counted as it stands in the file, (R,).
    """

    header: list[str]
    columns: list[Any]
    line: Int


def split_csv(content: bytes, file: str) -> tuple[CsvTable | None, list[Problem]]:
    """The rows of a CSV file, and what is wrong with its form.

    Where every quote is in its place, and so every line break between rows is known, Arrow splits the file;
    otherwise the `csv` module does, some twenty times slower, and finds the line of the first broken quote.

    Args:
        content: of the file: UTF-8, with or without a byte order mark.
        file: its name.

    Returns:
        The rows, `None` where there is no header to read them by; rows that do not fit the header are left
        out and are problems. A row fits too where only empty cells are too many, or only columns without
        a name lack a cell, or all cells are empty: spreadsheets write rows of different lengths.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [_problem(file, "is not UTF-8 text", "save the file as UTF-8", line)]
    if not content.strip():
        return None, [_problem(file, "is empty", _EMPTY)]
    if problem := _other_separator(text, file):
        return None, [problem]
    rows = _Rows.of(content)
    return (rows and _split_fast(content, rows, file)) or _split_exactly(text, file)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Where the rows of a well-formed CSV file stand, blank lines left out.

    Attributes:
        start: position of each row's first byte.
        line: that each row begins in.
        header_end: position of the line break after the first row, or of the end.
        breaks_inside: whether a quoted value holds a line break.
    """

    start: Int
    line: Int
    header_end: int
    breaks_inside: bool

    @classmethod
    def of(cls, content: bytes) -> "_Rows | None":
        """The rows; `None` where a quote does not open or close a whole value."""
        octets = np.frombuffer(content, dtype=np.uint8)
        quotes, breaks = np.flatnonzero(octets == _QUOTE), np.flatnonzero(octets == _NEWLINE)
        if not _are_well_formed(octets, quotes):
            return None
        ends_row = np.searchsorted(quotes, breaks) % 2 == 0
        start = np.append(0, breaks[ends_row] + 1)
        line = np.append(1, np.flatnonzero(ends_row) + 2)
        end = np.append(breaks[ends_row], len(octets))
        filled = end > start
        return cls(
            start=start[filled],
            line=line[filled],
            header_end=int(end[filled][0]),
            breaks_inside=not ends_row.all(),
        )


def _are_well_formed(octets: Any, quotes: Int) -> bool:
    """Whether each quote stands at the start or end of a value, or is doubled within a quoted one.

    Of the quotes in turn, the first opens and the second closes; a doubled one closes and opens again. So it
    is enough that before an opening one and after a closing one stands a separator, another quote or nothing.
    """
    if len(quotes) % 2:
        return False
    around = np.concatenate([[_NEWLINE], octets, [_NEWLINE]])
    before, after = around[quotes[::2]], around[quotes[1::2] + 2]
    return bool(_separates(before).all() and _separates(after).all())


def _separates(octets: Any) -> Bool:
    """Which octets end a value or begin a quoted one; same shape."""
    separates: Bool = (octets == _COMMA) | (octets == _NEWLINE) | (octets == _QUOTE)
    return separates


def _split_fast(content: bytes, rows: _Rows, file: str) -> tuple[CsvTable, list[Problem]] | None:
    """The rows by Arrow; `None` where it does not find the same ones."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    header = next(csv.reader(io.StringIO(content[rows.start[0] : rows.header_end].decode(), newline="")))
    names = [str(index) for index in range(len(header))]
    unfit: list[tuple[int, int]] = []
    has_ragged = False

    def leave_out(row: Any) -> str:
        nonlocal has_ragged
        unfit.append((row.number - 1, row.actual_columns))
        cells = next(csv.reader(io.StringIO(row.text, newline="")), [])
        has_ragged = has_ragged or _fitted(cells, header) is not None
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(content).slice(rows.header_end)),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                newlines_in_values=rows.breaks_inside, invalid_row_handler=leave_out
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    lines = rows.line[1:]
    if has_ragged or table.num_rows + len(unfit) != len(lines):
        return None
    problems = [_unfit(file, int(lines[row]), found, len(header)) for row, found in unfit]
    columns = [column.combine_chunks() for column in table.columns]
    kept = np.delete(lines, [row for row, _ in unfit])
    return CsvTable(header=header, columns=columns, line=kept), problems


def _split_exactly(text: str, file: str) -> tuple[CsvTable | None, list[Problem]]:
    """The rows of any CSV file, up to the first broken quote."""
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
            elif row and (fitted := _fitted(row, header)) is not None:
                rows.append(fitted)
                lines.append(line)
            elif row:
                problems.append(_unfit(file, line, len(row), len(header)))
            line = reader.line_num + 1
    except csv.Error as error:
        remedy = 'close every quote, and write a quote inside a value as ""'
        problems.append(_problem(file, f"is not CSV: {error}", remedy, line))
    if not header:
        return None, problems or [_problem(file, "is empty", _EMPTY)]
    values: Iterable[Any] = zip(*rows, strict=True) if rows else [()] * len(header)
    columns = [pa.array(column, pa.string()) for column in values]
    return CsvTable(header=header, columns=columns, line=np.array(lines, dtype=np.int64)), problems


def _fitted(row: list[str], header: list[str]) -> list[str] | None:
    """A row with as many cells as the header, by cells that are empty; `None` where it has others."""
    width = len(header)
    if len(row) >= width:
        return None if any(cell.strip() for cell in row[width:]) else row[:width]
    lacking = header[len(row) :] if any(cell.strip() for cell in row) else []
    return None if any(name.strip() for name in lacking) else [*row, *[""] * (width - len(row))]


def _other_separator(text: str, file: str) -> Problem | None:
    """The problem of a file whose header is separated by something else than commas."""
    header = text.lstrip("\n").partition("\n")[0]
    for separator, words in _OTHER_SEPARATORS.items():
        if separator in header and "," not in header:
            line = 1 + len(text) - len(text.lstrip("\n"))
            remedy = "save it with commas between values, and a point in decimals: 1.5, not 1,5"
            return _problem(file, f"has its values separated by {words}", remedy, line)
    return None


def _unfit(file: str, line: int, found: int, wanted: int) -> Problem:
    """The problem of a row with another number of values than the header."""
    what = f"has {counted(found, 'value')} where the header has {counted(wanted, 'column')}"
    return _problem(file, what, "quote a value with a comma in it", line)


def _problem(file: str, what: str, remedy: str, line: int = 0) -> Problem:
    """A problem of a file, or of a line in it."""
    return Problem(file=file, line=line, what=what, remedy=remedy)
