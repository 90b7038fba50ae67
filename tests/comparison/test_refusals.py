"""Results that cannot be compared are refused with everything that is wrong, and nothing is written."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import gridpact
from gridpact.case import TableFormat
from gridpact.published import cigre_extreme
from tests.comparison.made import exporting, two_rules, written
from tests.unit.test_cli import run


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return two_rules(tmp_path_factory.mktemp("results"))


def edited(file: str, old: str, new: str) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        path = folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return inflict


def without_line(file: str, line: int) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        lines = (folder / file).read_text().splitlines(keepends=True)
        del lines[line - 1]
        (folder / file).write_text("".join(lines))

    return inflict


def with_line_twice(file: str, line: int) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        lines = (folder / file).read_text().splitlines(keepends=True)
        (folder / file).write_text("".join([*lines, lines[line - 1]]))

    return inflict


def without(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def without_column(file: str, name: str) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        pd.read_csv(folder / file).drop(columns=name).to_csv(folder / file, index=False)

    return inflict


def with_summary(**changes: object) -> Callable[[Path], None]:
    def inflict(folder: Path) -> None:
        path = folder / "summary.json"
        summary = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({key: value for key, value in summary.items() if value is not ...}))

    return inflict


WRITTEN = "give the table as it was written, or clear the case again"
DAMAGES = {
    "no summary": (without("summary.json"), "summary.json: is missing from the result folder"),
    "summary is no JSON": (edited("summary.json", "{", "["), "summary.json: is not the summary"),
    "no start": (with_summary(start=...), "summary.json: start is not among the keys"),
    "start is none": (with_summary(start="noon"), "summary.json: start 'noon' is not a time"),
    "periods are none": (with_summary(periods=0), "summary.json: periods '0' is out of range"),
    "resolution is none": (
        with_summary(resolution="2h"),
        "summary.json: resolution '2h' is not a resolution",
    ),
    "no status": (with_summary(status=...), "summary.json: status is not among the keys"),
    "status is a number": (with_summary(status=3), "summary.json: status '3' is not text"),
    "violations are a number": (
        with_summary(remaining_violations=2),
        "summary.json: remaining_violations '2' is not a list",
    ),
    "no cleared": (without("cleared.csv"), "cleared.csv: is missing from the result folder"),
    "no schedule": (without("schedule.csv"), "schedule.csv: is missing from the result folder"),
    "no network": (without("network.csv"), "network.csv: is missing from the result folder"),
    "no exchange": (without("exchange.csv"), "exchange.csv: is missing from the result folder"),
    "a trade is gone": (without_line("cleared.csv", 2), "cleared.csv: adds up to"),
    "a trade is there twice": (
        with_line_twice("cleared.csv", 2),
        "cleared.csv line 8: time '2024-06-21T11:00+01:00' and its trade are given more than once",
    ),
    "who buys is unknown": (
        edited("cleared.csv", "flexible-12", "flexible-99"),
        "buyer 'flexible-99' is not in schedule.csv (did you mean 'flexible-",
    ),
    "a power is a word": (edited("cleared.csv", "121.5", "much"), "proposed_kw 'much' is not a number"),
    "nothing proposed": (
        without_column("cleared.csv", "proposed_kw"),
        "cleared.csv line 1: proposed_kw is not among the columns",
    ),
    "a period is unknown": (
        edited("cleared.csv", "2024-06-21T11:00", "2024-06-21T12:00"),
        "time '2024-06-21T12:00+01:00' is outside the horizon",
    ),
    "nobody is scheduled": (lambda folder: _head_alone(folder / "schedule.csv"), "schedule.csv: has no rows"),
    "somebody is scheduled twice": (
        with_line_twice("schedule.csv", 3),
        "schedule.csv line 20: time '2024-06-21T11:00+01:00' and its participant are given more than once",
    ),
    "no curtailment": (
        without_column("schedule.csv", "curtailed_kw"),
        "schedule.csv line 1: curtailed_kw is not among the columns",
    ),
    "no periods": (lambda folder: _head_alone(folder / "exchange.csv"), "exchange.csv: has no row for"),
    "a period twice": (with_line_twice("exchange.csv", 2), "is given more than once"),
    "no losses": (
        without_column("exchange.csv", "losses_kw"),
        "exchange.csv line 1: losses_kw is not among the columns",
    ),
    "no state": (lambda folder: _head_alone(folder / "network.csv"), "network.csv: has no rows"),
    "a place twice": (with_line_twice("network.csv", 5), "and its place are given more than once"),
    "a place of another kind": (edited("network.csv", ",bus,", ",node,"), "kind 'node' is not a choice"),
    "no values": (
        without_column("network.csv", "cleared"),
        "network.csv line 1: cleared is not among the columns",
    ),
    "two tables": (
        lambda folder: shutil.copy(folder / "exchange.csv", folder / "exchange.parquet"),
        "exchange.csv: stands beside exchange.parquet",
    ),
}


def _head_alone(path: Path) -> None:
    path.write_text(path.read_text().partition("\n")[0] + "\n")


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_result_is_refused(
    name: str, side: int, results: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inflict, words = DAMAGES[name]
    folders = list(results)
    folders[side] = shutil.copytree(results[side], tmp_path / "damaged")
    inflict(folders[side])
    code, out, err = run("compare", *folders, "--out", tmp_path / "c", "--quiet", capsys=capsys)
    assert (code, out) == (2, "")
    assert f"{folders[side]}/{words.split(':')[0]}" in err or words in err
    assert words.partition(": ")[2] in err and words.partition(": ")[0] in err
    assert "Traceback" not in err
    assert not (tmp_path / "c").exists()


def test_missing_rows_of_a_schedule_and_of_a_network_are_named(tmp_path: Path) -> None:
    first, second = written(exporting(), tmp_path / "one"), written(exporting(), tmp_path / "two")
    without_line("schedule.csv", 4)(second)
    lines = (second / "network.csv").read_text().splitlines(keepends=True)
    (second / "network.csv").write_text("".join(lines[:-1]))
    with pytest.raises(gridpact.InvalidCase) as error:
        gridpact.compare(first, second)
    said = [str(problem) for problem in error.value.problems]
    assert [text.partition(": ")[2].partition(" (")[0] for text in said] == [
        "has no row for 2024-06-21T00:15+00:00 of transformer 2",
        "has no row for 2024-06-21T00:00+00:00 of 'p2'",
    ]
    assert all(WRITTEN in text for text in said)


def test_everything_that_is_wrong_with_both_is_said_at_once(
    results: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = shutil.copytree(results[0], tmp_path / "one")
    second = written(exporting(), tmp_path / "two")
    edited("cleared.csv", "121.5", "much")(first)
    without("exchange.csv")(second)
    code, out, _ = run("compare", first, second, "--json", "--quiet", capsys=capsys)
    assert code == 2
    told = json.loads(out)
    places = [(Path(each["file"]), each["field"]) for each in told["problems"]]
    assert {(path.parent.name, path.name, field) for path, field in places} == {
        ("one", "cleared.csv", "proposed_kw"),
        ("two", "exchange.csv", ""),
        ("two", "summary.json", "start"),
        ("two", "summary.json", "resolution"),
        ("two", "summary.json", "periods"),
        ("one", "schedule.csv", "participant"),
        ("two", "schedule.csv", "participant"),
    }
    assert told["total"] == 5 + 18 + 3


def test_other_periods_and_participants_are_refused(tmp_path: Path) -> None:
    case = exporting()
    case = replace(case, participants=replace(case.participants, ids=("p0", "p1", "house-2")))
    renamed = replace(case, participants=replace(case.participants, ids=("p0", "p1", "house-3")))
    first = written(case, tmp_path / "one")
    with pytest.raises(gridpact.InvalidCase) as error:
        gridpact.compare(first, written(renamed, tmp_path / "two"))
    assert [str(each).partition(": ")[2] for each in error.value.problems] == [
        f"participant 'house-2' is not in {tmp_path}/two/schedule.csv (did you mean 'house-3'?)",
        f"participant 'house-3' is not in {tmp_path}/one/schedule.csv (did you mean 'house-2'?)",
    ]
    later = replace(case, horizon=replace(case.horizon, start="2024-06-22T00:00"))
    with pytest.raises(gridpact.InvalidCase) as error:
        gridpact.compare(first, written(later, tmp_path / "three"))
    [problem] = error.value.problems
    assert (problem.field, problem.value) == ("start", "2024-06-22T00:00+00:00")
    with pytest.raises(gridpact.InvalidUsage, match="other periods or participants"):
        gridpact.compare(gridpact.clear(case), gridpact.clear(later))
    with pytest.raises(gridpact.InvalidUsage, match="other periods or participants"):
        gridpact.compare(first, gridpact.clear(renamed))


def test_the_same_start_in_another_timezone_is_the_same(tmp_path: Path) -> None:
    case = exporting()
    there = replace(case, horizon=replace(case.horizon, start="2024-06-21T02:00", timezone="Europe/Berlin"))
    found = gridpact.compare(written(case, tmp_path / "one"), written(there, tmp_path / "two"))
    assert found.summary["trade_as_much"] == 3


@pytest.mark.parametrize("missing", ["nothing", "a file"])
def test_what_is_no_result_is_refused(missing: str, results: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    if missing == "a file":
        other.write_text("")
    with pytest.raises(gridpact.InvalidCase) as error:
        gridpact.compare(results[0], other)
    assert str(other) in str(error.value)
    assert "not checked yet: whether both are of the same periods" in str(error.value)


def test_the_results_are_not_replaced(results: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in results[0].iterdir()}
    for out, words in ((results[0], "is the first result"), (results[0].parent, "holds the first result")):
        code, _, err = run("compare", *results, "--out", out, capsys=capsys)
        assert code == 2 and words in err
    assert {path.name: path.read_bytes() for path in results[0].iterdir()} == before


def test_another_kind_of_result_is_not_replaced(
    results: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = written(cigre_extreme(), tmp_path / "held", TableFormat.CSV)
    code, _, err = run("compare", *results, "--out", held, capsys=capsys)
    assert code == 2 and "holds a clearance, not a comparison" in err
