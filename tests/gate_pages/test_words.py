"""The words of pages: every language has all of them, and pages use no other."""

import re
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

pytest.importorskip("jinja2")

from gridpact.clearing.problem.solution import LimitedBy
from gridpact.gate.pages import chosen_language
from gridpact.gate.pages.chosen_language import LANGUAGES, PageWords, wanted_language
from gridpact.gate.pages.page_shell import told
from gridpact.gate.pages.result_sentences import cut_reason
from gridpact.gate.words.refused import TITLES, FieldProblem, invalid

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


def test_every_kind_of_an_entry_of_the_log_is_said() -> None:
    texts = [
        path.read_text()
        for path in PAGES.parent.rglob("*.py")
        if "pages" not in path.relative_to(PAGES.parent).parts
    ]
    kinds = {kind for text in texts for kind in re.findall(r'kind="([a-z-]+)"', text)}
    assert len(kinds) > 20
    for kind in kinds:
        assert f"kind_{kind.replace('-', '_')}" in LANGUAGES["en"], kind


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


def test_what_was_handed_in_is_written_by_the_language_too() -> None:
    german = PageWords("de")
    assert "2,5" in german("order_sell", kw=Decimal("2.5")) and german.number(Decimal("1234.5")) == "1.234,5"
    begin, end = "2030-06-21T20:00:00+00:00", "2030-06-21T21:30:00+00:00"
    assert german.window(begin, end, "UTC") == "21.06.2030, 20:00 – 21:30"
    assert german.window(begin, end, "Europe/Athens") == "21.06.2030, 23:00 – 22.06.2030, 00:30"
    assert german.resolution("15min") == "15 Min."


def test_a_share_is_written_with_its_first_digits_however_small_it_is() -> None:
    said = [PageWords("de").significant(value) for value in (0.00041234, -0.41234, 4.5349, 1234.5, 0.0)]
    assert said == ["0,000412", "-0,412", "4,53", "1.234", "0"]


def test_only_limits_of_the_network_have_a_place_in_it() -> None:
    words, span = PageWords("en"), {"begin": "10:00", "end": "12:00"}
    assert "It is cable 7 of the network." in re.sub("<[^>]+>", "", cut_reason(words, "line", 7, **span))
    assert "bus" in cut_reason(words, "voltage_max", 3, **span)
    assert "h1" not in cut_reason(words, "seller_surplus", "h1", **span)


@pytest.mark.parametrize(
    ("what", "remedy", "said"),
    [
        ("is not a number", "write it without quotes, as in 1.5", "in Ziffern, wie 1,5"),
        ("is more than the connection carries", "write at most 1234.5", "schreiben Sie höchstens 1.234,5"),
        ("is outside the prices of the market", "write -1 to 10", "schreiben Sie -1 bis 10"),
    ],
)
def test_what_a_check_says_is_said_in_german_with_its_numbers(what: str, remedy: str, said: str) -> None:
    refused = invalid([FieldProblem(pointer="/power_kw", value="x", what=what, remedy=remedy)])
    (problem,) = told(PageWords("de"), refused)["problems"]
    assert said in problem["remedy"] and "lang" not in problem["what"] + problem["remedy"]


def test_the_same_problem_of_many_periods_is_said_once_at_its_field() -> None:
    places = [f"/load_kw/{period}" for period in range(96)]
    problems = [FieldProblem(pointer=place, value="-1", what="is negative", remedy="x") for place in places]
    (problem,) = told(PageWords("en"), invalid(problems))["problems"]
    assert problem["field"] == "Use, kW"
