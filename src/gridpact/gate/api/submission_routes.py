"""Submissions: orders, trades, confirmations, rejections, withdrawals, forecasts."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_operator, need_some_trade, need_trade
from gridpact.gate.access.visitor import TRADE as TRADING
from gridpact.gate.access.visitor import Visitor, visitor_of_key
from gridpact.gate.api.access_cache import Access
from gridpact.gate.api.answers import answered, listed, read_answer
from gridpact.gate.api.incoming import (
    BODY_MAX,
    CSV,
    JSON,
    LARGE_BODY_MAX,
    NETWORK_MAX,
    Body,
    body,
    key_of,
    page,
    parameters,
    refuse_rate_of,
    service_of,
    visitor,
    with_key,
)
from gridpact.gate.api.service import Service
from gridpact.gate.api.session_routes import visible_session
from gridpact.gate.door.arrival import Arrival, need_open
from gridpact.gate.door.case_rows import ORDER, TRADE
from gridpact.gate.door.forecast_csv import forecasts_from_csv
from gridpact.gate.door.intake import CONFIRMATION, REJECTION, with_fate
from gridpact.gate.door.meaning import forecast_problems, submission_problems
from gridpact.gate.door.plain_orders import is_plainly_right, learn_window
from gridpact.gate.door.signed_submissions import HEADER, need_signature, signing_keys
from gridpact.gate.door.take_forecasts import take_forecast, take_forecasts
from gridpact.gate.door.take_orders import BATCH_MAX, OrderArrival, take_orders
from gridpact.gate.door.take_trades import proposal_for, proposer, take_answer, take_trade, take_withdrawal
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.market.session_states import SessionState
from gridpact.gate.store.transaction import Transaction, known_changes
from gridpact.gate.views.submission_views import own_submission, proof_of, submission_view, submissions_of
from gridpact.gate.words.gate_names import name_problem, shown
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found

router = APIRouter(tags=["submissions"])
Found = tuple[SessionState, SessionFrame]
Problems = list[FieldProblem]


async def _found(request: Request, who: Visitor, session: str) -> Found:
    """A session that the visitor sees, with its frame."""
    service = service_of(request)

    def query(connection: Connection) -> Found:
        state = visible_session(connection, who, session)
        return state, service.frame(connection, state)

    return await service.read(query)


async def _trader(request: Request, session: str) -> tuple[Visitor, SessionState, SessionFrame]:
    """Who trades in a session, and the session."""
    parameters(request)
    who = await visitor(request)
    state, frame = await _found(request, who, session)
    need_some_trade(who, state.row.market)
    return who, state, frame


def _refuse(problems: Problems, state: SessionState, received_at: int) -> None:
    """Refuses content with problems; outside of the gate's hours that comes first."""
    if problems:
        need_open(state, received_at)
        raise invalid(problems)


async def _signed(
    request: Request, who: Visitor, session: str, payload: bytes, frame: SessionFrame, *, needed: bool = True
) -> str | None:
    """The signature of a submission, where it has one and as far as its market requires one."""
    jws = request.headers.get(HEADER)
    is_required = needed and frame.rules.signatures == "required"
    service = service_of(request)
    if jws is None and not is_required:
        return None
    keys = await service.read(lambda connection: signing_keys(connection, who.user))
    need_signature(jws, payload, keys=keys, gate=service.name, session=session, is_required=is_required)
    return jws


def _arrival(who: Visitor, session: str, sent: Body, document: dict[str, Any], jws: str | None) -> Arrival:
    return Arrival(
        visitor=who,
        session=session,
        body=sent.content,
        document=document,
        received_at=sent.received_at,
        jws=jws,
    )


async def _stored(request: Request, work: Callable[[Transaction], tuple[int, dict[str, Any]]]) -> Response:
    status, receipt = await service_of(request).write(work)
    return answered(status, receipt)


async def _fresh(service: Service, key_sha256: str, session: str) -> Access:
    """Who comes with a key, and a session, as the database has them now."""

    def query(connection: Connection) -> Access:
        changed = known_changes(connection)
        who = visitor_of_key(connection, key_sha256, service.now())
        return Access(
            visitor=who,
            keys=signing_keys(connection, who.user),
            state=(state := visible_session(connection, who, session)),
            frame=service.frame(connection, state, changed),
            changed=changed,
        )

    access = await service.read(query)
    service.accesses.keep(access)
    return access


