"""`gridpact init`: a small case that runs, to be changed."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.options import Json, Quiet
from gridpact.cli.terminal.output import json_text, say


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a small case that runs: a street of five homes and a bakery, its network, trades and meters."""
    from gridpact.imports.starter.first_case import make_first_case
    from gridpact.progress import progress

    with progress(f"writing {folder}", quiet=quiet):
        made = make_first_case(folder)
    if as_json:
        say(json_text({"folder": str(folder), "files": list(made)}))
        return
    say(f"{folder}: a street of five homes and a bakery, on a day in June")
    say(f"  files     {', '.join(made)}")
    case, cleared, settled = (shlex.quote(f"{folder}{end}") for end in ("", "-cleared", "-settled"))
    say(f"  next      gridpact check {case}")
    say(f"            gridpact clear {case} --out {cleared}")
    say(f"            gridpact settle {case} --clearance {cleared} --out {settled}")
