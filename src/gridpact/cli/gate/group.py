"""`gridpact gate`: what operators do at the shell."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.gate.gate_folder import GateFolder
from gridpact.cli.gate.people import key, mandate, user
from gridpact.cli.gate.sessions import session as session_group
from gridpact.cli.gate.settlements import settlement as settlement_group
from gridpact.cli.options import CaseFolder, Json
from gridpact.cli.terminal.failure import EXIT_FAILED
from gridpact.cli.terminal.output import json_text, say
from gridpact.errors import InvalidUsage

gate = typer.Typer(help="The open gate: make, export and verify one.", no_args_is_help=True)
_GROUPS = {
    "user": user,
    "key": key,
    "mandate": mandate,
    "session": session_group,
    "settlement": settlement_group,
}
for _name, _group in _GROUPS.items():
    gate.add_typer(_group, name=_name)


@gate.command()
def init(
    folder: GateFolder,
    database: Annotated[
        str, typer.Option(metavar="URL", help="sqlite:///… or postgresql://…; a file in DIR without it.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a new gate, and show its operator's key this once."""
    from gridpact.gate.running.new_gate import new_gate

    made = new_gate(folder, database)
    if as_json:
        facts = {"gate": made.gate, "database": made.database, "operator_key": made.operator_key}
        say(json_text(facts))
        return
    say(f"gate {made.gate}\n  database      {made.database}\n  operator key  {made.operator_key}")


@gate.command()
def migrate(folder: GateFolder) -> None:
    """Bring the tables of a gate to this version."""
    from gridpact.gate.store.gate_home import open_gate
    from gridpact.gate.store.schema_version import migrate as bring_up

    bring_up(open_gate(folder).database)
    say("the tables are of this version")


@gate.command()
def rotate(folder: GateFolder) -> None:
    """Make a new key that the gate signs with; restart what serves it and what clears for it."""
    from gridpact.gate.running.new_signing_key import replace_signing_key

    say(f"the gate signs with {replace_signing_key(folder)}, once all of its processes are started again")


@gate.command()
def work(folder: GateFolder) -> None:
    """Clear sessions of a gate that is served elsewhere."""
    from gridpact.gate.running.worker_process import work as clear_sessions
    from gridpact.gate.store.gate_home import open_gate

    if open_gate(folder).database.is_sqlite:
        raise InvalidUsage("a gate on SQLite clears where it is served", "use gridpact serve, or PostgreSQL")
    clear_sessions(folder)


@gate.command("import")
def import_case(
    folder: GateFolder,
    case_folder: CaseFolder,
    market: Annotated[str, typer.Option(metavar="NAME", help="Of the market; that of the folder.")] = "",
) -> None:
    """Make a market of a case folder: its network, limits, rules and participants."""
    from gridpact.gate.running.import_market import import_market

    name = market or case_folder.resolve().name.lower()
    say(f"market {name}: {import_market(folder, case_folder, name)} participants")


@gate.command()
def export(
    folder: GateFolder,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="A sealed session.")],
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help="A new folder.")],
) -> None:
    """Write a sealed session as folders: case, commitments, result, seal."""
    from gridpact.gate.closing.export_session import export_session
    from gridpact.gate.store.gate_home import open_gate

    opened = open_gate(folder)
    with opened.database.reading() as connection:
        names = export_session(connection, session, out, opened.private)
    say(f"session {session}\n  result    {out}: {', '.join(names)}")


@gate.command()
def verify(
    folder: GateFolder,
    session: Annotated[str, typer.Option(metavar="SESSION", help="One session; all without it.")] = "",
    clear: Annotated[
        bool, typer.Option("--clear", help="Clear and settle everything again, byte by byte.")
    ] = False,
    receipt: Annotated[Path | None, typer.Option(metavar="FILE", help="A receipt that a user kept.")] = None,
) -> None:
    """Verify chain, signatures and seals; exit with 1 and every deviation where there are any."""
    from gridpact.gate.store.gate_home import open_gate
    from gridpact.gate.verification.verify_gate import deviations, need_sealed, receipt_deviations
    from gridpact.gate.verification.verify_settlements import settlement_deviations

    opened = open_gate(folder)
    kept = None if receipt is None else _receipt(receipt)
    with opened.database.reading() as connection:
        if session:
            need_sealed(connection, session)
        found = list(deviations(connection, opened.private, session=session or None, clears=clear))
        if not session:
            found += settlement_deviations(connection, settles=clear)
        if kept is not None:
            found += receipt_deviations(connection, kept)
    for line in found:
        say(line)
    if found:
        raise typer.Exit(EXIT_FAILED)
    say("nothing deviates")


def _receipt(file: Path) -> dict[str, object]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidUsage(f"{file} cannot be read: {error}", "give the JSON of a receipt") from None
    if not isinstance(kept, dict):
        raise InvalidUsage(f"{file} is no receipt", "give the JSON of a receipt")
    return kept
