"""The pictures of pages: scales and times as the language and the market have them, bars with room."""

import re

import pytest

pytest.importorskip("jinja2")

from gridpact.gate.pages.chosen_language import PageWords
from gridpact.gate.pages.session_pictures import (
    envelope_picture,
    minutes_picture,
    sessions_picture,
    trades_picture,
)

ROWS = [
    {"time": f"2030-06-21T{hour:02}:00:00+02:00", "export_max_kw": 0.75, "import_max_kw": 0.5}
    for hour in range(4)
]
SESSION = {
    "session": "monday",
    "state": "open",
    "gate_opens": "2030-06-20T10:00:00Z",
    "gate_closes": "2030-06-20T11:30:00Z",
}


def _boxes(picture: str, kind: str) -> list[tuple[float, float]]:
    """Left edge and width of the bars of a kind, without the box of the key."""
    found = re.findall(rf'<rect class="{kind}" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', picture)
    return [(float(x), float(width)) for x, width in found]


@pytest.mark.parametrize(("code", "tick", "other"), [("de", ">0,5<", ">0.5<"), ("en", ">0.5<", ">0,5<")])
def test_a_scale_has_the_decimal_mark_of_the_language(code: str, tick: str, other: str) -> None:
    picture = str(envelope_picture(PageWords(code), ROWS, "Europe/Berlin"))
    assert tick in picture and other not in picture


def test_bars_that_go_apart_stand_over_each_other_and_others_beside_each_other() -> None:
    apart = str(envelope_picture(PageWords("en"), ROWS, "UTC"))
    assert _boxes(apart, "sold") == _boxes(apart, "bought")
    trades = [{"time": row["time"], "role": "seller", "proposed_kw": 2.0, "cleared_kw": 1.0} for row in ROWS]
    beside = str(trades_picture(PageWords("en"), trades, [row["time"] for row in trades], "UTC"))
    (asked, width), (firm, _) = _boxes(beside, "asked")[0], _boxes(beside, "firm")[0]
    assert firm >= asked + width - 0.2


@pytest.mark.parametrize(
    ("code", "zone", "begin"),
    [("de", "Europe/Berlin", "20.06.2030, 12:00"), ("en", "UTC", "20 Jun 2030, 10:00")],
)
def test_a_time_line_has_the_clocks_of_the_market_and_the_dates_of_the_language(
    code: str, zone: str, begin: str
) -> None:
    picture = str(sessions_picture(PageWords(code), [SESSION], "2030-06-20T11:00:00Z", zone))
    assert f">{begin}<" in picture


def test_a_scale_of_counts_has_whole_numbers_alone() -> None:
    for most in (1, 2, 9, 10):
        picture = str(minutes_picture(PageWords("en"), [(0, 0), (60_000_000, most)]))
        ticks = re.findall(r'text-anchor="end">([\d.,]+)<', picture)
        assert len(ticks) > 1 and all(tick.isdigit() for tick in ticks)
