"""A new gate: its folder, its key, its database, its first operator."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from gridpact.errors import InvalidUsage
from gridpact.gate.access.user_commands import make_key, put_user
from gridpact.gate.access.visitor import OPERATOR
from gridpact.gate.closing.seal_session import SYSTEM
from gridpact.gate.log.jws import new_private_jwk, public_jwk
from gridpact.gate.store.gate_home import (
    DATABASE_FILE,
    KEY_FILE,
    open_gate,
    write_secret,
)
from gridpact.gate.store.gate_settings import SETTINGS_FILE
from gridpact.gate.store.gate_tables import GATE, GATE_KEY
from gridpact.gate.store.schema_version import migrate
from gridpact.gate.store.transaction import Transaction, carry_out
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.moments import system_clock

FIRST_USER, FIRST_KEY = "operator", "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGate:
    """What is told of a new gate, its operator's key this once."""

    gate: str
    database: str
    operator_key: str


def new_gate(folder: Path, database: str = "") -> NewGate:
    """Makes a gate in a folder.

    Args:
        folder: is made where it does not exist.
        database: `sqlite:///…` or `postgresql://…`; a file in the folder where it is not given.

    Raises:
        InvalidUsage: there is one already, or its database cannot be used.
    """
    if taken := [name for name in (KEY_FILE, SETTINGS_FILE, DATABASE_FILE) if (folder / name).exists()]:
        raise InvalidUsage(f"{folder} holds {taken[0]} already", "give a folder without a gate")
    folder.mkdir(parents=True, exist_ok=True)
    if database:
        (folder / SETTINGS_FILE).write_text(f"database = {compact_json(database)}\n", encoding="utf-8")
    private = new_private_jwk()
    write_secret(folder / KEY_FILE, compact_json(private))
    try:
        gate = open_gate(folder)
        migrate(gate.database)
        name = f"gate-{secrets.token_hex(8)}"
        secret = carry_out(
            gate.database, _first_entries(name, compact_json(public_jwk(private)), private["kid"])
        )
    except BaseException:
        for file in (KEY_FILE, SETTINGS_FILE):
            (folder / file).unlink(missing_ok=True)
        raise
    gate.database.close()
    return NewGate(gate=name, database=gate.url, operator_key=secret)


def _first_entries(name: str, jwk: str, kid: str) -> Callable[[Transaction], str]:
    """What a gate begins with: its name, its key, an operator."""

    def work(transaction: Transaction) -> str:
        if transaction.row(select(GATE)) is not None:
            raise InvalidUsage("the database holds a gate already", "give another database")
        now = system_clock()
        transaction.act(kind="gate", subject=name, actor=SYSTEM, received_at=now, body=name.encode())
        transaction.insert(GATE, gate=name, created_at=now)
        transaction.act(kind="gate-key", subject=kid, actor=SYSTEM, received_at=now, body=jwk.encode())
        transaction.insert(GATE_KEY, kid=kid, jwk=jwk, since=now)
        operator = {"name": "Operator", "roles": [OPERATOR]}
        put_user(transaction, FIRST_USER, operator, actor=SYSTEM, received_at=now)
        _, made = make_key(
            transaction, FIRST_USER, {"key": FIRST_KEY}, by=None, actor=SYSTEM, received_at=now
        )
        return str(made["secret"])

    return work
