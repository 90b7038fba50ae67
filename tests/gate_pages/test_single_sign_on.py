"""Single sign-on: who the provider vouches for is let in, and nobody else."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("granian")
pytest.importorskip("authlib")

import httpx
from joserfc.jwk import ECKey

from gridpact import extras
from gridpact.errors import InvalidUsage
from gridpact.gate.people import single_sign_on
from gridpact.gate.people.single_sign_on import need_sign_on_libraries
from gridpact.gate.store.gate_settings import GateSettings, read_gate_settings
from tests.gate.served import Served, make_gate, ok
from tests.gate_pages.identity_provider import CLIENT, SECRET, Provider, provider
from tests.gate_pages.visits import Visit, invited, said


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provider() as found:
        yield found


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, running: Provider) -> Iterator[Served]:
    gate = Served(tmp_path_factory.mktemp("gate") / "g")
    settings = {
        "public_url": f"http://127.0.0.1:{gate.port}",
        "oidc_issuer": running.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
    }
    make_gate(gate.folder, settings="".join(f'{name} = "{value}"\n' for name, value in settings.items()))
    gate.start()
    try:
        for user in ("ann", "ben"):
            ok(gate.operator.put(f"/users/{user}", json={"name": user.title(), "roles": []}), 201)
        yield gate
    finally:
        gate.kill()


@pytest.fixture(autouse=True)
def _as_it_should_be(running: Provider) -> None:
    running.subject, running.changed, running.refuses = "person-1", {}, False
    running.signs_with, running.header = running.key, {"alg": "ES256", "kid": "p1"}


def come_back(visit: Visit, path: str = "/login/sso") -> httpx.Response:
    """Goes to the provider, and comes back from it."""
    to = visit.get(path)
    assert to.status_code == 303, to.text
    back = httpx.get(to.headers["location"])
    return visit.client.get(back.headers["location"])


def test_an_invitation_ties_an_identity_which_logs_in_from_then_on(gate: Served, running: Provider) -> None:
    nobody = come_back(Visit(gate))
    assert nobody.status_code == 401 and "belongs to no user" in said(nobody)
    path = invited(gate, "ann")
    first = Visit(gate)
    assert "identity provider" in first.get(path).text
    answer = come_back(first, f"/login/sso?invitation={path.rpartition('/')[2]}")
    assert answer.status_code == 200, "a page, as the cookie does not come with a request of another site"
    cookies = answer.headers.get_list("set-cookie")
    assert any("gridpact_login" in each and "SameSite=strict" in each for each in cookies)
    assert "Ann" in first.get("/account").text
    again = Visit(gate)
    assert come_back(again).status_code == 200 and "Ann" in again.get("/account").text
    assert Visit(gate).get(path).status_code == 404, "the invitation was used"
    other = invited(gate, "ben").rpartition("/")[2]
    taken = come_back(Visit(gate), f"/login/sso?invitation={other}")
    assert taken.status_code == 409, "an identity is of one user"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://elsewhere.example"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
)
def test_a_token_that_is_not_for_this_way_is_not_taken(
    gate: Served, running: Provider, changed: dict[str, Any]
) -> None:
    running.changed = changed
    visit = Visit(gate)
    answer = come_back(visit)
    assert answer.status_code == 401 and "does not hold" in said(answer)
    assert visit.get("/account").status_code == 303


def test_a_token_of_another_key_or_of_none_is_not_taken(gate: Served, running: Provider) -> None:
    running.signs_with = ECKey.generate_key("P-256", {"kid": "p1"})
    assert come_back(Visit(gate)).status_code == 401
    running.signs_with, running.header = running.key, {"alg": "none"}
    assert come_back(Visit(gate)).status_code == 401


def test_a_way_is_of_one_browser_and_is_gone_once(gate: Served, running: Provider) -> None:
    visit = Visit(gate)
    back = httpx.get(visit.get("/login/sso").headers["location"]).headers["location"]
    assert Visit(gate).client.get(back).status_code == 401, "another browser has no part in it"
    assert visit.client.get(back).status_code in (200, 401)
    state = visit.client.cookies.get("gridpact_way")
    visit.client.cookies.set("gridpact_way", state or httpx.URL(back).params["state"])
    assert visit.client.get(back).status_code == 401, "nobody comes back twice"
    running.refuses = True
    assert "did not let you in" in said(come_back(Visit(gate)))


def test_a_provider_that_is_away_is_said(gate: Served, tmp_path: Path) -> None:
    settings = GateSettings(
        public_url="http://127.0.0.1:1",
        oidc_issuer="http://127.0.0.1:1",
        oidc_client_id="c",
        oidc_client_secret="s",
    )
    way = single_sign_on.SignOn(state="s", nonce="n", verifier="v" * 43)
    with pytest.raises(single_sign_on.Refused) as refused:
        single_sign_on.provider_place(settings, way)
    assert refused.value.status == 503


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    need_sign_on_libraries(GateSettings())
    with pytest.raises(InvalidUsage, match="single sign-on takes libraries"):
        need_sign_on_libraries(GateSettings(oidc_issuer="https://id.example"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('oidc_issuer = "https://id.example"', "lacks oidc_client_id, oidc_client_secret, public_url"),
        ('oidc_issuer = "http://id.example"', "oidc_issuer is not https"),
        ('public_url = "gate.example"', "public_url is not a URL"),
        ("public_url = 7", "public_url is not text"),
        ("login_hours = 0", "login_hours is not above 0"),
    ],
)
def test_settings_that_are_wrong_are_said(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "gate.toml").write_text(text)
    with pytest.raises(InvalidUsage, match=fault):
        read_gate_settings(tmp_path)


def test_a_gate_without_a_provider_has_no_way_there(tmp_path: Path) -> None:
    assert sys.modules["gridpact.gate.people.single_sign_on"].has_sign_on(GateSettings()) is False
