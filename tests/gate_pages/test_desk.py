"""What operators do by forms: users, sessions, envelopes, a session that failed; what households see."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

pytest.importorskip("granian")
pytest.importorskip("argon2")

from tests.gate.served import (
    HUNGRY,
    SUNNY,
    Served,
    make_market,
    make_session,
    moment,
    ok,
    served,
    trade,
    wait_for,
)
from tests.gate_pages.visits import Visit, logged_in, said

ENVELOPES = (
    "time,participant,import_max_kw,export_max_kw,limited_by_import,element_import,limited_by_export,"
    "element_export\n"
)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate") / "g"
    with served(folder, settings="requests_per_second = 1e6\nrequests_at_once = 1e6\n") as running:
        yield running


@pytest.fixture(scope="module")
def homes(gate: Served) -> dict[str, httpx.Client]:
    return make_market(gate)


@pytest.fixture(scope="module")
def operator(gate: Served) -> Visit:
    return logged_in(gate, "operator")


def test_a_user_is_made_invited_and_given_a_mandate(gate: Served, homes: Any, operator: Visit) -> None:
    wrong = operator.post("/users", "/users", user="Not A Name", name="x")
    assert wrong.status_code == 422 and "is not a name" in said(wrong)
    assert operator.post("/users", "/users", user="zoe", name="Zoe").status_code == 303
    made = operator.post("/users/invited", "/users", user="zoe")
    link = said(made).partition("The invitation")[2].split()[0]
    zoe = Visit(gate)
    assert zoe.accept(httpx.URL(link).path).status_code == 303
    assert "Nothing for you yet" in zoe.get("/").text
    fields = {"market": "elm", "user": "zoe", "participant": "h3"}
    assert operator.post("/users/mandates", "/users", **fields, right=["read"]).status_code == 303
    assert "h3" in zoe.get("/account").text
    again = operator.post("/users/mandates", "/users", **fields, end="1")
    assert again.status_code == 303 and "You have no mandate" in zoe.get("/account").text


def test_a_household_is_no_operator(gate: Served, homes: Any, operator: Visit) -> None:
    home = logged_in(gate, "h1")
    for path in (
        "/users",
        "/users/invited",
        "/users/mandates",
        "/markets/elm/envelopes",
        "/markets/elm/sessions",
    ):
        fields = {"user": "h1", "market": "elm", "participant": "h2", "session": "mine"}
        assert home.post(path, "/account", **fields).status_code == 403, path
    assert home.post("/verification", "/account").status_code == 403
    assert home.get("/markets/none").status_code == 404


def test_a_session_is_made_and_cancelled_with_a_reason(gate: Served, homes: Any, operator: Visit) -> None:
    fields = {
        "session": "by-hand",
        "delivery_start": "2030-06-25T00:00:00+00:00",
        "periods": "4",
        "gate_opens": moment(-1),
        "gate_closes": moment(3000),
    }
    wrong = operator.post("/markets/elm/sessions", "/markets/elm", **{**fields, "gate_closes": "soon"})
    assert wrong.status_code == 422 and "Gate closes" in said(wrong) and "“ soon ”" in said(wrong)
    assert operator.post("/markets/elm/sessions", "/markets/elm", **fields).status_code == 303
    assert "by-hand" in operator.get("/").text
    assert operator.post("/sessions/by-hand/cancelled", "/sessions/by-hand", reason="").status_code == 422
    done = operator.post("/sessions/by-hand/cancelled", "/sessions/by-hand", reason="a storm")
    assert done.status_code == 303 and ok(gate.operator.get("/sessions/by-hand"))["state"] == "cancelled"


def test_envelopes_are_published_and_each_sees_its_own(gate: Served, homes: Any, operator: Visit) -> None:
    make_session(gate, "enveloped", 3000, delivery_start="2030-06-24T00:00:00+00:00")
    rows = "".join(
        f"2030-06-24T0{hour}:00:00+00:00,{home},{limit},{limit},line,7,voltage_max,3\n"
        for hour in range(4)
        for home, limit in (("h1", 6.25), ("h2", 4.5))
    )
    page = "/markets/elm"
    token = {"form_token": operator.token(page)}
    wrong = operator.client.post(
        f"{page}/envelopes", data=token, files={"file": ("e.csv", b"time\nx\n", "text/csv")}
    )
    assert wrong.status_code == 422 and "Nothing was stored" in wrong.text
    file = {"file": ("e.csv", (ENVELOPES + rows).encode(), "text/csv")}
    done = operator.client.post(f"{page}/envelopes", data=token, files=file)
    assert done.status_code == 303, said(done)
    assert "Rows that are published: 8" in said(operator.get(page))
    home = logged_in(gate, "h1").get("/sessions/enveloped")
    assert "6.25" in home.text and "4.5" not in home.text and "Your operating envelope" in home.text


def test_a_session_that_failed_comes_first_and_is_cleared_again_without_what_did_it(
    gate: Served, homes: dict[str, httpx.Client], operator: Visit
) -> None:
    make_session(gate, "f", 6)
    ok(homes["h1"].put("/sessions/f/forecasts/h1", json=SUNNY), 200)
    ok(homes["h2"].put("/sessions/f/forecasts/h2", json=HUNGRY), 200)
    absurd = {"load_kw": [4999, 0, 0, 0], "generation_kw": [0, 0, 0, 0]}
    heavy = ok(homes["h3"].put("/sessions/f/forecasts/h3", json=absurd), 200)
    proposal = ok(homes["h1"].post("/sessions/f/trades", json=trade("t", "h1", "h2", power_kw=4.4)), 201)
    path = f"/sessions/f/trades/{proposal['submission']}/confirmation"
    ok(homes["h2"].post(path, json={"sha256": proposal["sha256"]}), 201)
    wait_for(gate, "f", "failed", "cleared")
    desk = said(operator.get("/"))
    first = desk.partition("What needs attention")[2].partition("Markets")[0]
    assert "f failed" in first and "try again" in first
    page = operator.get("/sessions/f")
    assert "cannot be firm" in page.text and heavy["submission"] in page.text
    household = said(logged_in(gate, "h1").get("/sessions/f"))
    assert "Nothing of it was published" in household and "cannot be firm" not in household
    no_reason = operator.post("/sessions/f/retry", "/sessions/f", reason="")
    assert no_reason.status_code == 422 and "Reason" in said(no_reason)
    fields = {"reason": "no home draws 5 MW", "exclude": [heavy["submission"]]}
    assert operator.post("/sessions/f/retry", "/sessions/f", **fields).status_code == 303
    assert wait_for(gate, "f", "cleared", seconds=120)["cleared_kwh"] > 8
    home = said(logged_in(gate, "h2").get("/sessions/f"))
    assert "4 / 4.4" in home and "Between 02:00 and 03:00 the buyer needed no more" in home, home
    assert "Nothing: no session has failed" in said(operator.get("/"))
    visit = logged_in(gate, "h2")
    (link,) = re.findall(r'href="(/sessions/f/why[^"]+)"', visit.get("/sessions/f").text)
    why = said(visit.get(link.replace("&amp;", "&")))
    assert "8.4 of 8.8 kWh are firm" in why and "the buyer’s forecast" in why and "In full" in why
    assert logged_in(gate, "h3").get(link).status_code == 404
