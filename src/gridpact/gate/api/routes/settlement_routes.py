"""Settlements: asked for by operators; statements, bills, entries and residuals for whom they concern."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import (
    need_market,
    need_operator,
    readable,
    sees_all,
    sees_settlement,
)
from gridpact.gate.access.visitor import OPERATOR, RETAILER, Visitor
from gridpact.gate.api.answers import acceptable, answered, listed, read_answer
from gridpact.gate.api.bill_pdfs import HTML, PDF, bill_kinds, pdf_of
from gridpact.gate.api.incoming import (
    CSV,
    JSON,
    body,
    named_page,
    parameters,
    place_of,
    service_of,
    visitor,
)
from gridpact.gate.market.market_documents import rules_of
from gridpact.gate.market.session_frames import market_document
from gridpact.gate.settlement.settlement_commands import take_settlement
from gridpact.gate.settlement.settlement_state import SettlementState, settlement_state
from gridpact.gate.store.gate_tables import SETTLEMENT
from gridpact.gate.views.settlement_views import (
    LEDGER,
    RESIDUALS,
    STATEMENTS,
    bill_file,
    ledger_rows,
    residual_rows,
    settled_file,
    settlement_view,
    statement_rows,
    table_of,
)
from gridpact.gate.views.table_text import ResultRows
from gridpact.gate.words.refused import not_found, right_missing

router = APIRouter(tags=["settlement"])
TYPES = {"csv": CSV, "json": JSON, "html": HTML}
ANY_TYPE = "application/octet-stream"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def visible_settlement(connection: Connection, who: Visitor, settlement: str) -> SettlementState:
    """A settlement that concerns a market of the visitor.

    Raises:
        Refused: 404.
    """
    state = settlement_state(connection, settlement)
    if state is None or not sees_settlement(who, state.row.market, state.answer.get("retailers", ())):
        raise not_found()
    return state


@router.post("/markets/{market}/settlements")
async def post_settlement(request: Request, market: str) -> Response:
    """Takes on the settlement of a span of time."""
    who, service = await visitor(request), service_of(request)
    need_operator(who, market)
    parameters(request)
    sent = await body(request)
    document = sent.document()
    status, made = await service.write(
        lambda transaction: take_settlement(
            transaction, market, document, actor=who.pseudonym, received_at=sent.received_at
        )
    )
    return answered(status, made, {"Location": f"/api/v1/settlements/{made['settlement']}"})


@router.get("/markets/{market}/settlements")
async def list_settlements(request: Request, market: str) -> Response:
    """The settlements of a market, by their names."""
    who = await visitor(request)
    need_market(who, market)
    after, limit = named_page(parameters(request, "limit", "after"))

    def query(connection: Connection) -> list[dict[str, Any]]:
        names = select(SETTLEMENT.c.settlement).where(
            SETTLEMENT.c.market == market, SETTLEMENT.c.settlement > after
        )
        found = connection.execute(names.order_by(SETTLEMENT.c.settlement).limit(limit + 1)).scalars()
        return [_view(connection, who, name, is_whole=False) for name in list(found)]

    items = await service_of(request).read(query)
    following = place_of(items[limit - 1]["settlement"]) if len(items) > limit else None
    return read_answer(request, listed(items[:limit], following))


@router.get("/settlements/{settlement}")
async def get_settlement(request: Request, settlement: str) -> Response:
    """A settlement, its state, own bills, and what changed for own participants since the one before."""
    who = await visitor(request)
    found = await service_of(request).read(
        lambda connection: _view(connection, who, settlement, is_whole=True)
    )
    parameters(request)
    return read_answer(request, found)


def _view(connection: Connection, who: Visitor, settlement: str, *, is_whole: bool) -> dict[str, Any]:
    state = visible_settlement(connection, who, settlement)
    own = readable(who, state.row.market)
    return settlement_view(connection, state, own, for_operator=OPERATOR in who.roles, is_whole=is_whole)


@router.get("/settlements/{settlement}/statements")
async def get_statements(request: Request, settlement: str) -> Response:
    """The statements of own participants."""
    who = await visitor(request)

    def rows(_: Connection, state: SettlementState, content: bytes, wanted: str | None) -> ResultRows:
        return statement_rows(content, readable(who, state.row.market), wanted)

    return await _table(request, who, settlement, STATEMENTS, rows)


@router.get("/settlements/{settlement}/ledger")
async def get_ledger(request: Request, settlement: str) -> Response:
    """The entries of own accounts; the whole ledger to operators and auditors."""
    who = await visitor(request)

    def rows(
        connection: Connection, state: SettlementState, content: bytes, wanted: str | None
    ) -> ResultRows:
        own, retailer = readable(who, state.row.market), who.retailer
        if wanted is not None:
            own, retailer = frozenset({wanted}), ""
        rules = rules_of(market_document(connection, state.row.market) or {})
        found = list(ledger_rows(content, own, retailer, state.answer["participants"], rules))
        if wanted is not None and sees_all(who):
            whole = ledger_rows(content, None, "", (), rules)
            found = [row for row in whole if wanted in (row["debit"], row["credit"])]
        return found

    return await _table(request, who, settlement, LEDGER, rows)


@router.get("/settlements/{settlement}/residuals")
async def get_residuals(request: Request, settlement: str) -> Response:
    """What a retailer has to bring and take beside the peers; of all of them to operators and auditors."""
    who = await visitor(request)

    def rows(_: Connection, __: SettlementState, content: bytes, ___: str | None) -> ResultRows:
        return residual_rows(content, None if sees_all(who) else who.retailer)

    return await _table(request, who, settlement, RESIDUALS, rows, is_of_retailers=True)


Rows = Callable[[Connection, SettlementState, bytes, str | None], ResultRows]


async def _table(
    request: Request,
    who: Visitor,
    settlement: str,
    name: str,
    rows: Rows,
    *,
    is_of_retailers: bool = False,
) -> Response:
    """A table of a settlement, as far as it is the visitor's."""

    def query(connection: Connection) -> tuple[str, bytes | ResultRows]:
        state = visible_settlement(connection, who, settlement)
        if is_of_retailers and not (sees_all(who) or who.retailer):
            raise right_missing(RETAILER)
        content = settled_file(connection, state, name)
        wanted = parameters(request, *([] if is_of_retailers else ["participant"])).get("participant")
        own = readable(who, state.row.market)
        if wanted is not None and (
            wanted not in state.answer["participants"] or (own is not None and wanted not in own)
        ):
            raise not_found()
        kind = acceptable(request, JSON, CSV)
        if kind == CSV and wanted is None and sees_all(who):
            return kind, content
        return kind, table_of(content, rows(connection, state, content, wanted), is_csv=kind == CSV)

    kind, found = await service_of(request).read(query)
    return read_answer(request, found, media_type=kind)


