"""Writing a table: the one way in which cases and results put columns into a CSV or Parquet file."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gridpact.case.case import TableFormat


def write_table(columns: Mapping[str, Any], folder: Path, name: str, table_format: TableFormat) -> None:
    """Writes `columns`, arrays of one length by name, into `folder` as `name` with the suffix of the format.

    Numbers are written so that they read back exactly; missing numbers are empty cells.
    """
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
    path = folder / f"{name}.{table_format}"
    if table_format is TableFormat.PARQUET:
        parquet.write_table(table, path)
        return
    with path.open("wb") as file:
        file.write((",".join(columns) + "\n").encode())
        file.write(_csv_rows(table))


def _csv_rows(table: Any) -> bytes:
    """The rows of a table as CSV, with quotes around text only where some text needs them."""
    import pyarrow as pa
    from pyarrow import csv

    for style in ("none", "needed"):
        sink = pa.BufferOutputStream()
        options = csv.WriteOptions(include_header=False, quoting_style=style)
        with suppress(pa.ArrowInvalid):
            csv.write_csv(table, sink, write_options=options)
            break
    content: bytes = sink.getvalue().to_pybytes()
    return content
