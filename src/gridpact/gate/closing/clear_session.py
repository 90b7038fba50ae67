"""The clearing of a sealed session, by the pipeline of every case."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridpact.case import Case, read_case, with_commitments
from gridpact.clearing.solver.budget import EndedBy
from gridpact.pipeline import clear
from gridpact.results.clearance_writer import write_clearance

FIRM = ("cleared", "baseline_unsafe")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearedSession:
    """What became of a session.

    Attributes:
        files: of the result folder, by their names.
        summary: of the result.
        problems: why it cannot be published, nothing where it can.
    """

    files: dict[str, bytes]
    summary: dict[str, Any]
    problems: tuple[str, ...]


def sealed_case_of(folder: Path, commitments: Path | None) -> Case:
    """The case of a session that was written into a folder.

    Raises:
        InvalidCase: it is none, which the door should have prevented.
    """
    case = read_case(folder / "case")
    return case if commitments is None else with_commitments(case, commitments)


def clear_session(case: Case, folder: Path) -> ClearedSession:
    """Clears the case of a session into `folder/result`."""
    clearance = clear(case)
    target = write_clearance(clearance, folder / "result")
    files = {path.name: path.read_bytes() for path in sorted(target.iterdir())}
    summary = json.loads(files["summary.json"])
    problems = []
    if summary["status"] not in FIRM:
        problems.append(f"the result has the status '{summary['status']}', which cannot be firm")
        problems += summary["notices"]  # among them, in which periods the network carries not even its loads
    if clearance.ended_by in (EndedBy.TIME, EndedBy.CANCEL):
        problems.append("the guard on time ended the clearing: another run could clear otherwise")
    return ClearedSession(files=files, summary=summary, problems=tuple(problems))
