"""Commitments read from an earlier result, and periods that are closed."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import gridpact
from gridpact.case import Case, read_case, read_commitments, with_commitments, write_case
from gridpact.errors import InvalidCase, InvalidUsage
from tests.example import write_example

HEADER = "trade,time,seller,buyer,proposed_kw,cleared_kw,price_per_kwh,limited_by,element\n"
ROWS = (
    "old,2024-06-21T00:00+02:00,h1,h2,1.5,1.25,0.2,,\n"
    "old,2024-06-21T00:15+02:00,h1,h2,1.5,1.25,0.2,,\n"
    "old,2024-06-21T00:30+02:00,h1,h2,1.5,0.75,0.2,line,3\n"
    "none,2024-06-21T00:00+02:00,h1,h3,1,0,0.1,line,3\n"
    "two,2024-06-21T00:45+02:00,h2,h3,2,2,-0.05,,\n"
)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return read_case(write_example(tmp_path / "case"))


def earlier(folder: Path, rows: str = ROWS, resolution: str = "15min", status: str = "cleared") -> Path:
    folder.mkdir()
    (folder / "cleared.csv").write_text(HEADER + rows)
    (folder / "summary.json").write_text(json.dumps({"resolution": resolution, "status": status}))
    return folder


def entries(case: Case, folder: Path) -> list[tuple[str, int, int, float]]:
    trades = read_commitments(folder, case)
    columns = (trades.ids, trades.start.tolist(), trades.end.tolist(), trades.power_kw.tolist())
    return list(zip(*columns, strict=True))


def problems(case: Case, folder: Path) -> list[str]:
    with pytest.raises(InvalidCase) as refusal:
        with_commitments(case, folder)
    return [str(problem) for problem in refusal.value.problems]


def test_a_commitment_is_there_once_for_each_run_of_equal_power(case: Case, tmp_path: Path) -> None:
    folder = earlier(tmp_path / "r")
    assert entries(case, folder) == [("old", 0, 2, 1.25), ("old", 2, 3, 0.75), ("two", 3, 4, 2.0)]
    trades = with_commitments(case, folder).commitments
    assert trades.seller.tolist() == [0, 0, 1] and trades.buyer.tolist() == [1, 1, 2]
    assert trades.price_per_kwh.tolist() == [0.2, 0.2, -0.05]
    assert not trades.submitted.any() and not trades.terms.given.any()


def test_periods_apart_are_runs_of_their_own_and_rows_may_come_in_any_order(
    case: Case, tmp_path: Path
) -> None:
    rows = ROWS.splitlines(keepends=True)
    folder = earlier(tmp_path / "r", rows[4] + rows[2].replace("0.75", "1.25") + rows[0])
    assert entries(case, folder) == [("two", 3, 4, 2.0), ("old", 0, 1, 1.25), ("old", 2, 3, 1.25)]


def test_what_lies_outside_the_horizon_is_no_part_of_it(case: Case, tmp_path: Path) -> None:
    outside = (
        "gone,2024-06-20T23:45+02:00,left,h2,1,1,0.2,,\n"
        "gone,2024-06-21T01:00+02:00,h1,h1,1,1,0.2,,\n"
        "gone,2024-06-23T01:07+02:00,h1,h2,1,1,0.2,,\n"
    )
    assert entries(case, earlier(tmp_path / "r", outside)) == []


def test_the_hours_of_an_earlier_result_are_spread_over_finer_periods(case: Case, tmp_path: Path) -> None:
    rows = (
        "old,2024-06-20T23:30+02:00,h1,h2,3,3,0.2,,\n"  # half of it is before the horizon
        "old,2024-06-21T00:30+02:00,h1,h2,3,1,0.2,,\n"  # and half of this after it
    )
    folder = earlier(tmp_path / "r", rows, resolution="1h")
    assert entries(case, folder) == [("old", 0, 2, 3.0), ("old", 2, 4, 1.0)]


def test_finer_results_are_refused_with_the_resolution_to_write(case: Case, tmp_path: Path) -> None:
    [problem] = problems(case, earlier(tmp_path / "r", resolution="5min"))
    assert problem.startswith("summary.json: resolution '5min' is finer than the 15min of the case")
    assert 'give the case the resolution "5min"' in problem


def test_parquet_is_read_too(case: Case, tmp_path: Path) -> None:
    folder = earlier(tmp_path / "r")
    expected = entries(case, folder)
    table = pyarrow.csv.read_csv(folder / "cleared.csv")
    times = table["time"].cast(pa.timestamp("us", tz="Europe/Berlin"))
    table = table.set_column(1, "time", times)
    pyarrow.parquet.write_table(table, folder / "cleared.parquet")
    (folder / "cleared.csv").unlink()
    assert entries(case, folder) == expected


REFUSALS: list[tuple[str, str, list[str]]] = [
    ("h1,h2,1.5,1.25", "h9,h2,1.5,1.25", ["cleared.csv line 2: seller 'h9' is not in participants.csv"]),
    ("h2,h3,2,2", "h3,h3,2,2", ["cleared.csv line 6: buyer 'h3' is the seller too"]),
    ("2,2,-0.05", "2,-2,-0.05", ["cleared.csv line 6: cleared_kw '-2' is negative"]),
    ("2,2,-0.05", "2,2,", ["cleared.csv line 6: price_per_kwh is missing"]),
    ("2,2,-0.05", "2,much,-0.05", ["cleared.csv line 6: cleared_kw 'much' is not a number"]),
    ("T00:45", "T00:40", ["cleared.csv line 6: time '2024-06-21T00:40+02:00' is not the start of one of"]),
    ("T00:45", "T99:45", ["cleared.csv line 6: time '2024-06-21T99:45+02:00' is not a time"]),
    (
        "old,2024-06-21T00:15",
        "old,2024-06-21T00:00",
        ["cleared.csv line 3: time '2024-06-21T00:00+02:00' and its trade are given more than once"],
    ),
    (
        "h1,h2,1.5,0.75,0.2",
        "h1,h3,1.5,0.75,0.3",
        [
            "cleared.csv line 4: buyer 'h3' is not what its trade has elsewhere (see line 2)",
            "cleared.csv line 4: price_per_kwh '0.3' is not what its trade has elsewhere (see line 2)",
        ],
    ),
    (
        "two,",
        "t2,",
        [
            "cleared.csv line 6: trade 't2' is a trade of the case too "
            "(it is a commitment already; give the new trade another name)"
        ],
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), REFUSALS)
def test_a_wrong_row_is_refused_with_its_line(
    case: Case, tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    assert old in ROWS
    found = problems(case, earlier(tmp_path / "r", ROWS.replace(old, new, 1)))
    assert len(found) == len(said)
    for problem, start in zip(found, said, strict=True):
        assert problem.startswith(start), problem


def test_all_problems_are_found_at_once(case: Case, tmp_path: Path) -> None:
    rows = ROWS.replace("h1,h2,1.5,1.25", "h9,h2,1.5,1.25", 1).replace("T00:45", "T00:40")
    rows = rows.replace("2,2,-0.05", "2,2,x")
    assert len(problems(case, earlier(tmp_path / "r", rows.replace("two,", "t1,")))) == 4


def no_cleared(folder: Path) -> None:
    (folder / "cleared.csv").unlink()


def no_summary(folder: Path) -> None:
    (folder / "summary.json").unlink()


def no_power(folder: Path) -> None:
    (folder / "cleared.csv").write_text((HEADER + ROWS).replace("cleared_kw", "power"))


def summary_of_something_else(folder: Path) -> None:
    (folder / "summary.json").write_text("[1]")


def summary_without_a_resolution(folder: Path) -> None:
    (folder / "summary.json").write_text('{"status": "cleared"}')


def summary_with_a_list_for_a_resolution(folder: Path) -> None:
    (folder / "summary.json").write_text('{"status": "cleared", "resolution": []}')


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (no_cleared, "cleared.csv: is missing from the result folder"),
        (no_summary, "summary.json: is missing from the result folder"),
        (no_power, "cleared.csv line 1: cleared_kw is not among the columns"),
        (summary_of_something_else, "summary.json: is not the summary of a clearing"),
        (summary_without_a_resolution, "summary.json: resolution is not among the keys"),
        (summary_with_a_list_for_a_resolution, "summary.json: resolution '[]' is not a resolution"),
    ],
)
def test_a_damaged_result_is_refused(
    case: Case, tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(earlier(tmp_path / "r"))
    [problem] = problems(case, tmp_path / "r")
    assert problem.startswith(said), problem


def test_a_folder_that_is_not_there_is_refused(case: Case, tmp_path: Path) -> None:
    [problem] = problems(case, tmp_path / "nowhere")
    assert "does not exist (give the folder that holds the tables of an earlier clearing)" in problem


def test_the_digest_covers_the_commitments(case: Case, tmp_path: Path) -> None:
    one, other = earlier(tmp_path / "r"), earlier(tmp_path / "s", ROWS.replace("1.25", "1.24"))
    digests = {with_commitments(case, folder).inputs_sha256 for folder in (one, other)}
    assert len(digests | {case.inputs_sha256}) == 3
    (one / "summary.json").write_text(json.dumps({"resolution": "15min", "status": "cleared", "seconds": 9}))
    assert with_commitments(case, one).inputs_sha256 in digests
    in_memory = replace(case, inputs_sha256="")
    assert with_commitments(in_memory, one).inputs_sha256 == ""


def test_an_unsafe_earlier_result_is_said(case: Case, tmp_path: Path) -> None:
    folder = earlier(tmp_path / "r", status="limits_broken")
    assert "The earlier result has the status 'limits_broken'" in with_commitments(case, folder).warnings[-1]
    assert with_commitments(case, earlier(tmp_path / "s")).warnings == case.warnings


def test_commitments_are_given_once(case: Case, tmp_path: Path) -> None:
    folder = earlier(tmp_path / "r")
    with pytest.raises(InvalidUsage, match="has commitments already"):
        with_commitments(with_commitments(case, folder), folder)
    assert gridpact.with_commitments is with_commitments


def closed(folder: Path, opens: str) -> Path:
    write_example(folder)
    path = folder / "case.toml"
    path.write_text(path.read_text().replace("periods = 4", f"periods = 4\nopen_from = {opens}"))
    return folder


def test_what_starts_in_a_closed_period_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCase) as refusal:
        read_case(closed(tmp_path / "case", '"2024-06-21T00:15"'))
    found = [(problem.file, problem.line, problem.field) for problem in refusal.value.problems]
    assert found == [
        ("trades.csv", 2, "start"),
        ("orders.csv", 2, "start"),
        ("orders.csv", 3, "start"),
    ]
    for problem in refusal.value.problems:
        assert problem.what == "starts in a closed period"
        assert problem.remedy == "the first open period starts at 2024-06-21T00:15+02:00"


@pytest.mark.parametrize(
    ("opens", "said"),
    [
        ('"2024-06-21T00:10"', "is not the start of a period"),
        ('"2024-06-20T23:45"', "is outside the horizon"),
        ('"2024-06-21T01:15"', "is outside the horizon"),
        ('"soon"', "is not a time"),
        ("7", "is not a time"),
    ],
)
def test_a_wrong_opening_is_refused(tmp_path: Path, opens: str, said: str) -> None:
    with pytest.raises(InvalidCase) as refusal:
        read_case(closed(tmp_path / "case", opens))
    [problem] = refusal.value.problems
    assert (problem.file, problem.line, problem.field) == ("case.toml", 9, "horizon.open_from")
    assert problem.what == said


def test_an_opening_reads_back(case: Case, tmp_path: Path) -> None:
    start = np.maximum(case.trades.start, 1)
    open_case = replace(
        case, first_open=1, trades=replace(case.trades, start=start), orders=type(case.orders).none()
    )
    write_case(open_case, tmp_path / "written")
    assert 'open_from = "2024-06-21T00:15+02:00"' in (tmp_path / "written" / "case.toml").read_text()
    assert read_case(tmp_path / "written").first_open == 1


def test_a_case_may_be_closed_altogether(case: Case, tmp_path: Path) -> None:
    done = replace(case, first_open=4, trades=type(case.trades).none(), orders=type(case.orders).none())
    write_case(done, tmp_path / "written")
    assert read_case(tmp_path / "written").first_open == 4
