"""Writing a table: the one way in which cases and results put columns into a CSV or Parquet file."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.case.case import TableFormat
from gridpact.case.horizon import Horizon
from gridpact.case.reading.arrow_arrays import arrow_numbers, arrow_texts, taken
from gridpact.case.times import microseconds
from gridpact.spreadsheet_text import cell_array, cell_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column of texts: the label of each row is that of its code, (R,)."""

    labels: Sequence[str]
    codes: Int

    def texts(self) -> np.ndarray:
        """The text of each row, (R,)."""
        return np.array([*self.labels, ""], dtype=object)[self.codes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instants:
    """A column of times: the start of a period of a horizon for each row, (R,)."""

    horizon: Horizon
    period: Int


def write_table(
    columns: Mapping[str, Any],
    folder: Path,
    name: str,
    table_format: TableFormat,
    *,
    distinct: Collection[str] = (),
) -> None:
    """Writes `columns`, arrays of one length by name, into `folder` as `name` with the suffix of the format.

    A column may also be `Coded` texts, or `Instants`, which CSV has as ISO 8601 text. In CSV, texts that a
    spreadsheet would calculate are marked, as `cell_texts` does. Numbers are written so that they read back
    exactly; missing numbers are empty cells. Parquet keeps the values of the columns
    `distinct` as they are: they hardly repeat, and a dictionary of them would take time and space.
    """
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({name: _arrow(values, table_format) for name, values in columns.items()})
    path = folder / f"{name}.{table_format}"
    if table_format is TableFormat.PARQUET:
        parquet.write_table(
            table, path, use_dictionary=[column for column in columns if column not in distinct]
        )
        return
    with path.open("wb") as file:
        file.write((",".join(columns) + "\n").encode())
        file.write(_csv_rows(table))


def _arrow(values: Any, table_format: TableFormat) -> Any:
    """A column as Arrow takes it."""
    import pyarrow as pa

    is_csv = table_format is TableFormat.CSV
    if isinstance(values, Coded):
        labels = cell_texts(values.labels) if is_csv else values.labels
        return taken(arrow_texts(labels), values.codes)
    if isinstance(values, Instants):
        return taken(_starts(values.horizon, table_format), values.period)
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return arrow_numbers(values)
    array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
    return cell_array(array) if is_csv else array


@lru_cache(maxsize=8)
def _starts(horizon: Horizon, table_format: TableFormat) -> Any:
    """The start of every period, (T,), as text in CSV."""
    import pyarrow as pa

    if table_format is TableFormat.CSV:
        return arrow_texts(horizon.labels())
    first, step = microseconds(horizon.instant(0)), horizon.step // timedelta(microseconds=1)
    starts = first + step * np.arange(horizon.periods)
    return arrow_numbers(starts, kind=pa.timestamp("us", tz=horizon.timezone))


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
