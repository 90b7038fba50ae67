"""The switch between the phases, in a real browser, with a mouse, with keys, and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import gridpact
from gridpact.published import cigre_day
from gridpact.report.clearance.clearance_page import report_page
from gridpact.report.clearance.drawing import scales
from gridpact.report.pictures.colours import ColourScale
from gridpact.report.svg.palette import css
from gridpact.results import Clearance
from tests.pages.browser import CHROMIUM, NO_BROWSER, PHONE, Browser, browser
from tests.pages.phase_cases import phase_clearance, readings

pytestmark = pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)

CHOSEN = "document.querySelector('input[name=phase]:checked').value"
BUSES = "[...document.querySelectorAll('#network .node')]"
BRANCHES = "[...document.querySelectorAll('#network .finger')]"
FOCUS = "document.querySelector('input[name=phase]:checked').focus({focusVisible: true})"
TOUCH_PX = 40
BAND_PU = (0.96, 1.1)  # whose middle is not 1, so that worst is not furthest from nominal


@pytest.fixture(scope="module")
def cleared(tmp_path_factory: pytest.TempPathFactory) -> Clearance:
    return phase_clearance(
        tmp_path_factory.mktemp("case"), is_firm=True, voltage_min_pu=BAND_PU[0], voltage_max_pu=BAND_PU[1]
    )


@pytest.fixture(scope="module")
def file(cleared: Clearance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_page(cleared), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as driven:
        yield driven


def drawn(window: Browser) -> dict[str, tuple[str, str]]:
    """Colour and text of each node, by the first line of its text."""
    nodes = window.run(f"{BUSES}.map(one => [one.getAttribute('fill'), one.dataset.text])")
    return {text.split("</b>")[0].removeprefix("<b>"): (colour, text) for colour, text in nodes}


def branch_texts(window: Browser) -> list[str]:
    return list(window.run(f"{BRANCHES}.map(one => one.dataset.text)"))


def colour_of(value: float, scale: ColourScale) -> str:
    share = (value - scale.low) / (scale.high - scale.low)
    return css(scale.colours[min(len(scale.colours) - 1, max(0, int(share * len(scale.colours))))])


def expected_colours(cleared: Clearance, view: str, period: int) -> dict[str, str]:
    """The colour of each bus, from the table of results."""
    scale = scales(cleared)[1]
    rows = [readings(cleared, "bus", "voltage_pu", phase).iloc[period].round(4) for phase in "abc"]
    found = {}
    for bus in cleared.network.bus_ids.tolist():
        values = [float(row[bus]) for row in rows]
        worst = max(values, key=lambda value: abs(value - sum(BAND_PU) / 2.0))
        found[f"bus {bus}"] = colour_of(worst if view == "worst" else values["abc".index(view)], scale)
    return found


def check_colours(window: Browser, cleared: Clearance, view: str) -> None:
    period = int(window.run("document.getElementById('period').value"))
    assert window.run(CHOSEN) == view
    colours = {name: colour for name, (colour, _) in drawn(window).items()}
    assert colours == expected_colours(cleared, view, period)


def test_each_choice_colours_the_drawing_by_its_phase(
    window: Browser, cleared: Clearance, file: Path
) -> None:
    window.open(file)
    check_colours(window, cleared, "worst")
    seen = set()
    for view in ("a", "b", "c", "worst"):
        window.click(f"input[value={view}]")
        check_colours(window, cleared, view)
        seen.add(tuple(colour for colour, _ in drawn(window).values()))
    assert len(seen) >= 3
    assert window.addresses() == [file.resolve().as_uri()]
    assert window.complaints() == []


def test_the_switch_works_by_keys_and_shows_its_state(
    window: Browser, cleared: Clearance, file: Path
) -> None:
    window.open(file)
    window.run(FOCUS)
    for view in ("a", "b", "c", "worst"):
        window.press("ArrowRight")
        check_colours(window, cleared, view)
        weights = window.run(
            "[...document.querySelectorAll('.switch label')].map(one => [one.querySelector('input').value,"
            "getComputedStyle(one).fontWeight, getComputedStyle(one).outlineStyle])"
        )
        bold = [(value, outline) for value, weight, outline in weights if int(weight) >= 600]
        assert bold == [(view, "solid")]
    window.press("ArrowLeft")
    check_colours(window, cleared, "c")


def test_the_choice_stays_when_the_period_changes(window: Browser, cleared: Clearance, file: Path) -> None:
    window.open(file)
    window.click("input[value=b]")
    for button in ("#later", "#earlier", "#later"):
        window.click(button)
        check_colours(window, cleared, "b")
    assert window.run("document.getElementById('period').value") == "1"


def test_touching_a_bus_or_a_branch_gives_every_phase(
    window: Browser, cleared: Clearance, file: Path
) -> None:
    window.open(file)
    period = int(window.run("document.getElementById('period').value"))
    voltages = [readings(cleared, "bus", "voltage_pu", phase).iloc[period] for phase in "abc"]
    unbalance = readings(cleared, "bus", "unbalance_percent", "").iloc[period]
    texts = drawn(window)
    for bus in cleared.network.bus_ids.tolist():
        text = texts[f"bus {bus}"][1]
        for phase, row in zip("abc", voltages, strict=True):
            assert f"phase {phase}: {row[bus]:.4f} pu" in text
        assert ("unbalance: " in text) == (bus in unbalance.index)
        if bus in unbalance.index:
            said = float(text.split("unbalance: ")[1].split(" %")[0])
            assert said == pytest.approx(unbalance[bus], abs=5.1e-4)
        assert text.count("<b>phase ") >= 1
    branches = {text.split("</b>")[0].removeprefix("<b>"): text for text in branch_texts(window)}
    neutral = readings(cleared, "line", "loading_percent", "n").iloc[period]
    for line, percent in neutral.items():
        text = branches[f"line {line}"]
        assert float(text.split("neutral: ")[1].split(" %")[0]) == pytest.approx(percent, abs=5.1e-3)
        assert all(f"phase {phase}: " in text for phase in "abc")
    assert "neutral" not in branches["transformer 0"]


def test_the_page_fits_a_phone_with_buttons_for_fingers(window: Browser, file: Path) -> None:
    window.open(file, width=PHONE)
    assert window.run("document.documentElement.scrollWidth") <= PHONE
    heights = window.run(
        "[...document.querySelectorAll('.switch label')].map(one => one.getBoundingClientRect().height)"
    )
    assert len(heights) == 4 and min(heights) >= TOUCH_PX
    pictures = window.run(
        "[...document.querySelectorAll('.picture')].filter(one => one.querySelector('svg'))"
        ".map(one => one.id)"
    )
    assert {"voltage-a", "voltage-b", "voltage-c", "loading", "neutral", "unbalance"} <= set(pictures)


def test_a_balanced_page_draws_without_the_part_of_phases(window: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(report_page(gridpact.clear(cigre_day())), encoding="utf-8")
    window.open(path)
    assert window.run(f"{BUSES}.length") > 3 and window.run(f"{BRANCHES}.length") > 3
    assert window.complaints() == []
    assert window.addresses() == [path.resolve().as_uri()]
