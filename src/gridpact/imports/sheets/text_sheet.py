"""A text file as a sheet: its encoding, its separator and its cells."""

import codecs
import csv
import io
from collections import Counter

from gridpact.errors import Problem
from gridpact.imports.sheets.sheet import Cell, Sheet

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
_LOOKED_AT = 400
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


def text_sheet(content: bytes, file: str, separator: str = "") -> Sheet | Problem:
    """The rows of a text file, or why there are none.

    Args:
        content: of the file, in UTF-8 or UTF-16, or else in Windows-1252 or Latin-1.
        file: its name.
        separator: between cells; found in the text where none is given.
    """
    decoded = _decoded(content)
    if decoded is None:
        return Problem(file=file, what="is no text", remedy="export it as CSV or as a workbook (.xlsx)")
    text, encoding = decoded
    separator = separator or _separator(text)
    rows: list[list[Cell]] = []
    lines: list[int] = []
    end = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for row in reader:
            rows.append([*row])
            lines.append(end + 1)
            end = reader.line_num
    except csv.Error:
        what, remedy = "cannot be split into cells", "close every quote, or export the file again"
        return Problem(file=file, line=end + 1, what=what, remedy=remedy)
    form = f"{encoding}, separated by {SEPARATORS.get(separator, repr(separator))}"
    return Sheet(file=file, rows=rows, lines=lines, form=form)


def _decoded(content: bytes) -> tuple[str, str] | None:
    """The text in a file, and what its encoding is called; `None` where it is none."""
    for mark, encoding, words in _BOMS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), words
            except UnicodeDecodeError:
                return None
    if b"\0" in content:
        return None
    for encoding, words in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("latin-1", "Latin-1")):
        try:
            return content.decode(encoding), words
        except UnicodeDecodeError:
            continue
    return None


def _separator(text: str) -> str:
    """The separator that most lines have equally often; of several the first of `SEPARATORS`."""
    lines = [line for line in text.splitlines()[:_LOOKED_AT] if line.strip()]
    for separator in SEPARATORS:
        counts = Counter(_outside_quotes(line, separator) for line in lines)
        if sum(count for times, count in counts.items() if times) * 2 > len(lines):
            return separator
    return max(SEPARATORS, key=lambda each: sum(_outside_quotes(line, each) for line in lines))


def _outside_quotes(line: str, separator: str) -> int:
    """How often a separator stands in a line, outside of quoted cells."""
    return sum(part.count(separator) for part in line.split('"')[::2])
