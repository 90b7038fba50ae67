"""The first page: of who trades the gate that closes next, of who runs the gate what wants looking at."""

from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import BaseRoute

from gridpact.gate.access.visibility import sees_all
from gridpact.gate.access.visitor import OPERATOR
from gridpact.gate.market.session_states import OPEN, SCHEDULED
from gridpact.gate.pages.page_caller import PageCaller
from gridpact.gate.pages.page_shell import page_route, show
from gridpact.gate.pages.routes.login_pages import show_login
from gridpact.gate.pages.routes.session_pages import show_session
from gridpact.gate.pages.session_pictures import minutes_picture, sessions_picture
from gridpact.gate.views.activity_views import jobs_view, submissions_a_minute, workers_view
from gridpact.gate.views.session_views import failed_sessions, latest_sessions
from gridpact.gate.words.moments import moment_text

SESSIONS_MAX, JOBS_MAX = 24, 20
UNSAFE = "baseline_unsafe"


async def home(caller: PageCaller) -> Response:
    """The first page."""
    if not caller.is_logged_in:
        return await show_login(caller)
    if sees_all(caller.who):
        return await _desk(caller)
    sessions = await caller.read(
        lambda connection: latest_sessions(connection, caller.who, caller.service.now(), limit=SESSIONS_MAX)
    )
    first = next_session(sessions)
    if first is None:
        return show(caller, "nothing_yet.html")
    return await show_session(caller, first["session"])


def next_session(sessions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The session whose gate closes next; where none is open the one that opens next, else the last one."""
    for state, name in ((OPEN, "gate_closes"), (SCHEDULED, "gate_opens")):
        if found := [each for each in sessions if each["state"] == state]:
            return min(found, key=lambda each: (each[name], each["session"]))
    return sessions[0] if sessions else None


async def _desk(caller: PageCaller) -> Response:
    """What operators and auditors see first: what is unsafe or failed, then all else."""
    now, words, who = caller.service.now(), caller.words, caller.who

    def query(connection: Connection) -> dict[str, Any]:
        is_operator = OPERATOR in who.roles
        return {
            "sessions": latest_sessions(connection, who, now, limit=SESSIONS_MAX),
            "failed": failed_sessions(connection, who, now, limit=SESSIONS_MAX),
            "minutes": submissions_a_minute(connection, now),
            "jobs": jobs_view(connection, limit=JOBS_MAX) if is_operator else [],
            "workers": workers_view(connection, now) if is_operator else [],
        }

    found = await caller.read(query)
    sessions = found["sessions"]
    return show(
        caller,
        "desk.html",
        **found,
        markets=(await caller.api("GET", "markets")).document["items"],
        unsafe=found["failed"] + [each for each in sessions if each.get("status") == UNSAFE],
        picture=sessions_picture(words, sessions, moment_text(now), "UTC") if sessions else "",
        minutes_picture=minutes_picture(words, found["minutes"]),
        now=now,
        is_operator=OPERATOR in who.roles,
    )


ROUTES: list[BaseRoute] = [page_route("/", home, is_open=True)]