async def _hand_in(
    request: Request, session: str, most: int, check: Callable[[Body, Access], Awaitable[dict[str, Any]]]
) -> Response:
    """Takes what orders came, checked by what is kept of the visitor and the session.

    What is refused by that is checked again by what the database has now; what is stored, in its transaction.
    """
    parameters(request)
    service, is_batch = service_of(request), most == LARGE_BODY_MAX
    access, key_sha256 = _kept(request, service, session)
    if access is None:
        access = await with_key(request, lambda key: _fresh(service, key, session))
        need_some_trade(access.visitor, access.frame.market)
        sent = await body(request, most=most)
        document = await check(sent, access)
    else:
        refuse_rate_of(service, key_sha256)
        sent = await body(request, most=most)
        try:
            document = await check(sent, access)
        except Refused:
            access = await _fresh(service, key_sha256, session)
            need_some_trade(access.visitor, access.frame.market)
            document = await check(sent, access)
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
    if access is None or not access.visitor.may_somewhere(TRADING, access.frame.market):
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
            _refuse(problems, access.state, sent.received_at)
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
        named = [order.get("participant") for order in orders or () if isinstance(order, dict)]
        for participant in dict.fromkeys(name for name in named if isinstance(name, str)):
            need_trade(access.visitor, access.frame.market, participant)
        problems = await run_in_threadpool(_batch_problems, document, access.frame)
        _refuse(problems, access.state, sent.received_at)
        _need_signature(request, sent, access)
        return document

    return await _hand_in(request, session, LARGE_BODY_MAX, check)


OF_ORDERS = {"orders": post_order, "order-batches": post_batch}


def _batch_problems(document: dict[str, Any], frame: SessionFrame) -> Problems:
    """Everything that is wrong with a batch."""
    problems = _unknown(document, "orders")
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


def _unknown(document: dict[str, Any], *names: str) -> Problems:
    """The members of a document that are not known."""
    remedy = f"known are {', '.join(names)}" if names else "leave it out"
    return [
        FieldProblem(pointer=f"/{name}", value=shown(value), what="is not known", remedy=remedy)
        for name, value in document.items()
        if name not in names
    ]


@router.post("/sessions/{session}/trades")
async def post_trade(request: Request, session: str) -> Response:
    """Proposes a trade."""
    who, state, frame = await _trader(request, session)
    sent = await body(request)
    document = sent.document()
    if all(isinstance(document.get(side), str) for side in ("seller", "buyer")):
        proposer(who, frame.market, document)
    problems = await service_of(request).checks.problems(TRADE, document, frame)
    _refuse(problems, state, sent.received_at)
    jws = await _signed(request, who, session, sent.content, frame)
    arrival, private = _arrival(who, session, sent, document, jws), service_of(request).gate.private
    return await _stored(request, lambda transaction: take_trade(transaction, arrival, frame, private))


@router.post("/sessions/{session}/trades/{submission}/confirmation")
async def confirm(request: Request, session: str, submission: str) -> Response:
    """Confirms a trade, which binds both sides."""
    return await _answer(request, session, submission, CONFIRMATION)


@router.post("/sessions/{session}/trades/{submission}/rejection")
async def reject(request: Request, session: str, submission: str) -> Response:
    """Rejects a trade."""
    return await _answer(request, session, submission, REJECTION)


async def _answer(request: Request, session: str, submission: str, kind: str) -> Response:
    """Stores what the other side of a trade says to it."""
    who, state, frame = await _trader(request, session)
    service = service_of(request)
    proposal = await service.read(
        lambda connection: proposal_for(Transaction(connection), who, session, frame.market, submission)
    )
    sent = await body(request)
    document = sent.document()
    members = ("sha256",) if kind == CONFIRMATION else ()
    problems = _unknown(document, *members)
    if members and not isinstance(document.get("sha256"), str):
        remedy = "give the digest of the proposal"
        problems.append(FieldProblem(pointer="/sha256", what="is missing", remedy=remedy))
    _refuse(problems, state, sent.received_at)
    payload = proposal.body if kind == CONFIRMATION else sent.content
    jws = await _signed(request, who, session, payload, frame, needed=kind == CONFIRMATION)
    arrival = _arrival(who, session, sent, document, jws)
    return await _stored(
        request,
        lambda transaction: take_answer(transaction, arrival, kind, submission, frame, service.gate.private),
    )


@router.post("/sessions/{session}/withdrawals")
async def withdraw(request: Request, session: str) -> Response:
    """Withdraws an own order, or an own trade that is not confirmed."""
    who, state, frame = await _trader(request, session)
    service = service_of(request)
    sent = await body(request)
    document = sent.document()
    problems = _unknown(document, "withdrawal", "submission")
    problem = name_problem("/withdrawal", document.get("withdrawal"))
    problems += [problem] if problem else []
    target = document.get("submission")
    if not isinstance(target, str):
        what, remedy = "is not a submission", "give the one that is withdrawn"
        problems.append(FieldProblem(pointer="/submission", value=shown(target), what=what, remedy=remedy))
    else:
        await service.read(lambda connection: _need_own(connection, who, session, frame.market, target))
    _refuse(problems, state, sent.received_at)
    jws = await _signed(request, who, session, sent.content, frame, needed=False)
    arrival = _arrival(who, session, sent, document, jws)
    return await _stored(
        request, lambda transaction: take_withdrawal(transaction, arrival, frame, service.gate.private)
    )


