"""The tables that explanations need, read from the folder of a result."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from gridpact.case.folder.case_files import RESULT_FOLDER, CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.horizon import Horizon
from gridpact.case.reading.problems import Problems, shown
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import Kind, Schema
from gridpact.case.sessions.cleared import SUMMARY_FILE, read_summary
from gridpact.errors import InvalidCase, Problem
from gridpact.results.explanation.tables.result_tables import NEEDED, OPTIONAL, ResultTables, Rows

AS_WRITTEN = "give the table as it was written, or clear the case again"
CLEAR_AGAIN = "clear the case again"
_PERIODS = ("start", "resolution", "periods")
_TEXTS = ("name", "status", "formulation", "allocation")
_LISTS = ("baseline_violations", "remaining_violations", "notices")


def read_tables(folder: Path) -> ResultTables:
    """What an explanation needs of the result in a folder.

    Raises:
        InvalidCase: with everything that is wrong with it.
    """
    problems = Problems()
    files = CaseFiles(folder, problems, RESULT_FOLDER)
    if not files.is_folder:
        raise InvalidCase(problems.in_order())
    opener = TableOpener(files, problems)
    summary = read_summary(files, problems)
    horizon = _horizon(summary, problems) if summary else None
    tables: dict[str, Rows] = {}
    starts: tuple[datetime, ...] = ()
    for schema in NEEDED:
        opener.need(schema)
    for schema in (*NEEDED, *OPTIONAL):
        reader = opener.table(schema)
        if reader is None or horizon is None:
            continue
        tables[schema.name] = _rows(reader, schema, horizon)
        if schema.name == "exchange":
            starts = _starts(reader, tables[schema.name], horizon)
    if len(problems) or horizon is None:
        raise InvalidCase(problems.in_order())
    return ResultTables(summary=summary, starts=starts, step=horizon.step, tables=tables)


def _rows(reader: TableReader, schema: Schema, horizon: Horizon) -> Rows:
    """The columns of a table; what it does not have is unknown."""
    columns: dict[str, Any] = {}
    for column in schema.columns:
        if column.kind is Kind.TIME:
            columns["period"] = reader.period(column.name, horizon)
        elif column.kind is Kind.ID:
            names = reader.names(column.name)
            columns[column.name] = np.array([*names.distinct, ""], dtype=object)[names.of_row]
        else:
            columns[column.name] = reader.number(column.name)
    return columns


def _starts(reader: TableReader, rows: Rows, horizon: Horizon) -> tuple[datetime, ...]:
    """The start of each period in the offset that the table writes it with."""
    row_of = np.full(horizon.periods, -1, dtype=np.int64)
    period = rows["period"]
    row_of[period[period >= 0]] = np.flatnonzero(period >= 0)
    if np.any(row_of < 0):
        reader.refuse_table("does not have a row for each period", AS_WRITTEN)
        return ()
    return tuple(_local(reader.table.text("time", row)) for row in row_of.tolist())


def _local(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _horizon(summary: dict[str, Any], problems: Problems) -> Horizon | None:
    """The periods that a summary says; `None` where it does not, with what else is wrong with it."""
    before = len(problems)
    for key in (*_PERIODS, *_TEXTS, *_LISTS):
        if key not in summary:
            problems.add(
                Problem(file=SUMMARY_FILE, field=key, what="is not among the keys", remedy=CLEAR_AGAIN)
            )
        elif key in _TEXTS and not isinstance(summary[key], str):
            problems.add(_wrong(key, summary[key], "is not text"))
        elif key in _LISTS and not isinstance(summary[key], list):
            problems.add(_wrong(key, summary[key], "is not a list"))
    if len(problems) > before:
        return None
    try:
        return Horizon(timezone="UTC", **{key: summary[key] for key in _PERIODS})
    except InvalidCase as error:
        problems.extend(replace(problem, file=SUMMARY_FILE) for problem in error.problems)
        return None


def _wrong(key: str, value: object, what: str) -> Problem:
    return Problem(file=SUMMARY_FILE, field=key, value=shown(value), what=what, remedy=CLEAR_AGAIN)
