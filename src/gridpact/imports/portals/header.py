"""Headers: the row that names the columns, found by words, and the meter that a file is of."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from gridpact.imports.sheets.sheet import Cell, Sheet, cell_text, cell_words

PREAMBLE_ROWS_MAX = 80

Test = Callable[[str], bool]


def header_row(sheet: Sheet, *tests: Test, first: int = 0) -> int | None:
    """The first row with a cell that fulfils each test, by its words; `None` where there is none."""
    for row in range(first, min(len(sheet.rows), first + PREAMBLE_ROWS_MAX)):
        words = [cell_words(cell) for cell in sheet.rows[row]]
        if all(any(test(each) for each in words) for test in tests):
            return row
    return None


def column(sheet: Sheet, row: int, test: Test, *, after: int = -1) -> int | None:
    """The first column beyond another whose name fulfils a test; `None` where there is none."""
    return next(iter(columns(sheet, row, test, after=after)), None)


def columns(sheet: Sheet, row: int, test: Test, *, after: int = -1) -> list[int]:
    """The columns beyond another whose names fulfil a test."""
    cells = sheet.rows[row]
    return [place for place, cell in enumerate(cells) if place > after and test(cell_words(cell))]


def name_of(sheet: Sheet, row: int, place: int) -> str:
    """The name of a column as it stands there."""
    return " ".join(cell_text(sheet.cell(row, place)).split())


def one_of(*names: str) -> Test:
    """Whether words are one of some names."""
    return lambda words: words in names


def has_words(*wanted: str) -> Test:
    """Whether words have all of some, each as a whole word or as the beginning of one that ends in `*`."""

    def test(words: str) -> bool:
        there = words.split()
        return all(
            any(each.startswith(word[:-1]) if word.endswith("*") else each == word for each in there)
            for word in wanted
        )

    return test


def any_of(*tests: Test) -> Test:
    """Whether words fulfil one of some tests."""
    return lambda words: any(test(words) for test in tests)


def beside(sheet: Sheet, rows: Iterable[int], test: Test) -> str:
    """The first cell that is not empty beside one that fulfils a test, in some rows."""
    for row in rows:
        cells = sheet.rows[row]
        for place, cell in enumerate(cells):
            if test(cell_words(cell)):
                return next((cell_text(each) for each in cells[place + 1 :] if cell_text(each)), "")
    return ""


def meter_in(cells: Iterable[Cell], pattern: re.Pattern[str]) -> str:
    """The first meter that a pattern finds in some cells; empty where there is none."""
    for cell in cells:
        if found := pattern.search(cell_text(cell).replace(" ", "").upper()):
            return found[0]
    return ""


def meter_of_file(sheet: Sheet, pattern: re.Pattern[str]) -> tuple[str, str]:
    """The meter that a file's name says, by a pattern or by all of it, and what is to be said of that."""
    stem = Path(sheet.file.partition(", sheet ")[0]).stem
    if found := pattern.search(stem.upper()):
        return found[0], f"{sheet.file}: meter {found[0]}, by the file's name"
    return stem, f"{sheet.file}: names no meter; its own name is taken for it: {stem!r}"
