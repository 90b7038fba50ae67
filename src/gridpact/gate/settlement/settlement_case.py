"""From a settlement that was asked for to the folders of it: a case, results, and what it corrects."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, select

from gridpact.case.folder.case_files import CASE_FILE, TARIFFS_FILE
from gridpact.case.horizon import Horizon
from gridpact.case.schema import PARTICIPANTS, TRADES
from gridpact.case.times import microseconds
from gridpact.gate.closing.case_tables import write_columns, write_profiles
from gridpact.gate.closing.sealed_case import SealedSession, sealed_session, write_result_files
from gridpact.gate.closing.sealed_forecasts import Forecasts
from gridpact.gate.market.billing_files import METERS_KIND, PRICES_KIND, SHARING_KIND, TARIFFS_KIND
from gridpact.gate.market.json_tables import columns_of
from gridpact.gate.market.market_documents import NETWORK_FILE, settings_text
from gridpact.gate.market.participant_tables import Columns, loaded
from gridpact.gate.market.session_frames import NETWORK_CONTENT, PARTICIPANTS_FILE, market_document
from gridpact.gate.settlement.settlement_document import SettledSpan, span_of
from gridpact.gate.settlement.settlement_state import SettlementState
from gridpact.gate.settlement.table_cuts import Lines, cut
from gridpact.gate.store.gate_tables import MARKET_FILE, PUBLISHED_FILE, SETTLED_FILE

CASE, CLEARANCES, PREVIOUS = "case", "clearances", "previous"
_CLEARED = "cleared.csv"


def write_settlement_case(connection: Connection, state: SettlementState, folder: Path) -> Lines:
    """Writes what a settlement is made of into a folder.

    `case` has the market's network, participants, tariffs, readings and, where there are any, shares and
    prices; `clearances` the result of each session; `previous` the settlement that is corrected.

    Args:
        connection: to what the gate has.
        state: of the settlement.
        folder: that is there.

    Returns:
        The lines that those of tables had before they were cut to the span, by file.
    """
    made_of = state.document
    market = market_document(connection, state.row.market) or {}
    span, target = span_of(made_of["given"], market), folder / CASE
    target.mkdir(parents=True)
    horizon = Horizon(
        start=span.local_start,
        timezone=str(market["timezone"]),
        resolution=str(market["resolution"]),
        periods=span.periods,
    )
    start = horizon.instant(0).isoformat(timespec="minutes")
    settings = settings_text(market, {"start": start, "periods": span.periods})
    (target / CASE_FILE).write_text(settings, encoding="utf-8", newline="\n")
    sessions = [sealed_session(connection, name) for name in made_of["sessions"]]
    columns = loaded(_file(connection, state, PARTICIPANTS_FILE) or b"{}")
    columns = _with_traded(connection, columns, sessions)
    write_columns(target, PARTICIPANTS, columns)
    write_columns(target, TRADES, columns_of([], TRADES), horizon)
    write_profiles(target, horizon, _forecasts(columns, horizon, sessions))
    lines = _write_files(connection, state, target, span, horizon.timezone)
    for name in made_of["sessions"]:
        write_result_files(connection, name, folder / CLEARANCES / name)
    if (corrects := made_of["given"].get("corrects")) is not None:
        write_settled_files(connection, corrects, folder / PREVIOUS)
    return lines


def write_settled_files(connection: Connection, settlement: str, folder: Path) -> None:
    """Writes the published files of a settlement into a folder that it makes."""
    folder.mkdir(parents=True)
    for row in connection.execute(select(SETTLED_FILE).where(SETTLED_FILE.c.settlement == settlement)):
        path = folder / row.name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(row.content)


def _file(connection: Connection, state: SettlementState, kind: str) -> bytes | None:
    """A file of the market in the version that a settlement is made of; `None` where it has none."""
    sequence = state.document["files"].get(kind)
    where = (MARKET_FILE.c.market == state.row.market, MARKET_FILE.c.kind == kind)
    query = select(MARKET_FILE.c.content).where(*where, MARKET_FILE.c.sequence == sequence)
    row = None if sequence is None else connection.execute(query).first()
    return None if row is None else bytes(row.content)


def _write_files(
    connection: Connection, state: SettlementState, target: Path, span: SettledSpan, timezone: str
) -> dict[str, tuple[int, ...]]:
    """Writes the files of a market as they came, readings and shares of the span alone."""
    lines = {}
    for kind, name in (
        (NETWORK_CONTENT, NETWORK_FILE),
        (TARIFFS_KIND, TARIFFS_FILE),
        (PRICES_KIND, "prices.csv"),
        (METERS_KIND, "meters.csv"),
        (SHARING_KIND, "sharing.csv"),
    ):
        content = _file(connection, state, kind)
        if content is None:
            continue
        if kind in (METERS_KIND, SHARING_KIND):
            part = cut(content, span, timezone)
            content, lines[name] = part.content, part.lines
        (target / name).write_bytes(content)
    return lines


def _with_traded(connection: Connection, columns: Columns, sessions: Iterable[SealedSession]) -> Columns:
    """The participants, with those who have traded in a session and are gone since."""
    for session in sessions:
        known = set(columns["participant"])
        gone = _traded(connection, session.session) - known
        if not gone:
            continue
        old, count = session.frame.columns, len(columns["participant"])
        kept = [place for place, name in enumerate(old["participant"]) if name in gone]
        columns = {
            name: columns.get(name, [None] * count)
            + [old[name][place] if name in old else None for place in kept]
            for name in dict.fromkeys((*columns, *old))
        }
    return columns


def _traded(connection: Connection, session: str) -> set[str]:
    """The participants that a session has cleared something for."""
    where = (PUBLISHED_FILE.c.session == session, PUBLISHED_FILE.c.name == _CLEARED)
    row = connection.execute(select(PUBLISHED_FILE.c.content).where(*where)).first()
    rows = csv.DictReader(io.StringIO("" if row is None else row.content.decode()))
    return {each[side] for each in rows if float(each["cleared_kw"]) > 0.0 for side in ("seller", "buyer")}


def _forecasts(columns: Columns, horizon: Horizon, sessions: Iterable[SealedSession]) -> Forecasts:
    """The forecasts that sessions were cleared with; zeros, which say nothing, in all other periods."""
    found = {
        str(name): (np.zeros(horizon.periods), np.zeros(horizon.periods)) for name in columns["participant"]
    }
    start = microseconds(horizon.instant(0))
    step = microseconds(horizon.instant(1)) - start
    for session in sessions:
        first = (microseconds(session.frame.horizon.instant(0)) - start) // step
        span = slice(first, first + session.frame.horizon.periods)
        for name, series in session.forecasts.items():
            for mine, theirs in zip(found.get(name, ()), series, strict=False):
                mine[span] = theirs
    return found
