"""`gridpact serve`: the gate, its server and its clearing workers, by one command."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Of the gate; made where it is empty.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(metavar="N", help="Serving processes.", min=1)] = 1,
    clearing_workers: Annotated[int, typer.Option(metavar="N", help="Clearing processes.", min=0)] = 1,
) -> None:
    """Serve a gate: take submissions, seal, clear, publish."""
    from gridpact.gate.extra import need_libraries

    need_libraries()
    from gridpact.gate.running.gate_server import serve_gate

    serve_gate(folder, host=host, port=port, workers=workers, clearing_workers=clearing_workers)
