"""Signatures made in the browser: by a key that never leaves it, over the very bytes that are stored."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("granian")
pytest.importorskip("playwright")

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from playwright.sync_api import Browser

from tests.gate.served import Served, make_market, make_session, ok, served
from tests.gate_pages.people import CHROMIUM, NO_BROWSER, Person, chromium

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gate") / "g"
    with served(folder, settings="requests_per_second = 1e6\nrequests_at_once = 1e6\n") as running:
        yield running


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signed_by(view: dict[str, Any], keys: list[dict[str, str]]) -> list[str]:
    """The kids by which a submission is signed, each verified over its document."""
    found = []
    payload = view["document"]
    for signature in view["jws"]["signatures"]:
        kid = json.loads(decoded(signature["protected"]))["kid"]
        jwk = next(key for key in keys if key["kid"] == kid)
        key = Ed25519PublicKey.from_public_bytes(decoded(jwk["x"]))
        key.verify(decoded(signature["signature"]), f"{signature['protected']}.{payload}".encode())
        found.append(kid)
    return found


def test_orders_trades_and_confirmations_are_signed_in_the_browser(gate: Served) -> None:
    clients = make_market(gate, signatures="required")
    make_session(gate, "s", 3000)
    with chromium() as browser:
        a, b = make_people(browser, gate)
        a.page.goto("/sessions/s")
        assert "this browser has no signing key of yours" in a.text
        a.hand_in("sell", "1", "0.1")
        assert "Signature is missing" in a.text and "Nothing was stored" in a.text
        for person in (a, b):
            person.page.goto("/account")
            person.page.get_by_role("button", name="Make a signing key in this browser").click()
            person.page.get_by_text("The gate knows your new key now.").wait_for()
            person.page.get_by_text("in this browser", exact=True).wait_for()
        assert exportable(a) is False
        a.page.goto("/sessions/s")
        a.page.get_by_text("Signed by your key in this browser.").wait_for()
        a.hand_in("sell", "2,5", "0.1")
        a.page.get_by_text("Handed in. The receipt is below.").wait_for()
        b.page.goto("/sessions/s")
        b.page.get_by_text("Signed by your key in this browser.").wait_for()
        b.page.get_by_text("A trade with somebody you know …").click()
        form = b.page.locator('form[data-sign="trade"]')
        form.get_by_label("buy", exact=True).check()
        form.get_by_label("Connection of the other side").fill("h1")
        form.get_by_role("button", name="Propose").click()
        b.page.get_by_text("The other side can confirm it now.").wait_for()
        a.page.goto("/sessions/s")
        a.page.get_by_text("Signed by your key in this browser.").wait_for()
        a.page.get_by_text("Confirm …").click()
        a.page.get_by_role("button", name="Yes, confirm").click()
        a.page.get_by_text("Confirmed: the trade binds both sides.").wait_for()
    me = {home: ok(clients[home].get("/me")) for home in ("h1", "h2")}
    keys = [key for each in me.values() for key in each["signing_keys"]]
    (sold,) = ok(clients["h1"].get("/sessions/s/orders"))["items"]
    view = ok(clients["h1"].get(f"/submissions/{sold['submission']}"))
    assert len(signed_by(view, keys)) == 1 and sold["power_kw"] == 2.5
    (trade,) = ok(clients["h1"].get("/sessions/s/trades"))["items"]
    view = ok(clients["h1"].get(f"/submissions/{trade['submission']}"))
    assert trade["state"] == "confirmed"
    assert len(set(signed_by(view, keys))) == 2, "both sides have signed one document"


def make_people(browser: Browser, gate: Served) -> tuple[Person, Person]:
    a, b = Person(browser, gate), Person(browser, gate)
    a.accept(gate, "h1")
    b.accept(gate, "h2")
    return a, b


def exportable(person: Person) -> bool:
    """Whether the private key can be taken out of the browser."""
    return bool(
        person.page.evaluate(
            """() => new Promise((resolve, reject) => {
                const opening = indexedDB.open("gridpact", 1);
                opening.onsuccess = () => {
                    const asked = opening.result.transaction("keys").objectStore("keys").getAll();
                    asked.onsuccess = () => {
                        const { key } = asked.result[0];
                        const kept = () => resolve(key.extractable);
                        crypto.subtle.exportKey("jwk", key).then(() => resolve(true), kept);
                    };
                };
                opening.onerror = () => reject(opening.error);
            })"""
        )
    )
