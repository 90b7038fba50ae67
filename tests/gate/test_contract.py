"""Statuses, limits and visibility of the API, rule by rule, over HTTP."""

import csv
import io
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")

from tests.gate.served import (
    HUNGRY,
    MARKET,
    PARTICIPANTS,
    SUNNY,
    Served,
    make_market,
    make_session,
    moment,
    ok,
    order,
    served,
    trade,
    wait_for,
)

RATES = "requests_per_second = 1e6\nrequests_at_once = 1e6\n"
TARIFFS = """[network]
p2p_charge_per_kwh = 0.01
[sharing]
key = "fixed"
price_per_kwh = 0.1
[retailers.default]
supply_price_per_kwh = 0.2
feed_in_price_per_kwh = 0.05
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("gate") / "g", settings=RATES) as running:
        yield running


@pytest.fixture(scope="module")
def homes(gate: Served) -> dict[str, Any]:
    found = make_market(gate)
    make_session(gate, "s", 3000)
    return found


@pytest.fixture(scope="module")
def day(gate: Served, homes: dict[str, Any]) -> dict[str, Any]:
    """A session that is published, with a matched trade, a bilateral one and one that lapses."""
    make_session(gate, "day", 8)
    ok(gate.operator.put("/sessions/day/forecasts", json={"forecasts": {"h1": SUNNY, "h2": HUNGRY}}), 200)
    receipts = {
        "ask": ok(homes["h1"].post("/sessions/day/orders", json=order("a", "h1", "sell")), 201),
        "bid": ok(homes["h2"].post("/sessions/day/orders", json=order("b", "h2", "buy")), 201),
        "trade": ok(homes["h1"].post("/sessions/day/trades", json=trade("t", "h1", "h2")), 201),
    }
    path = f"/sessions/day/trades/{receipts['trade']['submission']}/confirmation"
    ok(homes["h2"].post(path, json={"sha256": receipts["trade"]["sha256"]}), 201)
    for name in ("h1", "h2"):
        ok(homes[name].get(f"/submissions/{receipts['trade']['submission']}/proof"), 404)
    view = wait_for(gate, "day", "cleared", "failed")
    assert view["state"] == "cleared", view
    return {"receipts": receipts, "view": view}


def test_who_may_comes_before_parameters_and_bodies(gate: Served, homes: dict[str, Any]) -> None:
    for method, path in (
        ("GET", "/me?colour=red"),
        ("GET", "/log?limit=x"),
        ("PUT", "/users/x?colour=red"),
        ("POST", "/sessions/s/orders?colour=red"),
        ("GET", "/markets/elm/participants?after=%FF"),
        ("DELETE", "/sessions/s?colour=red"),
    ):
        ok(gate.client().request(method, path), 401)
    ok(homes["h1"].get("/log?limit=x"), 403)
    ok(homes["h1"].put("/users/x?colour=red", content=b"{"), 403)
    ok(homes["h1"].get("/sessions/none?colour=red"), 404)
    ok(homes["h1"].get("/sessions/none/results/cleared?colour=red"), 404)
    ok(gate.operator.post("/sessions/s/orders?colour=red", content=b"{"), 403)
    ok(homes["h1"].get("/sessions/s?colour=red"), 422)


@pytest.mark.parametrize(
    "path", ["/sessions/%00", "/submissions/a%00b", "/markets/%00/participants", "/x%00"]
)
def test_no_name_reaches_a_database_that_it_cannot_hold(homes: dict[str, Any], path: str) -> None:
    ok(homes["h1"].get(path), 404)


def test_what_is_accepted_is_what_is_given(homes: dict[str, Any], day: dict[str, Any]) -> None:
    path, home = "/sessions/day/results/schedule", homes["h1"]
    for accept, kind in (
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("application/json;q=0.2, text/csv", "text/csv"),
        ("text/*;q=0.1, application/json;q=0", "text/csv"),
        ("image/png, */*;q=0.1", "application/json"),
    ):
        answer = home.get(path, headers={"Accept": accept})
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(kind), accept
    for accept in ("image/png", "application/json;q=0", "text/html"):
        ok(home.get("/me", headers={"Accept": accept}), 406)
    body = json.dumps(order("z", "h1", "sell"))
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        ok(home.post("/sessions/s/orders", content=body, headers={"Content-Type": kind}), 415)
    coded = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    ok(home.post("/sessions/s/orders", content=body, headers=coded), 415)
    good = {"Content-Type": "application/json; charset=utf-8"}
    ok(home.post("/sessions/s/orders", content=body, headers=good), 201)


def test_sizes_are_those_of_the_contract(gate: Served, homes: dict[str, Any]) -> None:
    home, small, large = homes["h1"], 64 * 1024, 4 * 1024 * 1024
    for path, most in (("orders", small), ("withdrawals", small), ("order-batches", large)):
        ok(home.post(f"/sessions/s/{path}", content=b" " * most), 400)
        ok(home.post(f"/sessions/s/{path}", content=b" " * (most + 1)), 413)
    ok(home.put("/sessions/s/forecasts/h1", content=b" " * (large + 1)), 413)
    ok(home.put("/sessions/s/forecasts/h1", content=b" " * large), 400)

    def chunks() -> Iterator[bytes]:  # Without a length that is said before.
        for _ in range(70):
            yield b" " * 1024

    ok(home.post("/sessions/s/orders", content=chunks()), 413)
    ok(gate.operator.put("/markets/elm/participants", content=b" " * (large + 1)), 400)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"power_kw": "1"}, "/power_kw"),
        ({"power_kw": True}, "/power_kw"),
        ({"power_kw": 0}, "/power_kw"),
        ({"power_kw": 10.5}, "/power_kw"),
        ({"power_kw": 0.1234567}, "/power_kw"),
        ({"price_per_kwh": 1e300}, "/price_per_kwh"),
        ({"order": ""}, "/order"),
        ({"order": "x" * 65}, "/order"),
        ({"order": "a\u0085b"}, "/order"),
        ({"order": "a\x7f"}, "/order"),
        ({"group": "\t"}, "/group"),
        ({"start": "2030-06-21T00:00:00"}, "/start"),
        ({"start": "2030-06-21T00:30:00Z"}, "/start"),
        ({"end": "2030-06-21T05:00:00Z"}, "/end"),
        ({"end": "2030-06-21T00:00:00Z"}, "/end"),
        ({"side": "both"}, "/side"),
        ({"min_fraction": 1.5}, "/min_fraction"),
        ({"submitted": "2030-06-21T00:00:00Z"}, "/submitted"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"replaces": "nothing"}, "/replaces"),
    ],
)
def test_what_is_wrong_with_an_order_is_named(homes: dict[str, Any], change: Any, pointer: str) -> None:
    document = {**order("w", "h1", "sell"), **change}
    answer = ok(homes["h1"].post("/sessions/s/orders", json=document), 422)
    assert pointer in [each["pointer"] for each in answer["problems"]], answer


def test_the_connection_of_another_is_told_to_nobody(homes: dict[str, Any]) -> None:
    path = "/sessions/s/trades"
    mine = ok(homes["h1"].post(path, json=trade("big", "h1", "h2", power_kw=11)), 422)
    assert [each["pointer"] for each in mine["problems"]] == ["/power_kw"]
    ok(homes["h2"].post(path, json=trade("big", "h1", "h2", power_kw=11)), 201)
    unknown = ok(homes["h1"].post(path, json=trade("u", "h1", "nobody")), 422)
    assert [each["pointer"] for each in unknown["problems"]] == ["/buyer"]
    ok(homes["h1"].post(path, json=trade("u", "h2", "h3")), 404)


def test_lists_are_paged_without_repeating_or_hiding(gate: Served, homes: dict[str, Any]) -> None:
    for k in (5, 1, 3):
        make_session(gate, f"p{k}", 3000 + k)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = ok(gate.operator.get(f"/markets/elm/sessions?limit=2{f'&after={after}' if after else ''}"))
        assert len(page["items"]) <= 2
        seen, after = seen + [each["session"] for each in page["items"]], page["next"]
        if "p0" not in seen and len(seen) == 2:
            make_session(gate, "a-new-one", 3600)
    assert len(seen) == len(set(seen)) and {"p1", "p3", "p5", "s"} <= set(seen)
    for path in ("/markets", "/markets/elm/participants", "/markets/elm/sessions", "/sessions/s/orders"):
        assert set(ok(homes["h1"].get(path))) == {"items", "next"}
        for query in ("limit=0", "limit=1001", "limit=1e2", "after=%FF", "after=%00", "limit=1&limit=1"):
            ok(homes["h1"].get(f"{path}?{query}"), 422)


def test_changes_of_a_session_need_a_version_and_a_reason(gate: Served, homes: dict[str, Any]) -> None:
    path, operator = "/markets/elm/sessions/c", gate.operator
    make_session(gate, "c", 3000, gate_opens=moment(1000))
    view = operator.get("/sessions/c")
    names = ("delivery_start", "periods", "gate_opens", "gate_closes")
    document = {name: view.json()[name] for name in names}
    changed = {**document, "gate_closes": moment(3500)}
    version = {"If-Match": view.headers["ETag"]}
    ok(operator.put(path, json=document), 200)
    assert ok(operator.put(path, json=changed), 409)["type"] == "/problems/name-taken"
    ok(operator.put(f"{path}?reason=rain", json=changed), 428)
    ok(operator.put(path, json=changed, headers=version), 422)
    ok(operator.put(f"{path}?reason=rain", json=changed, headers={"If-Match": '"0.x"'}), 412)
    ok(operator.put(f"{path}?reason={'x' * 1001}", json=changed, headers=version), 422)
    ok(operator.put(f"{path}?reason=rain", json=changed, headers=version), 200)
    ok(operator.put(f"{path}?reason=rain", json=document, headers=version), 412)
    ok(homes["h1"].put(f"{path}?reason=rain", json=document, headers=version), 403)
    ok(operator.delete("/sessions/c?reason=rain", headers=version), 412)
    ok(operator.delete("/sessions/c?reason=rain"), 428)
    version = {"If-Match": operator.get("/sessions/c").headers["ETag"]}
    ok(operator.delete("/sessions/c", headers=version), 422)
    ok(operator.delete("/sessions/c?reason=rain", headers=version), 204)
    assert ok(operator.put(path, json=changed), 200)["session"] == "c"
    ok(operator.put("/markets/elm/sessions/a", json={**document, "gate_closes": moment(-5)}), 422)
    late = {**document, "gate_closes": "2030-06-21T00:30:00Z"}
    assert (
        ok(operator.put("/markets/elm/sessions/late", json=late), 422)["problems"][0]["pointer"]
        == "/gate_closes"
    )
    other = {**document, "delivery_start": "2030-06-21T02:00:00+00:00"}
    assert (
        ok(operator.put("/markets/elm/sessions/o", json=other), 422)["problems"][0]["pointer"]
        == "/delivery_start"
    )
    ok(operator.put("/markets/elm/sessions/o", json={**document, "previous": "none"}), 422)


def test_prices_of_a_market_are_the_right_way_round(gate: Served) -> None:
    rules = {"price_min_per_kwh": 1, "price_max_per_kwh": 0.5}
    answer = ok(gate.operator.put("/markets/odd", json={**MARKET, "rules": rules}), 422)
    assert [each["pointer"] for each in answer["problems"]] == ["/rules/price_max_per_kwh"]


def test_late_gates_are_a_rule_of_a_market(gate: Served) -> None:
    ok(gate.operator.put("/markets/late", json={**MARKET, "rules": {"late_gates": True}}), 201)
    ok(gate.operator.put("/markets/late/participants", json={"participants": PARTICIPANTS}), 201)
    document = {"delivery_start": "2030-06-21T00:00:00Z", "periods": 4, "gate_opens": moment(-1)}
    closes = {"gate_closes": "2030-06-21T03:00:00Z"}
    ok(gate.operator.put("/markets/late/sessions/late-1", json={**document, **closes}), 201)


def test_participants_that_stand_on_another_network_are_refused(gate: Served) -> None:
    path, row = "/markets/moved", {"participant": "x", "bus": 100}
    ok(gate.operator.put(path, json={**MARKET, "network": {"builtin": "pandapower/kerber_dorfnetz"}}), 201)
    ok(gate.operator.put(f"{path}/participants", json={"participants": [row]}), 201)
    ok(gate.operator.put(path, json=MARKET), 200)
    document = {"delivery_start": "2030-06-21T00:00:00Z", "periods": 4, "gate_opens": moment(-1)}
    session = {**document, "gate_closes": moment(100)}
    assert "put them again" in ok(gate.operator.put(f"{path}/sessions/m", json=session), 409)["detail"]
    ok(gate.operator.put(f"{path}/participants", json={"participants": [{**row, "bus": 11}]}), 200)
    named = {**MARKET, "rules": {"anonymous": False}}
    ok(gate.operator.put(path, json=named), 200)
    ok(gate.operator.put(f"{path}/sessions/m", json=session), 201)
    ok(gate.operator.put(path, json=named), 200)
    ok(gate.operator.put(path, json=MARKET), 409)


def test_keys_can_never_do_more_than_those_that_make_them(gate: Served, homes: dict[str, Any]) -> None:
    home, path = homes["h1"], "/users/h1/keys"
    ok(home.post(path, json={"key": "k1", "participants": ["h2"]}), 403)
    ok(home.post("/users/h2/keys", json={"key": "k1"}), 404)
    soon = moment(1.5)
    narrow = {"key": "k2", "participants": ["h1"], "rights": ["read"], "expires": soon}
    secret = ok(home.post(path, json=narrow), 201)["secret"]
    assert ok(home.post(path, json=narrow), 200) == {"key": "k2"}
    ok(home.post(path, json={"key": "k2"}), 409)
    with gate.client(secret) as reader:
        ok(reader.post("/sessions/s/orders", json=order("x", "h1", "sell")), 403)
        for document in ({"key": "k3"}, {**narrow, "key": "k3", "expires": moment(100)}):
            ok(reader.post(path, json=document), 403)
        ok(reader.delete("/users/h1"), 403)
        ok(reader.put("/users/h1/signing-keys/k", json={}), 403)
        time.sleep(1.6)
        ok(reader.get("/me"), 401)
    me = ok(home.get("/me"))
    assert "secret" not in json.dumps(me) and {"k2"} <= {each["key"] for each in me["keys"]}


def test_a_user_that_is_erased_leaves_its_submissions_and_its_name(
    gate: Served, homes: dict[str, Any]
) -> None:
    ok(gate.operator.put("/users/gone", json={"name": "Greta Gone", "roles": []}), 201)
    ok(gate.operator.put("/markets/elm/mandates/gone/h3", json={"rights": ["read", "trade"]}), 201)
    secret = ok(gate.operator.post("/users/gone/keys", json={"key": "k"}), 201)["secret"]
    with gate.client(secret) as user:
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
        ok(user.put("/users/gone/signing-keys/mine", json=jwk), 201)
        receipt = ok(user.post("/sessions/s/orders", json=order("g", "h3", "buy")), 201)
        ok(user.delete("/users/gone"), 204)
        ok(user.get("/me"), 401)
    ok(homes["h3"].get(f"/submissions/{receipt['submission']}"), 200)
    ok(gate.operator.delete("/users/gone"), 404)
    ok(gate.operator.put("/users/gone", json={"name": "Another", "roles": []}), 201)
    secret = ok(gate.operator.post("/users/gone/keys", json={"key": "k"}), 201)["secret"]
    with gate.client(secret) as user:
        assert ok(user.get("/me"))["signing_keys"] == [] == ok(user.get("/me"))["mandates"]
    with closing(sqlite3.connect(gate.folder / "gate.db")) as connection:
        assert not [line for line in connection.iterdump() if "Greta" in line]
    assert "Greta" not in gate.log.read_text()


def test_rows_in_csv_are_those_of_the_whole_table(gate: Served, homes: dict[str, Any], day: Any) -> None:
    kind = {"Accept": "text/csv"}
    whole = gate.operator.get("/sessions/day/results/schedule", headers=kind)
    assert whole.content == gate.operator.get("/sessions/day/files/schedule.csv").content
    head, *lines = whole.text.splitlines()
    mine = homes["h1"].get("/sessions/day/results/schedule", headers=kind).text.splitlines()
    assert mine == [head, *(line for line in lines if line.split(",")[1] == "h1")]
    rows = ok(homes["h1"].get("/sessions/day/results/schedule"))
    assert len(rows) == len(mine) - 1 and isinstance(rows[0]["load_kw"], float)
    path = "/sessions/day/results/cleared"
    head = gate.operator.get(path, headers=kind).text.splitlines()[0]
    assert homes["h3"].get(path, headers=kind).text == head + "\n"
    cleared = list(csv.DictReader(io.StringIO(homes["h2"].get(path, headers=kind).text)))
    assert {row["seller"] for row in cleared} == {"", "h1"}  # The matched one is not named, the other is.
    for table in ("network", "limits", "exchange"):
        ok(homes["h1"].get(f"/sessions/day/results/{table}"), 403)
        ok(gate.operator.get(f"/sessions/day/results/{table}"), 200)
    ok(gate.operator.get("/sessions/day/results/none"), 404)


def test_a_retailer_reads_those_that_it_supplied_then(gate: Served, homes: dict[str, Any], day: Any) -> None:
    ok(
        gate.operator.put("/users/shop", json={"name": "Shop", "roles": ["retailer"], "retailer": "green"}),
        201,
    )
    secret = ok(gate.operator.post("/users/shop/keys", json={"key": "k"}), 201)["secret"]
    with gate.client(secret) as shop:
        ok(shop.get("/sessions/day/results"), 404)
        rows = [{**row, "retailer": "green"} if row["participant"] == "h1" else row for row in PARTICIPANTS]
        ok(gate.operator.put("/markets/elm/participants", json={"participants": rows}), 200)
        assert ok(shop.get("/sessions/day/results/schedule")) == []
        assert ok(shop.get("/sessions/day/results"))["schedule"] == []
    ok(gate.operator.put("/markets/elm/participants", json={"participants": PARTICIPANTS}), 200)


def test_tables_for_settlement_are_checked_by_its_readers(gate: Served, homes: dict[str, Any]) -> None:
    operator, path = gate.operator, "/markets/elm"

    def put(name: str, content: str, kind: str = "text/csv") -> Any:
        return operator.put(f"{path}/{name}", content=content, headers={"Content-Type": kind})

    toml = "application/toml"
    ok(put("tariffs", TARIFFS, toml), 201)
    ok(put("tariffs", TARIFFS, toml), 200)
    ok(put("tariffs", TARIFFS, "text/csv"), 415)
    wrong = ok(put("tariffs", TARIFFS.replace("0.01", '"x"') + "colour = 1\n", toml), 422)
    assert len(wrong["problems"]) >= 2, wrong
    ok(put("sharing", "participant,coefficient\nh1,0.5\nh2,0.5\n"), 201)
    for content in (
        "participant,coefficient\nh1,0.6\nh2,0.5\n",
        "participant,coefficient\nh9,0.5\n",
        "participant,coefficient,time\nh1,0.5,yesterday\n",
        "participant\nh1\n",
    ):
        ok(put("sharing", content), 422)
    prices = "time,retailer,supply_price_per_kwh,feed_in_price_per_kwh\n2030-06-21T00:00Z,,0.3,0.1\n"
    ok(put("prices", prices), 201)
    twice = ok(put("prices", prices + "2030-06-21T00:00Z,,x,0.1\n"), 422)
    assert {each["pointer"] for each in twice["problems"]} == {"/3/time", "/3/supply_price_per_kwh"}
    ok(put("prices", "time\n2030-06-21T00:00Z\n"), 422)
    ok(homes["h1"].put(f"{path}/prices", content=prices), 403)
    ok(operator.get(f"{path}/prices"), 405)


def test_operating_envelopes_are_read_by_those_whose_they_are(gate: Served, homes: dict[str, Any]) -> None:
    path = "/markets/elm/operating-envelopes"
    ok(homes["h1"].get(path), 404)
    head = "time,participant,import_max_kw,export_max_kw,limited_by_import,element_import"
    rows = [f"2030-06-21T00:00+00:00,{home},9.5,4,voltage_max,bus 11" for home in ("h1", "h2")]
    content, kind = "\n".join([head, *rows]) + "\n", {"Content-Type": "text/csv"}
    ok(gate.operator.put(path, content=content, headers=kind), 201)
    ok(gate.operator.put(path, content=content.replace("h2", "h9"), headers=kind), 422)
    ok(gate.operator.put(path, content=content.replace("9.5", "-1"), headers=kind), 422)
    (mine,) = ok(homes["h1"].get(path))
    assert (mine["participant"], mine["import_max_kw"], mine["element_import"]) == ("h1", 9.5, None)
    assert len(ok(gate.operator.get(path))) == 2
    assert ok(gate.operator.get(f"{path}?participant=h2"))[0]["element_import"] == "bus 11"
    ok(homes["h1"].get(f"{path}?participant=h2"), 404)
    assert homes["h1"].get(path, headers={"Accept": "text/csv"}).text.splitlines()[0] == head
    ok(homes["h1"].put(path, content=content, headers=kind), 403)


def test_every_read_has_an_etag(gate: Served, homes: dict[str, Any], day: dict[str, Any]) -> None:
    for path in (
        "/keys",
        "/openapi.json",
        "/me",
        "/me/export",
        "/markets",
        "/markets/elm",
        "/markets/elm/participants",
        "/markets/elm/sessions",
        "/sessions/day",
        "/sessions/day/seal",
        "/sessions/day/results",
        "/sessions/day/results/cleared",
        f"/submissions/{day['receipts']['ask']['submission']}",
        f"/submissions/{day['receipts']['ask']['submission']}/proof",
    ):
        first = homes["h1"].get(path)
        tags = f'"other", W/{first.headers["ETag"]}'
        again = homes["h1"].get(path, headers={"If-None-Match": tags})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b""), path


def test_a_batch_shows_nobody_what_is_anothers(gate: Served, homes: dict[str, Any]) -> None:
    ok(gate.operator.put("/users/pool", json={"name": "Pool", "roles": []}), 201)
    for home in ("h1", "h2"):
        ok(gate.operator.put(f"/markets/elm/mandates/pool/{home}", json={"rights": ["trade"]}), 201)
    secret = ok(gate.operator.post("/users/pool/keys", json={"key": "k"}), 201)["secret"]
    with gate.client(secret) as pool:
        orders = [order("p1", "h1", "sell"), order("p2", "h2", "buy")]
        batch = ok(pool.post("/sessions/s/order-batches", json={"orders": orders}), 201)
        path = f"/submissions/{batch['receipts'][0]['submission']}"
        assert "p2" in _document(ok(pool.get(path)))
    assert "p1" in _document(ok(homes["h1"].get(path))) and "p2" not in _document(ok(homes["h1"].get(path)))


def _document(view: dict[str, Any]) -> str:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(view["document"] + "==").decode()


def test_metrics_are_for_operators_and_say_what_happens(gate: Served, homes: dict[str, Any]) -> None:
    ok(gate.client().get("/metrics"), 401)
    ok(homes["h1"].get("/metrics"), 403)
    text = gate.operator.get("/metrics").text
    for line in ("gridpact_gate_database_up 1.0", "gridpact_gate_workers 1.0"):
        assert line in text
    counted = 'gridpact_gate_requests_total{method="GET",route="/metrics",status="401"}'
    assert counted in text, text[-2000:]
    ready = ok(gate.client().get("/ready"))
    assert ready == {"status": "ready", **dict.fromkeys(("database", "clock", "workers", "migrations"), "ok")}


def test_the_page_at_the_root_asks_nothing_of_others(gate: Served) -> None:
    import httpx

    page = httpx.get(f"http://127.0.0.1:{gate.port}/")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    places = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert places and all(place.startswith(("/", "#", "data:,")) for place in places)
    for place in places:
        if place.startswith("/assets/"):
            asset = httpx.get(f"http://127.0.0.1:{gate.port}{place}")
            assert asset.status_code == 200 and "immutable" in asset.headers["Cache-Control"]


def test_requests_are_logged_without_what_is_in_them(tmp_path: Path) -> None:
    settings = "log_requests = true\nmetrics_port = 0\n"
    with served(tmp_path / "g", settings=settings) as gate:
        homes = make_market(gate, "quiet")
        make_session(gate, "q", 100, "quiet")
        answer = homes["h1"].post("/sessions/q/orders", json=order("secret-name", "h1", "sell"))
        ok(answer, 201)
        key = homes["h1"].headers["Authorization"].removeprefix("Bearer ")
        number, mine = answer.headers["X-Request-Id"], dict[str, Any]()
        until = time.monotonic() + 10.0
        while not mine and time.monotonic() < until:  # it is logged once it is answered
            lines = [json.loads(line) for line in gate.log.read_text().splitlines() if line.endswith("}")]
            mine = next((line for line in lines if line.get("request_id") == number), {})
        assert (mine["status"], mine["route"]) == (201, "/sessions/{session}/orders")
        assert mine["user"].startswith("u-")
        text = gate.log.read_text()
        assert not [word for word in ("secret-name", key, "Home h1", "quiet") if word in text]


def test_an_explanation_is_for_those_whom_it_concerns(
    gate: Served, homes: dict[str, Any], day: dict[str, Any]
) -> None:
    path = "/sessions/day/explanation"
    own = ok(homes["h1"].get(path, params={"name": "h1"}), 200)
    assert own["kind"] == "participant" and own["energy_kwh"]["p2p_sold_kw"] > 0.0
    bid = day["receipts"]["bid"]["submission"]
    found = ok(homes["h2"].get(path, params={"name": bid}), 200)
    assert found["kind"] == "order" and "clears in full" in " ".join(found["text"])
    for name in ("h2", bid, "none"):
        ok(homes["h1"].get(path, params={"name": name}), 404)
    assert ok(gate.operator.get(path, params={"name": "h2"}), 200)["kind"] == "participant"
    ok(homes["h1"].get(path), 422)
    ok(homes["h1"].get("/sessions/none/explanation?colour=red"), 404)
    ok(homes["h1"].get("/sessions/s/explanation", params={"name": "h1"}), 404)
