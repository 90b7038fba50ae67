"""Writing a clearance: all files of a result, or none."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridpact.case.case import TableFormat
from gridpact.case.table_file import write_table
from gridpact.case.write import write_trades
from gridpact.errors import InvalidUsage
from gridpact.results.clearance import Clearance

if TYPE_CHECKING:
    import pandas as pd

SUMMARY_FILE = "summary.json"
REPORT_FILE = "report.html"


def check_output_folder(folder: Path, marker: str = SUMMARY_FILE) -> None:
    """Makes sure that a result may be written to `folder`, where an earlier one is known by its `marker`.

    Raises:
        InvalidUsage: it is a file, or holds something that is not an earlier result.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidUsage(
            f"{folder} is a file", "name a folder that is new, empty or holds an earlier result"
        )
    if folder.is_dir() and any(folder.iterdir()) and not (folder / marker).is_file():
        raise InvalidUsage(
            f"{folder} is not empty and holds no earlier result", "name a new folder, or empty this one"
        )


@contextmanager
def output_folder(target: Path, marker: str = SUMMARY_FILE) -> Iterator[Path]:
    """A folder aside to write a result into; it takes the place of `target` when all went well.

    Raises:
        InvalidUsage: `target` holds something that is not an earlier result.
    """
    check_output_folder(target, marker)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        aside.chmod(0o755)
        yield aside
        if target.is_dir():
            shutil.rmtree(target)
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_clearance(clearance: Clearance, folder: str | Path, *, report: str | None = None) -> Path:
    """Writes a clearance into a folder, replacing an earlier result there, and gives the folder.

    The files are made aside and moved in together, so that a folder holds a whole result or none.

    Args:
        clearance: the result.
        folder: made where it does not exist.
        report: the report page, left out where there is none.

    Raises:
        InvalidUsage: the folder holds something that is not an earlier result.
    """
    target = Path(folder)
    with output_folder(target) as aside:
        _write_files(clearance, aside, report)
    return target


def table_columns(table: "pd.DataFrame", table_format: TableFormat) -> dict[str, Any]:
    """The columns of a table as arrays; in CSV its times are ISO 8601 text with the UTC offset."""
    columns: dict[str, Any] = {name: table[name] for name in table.columns}
    if "time" in columns and table_format is TableFormat.CSV:
        codes, times = table["time"].factorize()
        labels = np.array([time.isoformat(timespec="minutes") for time in times], dtype=object)
        columns["time"] = labels[codes]
    return columns


def _write_files(clearance: Clearance, folder: Path, report: str | None) -> None:
    tables = {
        "cleared": clearance.cleared,
        "schedule": clearance.schedule,
        "network": clearance.network_state,
        "exchange": clearance.exchange,
        "limits": clearance.limits,
    }
    for name, table in tables.items():
        columns = table_columns(table, clearance.case.table_format)
        write_table(columns, folder, name, clearance.case.table_format)
    if clearance.matched:
        write_trades(clearance.case, clearance.trades, folder)
    (folder / SUMMARY_FILE).write_text(json.dumps(clearance.summary, indent=2, ensure_ascii=False) + "\n")
    if report is not None:
        (folder / REPORT_FILE).write_text(report, encoding="utf-8")
