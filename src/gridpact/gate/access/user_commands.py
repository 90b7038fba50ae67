"""Users, keys, signing keys and mandates: what changes them, each an entry of the log."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select, update

from gridpact.gate.access.user_documents import check_key, check_mandate, check_user
from gridpact.gate.access.visitor import OPERATOR, Visitor, secret_sha256
from gridpact.gate.log.jws import jwk_fault
from gridpact.gate.store.gate_tables import (
    API_KEY,
    IDENTITY,
    INVITATION,
    LOGIN,
    MANDATE,
    MARKET,
    PASSWORD,
    SIGNING_KEY,
    USER,
    WEBHOOK,
)
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.gate_names import NAME_MAX, USER_NAME, has_controls, name_problem
from gridpact.gate.words.json_bodies import compact_json, same_content
from gridpact.gate.words.moments import read_moment
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found, right_missing

SECRET_PREFIX, SECRET_BYTES = "gridpact_", 32
Created = tuple[int, dict[str, Any]]


def put_user(
    transaction: Transaction, user: str, document: Mapping[str, Any], *, actor: str, received_at: int
) -> Created:
    """Makes or replaces a user."""
    if not USER_NAME.fullmatch(user):
        remedy = "write 1 to 64 of the characters a-z, 0-9, point, hyphen and underscore"
        raise invalid([FieldProblem(pointer="/user", value=user, what="is not a name", remedy=remedy)])
    check_user(document)
    known = transaction.row(select(USER).where(USER.c.user == user))
    pseudonym = known.pseudonym if known else f"u-{secrets.token_hex(8)}"
    body = {name: value for name, value in document.items() if name != "name"}  # A person's name is erasable.
    transaction.act(
        kind="user",
        subject=pseudonym,
        actor=actor or pseudonym,
        received_at=received_at,
        body=compact_json(body).encode(),
    )
    text = compact_json(document)
    if known:
        transaction.write(update(USER).where(USER.c.user == user).values(document=text))
    else:
        transaction.insert(USER, user=user, pseudonym=pseudonym, document=text)
    return (200 if known else 201), {"user": user, **document}


def pseudonym_of(transaction: Transaction, user: str) -> str:
    """What the log calls a user.

    Raises:
        Refused: 404, there is none of that name.
    """
    row = transaction.row(select(USER).where(USER.c.user == user))
    if row is None:
        raise not_found()
    return str(row.pseudonym)


def make_key(
    transaction: Transaction,
    user: str,
    document: Mapping[str, Any],
    *,
    by: Visitor | None,
    actor: str = "",
    received_at: int,
) -> Created:
    """Makes a key; its secret is in this answer alone.

    Args:
        transaction: that it is part of.
        user: whose it is.
        document: the key.
        by: who asks for it, `None` for the operator's shell.
        actor: of the log, where nobody asks.
        received_at: when it was asked for.
    """
    check_key(document)
    pseudonym = pseudonym_of(transaction, user)
    name = str(document["key"])
    known = transaction.row(select(API_KEY).where(API_KEY.c.user == user, API_KEY.c.key == name))
    if known is not None:
        if not same_content(json.loads(known.document), json.loads(compact_json(document))):
            raise Refused(409, "name-taken", f"The user has another key of the name '{name}'.")
        return 200, {"key": name}
    if by is not None and OPERATOR not in by.roles:
        _refuse_more(by, document)
    secret = SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    transaction.act(
        kind="key",
        subject=f"{pseudonym}/{name}",
        actor=by.pseudonym if by else actor or pseudonym,
        received_at=received_at,
        body=compact_json(document).encode(),
    )
    transaction.insert(
        API_KEY,
        sha256=secret_sha256(secret),
        user=user,
        key=name,
        document=compact_json(document),
        expires_at=read_moment(document.get("expires")),
    )
    return 201, {"key": name, "secret": secret}


def _refuse_more(by: Visitor, document: Mapping[str, Any]) -> None:
    """Refuses a key that could do more than the one that asks for it."""
    has = {
        "participants": {mandate.participant for mandate in by.mandates},
        "rights": set[str]().union(*(mandate.rights for mandate in by.mandates)),
    }
    for name, values in has.items():
        given = document.get(name)
        if (given is None and name in by.narrowed) or not set(given or ()) <= values:
            raise right_missing(f"a key with no more {name} than it has itself")
    expires = read_moment(document.get("expires"))
    if by.expires_at is not None and (expires is None or expires > by.expires_at):
        raise right_missing("a key that does not outlast it")


def revoke_key(transaction: Transaction, user: str, key: str, *, actor: str, received_at: int) -> None:
    """Revokes a key, from the next request on."""
    where = (API_KEY.c.user == user, API_KEY.c.key == key)
    pseudonym = pseudonym_of(transaction, user)
    row = transaction.row(select(API_KEY).where(*where))
    if row is None:
        raise not_found()
    if row.revoked_at is None:
        transaction.act(
            kind="key-revoked", subject=f"{pseudonym}/{key}", actor=actor, received_at=received_at, body=b""
        )
        transaction.write(update(API_KEY).where(*where).values(revoked_at=received_at))


def put_signing_key(
    transaction: Transaction, user: str, kid: str, jwk: Mapping[str, Any], *, actor: str, received_at: int
) -> Created:
    """Makes a public key of a user known; it is never replaced."""
    if problem := name_problem("/kid", kid):
        raise invalid([problem])
    pseudonym = pseudonym_of(transaction, user)
    if fault := jwk_fault(jwk):
        remedy = 'write {"kty": "OKP", "crv": "Ed25519", "x": …}'
        raise invalid([FieldProblem(pointer="", what=fault, remedy=remedy)])
    where = (SIGNING_KEY.c.user == user, SIGNING_KEY.c.kid == kid)
    known = transaction.row(select(SIGNING_KEY).where(*where))
    if known is not None:
        if json.loads(known.jwk) != dict(jwk):
            raise Refused(409, "name-taken", f"The user has another signing key of the kid '{kid}'.")
        return 200, {"kid": kid, **jwk}
    transaction.act(
        kind="signing-key",
        subject=f"{pseudonym}/{kid}",
        actor=actor,
        received_at=received_at,
        body=compact_json(jwk).encode(),
    )
    transaction.insert(SIGNING_KEY, user=user, kid=kid, jwk=compact_json(jwk))
    return 201, {"kid": kid, **jwk}


def end_signing_key(transaction: Transaction, user: str, kid: str, *, actor: str, received_at: int) -> None:
    """Ends a public key of a user; what it signed before stays valid."""
    where = (SIGNING_KEY.c.user == user, SIGNING_KEY.c.kid == kid)
    pseudonym = pseudonym_of(transaction, user)
    row = transaction.row(select(SIGNING_KEY).where(*where))
    if row is None:
        raise not_found()
    if row.ended_at is None:
        transaction.act(
            kind="signing-key-ended",
            subject=f"{pseudonym}/{kid}",
            actor=actor,
            received_at=received_at,
            body=b"",
        )
        transaction.write(update(SIGNING_KEY).where(*where).values(ended_at=received_at))


def put_mandate(
    transaction: Transaction,
    market: str,
    user: str,
    participant: str,
    document: Mapping[str, Any],
    *,
    actor: str,
    received_at: int,
    given_by: str | None = None,
) -> Created:
    """Gives a user rights for a participant, or changes them; what it handed over and has no more ends.

    Args:
        transaction: that it is part of.
        market: of the participant.
        user: who may act for it.
        participant: whom it is about.
        document: the mandate.
        actor: of the log.
        received_at: when it was asked for.
        given_by: the user who hands it over, `None` for an operator.
    """
    check_mandate(document)
    if len(participant) > NAME_MAX or has_controls(participant):
        what, remedy = "is not the name of a participant", "give one as its market has it"
        raise invalid([FieldProblem(pointer="/participant", value=participant, what=what, remedy=remedy)])
    pseudonym = pseudonym_of(transaction, user)
    if transaction.row(select(MARKET.c.market).where(MARKET.c.market == market)) is None:
        raise not_found()
    where = _mandate(market, user, participant)
    known = transaction.row(select(MANDATE).where(*where))
    transaction.act(
        kind="mandate",
        subject=f"{market}/{pseudonym}/{participant}",
        actor=actor,
        received_at=received_at,
        body=compact_json(document).encode(),
    )
    values = {
        "document": compact_json(document),
        "since": read_moment(document.get("from")),
        "until": read_moment(document.get("until")),
        "given_by": given_by,
    }
    if known:
        transaction.write(update(MANDATE).where(*where).values(**values))
        _end_handed_over(
            transaction, market, user, participant, document, actor=actor, received_at=received_at
        )
    else:
        transaction.insert(MANDATE, market=market, user=user, participant=participant, **values)
    return (200 if known else 201), {"user": user, "participant": participant, **document}


def end_mandate(
    transaction: Transaction, market: str, user: str, participant: str, *, actor: str, received_at: int
) -> None:
    """Ends a mandate."""
    pseudonym, where = pseudonym_of(transaction, user), _mandate(market, user, participant)
    if transaction.row(select(MANDATE).where(*where)) is None:
        raise not_found()
    transaction.act(
        kind="mandate-ended",
        subject=f"{market}/{pseudonym}/{participant}",
        actor=actor,
        received_at=received_at,
        body=b"",
    )
    transaction.write(delete(MANDATE).where(*where))
    _end_handed_over(transaction, market, user, participant, None, actor=actor, received_at=received_at)


def _end_handed_over(
    transaction: Transaction,
    market: str,
    user: str,
    participant: str,
    document: Mapping[str, Any] | None,
    *,
    actor: str,
    received_at: int,
) -> None:
    """Ends the mandates that a user handed over and that go beyond its own, which is `None` once it ended."""
    columns = MANDATE.c
    query = select(MANDATE).where(
        columns.market == market, columns.participant == participant, columns.given_by == user
    )
    for row in transaction.rows(query.order_by(columns.user)):
        if document is None or goes_beyond(json.loads(row.document), document):
            end_mandate(transaction, market, row.user, participant, actor=actor, received_at=received_at)


def goes_beyond(document: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether a mandate has rights, or a time, that another has not."""
    if not set(document["rights"]) <= set(own["rights"]):
        return True
    since, until = read_moment(document.get("from")), read_moment(document.get("until"))
    own_since, own_until = read_moment(own.get("from")), read_moment(own.get("until"))
    begins_before = own_since is not None and (since is None or since < own_since)
    return begins_before or (own_until is not None and (until is None or until > own_until))


def erase_user(transaction: Transaction, user: str, *, actor: str, received_at: int) -> None:
    """Erases a user's name, keys, password and logins; what it handed in stays under its pseudonym."""
    pseudonym = pseudonym_of(transaction, user)
    transaction.act(kind="user-erased", subject=pseudonym, actor=actor, received_at=received_at, body=b"")
    # What it signed stays to be verified, and nobody who is given the name later has its keys.
    ended = func.coalesce(SIGNING_KEY.c.ended_at, received_at)
    transaction.write(
        update(SIGNING_KEY).where(SIGNING_KEY.c.user == user).values(user=pseudonym, ended_at=ended)
    )
    for row in transaction.rows(select(MANDATE).where(MANDATE.c.given_by == user)):
        end_mandate(transaction, row.market, row.user, row.participant, actor=actor, received_at=received_at)
    for table in (API_KEY, MANDATE, PASSWORD, INVITATION, LOGIN, IDENTITY, WEBHOOK):
        transaction.write(delete(table).where(table.c.user == user))
    transaction.write(delete(USER).where(USER.c.user == user))


def _mandate(market: str, user: str, participant: str) -> tuple[Any, ...]:
    columns = MANDATE.c
    return columns.market == market, columns.user == user, columns.participant == participant
