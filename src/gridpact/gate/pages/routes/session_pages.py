"""A session as who acts in it sees it: the clock, the room there is, what was handed in, what came of it."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from gridpact.gate.access.visibility import sees_all
from gridpact.gate.access.visitor import OPERATOR
from gridpact.gate.api.incoming import CSV
from gridpact.gate.market.session_states import CLEARED
from gridpact.gate.pages.page_caller import PageCaller
from gridpact.gate.pages.page_forms import PageForm
from gridpact.gate.pages.page_shell import page_route, show, told
from gridpact.gate.pages.result_sentences import trade_outcomes
from gridpact.gate.pages.session_facts import SessionFacts, session_facts
from gridpact.gate.pages.session_pictures import (
    envelope_picture,
    headroom_picture,
    schedule_picture,
    trades_picture,
)
from gridpact.gate.views.activity_views import excludable_view
from gridpact.gate.words.moments import read_moment
from gridpact.gate.words.refused import Refused

TABLE_ROWS_MAX, EXCLUDABLE_MAX = 400, 500
SUBMISSION = re.compile(r"\bs[0-9]{12}\b")


async def session_page(caller: PageCaller) -> Response:
    """The page of a session."""
    return await show_session(caller, caller.request.path_params["session"])


async def show_session(
    caller: PageCaller, session: str, *, refused: Refused | None = None, form: PageForm | None = None
) -> Response:
    """The page of a session, with what was refused where something was.

    Args:
        caller: who opens it.
        session: its name.
        refused: what was handed in in vain.
        form: that it came by, whose values are shown again.
    """
    wanted = caller.request.query_params.get("participant")
    if form is not None:
        wanted = form.text("participant") or wanted
    facts = await caller.read(lambda connection: session_facts(connection, caller, session, wanted))
    result = await _result(caller, facts) if facts.view["state"] == CLEARED and facts.participant else None
    is_operator = OPERATOR in caller.who.roles
    submissions = await _to_exclude(caller, facts) if is_operator and facts.view["state"] == "failed" else []
    envelope = envelope_picture(caller.words, facts.envelope, facts.timezone) if facts.envelope else ""
    return show(
        caller,
        "session.html",
        status=refused.status if refused else 200,
        facts=facts,
        view=facts.view,
        refused=told(caller.words, refused) if refused else None,
        form=form,
        envelope=envelope,
        result=result,
        now_ms=(read_moment(facts.view["now"]) or 0) // 1000,
        sees_all=sees_all(caller.who),
        is_operator=is_operator,
        submissions=submissions,
        statements=await _statements(caller, facts),
    )


async def _result(caller: PageCaller, facts: SessionFacts) -> dict[str, Any] | None:
    """What came of the participant's orders and trades: pictures, sentences, tables."""
    query = {"participant": facts.participant}
    found = await caller.found("sessions", facts.view["session"], "results", query=query)
    if found is None:
        return None
    words, zone = caller.words, facts.timezone
    step = facts.times[1] - facts.times[0] if len(facts.times) > 1 else timedelta(hours=1)
    times = [row["time"] for row in found["schedule"]]
    return {
        "orders": {each["submission"]: each for each in found["orders"]},
        "status": found["status"],
        "trades": trade_outcomes(words, found["trades"], step, zone),
        "trades_picture": trades_picture(words, found["trades"], times, zone) if found["trades"] else "",
        "schedule": found["schedule"][:TABLE_ROWS_MAX],
        "schedule_picture": schedule_picture(words, found["schedule"], zone) if times else "",
    }


async def _to_exclude(caller: PageCaller, facts: SessionFacts) -> list[dict[str, Any]]:
    """What a session that failed has, which its operator may leave out of the next try."""
    session = str(facts.view["session"])
    return await caller.read(lambda connection: excludable_view(connection, session, limit=EXCLUDABLE_MAX))


