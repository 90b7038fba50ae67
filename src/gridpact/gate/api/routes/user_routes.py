"""Users, keys, signing keys, mandates."""

import json
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access import user_commands as commands
from gridpact.gate.access.visibility import need_operator, need_self_or_operator
from gridpact.gate.access.visitor import Visitor
from gridpact.gate.api.answers import answered, read_answer
from gridpact.gate.api.incoming import body, parameters, service_of, visitor
from gridpact.gate.store.gate_tables import API_KEY, SIGNING_KEY, USER
from gridpact.gate.views.own_export import own_export

router = APIRouter(tags=["users"])


@router.put("/users/{user}")
async def put_user(request: Request, user: str) -> Response:
    """Makes or replaces a user."""
    who = await visitor(request)
    need_operator(who)
    parameters(request)
    sent = await body(request)
    document = sent.document()
    status, made = await service_of(request).write(
        lambda transaction: commands.put_user(
            transaction, user, document, actor=who.pseudonym, received_at=sent.received_at
        )
    )
    return answered(status, made)


@router.delete("/users/{user}")
async def delete_user(request: Request, user: str) -> Response:
    """Erases a user's name and ends its keys."""
    who = await visitor(request)
    need_self_or_operator(who, user, with_whole_key=True)
    parameters(request)
    now = service_of(request).now()
    await service_of(request).write(
        lambda transaction: commands.erase_user(transaction, user, actor=who.pseudonym, received_at=now)
    )
    return Response(status_code=204)


@router.post("/users/{user}/keys")
async def make_key(request: Request, user: str) -> Response:
    """Makes a key, whose secret is in the answer this once."""
    who = await visitor(request)
    need_self_or_operator(who, user)
    parameters(request)
    sent = await body(request)
    document = sent.document()
    status, made = await service_of(request).write(
        lambda transaction: commands.make_key(
            transaction, user, document, by=who, received_at=sent.received_at
        )
    )
    return answered(status, made, {"Cache-Control": "no-store"})


@router.delete("/users/{user}/keys/{key:path}")
async def revoke_key(request: Request, user: str, key: str) -> Response:
    """Revokes a key."""
    who = await visitor(request)
    need_self_or_operator(who, user, with_whole_key=True)
    parameters(request)
    now = service_of(request).now()
    await service_of(request).write(
        lambda transaction: commands.revoke_key(transaction, user, key, actor=who.pseudonym, received_at=now)
    )
    return Response(status_code=204)


@router.put("/users/{user}/signing-keys/{kid:path}")
async def put_signing_key(request: Request, user: str, kid: str) -> Response:
    """Makes a public key of a user known."""
    who = await visitor(request)
    need_self_or_operator(who, user, with_whole_key=True)
    parameters(request)
    sent = await body(request)
    document = sent.document()
    status, made = await service_of(request).write(
        lambda transaction: commands.put_signing_key(
            transaction, user, kid, document, actor=who.pseudonym, received_at=sent.received_at
        )
    )
    return answered(status, made)


@router.delete("/users/{user}/signing-keys/{kid:path}")
async def end_signing_key(request: Request, user: str, kid: str) -> Response:
    """Ends a public key of a user."""
    who = await visitor(request)
    need_self_or_operator(who, user, with_whole_key=True)
    parameters(request)
    now = service_of(request).now()
    await service_of(request).write(
        lambda transaction: commands.end_signing_key(
            transaction, user, kid, actor=who.pseudonym, received_at=now
        )
    )
    return Response(status_code=204)


@router.put("/markets/{market}/mandates/{user}/{participant:path}")
async def put_mandate(request: Request, market: str, user: str, participant: str) -> Response:
    """Gives a user rights for a participant."""
    who = await visitor(request)
    need_operator(who, market)
    parameters(request)
    sent = await body(request)
    document = sent.document()

    status, made = await service_of(request).write(
        lambda transaction: commands.put_mandate(
            transaction,
            market,
            user,
            participant,
            document,
            actor=who.pseudonym,
            received_at=sent.received_at,
        )
    )
    return answered(status, made)


@router.delete("/markets/{market}/mandates/{user}/{participant:path}")
async def end_mandate(request: Request, market: str, user: str, participant: str) -> Response:
    """Ends a mandate."""
    who = await visitor(request)
    need_operator(who, market)
    parameters(request)
    now = service_of(request).now()
    await service_of(request).write(
        lambda transaction: commands.end_mandate(
            transaction, market, user, participant, actor=who.pseudonym, received_at=now
        )
    )
    return Response(status_code=204)


@router.get("/me")
async def me(request: Request) -> Response:
    """Who the key stands for, and what it may do."""
    who = await visitor(request)
    parameters(request)
    return read_answer(request, await service_of(request).read(lambda connection: _me(connection, who)))


@router.get("/me/export")
async def export_me(request: Request) -> Response:
    """All that the gate holds of the user, as a zip file."""
    who = await visitor(request)
    parameters(request)
    content = await service_of(request).read(
        lambda connection: own_export(connection, who, _me(connection, who))
    )
    return read_answer(request, content, media_type="application/zip")


def _me(connection: Connection, who: Visitor) -> dict[str, Any]:
    user = connection.execute(select(USER).where(USER.c.user == who.user)).one()
    keys = connection.execute(select(API_KEY).where(API_KEY.c.user == who.user).order_by(API_KEY.c.key))
    signing = connection.execute(select(SIGNING_KEY).where(SIGNING_KEY.c.user == who.user))
    return {
        "user": who.user,
        **json.loads(user.document),
        "mandates": [
            {"market": mandate.market, "participant": mandate.participant, "rights": sorted(mandate.rights)}
            for mandate in who.mandates
        ],
        "keys": [{**json.loads(key.document), "revoked": key.revoked_at is not None} for key in keys],
        "signing_keys": [
            {"kid": key.kid, **json.loads(key.jwk), "ended": key.ended_at is not None} for key in signing
        ],
    }
