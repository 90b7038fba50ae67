"""The record in a case's result: what it was made of, its files, and its row in the table of the fleet."""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from gridpact.errors import InvalidUsage
from gridpact.fleet.rows.fleet_tables import ALL_COLUMNS, BY_HOUR, COLUMNS, ENERGIES, Row, has_phases
from gridpact.fleet.workspace.fleet_files import RECORD_FILE
from gridpact.results.output_folder import CLEARANCE, REPORT_FILE, ResultKind, check_output_folder

FLEET_CLEARANCE = ResultKind(
    words="a clearance of a fleet",
    names=CLEARANCE.names | {RECORD_FILE},
    is_one=lambda folder: (folder / RECORD_FILE).is_file() and CLEARANCE.is_one(folder),
)


def write_record(folder: Path, row: Row, settings: Row, run: str) -> None:
    """Writes the record of a result whose other files are there already.

    Args:
        folder: of the result.
        row: of the case, in the table of its fleet.
        settings: what the fleet asked for instead of what the case says.
        run: the token of the run that made it.
    """
    record = {
        "run": run,
        "settings": settings,
        "files": _sizes(folder),
        "row": row,
        "row_sha256": _digest(row),
    }
    text = json.dumps(record, ensure_ascii=False) + "\n"
    (folder / RECORD_FILE).write_text(text, encoding="utf-8", newline="\n")


def finished(
    folder: Path, path: str, inputs_sha256: Callable[[], str], settings: Row, version: str
) -> tuple[Row, str] | None:
    """The row of a result that is complete and of these inputs and settings, and the run that made it.

    Args:
        folder: of the result.
        path: of the case, as its row has it.
        inputs_sha256: gives the digest of the inputs; it is asked only where all else fits.
        settings: what the fleet asks for instead of what the case says.
        version: of gridpact.
    """
    with suppress(OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        record: dict[str, Any] = json.loads((folder / RECORD_FILE).read_bytes())
        row: Row = record["row"]
        is_same = row["version"] == version and record["settings"] == settings and row["path"] == path
        is_same &= (
            record["row_sha256"] == _digest(row)
            and (ALL_COLUMNS if has_phases(row) else COLUMNS).keys() <= row.keys()
            and row[BY_HOUR].keys() >= {*ENERGIES}
        )
        if is_same and record["files"] == _sizes(folder) and row["inputs_sha256"] == inputs_sha256():
            return row, str(record["run"])
    return None


def delete_result(folder: Path) -> None:
    """Deletes the result of a case that no longer stands for its inputs; nothing that no fleet wrote."""
    with suppress(InvalidUsage, OSError):
        if FLEET_CLEARANCE.is_one(check_output_folder(folder, FLEET_CLEARANCE)):
            shutil.rmtree(folder)


def other_results(out: Path, paths: Iterable[str]) -> list[str]:
    """The paths of the results in a folder that are of none of these cases, in order."""
    known, found = set(paths), []
    for folder, inner, files in os.walk(out):
        below = Path(folder).relative_to(out)
        if RECORD_FILE in files:
            found.append(below.as_posix())
            inner.clear()
        inner[:] = [
            name for name in inner if not name.startswith(".") and (below / name).as_posix() not in known
        ]
    return sorted(found)


def _digest(row: Row) -> str:
    """Tells whether a row is as it was written."""
    return sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()


def _sizes(folder: Path) -> dict[str, int]:
    """The size of each file of a result but of its record, and of its report, which is made later."""
    entries = {entry.name: entry.stat().st_size for entry in os.scandir(folder)}
    return {name: entries[name] for name in sorted(entries) if name not in (RECORD_FILE, REPORT_FILE)}
