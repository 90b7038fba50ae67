"""What a browser comes with: the cookie of a login, the token of a form, the language that was chosen."""

import secrets
from hmac import compare_digest
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visitor import secret_sha256
from gridpact.gate.store.gate_settings import LOOPBACK
from gridpact.gate.words.refused import Refused

LOGIN_COOKIE, FORM_COOKIE, LANGUAGE_COOKIE, WAY_COOKIE = (
    "gridpact_login",
    "gridpact_form",
    "gridpact_language",
    "gridpact_way",
)
SECURE_PREFIX = "__Host-"  # Such a cookie is taken of this host alone, by TLS alone, for all of its paths.
FORM_TOKEN = "form_token"
SECRET_BYTES, YEAR_SECONDS = 32, 365 * 86_400


def is_secure(request: Request) -> bool:
    """Whether cookies go by TLS alone: everywhere but on this machine itself."""
    return (request.url.hostname or "") not in LOOPBACK


def cookie_of(request: Request, name: str) -> str:
    """A cookie, empty where it did not come."""
    prefix = SECURE_PREFIX if is_secure(request) else ""
    return request.cookies.get(f"{prefix}{name}", "")


def give_cookie(
    request: Request, response: Response, name: str, value: str, *, seconds: int | None, lax: bool = False
) -> None:
    """Gives a browser a cookie that no script reads and no other site's request brings.

    Args:
        request: that is answered.
        response: the answer.
        name: of the cookie.
        value: of it, empty to take it back.
        seconds: after which the browser forgets it; `None` with its windows.
        lax: whether it comes, too, with a link of another site that is followed.
    """
    secure = is_secure(request)
    response.set_cookie(
        f"{SECURE_PREFIX if secure else ''}{name}",
        value,
        max_age=seconds if value else 0,
        httponly=True,
        samesite="lax" if lax else "strict",
        secure=secure,
        path="/",
    )


def form_secret(request: Request) -> str:
    """What the token of a form is made of: the login, or before it a cookie of its own, which may be new."""
    known = cookie_of(request, LOGIN_COOKIE) or cookie_of(request, FORM_COOKIE)
    if not known:
        known = getattr(request.state, "new_form_secret", "") or secrets.token_urlsafe(SECRET_BYTES)
        request.state.new_form_secret = known
    return known


def form_token(request: Request) -> str:
    """The token that the forms of a page have, and no page of another site can know."""
    return secret_sha256(f"form:{form_secret(request)}")


def need_own_form(request: Request, token: str, public_url: str) -> None:
    """Refuses a form that no page of this gate has sent (403)."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    hosts = {request.headers.get("host", ""), urlsplit(public_url).netloc} - {""}
    is_foreign = site not in (None, "same-origin") or (
        origin is not None and urlsplit(origin).netloc not in hosts
    )
    if is_foreign or not compare_digest(form_token(request).encode(), token.encode("utf-8", "replace")):
        raise Refused(403, "foreign-form", "This form is not of a page that you have open now.")
