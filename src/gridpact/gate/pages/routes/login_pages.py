"""To log in and out: by a password, an invitation, an identity provider; and the language of pages."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from gridpact.gate.pages.browser_login import (
    LANGUAGE_COOKIE,
    LOGIN_COOKIE,
    WAY_COOKIE,
    YEAR_SECONDS,
    cookie_of,
    give_cookie,
)
from gridpact.gate.pages.chosen_language import LANGUAGES
from gridpact.gate.pages.login_limits import limits_of
from gridpact.gate.pages.page_assets import TYPES, asset, asset_path
from gridpact.gate.pages.page_caller import PageCaller
from gridpact.gate.pages.page_numbers import HOUR
from gridpact.gate.pages.page_shell import HEADERS, SEE_OTHER, back, page_route, show, told
from gridpact.gate.people.invitations import (
    accept_by_identity,
    accept_by_password,
    invited_user,
    user_of_identity,
)
from gridpact.gate.people.logins import begin_login, end_login, not_let_in
from gridpact.gate.people.passwords import hashed, is_password, known_hash, need_good_password
from gridpact.gate.people.single_sign_on import (
    WAY_MICROSECONDS,
    SignOn,
    begin_way,
    end_way,
    has_sign_on,
    not_taken,
    provider_place,
    subject_of,
)
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found

PLACES = ("/", "/account", "/log", "/seals", "/users")  # where a login may lead on to


async def show_login(caller: PageCaller, refused: Refused | None = None, user: str = "") -> Response:
    """The page on which one logs in."""
    if caller.is_logged_in and refused is None:
        return back("/")
    to = caller.request.query_params.get("to", "/")
    return show(
        caller,
        "login.html",
        status=refused.status if refused else 200,
        refused=told(caller.words, refused) if refused else None,
        user=user,
        to=to if to in PLACES else "/",
        has_sign_on=has_sign_on(caller.service.gate.settings),
    )


async def log_in(caller: PageCaller) -> Response:
    """Logs in by name and password."""
    form = await caller.form()
    user, password = form.text("user").lower(), form.secret("password")
    request, service = caller.request, caller.service
    try:
        limits_of(request).need_try(user, request.client.host if request.client else "")
        known = await caller.read(lambda connection: known_hash(connection, user))
        if not await run_in_threadpool(is_password, known, password):
            raise not_let_in()
        secret = await service.write(
            lambda transaction: begin_login(
                transaction,
                user,
                now=service.now(),
                hours=service.gate.settings.login_hours,
                before=caller.secret,
                argon2=known,
            )
        )
    except Refused as refused:
        return await show_login(caller, refused, user)
    to = form.text("to")
    return _logged_in(caller, back(to if to in PLACES else "/"), secret)


def _logged_in(caller: PageCaller, answer: Response, secret: str) -> Response:
    seconds = int(caller.service.gate.settings.login_hours * HOUR)
    give_cookie(caller.request, answer, LOGIN_COOKIE, secret, seconds=seconds)
    return answer


async def log_out(caller: PageCaller) -> Response:
    """Ends the login."""
    await caller.form()
    if caller.secret:
        await caller.service.write(lambda transaction: end_login(transaction, caller.secret))
    answer = back("/login", "logged_out")
    give_cookie(caller.request, answer, LOGIN_COOKIE, "", seconds=None)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


async def show_invitation(caller: PageCaller, refused: Refused | None = None) -> Response:
    """The page on which who was invited sets a password."""
    secret, service = caller.request.path_params["secret"], caller.service
    user = await caller.read(lambda connection: invited_user(Transaction(connection), secret, service.now()))
    return show(
        caller,
        "invitation.html",
        status=refused.status if refused else 200,
        refused=told(caller.words, refused) if refused else None,
        user=user,
        secret=secret,
        has_sign_on=has_sign_on(service.gate.settings),
    )


async def accept_invitation(caller: PageCaller) -> Response:
    """Sets the password of who was invited, and logs in."""
    form, service = await caller.form(), caller.service
    secret, password = caller.request.path_params["secret"], form.secret("password")

    def work(transaction: Transaction) -> str:
        now = service.now()
        user = accept_by_password(transaction, secret, argon2, now=now)
        hours = service.gate.settings.login_hours
        return begin_login(transaction, user, now=now, hours=hours, before=caller.secret, argon2=None)

    try:
        user = await caller.read(
            lambda connection: invited_user(Transaction(connection), secret, service.now())
        )
        need_good_password(password, user)
        if form.secret("again") != password:
            raise invalid([FieldProblem(pointer="/again", what="is another", remedy="write the same twice")])
        argon2 = await run_in_threadpool(hashed, password)
        login = await service.write(work)
    except Refused as refused:
        if refused.status == not_found().status:
            raise
        return await show_invitation(caller, refused)
    return _logged_in(caller, back("/", "password_set"), login)


async def go_to_provider(caller: PageCaller) -> Response:
    """Sends the browser to the identity provider."""
    settings, service = caller.service.gate.settings, caller.service
    if not has_sign_on(settings):
        raise not_found()
    invitation = caller.request.query_params.get("invitation")
    limits_of(caller.request).need_way(caller.request.client.host if caller.request.client else "")
    way = await service.write(lambda transaction: begin_way(transaction, invitation, service.now()))
    place = await run_in_threadpool(provider_place, settings, way)
    answer = RedirectResponse(place, status_code=SEE_OTHER, headers=HEADERS)
    give_cookie(
        caller.request, answer, WAY_COOKIE, way.state, seconds=WAY_MICROSECONDS // 1_000_000, lax=True
    )
    return answer


async def come_back(caller: PageCaller) -> Response:
    """Takes the word of the identity provider for who comes back from it.

    The answer is a page, as the new cookie comes with no request that another site began.
    """
    settings, service = caller.service.gate.settings, caller.service
    returned = dict(caller.request.query_params)
    state, known = returned.get("state", ""), cookie_of(caller.request, WAY_COOKIE)
    if not has_sign_on(settings):
        raise not_found()
    try:
        if not state or state != known:
            raise not_taken("This way to log in was begun too long ago, or elsewhere.")
        way = await service.write(lambda transaction: end_way(transaction, state, service.now()))
        subject = await run_in_threadpool(subject_of, settings, way, returned)
        secret = await service.write(
            lambda transaction: _begin_by_identity(transaction, caller, way, subject)
        )
    except Refused as refused:
        return await show_login(caller, refused)
    answer = _logged_in(caller, show(caller, "welcome.html"), secret)
    give_cookie(caller.request, answer, WAY_COOKIE, "", seconds=None, lax=True)
    return answer


def _begin_by_identity(transaction: Transaction, caller: PageCaller, way: SignOn, subject: str) -> str:
    settings, now = caller.service.gate.settings, caller.service.now()
    issuer = settings.oidc_issuer
    if way.invitation is not None:
        user: str | None = accept_by_identity(transaction, way.invitation, issuer, subject, now=now)
    else:
        user = user_of_identity(transaction, issuer, subject)
    if user is None:
        raise not_taken("This identity belongs to no user of the gate: ask its operator for an invitation.")
    return begin_login(
        transaction, user, now=now, hours=settings.login_hours, before=caller.secret, argon2=None
    )


async def choose_language(caller: PageCaller) -> Response:
    """Keeps the language that somebody chose."""
    form = await caller.form()
    code, to = form.text("language"), form.text("to")
    is_place = to.startswith("/") and not to.startswith(("//", "/\\"))
    answer = back(to if is_place else "/")
    if code in LANGUAGES:
        give_cookie(caller.request, answer, LANGUAGE_COOKIE, code, seconds=YEAR_SECONDS)
    return answer


async def give_asset(caller: PageCaller) -> Response:
    """A style sheet or the script, for as long as its content stays the same."""
    name = caller.request.path_params["name"]
    if name not in TYPES or asset_path(name) != caller.request.url.path:
        raise not_found()
    kept = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(asset(name), media_type=TYPES[name], headers=kept)


ROUTES: list[BaseRoute] = [
    page_route("/login", show_login, is_open=True),
    page_route("/login", log_in, "POST", is_open=True),
    page_route("/logout", log_out, "POST", is_open=True),
    page_route("/invitation/{secret}", show_invitation, is_open=True),
    page_route("/invitation/{secret}", accept_invitation, "POST", is_open=True),
    page_route("/login/sso", go_to_provider, is_open=True),
    page_route("/login/sso/return", come_back, is_open=True),
    page_route("/language", choose_language, "POST", is_open=True),
    page_route("/assets/{digest}/{name}", give_asset, is_open=True),
]
