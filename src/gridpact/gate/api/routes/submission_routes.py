"""Submissions: orders, trades, confirmations, rejections, withdrawals, forecasts."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gridpact.gate.access.visibility import need_operator, need_some_trade, need_trade
from gridpact.gate.access.visitor import Visitor
from gridpact.gate.api.answers import answered, listed, read_answer
from gridpact.gate.api.incoming import (
    CSV,
    JSON,
    LARGE_BODY_MAX,
    NETWORK_MAX,
    Body,
    body,
    media_type,
    page,
    parameters,
    service_of,
    visitor,
)
from gridpact.gate.api.routes.session_routes import visible_session
from gridpact.gate.door.arrival import Arrival, refuse_problems, unknown_members
from gridpact.gate.door.case_rows import ORDER, TRADE
from gridpact.gate.door.forecast_csv import forecasts_from_csv
from gridpact.gate.door.intake import CONFIRMATION, REJECTION, with_fate
from gridpact.gate.door.meaning import connection_problems, forecast_problems
from gridpact.gate.door.signed_submissions import HEADER, need_signature, signing_keys
from gridpact.gate.door.take_forecasts import take_forecast, take_forecasts
from gridpact.gate.door.take_trades import proposal_for, proposer, take_answer, take_trade, take_withdrawal
from gridpact.gate.market.json_tables import escaped
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.market.session_states import SessionState
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.views.submission_views import own_submission, proof_of, submission_view, submissions_of
from gridpact.gate.words.gate_names import has_controls, name_problem, shown
from gridpact.gate.words.refused import FieldProblem, invalid, not_found

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
    who = await visitor(request)
    state, frame = await _found(request, who, session)
    need_some_trade(who, state.row.market)
    parameters(request)
    return who, state, frame


async def _signed(
    request: Request, who: Visitor, session: str, payload: bytes, frame: SessionFrame, *, needed: bool = True
) -> str | None:
    """The signature of a submission, where it has one and as far as its market requires one."""
    jws = request.headers.get(HEADER)
    is_required = needed and frame.rules.signatures == "required"
    service = service_of(request)
    if jws is None and not is_required:
        return None
    keys = await service.read(lambda connection: signing_keys(connection, [who.user]))
    need_signature(
        jws, payload, keys=keys[who.user], gate=service.name, session=session, is_required=is_required
    )
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


@router.post("/sessions/{session}/trades")
async def post_trade(request: Request, session: str) -> Response:
    """Proposes a trade."""
    who, state, frame = await _trader(request, session)
    sent = await body(request)
    document = sent.document()
    own = ""
    if all(isinstance(document.get(side), str) for side in ("seller", "buyer")):
        own = proposer(who, frame.market, document)
    problems = await service_of(request).checks.problems(TRADE, document, frame)
    problems += connection_problems(document, own, frame)
    refuse_problems(problems, state, sent.received_at)
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
    problems = unknown_members(document, *members)
    if members and not isinstance(document.get("sha256"), str):
        remedy = "give the digest of the proposal"
        problems.append(FieldProblem(pointer="/sha256", what="is missing", remedy=remedy))
    refuse_problems(problems, state, sent.received_at)
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
    problems = unknown_members(document, "withdrawal", "submission")
    problem = name_problem("/withdrawal", document.get("withdrawal"))
    problems += [problem] if problem else []
    target = document.get("submission")
    if not isinstance(target, str) or has_controls(target):
        what, remedy = "is not a submission", "give the one that is withdrawn"
        problems.append(FieldProblem(pointer="/submission", value=shown(target), what=what, remedy=remedy))
    else:
        await service.read(lambda connection: _need_own(connection, who, session, frame.market, target))
    refuse_problems(problems, state, sent.received_at)
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


@router.put("/sessions/{session}/forecasts/{participant:path}")
async def put_forecast(request: Request, session: str, participant: str) -> Response:
    """Gives the forecast of an own participant."""
    who, state, frame = await _trader(request, session)
    need_trade(who, frame.market, participant)
    sent = await body(request, most=LARGE_BODY_MAX)
    document = sent.document()
    problems = await run_in_threadpool(forecast_problems, document, participant, frame)
    refuse_problems(problems, state, sent.received_at)
    jws = await _signed(request, who, session, sent.content, frame, needed=False)
    arrival, private = _arrival(who, session, sent, document, jws), service_of(request).gate.private
    return await _stored(
        request, lambda transaction: take_forecast(transaction, arrival, participant, frame, private)
    )


@router.put("/sessions/{session}/forecasts")
async def put_forecasts(request: Request, session: str) -> Response:
    """Gives the forecasts of participants, as the operator."""
    who = await visitor(request)
    _, frame = await _found(request, who, session)
    need_operator(who, frame.market)
    parameters(request)
    sent = await body(request, most=NETWORK_MAX, types=(JSON, CSV))
    if media_type(request) == CSV:
        document = await run_in_threadpool(forecasts_from_csv, sent.content, frame.horizon, frame.index)
    else:
        document = sent.document()
        if problems := await run_in_threadpool(_forecasts_problems, document, frame):
            raise invalid(problems)
    jws = await _signed(request, who, session, sent.content, frame, needed=False)
    arrival, private = _arrival(who, session, sent, document, jws), service_of(request).gate.private
    return await _stored(request, lambda transaction: take_forecasts(transaction, arrival, private))


def _forecasts_problems(document: dict[str, Any], frame: SessionFrame) -> Problems:
    """Everything that is wrong with the forecasts of several participants."""
    problems = unknown_members(document, "forecasts")
    forecasts = document.get("forecasts")
    if not isinstance(forecasts, dict):
        return [*problems, FieldProblem(pointer="/forecasts", what="is not an object of forecasts")]
    for participant, each in forecasts.items():
        place = f"/forecasts/{escaped(participant)}"
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
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> tuple[list[dict[str, Any]], int | None]:
        state = visible_session(connection, who, session)
        after, limit = page(parameters(request, "limit", "after"))
        return submissions_of(connection, who, state, kind, after=after, limit=limit)

    items, following = await service.read(query)
    return read_answer(request, listed(items, following))


@router.get("/submissions/{submission}")
async def get_submission(request: Request, submission: str) -> Response:
    """A submission, its receipt and the bytes as they came."""
    who, service = await visitor(request), service_of(request)

    def query(connection: Connection) -> dict[str, Any]:
        row, state = own_submission(connection, who, submission)
        parameters(request)
        return submission_view(connection, who, row, state, service.gate.private)

    return read_answer(request, await service.read(query))


@router.get("/submissions/{submission}/proof")
async def get_proof(request: Request, submission: str) -> Response:
    """The proof that a seal counts a submission."""
    who = await visitor(request)

    def query(connection: Connection) -> dict[str, Any]:
        row, state = own_submission(connection, who, submission)
        parameters(request)
        return proof_of(connection, row, state)

    return read_answer(request, await service_of(request).read(query))
