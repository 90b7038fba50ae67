"""Webhooks of users, each user its own."""

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.api.answers import answered, listed, read_answer
from gridpact.gate.api.incoming import body, parameters, service_of, visitor
from gridpact.gate.webhooks import webhook_commands as commands
from gridpact.gate.words.refused import not_found

router = APIRouter(tags=["events"])


@router.get("/webhooks")
async def list_webhooks(request: Request) -> Response:
    """The user's webhooks, by their names; there are never so many that the list has parts."""
    who = await visitor(request)
    parameters(request)
    found = await service_of(request).read(lambda connection: commands.webhooks_of(connection, who.user))
    return read_answer(request, listed(found, None))


@router.get("/webhooks/{webhook}")
async def get_webhook(request: Request, webhook: str) -> Response:
    """A webhook, and how far it has come."""
    who = await visitor(request)

    def query(connection: Connection) -> dict[str, object]:
        for each in commands.webhooks_of(connection, who.user):
            if each["webhook"] == webhook:
                return each
        raise not_found()

    found = await service_of(request).read(query)
    parameters(request)
    return read_answer(request, found)


@router.put("/webhooks/{webhook}")
async def put_webhook(request: Request, webhook: str) -> Response:
    """Makes a webhook, changes one, or has one that was disabled go on."""
    who, service = await visitor(request), service_of(request)
    parameters(request)
    sent = await body(request)
    document = sent.document()
    status, made = await service.write(
        lambda transaction: commands.put_webhook(
            transaction,
            who,
            webhook,
            document,
            received_at=sent.received_at,
            permits_private=service.gate.settings.private_webhooks,
        )
    )
    return answered(status, made)


@router.delete("/webhooks/{webhook}")
async def delete_webhook(request: Request, webhook: str) -> Response:
    """Ends a webhook."""
    who, service = await visitor(request), service_of(request)
    parameters(request)
    now = service.now()
    await service.write(lambda transaction: commands.end_webhook(transaction, who, webhook, received_at=now))
    return Response(status_code=204)
