"""`gridpact import openadr`: what the resources of an OpenADR 3 server reported."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.exports.options import StandardsFile
from gridpact.cli.options import Json, Quiet, choice
from gridpact.cli.terminal.output import json_text, say


class What(StrEnum):
    """What is taken of reports."""

    USAGE = "usage"
    FORECAST = "forecast"


def openadr(
    standards: StandardsFile,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="Where to: meters.csv, or profiles.csv of a forecast."),
    ],
    what: Annotated[str, typer.Option("--what", help="usage (meters) or forecast (profiles).")] = "usage",
    case_folder: Annotated[
        Path | None, typer.Option("--case", metavar="CASE", help="The case, whose participants count.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn reports of an OpenADR 3 server (VTN) into readings, or into a forecast."""
    from gridpact.bridges.openadr.import_reports import import_reports
    from gridpact.bridges.openadr.reported_energy import Reported
    from gridpact.bridges.single_table import check_table_file, write_table_file
    from gridpact.case.schema import PROFILES
    from gridpact.imports.meters_file import check_meters_file, write_meters
    from gridpact.progress import progress

    is_usage = choice(What, "--what", what) is What.USAGE
    if is_usage:
        table_format = check_meters_file(out, [standards])
    else:
        table_format = check_table_file(out, PROFILES, (standards,))
    kind = Reported.USAGE if is_usage else Reported.FORECAST
    with progress("reading reports", quiet=quiet):
        imported = import_reports(standards, kind, case_folder)
    with progress(f"writing {out}", quiet=quiet):
        if is_usage:
            write_meters(imported.readings(), out, table_format)
        else:
            write_table_file(imported.profiles(), out, PROFILES, table_format)
    facts = {
        "file": str(out),
        "readings": len(imported.period),
        "participants": len(imported.participants),
        "import_kwh": round(float(imported.import_kwh.sum()), 6),
        "export_kwh": round(float(imported.export_kwh.sum()), 6),
        "estimated": int(imported.estimated.sum()),
        "notices": list(imported.notices),
    }
    if as_json:
        say(json_text(facts))
        return
    say(f"{out}: {facts['readings']:,} readings of {facts['participants']:,} participants")
    say(f"  import {facts['import_kwh']:,.3f} kWh, export {facts['export_kwh']:,.3f} kWh")
    for notice in imported.notices:
        say(f"  {notice}")