@router.get("/settlements/{settlement}/bills/{participant:path}")
async def get_bill(request: Request, settlement: str, participant: str) -> Response:
    """The bill of an own participant."""
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> bytes:
        state = visible_settlement(connection, who, settlement)
        own = readable(who, state.row.market)
        if own is not None and participant not in own:
            raise not_found()
        return settled_file(connection, state, bill_file(state, participant))

    content = await service.read(query)
    parameters(request)
    kind = acceptable(request, *bill_kinds())
    if kind == PDF:
        content = await pdf_of(content)
    answer = read_answer(request, content, media_type=kind)
    answer.headers.update(PAGE_HEADERS)
    return answer


@router.get("/settlements/{settlement}/files/{name:path}")
async def get_settled_file(request: Request, settlement: str, name: str) -> Response:
    """A file of the result folder, as it is, to operators and auditors."""
    who = await visitor(request)

    def query(connection: Connection) -> bytes:
        state = visible_settlement(connection, who, settlement)
        if not sees_all(who):
            raise right_missing(OPERATOR)
        parameters(request)
        return settled_file(connection, state, name)

    content = await service_of(request).read(query)
    kind = TYPES.get(name.rpartition(".")[2], ANY_TYPE)
    answer = read_answer(request, content, media_type=kind)
    answer.headers.update(PAGE_HEADERS)
    return answer
