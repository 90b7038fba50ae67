"""Rows of the tables of a result: from CSV, to JSON, and to CSV again with every number as it stood there."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from gridpact.spreadsheet_text import cell_texts, text_of_cell

ResultRows = list[dict[str, Any]]
_TEXTS = {
    "trade",
    "time",
    "seller",
    "buyer",
    "participant",
    "bus",
    "phases",
    "phase",
    "limited_by",
    "element",
    "sale_limited_by",
    "sale_element",
    "sale_phase",
    "purchase_limited_by",
    "purchase_element",
    "purchase_phase",
    "limited_by_import",
    "element_import",
    "phase_import",
    "limited_by_export",
    "element_export",
    "phase_export",
    "kind",
    "quantity",
    "start",
    "end",
    "submitted",
    "group",
    "link",
    "block",
    "name",
    "order",
    "side",
    "retailer",
    "entry",
    "debit",
    "credit",
}


def names_of(content: bytes) -> list[str]:
    """The columns of a table."""
    return next(csv.reader(io.StringIO(content.decode(), newline="")), [])


def text_rows(content: bytes) -> ResultRows:
    """The rows of a table: texts as they are meant, numbers as they stand there, `None` for empty cells."""
    return [
        {name: (text_of_cell(cell) if name in _TEXTS else cell) or None for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(content.decode(), newline=""))
    ]


def with_numbers(rows: ResultRows) -> ResultRows:
    """Rows of `text_rows` with numbers in place of their texts."""
    return [
        {
            name: float(value) if isinstance(value, str) and name not in _TEXTS else value
            for name, value in row.items()
        }
        for row in rows
    ]


def table_rows(content: bytes) -> ResultRows:
    """The rows of a table, numbers as numbers."""
    return with_numbers(text_rows(content))


def csv_text(rows: ResultRows, names: Sequence[str]) -> bytes:
    """Rows of `text_rows` as CSV with a header; texts that a spreadsheet would calculate are marked."""
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, fieldnames=list(names), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(
        {
            name: cell_texts([value])[0] if value is not None and name in _TEXTS else value
            for name, value in row.items()
        }
        for row in rows
    )
    return sink.getvalue().encode()
