"""Tables that a case only passes on to settlement, from one format to the other."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Int
from gridpact.case.case import TableFormat
from gridpact.case.horizon import Horizon
from gridpact.case.reading.arrow_arrays import arrow_numbers, arrow_texts, taken
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import Column, Kind, Schema
from gridpact.case.times import from_microseconds
from gridpact.case.writing.table_file import write_table

TEXTS = (Kind.ID, Kind.CHOICE, Kind.FLAG)
TIMES = (Kind.TIME, Kind.INSTANT)
WHOLE = (Kind.RANK, Kind.SIGNED_INTEGER)


def write_converted(
    reader: TableReader, schema: Schema, horizon: Horizon, folder: Path, table_format: TableFormat
) -> None:
    """Writes the known columns of a table, each value as it is read, into a folder.

    Values that cannot be read are problems of the reader, and the file is then of no use. An optional cell
    that is empty is written with its default, an optional time stays empty.

    Args:
        reader: of the table.
        schema: its columns.
        horizon: whose timezone its times are in.
        folder: exists.
        table_format: of the file.
    """
    known = [column for column in schema.columns if column.name in reader.table.columns]
    columns = {column.name: _values(reader, column, horizon, table_format) for column in known}
    write_table(columns, folder, schema.name, table_format)


def _values(reader: TableReader, column: Column, horizon: Horizon, table_format: TableFormat) -> Any:
    """The values of a column, each kind as it is written in the other format."""
    if column.kind in TEXTS:
        return arrow_texts(reader.names(column.name).texts())
    if column.kind in TIMES:
        return _times(reader.instant(column.name, horizon), horizon, table_format)
    numbers = reader.number(column.name)
    return numbers.astype(np.int64) if column.kind in WHOLE else arrow_numbers(numbers, np.isnan(numbers))


def _times(microseconds: Int, horizon: Horizon, table_format: TableFormat) -> Any:
    """Times in the timezone of the case, 0 for none, (R,)."""
    import pyarrow as pa

    if table_format is TableFormat.PARQUET:
        return arrow_numbers(microseconds, microseconds == 0, pa.timestamp("us", tz=horizon.timezone))
    zone = ZoneInfo(horizon.timezone)
    distinct, index = np.unique(microseconds, return_inverse=True)
    texts = [
        from_microseconds(count).astimezone(zone).isoformat() if count else "" for count in distinct.tolist()
    ]
    return taken(arrow_texts(texts), index)
