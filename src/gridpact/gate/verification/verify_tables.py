"""Verification of the tables beside the log: whether they say what the log has."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from gridpact.gate.door.case_rows import ORDER, TRADE
from gridpact.gate.door.intake import (
    CONFIRMATION,
    CONFIRMED,
    REJECTED,
    REJECTION,
    REPLACED,
    WITHDRAWAL,
    WITHDRAWN,
)
from gridpact.gate.log.jws import BadSignature, read_header, verify_detached
from gridpact.gate.market.billing_files import (
    ENVELOPES_KIND,
    METERS_KIND,
    PRICES_KIND,
    SHARING_KIND,
    TARIFFS_KIND,
)
from gridpact.gate.market.market_documents import rules_of
from gridpact.gate.market.session_frames import NETWORK_CONTENT, PARTICIPANTS_FILE
from gridpact.gate.store.gate_tables import (
    ACTION,
    BATCH,
    FATE,
    GATE,
    GATE_KEY,
    LOG,
    MARKET,
    MARKET_FILE,
    SEAL,
    SESSION,
    SUBMISSION,
)
from gridpact.gate.words.json_bodies import read_json, same_content
from gridpact.gate.words.moments import read_moment

Last = dict[tuple[str, str], bytes]
OF_SETTLEMENT = (TARIFFS_KIND, SHARING_KIND, PRICES_KIND, METERS_KIND)
FILES = (PARTICIPANTS_FILE, NETWORK_CONTENT, *OF_SETTLEMENT, ENVELOPES_KIND)
READ_AT_ONCE = 5_000
_ENDS = {CONFIRMATION: CONFIRMED, REJECTION: REJECTED, WITHDRAWAL: WITHDRAWN, "order": REPLACED}


def table_deviations(connection: Connection) -> Iterator[str]:
    """In what the tables of markets, sessions, keys and fates differ from what was logged."""
    last = _last_actions(connection)
    yield from _gate(connection, last)
    yield from _markets(connection, last)
    yield from _market_files(connection)
    yield from _sessions(connection, last)
    yield from _fates(connection)


def _last_actions(connection: Connection) -> Last:
    """The last content of what was said of each subject, by kind and subject."""
    query = (
        select(LOG.c.kind, ACTION.c.subject, ACTION.c.body)
        .join(ACTION, ACTION.c.sequence == LOG.c.sequence)
        .where(
            LOG.c.kind.in_(("gate", "gate-key", "market", "session", "session-changed", "session-cancelled"))
        )
        .order_by(LOG.c.sequence)
    )
    return {(row.kind, row.subject): bytes(row.body) for row in connection.execute(query)}


def _gate(connection: Connection, last: Last) -> Iterator[str]:
    for row in connection.execute(select(GATE)).all():
        if ("gate", row.gate) not in last:
            yield "the name of the gate is not the one that was logged"
    keys = connection.execute(select(GATE_KEY)).all()
    for row in keys:
        if last.get(("gate-key", row.kid)) != row.jwk.encode():
            yield f"the gate's key {row.kid} is not the one that was logged"
    gone = {kid for kind, kid in last if kind == "gate-key"} - {row.kid for row in keys}
    yield from (f"the gate's key {kid} is gone" for kid in sorted(gone))


def _markets(connection: Connection, last: Last) -> Iterator[str]:
    rows = connection.execute(select(MARKET)).all()
    for row in rows:
        if last.get(("market", row.market)) != row.document.encode():
            yield f"market {row.market}: its settings or rules are not those that were logged"
    gone = {name for kind, name in last if kind == "market"} - {row.market for row in rows}
    yield from (f"market {name} is gone" for name in sorted(gone))


def _market_files(connection: Connection) -> Iterator[str]:
    """Files of markets that are not as the log says."""
    joined = MARKET_FILE.outerjoin(LOG, LOG.c.sequence == MARKET_FILE.c.sequence)
    joined = joined.outerjoin(ACTION, ACTION.c.sequence == MARKET_FILE.c.sequence)
    query = select(
        MARKET_FILE,
        LOG.c.kind.label("logged"),
        LOG.c.received_at.label("at"),
        ACTION.c.subject,
        ACTION.c.body,
    ).select_from(joined)
    for row in connection.execute(query.order_by(MARKET_FILE.c.sequence)):
        said = (row.kind, row.market, row.received_at, row.content)
        if said != (row.logged, row.subject, row.at, row.body):
            yield f"market {row.market}: its {row.kind} of log entry {row.sequence} were changed"
    known = set(connection.execute(select(MARKET_FILE.c.sequence)).scalars())
    logged = select(LOG.c.sequence, LOG.c.kind).where(LOG.c.kind.in_(FILES), LOG.c.session.is_(None))
    for row in connection.execute(logged):
        if row.sequence not in known:
            yield f"log entry {row.sequence} ({row.kind}) has lost what it is of"


def _sessions(connection: Connection, last: Last) -> Iterator[str]:
    """Sessions and seals that are not as the log says."""
    sealed_at = select(SEAL.c.session, SEAL.c.sealed_at, LOG.c.received_at).join(
        LOG, (LOG.c.session == SEAL.c.session) & (LOG.c.kind == "seal")
    )
    for row in connection.execute(sealed_at):
        if row.sealed_at != row.received_at:
            yield f"session {row.session}: it was not sealed when its seal says"
    rows = connection.execute(select(SESSION)).all()
    for row in rows:
        said = json.loads(
            last.get(("session-changed", row.session), last.get(("session", row.session), b"{}"))
        )
        document = json.loads(row.document)
        is_same = said.get("market") == row.market and same_content(said.get("session"), document)
        if not is_same or read_moment(document.get("gate_closes")) != row.closes_at:
            yield f"session {row.session}: it is not as it was logged"
        if (row.cancelled_at is not None) != (("session-cancelled", row.session) in last):
            yield f"session {row.session}: whether it was cancelled is not as it was logged"
    gone = {name for kind, name in last if kind == "session"} - {row.session for row in rows}
    yield from (f"session {name} is gone" for name in sorted(gone))


def _fates(connection: Connection) -> Iterator[str]:
    """Deviations of what ended submissions from the submissions that ended them."""
    fates = {row.submission: (row.state, row.by_submission) for row in connection.execute(select(FATE))}
    expected: dict[str, tuple[str, str]] = {}
    columns = SUBMISSION.c
    query = select(
        columns.submission, columns.session, columns.participant, columns.kind, columns.name, columns.body
    ).where(columns.kind.in_(_ENDS))
    rows = connection.execution_options(yield_per=READ_AT_ONCE).execute(query.order_by(columns.sequence))
    for row in rows:
        target = _target(connection, row)
        if target is not None:
            expected[target] = _ENDS[row.kind], row.submission
    for submission in sorted(fates.keys() | expected.keys()):
        if fates.get(submission) != expected.get(submission):
            yield f"submission {submission}: what became of it is not what was handed in"


def _target(connection: Connection, row: Any) -> str | None:
    """The submission that one ends, or binds."""
    if row.kind in (CONFIRMATION, REJECTION):
        return str(row.name)
    if row.kind == WITHDRAWAL:
        return str(read_json(row.body).get("submission"))
    replaced = read_json(row.body).get("replaces") if b'"replaces"' in row.body else None
    if replaced is None:
        return None
    columns = SUBMISSION.c
    query = select(columns.submission).where(
        columns.session == row.session,
        columns.participant == row.participant,
        columns.kind == row.kind,
        columns.name == str(replaced),
    )
    return connection.execute(query).scalar()


def signature_deviations(connection: Connection) -> Iterator[str]:
    """Signatures of users that do not hold for what was handed in, by the keys that the log has."""
    keys = _signing_keys(connection)
    joined = SUBMISSION.join(LOG, LOG.c.sequence == SUBMISSION.c.sequence)
    joined = joined.outerjoin(BATCH, BATCH.c.batch == SUBMISSION.c.batch)
    query = select(SUBMISSION, LOG.c.actor, BATCH.c.body.label("whole")).select_from(joined)
    proposals = select(SUBMISSION.c.body)
    checked: set[tuple[int, str]] = set()
    for row in connection.execute(query.where(SUBMISSION.c.jws.is_not(None)).order_by(SUBMISSION.c.sequence)):
        if row.batch is not None and (row.batch, row.jws) in checked:
            continue
        payload = row.whole if row.batch is not None else row.body
        if row.kind == CONFIRMATION:
            payload = connection.execute(proposals.where(SUBMISSION.c.submission == row.name)).scalar()
        if payload is None or not _holds(row.jws, bytes(payload), keys.get(row.actor, {})):
            yield f"submission {row.submission}: its signature does not hold"
        elif row.batch is not None:
            checked.add((row.batch, row.jws))
    yield from _unsigned(connection)


def _unsigned(connection: Connection) -> Iterator[str]:
    """What is without a signature in markets whose rules require one."""
    of_market = SUBMISSION.join(SESSION, SESSION.c.session == SUBMISSION.c.session)
    query = select(SUBMISSION.c.submission).select_from(of_market).order_by(SUBMISSION.c.sequence)
    query = query.where(SUBMISSION.c.kind.in_((ORDER, TRADE, CONFIRMATION)), SUBMISSION.c.jws.is_(None))
    for row in connection.execute(select(MARKET)).all():
        if rules_of(json.loads(row.document)).signatures == "required":
            for submission in connection.execute(query.where(SESSION.c.market == row.market)).scalars():
                yield f"submission {submission}: it has no signature, which its market requires"


def _holds(jws: str, payload: bytes, keys: Mapping[str, Mapping[str, Any]]) -> bool:
    try:
        key = keys.get(str(read_header(jws).get("kid")))
        if key is not None:
            verify_detached(jws, payload, key)
        return key is not None
    except (BadSignature, ValueError):
        return False


def _signing_keys(connection: Connection) -> dict[str, dict[str, Any]]:
    """The public keys of users, by pseudonym and kid, as they were logged."""
    query = (
        select(ACTION.c.subject, ACTION.c.body)
        .join(LOG, LOG.c.sequence == ACTION.c.sequence)
        .where(LOG.c.kind == "signing-key")
    )
    keys: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query):
        pseudonym, _, kid = row.subject.partition("/")
        keys.setdefault(pseudonym, {})[kid] = json.loads(row.body)
    return keys
