"""The shell of pages: their frame, what they may load, and what is shown where something is refused."""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gridpact.gate.access.visitor import AUDITOR, OPERATOR
from gridpact.gate.api.answers import request_id_of
from gridpact.gate.pages.browser_login import FORM_COOKIE, form_token, give_cookie
from gridpact.gate.pages.chosen_language import LANGUAGES, PageWords, isolated, without_marks
from gridpact.gate.pages.page_assets import OWN_STYLE, SCRIPT, STYLE, asset_path
from gridpact.gate.pages.page_caller import NOT_LOGGED_IN, PageCaller
from gridpact.gate.watch.json_log import say
from gridpact.gate.words.refused import FieldProblem, Refused
from gridpact.version import __version__

Handler = Callable[[PageCaller], Awaitable[Response]]
SEE_OTHER = 303


_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


class _PageRoute(NamedTuple):
    """What is counted and logged of a request: the route that it took."""

    path_format: str


POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # With less, browsers do not say where a form comes from.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TEMPLATES = Environment(
    loader=PackageLoader("gridpact.gate.pages", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"name": lambda value: isolated(str(value)), "plain": without_marks}


def show(caller: PageCaller, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page.

    Args:
        caller: who opens it.
        template: its file.
        status: of the answer.
        values: that it shows; texts are escaped.
    """
    content = rendered(caller, template, **values)
    answer = HTMLResponse(content, status_code=status, headers=HEADERS)
    fresh = getattr(caller.request.state, "new_form_secret", "")
    if fresh:
        give_cookie(caller.request, answer, FORM_COOKIE, fresh, seconds=None)
    return answer


def rendered(caller: PageCaller, template: str, **values: Any) -> str:
    """The HTML of a page."""
    shared = {
        "t": caller.words,
        "who": caller.who if caller.is_logged_in else None,
        "parts": _parts(caller),
        "here": caller.request.url.path,
        "languages": {code: words["language_name"] for code, words in LANGUAGES.items()},
        "form_token": form_token(caller.request),
        "assets": {name: asset_path(name) for name in (STYLE, OWN_STYLE, SCRIPT)},
        "gate": caller.service.name,
        "version": __version__,
        "fresh": lambda kind: f"{kind}-{secrets.token_hex(4)}",
        "done": caller.request.query_params.get("done", ""),
    }
    return _TEMPLATES.get_template(template).render({**shared, **values})


def _parts(caller: PageCaller) -> list[tuple[str, str]]:
    """Where one can go: places, and the keys of their words."""
    if not caller.is_logged_in:
        return []
    roles = caller.who.roles
    found = [("/", "nav_home")]
    if OPERATOR in roles:
        found += [("/users", "nav_users")]
    if roles & {OPERATOR, AUDITOR}:
        found += [("/log", "nav_log"), ("/seals", "nav_seals")]
    return [*found, ("/account", "nav_account")]


def page_route(path: str, handler: Handler, *methods: str, is_open: bool = False) -> BaseRoute:
    """A route that shows a page.

    Args:
        path: of the page.
        handler: makes the answer.
        methods: of the route; GET where none is named.
        is_open: whether it is shown to who is not logged in.
    """

    async def endpoint(request: Request) -> Response:
        request.scope["route"] = _PageRoute(path)
        caller = PageCaller(request)
        try:
            await caller.look_who()
            if not is_open and not caller.is_logged_in:
                return RedirectResponse(
                    f"/login?to={path if '{' not in path else '/'}", status_code=SEE_OTHER
                )
            return await handler(caller)
        except Refused as refused:
            return refused_page(caller, refused)
        except Exception as error:
            request_id = request_id_of(request)
            say("request failed", level=logging.ERROR, error=error, request_id=request_id)
            return refused_page(caller, Refused(503, "not-stored", request_id))

    return Route(path, endpoint, methods=list(methods or ("GET",)), include_in_schema=False)


def refused_page(caller: PageCaller, refused: Refused) -> Response:
    """The page of what is refused and belongs to no other page."""
    if refused.status == NOT_LOGGED_IN and not caller.is_logged_in:
        return RedirectResponse("/login", status_code=SEE_OTHER)
    answer = show(caller, "refused.html", status=refused.status, refused=told(caller.words, refused))
    answer.headers.update({name: value for name, value in refused.headers.items() if name == "Retry-After"})
    return answer


def back(place: str, done: str = "") -> Response:
    """Sends the browser on to a page, which says what was done; reloading that repeats nothing."""
    mark = "&" if "?" in place else "?"
    return RedirectResponse(
        f"{place}{mark}done={done}" if done else place, status_code=SEE_OTHER, headers=HEADERS
    )


def told(words: PageWords, refused: Refused) -> dict[str, Any]:
    """What a refusal says to people: what happened, each problem, and what to do."""
    key = f"refused_{refused.name.replace('-', '_')}"
    told_problems = (_told_problem(words, problem) for problem in refused.problems)
    problems = {tuple(each.values()): each for each in told_problems}  # Those of many periods once.
    return {
        "title": words(key) if words.has(key) else isolated(refused.detail),
        "detail": _said(words, refused.detail)
        if refused.name not in ("invalid", "not-found", "right-missing")
        else "",
        "remedy": words(f"{key}_remedy") if words.has(f"{key}_remedy") else "",
        "problems": list(problems.values()),
    }


def _told_problem(words: PageWords, problem: FieldProblem) -> Mapping[str, Any]:
    parts = [part for part in problem.pointer.split("/") if not part.isdigit()]
    field = parts[-1].lstrip("@?") if parts else ""
    key = f"field_{field}".lower().replace("-", "_")
    return {
        "field": words(key) if words.has(key) else isolated(field),
        "value": problem.value,
        "what": _said(words, problem.what),
        "remedy": _said(words, problem.remedy),
    }


def _said(words: PageWords, text: str) -> Markup:
    """What a check says, in the language of the page where it is known there, else marked as English.

    Numbers in it are put into what is known of it with the names `a` and `b` in their places.
    """
    if words.has(f"said_{text}"):
        return words(f"said_{text}")
    pattern, values = _with_names(text)
    if values and words.has(f"said_{pattern}"):
        return words(f"said_{pattern}", **values)
    if words.code == "en" or not text:
        return isolated(text)
    return Markup('<span lang="en">{}</span>').format(isolated(text))


def _with_names(text: str) -> tuple[str, dict[str, float]]:
    """A text with the names `{a}` and `{b}` in place of its first two numbers, and these by the names."""
    values: dict[str, float] = {}

    def named(found: re.Match[str]) -> str:
        name = "ab"[len(values)]
        values[name] = float(found[0].replace(",", ""))
        return f"{{{name}}}"

    return _NUMBER.sub(named, text, count=2), values
