"""Bills in a real browser: on a phone and a desktop, light and dark, and printed on A4."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gridpact
from gridpact.report.bills.bill_page import bill_pages
from gridpact.settlement.tariffs.bill_terms import Language
from tests.bills.billed_example import BILL, MORE, write_billed
from tests.pages.browser import CHROMIUM, DESKTOP, NO_BROWSER, PHONE, Browser, axe_script, browser

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)

LONG = "Konzessionsabgabe-und-Messstellenbetriebsgrundgebührenanteil 1"
A4_POINTS = (595, 842)
TOO_WIDE = """[...document.querySelectorAll("body *")].filter(each => {
    const box = each.getBoundingClientRect();
    const hidden = innerWidth < 720 && each.closest(".charges thead");  // for screen readers alone
    return !hidden && box.width > 2 && (box.right > innerWidth + 1 || box.left < -1);
}).map(each => each.outerHTML.slice(0, 90))"""
NARROW = """[...document.querySelectorAll("tbody th")]
    .filter(each => each.getBoundingClientRect().width < 100)
    .map(each => each.textContent)"""
VIOLATIONS = (
    "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(each => each.id))"
)
COLOURS = "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
SEEN = """[...document.querySelectorAll("[data-cents]")].every(each => {
    const box = each.getBoundingClientRect(); return box.width > 8 && box.height > 8;
})"""


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as driven:
        yield driven


def corrected_page(folder: Path, language: Language, *, fixed: int = 1) -> Path:
    charges = ", ".join(f'{{name = "{LONG}{n}", per = "month", amount = 123456.78}}' for n in range(fixed))
    bill = re.sub(r"(?m)^fixed = .*", f"fixed = [{charges}]", BILL)
    bill += f'language = "{language}"\nincludes = "community"\n[bill.addresses]\nh2 = "{LONG}\\n{60 * "x"}"'
    gridpact.write_settlement(gridpact.settle(*write_billed(folder / "1", bill), bills=True), folder / "out")
    case, result = write_billed(folder / "2", bill, MORE)
    found = gridpact.settle(case, result, previous=folder / "out", bills=True)
    path = folder / "bill.html"
    path.write_text(dict(bill_pages(found))["h2"], encoding="utf-8")
    return path


def luminance(colour: str) -> float:
    return sum(map(int, re.findall(r"\d+", colour)[:3]))


@pytest.mark.parametrize("language", Language)
def test_a_bill_fits_its_window_and_can_be_read_in_light_and_dark(
    window: Browser, tmp_path: Path, language: Language
) -> None:
    page = corrected_page(tmp_path, language)
    for width in (PHONE, DESKTOP):
        for dark in (False, True):
            window.open(page, width=width, dark=dark)
            assert window.run("document.documentElement.scrollWidth") <= width
            assert window.run(NARROW) == []
            assert window.run(TOO_WIDE) == []
            assert window.run(SEEN)
            ink, paper = map(luminance, window.run(COLOURS))
            assert (ink > paper + 400) if dark else (paper > ink + 400)
            assert window.complaints() == []
            assert window.addresses() == [page.resolve().as_uri()]


def test_a_bill_prints_on_a4_light_whatever_the_screen_and_breaks_between_rows(
    window: Browser, tmp_path: Path
) -> None:
    counts = []
    for fixed in (1, 60):
        window.open(corrected_page(tmp_path / str(fixed), Language.GERMAN, fixed=fixed), dark=True)
        octets = window.printed()
        boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", octets)
        assert boxes and {tuple(round(float(side)) for side in box) for box in boxes} == {A4_POINTS}
        counts.append(len(re.findall(rb"/Type\s*/Page\b(?!s)", octets)))
    assert counts[0] <= 2 < counts[1] <= 6


def test_axe_core_finds_nothing_on_a_corrected_bill(window: Browser, tmp_path: Path) -> None:
    pytest.importorskip("axe_playwright_python")
    page = corrected_page(tmp_path, Language.GERMAN)
    for width, dark in ((PHONE, False), (DESKTOP, True)):
        window.open(page, width=width, dark=dark)
        window.run(f"{axe_script()}; undefined")
        assert window.run(VIOLATIONS) == []
