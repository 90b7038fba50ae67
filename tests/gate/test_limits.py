"""What the gate does not take: sizes, rates, rights, rules of a market; and sessions that fail."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

from gridpact.gate.api.rate_limit import RateLimit
from tests.gate.served import (
    HUNGRY,
    MARKET,
    SUNNY,
    Served,
    command,
    make_market,
    make_session,
    ok,
    order,
    served,
    trade,
    wait_for,
)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("gate") / "g") as running:
        yield running


@pytest.fixture(scope="module")
def homes(gate: Served) -> dict[str, Any]:
    found = make_market(gate, orders_max=3, price_max_per_kwh=0.5)
    make_session(gate, "s", 100)
    return found


def test_bodies_over_the_limit_and_of_other_types_are_refused(homes: dict[str, Any]) -> None:
    path, home = "/sessions/s/orders", homes["h1"]
    ok(home.post(path, content=b" " * (64 * 1024 + 1)), 413)
    ok(home.post(path, content=b"{}", headers={"Content-Type": "text/plain"}), 415)
    ok(home.get("/sessions/s/orders", headers={"Accept": "image/png"}), 406)
    ok(home.post("/sessions/s/order-batches", json={"orders": []}), 422)
    ok(home.post("/sessions/s/order-batches", json={"orders": [order("o", "h1", "sell")] * 1001}), 422)


@pytest.mark.parametrize("path", ("POST /sessions/s/orders", "PUT /markets/elm/network"))
@pytest.mark.parametrize(
    ("key", "kind", "status"),
    (("none", "application/json", 401), ("own", "application/json", 413), ("own", "image/png", 415)),
)
@pytest.mark.parametrize("is_chunked", (False, True))
def test_who_still_sends_hears_why_it_is_refused(
    gate: Served, homes: dict[str, Any], path: str, key: str, kind: str, status: int, is_chunked: bool
) -> None:
    """A body that is larger than what the kernel takes of it is read to its end before the answer."""
    secret = homes["h1"].headers["Authorization"].split()[1] if key == "own" else "unknown"
    expected = 403 if key == "own" and path.startswith("PUT") else status
    size = 6 * 1024 * 1024
    length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {size}"
    head = f"{path.replace(' ', ' /api/v1')} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {secret}\r\n"
    with socket.create_connection(("127.0.0.1", gate.port), timeout=20) as connection:
        connection.sendall(f"{head}Content-Type: {kind}\r\n{length}\r\n\r\n".encode())
        for _ in range(size // 65536):
            connection.sendall((b"10000\r\n" if is_chunked else b"") + b" " * 65536 + b"\r\n" * is_chunked)
        connection.sendall(b"0\r\n\r\n" * is_chunked)
        assert connection.recv(12) == f"HTTP/1.1 {expected}".encode()


def test_who_sends_no_more_is_not_waited_for(gate: Served) -> None:
    for rest in (b"", b"Expect: 100-continue\r\n"):
        begin = time.monotonic()
        with socket.create_connection(("127.0.0.1", gate.port), timeout=20) as connection:
            head = b"POST /api/v1/sessions/s/orders HTTP/1.1\r\nHost: gate\r\nContent-Length: 5000\r\n"
            connection.sendall(head + rest + b"\r\n")
            assert connection.recv(12) == b"HTTP/1.1 401"
        assert time.monotonic() - begin < (0.9 if rest else 5.0)


def test_who_may_is_judged_before_what_is_sent(gate: Served, homes: dict[str, Any]) -> None:
    path = "/sessions/s/orders"
    ok(gate.client().post(path, content=b"{"), 401)
    ok(homes["h1"].post("/sessions/none/orders", content=b"{"), 404)
    ok(homes["h1"].post(path, json={"participant": "h2"}), 404)
    ok(gate.operator.post(path, json=order("o", "h1", "sell")), 403)
    reader = ok(homes["h1"].post("/users/h1/keys", json={"key": "reader", "rights": ["read"]}))["secret"]
    ok(gate.client(reader).post(path, json=order("o", "h1", "sell")), 403)
    ok(gate.client(reader).post("/users/h1/keys", json={"key": "more"}), 403)
    ok(homes["h1"].delete("/users/h1/keys/reader"), 204)
    ok(gate.client(reader).get("/me"), 401)


def test_the_rules_of_a_market_hold(homes: dict[str, Any]) -> None:
    path = "/sessions/s/orders"
    dear = ok(homes["h2"].post(path, json=order("dear", "h2", "buy", price_per_kwh=0.6)), 422)
    assert dear["problems"][0]["pointer"] == "/price_per_kwh"
    orders = [order(f"o{k}", "h2", "buy", power_kw=1) for k in range(4)]
    ok(homes["h2"].post("/sessions/s/order-batches", json={"orders": orders}), 422)
    batch = ok(homes["h2"].post("/sessions/s/order-batches", json={"orders": orders[:3]}), 201)
    assert [receipt["index"] for receipt in batch["receipts"]] == [0, 1, 2]
    ok(homes["h2"].post(path, json=orders[3]), 422)
    ok(homes["h2"].post("/sessions/s/trades", json=trade("t", "h1", "h2")), 422)
    replacing = {**orders[3], "replaces": "o0"}
    target = batch["receipts"][1]["submission"]
    ok(homes["h2"].post("/sessions/s/withdrawals", json={"withdrawal": "w", "submission": target}), 201)
    ok(homes["h2"].post(path, json=replacing), 201)
    states = {each["order"]: each["state"] for each in ok(homes["h2"].get(path))["items"]}
    assert states == {"o0": "replaced", "o1": "withdrawn", "o2": "open", "o3": "open"}
    ok(homes["h2"].post(path, json={**orders[3], "order": "o4", "replaces": "o0"}), 409)
    assert ok(homes["h2"].post("/sessions/s/order-batches", json={"orders": orders[:3]}), 200) == batch


def test_links_of_one_participant_are_of_one_group(gate: Served, homes: dict[str, Any]) -> None:
    path = "/sessions/s/trades"
    ok(homes["h1"].post(path, json=trade("a", "h1", "h3", link="l", group="g")), 201)
    torn = ok(homes["h1"].post(path, json=trade("b", "h1", "h3", link="l", group="other")), 422)
    assert torn["problems"][0]["pointer"] == "/link"
    ok(homes["h3"].post(path, json=trade("b", "h1", "h3", link="l", group="other")), 201)


def test_markets_and_participants_that_no_case_could_have_are_refused(gate: Served) -> None:
    wrong = {
        **MARKET,
        "timezone": "Europe/Lisbn",
        "limits": {"voltage_min_pu": 3},
        "clearing": {"allocation": "max"},
        "network": {"builtin": "pandapower/cigre_lvv"},
    }
    found = {each["pointer"] for each in ok(gate.operator.put("/markets/wrong", json=wrong), 422)["problems"]}
    assert {"/timezone", "/limits/voltage_min_pu", "/clearing/allocation"} <= found
    both = {**MARKET, "clearing": {"formulation": "dc", "robust": "declared"}}
    ok(gate.operator.put("/markets/wrong", json=both), 422)
    ok(gate.operator.put("/markets/wrong", json={**MARKET, "network": {"builtin": "pandapower/no"}}), 422)
    rows = [{"participant": "a", "bus": 9999}, {"participant": "a", "bus": "x"}, {"bus": 1, "colour": "red"}]
    answer = ok(gate.operator.put("/markets/elm/participants", json={"participants": rows}), 422)
    assert {each["pointer"] for each in answer["problems"]} >= {
        "/participants/0/bus",
        "/participants/1/bus",
        "/participants/1/participant",
        "/participants/2/participant",
        "/participants/2/colour",
    }
    csv = "participant,bus\na,9999\n"
    headers = {"Content-Type": "text/csv"}
    answer = ok(gate.operator.put("/markets/elm/participants", content=csv, headers=headers), 422)
    assert answer["problems"][0]["pointer"] == "/2/bus"


def test_a_session_that_fails_is_told_to_operators_and_cleared_without_what_did_it(gate: Served) -> None:
    homes = make_market(gate, "heavy")
    make_session(gate, "f", 2, "heavy")
    ok(homes["h1"].put("/sessions/f/forecasts/h1", json=SUNNY), 200)
    ok(homes["h2"].put("/sessions/f/forecasts/h2", json=HUNGRY), 200)
    absurd = {"load_kw": [4999, 0, 0, 0], "generation_kw": [0, 0, 0, 0]}
    heavy = ok(homes["h3"].put("/sessions/f/forecasts/h3", json=absurd), 200)
    proposal = ok(homes["h1"].post("/sessions/f/trades", json=trade("t", "h1", "h2")), 201)
    path = f"/sessions/f/trades/{proposal['submission']}/confirmation"
    ok(homes["h2"].post(path, json={"sha256": proposal["sha256"]}), 201)
    view = wait_for(gate, "f", "failed", "cleared")
    assert view["state"] == "failed" and "cannot be firm" in view["problems"][0]
    assert any(
        "the baseline, with no trade cleared, has no power-flow solution" in each for each in view["problems"]
    )
    assert "problems" not in ok(homes["h1"].get("/sessions/f"))
    ok(homes["h1"].get("/sessions/f/results"), 404)
    ok(homes["h1"].post("/sessions/f/retry", json={"reason": "x"}), 403)
    ok(gate.operator.post("/sessions/f/retry", json={}), 422)
    again = {"reason": "no home draws 5 MW", "exclude": [heavy["submission"]]}
    assert gate.operator.post("/sessions/f/retry", json=again).status_code == 202
    assert wait_for(gate, "f", "cleared")["cleared_kwh"] == 6.0
    ok(gate.operator.post("/sessions/f/retry", json=again), 409)
    done = command("gate", "verify", str(gate.folder), "--clear")
    assert done.stdout == "nothing deviates\n", done.stdout


def test_a_rate_comes_back_and_names_do_not_share_it() -> None:
    now = [0.0]
    limit = RateLimit(per_second=2.0, at_once=3.0, clock=lambda: now[0])
    assert [limit.wait_seconds("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert limit.wait_seconds("b") == 0.0
    now[0] = 0.5
    assert limit.wait_seconds("a") == 0.0 and limit.wait_seconds("a") > 0.0


def test_unknown_keys_are_slowed_and_good_ones_never(gate: Served, homes: dict[str, Any]) -> None:
    statuses = []
    with gate.client() as stranger:
        while 429 not in statuses and len(statuses) < 2000:
            headers = {"Authorization": f"Bearer gridpact_{len(statuses)}"}
            statuses.append(stranger.get("/me", headers=headers).status_code)
    assert set(statuses) == {401, 429} and statuses[:50] == [401] * 50
    ok(homes["h3"].get("/me"), 200)


def test_a_gate_of_another_folder_is_not_made_over_things(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    done = command("serve", str(tmp_path))
    assert done.returncode == 2 and "neither empty nor a gate" in done.stderr
