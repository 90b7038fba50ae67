"""The description of the API holds: whatever is sent, what is answered is in it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("granian")
pytest.importorskip("schemathesis")

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.gate.served import Served, make_market, make_session, ok, order, served

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Of what the gate has, so that more than 404 is reached.
KNOWN = {
    "market": "elm",
    "session": "s",
    "user": "h1",
    "participant": "h1",
    "table": "cleared",
    "webhook": "w",
    "settlement": "june",
}
EXAMPLES = int(os.environ.get("GATE_EXAMPLES", "4"))
NOT_RUN = {
    ("delete", "/api/v1/users/{user}"),
    ("get", "/api/v1/sessions/{session}/headroom"),
    ("get", "/api/v1/events"),  # which does not end
}


@schemathesis.serializer("application/toml")
def _as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate") / "g"
    with served(folder, settings="requests_per_second = 1e6\nrequests_at_once = 1e6\n") as running:
        yield running


@pytest.fixture(scope="module")
def keys(gate: Served) -> dict[str, str | None]:
    homes = make_market(gate)
    make_session(gate, "s", 3000)
    ok(homes["h1"].post("/sessions/s/orders", json=order("a", "h1", "sell")), 201)
    trader = homes["h1"].headers["Authorization"].removeprefix("Bearer ")
    operator = (gate.folder / "operator.key").read_text().strip()
    return {"a trader": trader, "an operator": operator, "nobody": None}


@pytest.mark.parametrize("who", ["a trader", "an operator", "nobody"])
def test_nothing_is_answered_that_is_not_described(
    gate: Served, keys: dict[str, str | None], who: str
) -> None:
    schema = schemathesis.openapi.from_url(f"{gate.base}/openapi.json")
    headers = {} if keys[who] is None else {"Authorization": f"Bearer {keys[who]}"}
    count, failures = 0, []
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method, operation.path) in NOT_RUN:
            continue
        count += 1
        try:
            _try(operation, headers)
        except Exception as error:
            failures.append(f"{operation.method} {operation.path}: {error}")
    assert not failures, "\n".join(failures)
    assert count >= 45


def _try(operation: Any, headers: dict[str, str]) -> None:
    """Sends what an operation takes, and what it does not, to places that are there, and to others."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    )
    def run(case: Any) -> None:
        for parameters in ({}, KNOWN):
            known = {
                name: parameters.get(name, value) for name, value in (case.path_parameters or {}).items()
            }
            case.path_parameters = known
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=60)

    run()


def test_the_description_has_every_route_and_what_each_takes(gate: Served) -> None:
    schema = ok(gate.client().get("/openapi.json"))
    assert schema["openapi"].startswith("3.1")
    post = schema["paths"]["/api/v1/sessions/{session}/orders"]["post"]
    assert {"200", "201", "400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "503"} == set(
        post["responses"]
    )
    body = post["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    document = schema["components"]["schemas"][body]
    assert {"order", "participant", "side", "start", "end", "power_kw"} <= set(document["required"])
    assert "submitted" not in document["properties"] and "replaces" in document["properties"]
    change = schema["paths"]["/api/v1/markets/{market}/sessions/{session}"]["put"]
    assert {"412", "428"} <= set(change["responses"])


def test_a_stream_is_described_though_it_does_not_end(gate: Served, keys: dict[str, str | None]) -> None:
    schema = ok(gate.client().get("/openapi.json"))
    described = schema["paths"]["/api/v1/events"]["get"]
    assert [each["name"] for each in described["parameters"]] == ["Last-Event-ID"]
    trader = gate.client(keys["a trader"])
    for headers in ({}, {"Last-Event-ID": "1"}, {"Last-Event-ID": "x"}, {"Accept": "text/plain"}):
        with trader.stream("GET", "/events", headers=headers) as answer:
            found = described["responses"][str(answer.status_code)]
            assert answer.headers["content-type"].partition(";")[0] in found["content"]


def test_methods_that_a_path_has_not_are_named_as_such(gate: Served) -> None:
    answer = gate.client().patch("/users/h1")
    assert answer.status_code == 405 and answer.headers["Allow"] == "DELETE, PUT"
    assert answer.headers["content-type"] == "application/problem+json"
    answer = gate.client().delete("/health")
    assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD"
    answer = gate.client().put("/sessions/s/orders")
    assert answer.status_code == 405 and answer.headers["Allow"] == "GET, HEAD, POST"
    answer = gate.client().get("/sessions/s/forecasts/a%2Fb")
    assert answer.status_code == 405 and answer.headers["Allow"] == "PUT"
    head = gate.client().head("/health")
    assert (head.status_code, head.content) == (200, b"")
