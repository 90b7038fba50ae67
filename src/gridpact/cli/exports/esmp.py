"""`gridpact export esmp`: the schedule of a result as a document of IEC 62325-451-2."""

from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.exports.options import Created, ResultFolder, Revision, StandardsFile, creation_time
from gridpact.cli.options import Json, Quiet
from gridpact.cli.terminal.output import json_text, say


def esmp(
    result: ResultFolder,
    standards: StandardsFile,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to: schedule.xml.")],
    revision: Revision = 1,
    created: Created = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the schedule of a result as a Schedule_MarketDocument (ESMP, IEC 62325-451-2)."""
    from gridpact.bridges.esmp.export_esmp import check_esmp_file, export_esmp
    from gridpact.bridges.esmp.schedule_document import Issue
    from gridpact.bridges.xml_file import write_xml
    from gridpact.progress import progress

    issue = Issue(revision=revision, created=creation_time(created))
    check_esmp_file(out, (result, standards))
    with progress(f"reading {result}", quiet=quiet):
        made = export_esmp(result, standards, issue)
    with progress(f"writing {out}", quiet=quiet):
        write_xml(made.document, out)
    facts = made.facts
    if as_json:
        say(json_text({**facts, "file": str(out)}))
        return
    say(f"{out}: the schedule of {facts['schedule']} ({facts['status']}), revision {revision}")
    say(f"  {facts['participants']:,} metering points, {facts['periods']:,} periods, in {facts['unit']}")
    say(f"  production {facts['production_kwh']:,.3f} kWh, consumption {facts['consumption_kwh']:,.3f} kWh")
