"""What is around every request: its id, HEAD as GET, the rest of a refused body, what is counted of it."""

import logging
import secrets
from itertools import count
from time import monotonic
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridpact.gate.api.answers import on_failure, refused_answer
from gridpact.gate.api.incoming_body import IncomingBody
from gridpact.gate.watch.gate_metrics import count_request
from gridpact.gate.watch.json_log import say
from gridpact.gate.words.refused import not_found

OTHER_ROUTE = "other"
_PROCESS, _NUMBERS = secrets.token_hex(10), count()  # An id is asked of the system once, and counted on.
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")
REFUSED, FAILED, READY = 400, 500, "/ready"


class FrameOfRequests:
    """Gives each request an id, and notes route, status and time of its answer; never path, query or body.

    Args:
        app: that answers.
        logs: whether the log has a line for each request; one for each failure it always has.
    """

    def __init__(self, app: ASGIApp, *, logs: bool) -> None:
        self._app, self._logs = app, logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, request_id, method = monotonic(), f"{_PROCESS}{next(_NUMBERS):012x}", scope["method"]
        scope.setdefault("state", {})["request_id"] = request_id
        if method == "HEAD":
            scope["method"] = "GET"
            scope["state"]["is_head"] = True  # A stream, which never ends, is not begun for it.
        status, incoming = 0, IncomingBody(scope, receive)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status >= REFUSED:
                    await incoming.discard()
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            if "\0" in scope["path"]:
                await refused_answer(not_found(), request_id)(scope, incoming.receive, sending)
            else:
                await self._app(scope, incoming.receive, sending)
        except Exception as error:
            if status:
                raise
            await on_failure(request_id, error)(scope, incoming.receive, sending)
        finally:
            self._note(scope, method, status, request_id, monotonic() - started)

    def _note(self, scope: Scope, method: str, status: int, request_id: str, seconds: float) -> None:
        """Counts a request, and logs it where requests are logged or it failed."""
        route = _route(scope)
        count_request(method if method in METHODS else OTHER_ROUTE, route, status, seconds)
        if self._logs or (status >= FAILED and not route.endswith(READY)):
            say(
                "request",
                level=logging.ERROR if status >= FAILED else logging.INFO,
                request_id=request_id,
                method=method,
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                user=scope.get("state", {}).get("pseudonym"),
            )


def _route(scope: Scope) -> str:
    """The template of a path, which has no names of anybody in it."""
    route: Any = scope.get("route")
    return str(getattr(route, "path_format", "") or getattr(route, "path", "") or OTHER_ROUTE)
