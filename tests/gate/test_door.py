"""What the door accepts, a case accepts: one bad submission never stops a session."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

pytest.importorskip("sqlalchemy")

from gridpact.case import read_case
from gridpact.case.schema import PARTICIPANTS
from gridpact.gate.closing import sealed_case
from gridpact.gate.closing.case_tables import write_columns, write_profiles
from gridpact.gate.door.case_rows import ORDER, SCHEMA_OF, TRADE, case_row
from gridpact.gate.door.meaning import forecast_problems, problems_by_document, submission_problems
from gridpact.gate.door.plain_orders import is_plainly_right, learn_window
from gridpact.gate.market.json_tables import columns_of
from gridpact.gate.market.market_documents import Rules
from gridpact.gate.market.participant_tables import participants_of
from gridpact.gate.market.session_frames import SessionFrame, horizon_of
from gridpact.gate.words.json_bodies import read_json
from gridpact.gate.words.refused import Refused
from tests.gate.served import DELIVERY, MARKET, PERIODS, order, text, trade

COLUMNS: dict[str, list[str | None]] = {
    "participant": ["h1", "=h2", "h3"],
    "bus": ["11", "15", "16"],
    "connection_kw": ["10", None, None],
}


def frame() -> SessionFrame:
    session = {"delivery_start": DELIVERY, "periods": PERIODS, "open_from": "2030-06-21T01:00:00Z"}
    horizon, first_open = horizon_of(MARKET, session)
    participants = participants_of(COLUMNS)
    assert isinstance(first_open, int)
    return SessionFrame(
        market="m",
        document=MARKET,
        rules=Rules(),
        horizon=horizon,
        first_open=first_open,
        columns=COLUMNS,
        index={name: index for index, name in enumerate(participants.ids)},
        connection_kw=participants.connection_kw,
        network_content=None,
    )


NAMES = st.one_of(
    st.sampled_from(
        ["h1", "=h2", "h3", "'=h2", "", " h1", "g", "a:b", "a%3Ab", "\u200b", "-", "@x", "x" * 64]
    ),
    st.text(max_size=66),
)
TIMES = st.sampled_from(
    [
        "2030-06-21T01:00:00Z",
        "2030-06-21t02:00:00z",
        "2030-06-21T05:00:00+02:00",
        "2030-06-21T04:00:00.000Z",
        "2030-06-21T00:00:00Z",
        "2030-06-21T02:30:00Z",
        "2030-06-21T24:00:00Z",
        "2030-06-21T02:00",
        "0001-01-01T00:00:00+14:00",
    ]
)
NUMBERS = st.one_of(
    st.sampled_from(["0", "-0", "1", "1.0", "1e2", "0.000001", "1e-7", "1e400", "-1", "9.5", "5000.000001"]),
    st.decimals(-20, 20, places=6).map(str),
)
ODD = st.sampled_from([None, True, False, "1", [], {}])


def _documents(whole: dict[str, Any], kinds: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[str]:
    """A right document with some members changed, as JSON."""

    def changed(changes: dict[str, Any]) -> str:
        document = {**whole, **{name: f"@{name}" if name in numeric else v for name, v in changes.items()}}
        body = text(document)
        for name in numeric:
            if name in changes:
                value = changes[name]
                body = body.replace(f'"@{name}"', value if isinstance(value, str) else text(value))
        return body

    numeric = {"power_kw", "price_per_kwh", "min_fraction"} & kinds.keys()
    return st.fixed_dictionaries({}, optional=kinds).map(changed)


TERMS = {
    "start": TIMES,
    "end": TIMES,
    "power_kw": NUMBERS,
    "price_per_kwh": NUMBERS,
    "min_fraction": NUMBERS,
    "block": st.one_of(st.booleans(), ODD),
    "group": st.one_of(NAMES, ODD),
}
BASE = {"start": "2030-06-21T01:00:00Z", "end": "2030-06-21T04:00:00Z"}
AN_ORDER = _documents(
    order("o", "h1", "sell", **BASE),
    {"order": NAMES, "participant": NAMES, "side": st.sampled_from(["sell", "buy", "Sell"]), **TERMS},
)
A_TRADE = _documents(
    trade("t", "h1", "h3", **BASE),
    {"trade": NAMES, "seller": NAMES, "buyer": NAMES, "link": st.one_of(NAMES, ODD), **TERMS},
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders=st.lists(AN_ORDER, max_size=6), trades=st.lists(A_TRADE, max_size=3))
@example(orders=[text(order("\u200b", "=h2", "buy", group=" g\u200b", **BASE))], trades=[])
def test_what_the_door_accepts_read_case_accepts(
    orders: list[str], trades: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    session, folder = frame(), tmp_path_factory.mktemp("case")
    rows = {ORDER: _accepted(ORDER, orders, session), TRADE: _accepted(TRADE, trades, session)}
    _write_case(session, folder, rows)
    case = read_case(folder)
    assert (len(case.orders), len(case.trades)) == (len(rows[ORDER]), len(rows[TRADE]))


def _accepted(kind: str, bodies: list[str], session: SessionFrame) -> list[dict[str, Any]]:
    """The rows of those that the door lets in, one by one."""
    rows = []
    for index, body in enumerate(bodies):
        try:
            document = read_json(body.encode("utf-8", "surrogatepass"))
        except Refused:
            continue
        problems = submission_problems(kind, [document], session, lambda _: "")
        if kind == ORDER:
            if not problems:
                learn_window(document, session)
            assert not (problems and is_plainly_right(document, session)), document
        if not problems:
            # Each of another participant: links of one are held against each other when they are stored.
            rows.append(case_row(kind, document, submission=f"s{index}", participant=f"p{index}"))
    return rows


def _write_case(session: SessionFrame, folder: Path, rows: dict[str, list[dict[str, Any]]]) -> None:
    """The case of a session as its closure writes it."""
    import numpy as np

    (folder / "case.toml").write_text(sealed_case._settings(session))
    write_columns(folder, PARTICIPANTS, session.columns)
    zeros = np.zeros(PERIODS)
    forecasts = {str(name): (zeros, zeros) for name in session.columns["participant"]}
    write_profiles(folder, session.horizon, forecasts)
    for kind, found in rows.items():
        write_columns(folder, SCHEMA_OF[kind], columns_of(found, SCHEMA_OF[kind]), session.horizon)


SERIES = st.lists(st.one_of(NUMBERS, ODD.map(text)), min_size=PERIODS, max_size=PERIODS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(load_kw=SERIES, generation_kw=SERIES)
@example(load_kw=["5000", "5000.000001", "1e2", "-0"], generation_kw=["0"] * PERIODS)
def test_what_forecasts_the_door_accepts_read_case_accepts(
    load_kw: list[str], generation_kw: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    import numpy as np

    session, folder = frame(), tmp_path_factory.mktemp("case")
    body = f'{{"load_kw": [{", ".join(load_kw)}], "generation_kw": [{", ".join(generation_kw)}]}}'
    try:
        document = read_json(body.encode())
    except Refused:
        return
    if forecast_problems(document, "h1", session):
        return
    zeros = np.zeros(PERIODS)
    given = tuple(np.array(document[name], dtype=np.float64) for name in ("load_kw", "generation_kw"))
    _write_case(session, folder, {ORDER: [], TRADE: []})
    forecasts = {"h1": given, "=h2": (zeros, zeros), "h3": (zeros, zeros)}
    write_profiles(folder, session.horizon, forecasts)  # type: ignore[arg-type]
    case = read_case(folder)
    assert case.profiles.load_kw[:, 0].tolist() == [float(value) for value in document["load_kw"]]


def test_groups_and_links_of_strangers_stay_apart() -> None:
    one = case_row(TRADE, {"group": "g", "link": "b"}, submission="s1", participant="a:b")
    other = case_row(TRADE, {"group": "b:g", "link": "b:b"}, submission="s2", participant="a")
    assert one["group"] != other["group"] and one["link"] != other["link"]
    again = case_row(TRADE, {"group": "g"}, submission="s3", participant="a:b")
    assert again["group"] == one["group"]


def test_what_comes_together_is_judged_apart() -> None:
    bodies = [
        trade("a", "h1", "h3", link="l", group="g", **BASE),
        trade("b", "h1", "h3", link="l", group="other", **BASE),
        trade("c", "h1", "h1", power_kw=-1, colour="red", **BASE),
        trade("d", "h1", "h9", **BASE),
    ]
    documents = [read_json(text(body).encode()) for body in bodies]
    together = problems_by_document(TRADE, documents, frame())
    assert together == [submission_problems(TRADE, [each], frame(), lambda _: "") for each in documents]
    assert [len(each) for each in together] == [0, 0, 3, 1]


def test_plain_orders_are_taken_at_a_glance_and_all_others_are_not() -> None:
    session = frame()
    session.windows.clear()
    plain = read_json(text(order("o", "h1", "sell", **BASE)).encode())
    assert not is_plainly_right(plain, session)  # Nobody has judged its window yet.
    learn_window(plain, session)
    assert is_plainly_right(plain, session)
    for change in (
        {"power_kw": 10.5},  # more than the connection of h1 carries
        {"power_kw": 0},
        {"power_kw": "1"},
        {"power_kw": True},
        {"price_per_kwh": 1e7},
        {"price_per_kwh": 0.0000001},
        {"participant": "h9"},
        {"participant": ["h1"]},
        {"side": "Sell"},
        {"order": ""},
        {"order": "x" * 65},
        {"order": "a\u0007"},
        {"end": "2030-06-21T03:30:00Z"},
        {"group": "g"},
        {"colour": "red"},
    ):
        document = {**order("o", "h1", "sell", **BASE), **change}
        assert not is_plainly_right(read_json(text(document).encode()), session), change
    assert not is_plainly_right({k: v for k, v in plain.items() if k != "side"}, session)
    assert not is_plainly_right([plain], session)
