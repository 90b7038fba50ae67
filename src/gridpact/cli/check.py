"""`gridpact check`: every problem of a case."""

import typer

from gridpact.cli.failure import EXIT_INVALID, told
from gridpact.cli.options import CaseFolder, Json, Quiet
from gridpact.cli.output import json_text, say
from gridpact.errors import InvalidCase


def check(case_folder: CaseFolder, as_json: Json = False, quiet: Quiet = False) -> None:
    """Read a case and list every problem in it."""
    from gridpact.case import read_case
    from gridpact.progress import progress

    try:
        with progress(f"reading {case_folder}", quiet=quiet):
            case = read_case(case_folder)
    except InvalidCase as error:  # The list is what was asked for, and so it goes to stdout.
        say(json_text(told(error)) if as_json else f"{case_folder}: {error}")
        raise typer.Exit(EXIT_INVALID) from None
    facts = {
        "name": case.name,
        "network": case.network.name,
        "periods": case.horizon.periods,
        "resolution": case.horizon.resolution,
        "participants": len(case.participants),
        "trades": len(case.trades),
        "orders": len(case.orders),
        "warnings": list(case.warnings),
    }
    if as_json:
        say(json_text(facts))
        return
    say(f"{case_folder}: no problems")
    for name, value in facts.items():
        if name != "warnings":
            say(f"  {name:<13}{value}")
    for warning in case.warnings:
        say(f"  {'warning':<13}{warning}")
