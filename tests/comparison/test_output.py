"""A comparison as files, on the command line and as a page."""

import json
from pathlib import Path

import pandas as pd
import pytest

import gridpact
from gridpact.case import TableFormat
from gridpact.comparison.comparison_table import COMPARISON
from gridpact.comparison.comparison_words import outcome
from gridpact.report.comparison.comparison_page import comparison_page
from tests.comparison.made import exporting, two_models, two_rules, written
from tests.pages.browser import CHROMIUM, NO_BROWSER, browser
from tests.unit.test_cli import run


def test_the_command_says_who_gains_and_who_loses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = two_rules(tmp_path)
    code, out, _ = run("compare", first, second, "--out", tmp_path / "c", capsys=capsys)
    assert code == 0
    assert out.startswith("CIGRE LV, extreme hour: fair clears 7.527 kWh less than volume; 2 participants")
    assert "  first     volume: cleared, ac, max-volume, balanced\n" in out
    assert "  cleared                713.488  705.960      −7.527\n" in out
    assert "  highest voltage, pu             1.0756  1.0720     −0.0036\n" in out
    assert "  gains     pv-36: +3.830 kWh (sold +3.830, bought 0; cut 11.510 then 7.680)\n" in out
    assert "  loses     pv-42: −7.680 kWh (sold −7.680, bought 0; cut 0.000 then 7.680)\n" in out
    assert out.endswith(f"  page      {tmp_path / 'c' / 'comparison.html'}\n")
    names = {path.name for path in (tmp_path / "c").iterdir()}
    assert names == {"comparison.csv", "comparison.json", "comparison.html"}
    assert tuple(pd.read_csv(tmp_path / "c" / "comparison.csv").columns) == COMPARISON


def test_without_a_folder_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = two_rules(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    code, out, err = run("compare", *results, "--json", "--quiet", capsys=capsys)
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(json.dumps(gridpact.compare(*results).summary))
    assert sorted(tmp_path.rglob("*")) == before


def test_the_same_input_gives_the_same_bytes_and_an_earlier_one_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = two_rules(tmp_path)
    for name in ("one", "two", "two"):
        assert run("compare", *results, "--out", tmp_path / name, capsys=capsys)[0] == 0
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    assert json.loads((tmp_path / "one" / "comparison.json").read_text()) == json.loads(
        json.dumps(gridpact.compare(*results).summary)
    )


def test_parquet_where_a_result_is(tmp_path: Path) -> None:
    csv, parquet = two_rules(tmp_path / "csv"), two_rules(tmp_path / "parquet", TableFormat.PARQUET)
    folder = gridpact.write_comparison(gridpact.compare(csv[0], parquet[1]), tmp_path / "c")
    assert {path.name for path in folder.iterdir()} == {"comparison.parquet", "comparison.json"}
    assert tuple(pd.read_parquet(folder / "comparison.parquet").columns) == COMPARISON


def test_folders_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    first = written(exporting(), tmp_path / "a" / "out")
    second = written(exporting(1.0), tmp_path / "b" / "out")
    found = gridpact.compare(first, second)
    assert [found.summary[side]["result"] for side in ("first", "second")] == [str(first), str(second)]


def test_who_feeds_in_more_is_said(tmp_path: Path) -> None:
    first, second = written(exporting(), tmp_path / "more"), written(exporting(1.0), tmp_path / "less")
    assert "  feeds in  p0: +1.500 kWh (curtailed 0.000 then 0.000)" in outcome(
        gridpact.compare(first, second)
    )


@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("kind", ["two rules", "two models", "feed-in", "alike"])
def test_the_page_draws_itself_and_fits(kind: str, width: int, tmp_path: Path) -> None:
    if kind == "two rules":
        results = two_rules(tmp_path)
    elif kind == "two models":
        balanced, three = two_models(tmp_path / "network")
        results = written(balanced, tmp_path / "balanced"), written(three, tmp_path / "three")
    else:
        other = 1.0 if kind == "feed-in" else 4.0
        results = written(exporting(), tmp_path / "one"), written(exporting(other), tmp_path / "two")
    found = gridpact.compare(*results)
    page = tmp_path / "page.html"
    page.write_text(comparison_page(found), encoding="utf-8")
    with browser() as seen:
        seen.open(page, width=width)
        drawn = seen.run("document.querySelectorAll('.picture svg').length")
        wide = seen.run("document.documentElement.scrollWidth")
        text = seen.run("document.body.innerText")
        complaints = seen.complaints()
        empty = seen.run("[...document.querySelectorAll('.picture')].filter(e => !e.children.length).length")
    assert drawn >= 2 and wide <= width
    limits = len(found.summary["limits"])
    assert limits == (6 if kind == "two models" else 4)
    assert empty == 0 and complaints == []
    assert ("Everybody trades as much in both." in text) == (kind == "alike")
    assert ("Who feeds in more and who less" in text) == (kind == "feed-in")
    assert ("the neutral of line" in text) == (kind == "two models")
