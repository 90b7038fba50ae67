"""Markets, their networks and participants."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_market, need_operator, readable, sees_market
from gridpact.gate.api.answers import answered, listed, read_answer
from gridpact.gate.api.incoming import (
    CSV,
    JSON,
    NETWORK_MAX,
    Body,
    body,
    media_type,
    named_page,
    parameters,
    place_of,
    service_of,
    visitor,
)
from gridpact.gate.market.json_tables import new_problems
from gridpact.gate.market.market_commands import put_market as put_market_work
from gridpact.gate.market.market_commands import put_market_file
from gridpact.gate.market.market_documents import market_problems, needs_network_file, network_of
from gridpact.gate.market.market_week import market_week
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
from gridpact.gate.words.gate_names import SESSION_NAME
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found

router = APIRouter(tags=["markets"])


@router.put("/markets/{market}")
async def put_market(request: Request, market: str) -> Response:
    """Makes a market, or changes one without sessions."""
    who = await visitor(request)
    need_operator(who)
    parameters(request)
    sent = await body(request)
    document = sent.document()
    problems = await run_in_threadpool(market_problems, document)
    if not SESSION_NAME.fullmatch(market):
        remedy = "write 1 to 64 of the characters A-Z, a-z, 0-9, point, hyphen and underscore"
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
    who = await visitor(request)
    need_operator(who, market)
    document = await market_of(request, market)
    parameters(request)
    sent = await body(request, most=NETWORK_MAX)
    if not needs_network_file(document):
        raise Refused(409, "wrong-state", "The network of this market is built in.")
    found = new_problems()
    await run_in_threadpool(network_of, document, sent.content, found)
    if len(found):
        raise invalid(
            FieldProblem(
                pointer=f"/{each.field}".rstrip("/"), value=each.value, what=each.what, remedy=each.remedy
            )
            for each in found.in_order()
        )

    def work(transaction: Transaction) -> int:
        return put_market_file(
            transaction,
            market,
            NETWORK_CONTENT,
            sent.content,
            actor=who.pseudonym,
            received_at=sent.received_at,
            is_fixed=True,
        )

    return answered(await service_of(request).write(work), {"market": market})


@router.put("/markets/{market}/participants")
async def put_participants(request: Request, market: str) -> Response:
    """Gives a market its participants, for sessions that are not open yet."""
    who = await visitor(request)
    need_operator(who, market)
    document = await market_of(request, market)
    parameters(request)
    sent = await body(request, most=NETWORK_MAX, types=(JSON, CSV))
    service = service_of(request)
    content = await service.read(lambda connection: market_file(connection, market, NETWORK_CONTENT))
    if content is None and needs_network_file(document):
        raise Refused(409, "wrong-state", "The market has no network yet: put it first.")
    is_csv = media_type(request) == CSV
    columns = await run_in_threadpool(_columns, document, content, sent, is_csv)
    status = await service.write(
        lambda transaction: put_market_file(
            transaction,
            market,
            PARTICIPANTS_FILE,
            stored(columns),
            actor=who.pseudonym,
            received_at=sent.received_at,
            now=service.now(),
        )
    )
    return answered(status, {"participants": shown_rows(columns)})


def _columns(document: dict[str, Any], content: bytes | None, sent: Body, is_csv: bool) -> Columns:
    """The participants that were sent, checked on the network of their market."""
    network = network_of(document, content, new_problems())
    if network is None:
        raise Refused(409, "wrong-state", "The network of the market cannot be read.")
    week = market_week(document)
    if is_csv:
        return columns_from_csv(sent.content, network, week)
    return columns_from_json(sent.document(), network, week)


@router.get("/markets")
async def list_markets(request: Request) -> Response:
    """The markets of the user, by their names."""
    who = await visitor(request)
    after, limit = named_page(parameters(request, "limit", "after"))

    def query(connection: Connection) -> list[dict[str, Any]]:
        names = connection.execute(select(MARKET.c.market)).scalars().all()
        seen = sorted(name for name in names if name > after and sees_market(who, name))
        return [{"market": name, **(market_document(connection, name) or {})} for name in seen[: limit + 1]]

    items = await service_of(request).read(query)
    following = place_of(items[limit - 1]["market"]) if len(items) > limit else None
    return read_answer(request, listed(items[:limit], following))


@router.get("/markets/{market}")
async def get_market(request: Request, market: str) -> Response:
    """A market."""
    need_market(await visitor(request), market)
    document = await market_of(request, market)
    parameters(request)
    return read_answer(request, {"market": market, **document})


@router.get("/markets/{market}/participants")
async def get_participants(request: Request, market: str) -> Response:
    """The participants of a market that the user may read, by their names."""
    who = await visitor(request)
    need_market(who, market)
    await market_of(request, market)
    after, limit = named_page(parameters(request, "limit", "after"))
    content = await service_of(request).read(
        lambda connection: market_file(connection, market, PARTICIPANTS_FILE)
    )
    own = readable(who, market)
    rows = [] if content is None else shown_rows(loaded(content))
    rows = sorted(
        (row for row in rows if row["participant"] > after and (own is None or row["participant"] in own)),
        key=lambda row: str(row["participant"]),
    )
    following = place_of(rows[limit - 1]["participant"]) if len(rows) > limit else None
    return read_answer(request, listed(rows[:limit], following))


async def market_of(request: Request, market: str) -> dict[str, Any]:
    """The document of a market.

    Raises:
        Refused: 404, there is none.
    """
    document = await service_of(request).read(lambda connection: market_document(connection, market))
    if document is None:
        raise not_found()
    return document
