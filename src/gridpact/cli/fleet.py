"""`gridpact fleet`: every case below a folder, cleared."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.options import Json, OutFolder, Quiet, Strict, choice, plug_in
from gridpact.cli.terminal.failure import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NOT_CLEARED
from gridpact.cli.terminal.output import json_text, say
from gridpact.plug_ins import RULES


def fleet(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Every case folder below it is cleared.")],
    out: OutFolder,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only the cases that it lists, one path below DIR a line."),
    ] = None,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A Dask scheduler, as in tcp://host:8786.")
    ] = "",
    workers: Annotated[
        int | None, typer.Option(metavar="N", help="Processes; as many as cores without it.")
    ] = None,
    formulation: Annotated[str, typer.Option(help="For all cases: ac or dc.")] = "",
    allocation: Annotated[
        str,
        typer.Option(help="For all cases: max-volume, max-min, proportional, priority, or one of a package."),
    ] = "",
    reports: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Reports of the first cases of each list."),
    ] = 5,
    strict: Strict = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Clear every case below a folder, on all cores or a Dask cluster; start it again to go on."""
    try:
        from gridpact.case import Formulation
        from gridpact.fleet import run_fleet

        result = run_fleet(
            folder,
            out,
            manifest=manifest,
            scheduler=scheduler,
            workers=workers,
            formulation=choice(Formulation, "--formulation", formulation) if formulation else None,
            allocation=plug_in(RULES, "--allocation", allocation) if allocation else None,
            reports=reports,
            quiet=quiet,
        )
    except KeyboardInterrupt as stop:
        sys.stderr.write(f"gridpact: {str(stop) or 'interrupted'}\n")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        say(json_text(result.summary))
    else:
        say(result.words)
        say(f"  table     {result.rows}")
        say(f"  page      {result.page}")
    if result.failed:
        raise typer.Exit(EXIT_FAILED)
    if strict and result.unsafe:
        raise typer.Exit(EXIT_NOT_CLEARED)
