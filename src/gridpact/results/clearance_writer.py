"""Writing a clearance: all files of a result, or none."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridpact.case.case import TableFormat
from gridpact.case.writing.case_writer import write_trades
from gridpact.case.writing.table_file import write_table
from gridpact.fields.arguments import need, path_of
from gridpact.results.clearance import Clearance
from gridpact.results.clearance_tables import (
    STATE,
    cleared_columns,
    commitments_columns,
    curtailed_columns,
    exchange_columns,
    limits_columns,
    network_columns,
    orders_columns,
    schedule_columns,
)
from gridpact.results.explanation.tables.tables_of_clearance import explanation_columns
from gridpact.results.output_folder import (
    COMMITMENTS,
    CURTAILED,
    ORDERS,
    REPORT_FILE,
    SUMMARY_FILE,
    output_folder,
)

if TYPE_CHECKING:
    import pandas as pd


def write_clearance(clearance: Clearance, folder: str | Path, *, report: str | None = None) -> Path:
    """Writes a clearance into a folder, replacing an earlier result there, and gives the folder.

    The files are made aside and moved in together, so that a folder holds a whole result or none; see
    `output_folder`. Only files of an earlier result are ever deleted.

    Args:
        clearance: the result.
        folder: made where it does not exist.
        report: the report page, left out where there is none.

    Raises:
        InvalidUsage: the folder holds something that is not an earlier result, or cannot be written to.
    """
    need("write_clearance", Clearance, clearance, "give what gridpact.clear makes")
    target = path_of("write_clearance", folder)
    with output_folder(target) as aside:
        write_files(clearance, aside, report)
    return target


def table_columns(table: "pd.DataFrame", table_format: TableFormat) -> dict[str, Any]:
    """The columns of a table as arrays; in CSV its times are ISO 8601 text with the UTC offset."""
    columns: dict[str, Any] = {name: table[name] for name in table.columns}
    if "time" in columns and table_format is TableFormat.CSV:
        codes, times = table["time"].factorize()
        labels = np.array([time.isoformat(timespec="minutes") for time in times], dtype=object)
        columns["time"] = labels[codes]
    return columns


def write_files(clearance: Clearance, folder: Path, report: str | None) -> None:
    """Writes the files of a clearance into an empty folder that is there."""
    tables = {
        "cleared": cleared_columns,
        "schedule": schedule_columns,
        "network": network_columns,
        "exchange": exchange_columns,
        "limits": limits_columns,
    }
    if clearance.case.participants.exports.any():
        tables[CURTAILED] = curtailed_columns
    if clearance.committed:
        tables[COMMITMENTS] = commitments_columns
    if clearance.cleared_orders is not None:
        tables[ORDERS] = orders_columns
    for name, made in explanation_columns(clearance).items():
        write_table(made, folder, name, clearance.case.table_format)
    for name, columns in tables.items():
        write_table(columns(clearance), folder, name, clearance.case.table_format, distinct=STATE)
    if clearance.matched:
        new = clearance.trades.at(np.arange(clearance.committed, len(clearance.trades)))
        write_trades(clearance.case, new, folder)
    summary = json.dumps(clearance.summary, indent=2, ensure_ascii=False) + "\n"
    (folder / SUMMARY_FILE).write_text(summary, encoding="utf-8", newline="\n")
    if report is not None:
        (folder / REPORT_FILE).write_text(report, encoding="utf-8", newline="\n")
