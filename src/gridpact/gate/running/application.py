"""The application: all routes of a gate."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from gridpact.gate.api.answers import on_http, on_refused
from gridpact.gate.api.described.description import described
from gridpact.gate.api.frame_of_requests import FrameOfRequests
from gridpact.gate.api.orders_first import OrderRoutes, OrdersFirst
from gridpact.gate.api.routes import (
    event_routes,
    market_file_routes,
    market_routes,
    open_routes,
    order_routes,
    result_routes,
    session_routes,
    settlement_routes,
    submission_routes,
    user_routes,
    webhook_routes,
)
from gridpact.gate.api.service import Service
from gridpact.gate.pages.routes import all_pages
from gridpact.gate.running.served_places import BASE, FOLDER_VARIABLE
from gridpact.gate.store.gate_home import Gate, open_gate
from gridpact.gate.watch.json_log import set_up_log
from gridpact.gate.words.refused import Refused
from gridpact.version import __version__

PARENT_SECONDS = 0.5
STREAMS_SECONDS = 0.2  # in which streams of events end
SWITCH_SECONDS = 0.001  # after which the writer lets those answer who have their turn
ROUTES = (
    open_routes,
    user_routes,
    market_routes,
    market_file_routes,
    session_routes,
    result_routes,
    order_routes,
    submission_routes,
    settlement_routes,
    event_routes,
    webhook_routes,
)


def application(gate: Gate) -> ASGIApp:
    """The application that serves a gate: orders by a way of their own, all else by the framework."""
    app, logs = _framework(gate), gate.settings.log_requests
    quick = FrameOfRequests(OrderRoutes(app, order_routes.OF_ORDERS), logs=logs)
    return OrdersFirst(app, quick, BASE, order_routes.OF_ORDERS)


def _framework(gate: Gate) -> FastAPI:
    """All routes of a gate."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = service = Service(gate)
        _end_streams_first(service)
        try:
            yield
        finally:
            service.feed.end()
            service.close()

    app = FastAPI(
        title="gridpact gate",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for routes in ROUTES:
        app.include_router(routes.router, prefix=BASE)
    app.include_router(all_pages.router)
    description: dict[str, Any] = {}

    def described_once() -> dict[str, Any]:
        if not description:
            description.update(described(plain(), BASE))
        return description

    plain = app.openapi
    app.openapi = described_once  # type: ignore[method-assign]
    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(HTTPException, on_http)
    app.add_middleware(FrameOfRequests, logs=gate.settings.log_requests)
    return app


def _end_streams_first(service: Service) -> None:
    """Has streams of events end before the server does, which waits for all that goes on."""
    loop = asyncio.get_running_loop()

    def leave() -> None:
        service.feed.end()
        loop.call_later(STREAMS_SECONDS, os.kill, os.getpid(), signal.SIGINT)  # to which the server ends, too

    with suppress(
        NotImplementedError, RuntimeError, ValueError
    ):  # Not in the main thread: no server does that.
        loop.add_signal_handler(signal.SIGTERM, leave)


def from_environment() -> ASGIApp:
    """The application of the gate whose folder `FOLDER_VARIABLE` names, for serving processes."""
    set_up_log()
    sys.setswitchinterval(SWITCH_SECONDS)
    Thread(target=_end_with, args=(os.getppid(),), name="parent", daemon=True).start()
    return application(open_gate(Path(os.environ[FOLDER_VARIABLE])))


def _end_with(parent: int) -> None:
    """Ends this process, which answers nothing from then on, once its parent is gone, however killed."""
    while os.getppid() == parent:
        sleep(PARENT_SECONDS)
    os._exit(1)
