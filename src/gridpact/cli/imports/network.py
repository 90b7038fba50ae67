"""`gridpact import network`: tables of buses, lines and transformers as a network file."""

from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.options import Json, Quiet
from gridpact.cli.terminal.output import json_text, say


def network(
    tables: Annotated[
        Path,
        typer.Argument(metavar="FOLDER|FILE", help="A folder of CSV files, or a workbook (.xlsx)."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to: network.json.")],
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn plain tables of buses, lines and transformers into a network file."""
    from gridpact.grid.listing import listed
    from gridpact.imports.network.import_network import import_network
    from gridpact.progress import progress

    with progress(f"reading {tables}", quiet=quiet):
        imported = import_network(tables, out)
    facts = {**imported.facts, "notices": [*imported.facts["notices"], *imported.notices]}
    if as_json:
        say(json_text({**facts, "sources": list(imported.sources), "file": str(out)}))
        return
    say(f"{out}: made of {', '.join(imported.sources)}")
    say(listed(facts).partition("\n")[2])
