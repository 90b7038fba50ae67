"""The loads of an OpenDSS folder as the table of participants that a case begins with."""

import csv
import io
from typing import Any

from gridpact.errors import InvalidUsage
from gridpact.grid.library_errors import problems_of_libraries
from gridpact.grid.network_file import read_network_file
from gridpact.grid.opendss.from_opendss import read_opendss
from gridpact.grid.source import NetworkSource
from gridpact.spreadsheet_text import cell_texts

COLUMNS = (
    "participant",
    "bus",
    "phases",
    "demand",
    "surplus",
    "load_power_factor",
    "generation_power_factor",
)
DEMAND, SURPLUS, GENERATION_POWER_FACTOR = "firm", "curtail", 1.0


def participants_template(source: NetworkSource) -> list[dict[str, Any]]:
    """A participant for each load of an OpenDSS folder, by the columns of `participants.csv`.

    Raises:
        InvalidUsage: the network comes from elsewhere.
        InvalidCase: the folder cannot be used.
    """
    if not source.is_opendss:
        what = f"'{source.name}' is no OpenDSS folder, whose loads could be participants"
        raise InvalidUsage(what, "give the master file of one, which ends in .dss")
    with problems_of_libraries(source):
        file = read_network_file(source)
        found = () if file.script is None else read_opendss(file.script, source).connections
    return [
        {
            "participant": each.name,
            "bus": each.bus,
            "phases": each.phases,
            "demand": DEMAND,
            "surplus": SURPLUS,
            "load_power_factor": each.power_factor,
            "generation_power_factor": GENERATION_POWER_FACTOR,
        }
        for each in found
    ]


def template_csv(rows: list[dict[str, Any]]) -> str:
    """The participants as CSV, with the columns in the first line."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(cell_texts(str(row[name]) for name in COLUMNS))
    return sink.getvalue().rstrip("\n")
