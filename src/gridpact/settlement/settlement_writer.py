"""Writing a settlement: all files of it, or none."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gridpact.case.case import TableFormat
from gridpact.case.writing.table_file import TableWriter, write_table
from gridpact.errors import InvalidUsage
from gridpact.fields.arguments import need, path_of
from gridpact.results.clearance_writer import table_columns
from gridpact.results.output_folder import REPORT_FILE, ResultKind, output_folder
from gridpact.settlement.reading.read_ledger import SETTLEMENT_FILE
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.statements.ledger_table import LedgerColumns

LEDGER_TABLE, STATEMENTS_TABLE, RESIDUALS_TABLE = "ledger", "statements", "residuals"
TABLES = (LEDGER_TABLE, STATEMENTS_TABLE, RESIDUALS_TABLE)
PAGES_FOLDER, BILLS_FOLDER = "statements", "bills"
PAGE_SUFFIX, PDF_SUFFIX = ".html", ".pdf"
WORKBOOK_FILE = "accounts.xlsx"
EARLIER = "the settlement that is corrected"
CLEARED = "the clearance"


def _facts(folder: Path) -> dict[str, Any]:
    """The figures in a folder, if they are those that gridpact wrote of a settlement; otherwise none."""
    try:
        facts = json.loads((folder / SETTLEMENT_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    is_one = isinstance(facts, dict) and {"version", "inputs_sha256", "invariants"} <= facts.keys()
    return facts if is_one else {}


def _is_a_settlement(folder: Path) -> bool:
    """Whether a folder holds a settlement."""
    return bool(_facts(folder))


SETTLEMENT_RESULT = ResultKind(
    words="a settlement",
    names=frozenset(
        {
            SETTLEMENT_FILE,
            REPORT_FILE,
            WORKBOOK_FILE,
            *(f"{name}.{suffix}" for name in TABLES for suffix in TableFormat),
        }
    ),
    is_one=_is_a_settlement,
    folders={PAGES_FOLDER: (PAGE_SUFFIX,), BILLS_FOLDER: (PAGE_SUFFIX, PDF_SUFFIX)},
)


def write_settlement(
    settled: SettledCase,
    folder: str | Path,
    *,
    report: str | None = None,
    pages: Iterable[tuple[str, str]] = (),
    bills: Iterable[tuple[str, str | bytes]] = (),
    workbook: bytes | None = None,
) -> Path:
    """Writes a settlement into a folder, replacing an earlier one there, and gives the folder.

    The settlement that this one corrects, or any other version, is never replaced.

    Args:
        settled: the result.
        folder: made where it does not exist.
        report: the report page, left out where there is none.
        pages: statements as pages, each with its file name; they go into a folder of their own.
        bills: bills as pages and as PDF, likewise.
        workbook: the accounts as an Excel file, left out where there is none.

    Raises:
        InvalidUsage: the folder holds something that is not an earlier settlement, holds another version
            of one, or cannot be written to.
    """
    need("write_settlement", SettledCase, settled, "give what gridpact.settle makes")
    target = path_of("write_settlement", folder)
    version = settled.energy.version
    found = _facts(target).get("version", version)
    if found != version:
        what = f"{folder} holds version {found} of a settlement, and this is version {version}"
        raise InvalidUsage(what, "name a folder that is new or empty: no version is ever replaced by another")
    with output_folder(target, SETTLEMENT_RESULT, inputs={EARLIER: settled.corrects}) as aside:
        _write_files(settled, aside)
        if report is not None:
            _write(report, aside / REPORT_FILE)
        if workbook is not None:
            _write(workbook, aside / WORKBOOK_FILE)
        _write_all(pages, aside / PAGES_FOLDER)
        _write_all(bills, aside / BILLS_FOLDER)
    return target


def _write_files(settled: SettledCase, folder: Path) -> None:
    """Writes the tables and figures of a settlement into an empty folder that is there."""
    table_format = settled.case.table_format
    columns = LedgerColumns(settled.energy.horizon)
    with TableWriter(folder, LEDGER_TABLE, table_format, distinct=("entry",)) as ledger:
        settled.write_entries(lambda entries, first: ledger.write(columns.of(entries, first)))
    for name, table in ((STATEMENTS_TABLE, settled.statements), (RESIDUALS_TABLE, settled.residuals)):
        write_table(table_columns(table, table_format), folder, name, table_format)
    figures = json.dumps(settled.summary, indent=2, ensure_ascii=False) + "\n"
    _write(figures, folder / SETTLEMENT_FILE)


def _write_all(files: Iterable[tuple[str, str | bytes]], folder: Path) -> None:
    """Writes files of those names into a folder, which is made where there are any."""
    for name, content in files:
        folder.mkdir(exist_ok=True)
        _write(content, folder / name)


def _write(content: str | bytes, path: Path) -> None:
    """Writes octets, or a text the same on every system."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
