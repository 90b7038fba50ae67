"""The words of pages: every language has all of them, and pages use no other."""

import re
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

pytest.importorskip("jinja2")

from gridpact.clearing.problem.solution import LimitedBy
from gridpact.gate.pages import chosen_language
from gridpact.gate.pages.chosen_language import LANGUAGES, PageWords, wanted_language
from gridpact.gate.words.refused import TITLES

PAGES = Path(str(files("gridpact.gate.pages")))
BY_CODE = ("language_name", "decimal_point", "digit_group", "day", "day_and_time", "day_and_second", "unit_")


def _used() -> tuple[set[str], set[str]]:
    """Keys that pages use, and the beginnings of those that they put together."""
    texts = [path.read_text() for path in (*PAGES.rglob("*.html"), *PAGES.rglob("*.py"))]
    text = "\n".join(texts)
    whole = set(re.findall(r"""\b(?:t|words|words\.plain|t\.plain)\(\s*"(\w+)"(?!\s*~)""", text))
    whole |= {
        key for pair in re.findall(r"""\bt\(\s*"(\w+)"\s+if [^)]*? else "(\w+)\"""", text) for key in pair
    }
    whole |= set(re.findall(r'"(nav_\w+)"', text))
    begun = set(re.findall(r"""\(\s*"(\w+_)"\s*[~+]""", text)) | set(re.findall(r"""f"(\w+_)\{""", text))
    return whole - begun, begun


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_has_every_key_and_the_same_names_in_braces(code: str) -> None:
    english, other = LANGUAGES["en"], LANGUAGES[code]
    assert other.keys() == english.keys()
    for key, said in other.items():
        names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (said, english[key])]
        assert names[0] == names[1], key
        assert said.strip() and "<" not in said, key


def test_pages_use_no_other_key_and_none_is_left_over() -> None:
    whole, begun = _used()
    assert len(whole) > 200 and not whole - LANGUAGES["en"].keys()
    left = {
        key for key in LANGUAGES["en"] if key not in whole and not key.startswith((*begun, *BY_CODE, "said_"))
    }
    assert not left


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_reason_of_a_cut_is_said(code: str) -> None:
    for reason in LimitedBy:
        if reason.label:
            assert f"cut_{reason.label}" in LANGUAGES[code] and f"cut_short_{reason.label}" in LANGUAGES[code]


def test_most_refusals_are_said_in_words_of_people() -> None:
    of_programs = {
        "no-key", "method", "media-type", "not-acceptable", "changed-meanwhile", "needs-if-match", "not-ready"
    }  # fmt: skip
    for name in TITLES.keys() - of_programs:
        assert f"refused_{name.replace('-', '_')}" in LANGUAGES["en"], name


def test_the_way_to_add_a_language_is_written_down() -> None:
    assert "To add a language" in (chosen_language.__doc__ or "")


@pytest.mark.parametrize(
    ("cookie", "accepted", "wanted"),
    [
        (None, "", "en"),
        (None, "de", "de"),
        (None, "de-CH,en;q=0.9", "de"),
        (None, "en;q=0.5,de;q=0.7", "de"),
        (None, "de;q=0,en;q=0.1", "en"),
        (None, "fr;q=x,*", "en"),
        ("de", "en", "de"),
        ("xx", "de", "de"),
    ],
)
def test_a_language_is_chosen(cookie: str | None, accepted: str, wanted: str) -> None:
    assert wanted_language(cookie, accepted) == wanted


def test_values_are_escaped_isolated_and_written_by_the_language() -> None:
    german = PageWords("de")
    assert german.number(1234.5) == "1.234,5" and german.number(-0.00001) == "0"
    put = str(german("trade_sell", kw=2.5, other="<script>\u202eevil"))
    assert "<script>" not in put and "2,5" in put and "<bdi>&lt;script&gt;" in put
    assert str(german("order_named", name="{{7*7}}{time}", time="x")).count("{time}") == 1
    assert "\u202e" not in german.plain("receipt_heading", name="a\u202eb")
    assert german.span(90_061) == "1 T 1 Std." and german.span(0) == "0 Sek."
