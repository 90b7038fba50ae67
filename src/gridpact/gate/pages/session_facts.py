"""SessionFacts: what the page of a session shows of one participant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gridpact.gate.access.visibility import mandated
from gridpact.gate.access.visitor import TRADE
from gridpact.gate.api.routes.session_routes import visible_session
from gridpact.gate.door.case_rows import ORDER
from gridpact.gate.door.case_rows import TRADE as TRADES
from gridpact.gate.market.billing_files import ENVELOPES_KIND
from gridpact.gate.market.session_frames import market_file
from gridpact.gate.pages.page_caller import PageCaller
from gridpact.gate.views.envelope_views import envelope_rows
from gridpact.gate.views.session_views import latest_sessions, session_view
from gridpact.gate.views.submission_views import submissions_of
from gridpact.gate.views.table_text import with_numbers
from gridpact.gate.words.moments import read_moment
from gridpact.gate.words.refused import not_found

LISTED_MAX, OTHERS_MAX = 1000, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What is shown of a session.

    Attributes:
        view: as `GET /sessions/{session}` gives it.
        market: its document.
        own: participants of the user.
        participant: the one that the page is about, empty where the user has none.
        may_trade: whether the user may hand in for it.
        is_signed: whether the market takes signed submissions alone.
        times: instants from the start of the first open period to the end of the horizon.
        orders: of the participant.
        trades: of the participant, of either side.
        envelope: rows of its operating envelope in this horizon.
        connection_kw: of the participant; `None` where it is not known.
        others: other sessions of the market.
    """

    view: Mapping[str, Any]
    market: Mapping[str, Any]
    own: Sequence[str]
    participant: str
    may_trade: bool
    is_signed: bool
    times: Sequence[datetime]
    orders: Sequence[Mapping[str, Any]]
    trades: Sequence[Mapping[str, Any]]
    envelope: Sequence[Mapping[str, Any]]
    connection_kw: float | None
    others: Sequence[Mapping[str, Any]]

    @property
    def timezone(self) -> str:
        """Of the market's clocks."""
        return str(self.market["timezone"])

    @property
    def seconds_left(self) -> int:
        """Until the gate opens, or closes where it is open."""
        name = "gate_opens" if self.view["state"] == "scheduled" else "gate_closes"
        now, then = read_moment(self.view["now"]) or 0, read_moment(self.view[name]) or 0
        return max(0, (then - now) // 1_000_000)


def session_facts(
    connection: Connection, caller: PageCaller, session: str, wanted: str | None
) -> SessionFacts:
    """What the page of a session shows.

    Args:
        connection: to the database.
        caller: who opens it.
        session: its name.
        wanted: the participant that is asked for, `None` for the first.

    Raises:
        Refused: 404, the session or the participant does not exist for the user.
    """
    who, service = caller.who, caller.service
    state = visible_session(connection, who, session)
    frame, now = service.frame(connection, state), service.now()
    own = sorted(mandated(who, frame.market) & frame.index.keys())
    if wanted is not None and wanted not in own:
        raise not_found()
    participant = wanted or (own[0] if own else "")
    view = session_view(connection, state, now, for_operator="operator" in who.roles)
    items = {
        kind: submissions_of(connection, who, state, kind, after=0, limit=LISTED_MAX)[0]
        for kind in (ORDER, TRADES)
    }
    horizon = frame.horizon
    connections = frame.connection_kw
    kw = None if not participant or connections is None else float(connections[frame.index[participant]])
    return SessionFacts(
        view={**view, "market": frame.market},
        market=frame.document,
        own=own,
        participant=participant,
        may_trade=TRADE in who.rights(frame.market, participant),
        is_signed=frame.rules.signatures == "required",
        times=[horizon.instant(period) for period in range(frame.first_open, horizon.periods + 1)],
        orders=[each for each in items[ORDER] if each["participant"] == participant],
        trades=[each for each in items[TRADES] if participant in (each["seller"], each["buyer"])],
        envelope=_envelope(
            connection, frame.market, participant, horizon.instant(0), horizon.instant(horizon.periods)
        ),
        connection_kw=None if kw is None or kw != kw or kw == float("inf") else kw,
        others=[
            each
            for each in latest_sessions(connection, who, now, limit=OTHERS_MAX + 1, market=frame.market)
            if each["session"] != session
        ][:OTHERS_MAX],
    )


def _envelope(
    connection: Connection, market: str, participant: str, begin: datetime, end: datetime
) -> list[dict[str, Any]]:
    content = market_file(connection, market, ENVELOPES_KIND) if participant else None
    if content is None:
        return []
    rows = envelope_rows(content, frozenset({participant}), participant, shows_elements=False)
    return [row for row in with_numbers(rows) if begin <= datetime.fromisoformat(row["time"]) < end]
