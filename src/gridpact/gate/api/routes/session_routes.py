"""Sessions, their seals, and the log."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_market, need_operator, sees_all
from gridpact.gate.access.visitor import AUDITOR, OPERATOR, Visitor
from gridpact.gate.api.answers import answered, listed, read_answer
from gridpact.gate.api.incoming import body, named_page, page, parameters, place_of, service_of, visitor
from gridpact.gate.api.routes.market_routes import market_of
from gridpact.gate.closing.clearing_jobs import retry
from gridpact.gate.closing.seal_session import entry_of, seal_answer
from gridpact.gate.market.session_commands import cancel_session
from gridpact.gate.market.session_commands import put_session as put_session_work
from gridpact.gate.market.session_states import SessionState, session_state
from gridpact.gate.store.gate_tables import LOG, SESSION
from gridpact.gate.views.session_views import session_view
from gridpact.gate.words.refused import not_found, right_missing

router = APIRouter(tags=["sessions"])


def visible_session(connection: Connection, who: Visitor, session: str) -> SessionState:
    """A session whose market the visitor sees.

    Raises:
        Refused: 404.
    """
    state = session_state(connection, session)
    if state is None:
        raise not_found()
    need_market(who, state.row.market)
    return state


@router.put("/markets/{market}/sessions/{session}")
async def put_session(request: Request, market: str, session: str) -> Response:
    """Makes a session, or changes one."""
    who = await visitor(request)
    need_operator(who, market)
    await market_of(request, market)
    reason = parameters(request, "reason").get("reason", "")
    sent = await body(request)
    document = sent.document()
    status, made = await service_of(request).write(
        lambda transaction: put_session_work(
            transaction,
            market,
            session,
            document,
            actor=who.pseudonym,
            received_at=sent.received_at,
            if_match=request.headers.get("if-match"),
            reason=reason,
        )
    )
    return answered(status, made)


@router.delete("/sessions/{session}")
async def delete_session(request: Request, session: str) -> Response:
    """Cancels a session."""
    who, service = await visitor(request), service_of(request)
    state = await service.read(lambda connection: visible_session(connection, who, session))
    need_operator(who, state.row.market)
    reason = parameters(request, "reason").get("reason", "")
    now = service.now()
    await service.write(
        lambda transaction: cancel_session(
            transaction,
            session,
            actor=who.pseudonym,
            received_at=now,
            if_match=request.headers.get("if-match"),
            reason=reason,
        )
    )
    return Response(status_code=204)


@router.post("/sessions/{session}/retry")
async def retry_session(request: Request, session: str) -> Response:
    """Has a failed session cleared again."""
    who, service = await visitor(request), service_of(request)
    state = await service.read(lambda connection: visible_session(connection, who, session))
    need_operator(who, state.row.market)
    parameters(request)
    sent = await body(request)
    document = sent.document()
    await service.write(
        lambda transaction: retry(
            transaction, session, document, actor=who.pseudonym, received_at=sent.received_at
        )
    )
    place = f"/api/v1/sessions/{session}"
    return answered(202, {"session": session, "state": "closed"}, {"Location": place})


@router.get("/sessions/{session}")
async def get_session(request: Request, session: str) -> Response:
    """A session and its state."""
    who, service = await visitor(request), service_of(request)
    view, version = await service.read(lambda connection: _session(connection, who, session, service.now()))
    parameters(request)
    lasting = {name: value for name, value in view.items() if name != "now"}
    return read_answer(request, view, etag=f"{version}.{_tag(lasting)}")


def _tag(document: Mapping[str, Any]) -> str:
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def _session(connection: Connection, who: Visitor, session: str, now: int) -> tuple[dict[str, Any], int]:
    state = visible_session(connection, who, session)
    view = session_view(connection, state, now, for_operator=OPERATOR in who.roles)
    return view, state.row.version


@router.get("/markets/{market}/sessions")
async def list_sessions(request: Request, market: str) -> Response:
    """The sessions of a market, by their names."""
    who, service = await visitor(request), service_of(request)
    need_market(who, market)
    after, limit = named_page(parameters(request, "limit", "after"))

    def query(connection: Connection) -> list[dict[str, Any]]:
        of_market = select(SESSION.c.session).where(SESSION.c.market == market, SESSION.c.session > after)
        names = connection.execute(of_market.order_by(SESSION.c.session).limit(limit + 1)).scalars()
        return [_session(connection, who, name, service.now())[0] for name in list(names)]

    items = await service.read(query)
    following = place_of(items[limit - 1]["session"]) if len(items) > limit else None
    lasting = [{name: value for name, value in item.items() if name != "now"} for item in items]
    return read_answer(request, listed(items[:limit], following), etag=_tag({"items": lasting}))


@router.get("/sessions/{session}/seal")
async def get_seal(request: Request, session: str) -> Response:
    """The seal of a session."""
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> dict[str, Any] | None:
        visible_session(connection, who, session)
        parameters(request)
        return seal_answer(connection, session, service.gate.private)

    seal = await service.read(query)
    if seal is None:
        raise not_found()
    return read_answer(request, seal)


@router.get("/log")
async def get_log(request: Request) -> Response:
    """The log, to auditors and operators."""
    who = await visitor(request)
    if not sees_all(who):
        raise right_missing(AUDITOR)
    after, limit = page(parameters(request, "limit", "after"))

    def query(connection: Connection) -> list[dict[str, Any]]:
        found = select(LOG).where(LOG.c.sequence > after).order_by(LOG.c.sequence).limit(limit + 1)
        return [{**entry_of(row).as_json(), "chain": row.chain} for row in connection.execute(found)]

    items = await service_of(request).read(query)
    following = items[limit - 1]["sequence"] if len(items) > limit else None
    return read_answer(request, listed(items[:limit], following))
