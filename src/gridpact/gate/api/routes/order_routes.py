"""Orders, one by one and in batches: the routes that have to be quick."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_some_trade, need_trade
from gridpact.gate.access.visitor import TRADE
from gridpact.gate.api.access_cache import Access
from gridpact.gate.api.incoming import (
    BODY_MAX,
    JSON,
    LARGE_BODY_MAX,
    Body,
    body,
    key_of,
    parameters,
    refuse_rate_of,
    service_of,
    with_key,
)
from gridpact.gate.api.service import Service
from gridpact.gate.door.arrival import refuse_problems, unknown_members
from gridpact.gate.door.case_rows import ORDER
from gridpact.gate.door.meaning import submission_problems
from gridpact.gate.door.plain_orders import is_plainly_right, learn_window
from gridpact.gate.door.signed_submissions import HEADER, need_signature
from gridpact.gate.door.take_orders import BATCH_MAX, OrderArrival, take_orders
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.words.refused import FieldProblem, Refused

router = APIRouter(tags=["submissions"])
Problems = list[FieldProblem]


async def _hand_in(
    request: Request, session: str, most: int, check: Callable[[Body, Access], Awaitable[dict[str, Any]]]
) -> Response:
    """Takes what orders came, checked by what is kept of the visitor and the session.

    What is refused by that is checked again by what the database has now; what is stored, in its transaction.
    """
    service, is_batch = service_of(request), most == LARGE_BODY_MAX
    access, key_sha256 = _kept(request, service, session)
    if access is None or request.scope["query_string"]:
        access = await with_key(request, lambda key: service.access(key, session))
        need_some_trade(access.visitor, access.frame.market)
        parameters(request)
        sent = await body(request, most=most)
        document = await check(sent, access)
    else:
        refuse_rate_of(service, key_sha256)
        sent = await body(request, most=most)
        try:
            document = await check(sent, access)
        except Refused:
            access = await service.access(key_sha256, session)
            need_some_trade(access.visitor, access.frame.market)
            document = await check(sent, access)
    request.state.pseudonym = access.visitor.pseudonym
    arrival = OrderArrival(
        visitor=access.visitor,
        session=session,
        body=sent.content,
        document=document,
        received_at=sent.received_at,
        jws=request.headers.get(HEADER),
        frame=access.frame,
        changed=access.changed,
        is_batch=is_batch,
        private=service.gate.private,
    )
    size = len(document["orders"]) if is_batch else 1
    status, receipt = await service.writer.submit_part(take_orders, arrival, size)
    return Response(receipt.encode(), status_code=status, media_type=JSON)


def _kept(request: Request, service: Service, session: str) -> tuple[Access | None, str]:
    """What is kept of who trades in a session; `None` where it has to be asked for."""
    try:
        key_sha256 = key_of(request)
    except Refused:
        return None, ""
    access = service.accesses.find(key_sha256, session, service.now(), service.writer.changed)
    if access is None or not access.visitor.may_somewhere(TRADE, access.frame.market):
        return None, key_sha256
    return access, key_sha256


def _need_signature(request: Request, sent: Body, access: Access) -> None:
    need_signature(
        request.headers.get(HEADER),
        sent.content,
        keys=access.keys,
        gate=service_of(request).name,
        session=access.state.row.session,
        is_required=access.frame.rules.signatures == "required",
    )


@router.post("/sessions/{session}/orders")
async def post_order(request: Request, session: str) -> Response:
    """Hands in an order."""

    async def check(sent: Body, access: Access) -> dict[str, Any]:
        document, frame = sent.document(), access.frame
        if isinstance(participant := document.get("participant"), str):
            need_trade(access.visitor, frame.market, participant)
        if not is_plainly_right(document, frame):
            problems = await service_of(request).checks.problems(ORDER, document, frame)
            refuse_problems(problems, access.state, sent.received_at)
            learn_window(document, frame)
        _need_signature(request, sent, access)
        return document

    return await _hand_in(request, session, BODY_MAX, check)


@router.post("/sessions/{session}/order-batches")
async def post_batch(request: Request, session: str) -> Response:
    """Hands in several orders, all or none."""

    async def check(sent: Body, access: Access) -> dict[str, Any]:
        document = sent.document()
        orders = document.get("orders")
        named = [
            order.get("participant")
            for order in (orders if isinstance(orders, list) else ())
            if isinstance(order, dict)
        ]
        for participant in dict.fromkeys(name for name in named if isinstance(name, str)):
            need_trade(access.visitor, access.frame.market, participant)
        problems = await run_in_threadpool(_batch_problems, document, access.frame)
        refuse_problems(problems, access.state, sent.received_at)
        _need_signature(request, sent, access)
        return document

    return await _hand_in(request, session, LARGE_BODY_MAX, check)


OF_ORDERS = {"orders": post_order, "order-batches": post_batch}


def _batch_problems(document: dict[str, Any], frame: SessionFrame) -> Problems:
    """Everything that is wrong with a batch."""
    problems = unknown_members(document, "orders")
    orders = document.get("orders")
    if not isinstance(orders, list) or not 1 <= len(orders) <= BATCH_MAX:
        what, remedy = "is not a list of orders", f"give 1 to {BATCH_MAX}"
        return [*problems, FieldProblem(pointer="/orders", what=what, remedy=remedy)]
    places = [index for index, order in enumerate(orders) if not is_plainly_right(order, frame)]
    if not places:
        return problems
    others = [orders[index] for index in places]
    found = submission_problems(ORDER, others, frame, lambda index: f"/orders/{places[index]}")
    if not found:
        for order in others:
            learn_window(order, frame)
    return problems + found
