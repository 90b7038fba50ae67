"""Verification of settlements: whether they are what was asked for, published and signed."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from gridpact.errors import GridpactError
from gridpact.gate.settlement.settle_folder import settle_folder
from gridpact.gate.settlement.settlement_case import write_settlement_case
from gridpact.gate.settlement.settlement_state import settlement_state
from gridpact.gate.store.gate_home import public_keys
from gridpact.gate.store.gate_tables import (
    ACTION,
    LOG,
    SETTLED_FILE,
    SETTLEMENT,
    SETTLEMENT_PUBLICATION,
)
from gridpact.gate.verification.verify_submissions import Keys, signature_fault

TABLE_SUFFIX = ".csv"
Logged = Mapping[str, list[tuple[int, bytes]]]


def settlement_deviations(connection: Connection, *, settles: bool = False) -> Iterator[str]:
    """Everything in which settlements differ from what was logged and signed, as lines.

    Args:
        connection: to the gate's database.
        settles: whether each is made again, and its tables compared byte by byte.
    """
    keys: Keys = {str(key["kid"]): key for key in public_keys(connection)}
    asked, published = _logged(connection, "settlement"), _logged(connection, "settled")
    rows = connection.execute(select(SETTLEMENT).order_by(SETTLEMENT.c.sequence)).all()
    for row in rows:
        name = row.settlement
        if (row.sequence, row.document.encode()) not in asked.get(name, []):
            yield f"settlement {name}: what it is made of is not what was logged"
        try:
            yield from _publication(connection, name, published, keys)
            if settles:
                yield from _settled_again(connection, name)
        except Exception:  # what was changed can make anything fail
            yield f"settlement {name}: what was published of it cannot be read any more"
    for name in sorted((asked.keys() | published.keys()) - {row.settlement for row in rows}):
        yield f"settlement {name} is gone"


def _logged(connection: Connection, kind: str) -> dict[str, list[tuple[int, bytes]]]:
    """What was logged of settlements, by their names."""
    query = (
        select(LOG.c.sequence, ACTION.c.subject, ACTION.c.body)
        .join(ACTION, ACTION.c.sequence == LOG.c.sequence)
        .where(LOG.c.kind == kind)
    )
    found: dict[str, list[tuple[int, bytes]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.subject, []).append((row.sequence, bytes(row.body)))
    return found


def _publication(connection: Connection, name: str, published: Logged, keys: Keys) -> Iterator[str]:
    """Deviations of what was published."""
    table = SETTLEMENT_PUBLICATION
    row = connection.execute(select(table).where(table.c.settlement == name)).first()
    files = connection.execute(select(SETTLED_FILE).where(SETTLED_FILE.c.settlement == name)).all()
    if row is None:
        if published.get(name) or files:
            yield f"settlement {name}: its publication is gone"
        return
    answer: dict[str, Any] = json.loads(row.answer)
    if fault := signature_fault(answer, keys):
        yield f"settlement {name}: its publication {fault}"
    if [row.answer.encode()] != [body for _, body in published.get(name, [])]:
        yield f"settlement {name}: its publication is not the one that was logged"
    found = {
        file.name: sha256(file.content).hexdigest() if isinstance(file.content, bytes) else ""
        for file in files
    }
    for each in sorted(found.keys() | answer["files"].keys()):
        if found.get(each) != answer["files"].get(each):
            yield f"settlement {name}: the published file {each} was changed"


def _settled_again(connection: Connection, name: str) -> Iterator[str]:
    """Tables of a settlement, made again, that are not those that were published."""
    state = settlement_state(connection, name)
    if state is None or state.publication is None:
        return
    query = select(SETTLED_FILE).where(SETTLED_FILE.c.settlement == name)
    published = {row.name: bytes(row.content) for row in connection.execute(query)}
    with tempfile.TemporaryDirectory(prefix="gridpact-") as folder:
        try:
            write_settlement_case(connection, state, Path(folder))
            made = settle_folder(Path(folder)).files
        except GridpactError:
            yield f"settlement {name}: it cannot be made any more of what it was made of"
            return
    for each in sorted(file for file in published.keys() | made.keys() if file.endswith(TABLE_SUFFIX)):
        if published.get(each) != made.get(each):
            yield f"settlement {name}: settled again, {each} is another"
