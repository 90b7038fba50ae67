"""Every page in a real browser: on a phone and a desktop, light and dark, touched, and printed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import gridpact
from gridpact.published import cigre_extreme, village_day
from gridpact.report.clearance.clearance_page import report_page
from gridpact.report.comparison.comparison_page import comparison_page
from gridpact.report.envelopes.envelope_page import envelope_page
from gridpact.report.headroom.headroom_page import headroom_page
from gridpact.report.settlement.settlement_page import settlement_page
from gridpact.report.settlement.statement_page import statement_pages
from gridpact.settlement.tariffs.tariffs import Mode
from tests.pages.browser import CHROMIUM, DESKTOP, NO_BROWSER, PHONE, Browser, axe_script, browser
from tests.unit.test_settlement_pages import day, settled_case

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)

PAGES = ("report", "extreme", "headroom", "envelopes", "comparison", "settlement", "statement", "fleet")
SIZE_MAX = 1_000_000
PRINTED_PAGES_MAX = 14  # of a report whose trades take five of them
DARK_MAX, LIGHT_MIN = 40, 230
TOO_WIDE = """[...document.querySelectorAll("body *")].filter(each => {
    const box = each.getBoundingClientRect();
    if (innerWidth < 720 && each.closest("thead")) return false;  // for screen readers alone
    if (each.closest(".tree") || each.tagName === "tspan") return false;  // is moved sideways in its box
    return box.width > 2 && (box.right > innerWidth + 1 || box.left < -1);
}).map(each => each.outerHTML.slice(0, 120))"""
CUT_OFF = """[...document.querySelectorAll(".plot:not(.tree) text")].filter(each => {
    const box = each.getBoundingClientRect(), plot = each.closest(".plot").getBoundingClientRect();
    return box.left < plot.left - 1 || box.right > plot.right + 1;
}).map(each => each.textContent)"""
COLLIDING = """[...document.querySelectorAll(".plot.time svg, .plot.rows svg")].flatMap(svg => {
    const ticks = [...svg.querySelectorAll("text:not(.note):not(.title):not(.small)")]
        .map(each => [each.textContent, each.getBoundingClientRect()]).filter(([, box]) => box.width);
    return ticks.flatMap(([one, a], place) => ticks.slice(place + 1)
        .filter(([, b]) => a.left < b.right + 4 && b.left < a.right + 4)
        .filter(([, b]) => a.top < b.bottom - 4 && b.top < a.bottom - 4)
        .map(([other]) => `${one} / ${other}`));
})"""
PAPER = "getComputedStyle(document.body).backgroundColor"
SAID = "document.querySelector('.said-here').hidden ? '' : document.querySelector('.said-here').innerText"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as driven:
        yield driven


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of each kind, and one of a dispatch that breaks limits."""
    found = tmp_path_factory.mktemp("pages")
    extreme = gridpact.clear(cigre_extreme())
    lossless = gridpact.clear(replace(cigre_extreme(), formulation="dc"))
    people = replace(extreme.case.participants, connection_kw=50.0)
    envelopes = gridpact.operating_envelopes(replace(extreme.case, participants=people))
    settled, firm = settled_case(day()), settled_case(day(mode=Mode.FIRM))
    gridpact.write_case(cigre_extreme(), found / "cases" / "one")
    fleet = gridpact.run_fleet(found / "cases", found / "out", workers=1, quiet=True)
    pages = {
        "report": report_page(gridpact.clear(village_day())),
        "extreme": report_page(lossless),
        "headroom": headroom_page(gridpact.headroom(cigre_extreme())),
        "envelopes": envelope_page(envelopes),
        "comparison": comparison_page(gridpact.compare(lossless, extreme)),
        "settlement": settlement_page(settled, beside=firm),
        "statement": next(page for _, page in statement_pages(settled)),
        "fleet": fleet.page.read_text(encoding="utf-8"),
    }
    assert tuple(pages) == PAGES
    for name, page in pages.items():
        (found / f"{name}.html").write_text(page, encoding="utf-8")
    return found


