"""What is open to all: health, time, keys, the description; and metrics, to operators."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_operator
from gridpact.gate.api.answers import answered, need_acceptable, read_answer
from gridpact.gate.api.incoming import parameters, service_of, visitor
from gridpact.gate.store.schema_version import is_current
from gridpact.gate.watch.gate_metrics import METRICS_TYPE, metrics_text
from gridpact.gate.watch.worker_signs import workers_alive
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import Refused
from gridpact.version import __version__

router = APIRouter(tags=["open"])
JSON_TYPE = "application/json"


@router.get("/health")
async def health(request: Request) -> Response:
    """The process answers."""
    parameters(request)
    need_acceptable(request, JSON_TYPE)
    return answered(200, {"status": "ok", "version": __version__})


@router.get("/ready")
async def ready(request: Request) -> Response:
    """The database answers and has tables of this version, clocks agree, and somebody clears."""
    parameters(request)
    need_acceptable(request, JSON_TYPE)
    service = service_of(request)
    clock, database = service.gate.clock, service.gate.database
    if not await service.read(lambda _: is_current(database)):
        raise _not_ready("The tables are not of this version.")
    if not clock.is_near:
        raise _not_ready("The clock of this machine is off that of the database.")
    if not service.is_alive:
        raise _not_ready("Nothing is stored or sealed by this process any more.")
    if not await service.read(lambda connection: workers_alive(connection, service.now())):
        raise _not_ready("No clearing worker was heard of lately.")
    checks = dict.fromkeys(("database", "clock", "workers", "migrations"), "ok")
    return answered(200, {"status": "ready", **checks})


def _not_ready(detail: str) -> Refused:
    return Refused(503, "not-ready", detail, headers={"Retry-After": "5"})


@router.get("/time")
async def time(request: Request) -> Response:
    """The gate's time."""
    parameters(request)
    need_acceptable(request, JSON_TYPE)
    return answered(200, {"now": moment_text(service_of(request).now())})


@router.get("/keys")
async def keys(request: Request) -> Response:
    """The gate's name and public keys, those that it signed with before too."""
    parameters(request)
    service = service_of(request)
    return read_answer(request, await service.read(lambda _: service.facts()))


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """This description."""
    parameters(request)
    return read_answer(request, request.app.openapi())


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """The metrics of the gate, to operators."""
    need_operator(await visitor(request))
    parameters(request)
    need_acceptable(request, "text/plain")
    gate = service_of(request).gate
    text = await run_in_threadpool(metrics_text, gate.database, gate.clock)
    return Response(text, headers={"Content-Type": METRICS_TYPE, "Cache-Control": "no-store"})
