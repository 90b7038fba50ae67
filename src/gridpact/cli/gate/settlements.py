"""`gridpact gate settlement`: settlements of a gate."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.gate.gate_folder import GateFolder
from gridpact.cli.terminal.output import say
from gridpact.errors import InvalidUsage

settlement = typer.Typer(help="Settlements of a gate.", no_args_is_help=True)
TAKEN_ON = 202
Settlement = Annotated[str, typer.Argument(metavar="SETTLEMENT", help="Name of a settlement.")]


@settlement.command("make")
def make_settlement(
    folder: GateFolder,
    market: Annotated[str, typer.Argument(metavar="MARKET", help="Name of a market.")],
    name: Settlement,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="First moment, with an offset.")],
    until: Annotated[str, typer.Option(metavar="TIME", help="The moment after the last one.")],
    corrects: Annotated[str, typer.Option(metavar="SETTLEMENT", help="That it corrects.")] = "",
) -> None:
    """Have the cleared sessions of a span settled; a clearing process does it."""
    from gridpact.gate.running.shell import SHELL, at_the_shell
    from gridpact.gate.settlement.settlement_commands import take_settlement

    document = {"settlement": name, "from": start, "until": until, "corrects": corrects or None}
    status, made = at_the_shell(
        folder,
        lambda transaction, now: take_settlement(transaction, market, document, actor=SHELL, received_at=now),
    )
    count = len(made["sessions"])
    said = f"is taken on, of {count} sessions" if status == TAKEN_ON else "was taken on before"
    say(f"settlement {name} {said}")


@settlement.command("show")
def show_settlement(folder: GateFolder, name: Settlement) -> None:
    """Show a settlement, its state and its bills, or why it could not be made."""
    from gridpact.gate.settlement.settlement_state import settlement_state
    from gridpact.gate.store.gate_home import open_gate
    from gridpact.gate.views.settlement_views import settlement_view

    with open_gate(folder).database.reading() as connection:
        state = settlement_state(connection, name)
        if state is None:
            raise InvalidUsage(f"there is no settlement '{name}'", "give the name of one")
        view = settlement_view(connection, state, None, for_operator=True)
    say(json.dumps(view, indent=2, ensure_ascii=False))


@settlement.command("export")
def export(
    folder: GateFolder,
    name: Settlement,
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help="A new folder.")],
) -> None:
    """Write a settlement as folders: case, clearances, what it corrects, result."""
    from gridpact.gate.settlement.export_settlement import export_settlement, settle_words
    from gridpact.gate.store.gate_home import open_gate

    with open_gate(folder).database.reading() as connection:
        names = export_settlement(connection, name, out)
    say(f"settlement {name}\n  result    {out}: {', '.join(names)}\n  again     {settle_words(out, names)}")
