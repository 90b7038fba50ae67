"""Answers: JSON with its ETag, lists, and refusals as problem details."""

import logging
from hashlib import sha256
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.refused import Refused

PROBLEM_JSON = "application/problem+json"
_LOGGER = logging.getLogger("gridpact.gate")
_OF_HTTP = {404: "not-found", 405: "wrong-state", 406: "not-acceptable", 415: "media-type"}


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
    """
    content = document if isinstance(document, bytes) else compact_json(document).encode()
    tag = f'"{etag or sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def listed(items: list[Any], following: int | None) -> dict[str, Any]:
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


async def on_refused(_: Request, error: Exception) -> Response:
    """Answers a refusal."""
    if not isinstance(error, Refused):
        raise error
    return refused_answer(error)


async def on_http(_: Request, error: Exception) -> Response:
    """Answers what the framework refuses."""
    if not isinstance(error, HTTPException):
        raise error
    name = _OF_HTTP.get(error.status_code, "invalid")
    return refused_answer(Refused(error.status_code, name, headers=dict(error.headers or {})))


async def on_failure(request: Request, error: Exception) -> Response:
    """Answers what should not have happened, without a word of it; the log has the rest."""
    request_id = uuid4().hex
    _LOGGER.error("%s %s %s failed", request_id, request.method, request.url.path, exc_info=error)
    return refused_answer(
        Refused(503, "not-stored", "Something went wrong.", headers={"Retry-After": "1"}), request_id
    )
