"""Signatures of submissions: detached JWS by a key of the user that sends."""

import json
from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select

from gridpact.gate.access.visitor import batched
from gridpact.gate.log.jws import BadSignature, read_header, verify_detached
from gridpact.gate.store.gate_tables import SIGNING_KEY
from gridpact.gate.words.gate_names import has_controls
from gridpact.gate.words.refused import FieldProblem, invalid

HEADER = "JWS-Signature"
MEMBERS = {"alg", "kid", "aud", "sub"}
_REMEDY = "sign the bytes that are sent by a key that the gate knows"
Keys = dict[str, dict[str, str]]
_KEYS = select(SIGNING_KEY).where(
    SIGNING_KEY.c.user.in_(bindparam("users", expanding=True)), SIGNING_KEY.c.ended_at.is_(None)
)


def need_signature(
    jws: str | None,
    payload: bytes,
    *,
    keys: Keys,
    gate: str,
    session: str,
    is_required: bool,
) -> None:
    """Refuses a signature that does not hold, and none where one is required (422).

    Args:
        jws: the header that came, `None` for none.
        payload: the document that it has to be over.
        keys: public JWKs of the user that sends it by their `kid`, those that have not ended.
        gate: name of this gate.
        session: that the submission is for.
        is_required: by the rules of the market.
    """
    if jws is None:
        if is_required:
            raise _refused("is missing", f"sign the body, and send a detached JWS in {HEADER}")
        return
    try:
        header = read_header(jws)
        if set(header) != MEMBERS:
            raise BadSignature(f"has other protected members than {', '.join(sorted(MEMBERS))}")
        if (header["aud"], header["sub"]) != (gate, session):
            raise BadSignature(f"is not for the gate '{gate}' as aud and the session '{session}' as sub")
        if not isinstance(header["kid"], str) or has_controls(header["kid"]):
            raise BadSignature("has a kid that is no name")
        verify_detached(jws, payload, _known(keys, header["kid"]))
    except BadSignature as error:
        raise _refused(str(error), _REMEDY) from error


def signing_keys(connection: Connection, users: Collection[str]) -> dict[str, Keys]:
    """The public JWKs of users by their `kid`, those that have not ended."""
    found: dict[str, Keys] = {user: {} for user in users}
    for some in batched(users):
        for row in connection.execute(_KEYS, {"users": some}):
            found[row.user][row.kid] = json.loads(row.jwk)
    return found


def need_key(keys: Keys, jws: str) -> None:
    """Refuses a signature, which was verified, by a key that has ended since (422)."""
    try:
        _known(keys, read_header(jws)["kid"])
    except BadSignature as error:
        raise _refused(str(error), _REMEDY) from error


def _known(keys: Keys, kid: object) -> dict[str, str]:
    jwk = keys.get(str(kid))
    if jwk is None:
        raise BadSignature("is by a key that the gate does not know of this user, or that has ended")
    return jwk


def _refused(what: str, remedy: str) -> Exception:
    return invalid([FieldProblem(pointer=f"@{HEADER}", what=what, remedy=remedy)])
