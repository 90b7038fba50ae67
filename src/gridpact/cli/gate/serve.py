"""`gridpact serve`: the gate, its server and its clearing workers, by one command."""

from typing import Annotated

import typer

from gridpact.cli.gate.gate_folder import GateFolder


def serve(
    folder: GateFolder,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(metavar="N", help="Serving processes.", min=1)] = 1,
    clearing_workers: Annotated[int, typer.Option(metavar="N", help="Clearing processes.", min=0)] = 1,
) -> None:
    """Serve a gate, made where DIR is empty: take submissions, seal, clear, publish."""
    from gridpact.gate.running.gate_server import serve_gate

    serve_gate(folder, host=host, port=port, workers=workers, clearing_workers=clearing_workers)
