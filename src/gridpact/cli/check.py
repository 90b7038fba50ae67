"""`gridpact check`: every problem of a case, and of what it holds for settlement."""

from typing import Any

import typer

from gridpact.cli.options import CaseFolder, Json, Quiet
from gridpact.cli.terminal.failure import EXIT_INVALID, told
from gridpact.cli.terminal.output import json_text, say
from gridpact.errors import InvalidCase


def check(case_folder: CaseFolder, as_json: Json = False, quiet: Quiet = False) -> None:
    """Read a case, with its meters, sharing and tariffs, and list every problem."""
    from gridpact.progress import progress
    from gridpact.settlement.reading.folder import read_everything

    try:
        with progress(f"reading {case_folder}", quiet=quiet):
            case, settlement = read_everything(case_folder)
    except InvalidCase as error:  # The list is what was asked for, and so it goes to stdout.
        say(json_text(told(error)) if as_json else f"{case_folder}: {error}")
        raise typer.Exit(EXIT_INVALID) from None
    facts: dict[str, Any] = {
        "name": case.name,
        "network": case.network.name or "none",
        "periods": case.horizon.periods,
        "resolution": case.horizon.resolution,
        "participants": len(case.participants),
        "trades": len(case.trades),
        "orders": len(case.orders),
        "settlement": list(settlement.names),
        "warnings": [*case.warnings, *settlement.opener.warnings],
    }
    if as_json:
        say(json_text(facts))
        return
    say(f"{case_folder}: no problems")
    for name, value in facts.items():
        if not isinstance(value, list):
            say(f"  {name:<13}{value}")
    if settlement.names:
        say(f"  {'settlement':<13}{', '.join(settlement.names)}")
    for warning in facts["warnings"]:
        say(f"  {'warning':<13}{warning}")
