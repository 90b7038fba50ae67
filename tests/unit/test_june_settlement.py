"""The June day of the SimBench feeder, settled both ways: its page says what comes out."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridpact.report.settlement.settlement_page import settlement_page
from gridpact.settlement.settled_case import SettledCase
from gridpact.settlement.settlement_outcome import outcome
from gridpact.settlement.statements.statements import make_statements
from tests.unit.test_cli import run

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDER = EXAMPLES / "simbench-rural-june"


@pytest.fixture(scope="module")
def june() -> Iterator[object]:
    """The module that writes the example."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        import june_settlement

        yield june_settlement
    finally:
        sys.path.remove(str(EXAMPLES))


@pytest.fixture(scope="module")
def both(june) -> tuple[SettledCase, SettledCase]:
    return june.settle_both_ways(FOLDER)


def test_the_page_of_the_example_says_what_comes_out(june, both) -> None:
    assert (FOLDER / "README.md").read_text() == june.readme(*both)


def test_the_readings_and_tariffs_are_those_that_the_code_makes(june, tmp_path: Path) -> None:
    for name in ("case.toml", "participants.csv", "profiles.csv", "orders.csv"):
        shutil.copy(FOLDER / name, tmp_path)
    june.write_input(tmp_path)
    for name in ("meters.csv", "tariffs.toml"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_both_ways_hold_every_invariant_and_differ_as_the_page_says(both) -> None:
    for settled in both:
        figures = settled.summary["invariants"]
        assert figures and all(each["figure"] == 0 for each in figures.values())
    sharing, firm = (make_statements(each.settlement).gain_micro for each in both)
    assert (sharing >= 0).all()
    assert (firm < 0).sum() == 14 and sharing.sum() > firm.sum() > 0


def test_the_readme_shows_what_the_command_says(both) -> None:
    said = outcome(both[0]).splitlines()
    shown = (FOLDER.parents[1] / "README.md").read_text().split("--out out/june-settled\n")[1].split("```")[0]
    *lines, ellipsis = shown.splitlines()
    assert lines == said[: len(lines)] and len(said) > len(lines) > 4
    assert ellipsis.strip() == "…"


def test_the_command_gives_the_same_as_python(both, tmp_path: Path, capsys) -> None:
    assert run("clear", FOLDER, "--out", tmp_path / "r", "--no-report", "--quiet", capsys=capsys)[0] == 0
    for settled in both:
        mode = str(settled.settlement.tariffs.mode)
        arguments = (
            "settle",
            FOLDER,
            "--clearance",
            tmp_path / "r",
            "--mode",
            mode,
            "--out",
            tmp_path / mode,
        )
        code, _, err = run(*arguments, "--quiet", capsys=capsys)
        assert code == 0, err
        assert (tmp_path / mode / "report.html").read_text() == settlement_page(settled)
        written = (tmp_path / mode / "statements.csv").read_text().splitlines()
        assert written == settled.statements.to_csv(index=False).splitlines()
