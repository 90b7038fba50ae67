"""Signatures of submissions: detached JWS by a key of the user that sends."""

import json

from sqlalchemy import Connection, select

from gridpact.gate.log.jws import BadSignature, read_header, verify_detached
from gridpact.gate.store.gate_tables import SIGNING_KEY
from gridpact.gate.words.gate_names import has_controls
from gridpact.gate.words.refused import FieldProblem, invalid

HEADER = "JWS-Signature"
MEMBERS = {"alg", "kid", "aud", "sub"}


def need_signature(
    connection: Connection,
    jws: str | None,
    payload: bytes,
    *,
    user: str,
    gate: str,
    session: str,
    is_required: bool,
) -> None:
    """Refuses a signature that does not hold, and none where one is required (422).

    Args:
        connection: to the keys of users.
        jws: the header that came, `None` for none.
        payload: the document that it has to be over.
        user: that sends it.
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
        verify_detached(jws, payload, _public_jwk(connection, user, header["kid"]))
    except BadSignature as error:
        raise _refused(str(error), "sign the bytes that are sent by a key that the gate knows") from error


def _public_jwk(connection: Connection, user: str, kid: object) -> dict[str, str]:
    row = connection.execute(
        select(SIGNING_KEY).where(SIGNING_KEY.c.user == user, SIGNING_KEY.c.kid == str(kid))
    ).first()
    if row is None or row.ended_at is not None:
        raise BadSignature("is by a key that the gate does not know of this user, or that has ended")
    jwk: dict[str, str] = json.loads(row.jwk)
    return jwk


def _refused(what: str, remedy: str) -> Exception:
    return invalid([FieldProblem(pointer=f"@{HEADER}", what=what, remedy=remedy)])
