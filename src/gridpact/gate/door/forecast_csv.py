"""Forecasts in CSV, as profiles.csv of a case."""

from collections.abc import Mapping
from typing import Any

from gridpact.case.folder.part_tables import read_profiles
from gridpact.case.horizon import Horizon
from gridpact.case.schema import PROFILES
from gridpact.gate.market.csv_tables import csv_reader, line_problems
from gridpact.gate.market.json_tables import new_problems
from gridpact.gate.words.refused import invalid


def forecasts_from_csv(
    content: bytes, horizon: Horizon, index: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The forecasts in the bytes of profiles.csv, in the form in which JSON has them; missing rows are zero.

    Args:
        content: of the table.
        horizon: T periods that it is of.
        index: of every participant that there is; without it all that the table names are taken.

    Raises:
        Refused: 422; a pointer is a line and its column.
    """
    found = new_problems()
    reader = csv_reader(content, PROFILES, found)
    if reader is None:
        raise invalid(line_problems(found))
    named = dict.fromkeys(name for name in reader.names("participant").texts() if name)
    places = {name: place for place, name in enumerate(named)} if index is None else index
    profiles, _ = read_profiles(reader, horizon, places, "the market's participants")
    if len(found):
        raise invalid(line_problems(found))
    return {
        "forecasts": {
            participant: {
                "load_kw": profiles.load_kw[:, places[participant]].tolist(),
                "generation_kw": profiles.generation_kw[:, places[participant]].tolist(),
            }
            for participant in named
        }
    }
