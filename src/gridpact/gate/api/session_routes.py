"""Sessions, their seals and results, and the log."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_market, need_operator, readable, sees_all, supplied
from gridpact.gate.access.visitor import AUDITOR, OPERATOR, Visitor
from gridpact.gate.api.answers import answered, listed, read_answer
from gridpact.gate.api.beside import headroom_of, report_of
from gridpact.gate.api.incoming import CSV, body, page, parameters, service_of, visitor
from gridpact.gate.closing.clearing_jobs import retry
from gridpact.gate.closing.seal_session import entry_of, seal_answer
from gridpact.gate.market.session_commands import cancel_session
from gridpact.gate.market.session_commands import put_session as put_session_work
from gridpact.gate.market.session_states import SessionState, session_state
from gridpact.gate.store.gate_tables import LOG, SESSION
from gridpact.gate.views.headroom_views import headroom_rows
from gridpact.gate.views.result_views import (
    ALL_TABLES,
    OWN_TABLES,
    own_rows,
    published_file,
    results_view,
    supplied_rows,
    table_rows,
)
from gridpact.gate.views.session_views import session_view
from gridpact.gate.views.table_text import csv_text
from gridpact.gate.words.refused import Refused, not_found, right_missing
from gridpact.results.output_folder import REPORT_FILE, SUMMARY_FILE

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
    reason = parameters(request, "reason").get("reason", "")
    who = await visitor(request)
    need_operator(who, market)
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
    reason = parameters(request, "reason").get("reason", "")
    who, service = await visitor(request), service_of(request)
    state = await service.read(lambda connection: visible_session(connection, who, session))
    need_operator(who, state.row.market)
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
    parameters(request)
    who, service = await visitor(request), service_of(request)
    state = await service.read(lambda connection: visible_session(connection, who, session))
    need_operator(who, state.row.market)
    sent = await body(request)
    document = sent.document()
    await service.write(
        lambda transaction: retry(
            transaction, session, document, actor=who.pseudonym, received_at=sent.received_at
        )
    )
    return Response(status_code=202, headers={"Location": f"/api/v1/sessions/{session}"})


@router.get("/sessions/{session}")
async def get_session(request: Request, session: str) -> Response:
    """A session and its state."""
    parameters(request)
    who, service = await visitor(request), service_of(request)
    view, version = await service.read(lambda connection: _session(connection, who, session, service.now()))
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
    """The sessions of a market, in the order in which they were made."""
    after, limit = page(parameters(request, "limit", "after"))
    who, service = await visitor(request), service_of(request)
    need_market(who, market)

    def query(connection: Connection) -> list[dict[str, Any]]:
        of_market = select(SESSION.c.session).where(SESSION.c.market == market)
        names = connection.execute(
            of_market.order_by(SESSION.c.created_at, SESSION.c.session).offset(after).limit(limit + 1)
        ).scalars()
        return [_session(connection, who, name, service.now())[0] for name in list(names)]

    items = await service.read(query)
    return read_answer(request, listed(items[:limit], after + limit if len(items) > limit else None))


@router.get("/sessions/{session}/seal")
async def get_seal(request: Request, session: str) -> Response:
    """The seal of a session."""
    parameters(request)
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> dict[str, Any] | None:
        visible_session(connection, who, session)
        return seal_answer(connection, session, service.gate.private)

    seal = await service.read(query)
    if seal is None:
        raise not_found()
    return read_answer(request, seal)


@router.get("/sessions/{session}/results")
async def get_results(request: Request, session: str) -> Response:
    """What became of the orders and trades of the participants that the user may read."""
    wanted = parameters(request, "participant").get("participant")
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> dict[str, Any]:
        state = visible_session(connection, who, session)
        frame, own = service.frame(connection, state), readable(who, state.row.market)
        everybody = frozenset(frame.index)
        chosen = everybody if own is None else own
        if wanted is not None:
            if wanted not in chosen:
                raise not_found()
            chosen = frozenset({wanted})
        return results_view(connection, state, chosen, frame.rules)

    return read_answer(request, await service.read(query))


@router.get("/sessions/{session}/results/{table}")
async def get_table(request: Request, session: str, table: str) -> Response:
    """The rows of a table of the result that are the user's."""
    parameters(request)
    who, service = await visitor(request), service_of(request)
    kind = _acceptable(request.headers.get("accept", "*/*"))

    def query(connection: Connection) -> bytes | list[dict[str, Any]]:
        state = visible_session(connection, who, session)
        if table not in (ALL_TABLES if sees_all(who) else OWN_TABLES):
            raise not_found()
        content = published_file(connection, state, f"{table}.csv")
        own = readable(who, state.row.market)
        if own is None:
            return content if kind == CSV else table_rows(content)
        of_retailer = supplied(who, state.row.market)
        if of_retailer and not own and table == "schedule":
            rows = supplied_rows(table_rows(content), of_retailer)
        else:
            rows = own_rows(table_rows(content), table, own, service.frame(connection, state).rules)
        return csv_text(rows) if kind == CSV else rows

    return read_answer(request, await service.read(query), media_type=kind)


