"""`gridpact gate session`: sessions of a gate."""

import json
from pathlib import Path
from typing import Annotated

import typer

from gridpact.cli.gate.gate_folder import GateFolder
from gridpact.cli.terminal.output import say
from gridpact.errors import InvalidUsage

session = typer.Typer(help="Sessions of a gate.", no_args_is_help=True)
MADE = 201
Session = Annotated[str, typer.Argument(metavar="SESSION", help="Name of a session.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the log.")]


@session.command("put")
def put_session(
    folder: GateFolder,
    market: Annotated[str, typer.Argument(metavar="MARKET", help="Name of a market.")],
    name: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The session as JSON, as the API takes it.")],
    reason: Annotated[str, typer.Option(help="Why it is changed, where it is there already.")] = "",
) -> None:
    """Make a session, or change one."""
    from gridpact.gate.market.session_commands import put_session as put
    from gridpact.gate.market.session_states import session_state
    from gridpact.gate.running.shell import SHELL, at_the_shell
    from gridpact.gate.store.transaction import Transaction
    from gridpact.gate.words.json_bodies import read_json
    from gridpact.gate.words.refused import Refused

    try:
        document = read_json(file.read_bytes())
    except OSError as error:
        raise InvalidUsage(f"{file} cannot be read: {error.strerror}", "give a file") from None
    except Refused as refused:
        raise InvalidUsage(f"{file}: {refused.detail}", "write one JSON object") from None

    def work(transaction: Transaction, now: int) -> int:
        state = session_state(transaction.connection, name) if reason else None
        status, _ = put(
            transaction,
            market,
            name,
            document,
            actor=SHELL,
            received_at=now,
            if_match=None if state is None else str(state.row.version),
            reason=reason,
        )
        return status

    if at_the_shell(folder, work) == MADE:
        say(f"session {name} made")
    else:
        say(f"session {name} {'is as said' if reason else 'is there already'}")


@session.command("show")
def show_session(folder: GateFolder, name: Session) -> None:
    """Show a session and its state."""
    from gridpact.gate.market.session_states import session_state
    from gridpact.gate.store.gate_home import open_gate
    from gridpact.gate.views.session_views import session_view

    gate = open_gate(folder)
    with gate.database.reading() as connection:
        state = session_state(connection, name)
        if state is None:
            raise InvalidUsage(f"there is no session '{name}'", "give the name of one")
        say(json.dumps(session_view(connection, state, gate.clock(), for_operator=True), indent=2))


@session.command("cancel")
def cancel(folder: GateFolder, name: Session, reason: Reason) -> None:
    """Cancel a session that is not sealed yet."""
    from gridpact.gate.market.session_commands import cancel_session
    from gridpact.gate.market.session_states import session_state
    from gridpact.gate.running.shell import SHELL, at_the_shell
    from gridpact.gate.store.transaction import Transaction

    def work(transaction: Transaction, now: int) -> None:
        state = session_state(transaction.connection, name)
        version = None if state is None else str(state.row.version)
        cancel_session(transaction, name, actor=SHELL, received_at=now, if_match=version, reason=reason)

    at_the_shell(folder, work)
    say(f"session {name} cancelled")


@session.command("retry")
def retry_session(
    folder: GateFolder,
    name: Session,
    reason: Reason,
    exclude: Annotated[list[str] | None, typer.Option(metavar="SUBMISSION", help="Repeatable.")] = None,
) -> None:
    """Have a failed session cleared again."""
    from gridpact.gate.closing.clearing_jobs import retry
    from gridpact.gate.running.shell import SHELL, at_the_shell

    document = {"reason": reason, "exclude": exclude or []}
    at_the_shell(
        folder, lambda transaction, now: retry(transaction, name, document, actor=SHELL, received_at=now)
    )
    say(f"session {name} is cleared again")
