"""`gridpact gate user`, `key` and `mandate`: who may do what."""

from typing import Annotated

import typer

from gridpact.cli.gate.gate_folder import GateFolder
from gridpact.cli.terminal.output import say

user = typer.Typer(help="Users of a gate.", no_args_is_help=True)
key = typer.Typer(help="Keys of users.", no_args_is_help=True)
mandate = typer.Typer(help="Rights of users to act for participants.", no_args_is_help=True)
User = Annotated[str, typer.Argument(metavar="USER", help="Name of a user.")]
Key = Annotated[str, typer.Argument(metavar="KEY", help="Name of a key.")]
Market = Annotated[str, typer.Argument(metavar="MARKET", help="Name of a market.")]
Participant = Annotated[str, typer.Argument(metavar="PARTICIPANT", help="Name of a participant.")]


@user.command("put")
def put_user(
    folder: GateFolder,
    name: User,
    said: Annotated[
        str, typer.Option("--name", help="Of the person or company; the user's without it.")
    ] = "",
    role: Annotated[list[str] | None, typer.Option(help="operator, auditor or retailer; repeatable.")] = None,
    retailer: Annotated[str, typer.Option(help="The retailer that it reads as.")] = "",
) -> None:
    """Make or replace a user."""
    from gridpact.gate.access import user_commands
    from gridpact.gate.running.shell import SHELL, at_the_shell

    document = {"name": said or name, "roles": role or [], **({"retailer": retailer} if retailer else {})}
    status, _ = at_the_shell(
        folder,
        lambda transaction, now: user_commands.put_user(
            transaction, name, document, actor=SHELL, received_at=now
        ),
    )
    say(f"user {name} {'made' if status == 201 else 'replaced'}")


@user.command("invite")
def invite_user(folder: GateFolder, name: User) -> None:
    """Invite a user to set its password, and show the link this once; earlier links end."""
    from gridpact.gate.people.invitations import HOURS, invite
    from gridpact.gate.running.shell import SHELL, at_the_shell
    from gridpact.gate.store.gate_settings import read_gate_settings

    made = at_the_shell(
        folder, lambda transaction, now: invite(transaction, name, actor=SHELL, received_at=now)
    )
    say(f"{read_gate_settings(folder).public_url.rstrip('/')}{made['path']}")
    say(f"  for {name} alone, once, within {HOURS} hours")


@user.command("erase")
def erase_user(folder: GateFolder, name: User) -> None:
    """Erase a user's name, password, logins, keys and mandates."""
    from gridpact.gate.access import user_commands
    from gridpact.gate.running.shell import SHELL, at_the_shell

    at_the_shell(
        folder,
        lambda transaction, now: user_commands.erase_user(transaction, name, actor=SHELL, received_at=now),
    )
    say(f"user {name} erased")


@key.command("make")
def make_key(
    folder: GateFolder,
    name: User,
    key_name: Key,
    expires: Annotated[str, typer.Option(metavar="TIME", help="When it ends, with an offset.")] = "",
    participant: Annotated[list[str] | None, typer.Option(help="That it is narrowed to; repeatable.")] = None,
    right: Annotated[
        list[str] | None, typer.Option(help="read or trade, that it is narrowed to; repeatable.")
    ] = None,
) -> None:
    """Make a key, and show its secret this once."""
    from gridpact.gate.access import user_commands
    from gridpact.gate.running.shell import SHELL, at_the_shell

    said = {"expires": expires, "participants": participant, "rights": right}
    document = {"key": key_name, **{member: value for member, value in said.items() if value}}
    _, made = at_the_shell(
        folder,
        lambda transaction, now: user_commands.make_key(
            transaction, name, document, by=None, actor=SHELL, received_at=now
        ),
    )
    say(str(made.get("secret", f"key {key_name} was made before, and its secret is shown once only")))


@key.command("revoke")
def revoke_key(folder: GateFolder, name: User, key_name: Key) -> None:
    """Revoke a key, from the next request on."""
    from gridpact.gate.access import user_commands
    from gridpact.gate.running.shell import SHELL, at_the_shell

    at_the_shell(
        folder,
        lambda transaction, now: user_commands.revoke_key(
            transaction, name, key_name, actor=SHELL, received_at=now
        ),
    )
    say(f"key {key_name} of {name} revoked")


@mandate.command("put")
def put_mandate(
    folder: GateFolder,
    market: Market,
    name: User,
    participant: Participant,
    right: Annotated[
        list[str] | None, typer.Option(help="read or trade; repeatable; both without it.")
    ] = None,
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="When it begins, with an offset.")
    ] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="When it ends, with an offset.")] = "",
) -> None:
    """Give a user rights for a participant."""
    from gridpact.gate.access import user_commands
    from gridpact.gate.running.shell import SHELL, at_the_shell

    rights = right or ["read", "trade"]
    said = {"from": since, "until": until}
    document = {"rights": rights, **{member: value for member, value in said.items() if value}}
    at_the_shell(
        folder,
        lambda transaction, now: user_commands.put_mandate(
            transaction, market, name, participant, document, actor=SHELL, received_at=now
        ),
    )
    say(f"{name} has {', '.join(rights)} for {participant} in {market}")


@mandate.command("end")
def end_mandate(folder: GateFolder, market: Market, name: User, participant: Participant) -> None:
    """End a mandate."""
    from gridpact.gate.access import user_commands
    from gridpact.gate.running.shell import SHELL, at_the_shell

    at_the_shell(
        folder,
        lambda transaction, now: user_commands.end_mandate(
            transaction, market, name, participant, actor=SHELL, received_at=now
        ),
    )
    say(f"the mandate of {name} for {participant} in {market} has ended")
