"""Requests: who sends them, their body within its limit, their parameters."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from math import ceil
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from gridpact.gate.access.visitor import Visitor, no_key, secret_sha256, visitor_of_key
from gridpact.gate.api.service import Service
from gridpact.gate.words.json_bodies import read_json
from gridpact.gate.words.refused import FieldProblem, Refused, invalid

BODY_MAX, LARGE_BODY_MAX, NETWORK_MAX = 64 * 1024, 4 * 1024 * 1024, 64 * 1024 * 1024
BODY_SECONDS = 30.0
LIST_DEFAULT, LIST_MAX, DIGITS_MAX = 100, 1000, 19
LOGIN_STATE = "login_key"  # of a request that a page makes for who is logged in
Answer = TypeVar("Answer")
JSON, CSV, TOML = "application/json", "text/csv", "application/toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body as it came, and when its last byte did."""

    content: bytes
    received_at: int

    def document(self) -> dict[str, Any]:
        """The JSON object in it."""
        return read_json(self.content)


def service_of(request: Request) -> Service:
    """The service that a request is for."""
    service = request.app.state.service
    if not isinstance(service, Service):
        raise TypeError("the application has no service")
    return service


async def visitor(request: Request) -> Visitor:
    """Who sends a request.

    Raises:
        Refused: 401 without a key that is in force, 429 where there are too many requests.
    """
    service = service_of(request)
    found = await with_key(
        request,
        lambda key_sha256: service.read(
            lambda connection: visitor_of_key(connection, key_sha256, service.now())
        ),
    )
    request.state.pseudonym = found.pseudonym
    return found


async def with_key(request: Request, found: Callable[[str], Awaitable[Answer]]) -> Answer:
    """What is found by the digest of the key that a request came with, within the limits of rate.

    Raises:
        Refused: 401 without a key that is in force, 429 where there are too many requests.
    """
    service, key_sha256 = service_of(request), key_of(request)
    try:
        answer = await found(key_sha256)
    except Refused as refused:
        if refused.status == no_key().status:
            address = request.client.host if request.client else ""
            _refuse_rate(service.of_addresses.wait_seconds(address))
        raise
    refuse_rate_of(service, key_sha256)
    return answer


def key_of(request: Request) -> str:
    """Digest of the key that a request came with.

    Raises:
        Refused: 401, it came with none.
    """
    login = request.scope.get("state", {}).get(LOGIN_STATE)
    if login is not None:  # Put there by the pages of this process, never by what a client sends.
        return str(login)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        raise no_key()
    return secret_sha256(secret)


def refuse_rate_of(service: Service, key_sha256: str) -> None:
    """Refuses what a key asks for beyond its rate (429)."""
    _refuse_rate(service.of_keys.wait_seconds(key_sha256))


def _refuse_rate(wait_seconds: float) -> None:
    if wait_seconds > 0.0:
        raise Refused(429, "too-many", headers={"Retry-After": str(ceil(wait_seconds))})


async def body(request: Request, *, most: int = BODY_MAX, types: Collection[str] = (JSON,)) -> Body:
    """The body of a request, and the moment at which its last byte came.

    Raises:
        Refused: 413, 415, or 400 where it does not come whole within half a minute.
    """
    if media_type(request) not in types:
        raise Refused(415, "media-type", f"Send {' or '.join(types)}.")
    if not _is_utf8(request):
        raise Refused(415, "media-type", "Send it in UTF-8.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(
            415, "media-type", "Send it without a content coding.", headers={"Accept-Encoding": "identity"}
        )
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            content = await _content(request, most)
    except (TimeoutError, ClientDisconnect):
        raise Refused(
            400, "not-json", "The body did not come whole.", headers={"Connection": "close"}
        ) from None
    return Body(content=content, received_at=service_of(request).now())


def media_type(request: Request) -> str:
    """The type of a body; JSON where none is said."""
    return request.headers.get("content-type", JSON).partition(";")[0].strip().lower()


def _is_utf8(request: Request) -> bool:
    """Whether a body says of itself that it is UTF-8, of which ASCII is a part, or says nothing."""
    parts = request.headers.get("content-type", "").split(";")[1:]
    pairs = (part.partition("=") for part in parts)
    charsets = {value.strip(' "').lower() for name, _, value in pairs if name.strip().lower() == "charset"}
    return charsets <= {"utf-8", "utf8", "us-ascii"}


async def _content(request: Request, most: int) -> bytes:
    """A body, as far as it is not too large."""
    chunks, length, goes_on = [], 0, True
    while goes_on:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, goes_on = message.get("body", b""), message.get("more_body", False)
        length += len(chunk)
        if length > most:
            raise _too_large(most)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(most: int) -> Refused:
    return Refused(413, "too-large", f"At most {most:,} bytes are taken here.")


def parameters(request: Request, *names: str) -> dict[str, str]:
    """The query parameters of a request.

    Raises:
        Refused: 422, there is one that is not known here, or is there twice.
    """
    if not request.scope.get("query_string"):
        return {}
    given = request.query_params.multi_items()
    problems = [
        FieldProblem(
            pointer=f"?{name}",
            value=value,
            what="is not known",
            remedy=f"known are {', '.join(names) or 'none'}",
        )
        for name, value in given
        if name not in names
    ]
    found = dict(given)
    if len(found) < len(given):
        problems.append(FieldProblem(pointer="?", what="has a parameter twice", remedy="keep one of each"))
    if problems:
        raise invalid(problems)
    return found


def named_page(given: dict[str, str]) -> tuple[str, int]:
    """After which name a list goes on, and how many items it may have.

    Raises:
        Refused: 422.
    """
    after = given.get("after", "")
    try:
        name = urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        problems = [] if place_of(name) == after and "\0" not in name else [_unknown_place(after)]
    except ValueError:
        name, problems = "", [_unknown_place(after)]
    limit = given.get("limit", str(LIST_DEFAULT))
    problems += _limit_problems(limit)
    if problems:
        raise invalid(problems)
    return name, int(limit)


def place_of(name: str) -> str:
    """The place of a name in a list, as `after` takes it."""
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _unknown_place(after: str) -> FieldProblem:
    remedy = "write the `next` of an answer before"
    return FieldProblem(pointer="?after", value=after, what="is not known", remedy=remedy)


def _limit_problems(limit: str) -> list[FieldProblem]:
    if limit.isascii() and limit.isdigit() and len(limit) < DIGITS_MAX and 1 <= int(limit) <= LIST_MAX:
        return []
    remedy = f"write 1 to {LIST_MAX}"
    return [FieldProblem(pointer="?limit", value=limit, what="is not a limit", remedy=remedy)]


def page(given: dict[str, str]) -> tuple[int, int]:
    """After which number a list goes on, and how many items it may have.

    Raises:
        Refused: 422.
    """
    limit, after = given.get("limit", str(LIST_DEFAULT)), given.get("after", "0")
    problems = _limit_problems(limit)
    if not (after.isascii() and after.isdigit() and len(after) < DIGITS_MAX):
        problems.append(_unknown_place(after))
    if problems:
        raise invalid(problems)
    return int(after), int(limit)
