"""A forecast as the profiles of a case: mean powers."""

import os
import shutil
import tempfile
from pathlib import Path

from gridpact.bridges.openadr.import_reports import ImportedReports
from gridpact.case.case import TableFormat
from gridpact.case.reading.table import parse_csv, parse_parquet
from gridpact.case.schema import PROFILES
from gridpact.case.writing.table_file import Coded, Instants, write_table
from gridpact.errors import InvalidUsage
from gridpact.results.output_folder import refused_by_the_system


def check_profiles_file(out: Path) -> TableFormat:
    """Makes sure that profiles may be written to a file, and gives its format by its suffix.

    Raises:
        InvalidUsage: it is no CSV or Parquet file by its name, or is there already and no table of profiles.
    """
    suffix = out.suffix.removeprefix(".").lower()
    if suffix not in tuple(TableFormat):
        raise InvalidUsage(f"{out} is no table by its name", "name it profiles.csv or profiles.parquet")
    table_format = TableFormat(suffix)
    with refused_by_the_system(out):
        if out.exists() and not _is_of_profiles(out, table_format):
            what = f"{out} is there, and is no table of profiles that could be replaced"
            raise InvalidUsage(what, "name another, or remove it")
    return table_format


def _is_of_profiles(path: Path, table_format: TableFormat) -> bool:
    """Whether a file is a table with the columns of profiles."""
    if not path.is_file():
        return False
    read = parse_parquet if table_format is TableFormat.PARQUET else parse_csv
    table, _ = read(path.read_bytes(), path.name)
    return table is not None and {column.name for column in PROFILES.columns} <= set(table.columns)


def write_profiles(reports: ImportedReports, out: Path, table_format: TableFormat) -> None:
    """Writes a forecast: what is taken as load, what is fed in as generation, means of the period in kW.

    Raises:
        InvalidUsage: it cannot be written.
    """
    hours = reports.horizon.hours_per_period
    columns = {
        "time": Instants(horizon=reports.horizon, period=reports.period),
        "participant": Coded(labels=reports.participants, codes=reports.participant),
        "load_kw": reports.import_kwh / hours,
        "generation_kw": reports.export_kwh / hours,
    }
    with refused_by_the_system(out):
        target = Path(os.path.realpath(out))
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".profiles-", dir=target.parent))
        try:
            write_table(columns, aside, PROFILES.name, table_format)
            (aside / f"{PROFILES.name}.{table_format}").replace(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
