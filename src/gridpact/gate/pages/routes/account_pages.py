"""A user's own: password, keys, mandates that it has and hands over, its data, and the end of them."""

from typing import Any

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import BaseRoute

from gridpact.gate.pages.browser_login import LOGIN_COOKIE, give_cookie
from gridpact.gate.pages.login_limits import limits_of
from gridpact.gate.pages.page_caller import NOT_LOGGED_IN, PageCaller
from gridpact.gate.pages.page_forms import PageForm
from gridpact.gate.pages.page_numbers import HOUR
from gridpact.gate.pages.page_shell import Handler, back, page_route, show, told
from gridpact.gate.people.logins import begin_login, end_logins, not_let_in
from gridpact.gate.people.passwords import hashed, is_password, known_hash, need_good_password, set_password
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.views.user_views import logins_view
from gridpact.gate.words.refused import FieldProblem, Refused, invalid


async def account(caller: PageCaller, refused: Refused | None = None, secret: str = "") -> Response:
    """The page of a user's own."""
    me = (await caller.api("GET", "me")).document
    markets = (await caller.api("GET", "markets")).document["items"]

    def query(connection: Connection) -> dict[str, Any]:
        return logins_view(connection, caller.who.user)

    return show(
        caller,
        "account.html",
        status=refused.status if refused else 200,
        me=me,
        market_names={each["market"]: each["name"] for each in markets},
        logins=await caller.read(query),
        refused=told(caller.words, refused) if refused else None,
        secret=secret,
    )


def _change(done: str, *place: str, method: str = "POST", ending: bool = False) -> Handler:
    """The handler of a form that is one call of the API and leads back here."""

    async def handler(caller: PageCaller) -> Response:
        form = await caller.form()
        try:
            parts = [
                caller.who.user if part == "@me" else form.text(part[1:]) if part[0] == "@" else part
                for part in place
            ]
            document = None if ending else document_of(form)
            await caller.api(method, *parts, document=document)
        except Refused as refused:
            if refused.status == NOT_LOGGED_IN:
                raise
            return await account(caller, refused)
        return back("/account", done)

    return handler


def document_of(form: PageForm) -> dict[str, Any]:
    """What a form of keys, signing keys or mandates means."""
    found: dict[str, Any] = {}
    for name in ("kty", "crv", "x", "from", "until"):
        if form.text(name):
            found[name] = form.text(name)
    if form.texts("right"):
        found["rights"] = form.texts("right")
    return found


async def make_key(caller: PageCaller) -> Response:
    """Makes a key for a program, and shows its secret this once."""
    form = await caller.form()
    document: dict[str, Any] = {"key": form.text("key")}
    if form.text("right") == "read":
        document["rights"] = ["read"]
    try:
        made = (await caller.api("POST", "users", caller.who.user, "keys", document=document)).document
    except Refused as refused:
        return await account(caller, refused)
    return await account(caller, secret=made.get("secret", ""))


async def change_password(caller: PageCaller) -> Response:
    """Sets another password, by the one that there is, and ends all logins but this one."""
    form, who, service = await caller.form(), caller.who, caller.service
    host = caller.request.client.host if caller.request.client else ""
    password = form.secret("password")

    def work(transaction: Transaction) -> str:
        now = service.now()
        set_password(transaction, who.user, argon2, received_at=now)
        hours = service.gate.settings.login_hours
        return begin_login(transaction, who.user, now=now, hours=hours, before=None, argon2=None)

    try:
        limits_of(caller.request).need_try(who.user, host)
        known = await caller.read(lambda connection: known_hash(connection, who.user))
        if not await run_in_threadpool(is_password, known, form.secret("old_password")):
            raise not_let_in()
        need_good_password(password, who.user)
        if form.secret("again") != password:
            raise invalid([FieldProblem(pointer="/again", what="is another", remedy="write the same twice")])
        argon2 = await run_in_threadpool(hashed, password)
        secret = await service.write(work)
    except Refused as refused:
        return await account(caller, refused)
    answer = back("/account", "password_set")
    seconds = int(service.gate.settings.login_hours * HOUR)
    give_cookie(caller.request, answer, LOGIN_COOKIE, secret, seconds=seconds)
    return answer


async def end_all_logins(caller: PageCaller) -> Response:
    """Logs the user out everywhere."""
    await caller.form()
    await caller.service.write(lambda transaction: end_logins(transaction, caller.who.user))
    answer = back("/login", "logged_out")
    give_cookie(caller.request, answer, LOGIN_COOKIE, "", seconds=None)
    return answer


async def export(caller: PageCaller) -> Response:
    """All that the gate holds of the user, as a file."""
    content = (await caller.api("GET", "me", "export", media_type="application/zip")).content
    headers = {
        "Content-Disposition": 'attachment; filename="gridpact-my-data.zip"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/zip", headers=headers)


async def erase(caller: PageCaller) -> Response:
    """Erases the user, who has written its own name to say that it means it."""
    form, user = await caller.form(), caller.who.user
    if form.text("user") != user:
        problem = FieldProblem(
            pointer="/user", value=form.text("user"), what="is not your name", remedy=f"write {user}"
        )
        return await account(caller, invalid([problem]))
    await caller.api("DELETE", "users", user)
    answer = back("/login", "erased")
    give_cookie(caller.request, answer, LOGIN_COOKIE, "", seconds=None)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


_KEY, _SIGNING = ("users", "@me", "keys", "@key"), ("users", "@me", "signing-keys", "@kid")
_MANDATE = ("markets", "@market", "mandates", "@user", "@participant")
ROUTES: list[BaseRoute] = [
    page_route("/account", account),
    page_route("/account/keys", make_key, "POST"),
    page_route("/account/keys/revoked", _change("revoked", *_KEY, method="DELETE", ending=True), "POST"),
    page_route("/account/signing-keys", _change("signing_key", *_SIGNING, method="PUT"), "POST"),
    page_route(
        "/account/signing-keys/ended", _change("revoked", *_SIGNING, method="DELETE", ending=True), "POST"
    ),
    page_route("/account/mandates", _change("mandate", *_MANDATE, method="PUT"), "POST"),
    page_route(
        "/account/mandates/ended", _change("mandate_ended", *_MANDATE, method="DELETE", ending=True), "POST"
    ),
    page_route("/account/password", change_password, "POST"),
    page_route("/account/logins/ended", end_all_logins, "POST"),
    page_route("/account/export.zip", export),
    page_route("/account/erased", erase, "POST"),
]
