"""From a sealed session to a case folder, and the commitments that it rests on."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from gridpact.case.folder.case_files import CASE_FILE
from gridpact.case.horizon import Horizon
from gridpact.case.schema import PARTICIPANTS
from gridpact.gate.closing.case_tables import write_columns, write_profiles
from gridpact.gate.closing.sealed_forecasts import Forecasts, excluded_submissions, sealed_forecasts
from gridpact.gate.closing.session_order import previous_session
from gridpact.gate.door.case_rows import ORDER, SCHEMA_OF, TRADE, case_row
from gridpact.gate.door.intake import CONFIRMED
from gridpact.gate.market.json_tables import columns_of
from gridpact.gate.market.market_documents import NETWORK_FILE, settings_text
from gridpact.gate.market.participant_tables import Columns
from gridpact.gate.market.session_frames import SessionFrame, frame_of
from gridpact.gate.market.session_states import session_state
from gridpact.gate.store.gate_tables import FATE, PUBLISHED_FILE, SUBMISSION
from gridpact.gate.words.json_bodies import read_json

_CLEARED = "cleared.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSession:
    """All that the case of a session is made of.

    Attributes:
        session: its name.
        previous: the session whose result is firm in it, `None` for none.
        frame: with the participants of commitments among its own.
        forecasts: load and generation of each participant.
    """

    session: str
    previous: str | None
    frame: SessionFrame
    forecasts: Forecasts


def sealed_session(connection: Connection, session: str) -> SealedSession:
    """What the case of a session is made of, beginning with the first session of its horizon."""
    names = [session]
    while (previous := previous_session(connection, names[-1])) is not None:
        names.append(previous)
    forecasts: Forecasts = {}
    found: SealedSession | None = None
    for name in reversed(names):
        state = session_state(connection, name)
        if state is None:
            raise LookupError(name)
        frame = frame_of(connection, state.row)
        if found is not None:
            frame = _with_committed(connection, frame, found)
        forecasts = sealed_forecasts(connection, name, frame, forecasts)
        before = None if found is None else found.session
        found = SealedSession(session=name, previous=before, frame=frame, forecasts=forecasts)
    if found is None:
        raise LookupError(session)
    return found


def _with_committed(connection: Connection, frame: SessionFrame, before: SealedSession) -> SessionFrame:
    """The frame with those participants of the session before that have commitments, and are gone since."""
    known = set(frame.columns["participant"])
    rows = csv.DictReader(io.StringIO(_file(connection, before.session, _CLEARED).decode()))
    committed = {row[side] for row in rows if float(row["cleared_kw"]) > 0.0 for side in ("seller", "buyer")}
    old = before.frame.columns
    kept = [k for k, name in enumerate(old["participant"]) if name in committed and name not in known]
    if not kept:
        return frame
    count = len(frame.columns["participant"])
    columns: Columns = {
        name: frame.columns.get(name, [None] * count) + [old[name][k] if name in old else None for k in kept]
        for name in dict.fromkeys((*frame.columns, *old))
    }
    index = {str(name): position for position, name in enumerate(columns["participant"])}
    return replace(frame, columns=columns, index=index)


def _file(connection: Connection, session: str, name: str) -> bytes:
    where = (PUBLISHED_FILE.c.session == session, PUBLISHED_FILE.c.name == name)
    row = connection.execute(select(PUBLISHED_FILE.c.content).where(*where)).first()
    return b"trade,seller,buyer,cleared_kw\n" if row is None else bytes(row.content)


def write_result_files(connection: Connection, session: str, folder: Path) -> None:
    """Writes the published files of a session into a folder that it makes."""
    folder.mkdir(parents=True)
    query = select(PUBLISHED_FILE).where(PUBLISHED_FILE.c.session == session)
    for row in connection.execute(query):
        (folder / row.name).write_bytes(row.content)


def write_sealed_case(connection: Connection, session: str, folder: Path) -> Path | None:
    """Writes the case of a sealed session, and the result that it rests on.

    Args:
        connection: to what was handed in.
        session: that was sealed.
        folder: in which `case` and, where there are any, `commitments` are made.

    Returns:
        The folder of the commitments; `None` where there are none.
    """
    sealed = sealed_session(connection, session)
    frame, target = sealed.frame, folder / "case"
    target.mkdir(parents=True)
    (target / CASE_FILE).write_text(_settings(frame), encoding="utf-8", newline="\n")
    if frame.network_content is not None:
        (target / NETWORK_FILE).write_bytes(frame.network_content)
    write_columns(target, PARTICIPANTS, frame.columns)
    write_profiles(target, frame.horizon, sealed.forecasts)
    excluded = excluded_submissions(connection, session)
    tables = {
        kind: list(_rows(connection, session, kind, frame.horizon, excluded)) for kind in (ORDER, TRADE)
    }
    for kind, rows in tables.items():
        if rows or (kind == TRADE and not tables[ORDER]):
            write_columns(target, SCHEMA_OF[kind], columns_of(rows, SCHEMA_OF[kind]), frame.horizon)
    if sealed.previous is None:
        return None
    write_result_files(connection, sealed.previous, folder / "commitments")
    return folder / "commitments"


def _settings(frame: SessionFrame) -> str:
    horizon = frame.horizon

    def text(period: int) -> str:
        return horizon.instant(period).isoformat(timespec="minutes")

    opens = {"open_from": text(frame.first_open)} if frame.first_open else {}
    return settings_text(frame.document, {"start": text(0), "periods": horizon.periods, **opens})


def _rows(
    connection: Connection, session: str, kind: str, horizon: Horizon, excluded: set[str]
) -> Iterable[dict[str, Any]]:
    """The orders or trades that count in a session, in the order of the log."""
    joined = SUBMISSION.outerjoin(FATE, FATE.c.submission == SUBMISSION.c.submission)
    fate = FATE.c.state.is_(None) if kind == ORDER else FATE.c.state == CONFIRMED
    query = (
        select(SUBMISSION)
        .select_from(joined)
        .where(SUBMISSION.c.session == session, SUBMISSION.c.kind == kind, fate)
        .order_by(SUBMISSION.c.sequence)
    )
    for row in connection.execute(query):
        if row.submission in excluded:
            continue
        document = read_json(row.body)
        submitted = json.loads(row.receipt)["received_at"]
        yield {
            **case_row(kind, document, submission=row.submission, participant=row.participant),
            "submitted": submitted,
        }
