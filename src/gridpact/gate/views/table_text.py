"""Rows of a table as CSV."""

import csv
import io
from typing import Any

from gridpact.spreadsheet_text import cell_texts


def csv_text(rows: list[dict[str, Any]]) -> bytes:
    """Rows as CSV with a header; texts that a spreadsheet would calculate are marked."""
    if not rows:
        return b""
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return sink.getvalue().encode()


def _cell(value: Any) -> Any:
    return cell_texts([value])[0] if isinstance(value, str) else value
