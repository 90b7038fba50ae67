"""`gridpact export uftp`: the schedule of a result as D-Prognoses of an aggregator."""

from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.exports.options import Created, ResultFolder, Revision, StandardsFile, creation_time
from gridpact.cli.options import Json, OutFolder, Quiet
from gridpact.cli.terminal.output import json_text, say


def uftp(
    result: ResultFolder,
    standards: StandardsFile,
    out: OutFolder,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Also sign them: private key in base64.")
    ] = None,
    revision: Revision = 1,
    created: Created = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the schedule of a result as D-Prognoses (UFTP), one for each congestion point and day."""
    from gridpact.bridges.uftp.export_uftp import UFTP_RESULT, export_uftp, write_uftp
    from gridpact.progress import progress
    from gridpact.results.output_folder import check_output_folder

    inputs: dict[str, Path | None] = {"the result": result}
    check_output_folder(out, UFTP_RESULT, inputs=inputs)
    with progress(f"reading {result}", quiet=quiet):
        made = export_uftp(result, standards, revision=revision, created=creation_time(created), key=key)
    with progress(f"writing {out}", quiet=quiet):
        write_uftp(made, out, inputs)
    if as_json:
        say(json_text({"folder": str(out), "messages": made.facts, "others": list(made.others)}))
        return
    signed = ", signed" if made.signed else ""
    say(f"{out}: {len(made.messages):,} D-Prognoses of {made.schedule.name} ({made.schedule.status}){signed}")
    for facts in made.facts:
        say(f"  {facts['day']} {facts['congestion_point']}: {facts['energy_kwh']:,.3f} kWh taken")
    if made.others:
        say(f"  {len(made.others):,} participants are behind none of the congestion points")
