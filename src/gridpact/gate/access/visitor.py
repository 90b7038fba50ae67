"""Visitor: who sends a request, by the key that came with it, and what that key may do now."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, literal, select

from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.gate.store.gate_tables import API_KEY, LOGIN, MANDATE, MARKET_FILE, USER
from gridpact.gate.words.refused import Refused

READ, TRADE = "read", "trade"
RIGHTS = (READ, TRADE)
OPERATOR, AUDITOR, RETAILER = "operator", "auditor", "retailer"
ROLES = (OPERATOR, AUDITOR, RETAILER)
ASKED_MAX = 500
OF_MARKET_MAX = 1000
_OF_KEYS = (
    select(API_KEY, USER.c.pseudonym, USER.c.document.label("of_user"))
    .join(USER, USER.c.user == API_KEY.c.user)
    .where(API_KEY.c.sha256.in_(bindparam("keys", expanding=True)))
)
LOGIN_MARK = "login."  # before the digest of a login, which no key can have
_OF_LOGINS = (
    select(LOGIN.c.sha256, LOGIN.c.user, LOGIN.c.ends_at.label("expires_at"))
    .add_columns(literal("login").label("key"), literal("{}").label("document"))
    .add_columns(USER.c.pseudonym, USER.c.document.label("of_user"))
    .join(USER, USER.c.user == LOGIN.c.user)
    .where(LOGIN.c.sha256.in_(bindparam("logins", expanding=True)))
)
_OF_MARKET = (
    select(API_KEY.c.sha256)
    .join(MANDATE, MANDATE.c.user == API_KEY.c.user)
    .where(MANDATE.c.market == bindparam("market"), API_KEY.c.revoked_at.is_(None))
    .distinct()
    .limit(OF_MARKET_MAX)
)
_MANDATES = select(MANDATE).where(MANDATE.c.user.in_(bindparam("users", expanding=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A right of a user to act for a participant, in force now."""

    market: str
    participant: str
    rights: frozenset[str]


@dataclass(frozen=True, kw_only=True)
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
        key_sha256: what the gate has of the key.
        expires_at: when the key does; `None` for never.
        narrowed: `participants` and `rights` that the key is narrowed to.
        until: the moment from which on time alone makes this another, `None` for never.
    """

    user: str
    pseudonym: str
    roles: frozenset[str]
    retailer: str
    mandates: tuple[Mandate, ...]
    supplied: dict[str, frozenset[str]]
    key: str
    key_sha256: str
    expires_at: int | None
    narrowed: dict[str, list[str]]
    until: int | None = None

    def rights(self, market: str, participant: str) -> frozenset[str]:
        """What it may do for a participant."""
        return self._rights.get((market, participant), frozenset())

    def is_in(self, market: str) -> bool:
        """Whether it has a mandate in a market."""
        return market in self._of_markets

    def may_somewhere(self, right: str, market: str) -> bool:
        """Whether it has a right for any participant of a market."""
        return right in self._of_markets.get(market, ())

    @cached_property
    def _rights(self) -> dict[tuple[str, str], frozenset[str]]:
        found: dict[tuple[str, str], frozenset[str]] = {}
        for mandate in self.mandates:
            place = mandate.market, mandate.participant
            found[place] = found.get(place, frozenset()) | mandate.rights
        return found

    @cached_property
    def _of_markets(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for mandate in self.mandates:
            found.setdefault(mandate.market, set()).update(mandate.rights)
        return found


def secret_sha256(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def no_key() -> Refused:
    """The one answer to no key and to a bad one."""
    return Refused(401, "no-key", "Send a key that is in force.", headers={"WWW-Authenticate": "Bearer"})


def visitor_of_key(connection: Connection, key_sha256: str, now: int) -> Visitor:
    """The visitor whose key has a digest.

    Raises:
        Refused: 401, it stands for nobody, or not any more.
    """
    found = visitors_of(connection, [key_sha256], now).get(key_sha256)
    if found is None:
        raise no_key()
    return found


def visitors_of(connection: Connection, keys: Collection[str], now: int) -> dict[str, Visitor]:
    """The visitors whose keys have digests, by these; without those of nobody, or not any more."""
    found = {}
    for some in batched(keys):
        rows = connection.execute(_OF_KEYS, {"keys": some}).all()
        of_user: dict[str, list[Row[Any]]] = {row.user: [] for row in rows}
        for mandate in connection.execute(_MANDATES, {"users": list(of_user)}):
            of_user[mandate.user].append(mandate)
        for row in rows:
            if row.revoked_at is None and (row.expires_at is None or row.expires_at > now):
                found[row.sha256] = _visitor(connection, row, of_user[row.user], now)
    for key in keys:
        if key.startswith(LOGIN_MARK):
            found |= _of_login(connection, key, now)
    return found


def login_key(secret: str) -> str:
    """What stands for a login where the digest of a key does."""
    return f"{LOGIN_MARK}{secret_sha256(secret)}"


def _of_login(connection: Connection, key: str, now: int) -> dict[str, Visitor]:
    """Who is logged in, as with a key that is not narrowed; nobody where the login has ended."""
    row = connection.execute(_OF_LOGINS, {"logins": [key.removeprefix(LOGIN_MARK)]}).first()
    if row is None or row.expires_at <= now:
        return {}
    mandates = connection.execute(_MANDATES, {"users": [row.user]}).all()
    who = _visitor(connection, row, mandates, now)
    return {key: replace(who, key_sha256=key, expires_at=None)}  # Keys that it makes may outlast it.


def keys_of_market(connection: Connection, market: str) -> list[str]:
    """Digests of the keys of users with a mandate in a market, as far as these are not very many."""
    return list(connection.execute(_OF_MARKET, {"market": market}).scalars())


def batched(names: Collection[str]) -> Iterator[list[str]]:
    """Names in lists of so many as one query of either database takes."""
    rest = iter(names)
    while some := list(islice(rest, ASKED_MAX)):
        yield some


def _visitor(connection: Connection, key: Row[Any], rows: Sequence[Row[Any]], now: int) -> Visitor:
    """The visitor that a key stands for at a moment, with the mandates of its user as far as the key goes."""
    document, narrowing = json.loads(key.of_user), json.loads(key.document)
    narrowed = {name: narrowing[name] for name in ("participants", "rights") if name in narrowing}
    retailer = "" if narrowed else document.get("retailer") or ""
    changes = [key.expires_at, *(moment for row in rows for moment in (row.since, row.until))]
    return Visitor(
        user=key.user,
        pseudonym=key.pseudonym,
        roles=frozenset() if narrowed else frozenset(document["roles"]),
        retailer=retailer,
        mandates=_mandates(rows, narrowed, now),
        supplied=_supplied(connection, retailer) if retailer else {},
        key=key.key,
        key_sha256=key.sha256,
        expires_at=key.expires_at,
        narrowed=narrowed,
        until=min((moment for moment in changes if moment is not None and moment > now), default=None),
    )


def _mandates(rows: Sequence[Row[Any]], narrowed: dict[str, Any], now: int) -> tuple[Mandate, ...]:
    """The mandates that are in force at a moment, with the rights that a key leaves of them."""
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
