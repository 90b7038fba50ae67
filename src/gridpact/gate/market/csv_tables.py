"""Tables that come as CSV, read by what reads those of a case."""

import tempfile
from pathlib import Path

from gridpact.case.folder.case_files import CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.reading.problems import Problems
from gridpact.case.reading.reader import TableReader
from gridpact.case.schema import Schema
from gridpact.gate.words.refused import FieldProblem


def csv_reader(content: bytes, schema: Schema, problems: Problems) -> TableReader | None:
    """A reader of the bytes of a table; `None` where it cannot be read, which is then a problem."""
    with tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        folder = Path(name)
        (folder / f"{schema.name}.csv").write_bytes(content)
        return TableOpener(CaseFiles(folder, problems), problems).table(schema)


def line_problems(problems: Problems) -> list[FieldProblem]:
    """What was found in a table; a pointer is a line and its column."""
    return [
        FieldProblem(
            pointer=f"/{problem.line}/{problem.field}".rstrip("/"),
            value=problem.value,
            what=problem.what.replace("participants.csv", "the market's participants"),
            remedy=problem.remedy.replace("participants.csv", "the market's participants"),
        )
        for one in problems.in_order()
        for problem in (one, *one.also)
    ]
