"""What auditors see: the log, the seals, and the verification of sessions."""

import asyncio
import sys
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from gridpact.gate.access.visibility import sees_all
from gridpact.gate.access.visitor import AUDITOR
from gridpact.gate.pages.page_caller import PageCaller
from gridpact.gate.pages.page_shell import page_route, show
from gridpact.gate.views.session_views import latest_sessions
from gridpact.gate.words.refused import Refused, right_missing

ENTRIES = "100"
SEALS_MAX = 100
PATIENCE_SECONDS = 60.0
_turn = asyncio.Semaphore(1)  # One verification at a time, in a process of its own.


async def log_page(caller: PageCaller) -> Response:
    """The log, a hundred entries a page."""
    after = caller.request.query_params.get("after", "")
    query = {"limit": ENTRIES, **({"after": after} if after else {})}
    page = (await caller.api("GET", "log", query=query)).document
    return show(caller, "log.html", page=page, after=after)


async def seals_page(caller: PageCaller, verified: dict[str, Any] | None = None) -> Response:
    """The seals of the sessions that closed last."""
    if not sees_all(caller.who):
        raise right_missing(AUDITOR)
    now = caller.service.now()
    sessions = await caller.read(
        lambda connection: latest_sessions(connection, caller.who, now, limit=SEALS_MAX)
    )
    sealed = [each for each in sessions if each["sealed_at"]]
    seals = [await caller.found("sessions", each["session"], "seal") for each in sealed]
    return show(
        caller,
        "seals.html",
        seals=[(view, seal) for view, seal in zip(sealed, seals, strict=True) if seal is not None],
        verified=verified,
    )


async def verify(caller: PageCaller) -> Response:
    """Verifies the gate, or a session with its clearing, as `gridpact gate verify` does."""
    if not sees_all(caller.who):
        raise right_missing(AUDITOR)
    form = await caller.form()
    session = form.text("session")
    words = ["gate", "verify", str(caller.service.gate.folder)]
    if session:
        await caller.api("GET", "sessions", session)
        words += ["--session", session, "--clear"]
    async with _turn:
        code, said = await _carried_out(words)
    return await seals_page(caller, {"session": session, "is_good": code == 0, "said": said})


async def _carried_out(words: list[str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gridpact",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Refused(503, "verification-long", headers={"Retry-After": "60"}) from None
    return process.returncode or 0, said.decode("utf-8", "replace")


ROUTES: list[BaseRoute] = [
    page_route("/log", log_page),
    page_route("/seals", seals_page),
    page_route("/verification", verify, "POST"),
]
