"""Taking on a settlement: what it is made of is fixed in the moment in which it is asked for."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from gridpact.gate.market.billing_files import METERS_KIND, PRICES_KIND, SHARING_KIND, TARIFFS_KIND
from gridpact.gate.market.session_frames import NETWORK_CONTENT, PARTICIPANTS_FILE, market_document
from gridpact.gate.settlement.settlement_document import SettledSpan, document_problems, span_of
from gridpact.gate.settlement.settlement_state import (
    FAILED,
    WAITING,
    SettlementState,
    settlement_state,
)
from gridpact.gate.store.gate_tables import (
    MARKET_FILE,
    PUBLICATION,
    SESSION,
    SETTLEMENT,
    SETTLING_JOB,
)
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.json_bodies import compact_json, same_content
from gridpact.gate.words.moments import moment_text, read_moment
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found

NEEDED = (PARTICIPANTS_FILE, TARIFFS_KIND, METERS_KIND)
KINDS = (*NEEDED, NETWORK_CONTENT, SHARING_KIND, PRICES_KIND)


def take_settlement(
    transaction: Transaction, market: str, document: Mapping[str, Any], *, actor: str, received_at: int
) -> tuple[int, dict[str, Any]]:
    """Takes on a settlement: 202, or 200 and the first answer where it was taken on before.

    It is made of the last results of the sessions that are cleared by now, and of the newest version of each
    file of the market.

    Raises:
        Refused: 404, 409 or 422; nothing was stored.
    """
    of_market = market_document(transaction.connection, market)
    if of_market is None:
        raise not_found()
    problems = document_problems(document, of_market)
    if problems:
        raise invalid(problems)
    given = {name: value for name, value in document.items() if value is not None}
    known = settlement_state(transaction.connection, given["settlement"])
    if known is not None:
        return 200, _answer_before(known, market, given)
    span, connection = span_of(given, of_market), transaction.connection
    sessions, not_cleared, problems = _sessions(connection, market, span)
    problems += _correction_problems(connection, market, given)
    if problems:
        raise invalid(problems)
    made_of = {
        "market": market,
        "given": given,
        "sessions": sessions,
        "not_cleared": not_cleared,
        "files": _files(connection, market),
    }
    name, text = str(given["settlement"]), compact_json(made_of)
    logged = transaction.act(
        kind="settlement", subject=name, actor=actor, received_at=received_at, body=text.encode()
    )
    transaction.insert(
        SETTLEMENT,
        settlement=name,
        market=market,
        sequence=logged.entry.sequence,
        received_at=received_at,
        document=text,
    )
    transaction.insert(
        SETTLING_JOB, settlement=name, state=WAITING, fence=0, worker="", lease_until=0, document="{}"
    )
    return 202, taken_on(market, json.loads(text))


def taken_on(market: str, made_of: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one who asks for a settlement."""
    given = made_of["given"]
    return {
        "settlement": given["settlement"],
        "market": market,
        "from": given["from"],
        "until": given["until"],
        "corrects": given.get("corrects"),
        "sessions": made_of["sessions"],
        "not_cleared": made_of["not_cleared"],
        "state": WAITING,
    }


