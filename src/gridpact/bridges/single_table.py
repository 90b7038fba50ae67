"""A single table of a case in a file of its own: profiles or orders that a bridge made."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gridpact.case.case import TableFormat
from gridpact.case.reading.table import parse_csv, parse_parquet
from gridpact.case.schema import Schema
from gridpact.case.writing.table_file import write_table
from gridpact.errors import InvalidUsage
from gridpact.results.output_folder import refused_by_the_system


def check_table_file(out: Path, schema: Schema, inputs: tuple[Path, ...]) -> TableFormat:
    """Makes sure that a table may be written to a file, and gives its format by its suffix.

    Raises:
        InvalidUsage: it is no CSV or Parquet file by its name, is one of the inputs, or is there already and
            no such table.
    """
    suffix, name = out.suffix.removeprefix(".").lower(), schema.name
    if suffix not in tuple(TableFormat):
        raise InvalidUsage(f"{out} is no table by its name", f"name it {name}.csv or {name}.parquet")
    table_format = TableFormat(suffix)
    with refused_by_the_system(out):
        resolved = Path(os.path.realpath(out))
        if any(Path(os.path.realpath(path)) == resolved for path in inputs):
            raise InvalidUsage(f"{out} is one of the files that are read", "name another")
        if resolved.exists() and not _is_of(resolved, schema, table_format):
            what = f"{out} is there, and is no table of {name} that could be replaced"
            raise InvalidUsage(what, "name another, or remove it")
    return table_format


def _is_of(path: Path, schema: Schema, table_format: TableFormat) -> bool:
    """Whether a file is a table with the columns of a schema."""
    if not path.is_file():
        return False
    read = parse_parquet if table_format is TableFormat.PARQUET else parse_csv
    table, _ = read(path.read_bytes(), path.name)
    return table is not None and {each.name for each in schema.columns if each.required} <= set(table.columns)


def write_table_file(
    columns: Mapping[str, Any], out: Path, schema: Schema, table_format: TableFormat
) -> None:
    """Writes a table to a file, which takes the place of an earlier one when it is whole.

    Raises:
        InvalidUsage: it cannot be written.
    """
    with refused_by_the_system(out):
        target = Path(os.path.realpath(out))
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{schema.name}-", dir=target.parent))
        try:
            write_table(columns, aside, schema.name, table_format)
            (aside / f"{schema.name}.{table_format}").replace(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
