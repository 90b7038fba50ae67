"""The file that imported readings are written to: a table of meters, as settlement reads it."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gridpact.case.case import TableFormat
from gridpact.case.reading.table import parse_csv, parse_parquet
from gridpact.case.schema import METERS
from gridpact.case.writing.table_file import Coded, Instants, write_table
from gridpact.errors import InvalidUsage
from gridpact.imports.readings.gathered_readings import GatheredReadings
from gridpact.results.output_folder import refused_by_the_system

WH_PER_KWH = 1000.0
_QUALITIES = METERS.column("quality").choices


def check_meters_file(out: Path, inputs: Sequence[Path]) -> TableFormat:
    """Makes sure that readings may be written to a file, and gives its format by its suffix.

    Raises:
        InvalidUsage: it is no CSV or Parquet file by its name, is one of the inputs, or is there already and
            no table of meters.
    """
    suffix = out.suffix.removeprefix(".").lower()
    if suffix not in tuple(TableFormat):
        raise InvalidUsage(
            f"{out} is no file of readings by its name", "name it meters.csv or meters.parquet"
        )
    with refused_by_the_system(out):
        resolved = Path(os.path.realpath(out))
        if any(Path(os.path.realpath(path)) == resolved for path in inputs):
            raise InvalidUsage(f"{out} is one of the files to import", "name another")
        if resolved.exists() and not _is_of_meters(resolved, TableFormat(suffix)):
            what = f"{out} is there, and is no table of readings that could be replaced"
            raise InvalidUsage(what, "name another, or remove it")
    return TableFormat(suffix)


def _is_of_meters(path: Path, table_format: TableFormat) -> bool:
    """Whether a file is a table with the columns of meters."""
    if not path.is_file():
        return False
    read = parse_parquet if table_format is TableFormat.PARQUET else parse_csv
    table, _ = read(path.read_bytes(), path.name)
    required = {column.name for column in METERS.columns if column.required}
    return table is not None and required <= set(table.columns)


def write_meters(readings: GatheredReadings, out: Path, table_format: TableFormat) -> None:
    """Writes readings to a file, which takes the place of an earlier one when it is whole.

    Raises:
        InvalidUsage: it cannot be written.
    """
    columns = {
        "time": Instants(horizon=readings.horizon, period=readings.period),
        "participant": Coded(labels=readings.participants, codes=readings.participant),
        "import_kwh": readings.import_wh / WH_PER_KWH,
        "export_kwh": readings.export_wh / WH_PER_KWH,
        "quality": Coded(labels=_QUALITIES, codes=readings.estimated.astype(np.int64)),
    }
    with refused_by_the_system(out):
        target = Path(os.path.realpath(out))
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".meters-", dir=target.parent))
        try:
            write_table(columns, aside, METERS.name, table_format)
            (aside / f"{METERS.name}.{table_format}").replace(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
