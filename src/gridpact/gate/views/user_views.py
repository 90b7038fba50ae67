"""What is shown of users: to each itself, to operators all."""

import json
from typing import Any

from sqlalchemy import Connection, select

from gridpact.gate.access.visitor import Visitor
from gridpact.gate.store.gate_tables import API_KEY, IDENTITY, LOGIN, MANDATE, PASSWORD, SIGNING_KEY, USER
from gridpact.gate.words.moments import moment_text


def me_view(connection: Connection, who: Visitor) -> dict[str, Any]:
    """A user as it sees itself."""
    user = connection.execute(select(USER).where(USER.c.user == who.user)).one()
    keys = connection.execute(select(API_KEY).where(API_KEY.c.user == who.user).order_by(API_KEY.c.key))
    signing = connection.execute(select(SIGNING_KEY).where(SIGNING_KEY.c.user == who.user))
    handed = connection.execute(select(MANDATE).where(MANDATE.c.given_by == who.user))
    return {
        "user": who.user,
        **json.loads(user.document),
        "mandates": [
            {"market": mandate.market, "participant": mandate.participant, "rights": sorted(mandate.rights)}
            for mandate in who.mandates
        ],
        "handed_over": [
            {
                "market": row.market,
                "user": row.user,
                "participant": row.participant,
                **json.loads(row.document),
            }
            for row in handed
        ],
        "keys": [{**json.loads(key.document), "revoked": key.revoked_at is not None} for key in keys],
        "signing_keys": [
            {"kid": key.kid, **json.loads(key.jwk), "ended": key.ended_at is not None} for key in signing
        ],
    }


def logins_view(connection: Connection, user: str) -> dict[str, Any]:
    """What the gate holds of how a user logs in, without what stands for its password."""
    password = connection.execute(select(PASSWORD).where(PASSWORD.c.user == user)).first()
    identities = connection.execute(select(IDENTITY).where(IDENTITY.c.user == user))
    logins = connection.execute(select(LOGIN).where(LOGIN.c.user == user).order_by(LOGIN.c.began_at))
    return {
        "password_set_at": None if password is None else moment_text(password.set_at),
        "identities": [
            {"issuer": row.issuer, "subject": row.subject, "since": moment_text(row.since)}
            for row in identities
        ],
        "logins": [
            {"began_at": moment_text(row.began_at), "ends_at": moment_text(row.ends_at)} for row in logins
        ],
    }


def users_view(connection: Connection, *, after: str, limit: int) -> list[dict[str, Any]]:
    """Users by their names, with the mandates of each."""
    query = select(USER).where(USER.c.user > after).order_by(USER.c.user).limit(limit)
    rows = connection.execute(query).all()
    names = [row.user for row in rows]
    mandates: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    found = select(MANDATE).where(MANDATE.c.user.in_(names))
    for row in connection.execute(found.order_by(MANDATE.c.market, MANDATE.c.participant)):
        mandates[row.user].append(
            {"market": row.market, "participant": row.participant, **json.loads(row.document)}
        )
    ways = set(connection.execute(select(PASSWORD.c.user).where(PASSWORD.c.user.in_(names))).scalars())
    ways |= set(connection.execute(select(IDENTITY.c.user).where(IDENTITY.c.user.in_(names))).scalars())
    return [
        {
            "user": row.user,
            "pseudonym": row.pseudonym,
            **json.loads(row.document),
            "can_log_in": row.user in ways,
            "mandates": mandates[row.user],
        }
        for row in rows
    ]
