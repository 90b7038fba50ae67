"""The client, and the market that trades by it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

from gridpact.gate.client import GateClient, GateReceipt, GateRefused, GateUnreachable, is_from_gate
from gridpact.gate.log.jws import detached, new_private_jwk, public_jwk, sign_compact
from tests.gate.served import (
    HUNGRY,
    SUNNY,
    Served,
    command,
    environment,
    free_port,
    make_market,
    make_session,
    order,
    served,
    trade,
    wait_for,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("gate") / "g") as running:
        yield running


@pytest.fixture(scope="module")
def clients(gate: Served) -> Iterator[dict[str, GateClient]]:
    """Of a market that takes nothing unsigned."""
    found = {}
    for home, client in make_market(gate, signatures="required").items():
        private, secret = new_private_jwk(), client.headers["Authorization"].removeprefix("Bearer ")
        found[home] = GateClient(gate.base, secret, signing_key=private)
        jwk = {name: value for name, value in public_jwk(private).items() if name != "kid"}
        found[home].put(f"/users/{home}/signing-keys/{private['kid']}", jwk)
    yield found
    for each in found.values():
        each.close()


def test_a_session_by_the_client(gate: Served, clients: dict[str, GateClient], tmp_path: Path) -> None:
    make_session(gate, "s", 12)
    one, two = clients["h1"], clients["h2"]
    one.forecast("s", "h1", SUNNY["load_kw"], SUNNY["generation_kw"])
    two.forecast("s", "h2", HUNGRY["load_kw"], HUNGRY["generation_kw"])
    receipt = one.hand_in_order("s", order("a", "h1", "sell"))
    assert receipt.is_new and not one.hand_in_order("s", order("a", "h1", "sell")).is_new
    batch = two.hand_in_orders("s", [order("b", "h2", "buy"), order("c", "h2", "buy")])
    gone = two.withdraw("s", "w", batch[1].submission)
    proposals = [one.propose_trade("s", trade(name, "h1", "h2")) for name in ("t", "u")]
    two.confirm_trade("s", proposals[0].submission)
    two.reject_trade("s", proposals[1].submission)
    assert {each["trade"]: each["state"] for each in two.trades("s")} == {"t": "confirmed", "u": "rejected"}
    assert {each["order"]: each["state"] for each in two.orders("s")} == {"b": "open", "c": "withdrawn"}
    with pytest.raises(GateRefused) as refused:
        one.hand_in_order("s", {**order("d", "h1", "sell"), "power_kw": -1})
    assert (refused.value.status, refused.value.problems[0]["pointer"]) == (422, "/power_kw")
    with pytest.raises(GateRefused, match="name-taken"):
        one.hand_in_order("s", order("a", "h1", "sell", power_kw=1))
    with GateClient(gate.base, "", signing_key=None) as nobody, pytest.raises(GateRefused, match="401"):
        nobody.hand_in_order("s", order("a", "h1", "sell"))
    wait_for(gate, "s", "cleared", "failed")
    assert one.results("s")["orders"][0]["cleared_kwh"] == 5.0
    keys, seal = one.keys(), one.seal("s")
    for kept, client in ((receipt, one), (batch[0], two), (gone, two)):
        assert kept.is_signed_by(keys) and kept.is_counted(client.proof(kept.submission), seal)
        file = tmp_path / f"{kept.submission}.json"
        file.write_text(json.dumps(kept.document))
        done = command("gate", "verify", str(gate.folder), "--session", "s", "--receipt", str(file))
        assert done.stdout == "nothing deviates\n", done.stdout
    other = GateReceipt.of({**receipt.document, "sha256": "0" * 64}, is_new=True)
    assert not other.is_signed_by(keys)
    assert not other.is_counted(one.proof(receipt.submission), seal)


def test_a_market_that_requires_signatures_takes_nothing_else(gate: Served, clients: Any) -> None:
    make_session(gate, "unsigned", 600)
    assert gate.process is not None
    key = clients["h1"]._connection._key
    with GateClient(gate.base, key) as unsigned, pytest.raises(GateRefused, match="is missing"):
        unsigned.hand_in_order("unsigned", order("a", "h1", "sell"))


@pytest.mark.chaos
def test_events_go_on_over_a_gate_that_is_started_again(tmp_path: Path) -> None:
    with served(tmp_path / "g", settings="private_webhooks = true\n") as gate:
        homes = make_market(gate)
        key = homes["h1"].headers["Authorization"].removeprefix("Bearer ")
        make_session(gate, "s", 600)
        with GateClient(gate.base, key) as client:
            heard = client.events("1")
            first = next(heard)
            assert (first.kind, first.facts) == ("session.opened", {"session": "s", "market": "elm"})
            gate.kill()
            gate.start()
            make_session(gate, "t", 600, delivery_start="2030-06-22T00:00:00+00:00")
            assert next(heard).facts["session"] == "t"
            heard.close()
            with pytest.raises(GateRefused, match="422"):
                next(client.events("123456789"))
            made = client.put_webhook("w", "http://127.0.0.1:9/", ["session.cleared"])
            assert made["events"] == ["session.cleared"]
            assert [each["webhook"] for each in client.webhooks()] == ["w"]
            client.end_webhook("w")
            assert client.webhooks() == []


def test_a_webhook_is_the_gates_or_not() -> None:
    private, url = new_private_jwk(), "https://example.org/"
    keys, body = {"keys": [public_jwk(private)]}, b'{"id":"7"}'
    signature = detached(sign_compact(body, private, {"aud": url, "sub": "7"}))
    assert is_from_gate(body, signature, keys, url)
    assert not is_from_gate(b'{"id":"8"}', signature, keys, url)
    assert not is_from_gate(body, signature, keys, "https://example.org/other")
    assert not is_from_gate(body, signature, {"keys": [public_jwk(new_private_jwk())]}, url)
    assert not is_from_gate(body, "x", keys, url)
    repeated = detached(sign_compact(body, private, {"aud": url, "sub": "8"}))
    assert not is_from_gate(body, repeated, keys, url)


def test_a_gate_that_is_away_is_asked_again(tmp_path: Path) -> None:
    nowhere = GateClient(f"http://127.0.0.1:{free_port()}", patience_seconds=0.3)
    with nowhere, pytest.raises(GateUnreachable):
        nowhere.now()
    with pytest.raises(ValueError, match="is not the URL"):
        GateClient("ftp://example.org")


@pytest.mark.slow
def test_a_street_trades_a_day_by_itself(tmp_path: Path) -> None:
    """Cars that charge together break the network without a trade; the day's statements are the ledger's."""
    words = ["--out", str(tmp_path / "g"), "--port", str(free_port()), "--days", "1", "--sessions", "3"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "gate_market"), *words, "--seconds", "15"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "openapi.json" in done.stdout
    first, second, unsafe, settled, verified = done.stdout.splitlines()[-5:]
    assert "submissions, cleared" in first and "submissions, cleared" in second, done.stdout
    assert not any(" 0.0 of" in line for line in (first, second, unsafe))
    assert "baseline_unsafe" in unsafe
    assert "23 statements, all as in the ledger" in settled
    assert verified.endswith("nothing deviates")
