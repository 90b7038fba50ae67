"""OrdersFirst: orders go to their routes at once, past the search for a route that all else takes."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gridpact.gate.api.answers import on_refused
from gridpact.gate.words.refused import Refused

Route = Callable[[Request, str], Awaitable[Response]]


class _Route(NamedTuple):
    """What is counted and logged of a request: the route that it took."""

    path_format: str


class OrdersFirst:
    """Middleware that calls the routes of orders by itself.

    Args:
        app: that answers everything else.
        base: path that all routes are below.
        routes: by the last part of their paths, `/sessions/{session}/…`.
    """

    def __init__(self, app: ASGIApp, base: str, routes: Mapping[str, Route]) -> None:
        self._app, self._routes = app, routes
        self._path = re.compile(f"{re.escape(base)}/sessions/([^/]+)/({'|'.join(map(re.escape, routes))})")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        found = None
        if scope["type"] == "http" and scope["method"] == "POST":
            found = self._path.fullmatch(scope["path"])
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = _Route(f"/sessions/{{session}}/{found[2]}")
        request = Request(scope, receive)
        try:
            response = await self._routes[found[2]](request, found[1])
        except Refused as refused:
            response = await on_refused(request, refused)
        await response(scope, receive, send)
