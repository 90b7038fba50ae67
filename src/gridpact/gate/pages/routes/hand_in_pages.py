"""What one hands in by forms: each becomes the document that a program would send, and goes the same way."""

import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from gridpact.gate.door.signed_submissions import HEADER
from gridpact.gate.pages.page_caller import NOT_LOGGED_IN, PageCaller
from gridpact.gate.pages.page_forms import PageForm
from gridpact.gate.pages.page_shell import back, page_route, show
from gridpact.gate.pages.routes.session_pages import show_session
from gridpact.gate.words.json_bodies import compact_json
from gridpact.gate.words.refused import Refused, not_found

NUMBERS = ("power_kw", "price_per_kwh", "min_fraction")
TEXTS = ("start", "end")
NOT_KEPT = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
Work = Callable[[PageForm], Awaitable[None]]


def number(text: str) -> Any:
    """A number as somebody typed it, with a point or a comma; what is none stays text, and is refused."""
    try:
        value = float(text.replace(",", ".")) if text.count(",") <= 1 and "_" not in text else text
    except ValueError:
        return text
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def terms(form: PageForm) -> dict[str, Any]:
    """What orders and trades have in common; optional terms only where they were given."""
    found: dict[str, Any] = {name: form.text(name) for name in TEXTS}
    for name in NUMBERS:
        if name != "min_fraction" or form.text(name):
            found[name] = number(form.text(name))
    return found | ({"block": True} if form.text("block") else {})


def order_of(form: PageForm) -> dict[str, Any]:
    """The order that a form means."""
    own = {name: form.text(name) for name in ("order", "participant", "side")}
    return {**own, **terms(form)}


def trade_of(form: PageForm) -> dict[str, Any]:
    """The trade that a form means."""
    own, other = form.text("participant"), form.text("counterparty")
    sides = (own, other) if form.text("side") == "sell" else (other, own)
    return {"trade": form.text("trade"), **dict(zip(("seller", "buyer"), sides, strict=True)), **terms(form)}


async def _handed_in(caller: PageCaller, done: str, work: Work) -> Response:
    """Hands in what a form means, and goes back to the session, with a word or with every problem."""
    session, form = caller.request.path_params["session"], await caller.form()
    try:
        await work(form)
    except Refused as refused:
        if refused.status == NOT_LOGGED_IN:
            raise
        return await show_session(caller, session, refused=refused, form=form)
    return back(_place(session, form.text("participant")), done)


def _place(session: str, participant: str) -> str:
    return f"/sessions/{quote(session)}?{urlencode({'participant': participant})}"


def _signed(form: PageForm, document: dict[str, Any]) -> dict[str, Any]:
    """The bytes that the browser signed, with its signature; else those of the document that is meant."""
    signature, signed = form.text("signature"), form.secret("document")
    if signature and signed:
        return {"content": signed.encode(), "headers": {HEADER: _header(signature)}}
    headers = {HEADER: _header(signature)} if signature else {}
    return {"content": compact_json(document).encode(), "headers": headers}


def _header(signature: str) -> str:
    """A signature that can stand in a header."""
    return "".join(each for each in signature if each.isascii() and each.isprintable())


async def post_order(caller: PageCaller) -> Response:
    """Hands in an order."""

    async def work(form: PageForm) -> None:
        session = caller.request.path_params["session"]
        await caller.api("POST", "sessions", session, "orders", **_signed(form, order_of(form)))

    return await _handed_in(caller, "handed_in", work)


async def post_trade(caller: PageCaller) -> Response:
    """Proposes a trade."""

    async def work(form: PageForm) -> None:
        session = caller.request.path_params["session"]
        await caller.api("POST", "sessions", session, "trades", **_signed(form, trade_of(form)))

    return await _handed_in(caller, "proposed", work)


async def post_withdrawal(caller: PageCaller) -> Response:
    """Withdraws an order or a trade."""

    async def work(form: PageForm) -> None:
        session = caller.request.path_params["session"]
        submission = form.text("submission")
        document = {"withdrawal": f"withdraws-{submission}"[:64], "submission": submission}
        await caller.api("POST", "sessions", session, "withdrawals", **_signed(form, document))

    return await _handed_in(caller, "withdrawn", work)


async def post_confirmation(caller: PageCaller) -> Response:
    """Confirms a trade, or rejects it."""
    kind = caller.request.path_params["kind"]
    if kind not in ("confirmation", "rejection"):
        raise not_found()

    async def work(form: PageForm) -> None:
        place = ("sessions", caller.request.path_params["session"], "trades", form.text("submission"), kind)
        document = {"sha256": form.text("sha256")} if kind == "confirmation" else {}
        signature = form.text("signature")
        headers = {HEADER: _header(signature)} if signature else {}
        await caller.api("POST", *place, document=document, headers=headers)

    return await _handed_in(caller, "confirmed" if kind == "confirmation" else "rejected", work)


async def post_forecast(caller: PageCaller) -> Response:
    """Gives the forecast of a participant: one value for all periods, or one for each."""

    async def work(form: PageForm) -> None:
        periods = int(form.text("periods")) if form.text("periods").isdigit() else 0
        document = {name: _series(form.text(name), periods) for name in ("load_kw", "generation_kw")}
        place = ("sessions", caller.request.path_params["session"], "forecasts", form.text("participant"))
        await caller.api("PUT", *place, document=document)

    return await _handed_in(caller, "forecast", work)


def _series(text: str, periods: int) -> list[Any]:
    """Values between blanks or semicolons; a single one for every period."""
    values = [number(each) for each in text.replace(";", " ").split()]
    return values * periods if len(values) == 1 and 0 < periods <= 105_408 else values


async def submission_page(caller: PageCaller) -> Response:
    """A submission: its receipt, its document as it came, and the proof that a seal counts it."""
    name = caller.request.path_params["submission"]
    found = (await caller.api("GET", "submissions", name)).document
    proof = await caller.found("submissions", name, "proof")
    padded = found["document"] + "=" * (-len(found["document"]) % 4)
    text = urlsafe_b64decode(padded).decode("utf-8", "replace")
    return show(caller, "submission.html", submission=found, proof=proof, document=text)


async def document_file(caller: PageCaller) -> Response:
    """The bytes of a submission as they came, which the other side of a trade signs."""
    found = (await caller.api("GET", "submissions", caller.request.path_params["submission"])).document
    content = urlsafe_b64decode(found["document"] + "=" * (-len(found["document"]) % 4))
    return Response(content, media_type="application/octet-stream", headers=NOT_KEPT)


async def receipt_file(caller: PageCaller) -> Response:
    """The receipt as a file to keep: against who holds the gate's key, it alone helps."""
    name = caller.request.path_params["submission"]
    receipt = (await caller.api("GET", "submissions", name)).document["receipt"]
    headers = {
        "Content-Disposition": f'attachment; filename="receipt-{secrets.token_hex(4)}.json"',
        **NOT_KEPT,
    }
    return Response(json.dumps(receipt, indent=2), media_type="application/json", headers=headers)


ROUTES: list[BaseRoute] = [
    page_route("/sessions/{session}/orders", post_order, "POST"),
    page_route("/sessions/{session}/trades", post_trade, "POST"),
    page_route("/sessions/{session}/withdrawals", post_withdrawal, "POST"),
    page_route("/sessions/{session}/answers/{kind}", post_confirmation, "POST"),
    page_route("/sessions/{session}/forecasts", post_forecast, "POST"),
    page_route("/submissions/{submission}", submission_page),
    page_route("/submissions/{submission}/document", document_file),
    page_route("/submissions/{submission}/receipt.json", receipt_file),
]
