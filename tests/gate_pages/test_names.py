"""Names that are made to do harm do none, on any page, in any export."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

import pytest

pytest.importorskip("granian")
pytest.importorskip("playwright")

from playwright.sync_api import Browser

from tests.gate.served import MARKET, SUNNY, Served, make_session, ok, order, served, wait_for
from tests.gate_pages.people import CHROMIUM, NO_BROWSER, Person, chromium, violations

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
HARM = (
    "<script>document.title='harmed'</script>",
    "{{7*7}}${7*7}<%=7*7%>",
    "\u202eevil\u2066x",
    "=HYPERLINK(1)",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
)
HOMES = tuple(name for name in HARM if "\u202e" not in name)  # A case refuses marks like that in names.
STREET = '<script>document.title="harmed"</script>{{7*7}}'
BIDI = "\u202e\u2066"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A market in which every name does harm where a page is careless, and a cleared session of it."""
    folder = tmp_path_factory.mktemp("gate") / "g"
    with served(folder, settings="requests_per_second = 1e6\nrequests_at_once = 1e6\n") as running:
        operator = running.operator
        ok(operator.put("/markets/elm", json={**MARKET, "name": STREET, "rules": {"anonymous": False}}))
        rows = [{"participant": name, "bus": 11 + k} for k, name in enumerate(HOMES)]
        ok(operator.put("/markets/elm/participants", json={"participants": rows}))
        ok(operator.put("/users/eve", json={"name": HARM[0], "roles": []}))
        for name in HOMES:
            ok(operator.put(f"/markets/elm/mandates/eve/{quoted(name)}", json={"rights": ["read", "trade"]}))
        key = ok(operator.post("/users/eve/keys", json={"key": HARM[4]}))["secret"]
        eve = running.client(key)
        make_session(running, "s", 20)
        make_session(running, "open", 3000, delivery_start="2030-06-22T00:00:00+00:00")
        hungry = {"load_kw": [4] * 4, "generation_kw": [0] * 4}
        forecasts = {name: hungry if k % 2 else SUNNY for k, name in enumerate(HOMES)}
        for session in ("s", "open"):
            ok(operator.put(f"/sessions/{session}/forecasts", json={"forecasts": forecasts}))
        for k, name in enumerate(HARM):
            home, side = HOMES[k % len(HOMES)], "buy" if k % len(HOMES) % 2 else "sell"
            ok(eve.post("/sessions/s/orders", json=order(name, home, side)), 201)
            day = {"start": "2030-06-22T00:00:00Z", "end": "2030-06-22T02:00:00Z"}
            ok(eve.post("/sessions/open/orders", json=order(name, home, side, **day)), 201)
        wait_for(running, "s", "cleared", seconds=120)
        yield running


def quoted(name: str) -> str:
    return quote(name, safe="")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_no_page_lets_a_name_do_harm(gate: Served, browser: Browser) -> None:
    eve, operator = Person(browser, gate), Person(browser, gate)
    eve.accept(gate, "eve")
    operator.accept(gate, "operator")
    dialogs = []
    places = {
        eve: ["/", "/account"],
        operator: ["/", "/users", "/markets/elm", "/sessions/s", "/sessions/open", "/log", "/seals"],
    }
    for name in HOMES:
        places[eve] += [f"/sessions/{session}?participant={quoted(name)}" for session in ("s", "open")]
    for person, paths in places.items():
        person.page.set_viewport_size({"width": 360, "height": 900})
        person.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for path in paths:
            answer = person.page.goto(path)
            assert answer is not None and answer.status == 200, path
            page = person.page
            assert page.title() != "harmed" and "49" not in page.title(), path
            assert page.locator("body script, body img").count() == 0, path
            text = page.locator("main").inner_text()
            assert (
                STREET in text
                or path in ("/account", "/users", "/log", "/seals")
                or "open" in path
                or "s" in path
            )
            assert "{{49}}" not in text
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            labels = page.evaluate(
                "[...document.querySelectorAll('[data-column]')].map(e => e.dataset.column)"
            )
            assert not [label for label in labels if "<" in label], path
            # What turns the direction of text stands in an element of its own, and turns nothing else.
            loose = page.evaluate(
                "(marks) => { const found = []; const walk = document.createTreeWalker(document.body, 4);"
                "while (walk.nextNode()) { const node = walk.currentNode;"
                "if ([...marks].some((mark) => node.data.includes(mark))"
                " && !node.parentElement.closest('bdi, pre')) found.push(node.data); } return found; }",
                BIDI,
            )
            assert not loose, path
        assert not [each for each in person.complaints if "Content Security" in each], person.complaints
    assert not dialogs
    eve.page.goto(f"/sessions/open?participant={quoted(HOMES[2])}")
    links = [link.get_attribute("href") for link in eve.page.get_by_role("link", name="Receipt").all()]
    for link in links:
        eve.page.goto(str(link))
        assert not set(BIDI) & set(eve.page.locator("pre").first.inner_text())
        assert not violations(eve.page)


def test_a_name_that_was_refused_is_shown_and_does_nothing(gate: Served, browser: Browser) -> None:
    eve = Person(browser, gate)
    eve.accept(gate, "eve")
    eve.page.goto(f"/sessions/open?participant={quoted(HARM[0])}")
    eve.hand_in("sell", HARM[0], HARM[4])
    assert "This cannot be taken as it is" in eve.text and HARM[0] in eve.text
    assert eve.page.locator("body script, body img").count() == 0
    assert eve.page.locator("#order-power").input_value() == HARM[0]


def test_no_table_has_a_cell_that_a_spreadsheet_calculates(gate: Served, browser: Browser) -> None:
    operator = Person(browser, gate)
    operator.accept(gate, "operator")
    eve = Person(browser, gate)
    eve.accept(gate, "eve")
    for name in ("cleared", "schedule"):
        own = eve.context.request.get(f"/sessions/s/tables/{name}")
        assert own.headers["content-disposition"].startswith("attachment")
        text = operator.context.request.get(f"/sessions/s/files/{name}.csv").text() + own.text()
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert "'=HYPERLINK(1)" in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_the_export_of_a_user_names_no_file_by_what_somebody_wrote(gate: Served, browser: Browser) -> None:
    eve = Person(browser, gate)
    eve.accept(gate, "eve")
    content = eve.context.request.get("/account/export.zip").body()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            assert name.isascii() and not set(name) & set("<>={}'\"") and ".." not in name
        assert json.loads(archive.read("me.json"))["name"] == HARM[0]
