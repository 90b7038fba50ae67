"""What operators do: users, markets, sessions, operating envelopes; each form is one call of the API."""

import json
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from gridpact.gate.access.visibility import need_operator
from gridpact.gate.market.billing_files import ENVELOPES_KIND
from gridpact.gate.market.session_frames import market_file
from gridpact.gate.pages.page_caller import NOT_LOGGED_IN, PageCaller
from gridpact.gate.pages.page_forms import PageForm
from gridpact.gate.pages.page_shell import back, page_route, show, told
from gridpact.gate.pages.routes.hand_in_pages import number
from gridpact.gate.pages.routes.session_pages import made_page, show_session
from gridpact.gate.pages.session_pictures import sessions_picture
from gridpact.gate.views.session_views import latest_sessions
from gridpact.gate.words.moments import moment_text
from gridpact.gate.words.refused import Refused

LISTED_MAX, SESSIONS_MAX = "500", 24
FILES = ("summary.json", "cleared.csv", "schedule.csv", "network.csv", "limits.csv", "exchange.csv")


async def users_page(caller: PageCaller, refused: Refused | None = None, link: str = "") -> Response:
    """The users of the gate, and the form for one more."""
    after = caller.request.query_params.get("after", "")
    query = {"limit": "100", **({"after": after} if after else {})}
    page = (await caller.api("GET", "users", query=query)).document
    markets = (await caller.api("GET", "markets")).document["items"]
    return show(
        caller,
        "users.html",
        status=refused.status if refused else 200,
        page=page,
        refused=told(caller.words, refused) if refused else None,
        link=link,
        markets=markets,
        market_names={each["market"]: each["name"] for each in markets},
    )


async def put_user(caller: PageCaller) -> Response:
    """Makes or changes a user."""
    form = await caller.form()
    user = form.text("user")
    document: dict[str, Any] = {"name": form.text("name") or user, "roles": form.texts("role")}
    if form.text("retailer"):
        document["retailer"] = form.text("retailer")
    try:
        await caller.api("PUT", "users", user, document=document)
    except Refused as refused:
        return await _users_refused(caller, refused)
    return back("/users", "saved")


async def _users_refused(caller: PageCaller, refused: Refused) -> Response:
    if refused.status in (NOT_LOGGED_IN, 403):
        raise refused
    return await users_page(caller, refused)


async def invite(caller: PageCaller) -> Response:
    """Invites a user, and shows the link this once."""
    form = await caller.form()
    try:
        made = (await caller.api("POST", "users", form.text("user"), "invitations")).document
    except Refused as refused:
        return await _users_refused(caller, refused)
    base = caller.service.gate.settings.public_url or str(caller.request.base_url)
    return await users_page(caller, link=base.rstrip("/") + made["path"])


async def put_mandate(caller: PageCaller) -> Response:
    """Gives a user a mandate, or ends one."""
    form = await caller.form()
    place = ("markets", form.text("market"), "mandates", form.text("user"), form.text("participant"))
    document: dict[str, Any] = {"rights": form.texts("right")}
    document |= {name: form.text(name) for name in ("from", "until") if form.text(name)}
    is_end = bool(form.text("end"))
    try:
        if is_end:
            await caller.api("DELETE", *place)
        else:
            await caller.api("PUT", *place, document=document)
    except Refused as refused:
        return await _users_refused(caller, refused)
    return back("/users", "mandate_ended" if is_end else "mandate")


async def market_page(caller: PageCaller, refused: Refused | None = None) -> Response:
    """A market: its sessions, participants, and the operating envelopes that are published."""
    name = caller.request.path_params["market"]
    market = (await caller.api("GET", "markets", name)).document
    need_operator(caller.who, name)
    query = {"limit": LISTED_MAX}
    participants = (await caller.api("GET", "markets", name, "participants", query=query)).document
    now = caller.service.now()
    sessions = await caller.read(
        lambda connection: latest_sessions(connection, caller.who, now, limit=SESSIONS_MAX, market=name)
    )
    picture = sessions_picture(caller.words, sessions, moment_text(now), market["timezone"])
    envelopes = await caller.read(lambda connection: market_file(connection, name, ENVELOPES_KIND))
    return show(
        caller,
        "market.html",
        status=refused.status if refused else 200,
        market=market,
        participants=participants,
        sessions=sessions,
        picture=picture if sessions else "",
        envelope_rows=0 if envelopes is None else max(0, envelopes.count(b"\n") - 1),
        refused=told(caller.words, refused) if refused else None,
    )


