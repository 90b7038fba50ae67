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

    @classmethod
    def of_names(cls, names: Sequence[str], codes: Int) -> "Coded":
        """The name of each row, empty where its code is −1: a row of none."""
        return cls(labels=(*names, ""), codes=codes % (len(names) + 1))

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
    with TableWriter(folder, name, table_format, distinct=distinct) as writer:
        writer.write(columns)


class TableWriter:
    """Writes a table part by part, each as `write_table` writes a whole; there has to be one at least.

    Args:
        folder: that the file goes into.
        name: of the table.
        table_format: of the file.
        distinct: columns whose values hardly repeat.
    """

    def __init__(
        self, folder: Path, name: str, table_format: TableFormat, *, distinct: Collection[str] = ()
    ) -> None:
        self._path = folder / f"{name}.{table_format}"
        self._format = table_format
        self._distinct = distinct
        self._file: Any = None

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(self, *failure: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, columns: Mapping[str, Any]) -> None:
        """Writes some rows, of the same columns every time."""
        import pyarrow as pa

        table = pa.table({name: _arrow(values, self._format) for name, values in columns.items()})
        is_first = self._file is None
        if self._format is TableFormat.PARQUET:
            self._file = self._file or self._parquet(table.schema)
            if is_first or len(table):
                self._file.write_table(table)
            return
        if is_first:
            self._file = self._path.open("wb")
            self._file.write((",".join(columns) + "\n").encode())
        self._file.write(_csv_rows(table))

    def _parquet(self, schema: Any) -> Any:
        """A new Parquet file."""
        from pyarrow import parquet

        repeated = [name for name in schema.names if name not in self._distinct]
        return parquet.ParquetWriter(self._path, schema, use_dictionary=repeated)


def _arrow(values: Any, table_format: TableFormat) -> Any:
    """A column as Arrow takes it."""
    import pyarrow as pa

    is_csv = table_format is TableFormat.CSV
    if isinstance(values, Coded):
        return taken(_label_array(values.labels, is_csv=is_csv), values.codes)
    if isinstance(values, Instants):
        return taken(_starts(values.horizon, table_format), values.period)
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return arrow_numbers(values)
    array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
    return cell_array(array) if is_csv else array


@lru_cache(maxsize=8)
def _kept_labels(labels: tuple[str, ...], *, is_csv: bool) -> Any:
    """Labels as an Arrow array, kept for the next part of a table."""
    return arrow_texts(cell_texts(labels) if is_csv else labels)


def _label_array(labels: Sequence[str], *, is_csv: bool) -> Any:
    """Labels as an Arrow array."""
    return _kept_labels(tuple(labels), is_csv=is_csv)


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
