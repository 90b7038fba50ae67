"""Answers: JSON with its ETag, lists, and refusals as problem details."""

import logging
from hashlib import sha256
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.watch.json_log import say
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.refused import Refused

PROBLEM_JSON = "application/problem+json"
METHOD_NOT_ALLOWED = 405
_OF_HTTP = {404: "not-found", 405: "method", 406: "not-acceptable", 415: "media-type"}


def answered(status: int, document: Any, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        compact_json(document).encode(), status_code=status, media_type="application/json", headers=headers
    )


def read_answer(
    request: Request, document: Any, *, etag: str = "", media_type: str = "application/json"
) -> Response:
    """The answer to a GET, with its ETag; 304 where the client has it already.

    Args:
        request: that is answered.
        document: JSON, or the bytes of a table or file.
        etag: where it is not the digest of the content.
        media_type: of bytes.

    Raises:
        Refused: 406, the client does not take it.
    """
    need_acceptable(request, media_type)
    content = document if isinstance(document, bytes) else compact_json(document).encode()
    tag = f'"{etag or sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def acceptable(request: Request, *kinds: str) -> str:
    """The one of some media types that a client wants most; of equal ones the first.

    Raises:
        Refused: 406, it takes none of them.
    """
    wanted = _wanted(request.headers.getlist("accept"))
    best = max(kinds, key=lambda kind: _weight(kind, wanted))
    if _weight(best, wanted) <= 0.0:
        raise Refused(406, "not-acceptable", f"It is given as {' or '.join(kinds)}.")
    return best


def need_acceptable(request: Request, kind: str) -> None:
    """Refuses to answer a client that does not take a media type (406)."""
    acceptable(request, kind.partition(";")[0])


def _wanted(headers: list[str]) -> list[tuple[str, float]]:
    """The ranges of Accept, with their weights."""
    found = []
    for each in ",".join(headers).split(","):
        name, *parameters = (part.strip().lower() for part in each.split(";"))
        weights = [part[2:] for part in parameters if part.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        if name:
            found.append((name, weight))
    return found or [("*/*", 1.0)]


def _weight(kind: str, wanted: list[tuple[str, float]]) -> float:
    """How much a media type is wanted, by the narrowest range that it is in."""
    for name in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        weights = [weight for each, weight in wanted if each == name]
        if weights:
            return max(weights)
    return 0.0


def listed(items: list[Any], following: int | str | None) -> dict[str, Any]:
    """A part of a list, and where it goes on."""
    return {"items": items, "next": None if following is None else str(following)}


def refused_answer(refused: Refused, request_id: str = "") -> Response:
    """A refusal as problem details."""
    document = refused.as_json()
    if refused.status >= 500:
        document["request_id"] = request_id or uuid4().hex
    return Response(
        compact_json(document).encode(),
        status_code=refused.status,
        media_type=PROBLEM_JSON,
        headers=refused.headers,
    )


async def on_refused(request: Request, error: Exception) -> Response:
    """Answers a refusal."""
    if not isinstance(error, Refused):
        raise error
    return refused_answer(error, request_id_of(request))


async def on_http(request: Request, error: Exception) -> Response:
    """Answers what the framework refuses."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    name = _OF_HTTP.get(error.status_code, "invalid")
    return refused_answer(Refused(error.status_code, name, headers=headers))


def _methods(request: Request) -> list[str]:
    """The methods that a path takes, of whichever route: of the longest where a name has slashes."""
    described = request.app.openapi()["paths"]
    longest, found = 0, set[str]()
    for template, methods in described.items():
        length = template.count("/")
        if length >= longest and _is_of(request.url.path, template):
            found = {*(found if length == longest else ()), *(method.upper() for method in methods)}
            longest = length
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _is_of(path: str, template: str) -> bool:
    parts, names = path.split("/"), template.split("/")
    is_long_enough = len(parts) == len(names) or (len(parts) > len(names) and names[-1].startswith("{"))
    return is_long_enough and all(
        name.startswith("{") or name == part for part, name in zip(parts, names, strict=False)
    )


def request_id_of(request: Request) -> str:
    """The id of a request, which the log has too."""
    return str(getattr(request.state, "request_id", ""))


def on_failure(request_id: str, error: Exception) -> Response:
    """Answers what should not have happened, without a word of it; the log has the rest."""
    say("request failed", level=logging.ERROR, error=error, request_id=request_id)
    return refused_answer(
        Refused(503, "not-stored", "Something went wrong.", headers={"Retry-After": "1"}), request_id
    )
