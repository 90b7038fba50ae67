"""What operators do to sessions, each an entry of the log."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update

from gridpact.gate.market.json_tables import new_problems
from gridpact.gate.market.market_documents import needs_network_file, network_of, rules_of
from gridpact.gate.market.participant_tables import fits, loaded
from gridpact.gate.market.session_documents import horizon_key, session_problems
from gridpact.gate.market.session_frames import (
    NETWORK_CONTENT,
    PARTICIPANTS_FILE,
    market_document,
    market_file,
)
from gridpact.gate.market.session_states import OPEN, SCHEDULED, SessionState, session_state
from gridpact.gate.store.gate_tables import ACTION, LOG, MARKET_FILE, SESSION, SUBMISSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.gate_names import SESSION_NAME, has_controls
from gridpact.gate.words.json_bodies import compact_json, same_content
from gridpact.gate.words.moments import read_moment
from gridpact.gate.words.refused import FieldProblem, Refused, invalid, not_found

REASON_CHARACTERS_MAX = 1_000
Created = tuple[int, dict[str, Any]]


def put_session(
    transaction: Transaction,
    market: str,
    session: str,
    document: Mapping[str, Any],
    *,
    actor: str,
    received_at: int,
    if_match: str | None = None,
    reason: str = "",
) -> Created:
    """Makes a session, or changes one that is not open yet, or moves the closure of an open one later."""
    known = session_state(transaction.connection, session)
    text = compact_json(document)
    if known is not None and (known.row.market == market and same_content(known.document, json.loads(text))):
        return 200, shown_session(known)
    if known is not None:
        if known.row.market != market or (if_match is None and not reason.strip()):
            raise Refused(409, "name-taken", f"There is another session of the name '{session}'.")
        _need_change(known, if_match, reason)
    values = _checked(transaction, market, session, document, received_at=received_at, known=known)
    if known is not None:
        _refuse_late_change(transaction, known, values, document, received_at)
    what = {"reason": reason} if known is not None else {}
    transaction.act(
        kind="session" if known is None else "session-changed",
        subject=session,
        actor=actor,
        received_at=received_at,
        body=compact_json({"market": market, **what, "session": document}).encode(),
        session=session,
    )
    if known is None:
        transaction.insert(
            SESSION,
            session=session,
            market=market,
            document=text,
            created_at=received_at,
            last_received_at=0,
            version=1,
            **values,
        )
    else:
        values |= {"document": text, "version": known.row.version + 1}
        if known.at(received_at) == OPEN:
            values["opens_at"] = known.row.opens_at
        transaction.write(update(SESSION).where(SESSION.c.session == session).values(**values))
    made = session_state(transaction.connection, session)
    if made is None:
        raise RuntimeError(f"the session {session} was written, and is not there")
    return (201 if known is None else 200), shown_session(made)


def shown_session(state: SessionState) -> dict[str, Any]:
    """A session as its operator gave it, with the session before it."""
    return {
        "session": state.row.session,
        "market": state.row.market,
        **state.document,
        "previous": state.row.previous,
    }


def cancel_session(
    transaction: Transaction, session: str, *, actor: str, received_at: int, if_match: str | None, reason: str
) -> None:
    """Cancels a session that is not sealed yet."""
    known = session_state(transaction.connection, session)
    if known is None:
        raise not_found()
    _need_change(known, if_match, reason)
    if known.at(received_at) not in (SCHEDULED, OPEN):
        raise Refused(409, "wrong-state", f"The session is {known.at(received_at)}.")
    transaction.act(
        kind="session-cancelled",
        subject=session,
        actor=actor,
        received_at=received_at,
        body=compact_json({"reason": reason}).encode(),
        session=session,
    )
    values = {"cancelled_at": received_at, "version": known.row.version + 1}
    transaction.write(update(SESSION).where(SESSION.c.session == session).values(**values))


def _need_change(known: SessionState, if_match: str | None, reason: str) -> None:
    """Refuses a change without what every change needs: the version that it is of, and a reason."""
    if if_match is None:
        raise Refused(428, "needs-if-match")
    tags = {each.strip().removeprefix("W/").strip('"') for each in if_match.split(",")}
    if "*" not in tags and str(known.row.version) not in {tag.partition(".")[0] for tag in tags}:
        raise Refused(412, "changed-meanwhile")
    if not reason.strip():
        raise invalid([FieldProblem(pointer="?reason", what="is missing", remedy="say why, as in ?reason=…")])
    if len(reason) > REASON_CHARACTERS_MAX or has_controls(reason):
        remedy = f"write at most {REASON_CHARACTERS_MAX:,} characters, none of them a control character"
        raise invalid([FieldProblem(pointer="?reason", what="is not such a text", remedy=remedy)])


def _refuse_late_change(
    transaction: Transaction,
    known: SessionState,
    values: Mapping[str, Any],
    document: Mapping[str, Any],
    now: int,
) -> None:
    """Refuses to change anything of an open session but its closure, and that to an earlier time.

    A session that has forecasts keeps its horizon: they are of its periods.
    """
    state = known.at(now)
    if state == SCHEDULED:
        of_session = select(SUBMISSION.c.submission).where(SUBMISSION.c.session == known.row.session)
        if values["horizon"] != known.row.horizon and transaction.row(of_session.limit(1)) is not None:
            raise Refused(409, "wrong-state", "The session has forecasts: make another one of another name.")
        return
    others = {name: value for name, value in document.items() if name != "gate_closes"}
    before = {name: value for name, value in known.document.items() if name != "gate_closes"}
    is_later = (read_moment(document["gate_closes"]) or 0) >= known.row.closes_at
    if state != OPEN or now >= known.row.closes_at or not is_later or not same_content(others, before):
        raise Refused(409, "wrong-state", f"The session is {state}: its gate may only close later.")


def _checked(
    transaction: Transaction,
    market: str,
    session: str,
    document: Mapping[str, Any],
    *,
    received_at: int,
    known: SessionState | None,
) -> dict[str, Any]:
    """The columns of a session, after all checks; refused with everything that is wrong with it."""
    found = market_document(transaction.connection, market)
    if found is None:
        raise not_found()
    content = market_file(transaction.connection, market, PARTICIPANTS_FILE)
    if content is None:
        raise Refused(409, "wrong-state", "The market has no participants yet: put them first.")
    if needs_network_file(found) and market_file(transaction.connection, market, NETWORK_CONTENT) is None:
        raise Refused(409, "wrong-state", "The market has no network yet: put it first.")
    if _stands_on_another_network(transaction, market):
        network = market_file(transaction.connection, market, NETWORK_CONTENT)
        if not fits(loaded(content), network_of(found, network, new_problems())):
            detail = "The participants were put for another network than the market has now: put them again."
            raise Refused(409, "wrong-state", detail)
    problems = session_problems(
        document,
        found,
        rules_of(found),
        participants=len(loaded(content)["participant"]),
        received_at=received_at,
    )
    if not SESSION_NAME.fullmatch(session):
        remedy = "write 1 to 64 of the characters A-Z, a-z, 0-9, point, hyphen and underscore"
        problems.append(FieldProblem(pointer="/session", value=session, what="is not a name", remedy=remedy))
    if problems:
        raise invalid(problems)
    closes = read_moment(document["gate_closes"]) or 0
    horizon = horizon_key(document, found)
    previous = _previous(transaction, market, session, document, horizon, closes)
    opens = read_moment(document["gate_opens"]) or 0
    return {
        "opens_at": max(opens, received_at),
        "closes_at": closes,
        "previous": previous,
        "horizon": _text(horizon),
    }


def _rests_on(same: Mapping[str, Any], later: str, session: str) -> bool:
    """Whether a session rests on another one by those that their operators named."""
    seen = set()
    while later in same and later not in seen:
        seen.add(later)
        later = json.loads(same[later].document).get("previous") or ""
    return later == session


def _stands_on_another_network(transaction: Transaction, market: str) -> bool:
    """Whether the market or its network was changed after its participants were checked on them."""

    def last(kind: str) -> int:
        entries = (
            select(func.max(LOG.c.sequence))
            .join(ACTION, ACTION.c.sequence == LOG.c.sequence)
            .where(LOG.c.kind == kind, ACTION.c.subject == market)
        )
        files = select(func.max(MARKET_FILE.c.sequence)).where(
            MARKET_FILE.c.market == market, MARKET_FILE.c.kind == kind
        )
        query = entries if kind == "market" else files
        return int(transaction.connection.execute(query).scalar() or 0)

    return max(last("market"), last(NETWORK_CONTENT)) > last(PARTICIPANTS_FILE)


def _text(horizon: tuple[int, int]) -> str:
    return f"{horizon[0]}:{horizon[1]}"


def _previous(
    transaction: Transaction,
    market: str,
    session: str,
    document: Mapping[str, Any],
    horizon: tuple[int, int],
    closes: int,
) -> str | None:
    """The session whose result is firm in this one; refuses horizons that overlap, and another one's."""
    columns = SESSION.c
    others = transaction.rows(
        select(SESSION)
        .where(columns.market == market, columns.session != session, columns.cancelled_at.is_(None))
        .order_by(columns.closes_at, columns.created_at)
    )
    for other in others:
        start, end = map(int, other.horizon.split(":"))
        if (start, end) != horizon and start < horizon[1] and horizon[0] < end:
            what = f"gives a horizon that overlaps that of session '{other.session}' and is another"
            remedy = "give sessions of one day the same horizon"
            value = str(document["delivery_start"])
            raise invalid([FieldProblem(pointer="/delivery_start", value=value, what=what, remedy=remedy)])
    same = {other.session: other for other in others if other.horizon == _text(horizon)}
    named = document.get("previous")
    if named is None:
        earlier = [name for name, other in same.items() if other.closes_at <= closes]
        return earlier[-1] if earlier else None
    if named not in same or same[named].closes_at > closes or _rests_on(same, str(named), session):
        what, remedy = "is not an earlier session of this horizon", "leave it out for the last one"
        raise invalid([FieldProblem(pointer="/previous", value=named, what=what, remedy=remedy)])
    return str(named)
