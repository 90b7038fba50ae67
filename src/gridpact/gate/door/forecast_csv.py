"""Forecasts in CSV, as profiles.csv of a case."""

import tempfile
from pathlib import Path
from typing import Any

from gridpact.case.folder.case_files import CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.folder.part_tables import read_profiles
from gridpact.case.schema import PROFILES
from gridpact.gate.market.json_tables import new_problems
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.words.refused import FieldProblem, invalid


def forecasts_from_csv(content: bytes, frame: SessionFrame) -> dict[str, Any]:
    """The forecasts in the bytes of profiles.csv, in the form in which JSON has them; missing rows are zero.

    Raises:
        Refused: 422; a pointer is a line and its column.
    """
    found = new_problems()
    with tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        folder = Path(name)
        (folder / f"{PROFILES.name}.csv").write_bytes(content)
        reader = TableOpener(CaseFiles(folder, found), found).table(PROFILES)
    profiles = None
    if reader is not None:
        profiles, _ = read_profiles(reader, frame.horizon, frame.index, "the market's participants")
    if len(found) or reader is None or profiles is None:
        raise invalid(
            FieldProblem(
                pointer=f"/{problem.line}/{problem.field}".rstrip("/"),
                value=problem.value,
                what=problem.what,
                remedy=problem.remedy,
            )
            for problem in found.in_order()
        )
    named = dict.fromkeys(reader.names("participant").texts())
    return {
        "forecasts": {
            participant: {
                "load_kw": profiles.load_kw[:, frame.index[participant]].tolist(),
                "generation_kw": profiles.generation_kw[:, frame.index[participant]].tolist(),
            }
            for participant in named
        }
    }
