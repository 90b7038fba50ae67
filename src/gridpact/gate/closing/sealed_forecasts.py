"""The forecast that a session is cleared with."""

import json

import numpy as np
from sqlalchemy import Connection, select

from gridpact.arrays import Float
from gridpact.gate.door.forecast_csv import forecasts_from_csv
from gridpact.gate.door.intake import FORECAST
from gridpact.gate.door.meaning import SERIES
from gridpact.gate.door.take_forecasts import OPERATORS
from gridpact.gate.market.session_frames import SessionFrame
from gridpact.gate.store.gate_tables import JOB, SUBMISSION
from gridpact.gate.words.json_bodies import read_json

Forecasts = dict[str, tuple[Float, Float]]


def sealed_forecasts(
    connection: Connection, session: str, frame: SessionFrame, before: Forecasts
) -> Forecasts:
    """Load and generation of each participant, (T,) each.

    Own forecasts come before those of the operator, and the newest counts. Who gave none has that of the
    session before, else zeros; periods that are closed keep what they were closed with.

    Args:
        connection: to what was handed in.
        session: that was sealed.
        frame: of the session.
        before: those of the session before it, empty where there is none.
    """
    given = _given(connection, session, frame)
    zeros = np.zeros(frame.horizon.periods)
    forecasts = {}
    for participant in frame.columns["participant"]:
        name = str(participant)
        earlier = before.get(name)
        load_kw, generation_kw = given.get(name, earlier or (zeros, zeros))
        if before and frame.first_open:
            closed_load, closed_generation = earlier or (zeros, zeros)
            load_kw = np.append(closed_load[: frame.first_open], load_kw[frame.first_open :])
            generation_kw = np.append(
                closed_generation[: frame.first_open], generation_kw[frame.first_open :]
            )
        forecasts[name] = load_kw, generation_kw
    return forecasts


def _given(connection: Connection, session: str, frame: SessionFrame) -> Forecasts:
    """The newest forecast that was handed in for each participant, its own before the operator's."""
    found: Forecasts = {}
    excluded = excluded_submissions(connection, session)
    for kind in (OPERATORS, FORECAST):
        query = (
            select(SUBMISSION.c.submission, SUBMISSION.c.participant, SUBMISSION.c.body)
            .where(SUBMISSION.c.session == session, SUBMISSION.c.kind == kind)
            .order_by(SUBMISSION.c.sequence)
        )
        for row in connection.execute(query):
            if row.submission in excluded:
                continue
            is_csv = not row.body.lstrip().startswith(b"{")
            document = forecasts_from_csv(row.body, frame.horizon) if is_csv else read_json(row.body)
            each = document["forecasts"] if kind == OPERATORS else {row.participant: document}
            for participant, series in each.items():
                load_kw, generation_kw = (np.array(series[name], dtype=np.float64) for name in SERIES)
                found[participant] = load_kw, generation_kw
    return found


def excluded_submissions(connection: Connection, session: str) -> set[str]:
    """Submissions that an operator excluded from a session that failed."""
    row = connection.execute(select(JOB.c.document).where(JOB.c.session == session)).first()
    return set() if row is None else set(json.loads(row.document).get("exclude", ()))
