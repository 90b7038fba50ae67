"""Users, keys, signing keys, mandates."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access import user_commands as commands
from gridpact.gate.access.visibility import (
    need_mandate_or_operator,
    need_operator,
    need_self_or_operator,
)
from gridpact.gate.access.visitor import OPERATOR
from gridpact.gate.api.answers import answered, listed, read_answer
from gridpact.gate.api.incoming import body, named_page, parameters, place_of, service_of, visitor
from gridpact.gate.api.routes.market_routes import market_of
from gridpact.gate.people.handed_mandates import end_own, hand_over
from gridpact.gate.people.invitations import invite
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.views.own_export import own_export
from gridpact.gate.views.user_views import me_view, users_view

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
    await _need_user(request, user)
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
    await _need_user(request, user)
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


@router.post("/users/{user}/invitations")
async def invite_user(request: Request, user: str) -> Response:
    """Invites a user to set its password, by a secret that is in the answer this once."""
    who = await visitor(request)
    need_operator(who)
    parameters(request)
    now = service_of(request).now()
    made = await service_of(request).write(
        lambda transaction: invite(transaction, user, actor=who.pseudonym, received_at=now)
    )
    return answered(201, made, {"Cache-Control": "no-store"})


@router.get("/users")
async def list_users(request: Request) -> Response:
    """The users of the gate, by their names."""
    who = await visitor(request)
    need_operator(who)
    after, limit = named_page(parameters(request, "limit", "after"))
    items = await service_of(request).read(
        lambda connection: users_view(connection, after=after, limit=limit + 1)
    )
    following = place_of(items[limit - 1]["user"]) if len(items) > limit else None
    return read_answer(request, listed(items[:limit], following))


@router.put("/markets/{market}/mandates/{user}/{participant:path}")
async def put_mandate(request: Request, market: str, user: str, participant: str) -> Response:
    """Gives a user rights for a participant: an operator, or who has them, as far as it has them."""
    who = await visitor(request)
    need_mandate_or_operator(who, market, participant)
    await market_of(request, market)
    if OPERATOR in who.roles:  # Others hand over to whom they name, which is a part of what they send.
        await _need_user(request, user)
    parameters(request)
    sent = await body(request)
    document, received_at = sent.document(), sent.received_at

    def work(transaction: Transaction) -> commands.Created:
        place = market, user, participant
        if OPERATOR not in who.roles:
            return hand_over(transaction, who, *place, document, received_at=received_at)
        actor = who.pseudonym
        return commands.put_mandate(transaction, *place, document, actor=actor, received_at=received_at)

    status, made = await service_of(request).write(work)
    return answered(status, made)


@router.delete("/markets/{market}/mandates/{user}/{participant:path}")
async def end_mandate(request: Request, market: str, user: str, participant: str) -> Response:
    """Ends a mandate: an operator, who has it, or who handed it over."""
    who = await visitor(request)
    need_mandate_or_operator(who, market, participant)
    parameters(request)
    now = service_of(request).now()

    def work(transaction: Transaction) -> None:
        place = market, user, participant
        if OPERATOR not in who.roles:
            end_own(transaction, who, *place, received_at=now)
        else:
            commands.end_mandate(transaction, *place, actor=who.pseudonym, received_at=now)

    await service_of(request).write(work)
    return Response(status_code=204)


@router.get("/me")
async def me(request: Request) -> Response:
    """Who the key stands for, and what it may do."""
    who = await visitor(request)
    parameters(request)
    return read_answer(request, await service_of(request).read(lambda connection: me_view(connection, who)))


@router.get("/me/export")
async def export_me(request: Request) -> Response:
    """All that the gate holds of the user, as a zip file."""
    who = await visitor(request)
    parameters(request)
    content = await service_of(request).read(
        lambda connection: own_export(connection, who, me_view(connection, who))
    )
    return read_answer(request, content, media_type="application/zip")


async def _need_user(request: Request, user: str) -> None:
    """Refuses a user that there is not, before what was sent is read (404)."""
    await service_of(request).read(lambda connection: commands.pseudonym_of(Transaction(connection), user))
