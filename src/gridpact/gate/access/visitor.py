"""Visitor: who sends a request, by the key that came with it, and what that key may do now."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select

from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.gate.store.gate_tables import API_KEY, MANDATE, MARKET_FILE, USER
from gridpact.gate.words.refused import Refused

READ, TRADE = "read", "trade"
RIGHTS = (READ, TRADE)
OPERATOR, AUDITOR, RETAILER = "operator", "auditor", "retailer"
ROLES = (OPERATOR, AUDITOR, RETAILER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A right of a user to act for a participant, in force now."""

    market: str
    participant: str
    rights: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A user with the key that it came with.

    Attributes:
        user: its name.
        pseudonym: what the log calls it.
        roles: none where the key is narrowed to participants or rights.
        retailer: whom it reads as, empty for none.
        mandates: those in force now, as far as the key has them.
        supplied: of a retailer, the participants that it supplies in each market.
        key: name of the key.
        expires_at: when the key does; `None` for never.
        narrowed: `participants` and `rights` that the key is narrowed to.
    """

    user: str
    pseudonym: str
    roles: frozenset[str]
    retailer: str
    mandates: tuple[Mandate, ...]
    supplied: dict[str, frozenset[str]]
    key: str
    expires_at: int | None
    narrowed: dict[str, list[str]]

    def rights(self, market: str, participant: str) -> frozenset[str]:
        """What it may do for a participant."""
        found = [m.rights for m in self.mandates if (m.market, m.participant) == (market, participant)]
        return frozenset[str]().union(*found)


def secret_sha256(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def no_key() -> Refused:
    """The one answer to no key and to a bad one."""
    return Refused(401, "no-key", "Send a key that is in force.", headers={"WWW-Authenticate": "Bearer"})


def visitor_of(connection: Connection, secret: str, now: int) -> Visitor:
    """The visitor that a secret stands for.

    Raises:
        Refused: 401, it stands for nobody, or not any more.
    """
    key = connection.execute(select(API_KEY).where(API_KEY.c.sha256 == secret_sha256(secret))).first()
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise no_key()
    user = connection.execute(select(USER).where(USER.c.user == key.user)).first()
    if user is None:
        raise no_key()
    document, narrowing = json.loads(user.document), json.loads(key.document)
    narrowed = {name: narrowing[name] for name in ("participants", "rights") if name in narrowing}
    retailer = "" if narrowed else document.get("retailer") or ""
    return Visitor(
        user=user.user,
        pseudonym=user.pseudonym,
        roles=frozenset() if narrowed else frozenset(document["roles"]),
        retailer=retailer,
        mandates=_mandates(connection, user.user, narrowed, now),
        supplied=_supplied(connection, retailer) if retailer else {},
        key=key.key,
        expires_at=key.expires_at,
        narrowed=narrowed,
    )


def _mandates(connection: Connection, user: str, narrowed: dict[str, Any], now: int) -> tuple[Mandate, ...]:
    rows = connection.execute(select(MANDATE).where(MANDATE.c.user == user)).all()
    rights = frozenset(narrowed.get("rights", RIGHTS))
    return tuple(
        Mandate(
            market=row.market,
            participant=row.participant,
            rights=rights & frozenset(json.loads(row.document)["rights"]),
        )
        for row in rows
        if rights & frozenset(json.loads(row.document)["rights"])
        and (row.since is None or row.since <= now)
        and (row.until is None or now < row.until)
        and row.participant in narrowed.get("participants", [row.participant])
    )


def _supplied(connection: Connection, retailer: str) -> dict[str, frozenset[str]]:
    """The participants that a retailer supplies in each market, by the newest table of each."""
    of_kind = MARKET_FILE.c.kind == "participants"
    found: dict[str, frozenset[str]] = {}
    for row in connection.execute(select(MARKET_FILE).where(of_kind).order_by(MARKET_FILE.c.sequence)):
        columns = json.loads(row.content)
        suppliers = columns.get("retailer", [None] * len(columns["participant"]))
        pairs = zip(columns["participant"], suppliers, strict=True)
        found[row.market] = frozenset(name for name, each in pairs if (each or DEFAULT_RETAILER) == retailer)
    return {market: participants for market, participants in found.items() if participants}
