"""The API as pages use it: the same routes, called in this process for who is logged in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.types import Message, Scope

from gridpact.gate.api.incoming import JSON, LOGIN_STATE
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.refused import FieldProblem, Refused, not_found

BASE = "/api/v1"
REFUSED_FROM = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerAnswer:
    """What a route of the API answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def document(self) -> Any:
        """Its JSON; `None` where it has no content."""
        return json.loads(self.content) if self.content else None


async def call_api(
    request: Request,
    login: str,
    method: str,
    *place: str,
    query: Mapping[str, str] | None = None,
    document: Any = None,
    content: bytes | None = None,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> InnerAnswer:
    """Calls a route of the API for who is logged in.

    Args:
        request: of the page.
        login: what stands for the login where the digest of a key does.
        method: of the route.
        place: parts of its path below the base; the last one alone may have a slash.
        query: parameters.
        document: JSON that is sent.
        content: bytes that are sent in place of it.
        media_type: of these, and that the answer should have of a GET.
        headers: further ones.

    Raises:
        Refused: as the route does.
    """
    if any("/" in part or part in ("", ".", "..") for part in place[:-1]):
        raise not_found()
    sent = content if content is not None else b"" if document is None else compact_json(document).encode()
    path = "/".join((BASE, *place))
    kind = "accept" if method == "GET" else "content-type"
    given = {kind: media_type, "content-length": str(len(sent)), **(headers or {})}
    scope: Scope = {
        "type": "http",
        "asgi": request.scope.get("asgi", {"version": "3.0"}),
        "http_version": "1.1",
        "method": method,
        "scheme": request.scope["scheme"],
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": urlencode(query or {}).encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": request.scope.get("client"),
        "server": request.scope.get("server"),
        "state": {LOGIN_STATE: login},
    }
    answer = await _answered(request, scope, sent)
    if answer.status >= REFUSED_FROM:
        raise _refused(answer)
    return answer


async def _answered(request: Request, scope: Scope, sent: bytes) -> InnerAnswer:
    """Asks the application itself, in this process, and gathers what it answers."""
    status, headers, parts = 0, dict[str, str](), list[bytes]()

    async def receive() -> Message:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.update({name.decode(): value.decode("latin-1") for name, value in message["headers"]})
        else:
            parts.append(message.get("body", b""))

    await request.app(scope, receive, send)
    return InnerAnswer(status=status, headers=headers, content=b"".join(parts))


def _refused(answer: InnerAnswer) -> Refused:
    """What a route refused, as it said it."""
    said = answer.document or {}
    own = ("type", "title", "status", "detail", "problems", "total")
    return Refused(
        answer.status,
        str(said.get("type", "/problems/not-stored")).rpartition("/")[2],
        said.get("detail", ""),
        problems=[FieldProblem(**problem) for problem in said.get("problems", [])],
        facts={name: value for name, value in said.items() if name not in own},
        headers={name: value for name, value in answer.headers.items() if name == "retry-after"},
    )
