"""The colours of pages: every text and every mark can be told from what it stands on, in light and dark."""

import re
from importlib.resources import files
from itertools import pairwise

import pytest

from gridpact.report.pictures.colours import LOADING_COLOURS, VOLTAGE_COLOURS
from gridpact.report.svg.palette import VARIABLES, css

TEXTS = ("--ink", "--pale", "--link", "--safe", "--care", "--unsafe", "--red", "--accent")
MARKS = ("--green", "--blue", "--grey", "--orange", "--sand", "--red", "--broken", "--before", "--unrated")
TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0


def schemes() -> dict[str, dict[str, str]]:
    style = files("gridpact.report").joinpath("assets", "style.css").read_text()
    light, dark = (dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", block)) for block in
                   re.findall(r":root \{(.*?)\}", style, re.DOTALL))  # fmt: skip
    return {"light": light, "dark": {**light, **dark}}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_marks_stand_out(scheme: str) -> None:
    colours = schemes()[scheme]
    for paper in ("--paper", "--tint"):
        for name in TEXTS:
            assert contrast(colours[name], colours[paper]) >= TEXT_CONTRAST, (name, paper)
    for name in MARKS:
        assert contrast(colours[name], colours["--paper"]) >= MARK_CONTRAST, name
    for mood in ("--safe", "--care", "--unsafe"):
        assert contrast(colours[mood], colours[f"{mood}-tint"]) >= TEXT_CONTRAST, mood
        assert contrast(colours["--ink"], colours[f"{mood}-tint"]) >= TEXT_CONTRAST, mood


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_steps_of_loading_grow_in_brightness_one_way(scheme: str) -> None:
    colours = schemes()[scheme]
    values = [luminance(colours[f"--loading-{place}"]) for place in range(len(LOADING_COLOURS))]
    signs = {later > earlier for earlier, later in pairwise(values)}
    assert signs == {scheme == "dark"}


def test_the_light_scheme_has_the_colours_of_the_figures() -> None:
    light = schemes()["light"]
    assert {colour: light[name] for colour, name in VARIABLES.items()} == {each: each for each in VARIABLES}
    assert {*VOLTAGE_COLOURS, *LOADING_COLOURS} <= set(VARIABLES)
    assert css("#123456") == "#123456"