async def publish_envelopes(caller: PageCaller) -> Response:
    """Publishes operating envelopes."""
    name, form = caller.request.path_params["market"], await caller.form()
    try:
        await caller.api(
            "PUT", "markets", name, "operating-envelopes", content=form.content("file"), media_type="text/csv"
        )
    except Refused as refused:
        if refused.status in (NOT_LOGGED_IN, 403, 404):
            raise
        return await market_page(caller, refused)
    return back(f"/markets/{name}", "published")


async def make_session(caller: PageCaller) -> Response:
    """Makes a session."""
    name, form = caller.request.path_params["market"], await caller.form()
    document = _session(form)
    try:
        await caller.api("PUT", "markets", name, "sessions", form.text("session"), document=document)
    except Refused as refused:
        if refused.status in (NOT_LOGGED_IN, 403):
            raise
        return await market_page(caller, refused)
    return back(f"/markets/{name}", "saved")


def _session(form: PageForm) -> dict[str, Any]:
    times = ("delivery_start", "gate_opens", "gate_closes")
    return {**{name: form.text(name) for name in times}, "periods": number(form.text("periods"))}


async def retry(caller: PageCaller) -> Response:
    """Has a failed session cleared again, without what is excluded."""
    session, form = caller.request.path_params["session"], await caller.form()
    document: dict[str, Any] = {"reason": form.text("reason")}
    if form.texts("exclude"):
        document["exclude"] = form.texts("exclude")
    try:
        await caller.api("POST", "sessions", session, "retry", document=document)
    except Refused as refused:
        if refused.status in (NOT_LOGGED_IN, 403, 404):
            raise
        return await show_session(caller, session, refused=refused)
    return back(f"/sessions/{session}", "retried")


async def cancel(caller: PageCaller) -> Response:
    """Cancels a session, as it is now."""
    session, form = caller.request.path_params["session"], await caller.form()
    seen = await caller.api("GET", "sessions", session)
    try:
        await caller.api(
            "DELETE",
            "sessions",
            session,
            query={"reason": form.text("reason")},
            headers={"if-match": seen.headers["etag"]},
        )
    except Refused as refused:
        if refused.status in (NOT_LOGGED_IN, 403, 404):
            raise
        return await show_session(caller, session, refused=refused)
    return back(f"/sessions/{session}", "cancelled")


async def result_file(caller: PageCaller) -> Response:
    """A file of a result; the report as a page, the others to keep."""
    session, name = caller.request.path_params["session"], caller.request.path_params["name"]
    answer = await caller.api("GET", "sessions", session, "files", name, media_type="*/*")
    if name.endswith(".html"):
        return made_page(answer.content)
    text = json.dumps(name).replace("\\", "").strip('"')
    headers = {
        "Content-Disposition": f'attachment; filename="{text.encode("ascii", "ignore").decode()}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(answer.content, media_type=answer.headers.get("content-type"), headers=headers)


ROUTES: list[BaseRoute] = [
    page_route("/users", users_page),
    page_route("/users", put_user, "POST"),
    page_route("/users/invited", invite, "POST"),
    page_route("/users/mandates", put_mandate, "POST"),
    page_route("/markets/{market}", market_page),
    page_route("/markets/{market}/envelopes", publish_envelopes, "POST"),
    page_route("/markets/{market}/sessions", make_session, "POST"),
    page_route("/sessions/{session}/retry", retry, "POST"),
    page_route("/sessions/{session}/cancelled", cancel, "POST"),
    page_route("/sessions/{session}/files/{name}", result_file),
]
