"""What operators do to markets, each an entry of the log."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, func, select, update

from gridpact.gate.market.session_frames import market_document
from gridpact.gate.store.gate_tables import MARKET, MARKET_FILE, SESSION
from gridpact.gate.store.transaction import Transaction
from gridpact.gate.words.json_bodies import compact_json, same_content
from gridpact.gate.words.refused import Refused, not_found

STORING_MICROSECONDS = 1_000_000  # Within which what is stored can be read.


def put_market(
    transaction: Transaction, market: str, document: Mapping[str, Any], *, actor: str, received_at: int
) -> tuple[int, dict[str, Any]]:
    """Makes a market, or changes one that has no session yet; the document is right."""
    known = market_document(transaction.connection, market)
    text = compact_json(document)
    if known is not None and same_content(known, json.loads(text)):
        return 200, {"market": market, **known}
    if known is not None:
        refuse_sessions(transaction, market)
    transaction.act(kind="market", subject=market, actor=actor, received_at=received_at, body=text.encode())
    if known is None:
        transaction.insert(MARKET, market=market, document=text)
    else:
        transaction.write(update(MARKET).where(MARKET.c.market == market).values(document=text))
    return (201 if known is None else 200), {"market": market, **json.loads(text)}


def put_market_file(
    transaction: Transaction,
    market: str,
    kind: str,
    content: bytes,
    *,
    actor: str,
    received_at: int,
    now: int | None = None,
    is_fixed: bool = False,
) -> int:
    """Stores a further version of what is given for a market, and gives the status of the answer.

    Args:
        transaction: that it is part of.
        market: name of the market.
        kind: of what is given.
        content: as it is kept.
        actor: of the log.
        received_at: when it came.
        now: the gate's time; sessions that opened since it came, or are about to, have the one before.
        is_fixed: whether other content is refused once the market has a session (409).
    """
    if market_document(transaction.connection, market) is None:
        raise not_found()
    where = (MARKET_FILE.c.market == market, MARKET_FILE.c.kind == kind)
    newest = select(MARKET_FILE.c.content).where(*where).order_by(MARKET_FILE.c.sequence.desc()).limit(1)
    had = transaction.row(newest)
    if is_fixed and had is not None and had.content == content:
        return 200
    if is_fixed:
        refuse_sessions(transaction, market)
    received_at = _after_openings(transaction, market, received_at, now or received_at)
    logged = transaction.act(kind=kind, subject=market, actor=actor, received_at=received_at, body=content)
    transaction.insert(
        MARKET_FILE,
        market=market,
        kind=kind,
        sequence=logged.entry.sequence,
        received_at=received_at,
        content=content,
    )
    return 201 if had is None else 200


def _after_openings(transaction: Transaction, market: str, received_at: int, now: int) -> int:
    """When something holds from: not in sessions that open while it is stored, which others read already."""
    opens_at = SESSION.c.opens_at
    query = select(func.max(opens_at)).where(
        SESSION.c.market == market, opens_at >= received_at, opens_at <= now + STORING_MICROSECONDS
    )
    last = transaction.connection.execute(query).scalar()
    return received_at if last is None else int(last) + 1


def refuse_sessions(transaction: Transaction, market: str) -> None:
    """Refuses to change what the sessions of a market rest on (409)."""
    if transaction.row(select(1).where(exists().where(SESSION.c.market == market))) is not None:
        raise Refused(409, "wrong-state", "The market has sessions: make another one of another name.")