def _acceptable(accept: str) -> str:
    """The type of a table that a client takes.

    Raises:
        Refused: 406, it takes neither.
    """
    kinds = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    for kind in kinds:
        if kind in (CSV, "text/*"):
            return CSV
        if kind in ("application/json", "application/*", "*/*"):
            return "application/json"
    raise Refused(406, "not-acceptable", "Tables are given as application/json or text/csv.")


@router.get("/sessions/{session}/files/{name}")
async def get_file(request: Request, session: str, name: str) -> Response:
    """A file of the result folder, as it is."""
    parameters(request)
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> bytes:
        state = visible_session(connection, who, session)
        if not sees_all(who):
            raise right_missing(OPERATOR)
        return published_file(connection, state, name)

    if name == REPORT_FILE:
        await service.read(lambda connection: _published(connection, who, session))
        return read_answer(request, await report_of(service, session), media_type="text/html")
    content = await service.read(query)
    return read_answer(request, content, media_type="application/octet-stream")


def _published(connection: Connection, who: Visitor, session: str) -> None:
    """Refuses whoever may not have the files of a session, or a session that is not published."""
    state = visible_session(connection, who, session)
    if not sees_all(who):
        raise right_missing(OPERATOR)
    published_file(connection, state, SUMMARY_FILE)


@router.get("/sessions/{session}/headroom")
async def get_headroom(request: Request, session: str) -> Response:
    """What own participants could sell and buy under the forecasts that are there."""
    wanted = parameters(request, "participant").get("participant")
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> tuple[frozenset[str], bool]:
        state = visible_session(connection, who, session)
        frame, own = service.frame(connection, state), readable(who, state.row.market)
        chosen = frozenset(frame.index) if own is None else own & frozenset(frame.index)
        if wanted is not None and wanted not in chosen:
            raise not_found()
        shows = frame.rules.show_elements or own is None
        return (chosen if wanted is None else frozenset({wanted})), shows

    participants, shows = await service.read(query)
    sequence, content = await headroom_of(service, session)
    rows = headroom_rows(content, participants, shows_elements=shows)
    return read_answer(request, {"session": session, "sequence": sequence, "headroom": rows})


@router.get("/log")
async def get_log(request: Request) -> Response:
    """The log, to auditors and operators."""
    after, limit = page(parameters(request, "limit", "after"))
    who = await visitor(request)
    if not sees_all(who):
        raise right_missing(AUDITOR)

    def query(connection: Connection) -> list[dict[str, Any]]:
        found = select(LOG).where(LOG.c.sequence > after).order_by(LOG.c.sequence).limit(limit + 1)
        return [{**entry_of(row).as_json(), "chain": row.chain} for row in connection.execute(found)]

    items = await service_of(request).read(query)
    following = items[limit - 1]["sequence"] if len(items) > limit else None
    return read_answer(request, listed(items[:limit], following))
