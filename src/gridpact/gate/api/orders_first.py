"""OrdersFirst: orders go to their routes at once, past the framework that all else takes."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gridpact.gate.api.answers import on_refused
from gridpact.gate.api.order_request import OrderRequest
from gridpact.gate.words.refused import Refused

Route = Callable[[Request, str], Awaitable[Response]]
_OF_ORDERS = "of_orders"  # where a scope has the route and the session that its path names


class _Route(NamedTuple):
    """What is counted and logged of a request: the route that it took."""

    path_format: str


class OrdersFirst:
    """Gives requests with orders to what answers them, and all others to the framework.

    Args:
        app: the framework, with its own frame around it.
        quick: `OrderRoutes`, with their frame around them.
        base: path that all routes are below.
        names: of the routes of orders, the last parts of their paths `/sessions/{session}/…`.
    """

    def __init__(self, app: ASGIApp, quick: ASGIApp, base: str, names: Collection[str]) -> None:
        self._app, self._quick = app, quick
        self._path = re.compile(f"{re.escape(base)}/sessions/([^/]+)/({'|'.join(map(re.escape, names))})")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        found = None
        if scope["type"] == "http" and scope["method"] == "POST":
            found = self._path.fullmatch(scope["path"])
        if found is None:
            await self._app(scope, receive, send)
            return
        scope[_OF_ORDERS] = found[2], found[1]
        await self._quick(scope, receive, send)


class OrderRoutes:
    """Calls the routes of orders by itself.

    Args:
        app: the framework, whose state has what the routes share.
        routes: by the last part of their paths.
    """

    def __init__(self, app: ASGIApp, routes: Mapping[str, Route]) -> None:
        self._app = app
        self._routes = {
            name: (route, _Route(f"/sessions/{{session}}/{name}")) for name, route in routes.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        name, session = scope[_OF_ORDERS]
        route, scope["route"] = self._routes[name]
        scope["app"] = self._app
        request = OrderRequest(scope, receive)
        try:
            response = await route(request, session)
        except Refused as refused:
            response = await on_refused(request, refused)
        await response(scope, receive, send)