async def _statements(caller: PageCaller, facts: SessionFacts) -> list[dict[str, Any]]:
    """The settlements of the market that are published."""
    if not facts.participant:
        return []
    found = await caller.found("markets", facts.view["market"], "settlements")
    return [each for each in found["items"] if each["published_at"]] if found else []


async def headroom_part(caller: PageCaller) -> Response:
    """What the network would take of a participant now; a page, or its part where the script asks."""
    session = caller.request.path_params["session"]
    wanted = caller.request.query_params.get("participant")
    facts = await caller.read(lambda connection: session_facts(connection, caller, session, wanted))
    query = {"participant": facts.participant}
    document = (await caller.api("GET", "sessions", session, "headroom", query=query)).document
    rows = [row for row in document["headroom"] if datetime.fromisoformat(row["time"]) >= facts.times[0]]
    is_part = caller.request.query_params.get("part") == "1"
    return show(
        caller,
        "headroom_part.html" if is_part else "headroom.html",
        facts=facts,
        view=facts.view,
        rows=rows,
        nothing=not any(row["sale_alone_kw"] or row["purchase_alone_kw"] for row in rows),
        picture=headroom_picture(caller.words, rows, facts.timezone) if rows else "",
        sequence=document["sequence"],
    )


async def why_page(caller: PageCaller) -> Response:
    """Why not all of a trade is firm: where the limit is, what loads it and what does not."""
    session = caller.request.path_params["session"]
    name = caller.request.query_params.get("name", "")
    found = (await caller.api("GET", "sessions", session, "explanation", query={"name": name})).document
    wanted = caller.request.query_params.get("participant")
    facts = await caller.read(lambda connection: session_facts(connection, caller, session, wanted))
    own = {each["submission"]: each["order"] for each in facts.orders}
    own |= {each["submission"]: each["trade"] for each in facts.trades}
    found["text"] = [_with_own_names(line, own) for line in found["text"]]
    return show(
        caller,
        "why.html",
        found=found,
        facts=facts,
        view=facts.view,
        called_by=own,
        called=own.get(name, ""),
    )


def _with_own_names(text: str, names: Mapping[str, str]) -> str:
    """A text in which submissions are called as who handed them in called them."""
    return SUBMISSION.sub(lambda found: names.get(found[0], found[0]), text)


async def own_table(caller: PageCaller) -> Response:
    """The rows of a table of the result that are the user's, as a file for spreadsheets."""
    session, table = (caller.request.path_params[name] for name in ("session", "table"))
    answer = await caller.api("GET", "sessions", session, "results", table, media_type=CSV)
    return _csv_file(answer.content, table)


async def statement_table(caller: PageCaller) -> Response:
    """The statement of a participant in a settlement, as a file for spreadsheets."""
    settlement, participant = (caller.request.path_params[name] for name in ("settlement", "participant"))
    place, query = ("settlements", settlement, "statements"), {"participant": participant}
    return _csv_file((await caller.api("GET", *place, query=query, media_type=CSV)).content, "statement")


def _csv_file(content: bytes, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.csv"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=f"{CSV}; charset=utf-8", headers=headers)


async def bill_page(caller: PageCaller) -> Response:
    """The bill of a settlement, as the API gives it."""
    parameters = caller.request.path_params
    answer = await caller.api(
        "GET",
        "settlements",
        parameters["settlement"],
        "bills",
        parameters["participant"],
        media_type="text/html",
    )
    return made_page(answer.content)


def made_page(content: bytes) -> Response:
    """A page made of results, in a sandbox of its own: nothing in it can act for who reads it."""
    policy = (
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


ROUTES: list[BaseRoute] = [
    page_route("/sessions/{session}", session_page),
    page_route("/sessions/{session}/headroom", headroom_part),
    page_route("/sessions/{session}/why", why_page),
    page_route("/sessions/{session}/tables/{table}", own_table),
    page_route("/settlements/{settlement}/statements/{participant:path}", statement_table),
    page_route("/settlements/{settlement}/bills/{participant:path}", bill_page),
]
