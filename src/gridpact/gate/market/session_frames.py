"""SessionFrame: what the submissions of a session refer to, fixed from the moment it opens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, select

from gridpact.arrays import Float
from gridpact.case.horizon import Horizon
from gridpact.case.periods import period_of
from gridpact.case.times import Fault, from_microseconds
from gridpact.gate.market.market_documents import Rules, rules_of
from gridpact.gate.market.participant_tables import Columns, loaded, participants_of
from gridpact.gate.store.gate_tables import MARKET, MARKET_FILE
from gridpact.gate.words.moments import read_moment

PARTICIPANTS_FILE, NETWORK_CONTENT = "participants", "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFrame:
    """Horizon, participants and rules of a session.

    Attributes:
        market: name of its market.
        document: of the market.
        rules: of the market.
        horizon: T periods.
        first_open: first period that submissions may use.
        columns: of the table of participants.
        index: of each participant, P of them.
        connection_kw: what each connection carries, NaN where that is not known, (P,).
        network_content: of the network file, where it is not built in.
    """

    market: str
    document: Mapping[str, Any]
    rules: Rules
    horizon: Horizon
    first_open: int
    columns: Columns
    index: Mapping[str, int]
    connection_kw: Float
    network_content: bytes | None

    @property
    def windows(self) -> set[tuple[str, str]]:
        """Starts and ends, as they were written, of windows that sessions like this are known to take."""
        return _windows(self.horizon, self.first_open)

    def is_that_of(self, other: "SessionFrame") -> bool:
        """Whether submissions mean the same by it as by another."""
        return (
            self.horizon == other.horizon
            and self.first_open == other.first_open
            and self.document == other.document
            and self.columns == other.columns
        )


@lru_cache(maxsize=64)
def _windows(horizon: Horizon, first_open: int) -> set[tuple[str, str]]:
    return set()


def market_document(connection: Connection, market: str) -> dict[str, Any] | None:
    """The document of a market; `None` where there is no such market."""
    row = connection.execute(select(MARKET).where(MARKET.c.market == market)).first()
    return None if row is None else json.loads(row.document)


def market_file(connection: Connection, market: str, kind: str, until: int | None = None) -> bytes | None:
    """The newest version of what operators gave for a market, of those until a moment."""
    query = select(MARKET_FILE).where(MARKET_FILE.c.market == market, MARKET_FILE.c.kind == kind)
    if until is not None:
        query = query.where(MARKET_FILE.c.received_at <= until)
    row = connection.execute(query.order_by(MARKET_FILE.c.sequence.desc()).limit(1)).first()
    return None if row is None else bytes(row.content)


def participants_ever(connection: Connection, market: str) -> frozenset[str]:
    """The names of all participants that a market has or had."""
    where = (MARKET_FILE.c.market == market, MARKET_FILE.c.kind == PARTICIPANTS_FILE)
    tables = connection.execute(select(MARKET_FILE.c.content).where(*where)).scalars()
    return frozenset(str(name) for content in tables for name in loaded(content)["participant"])


def horizon_of(market: Mapping[str, Any], session: Mapping[str, Any]) -> tuple[Horizon, int | Fault]:
    """The horizon of a session and its first open period, or why there is none."""
    horizon = Horizon(
        start=from_microseconds(read_moment(session["delivery_start"]) or 0),
        timezone=market["timezone"],
        resolution=market["resolution"],
        periods=int(session["periods"]),
    )
    opens = read_moment(session.get("open_from"))
    if opens is None:
        return horizon, 0
    time = from_microseconds(opens)
    return horizon, period_of(time, horizon, is_end=time == horizon.instant(horizon.periods))


def frame_of(connection: Connection, session: Row[Any]) -> SessionFrame:
    """The frame of a session, of what its market was when it opened."""
    document = market_document(connection, session.market) or {}
    content = market_file(connection, session.market, PARTICIPANTS_FILE, session.opens_at)
    columns = loaded(content) if content else {"participant": [], "bus": []}
    participants = participants_of(columns)
    horizon, first_open = horizon_of(document, json.loads(session.document))
    return SessionFrame(
        market=session.market,
        document=document,
        rules=rules_of(document),
        horizon=horizon,
        first_open=0 if isinstance(first_open, Fault) else first_open,
        columns=columns,
        index={name: index for index, name in enumerate(participants.ids)},
        connection_kw=participants.connection_kw,
        network_content=market_file(connection, session.market, NETWORK_CONTENT),
    )
