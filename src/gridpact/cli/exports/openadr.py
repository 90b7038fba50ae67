"""`gridpact export openadr`: operating envelopes onto an OpenADR 3 server."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.exports.options import StandardsFile
from gridpact.cli.options import Json, Quiet
from gridpact.cli.terminal.output import json_text, say


def openadr(
    envelopes: Annotated[Path, typer.Argument(metavar="ENVELOPES", help="A folder of `gridpact envelope`.")],
    standards: StandardsFile,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Put operating envelopes onto an OpenADR 3 server (VTN) as capacity limits, and read them back."""
    from gridpact.bridges.openadr.publish_envelopes import publish_envelopes
    from gridpact.progress import progress

    with progress(f"publishing {envelopes}", quiet=quiet):
        done = publish_envelopes(envelopes, standards)
    if as_json:
        say(json_text(asdict(done)))
        return
    say(f"programme {done.program}: {done.created + done.replaced + done.kept:,} events")
    say(f"  {done.created:,} made, {done.replaced:,} replaced, {done.kept:,} kept as they were")
    say("  every limit was read back as it was sent")
