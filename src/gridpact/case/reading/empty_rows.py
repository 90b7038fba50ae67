"""Rows of empty cells, which spreadsheets write after a table."""

import numpy as np

from gridpact.arrays import Bool
from gridpact.case.reading.table import Table
from gridpact.case.reading.values import is_blank
from gridpact.errors import Problem


def without_empty_rows(table: Table) -> tuple[Table, list[str], list[Problem]]:
    """The table without its rows of empty cells: null, NaN, no text or nothing but white space.

    Args:
        table: as it stands in its file.

    Returns:
        The other rows; notices, one that counts the empty rows after them; and a problem for each empty one
        between them, which may be one that has lost its values.
    """
    empty = _empty_rows(table)
    if not empty.any():
        return table, [], []
    kept = np.flatnonzero(~empty)
    end = int(kept[-1]) + 1 if len(kept) else 0
    after = len(empty) - end
    notices = []
    if after:
        rows, were = ("row", "was") if after == 1 else ("rows", "were")
        notices = [f"{table.file}: {after:,} {rows} of empty cells at the end {were} left out"]
    what, remedy = "is a row of empty cells between others", "remove the row, or give it its values"
    problems = [
        Problem(file=table.file, line=line, is_row=table.is_row, what=what, remedy=remedy)
        for line in table.line[:end][empty[:end]].tolist()
    ]
    return table.at(kept), notices, problems


def _empty_rows(table: Table) -> Bool:
    """Where every cell of a row is empty, (R,)."""
    empty = np.ones(len(table), dtype=np.bool_)
    for array in table.columns.values():
        empty &= is_blank(array)
        if not empty.any():
            break
    return empty
