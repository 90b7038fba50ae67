"""Sheet: rows of cells as they stand in a file, and what a cell says."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from gridpact.case.reading.problems import shown
from gridpact.errors import Problem

Cell = str | float | int | bool | datetime | date | time | timedelta | None

DIGITS_MAX = 15  # of a number in a workbook, beyond which it is not kept
_FORMULA_TEXT = re.compile(r'="(?P<text>[^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table as it stands in a file, R rows of any length.

    Attributes:
        file: its name as it was given, with the sheet's where a workbook has several.
        rows: of cells; in a text file all of them are texts.
        lines: line, in a workbook row, that each row stands in, from 1, length R.
        form: how it was read, for people: "UTF-8, separated by semicolons".
        is_workbook: whether it is a workbook, which has rows in place of lines.
        name: of the sheet in a workbook.
    """

    file: str
    rows: list[list[Cell]]
    lines: list[int]
    form: str
    is_workbook: bool = False
    name: str = ""

    def cell(self, row: int, column: int) -> Cell:
        """A cell; `None` beyond the end of its row."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else None

    def problem(
        self, row: int, what: str, remedy: str = "", *, field: str = "", value: Cell = None
    ) -> Problem:
        """What is wrong in a row."""
        return Problem(
            file=self.file,
            line=self.lines[row],
            is_row=self.is_workbook,
            field=field,
            value=shown(cell_text(value)),
            what=what,
            remedy=remedy,
        )

    def whole_problem(self, what: str, remedy: str = "") -> Problem:
        """What is wrong with all of it."""
        return Problem(file=self.file, what=what, remedy=remedy)


def cell_text(cell: Cell) -> str:
    """What a cell says, as text without white space around it; empty where it is empty.

    Texts that are written as a formula, `="541…"`, so that a spreadsheet does not take them for numbers, are
    what they stand for, and whole numbers have no decimals.
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e22:
        return str(int(cell))
    text = str(cell).strip()
    formula = _FORMULA_TEXT.fullmatch(text)
    return formula["text"].strip() if formula else text


def is_empty(cell: Cell) -> bool:
    """Whether a cell says nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def is_cut_number(cell: Cell) -> bool:
    """Whether a cell is a number with more digits than a workbook keeps, as a meter's id may be."""
    return isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= 10**DIGITS_MAX


def cell_words(cell: Cell) -> str:
    """What a cell says, by its words alone: small letters without accents, one space between."""
    return _words(cell) if isinstance(cell, str) else _words(cell_text(cell))


@lru_cache(maxsize=4096)
def _words(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", letters))
