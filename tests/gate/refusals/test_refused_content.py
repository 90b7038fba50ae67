"""Content that is refused: with its own status, all that is wrong with it, and what may be sent instead."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("granian")

from tests.gate.inside import Inside, inside
from tests.gate.served import DELIVERY, MARKET, PARTICIPANTS, order, text, trade

EXACT = {"participant": "exact", "bus": 11, "connection_kw": 12.345678}
JSON = "application/json"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("gate") / "g") as running:
        operator = running.operator
        rules = {"price_max_per_kwh": 0.123457}
        answered(operator.put("/markets/elm", json={**MARKET, "rules": rules}), 201)
        answered(
            operator.put("/markets/elm/participants", json={"participants": [*PARTICIPANTS, EXACT]}), 201
        )
        answered(operator.put("/markets/elm/sessions/s", json=session(running)), 201)
        yield running


@pytest.fixture(scope="module")
def home(gate: Inside) -> Any:
    found = gate.user("h1")
    for participant in ("h1", "exact"):
        answered(
            gate.operator.put(f"/markets/elm/mandates/h1/{participant}", json={"rights": ["trade"]}), 201
        )
    return found


def session(gate: Inside, **others: Any) -> dict[str, Any]:
    gates = {"gate_opens": gate.moment(-1), "gate_closes": gate.moment(3000)}
    return {"delivery_start": DELIVERY, "periods": 4, **gates, **others}


def answered(response: Any, status: int) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def pointers(response: Any) -> list[str]:
    return [problem["pointer"] for problem in answered(response, 422)["problems"]]


@pytest.mark.parametrize(
    "number",
    [
        "1E999999999",
        "-1E999999999",
        "1e-999999999",
        "1e9999999999999999999",
        "1" + "0" * 99,
        "2." + "5" * 80,
        "0E-999999999",
    ],
)
def test_no_number_is_too_large_to_be_refused(home: Any, number: str) -> None:
    body = text(order("big", "h1", "sell", power_kw="@")).replace('"@"', number)
    answer = answered(home.post("/sessions/s/orders", content=body, headers={"Content-Type": JSON}), 422)
    assert answer["problems"][0]["remedy"]


def test_an_empty_object_lacks_each_member_once(home: Any) -> None:
    for kind in ("orders", "trades"):
        found = pointers(home.post(f"/sessions/s/{kind}", json={}))
        assert len(found) == len(set(found)) and "" not in found


def test_what_a_connection_and_a_market_take_may_be_sent_as_it_is_said(home: Any) -> None:
    beyond = order("o", "exact", "sell", power_kw=12.345679, price_per_kwh=0.2)
    remedies = [
        problem["remedy"]
        for problem in answered(home.post("/sessions/s/orders", json=beyond), 422)["problems"]
    ]
    assert remedies == ["write at most 12.345678", "write -1000000 to 0.123457"]
    right = {**beyond, "power_kw": 12.345678, "price_per_kwh": 0.123457}
    answered(home.post("/sessions/s/orders", json=right), 201)


def test_what_an_auction_says_of_a_trade_nobody_hands_in(home: Any) -> None:
    told = trade("t", "h1", "h2", price_per_kwh=0.1, seller_price_per_kwh=0.1)
    assert pointers(home.post("/sessions/s/trades", json=told)) == ["/seller_price_per_kwh"]


def test_bodies_in_other_character_sets_are_refused(gate: Inside) -> None:
    body = '{"name": "Zoë", "roles": []}'.encode()
    for kind in (f"{JSON}; charset=iso-8859-1", f'{JSON};a=b; Charset="UTF-16"'):
        answered(gate.operator.put("/users/zoe", content=body, headers={"Content-Type": kind}), 415)
    for kind in (f'{JSON}; charset="UTF-8"', f"{JSON};charset=utf-8", JSON):
        answer = gate.operator.put("/users/zoe", content=body, headers={"Content-Type": kind})
        assert answer.json()["name"] == "Zoë", answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/markets/none/sessions/s"),
        ("PUT", "/markets/none/mandates/h1/h1"),
        ("PUT", "/markets/elm/mandates/none/h1"),
        ("POST", "/users/none/keys"),
        ("PUT", "/users/none/signing-keys/k"),
    ],
)
def test_what_is_not_there_is_said_before_a_body_is_read(gate: Inside, method: str, path: str) -> None:
    answered(gate.operator.request(method, path, content=b"{", headers={"Content-Type": JSON}), 404)


def test_memberships_are_days_in_json_too(gate: Inside) -> None:
    row = {**PARTICIPANTS[0], "member_from": "2030-01-01", "member_until": "2031-01-01T00:00:00+00:00"}
    answered(gate.operator.put("/markets/days", json=MARKET), 201)
    path = "/markets/days/participants"
    answered(gate.operator.put(path, json={"participants": [row]}), 201)
    assert gate.operator.get(path).json()["items"][0]["member_from"] == "2030-01-01"
    late = {**row, "member_from": "1 January"}
    assert pointers(gate.operator.put(path, json={"participants": [late]})) == ["/participants/0/member_from"]


def test_all_that_is_wrong_with_a_session_is_said_at_once(gate: Inside) -> None:
    path = "/markets/elm/sessions/wrong"
    hours = {"gate_opens": gate.moment(-5), "gate_closes": gate.moment(-10)}
    wrong = session(gate, periods=0, open_from="soon", colour="red", **hours)
    found = pointers(gate.operator.put(path, json=wrong))
    assert sorted(found) == ["/colour", "/gate_closes", "/gate_closes", "/open_from", "/periods"]
    late = session(gate, gate_closes="2030-06-21T00:00:00.000001Z", previous=7)
    assert sorted(pointers(gate.operator.put(path, json=late))) == ["/gate_closes", "/previous"]


def test_all_that_is_wrong_with_a_market_is_said_at_once(gate: Inside) -> None:
    wrong = {
        **MARKET,
        "colour": "red",
        "limits": {"voltage_min_pu": 0.9000001, "voltage_max_pu": 3},
        "rules": {"orders_max": 0, "price_min_per_kwh": 1, "price_max_per_kwh": 0.5},
    }
    assert sorted(pointers(gate.operator.put("/markets/wrong", json=wrong))) == [
        "/colour",
        "/limits/voltage_max_pu",
        "/limits/voltage_min_pu",
        "/rules/orders_max",
        "/rules/price_max_per_kwh",
    ]


def test_all_that_is_wrong_with_a_forecast_is_said_at_once(home: Any) -> None:
    wrong = {"load_kw": [-1, "2", 3, 4], "generation_kw": [5], "colour": "red"}
    assert pointers(home.put("/sessions/s/forecasts/h1", json=wrong)) == [
        "/colour",
        "/load_kw/1",
        "/generation_kw",
        "/load_kw/0",
    ]


def test_a_network_that_is_none_has_a_pointer_to_all_of_it(gate: Inside) -> None:
    document = {name: value for name, value in MARKET.items() if name != "network"}
    answered(gate.operator.put("/markets/own", json=document), 201)
    assert pointers(gate.operator.put("/markets/own/network", json={"a": 1})) == [""]
