"""The folder of a gate: its settings, its key, its database."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from gridpact.errors import InvalidUsage
from gridpact.gate.store.database import Database
from gridpact.gate.store.gate_clock import GateClock
from gridpact.gate.store.gate_settings import GateSettings, read_gate_settings
from gridpact.gate.store.gate_tables import GATE, GATE_KEY

KEY_FILE, DATABASE_FILE, OPERATOR_KEY_FILE = "gate.key", "gate.db", "operator.key"
_KEY_REMEDY = "give the folder of a gate, or make one by gridpact gate init DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A gate that is open for work.

    Attributes:
        folder: of its settings and its key.
        settings: what gate.toml says.
        database: that all else is in.
        private: the key that it signs with, as a JWK.
        clock: the gate's time.
    """

    folder: Path
    settings: GateSettings
    database: Database
    private: Mapping[str, Any]
    clock: GateClock

    @property
    def url(self) -> str:
        """Where its database is."""
        return database_url(self.folder, self.settings)

    @property
    def drain_microseconds(self) -> int:
        """After its closure, when a session is sealed; as much again is kept for doing it."""
        return int(self.settings.drain_seconds * 1_000_000 / 2)

    @property
    def name(self) -> str:
        """Name of the gate, which signatures of users are for."""
        with self.database.reading() as connection:
            return str(connection.execute(select(GATE.c.gate)).scalar_one())

    def public_keys(self) -> list[dict[str, Any]]:
        """All keys that the gate has signed with, as public JWKs."""
        with self.database.reading() as connection:
            return public_keys(connection)


def public_keys(connection: Connection) -> list[dict[str, Any]]:
    """All keys that the gate has signed with, as public JWKs, the first one first."""
    return [
        json.loads(text)
        for text in connection.execute(select(GATE_KEY.c.jwk).order_by(GATE_KEY.c.since)).scalars()
    ]


def is_gate(folder: Path) -> bool:
    """Whether a folder is that of a gate."""
    return (folder / KEY_FILE).exists()


def database_url(folder: Path, settings: GateSettings) -> str:
    """The database that the settings of a gate name, or its own file."""
    return settings.database or f"sqlite:///{(folder / DATABASE_FILE).absolute()}"


def open_gate(folder: Path) -> Gate:
    """The gate of a folder.

    Raises:
        InvalidUsage: it is none, or its database cannot be reached.
    """
    try:
        private = json.loads((folder / KEY_FILE).read_text())
    except (OSError, ValueError):
        raise InvalidUsage(f"{folder} is not the folder of a gate", _KEY_REMEDY) from None
    settings = read_gate_settings(folder)
    database = Database(database_url(folder, settings))
    clock = GateClock(database)
    try:
        with database.reading():
            pass
        clock.measure()
    except SQLAlchemyError:
        raise InvalidUsage("the database of the gate cannot be reached", "see whether it runs") from None
    return Gate(folder=folder, settings=settings, database=database, private=private, clock=clock)


def write_secret(path: Path, text: str) -> None:
    """Writes a new file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
