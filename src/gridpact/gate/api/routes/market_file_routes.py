"""What operators give of a market for settlement, and the operating envelopes that they publish."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_market, need_operator, readable, sees_all
from gridpact.gate.api.answers import acceptable, answered, read_answer
from gridpact.gate.api.incoming import (
    CSV,
    JSON,
    NETWORK_MAX,
    TOML,
    body,
    parameters,
    service_of,
    visitor,
)
from gridpact.gate.api.routes.market_routes import market_of
from gridpact.gate.market.billing_files import (
    ENVELOPES_KIND,
    METERS_KIND,
    PRICES_KIND,
    SHARING_KIND,
    TARIFFS_KIND,
    billing_problems,
)
from gridpact.gate.market.market_commands import put_market_file
from gridpact.gate.market.market_documents import rules_of
from gridpact.gate.market.participant_tables import Columns, loaded
from gridpact.gate.market.session_frames import PARTICIPANTS_FILE, market_file, participants_ever
from gridpact.gate.views.envelope_views import envelope_rows
from gridpact.gate.views.table_text import csv_text, names_of, with_numbers
from gridpact.gate.words.refused import invalid, not_found

router = APIRouter(tags=["markets"])


@router.put("/markets/{market}/tariffs")
async def put_tariffs(request: Request, market: str) -> Response:
    """Gives a market its tariffs, as tariffs.toml of a case."""
    return await _put(request, market, TARIFFS_KIND, TOML)


@router.put("/markets/{market}/sharing")
async def put_sharing(request: Request, market: str) -> Response:
    """Gives a market the table of who shares, as sharing.csv of a case."""
    return await _put(request, market, SHARING_KIND, CSV)


@router.put("/markets/{market}/prices")
async def put_prices(request: Request, market: str) -> Response:
    """Gives a market the prices of its retailers, as prices.csv of a case."""
    return await _put(request, market, PRICES_KIND, CSV)


@router.put("/markets/{market}/meters")
async def put_meters(request: Request, market: str) -> Response:
    """Gives a market the readings of its meters, as meters.csv of a case, of as many days as there are."""
    return await _put(request, market, METERS_KIND, CSV)


@router.put("/markets/{market}/operating-envelopes")
async def put_envelopes(request: Request, market: str) -> Response:
    """Publishes operating envelopes: operating_envelopes.csv, as `gridpact envelope` writes it."""
    return await _put(request, market, ENVELOPES_KIND, CSV)


async def _put(request: Request, market: str, kind: str, media_type: str) -> Response:
    """Stores a file of a market, once it is right."""
    who, service = await visitor(request), service_of(request)
    need_operator(who, market)
    document = await market_of(request, market)
    parameters(request)
    sent = await body(request, most=NETWORK_MAX, types=(media_type,))

    def known(connection: Connection) -> tuple[Columns | None, bytes | None, frozenset[str]]:
        participants = market_file(connection, market, PARTICIPANTS_FILE)
        columns = None if participants is None else loaded(participants)
        ever = participants_ever(connection, market) if kind == METERS_KIND else frozenset[str]()
        return columns, market_file(connection, market, TARIFFS_KIND), ever

    given = await service.read(known)
    problems = await run_in_threadpool(billing_problems, kind, sent.content, document, *given)
    if problems:
        raise invalid(problems)
    status = await service.write(
        lambda transaction: put_market_file(
            transaction,
            market,
            kind,
            sent.content,
            actor=who.pseudonym,
            received_at=sent.received_at,
            now=service.now(),
        )
    )
    return answered(status, {"market": market})


@router.get("/markets/{market}/operating-envelopes")
async def get_envelopes(request: Request, market: str) -> Response:
    """The operating envelopes of own participants."""
    who = await visitor(request)
    need_market(who, market)
    document = await market_of(request, market)

    def query(connection: Connection) -> tuple[str, bytes | list[dict[str, Any]]]:
        own = readable(who, market)
        wanted = parameters(request, "participant").get("participant")
        content = market_file(connection, market, ENVELOPES_KIND)
        if content is None or (wanted is not None and own is not None and wanted not in own):
            raise not_found()
        shows = sees_all(who) or rules_of(document).show_elements
        rows = envelope_rows(content, own, wanted, shows_elements=shows)
        if wanted is not None and not rows:
            raise not_found()
        kind = acceptable(request, JSON, CSV)
        return kind, csv_text(rows, names_of(content)) if kind == CSV else with_numbers(rows)

    kind, found = await service_of(request).read(query)
    return read_answer(request, found, media_type=kind)