def in_view(window: Browser, selector: str) -> None:
    """Scrolls there, and waits until the page knows of it."""
    window.run(
        f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}});"
        "new Promise(done => setTimeout(done, 250))"
    )


def brightness(colour: str) -> float:
    return max(map(int, re.findall(r"\d+", colour)[:3]))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_window_in_light_and_dark(window: Browser, folder: Path, name: str) -> None:
    page = folder / f"{name}.html"
    assert page.stat().st_size < SIZE_MAX
    for width in (PHONE, DESKTOP):
        for dark in (False, True):
            window.open(page, width=width, dark=dark)
            assert window.run("document.documentElement.scrollWidth") <= width
            assert window.run(TOO_WIDE) == []
            assert window.run(CUT_OFF) == []
            assert window.run(COLLIDING) == []
            paper = brightness(window.run(PAPER))
            assert (paper < DARK_MAX) if dark else (paper > LIGHT_MIN)
            assert window.complaints() == []
            assert window.addresses() == [page.resolve().as_uri()]


@pytest.mark.parametrize("name", PAGES)
def test_axe_core_finds_nothing(window: Browser, folder: Path, name: str) -> None:
    pytest.importorskip("axe_playwright_python")
    for width, dark in ((PHONE, True), (DESKTOP, False)):
        window.open(folder / f"{name}.html", width=width, dark=dark)
        window.run(f"{axe_script()}; undefined")
        found = window.run("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
        assert [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_list_of_contents_leads_to_every_section(window: Browser, folder: Path, name: str) -> None:
    window.open(folder / f"{name}.html")
    sections = window.run("[...document.querySelectorAll('main section > h2')].map(one => one.textContent)")
    listed = window.run("[...document.querySelectorAll('.contents a')].map(one => one.textContent)")
    assert listed == (sections if len(sections) >= 3 else [])
    assert window.run(
        "[...document.querySelectorAll('.contents a')].every(one => document.querySelector(one.hash))"
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_light_on_a4_whatever_the_screen(window: Browser, folder: Path, name: str) -> None:
    window.open(folder / f"{name}.html", dark=True)
    octets = window.printed()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", octets)) <= PRINTED_PAGES_MAX
    window._call("Emulation.setEmulatedMedia", media="print")
    assert brightness(window.run(PAPER)) > LIGHT_MIN
    assert window.run("getComputedStyle(document.querySelector('h2')).breakAfter") == "avoid"
    window._call("Emulation.setEmulatedMedia", media="")


def test_a_picture_says_what_it_shows_where_it_is_touched_or_stepped_through(
    window: Browser, folder: Path
) -> None:
    window.open(folder / "report.html")
    assert window.run(SAID) == ""
    in_view(window, "#load svg[data-touch]")
    window.click("#load svg[data-touch]")
    assert window.run(SAID).startswith("2024-06-21 12:00–13:00\nPeers (P2P): ")
    assert window.run("document.getElementById('period-label').textContent") == "2024-06-21 12:00–13:00"
    in_view(window, "#voltage")
    window.run("document.querySelector('#voltage .plot').focus({preventScroll: true})")
    for _ in range(2):
        window.press("ArrowRight")
    assert window.run(SAID).startswith("2024-06-21 01:00–02:00\nHighest: ")
    in_view(window, "#network .node")
    window.click("#network .node")
    assert window.run(SAID).startswith("bus 0")


def test_a_map_says_what_each_cell_has(window: Browser, folder: Path) -> None:
    window.open(folder / "headroom.html")
    in_view(window, "#sale-alone")
    window.run("document.querySelector('#sale-alone .plot').focus({preventScroll: true})")
    window.press("ArrowRight")
    assert "Alone: " in window.run(SAID) and " kW" in window.run(SAID)


def test_no_page_carries_a_library_or_runs_more_than_its_own_script(folder: Path) -> None:
    for name in PAGES:
        page = (folder / f"{name}.html").read_text(encoding="utf-8")
        assert "plotly" not in page.lower()
        assert page.count("<script>") <= 1 and "unsafe-inline" not in page and " style=" not in page
