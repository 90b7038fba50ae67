"""The program `gridpact`: its commands in the order of its help, and how it starts and ends."""

import io
import os
import sys
from typing import Annotated

import typer

from gridpact.cli.check import check
from gridpact.cli.clear import clear
from gridpact.cli.convert import convert
from gridpact.cli.demo import demo
from gridpact.cli.envelope import envelope
from gridpact.cli.exports.esmp import esmp
from gridpact.cli.exports.openadr import openadr as export_openadr
from gridpact.cli.exports.uftp import uftp as export_uftp
from gridpact.cli.fleet import fleet
from gridpact.cli.gate.group import gate
from gridpact.cli.gate.serve import serve
from gridpact.cli.headroom import headroom
from gridpact.cli.imports.meters import meters
from gridpact.cli.imports.network import network as network_tables
from gridpact.cli.imports.openadr import openadr as import_openadr
from gridpact.cli.imports.uftp import uftp as import_uftp
from gridpact.cli.init import init
from gridpact.cli.match import match
from gridpact.cli.network import network
from gridpact.cli.options import Invocation
from gridpact.cli.reproduce import reproduce
from gridpact.cli.results.compare import compare
from gridpact.cli.results.explain import explain
from gridpact.cli.settle import settle
from gridpact.cli.terminal.failure import EXIT_FAILED, EXIT_INVALID, fail
from gridpact.cli.terminal.output import keep_stdout, say
from gridpact.errors import GridpactError, InvalidCase, InvalidUsage

COMMANDS = (
    demo,
    init,
    check,
    convert,
    match,
    clear,
    headroom,
    envelope,
    compare,
    explain,
    settle,
    fleet,
    serve,
    network,
    reproduce,
)
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")

app = typer.Typer(
    help="Clears peer-to-peer electricity trades on low-voltage networks, proves and explains the result.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in COMMANDS:
    app.command()(command)
imports = typer.Typer(help="Turn what people have into what gridpact takes.", no_args_is_help=True)
for importing in (meters, network_tables):
    imports.command(importing.__name__)(importing)
imports.command("openadr")(import_openadr)
imports.command("uftp")(import_uftp)
app.add_typer(imports, name="import")
exports = typer.Typer(help="Turn results into what other systems take.", no_args_is_help=True)
exports.command("esmp")(esmp)
exports.command("openadr")(export_openadr)
exports.command("uftp")(export_uftp)
app.add_typer(exports, name="export")
app.add_typer(gate, name="gate")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from gridpact.version import __version__

        say(f"gridpact {__version__}")
        raise typer.Exit


def main() -> None:
    """Runs the command line, and turns what gridpact raises into an exit code and a message."""
    for variable in THREADS:  # The matrices are small: more threads only wait for each other.
        os.environ.setdefault(variable, "1")
    keep_stdout()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # A terminal may not know every letter of a name.
            stream.reconfigure(errors="backslashreplace")
    invocation = Invocation()
    try:
        app(obj=invocation)
    except (InvalidCase, InvalidUsage) as error:
        fail(error, EXIT_INVALID, as_json=invocation.as_json)
    except (GridpactError, OSError) as error:
        fail(error, EXIT_FAILED, as_json=invocation.as_json)