def _need_own(connection: Connection, who: Visitor, session: str, market: str, submission: str) -> None:
    row = with_fate(Transaction(connection), session, submission)
    if row is None:
        raise not_found()
    need_trade(who, market, row.participant)


@router.put("/sessions/{session}/forecasts/{participant}")
async def put_forecast(request: Request, session: str, participant: str) -> Response:
    """Gives the forecast of an own participant."""
    who, state, frame = await _trader(request, session)
    need_trade(who, frame.market, participant)
    sent = await body(request, most=LARGE_BODY_MAX)
    document = sent.document()
    problems = await run_in_threadpool(forecast_problems, document, participant, frame)
    _refuse(problems, state, sent.received_at)
    jws = await _signed(request, who, session, sent.content, frame, needed=False)
    arrival, private = _arrival(who, session, sent, document, jws), service_of(request).gate.private
    return await _stored(
        request, lambda transaction: take_forecast(transaction, arrival, participant, frame, private)
    )


@router.put("/sessions/{session}/forecasts")
async def put_forecasts(request: Request, session: str) -> Response:
    """Gives the forecasts of participants, as the operator."""
    parameters(request)
    who = await visitor(request)
    _, frame = await _found(request, who, session)
    need_operator(who, frame.market)
    sent = await body(request, most=NETWORK_MAX, types=(JSON, CSV))
    if request.headers.get("content-type", "").startswith(CSV):
        document = await run_in_threadpool(forecasts_from_csv, sent.content, frame)
    else:
        document = sent.document()
        if problems := await run_in_threadpool(_forecasts_problems, document, frame):
            raise invalid(problems)
    jws = await _signed(request, who, session, sent.content, frame, needed=False)
    arrival, private = _arrival(who, session, sent, document, jws), service_of(request).gate.private
    return await _stored(request, lambda transaction: take_forecasts(transaction, arrival, private))


def _forecasts_problems(document: dict[str, Any], frame: SessionFrame) -> Problems:
    """Everything that is wrong with the forecasts of several participants."""
    problems = _unknown(document, "forecasts")
    forecasts = document.get("forecasts")
    if not isinstance(forecasts, dict):
        return [*problems, FieldProblem(pointer="/forecasts", what="is not an object of forecasts")]
    for participant, each in forecasts.items():
        place = f"/forecasts/{participant}"
        if participant not in frame.index:
            what, remedy = "is not in the market's participants", "put the participants first"
            problems.append(FieldProblem(pointer=place, value=participant, what=what, remedy=remedy))
        elif not isinstance(each, dict):
            problems.append(FieldProblem(pointer=place, value=shown(each), what="is not an object"))
        else:
            problems += forecast_problems(each, participant, frame, place)
    return problems


@router.get("/sessions/{session}/orders")
async def list_orders(request: Request, session: str) -> Response:
    """Own orders; of operators and auditors, all once the session is sealed."""
    return await _list(request, session, ORDER)


@router.get("/sessions/{session}/trades")
async def list_trades(request: Request, session: str) -> Response:
    """Own trades, of either side; of operators and auditors, all once the session is sealed."""
    return await _list(request, session, TRADE)


async def _list(request: Request, session: str, kind: str) -> Response:
    after, limit = page(parameters(request, "limit", "after"))
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> tuple[list[dict[str, Any]], int | None]:
        state = visible_session(connection, who, session)
        return submissions_of(connection, who, state, kind, after=after, limit=limit)

    items, following = await service.read(query)
    return read_answer(request, listed(items, following))


@router.get("/submissions/{submission}")
async def get_submission(request: Request, submission: str) -> Response:
    """A submission, its receipt and the bytes as they came."""
    parameters(request)
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> dict[str, Any]:
        row, state = own_submission(connection, who, submission)
        return submission_view(connection, row, state, service.gate.private)

    return read_answer(request, await service.read(query))


@router.get("/submissions/{submission}/proof")
async def get_proof(request: Request, submission: str) -> Response:
    """The proof that a seal counts a submission."""
    parameters(request)
    who = await visitor(request)

    def query(connection: Connection) -> dict[str, Any]:
        row, state = own_submission(connection, who, submission)
        return proof_of(connection, row, state)

    return read_answer(request, await service_of(request).read(query))
