"""What is stored already of orders that are handed in: those of their names, and how many there are."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from gridpact.gate.door.case_rows import ORDER
from gridpact.gate.market.session_states import SessionState
from gridpact.gate.store.database import SQLITE
from gridpact.gate.store.gate_tables import SEAL, SESSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.json_bodies import read_json, same_content
from gridpact.gate.words.refused import Refused, not_found

Key = tuple[str, str, str]  # session, participant, name
_KEYS = {
    SQLITE: "SELECT json_extract(value, '$[0]') AS session, json_extract(value, '$[1]') AS participant, "
    "json_extract(value, '$[2]') AS name FROM json_each(:keys)",
    "postgresql": "SELECT value->>0 AS session, value->>1 AS participant, value->>2 AS name "
    "FROM json_array_elements(CAST(:keys AS json))",
}
_STORED = (
    "WITH key AS ({keys}) SELECT key.session, key.participant, key.name, stored.submission, stored.body, "
    "stored.receipt, fate.state FROM key CROSS JOIN submission AS stored "
    "LEFT JOIN fate ON fate.submission = stored.submission WHERE stored.session = key.session "
    f"AND stored.participant = key.participant AND stored.kind = '{ORDER}' AND stored.name = key.name"
)
_ALIVE = (
    "WITH key AS ({keys}) SELECT key.session, key.participant, (SELECT count(*) FROM submission AS stored "
    "LEFT JOIN fate ON fate.submission = stored.submission WHERE stored.session = key.session "
    "AND stored.participant = key.participant AND stored.kind IN ('order', 'trade') "
    "AND (fate.state IS NULL OR fate.state = 'confirmed')) AS alive FROM key"
)


@dataclass(slots=True, kw_only=True)
class StoredOrder:
    """An order that is stored.

    Attributes:
        submission: its id.
        body: what it says, as it was stored.
        receipt: JSON text.
        state: what ended it, `None` for nothing.
    """

    submission: str
    body: bytes
    receipt: str
    state: str | None


class HandedInBefore:
    """What a transaction finds of orders that it is to store, asked for all of them at once.

    What it stores itself is added here, so that later ones of the same transaction find it too.
    """

    def __init__(self, transaction: Transaction, keys: Iterable[Key]) -> None:
        """Asks for what is stored of the keys: of orders, and of those that they replace."""
        wanted = list(dict.fromkeys(keys))
        participants = list(dict.fromkeys((session, participant, "") for session, participant, _ in wanted))
        self.orders: dict[Key, StoredOrder] = {}
        self.alive: dict[tuple[str, str], int] = {}
        for session, participant, name, submission, body, receipt, state in _asked(
            transaction, _STORED, wanted
        ):
            self.orders[session, participant, name] = StoredOrder(
                submission=submission, body=bytes(body), receipt=receipt, state=state
            )
        for session, participant, alive in _asked(transaction, _ALIVE, participants):
            self.alive[session, participant] = alive
        self.sessions = _sessions(transaction, {session for session, _, _ in wanted})

    def state(self, session: str) -> SessionState:
        """The session that an order is for, as far as it matters to it: without job and publication.

        Raises:
            Refused: 404, there is none.
        """
        found = self.sessions.get(session)
        if found is None:
            raise not_found()
        return found

    def receipt(self, key: Key, body: bytes) -> str | None:
        """The receipt of an order that is stored already; `None` where its name is free.

        Raises:
            Refused: 409, the name is taken by other content.
        """
        known = self.orders.get(key)
        if known is None:
            return None
        if known.body != body and not same_content(read_json(known.body), read_json(body)):
            raise Refused(409, "name-taken", f"There is another order of the name '{key[2]}'.")
        return known.receipt


def _asked(transaction: Transaction, query: str, keys: list[Key]) -> list[tuple[Any, ...]]:
    """The answer to a query about keys, which go to the database as one JSON text."""
    if not keys:
        return []
    connection = transaction.connection
    asked = text(query.format(keys=_KEYS[connection.dialect.name]))
    return [tuple(row) for row in connection.execute(asked, {"keys": json.dumps(keys, ensure_ascii=False)})]


def _sessions(transaction: Transaction, names: Collection[str]) -> dict[str, SessionState]:
    seals = {row.session: row for row in transaction.rows(select(SEAL).where(SEAL.c.session.in_(names)))}
    rows = transaction.rows(select(SESSION).where(SESSION.c.session.in_(names)))
    return {
        row.session: SessionState(row=row, seal=seals.get(row.session), job=None, publication=None)
        for row in rows
    }
