"""What came of a session: results, tables, files; and the headroom of one that is to come."""

import asyncio
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import readable, sees_all, supplied
from gridpact.gate.access.visitor import OPERATOR, Visitor
from gridpact.gate.api.answers import acceptable, read_answer
from gridpact.gate.api.beside import headroom_of, report_of
from gridpact.gate.api.incoming import CSV, JSON, parameters, service_of, visitor
from gridpact.gate.api.routes.session_routes import visible_session
from gridpact.gate.market.market_documents import Rules
from gridpact.gate.views.explanation_views import explanation_view, published_files
from gridpact.gate.views.headroom_views import headroom_rows
from gridpact.gate.views.result_views import (
    ALL_TABLES,
    OF_RETAILER,
    OWN_TABLES,
    own_rows,
    published_file,
    results_view,
    supplied_rows,
)
from gridpact.gate.views.table_text import csv_text, names_of, text_rows, with_numbers
from gridpact.gate.words.refused import FieldProblem, invalid, not_found, right_missing
from gridpact.results.output_folder import REPORT_FILE, SUMMARY_FILE

router = APIRouter(tags=["results"])
TYPES = {"csv": "text/csv", "json": "application/json", "html": "text/html"}
ANY_TYPE = "application/octet-stream"


@router.get("/sessions/{session}/results")
async def get_results(request: Request, session: str) -> Response:
    """What became of the orders and trades of the participants that the user may read."""
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> dict[str, Any]:
        state = visible_session(connection, who, session)
        frame, own = service.frame(connection, state), readable(who, state.row.market)
        chosen = frozenset(frame.index) if own is None else own
        of_retailer = supplied(who, frame.columns)
        wanted = parameters(request, "participant").get("participant")
        if wanted is not None:
            if wanted not in chosen | of_retailer:
                raise not_found()
            chosen, of_retailer = chosen & {wanted}, of_retailer & {wanted}
        return results_view(connection, state, chosen, frame.rules, of_retailer)

    return read_answer(request, await service.read(query))


@router.get("/sessions/{session}/results/{table}")
async def get_table(request: Request, session: str, table: str) -> Response:
    """The rows of a table of the result that are the user's."""
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> tuple[str, bytes | list[dict[str, Any]]]:
        state = visible_session(connection, who, session)
        if table not in ALL_TABLES:
            raise not_found()
        if table not in OWN_TABLES and not sees_all(who):
            raise right_missing(OPERATOR)
        content = published_file(connection, state, f"{table}.csv", sees_failed=OPERATOR in who.roles)
        parameters(request)
        kind, names, rows = acceptable(request, JSON, CSV), names_of(content), text_rows(content)
        own = readable(who, state.row.market)
        if own is None:
            return kind, content if kind == CSV else with_numbers(rows)
        frame = service.frame(connection, state)
        of_retailer = supplied(who, frame.columns)
        if of_retailer and not own and table == "schedule":
            rows, names = supplied_rows(rows, of_retailer), list(OF_RETAILER)
        else:
            rows = own_rows(rows, table, own, frame.rules)
        return kind, csv_text(rows, names) if kind == CSV else with_numbers(rows)

    kind, found = await service.read(query)
    return read_answer(request, found, media_type=kind)


@router.get("/sessions/{session}/explanation")
async def get_explanation(request: Request, session: str) -> Response:
    """Why a trade, an order or a participant of a published result gets what it gets."""
    who, service = await visitor(request), service_of(request)

    def query(
        connection: Connection,
    ) -> tuple[dict[str, bytes], dict[str, str], frozenset[str] | None, Rules]:
        state = visible_session(connection, who, session)
        files = published_files(connection, state)
        given, own = parameters(request, "name", "what"), readable(who, state.row.market)
        if not given.get("name"):
            what, remedy = "is missing", "name a trade, an order or a participant"
            raise invalid([FieldProblem(pointer="?name", what=what, remedy=remedy)])
        return files, given, own, service.frame(connection, state).rules

    files, given, own, rules = await service.read(query)
    found = await asyncio.to_thread(explanation_view, files, given["name"], given.get("what"), own, rules)
    return read_answer(request, found)


@router.get("/sessions/{session}/files/{name}")
async def get_file(request: Request, session: str, name: str) -> Response:
    """A file of the result folder, as it is."""
    who, service = await visitor(request), service_of(request)
    is_report = name == REPORT_FILE

    def query(connection: Connection) -> bytes:
        state = visible_session(connection, who, session)
        if not sees_all(who):
            raise right_missing(OPERATOR)
        sees_failed = OPERATOR in who.roles
        content = published_file(
            connection, state, SUMMARY_FILE if is_report else name, sees_failed=sees_failed
        )
        parameters(request)
        return content

    content = await service.read(query)
    if is_report:
        content = await report_of(service, session)
    kind = TYPES.get(name.rpartition(".")[2], ANY_TYPE)
    return read_answer(request, content, media_type=kind)


@router.get("/sessions/{session}/headroom")
async def get_headroom(request: Request, session: str) -> Response:
    """What own participants could sell and buy under the forecasts that are there."""
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> tuple[frozenset[str], bool]:
        return _of_headroom(request, connection, who, session)

    participants, shows = await service.read(query)
    sequence, content = await headroom_of(service, session)
    rows = headroom_rows(content, participants, shows_elements=shows)
    return read_answer(request, {"session": session, "sequence": sequence, "headroom": rows})


def _of_headroom(
    request: Request, connection: Connection, who: Visitor, session: str
) -> tuple[frozenset[str], bool]:
    """Whose headroom is shown, and whether with the elements that limit it."""
    state = visible_session(connection, who, session)
    frame, own = service_of(request).frame(connection, state), readable(who, state.row.market)
    chosen = frozenset(frame.index) if own is None else own & frozenset(frame.index)
    wanted = parameters(request, "participant").get("participant")
    if wanted is not None and wanted not in chosen:
        raise not_found()
    shows = frame.rules.show_elements or own is None
    return (chosen if wanted is None else frozenset({wanted})), shows
