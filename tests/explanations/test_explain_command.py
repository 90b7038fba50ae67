"""`gridpact explain` as a user meets it, and its page."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import gridpact
from gridpact.report.clearance.trades_section import TRADES_SHOWN, trades_section
from tests.explanations.streets import ELM, case_of
from tests.unit.test_cli import run


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gridpact.write_clearance(gridpact.clear(case_of()), tmp_path_factory.mktemp("result") / "r")


def test_it_says_who_loads_the_cable_and_writes_a_page(result: Path, tmp_path: Path, capsys: Any) -> None:
    code, out, _ = run("explain", result, "t1", "--out", tmp_path / "e", "--quiet", capsys=capsys)
    assert code == 0
    assert f"Line 0 ({ELM}) is full, 12:00–14:00." in out and "t12 does not load it" in out
    assert {path.name for path in (tmp_path / "e").iterdir()} == {"explanation.html", "explanation.json"}
    page = (tmp_path / "e" / "explanation.html").read_text()
    assert ELM in page and "<script" not in page
    HTMLParser().feed(page)
    again, _, _ = run("explain", result, "ann", "--out", tmp_path / "e", "--quiet", capsys=capsys)
    assert again == 0 and "Participant ann" in (tmp_path / "e" / "explanation.html").read_text()


def test_programs_get_its_facts(result: Path, capsys: Any) -> None:
    code, out, _ = run("explain", result, "t1", "--json", "--quiet", capsys=capsys)
    assert code == 0 and json.loads(out)["causes"][0]["name"] == ELM


def test_what_is_wrong_is_told_with_remedies(result: Path, tmp_path: Path, capsys: Any) -> None:
    code, _, err = run("explain", result, "t13", "--quiet", capsys=capsys)
    assert code == 2 and "did you mean" in err
    code, out, err = run("explain", tmp_path / "none", "t1", "--json", "--quiet", capsys=capsys)
    assert code == 2 and "does not exist" in err and json.loads(out)["total"] == 1
    code, _, err = run("explain", result, "t1", "--out", result, "--quiet", capsys=capsys)
    assert code == 2 and "is the result" in err
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in result.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "limits.csv").write_text("time,limited_by\nlater,line\n")
    (broken / "schedule.csv").unlink()
    code, _, err = run("explain", broken, "t1", "--quiet", capsys=capsys)
    assert code == 2 and "limits.csv" in err and "schedule.csv: is missing" in err and "Traceback" not in err


def test_the_report_has_one_row_a_trade_with_its_periods_folded() -> None:
    uneven = gridpact.clear(case_of(columns={"power_kw": [30.0, 30.0, 30.0]}))
    section = trades_section(uneven)
    assert section.count('data-column="Seller → buyer"') == 3
    assert section.index(">t1<") < section.index(">t12<") and f"Line 0 ({ELM})" in section
    many = [(f"m{k}", "eve", "fox", 0.01, 0.2) for k in range(TRADES_SHOWN + 50)]
    long = trades_section(gridpact.clear(case_of([("t1", "ann", "cem", 39.0, 0.2), *many])))
    assert long.count('data-column="Seller → buyer"') == TRADES_SHOWN and "51 more are in cleared" in long
    assert len(long) < 200_000


def test_the_page_on_explanations_shows_what_is_said(result: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "explain.md").read_text()
    shown = page.split("explain out/day t1\n")[1].split("```")[0]
    assert shown.strip() == str(gridpact.explain(result, "t1")).strip()
