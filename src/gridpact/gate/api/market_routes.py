"""Markets, their networks and participants."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_market, need_operator, readable, sees_market
from gridpact.gate.access.visitor import Visitor
from gridpact.gate.api.answers import answered, listed, read_answer
from gridpact.gate.api.incoming import (
    CSV,
    JSON,
    NETWORK_MAX,
    Body,
    body,
    page,
    parameters,
    service_of,
    visitor,
)
from gridpact.gate.market.json_tables import new_problems
from gridpact.gate.market.market_commands import put_market as put_market_work
from gridpact.gate.market.market_commands import put_market_file, refuse_sessions
from gridpact.gate.market.market_documents import market_problems, needs_network_file, network_of
from gridpact.gate.market.participant_tables import (
    Columns,
    columns_from_csv,
    columns_from_json,
    loaded,
    shown_rows,
    stored,
)
from gridpact.gate.market.session_frames import (
    NETWORK_CONTENT,
    PARTICIPANTS_FILE,
    market_document,
    market_file,
)
from gridpact.gate.store.gate_tables import MARKET
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.gate_names import USER_NAME
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found

router = APIRouter(tags=["markets"])


@router.put("/markets/{market}")
async def put_market(request: Request, market: str) -> Response:
    """Makes a market, or changes one without sessions."""
    parameters(request)
    who = await visitor(request)
    need_operator(who)
    sent = await body(request)
    document = sent.document()
    problems = await run_in_threadpool(market_problems, document)
    if not USER_NAME.fullmatch(market):
        remedy = "write 1 to 64 of the characters a-z, 0-9, point, hyphen and underscore"
        problems.append(FieldProblem(pointer="/market", value=market, what="is not a name", remedy=remedy))
    if problems:
        raise invalid(problems)
    status, made = await service_of(request).write(
        lambda transaction: put_market_work(
            transaction, market, document, actor=who.pseudonym, received_at=sent.received_at
        )
    )
    return answered(status, made)


@router.put("/markets/{market}/network")
async def put_network(request: Request, market: str) -> Response:
    """Gives a market its network, where it is not built in."""
    parameters(request)
    who = await visitor(request)
    need_operator(who, market)
    document = await _document(request, market)
    sent = await body(request, most=NETWORK_MAX)
    if not needs_network_file(document):
        raise Refused(409, "wrong-state", "The network of this market is built in.")
    found = new_problems()
    await run_in_threadpool(network_of, document, sent.content, found)
    if len(found):
        raise invalid(
            FieldProblem(pointer=f"/{each.field}", value=each.value, what=each.what, remedy=each.remedy)
            for each in found.in_order()
        )

    def work(transaction: Transaction) -> int:
        refuse_sessions(transaction, market)
        return put_market_file(
            transaction,
            market,
            NETWORK_CONTENT,
            sent.content,
            actor=who.pseudonym,
            received_at=sent.received_at,
        )

    return answered(await service_of(request).write(work), {"market": market})


@router.put("/markets/{market}/participants")
async def put_participants(request: Request, market: str) -> Response:
    """Gives a market its participants, for sessions that are not open yet."""
    parameters(request)
    who = await visitor(request)
    need_operator(who, market)
    document = await _document(request, market)
    sent = await body(request, most=NETWORK_MAX, types=(JSON, CSV))
    service = service_of(request)
    content = await service.read(lambda connection: market_file(connection, market, NETWORK_CONTENT))
    if content is None and needs_network_file(document):
        raise Refused(409, "wrong-state", "The market has no network yet: put it first.")
    is_csv = request.headers.get("content-type", "").startswith(CSV)
    columns = await run_in_threadpool(_columns, document, content, sent, is_csv)
    status = await service.write(
        lambda transaction: put_market_file(
            transaction,
            market,
            PARTICIPANTS_FILE,
            stored(columns),
            actor=who.pseudonym,
            received_at=sent.received_at,
        )
    )
    return answered(status, {"participants": shown_rows(columns)})


def _columns(document: dict[str, Any], content: bytes | None, sent: Body, is_csv: bool) -> Columns:
    """The participants that were sent, checked on the network of their market."""
    network = network_of(document, content, new_problems())
    if network is None:
        raise Refused(409, "wrong-state", "The network of the market cannot be read.")
    return columns_from_csv(sent.content, network) if is_csv else columns_from_json(sent.document(), network)


@router.get("/markets")
async def list_markets(request: Request) -> Response:
    """The markets of the user."""
    after, limit = page(parameters(request, "limit", "after"))
    who = await visitor(request)
    items = await service_of(request).read(lambda connection: _markets(connection, who))
    shown = items[after : after + limit]
    return read_answer(request, listed(shown, after + limit if after + limit < len(items) else None))


def _markets(connection: Connection, who: Visitor) -> list[dict[str, Any]]:
    names = connection.execute(select(MARKET.c.market).order_by(MARKET.c.market)).scalars()
    return [
        {"market": name, **(market_document(connection, name) or {})}
        for name in list(names)
        if sees_market(who, name)
    ]


@router.get("/markets/{market}")
async def get_market(request: Request, market: str) -> Response:
    """A market."""
    parameters(request)
    need_market(await visitor(request), market)
    return read_answer(request, {"market": market, **await _document(request, market)})


@router.get("/markets/{market}/participants")
async def get_participants(request: Request, market: str) -> Response:
    """The participants of a market that the user may read."""
    after, limit = page(parameters(request, "limit", "after"))
    who = await visitor(request)
    need_market(who, market)
    await _document(request, market)
    content = await service_of(request).read(
        lambda connection: market_file(connection, market, PARTICIPANTS_FILE)
    )
    own = readable(who, market)
    rows = [] if content is None else shown_rows(loaded(content))
    rows = [row for row in rows if own is None or row["participant"] in own]
    shown = rows[after : after + limit]
    return read_answer(request, listed(shown, after + limit if after + limit < len(rows) else None))


async def _document(request: Request, market: str) -> dict[str, Any]:
    document = await service_of(request).read(lambda connection: market_document(connection, market))
    if document is None:
        raise not_found()
    return document
