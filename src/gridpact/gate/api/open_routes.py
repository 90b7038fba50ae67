"""What is open to all: health, time, keys."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.api.answers import answered, read_answer
from gridpact.gate.api.incoming import parameters, service_of
from gridpact.gate.store.schema_version import is_current
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import Refused
from gridpact.version import __version__

router = APIRouter(tags=["open"])


@router.get("/health")
async def health(request: Request) -> Response:
    """The process answers."""
    parameters(request)
    return answered(200, {"status": "ok", "version": __version__})


@router.get("/ready")
async def ready(request: Request) -> Response:
    """The database answers, has tables of this version, and agrees about the time."""
    parameters(request)
    service = service_of(request)
    if not await service.read(lambda _: is_current(service.gate.database)):
        raise Refused(503, "not-stored", "The tables are not of this version.", headers={"Retry-After": "5"})
    if not service.gate.clock.is_near:
        detail = "The clock of this machine is off that of the database."
        raise Refused(503, "not-stored", detail, headers={"Retry-After": "30"})
    return answered(200, {"status": "ready"})


@router.get("/time")
async def time(request: Request) -> Response:
    """The gate's time."""
    parameters(request)
    return answered(200, {"now": moment_text(service_of(request).now())})


@router.get("/keys")
async def keys(request: Request) -> Response:
    """The gate's name and public keys."""
    parameters(request)
    service = service_of(request)
    return read_answer(request, await service.read(lambda _: service.facts()))