def _answer_before(known: SettlementState, market: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The first answer, where the same was asked for before."""
    before, now = known.document["given"], json.loads(compact_json(given))
    if known.row.market != market or not same_content(before, now):
        raise Refused(409, "name-taken", f"There is another settlement '{given['settlement']}'.")
    return taken_on(market, known.document)


def _files(connection: Connection, market: str) -> dict[str, int]:
    """The newest version of each file of a market, by the log entry that it came with.

    Raises:
        Refused: 409, one is missing.
    """
    query = (
        select(MARKET_FILE.c.kind, func.max(MARKET_FILE.c.sequence))
        .where(MARKET_FILE.c.market == market, MARKET_FILE.c.kind.in_(KINDS))
        .group_by(MARKET_FILE.c.kind)
    )
    found = {str(kind): int(sequence) for kind, sequence in connection.execute(query)}
    if missing := [kind for kind in NEEDED if kind not in found]:
        raise Refused(
            409, "wrong-state", f"The market has no {' and no '.join(missing)} yet: put them first."
        )
    return found


def _sessions(
    connection: Connection, market: str, span: SettledSpan
) -> tuple[list[str], list[str], list[FieldProblem]]:
    """The last cleared session of each horizon in a span, those that are not cleared, and what is wrong."""
    joined = SESSION.outerjoin(PUBLICATION, PUBLICATION.c.session == SESSION.c.session)
    query = (
        select(SESSION.c.session, SESSION.c.horizon, PUBLICATION.c.published_at)
        .select_from(joined)
        .where(SESSION.c.market == market, SESSION.c.cancelled_at.is_(None))
        .order_by(PUBLICATION.c.published_at, SESSION.c.session)
    )
    last: dict[tuple[int, int], str] = {}
    torn: dict[tuple[int, int], str] = {}
    not_cleared: list[str] = []
    for row in connection.execute(query):
        first, end = map(int, row.horizon.split(":"))
        if end <= span.start or span.until <= first:
            continue
        if row.published_at is None:
            not_cleared.append(row.session)
        elif span.start <= first and end <= span.until:
            last[first, end] = row.session
        else:
            torn[first, end] = row.session
    problems = [_torn(span, horizon, session) for horizon, session in sorted(torn.items())]
    return [last[horizon] for horizon in sorted(last)], sorted(not_cleared), problems


def _torn(span: SettledSpan, horizon: tuple[int, int], session: str) -> FieldProblem:
    """What is wrong with a span that has only a part of a session's horizon."""
    is_start = horizon[0] < span.start
    first, end = map(moment_text, horizon)
    return FieldProblem(
        pointer="/from" if is_start else "/until",
        value=moment_text(span.start if is_start else span.until),
        what=f"lies within the horizon of session '{session}'",
        remedy=f"write {first if is_start else end}, or leave the session out: it ends at {end}"
        if is_start
        else f"write {end}, or leave the session out: it begins at {first}",
    )


def _correction_problems(connection: Connection, market: str, given: Mapping[str, Any]) -> list[FieldProblem]:
    """What is wrong with the settlement that another one corrects."""
    corrects = given.get("corrects")
    if corrects is None:
        return []
    what, remedy = "", "write the name of a published settlement of this market"
    state = settlement_state(connection, corrects)
    if state is None or state.row.market != market:
        what = "is not a settlement of this market"
    elif state.publication is None:
        what = "is not published"
    elif any(_differs(state.document["given"], given, name) for name in ("from", "until")):
        before = state.document["given"]
        what, remedy = "is of another span", f"write {before['from']} to {before['until']}"
    elif (later := _corrected_by(connection, market, corrects)) is not None:
        what, remedy = "is corrected already", f"correct the last one, '{later}'"
    if not what:
        return []
    return [FieldProblem(pointer="/corrects", value=corrects, what=what, remedy=remedy)]


def _differs(before: Mapping[str, Any], given: Mapping[str, Any], name: str) -> bool:
    """Whether two documents have another moment."""
    return read_moment(before[name]) != read_moment(given[name])


def _corrected_by(connection: Connection, market: str, settlement: str) -> str | None:
    """The last settlement that corrects one, or one that corrects it; `None` where there is none."""
    joined = SETTLEMENT.join(SETTLING_JOB, SETTLING_JOB.c.settlement == SETTLEMENT.c.settlement)
    query = select(SETTLEMENT.c.settlement, SETTLEMENT.c.document).select_from(joined)
    rows = connection.execute(
        query.where(SETTLEMENT.c.market == market, SETTLING_JOB.c.state != FAILED)
    ).all()
    corrected = ((json.loads(row.document)["given"].get("corrects"), row.settlement) for row in rows)
    by = {before: later for before, later in corrected if before is not None}
    last = by.get(settlement)
    while last is not None and last in by:
        last = by[last]
    return last
