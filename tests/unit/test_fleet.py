"""Fleets: every case cleared on its own, broken ones told, finished ones kept, tables of all."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

import gridpact
from gridpact.case import TableFormat, read_case, write_case
from gridpact.case.trades import Trades
from gridpact.errors import GridpactError, InvalidCase, InvalidUsage
from gridpact.fleet import FleetResult, run_fleet
from gridpact.fleet.find import find_cases
from gridpact.fleet.page.fleet_outcome import cases as cases_in_words
from gridpact.fleet.page.fleet_outcome import energy_cut, pace, reason
from gridpact.fleet.page.fleet_page import fleet_page
from gridpact.fleet.page.fleet_pictures import shares_picture
from gridpact.fleet.page.fleet_progress import FleetProgress, duration
from gridpact.fleet.rows.fleet_summary import summarise
from gridpact.fleet.rows.fleet_tables import (
    ALL_COLUMNS,
    BY_HOUR,
    COLUMNS,
    ENERGIES,
    HOURS,
    LIMIT_CUTS,
    SECONDS,
    failed_row,
)
from gridpact.fleet.rows.row import row_of
from gridpact.fleet.rows.spool import Spool
from gridpact.fleet.rows.tally import Tally
from gridpact.fleet.workers import dask_crew, worker
from gridpact.fleet.workers.digest import inputs_sha256, network_key
from gridpact.fleet.workers.worker import Plan, clear_batch
from gridpact.fleet.workspace.fleet_files import HOURS_FILE, RECORD_FILE, ROWS_FILE
from gridpact.fleet.workspace.locks import locked
from gridpact.fleet.workspace.workspace import Workspace, workspace
from tests.documentation import read_page
from tests.fleets import break_case, case_path, contents, fleet_case, hidden, single_results, write_fleet
from tests.unit.test_cli import run
from tests.unit.test_report import NASTY, Structure, own_part

COUNT = 9
BROKEN = case_path(4)  # in CSV
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A cluster that runs already, so that each fleet need not start one."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as running:
        yield running.scheduler_address


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine cases, one of them broken."""
    folder = tmp_path_factory.mktemp("fleet") / "cases"
    write_fleet(folder, COUNT)
    break_case(folder / BROKEN)
    return folder


@pytest.fixture(scope="module")
def done(cases: Path, scheduler: str) -> FleetResult:
    return run_fleet(cases, cases.parent / "out", scheduler=scheduler)


def good_paths(cases: Path) -> list[str]:
    return [path for path in find_cases(cases, cases.parent / "none") if path != BROKEN]


def copied(done: FleetResult, cases: Path, folder: Path) -> tuple[Path, Path]:
    """Cases and results that a test may change."""
    shutil.copytree(cases, folder / "cases")
    shutil.copytree(done.out, folder / "out")
    return folder / "cases", folder / "out"


def stamps(out: Path) -> dict[str, int]:
    """What tells whether the result of a case is still the same file."""
    return {
        str(record.parent.relative_to(out)): record.stat().st_mtime_ns for record in out.rglob(RECORD_FILE)
    }


def test_each_result_is_what_clearing_the_case_alone_gives(
    done: FleetResult, cases: Path, tmp_path: Path
) -> None:
    paths = good_paths(cases)
    single_results(cases, paths, tmp_path)
    for path in paths:
        assert contents(done.out / path) == contents(tmp_path / path), path
    assert not hidden(done.out)


def test_a_broken_case_is_told_and_the_others_go_on(done: FleetResult, cases: Path) -> None:
    table = done.table.set_index("path")
    assert list(table.index) == sorted(table.index) and len(table) == COUNT
    assert table["status"].value_counts().to_dict() == {"cleared": 6, "baseline_unsafe": 2, "failed": 1}
    for path, status in table["status"].drop(BROKEN).items():
        assert json.loads((done.out / str(path) / "summary.json").read_text())["status"] == status
    broken = table.loc[BROKEN]
    with pytest.raises(InvalidCase) as refused:
        read_case(cases / BROKEN)
    assert (broken["status"], broken["error"]) == ("failed", str(refused.value))
    assert "seller 'nobody' is not in participants.csv" in broken["error"]
    assert not (done.out / BROKEN).exists()
    assert done.failed == done.summary["statuses"]["failed"] == 1
    assert f"{BROKEN}: 1 problem: trades.csv line " in done.words


def test_a_row_says_what_the_result_says(done: FleetResult, cases: Path) -> None:
    assert list(done.table.columns) == list(COLUMNS)
    for path in good_paths(cases):
        row = done.table.set_index("path").loc[path]
        summary = json.loads((done.out / path / "summary.json").read_text())
        for name in ("name", "status", "periods", "trades", "proposed_kwh", "cleared_kwh", "load_kwh"):
            assert row[name] == summary[name], name
        assert row["inputs_sha256"] == summary["inputs_sha256"] == read_case(cases / path).inputs_sha256
        assert row["cleared_share"] == pytest.approx(summary["cleared_kwh"] / summary["proposed_kwh"])
        assert row["baseline_violations"] == len(summary["baseline_violations"])
        assert row["seconds"] == pytest.approx(
            row[[name for name in SECONDS if name != "seconds"]].sum(), abs=1e-5
        )


def test_a_row_says_what_the_network_cuts(done: FleetResult, cases: Path) -> None:
    congested = 0
    for path in good_paths(cases):
        row = done.table.set_index("path").loc[path]
        clearance = gridpact.clear(read_case(cases / path))
        cleared = clearance.cleared.assign(cut_kw=lambda rows: rows["proposed_kw"] - rows["cleared_kw"])
        by_network = cleared[
            cleared["limited_by"].isin(["voltage_max", "voltage_min", "line", "transformer"])
        ]
        hours = clearance.case.horizon.hours_per_period
        assert row["network_cut_kwh"] == pytest.approx(by_network["cut_kw"].sum() * hours, abs=1e-6)
        by_kind = cleared.groupby("limited_by")["cut_kw"].sum() * hours
        for limit, column in LIMIT_CUTS.items():
            assert row[column] == pytest.approx(by_kind.get(limit, 0.0), abs=1e-6)
        caps = by_kind.get("seller_surplus", 0.0) + by_kind.get("buyer_demand", 0.0)
        assert row["caps_cut_kwh"] == pytest.approx(caps, abs=1e-6)
        cut = row["proposed_kwh"] - row["cleared_kwh"]
        assert row["network_cut_kwh"] + row["caps_cut_kwh"] == pytest.approx(cut, abs=1e-5)
        assert row["congested_periods"] == by_network["time"].nunique()
        if not len(by_network):
            assert (row["limited_by"] == "") == (not row["shadow_price"] > 0.0)
            assert row["element_cut_kwh"] == 0.0
            continue
        congested += 1
        cuts = by_network.groupby(["limited_by", "element"])["cut_kw"].sum() * hours
        assert (row["limited_by"], row["element"]) == cuts.idxmax()
        assert row["element_cut_kwh"] == pytest.approx(cuts.max(), abs=1e-6)
        network = clearance.network
        names = {str(element): name for element, name in zip(network.bus_ids, network.bus_names, strict=True)}
        if row["limited_by"] in ("line", "transformer"):
            elements = network.elements
            of_kind = [kind == row["limited_by"] for kind in elements.kind]
            named = zip(elements.id, elements.name, of_kind, strict=True)
            names = {str(element): name for element, name, fits in named if fits}
        assert row["element_name"] == names[row["element"]]
        prices = clearance.limits.query(
            f"limited_by == '{row['limited_by']}' and element == '{row['element']}'"
        )["shadow_price"]
        assert row["shadow_price"] == pytest.approx(prices.max(), abs=1e-6)
    assert congested >= 2 and done.summary["congested_cases"] == congested


def test_a_limit_that_cuts_nothing_and_has_no_price_is_not_named() -> None:
    row = row_of("x", gridpact.clear(read_case(EXAMPLES / "cigre-lv-sessions" / "intraday-04")), {})
    assert (row["limited_by"], row["element"], row["element_name"]) == ("", "", "")
    assert (row["element_cut_kwh"], row["shadow_price"]) == (0.0, None)


def test_kinds_of_limits_have_what_they_cut_themselves() -> None:
    """A case that two kinds of limits cut counts for both, each with its own energy."""
    row = row_of("x", gridpact.clear(read_case(EXAMPLES / "cigre-lv-extreme")), {})
    kwh = row["network_cut_kwh"]
    row |= {"line_cut_kwh": 2.5, "voltage_min_cut_kwh": kwh - 2.5}
    page, tally = page_of(iter([row, {**row, "path": "y"}]))
    kinds = page.split("<h3>Kinds of limits</h3>")[1].split("</table>")[0]
    cells = re.findall(r"<span>(.*?)</span>", kinds)
    assert cells == ["Lower voltage", "2", f"{2 * (kwh - 2.5):.3f}", "Line", "2", "5.000"]
    assert tally.sums["network_cut_kwh"] == pytest.approx(2 * kwh)
    assert "the one limit" in page.casefold() and "gridpact clear" in page


def test_energy_by_hour_adds_up(done: FleetResult, cases: Path) -> None:
    assert list(done.hours.columns) == list(HOURS)
    assert set(done.hours["hour"]) == {0}  # two quarter-hours after midnight
    sums = done.hours.groupby("path").sum()
    rows = done.table.set_index("path").drop(BROKEN)
    for name in ("proposed_kwh", "cleared_kwh", "load_kwh", "generation_kwh"):
        assert sums[name].to_numpy() == pytest.approx(rows[name].to_numpy(), abs=1e-6)
        assert done.summary[name] == pytest.approx(rows[name].sum(), abs=1e-6)


def test_the_same_input_gives_the_same_tables_but_for_the_seconds(
    done: FleetResult, cases: Path, scheduler: str, tmp_path: Path
) -> None:
    again = run_fleet(cases, tmp_path / "out", scheduler=scheduler)
    assert (again.out / HOURS_FILE).read_bytes() == (done.out / HOURS_FILE).read_bytes()
    pd.testing.assert_frame_equal(
        again.table.drop(columns=list(SECONDS)), done.table.drop(columns=list(SECONDS)), check_exact=True
    )


def test_what_is_complete_is_kept_and_the_table_is_whole(
    done: FleetResult, cases: Path, scheduler: str, tmp_path: Path
) -> None:
    copy, out = copied(done, cases, tmp_path)
    before, table = stamps(out), (out / ROWS_FILE).read_bytes()
    again = run_fleet(copy, out, scheduler=scheduler)
    assert stamps(out) == before
    assert (out / ROWS_FILE).read_bytes() == table
    assert again.summary["complete_before"] == COUNT - 1
    assert re.search(r"  speed     1 done at \S+ a second, 8 kept, ", again.words)
    assert re.search(r"1 done at \S+ a second, 8 kept<", own_part(again.page.read_text()))
    assert again.summary["other_results"] == []


def test_results_of_cases_that_are_gone_are_told_and_left(
    done: FleetResult, cases: Path, scheduler: str, tmp_path: Path
) -> None:
    copy, out = copied(done, cases, tmp_path)
    gone = sorted(case_path(number) for number in (0, 2, 3, 5))
    for path in gone:
        shutil.rmtree(copy / path)
    before = stamps(out)
    again = run_fleet(copy, out, scheduler=scheduler)
    assert again.summary["other_results"] == gone
    assert stamps(out) == before
    said = (
        f"holds 4 results of cases that are not in this run: {', '.join(gone[:3])} and 1 more; delete those"
    )
    assert f"  others    the folder {said}" in again.words
    assert f"The folder {said}" in own_part(again.page.read_text())
    for path in gone:
        shutil.rmtree(out / path)
    assert "others" not in run_fleet(copy, out, scheduler=scheduler).words


def test_a_record_with_other_columns_is_done_again(plan: Plan) -> None:
    (first,) = clear_batch(plan, [(0, "a")])
    record = plan.place.out / "a" / RECORD_FILE
    for old, new in (('"caps_cut_kwh"', '"of_old_kwh"'), ('"network_cut_kwh": [', '"of_old_kwh": [')):
        assert old in record.read_text()
        record.write_text(record.read_text().replace(old, new))
        stamp = record.stat().st_mtime_ns
        (again,) = clear_batch(plan, [(0, "a")])
        assert record.stat().st_mtime_ns != stamp
        assert again.row.keys() == first.row.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cleared_kwh", "much"),
        ("cleared_share", -3.0),
        ("status", "odd"),
        ("by_hour", {name: [1.0] for name in ENERGIES}),
        ("path", "b"),
    ],
)
def test_a_row_that_is_not_as_it_was_written_is_made_again(plan: Plan, name: str, value: object) -> None:
    (first,) = clear_batch(plan, [(0, "a")])
    record = plan.place.out / "a" / RECORD_FILE
    damaged = json.loads(record.read_text())
    damaged["row"][name] = value
    record.write_text(json.dumps(damaged))
    (again,) = clear_batch(plan, [(0, "a")])
    assert again.row[name] == first.row[name] and again.row["status"] == "cleared"
    assert json.loads(record.read_text())["row"][name] == first.row[name]


def test_a_result_under_another_path_is_not_of_the_case_there(plan: Plan) -> None:
    clear_batch(plan, [(0, "a")])
    for folder in (plan.cases, plan.place.out):
        (folder / "a").rename(folder / "b")
    (moved,) = clear_batch(plan, [(0, "b")])
    assert moved.row["path"] == "b" and not moved.is_old


@pytest.mark.skipif(os.name == "nt", reason="names of files are text there")
def test_a_name_that_is_no_text_is_told_in_a_row(plan: Plan) -> None:
    table = next((plan.cases / "a").glob("participants.*"))
    table.rename(os.fsdecode(os.fsencode(table.parent) + b"/participants\xff" + table.suffix.encode()))
    (failed,) = clear_batch(plan, [(0, "a")])
    assert failed.row["status"] == "failed"
    with Spool(plan.place.private / "rows-here", 1) as spool:
        spool.add(0, failed.row)
        (row,) = spool.rows()
    assert row["error"].encode() and "participants" in row["error"]


def test_a_run_without_workers_ends_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        loop = object()

        def nthreads(self) -> dict[str, int]:
            return {}

    crew = dask_crew.DaskCrew(Client())  # type: ignore[arg-type]
    for name, seconds in (("POLL_SECONDS", 0.001), ("LOOK_SECONDS", 0.002), ("WORKERS_SECONDS", 0.05)):
        monkeypatch.setattr(dask_crew, name, seconds)
    with pytest.raises(GridpactError, match=r"no worker for .* start again"):
        crew.next_done()


def test_only_what_changed_is_done_again(
    done: FleetResult, cases: Path, scheduler: str, tmp_path: Path
) -> None:
    copy, out = copied(done, cases, tmp_path)
    before = stamps(out)
    changed, damaged, truncated, worse = case_path(0), case_path(1), case_path(3), case_path(2)
    trades = (copy / changed / "trades.csv").read_text()
    (copy / changed / "trades.csv").write_text(trades.replace("t0,", "renamed,", 1))
    (out / damaged / "schedule.parquet").unlink()
    (out / truncated / "cleared.parquet").write_bytes(b"PAR1")
    break_case(copy / worse)
    shutil.rmtree(copy / BROKEN)
    write_case(fleet_case(4), copy / BROKEN, TableFormat.CSV)
    again = run_fleet(copy, out, scheduler=scheduler)
    after = stamps(out)
    redone = {path for path in after if after[path] != before.get(path)}
    assert redone == {changed, damaged, truncated, BROKEN}
    assert set(before) - set(after) == {worse}, "no result stands for inputs that are broken now"
    assert not (out / worse).exists()
    assert again.table.set_index("path")["status"].ne("cleared").to_dict()[worse]
    assert again.failed == 1
    assert "renamed" in (out / changed / "cleared.csv").read_text()


def test_other_settings_and_another_version_are_done_again(
    done: FleetResult, cases: Path, scheduler: str, tmp_path: Path
) -> None:
    copy, out = copied(done, cases, tmp_path)
    before = stamps(out)
    again = run_fleet(copy, out, scheduler=scheduler, formulation="dc")
    assert not set(stamps(out).values()) & set(before.values())
    assert json.loads((out / case_path(0) / "summary.json").read_text())["formulation"] == "dc"
    assert again.summary["settings"] == {"formulation": "dc"}
    record = out / case_path(0) / RECORD_FILE
    record.write_text(
        record.read_text().replace(f'"version": "{gridpact.__version__}"', '"version": "0.0.1"')
    )
    before = stamps(out)
    run_fleet(copy, out, scheduler=scheduler, formulation="dc")
    assert {path for path, stamp in stamps(out).items() if stamp != before[path]} == {case_path(0)}


def test_a_manifest_chooses_cases(cases: Path, scheduler: str, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"{case_path(5)}\r\n\n  {case_path(0)}/ \n")
    result = run_fleet(cases, tmp_path / "out", manifest=tmp_path / "list.txt", scheduler=scheduler)
    assert list(result.table["path"]) == [case_path(0), case_path(5)]
    assert not (tmp_path / "out" / case_path(1)).exists()


def test_every_problem_of_a_manifest_at_once(cases: Path, tmp_path: Path, capsys) -> None:
    lines = [
        case_path(0),
        "/etc",
        "../x",
        "region-0/feeder-0",
        case_path(0),
        ".hidden/x",
        "region-0",
        "# mine",
    ]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    arguments = ("fleet", cases, "--out", tmp_path / "out", "--manifest", tmp_path / "list.txt")
    code, out, err = run(*arguments, capsys=capsys)
    assert (code, out) == (2, "")
    for said in (
        "7 problems",
        "list.txt line 2: '/etc' does not lead to a folder below",
        "list.txt line 3: '../x' does not lead to a folder below",
        "list.txt line 4: 'region-0/feeder-0' is not a case folder: it holds no case.toml (did you mean",
        "list.txt line 5: 'region-0/feeder-00' stands in line 1 already",
        "list.txt line 6: '.hidden/x' is hidden",
        "list.txt line 7: 'region-0' is not a case folder: it holds no case.toml (list the cases in it, a "
        "line each: region-0/feeder-00, region-0/feeder-03, region-0/feeder-06)",
        "list.txt line 8: '# mine' is not a case folder: it holds no case.toml (a manifest has no comments: ",
    ):
        assert said in err
    assert not (tmp_path / "out").exists()


def test_cases_whose_results_would_have_no_place_are_told_at_once(tmp_path: Path) -> None:
    root = tmp_path / "cases"
    for path in ("a", "a/b", "fleet.html", ".hidden/c", "d/out-here"):
        (root / path).mkdir(parents=True)
    for path in ("a", "a/b", "fleet.html", ".hidden/c"):
        (root / path / "case.toml").write_text("")
    with pytest.raises(InvalidCase) as refused:
        find_cases(root, tmp_path / "out")
    assert [str(problem) for problem in refused.value.problems] == [
        "a/b: stands inside another case, a (move it out)",
        "fleet.html: has the name of a file of the fleet's own (rename it)",
    ]
    (root / "d" / "case.toml").write_text("")
    with pytest.raises(InvalidCase, match="d: holds the folder for the results"):
        find_cases(root, root / "d" / "out")
    with pytest.raises(InvalidCase, match="is itself a case"):
        find_cases(root / "a" / "b", tmp_path / "out")
    with pytest.raises(InvalidUsage, match="holds no case"):
        find_cases(root / "d" / "out-here", tmp_path / "out")
    with pytest.raises(InvalidUsage, match="does not exist"):
        find_cases(root / "e", tmp_path / "out")


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    root = tmp_path / "cases"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "case.toml").write_text("")
    (root / "again").symlink_to(root / "a")
    (root / "a" / "up").symlink_to(root)
    (root / "itself").symlink_to(root / "itself")
    assert find_cases(root, tmp_path / "out") == ("a/b", "again/b")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{cases}", "--out", "{cases}"], "is the folder of the cases"),
        (["{cases}", "--out", "{cases}/.."], "holds the folder of the cases"),
        (["{cases}", "--out", "{tmp}/mine"], "holds thesis.tex, and is not the result of a fleet"),
        (["{cases}", "--out", "{tmp}/mine/thesis.tex"], "is a file"),
        (["{cases}", "--out", "/proc/x"], "cannot write to"),
        (["{tmp}/none", "--out", "{tmp}/out"], "does not exist"),
        (["{cases}", "--out", "{tmp}/out", "--manifest", "{tmp}/none"], "cannot read"),
        (["{cases}", "--out", "{tmp}/out", "--workers", "-1"], "workers are not possible"),
        (["{cases}", "--out", "{tmp}/out", "--workers", "0"], "0 workers are not possible (write 1 or more)"),
        (["{cases}", "--out", "{tmp}/out", "--workers", "1", "--scheduler", "tcp://x"], "of its own"),
        (["{cases}", "--out", "{tmp}/out", "--allocation", "fairest"], "max-volume"),
        (["{cases}", "--out", "{tmp}/out", "--scheduler", "tcp://127.0.0.1:1"], "no Dask scheduler answers"),
        (["{cases}", "--out", "{tmp}/out", "--scheduler", "nonsense://x"], "no Dask scheduler answers"),
        (["{cases}", "--out", "{tmp}/out", "--scheduler", "nonsense::"], "no Dask scheduler answers"),
    ],
)
def test_wrong_use_gives_exit_2(
    arguments, said, cases: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_crew, "CONNECT_SECONDS", 0.3)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    arguments = [argument.format(cases=cases, tmp=tmp_path) for argument in arguments]
    code, out, err = run("fleet", *arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert said in err
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"
    assert not list(tmp_path.rglob("cleared.*"))


def test_what_no_fleet_wrote_is_left_alone(cases: Path, scheduler: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_fleet(cases, out, scheduler=scheduler)
    (out / case_path(0) / "notes.txt").write_text("mine")
    shutil.rmtree(out / case_path(1))
    gridpact.write_clearance(gridpact.clear(fleet_case(1)), out / case_path(1))
    result = run_fleet(cases, out, scheduler=scheduler)
    rows = result.table.set_index("path")
    assert rows.loc[case_path(0), "status"] == rows.loc[case_path(1), "status"] == "failed"
    assert "notes.txt" in rows.loc[case_path(0), "error"]
    assert (out / case_path(0) / "notes.txt").read_text() == "mine"
    assert (out / case_path(1) / "summary.json").is_file()


def test_two_runs_at_once_are_refused(done: FleetResult, cases: Path, scheduler: str) -> None:
    with locked(done.out / ".fleet" / "run.lock"), pytest.raises(InvalidUsage, match="another run"):
        run_fleet(cases, done.out, scheduler=scheduler)


def test_a_run_waits_for_the_workers_of_an_earlier_one(tmp_path: Path) -> None:
    with workspace(tmp_path, ("a",), quiet=True) as first:
        stale = Workspace(out=first.out, run="an earlier run")
        assert first.is_current and not stale.is_current
        with first.at_work(), locked(first.private / "work.lock", wait=False) as is_free:
            assert not is_free
    assert not first.is_current


def test_leftovers_of_killed_workers_are_swept_and_nothing_else(tmp_path: Path) -> None:
    for left in ("a/.b-12345678/new", "a/.b-1234abcd/.new-abcd1234/new", ".gridpact-abcdefgh"):
        (tmp_path / left).mkdir(parents=True)
    for kept in ("a/.b-12345678x/new", "a/.mine-abcdefgh/notes", "a/b/new", "a/.config"):
        (tmp_path / kept).mkdir(parents=True)
    with workspace(tmp_path, ("a/b", "a/c", "d/e"), quiet=True):
        found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_dir()}
    assert {path for path in found if not path.startswith(".fleet")} == {
        "a",
        "a/.b-12345678x",
        "a/.b-12345678x/new",
        "a/.mine-abcdefgh",
        "a/.mine-abcdefgh/notes",
        "a/b",
        "a/b/new",
        "a/.config",
    }


def test_the_command_says_the_outcome_and_exits_1_where_a_case_failed(
    done: FleetResult, cases: Path, scheduler: str, capsys
) -> None:
    arguments = ("fleet", cases, "--out", done.out, "--scheduler", scheduler)
    code, out, err = run(*arguments, "--quiet", capsys=capsys)
    assert (code, err) == (1, "")
    assert "6 of 9 cases cleared, 2 NOT SAFE, 1 FAILED." in out
    assert f"  page      {done.out / 'fleet.html'}" in out
    code, out, _ = run(*arguments, "--quiet", "--json", capsys=capsys)
    assert code == 1
    assert json.loads(out) == json.loads((done.out / "fleet.json").read_text())


@pytest.mark.parametrize("table_format", TableFormat)
def test_the_digest_is_that_of_reading(table_format: TableFormat, tmp_path: Path) -> None:
    write_case(fleet_case(0), tmp_path / "case", table_format)
    assert inputs_sha256(tmp_path / "case") == read_case(tmp_path / "case").inputs_sha256
    (tmp_path / "case" / "case.toml").write_text("name =")
    assert inputs_sha256(tmp_path / "case") == inputs_sha256(tmp_path / "none") == ""


@pytest.mark.parametrize("place", ["network.json", "networks/shared.json"])
def test_the_digest_covers_a_network_file(place: str, tmp_path: Path) -> None:
    import pandapower as pp
    import pandapower.networks as pn

    folder = tmp_path / "case"
    write_case(fleet_case(0), folder)
    (folder / place).parent.mkdir(exist_ok=True)
    pp.to_json(pn.create_cigre_network_lv(), str(folder / place))
    settings = (folder / "case.toml").read_text()
    (folder / "case.toml").write_text(
        settings.replace('builtin = "pandapower/cigre_lv"', f'file = "{place}"')
    )
    before = inputs_sha256(folder)
    assert before == read_case(folder).inputs_sha256
    assert network_key(folder).startswith(f"{place} ") and not network_key(folder).endswith(" 0")
    (folder / place).write_text((folder / place).read_text() + " ")
    assert inputs_sha256(folder) not in ("", before)


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[Plan]:
    """A run in this process, of one case."""
    write_case(fleet_case(0), tmp_path / "cases" / "a")
    with workspace(tmp_path / "out", ("a",), quiet=True) as place:
        yield Plan(cases=tmp_path / "cases", place=place, version=gridpact.__version__)


def test_nothing_that_a_case_does_takes_the_others_with_it(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear = worker.clear

    def failing(case):
        monkeypatch.setattr(worker, "clear", clear)
        raise ZeroDivisionError("by chance")

    monkeypatch.setattr(worker, "clear", failing)
    write_case(fleet_case(2), plan.cases / "b")
    first, second = clear_batch(plan, [(0, "a"), (1, "b")])
    assert (first.row["status"], second.row["status"]) == ("failed", "cleared")
    assert first.row["error"].startswith("unexpected ZeroDivisionError: by chance\nTraceback")


def test_a_result_that_another_worker_finished_meanwhile_counts(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear = worker.clear

    def overtaken(case):
        monkeypatch.setattr(worker, "clear", clear)
        assert clear_batch_elsewhere()["status"] == "cleared"
        raise OSError("the folder is not empty")

    def clear_batch_elsewhere():
        return worker._done(plan, 0, "a").row

    monkeypatch.setattr(worker, "clear", overtaken)
    (only,) = clear_batch(plan, [(0, "a")])
    assert only.row["status"] == "cleared"


def test_a_worker_that_cannot_be_of_use_says_so(plan: Plan) -> None:
    from dataclasses import replace

    with pytest.raises(InvalidUsage, match=r"has gridpact .*, and this is 9"):
        clear_batch(replace(plan, version="9"), [(0, "a")])
    stale = Workspace(out=plan.place.out, run="an earlier run")
    with pytest.raises(InvalidUsage, match="does not see"):
        clear_batch(replace(plan, place=stale), [(0, "a")])


def test_the_row_of_each_hour_is_that_of_the_local_day() -> None:
    case = read_case(EXAMPLES / "clock-back-day")
    clearance = gridpact.clear(case)
    row = row_of("x", clearance, {})
    schedule = clearance.schedule
    by_hour = schedule.groupby(schedule["time"].dt.hour)["load_kw"].sum() * case.horizon.hours_per_period
    assert row[BY_HOUR]["load_kwh"] == pytest.approx(by_hour.tolist(), abs=1e-6)
    assert len(schedule["time"].unique()) == 100 and len(by_hour) == 24
    cleared = clearance.cleared
    for name, rows in {
        "proposed_kwh": cleared["proposed_kw"],
        "network_cut_kwh": (cleared["proposed_kw"] - cleared["cleared_kw"]).where(
            cleared["limited_by"].isin([*LIMIT_CUTS]), 0.0
        ),
    }.items():
        expected = rows.groupby(cleared["time"].dt.hour).sum().reindex(range(24), fill_value=0.0)
        assert row[BY_HOUR][name] == pytest.approx(
            (expected * case.horizon.hours_per_period).tolist(), abs=1e-6
        )


@pytest.mark.parametrize(
    ("title", "columns"), [("fleet.parquet", ALL_COLUMNS), ("fleet-hours.parquet", HOURS)]
)
def test_the_fleets_page_has_a_line_for_every_column_and_no_other(title: str, columns) -> None:
    page = read_page("fleets")
    section = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    named = [
        name
        for first in re.findall(r"^\| (.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", first)
    ]
    assert named == list(columns)


def test_the_fleets_page_names_every_figure_of_the_summary(done: FleetResult) -> None:
    page = read_page("fleets")
    for key in done.summary:
        assert f"`{key}`" in page, key


def rows_of(count: int, done: FleetResult) -> Iterator[dict[str, object]]:
    """So many rows, made of the records of a few."""
    records = [json.loads(path.read_text())["row"] for path in sorted(done.out.rglob(RECORD_FILE))]
    for number in range(count):
        path = f"region-{number % 40}/{NASTY}-{number}"
        if number % 100 == 7:
            yield failed_row(path, f"{NASTY} is not a number\nTraceback: …")
        else:
            status = "limits_broken" if number % 100 == 9 else "cleared"
            yield records[number % len(records)] | {"path": path, "status": status}


def page_of(rows: Iterator[dict[str, object]]) -> tuple[str, Tally]:
    tally = Tally()
    for _ in tally.counting(rows):
        pass
    known = {
        "settings": {"formulation": "dc"},
        "version": "1",
        "complete_before": 0,
        "other_results": [NASTY],
    }
    summary = summarise(tally, **known, workers=2, seconds=9.0)
    return fleet_page(tally, summary, f"Day {NASTY}", f"cases/{NASTY}"), tally


def test_the_page_is_whole_loads_nothing_and_names_cannot_break_it(done: FleetResult) -> None:
    page = own_part((done.out / "fleet.html").read_text())
    nasty = own_part(page_of(rows_of(300, done))[0])
    for part in (page, nasty):
        structure = Structure(part)
        assert structure.open == []
        assert len(set(structure.ids)) == len(structure.ids)
        assert {each for each in structure.links if not each.endswith("/report.html")} == {"data:,"}
        assert not re.search(r"https?://", part.replace(NASTY, ""))
    assert "<script>alert" not in nasty
    assert "Failed cases" in nasty and "Cases that are not safe" in nasty and "Slowest cases" in nasty
    assert BROKEN in page and "Cases that are not safe" in page


def test_the_page_ranks_what_the_network_cuts_most(done: FleetResult, cases: Path) -> None:
    page = own_part((done.out / "fleet.html").read_text()).split("<h2>Congested feeders</h2>")[1]
    ranked = done.table.query("congested_periods > 0").sort_values("network_cut_kwh", ascending=False)
    places = [page.index(path) for path in ranked["path"]]
    assert len(places) >= 2 and places == sorted(places)
    worst = ranked.iloc[0]
    assert f"{worst['limited_by']} {worst['element']}" in page
    assert f"gridpact clear {cases}/{worst['path']} --out report</pre>" in page


def test_the_page_and_its_tally_do_not_grow_with_the_fleet(done: FleetResult) -> None:
    (few, small), (many, large) = (page_of(rows_of(count, done)) for count in (5_000, 10_000))
    assert large.cases == 2 * small.cases == 10_000
    assert len(many) < len(few) + 2_000
    assert len(large.congested.rows) == len(small.congested.rows)
    assert large.failures.count == 100 and "50 of 100 are shown" in many


def test_the_page_says_that_trades_worsen_nothing_only_where_it_is_so() -> None:
    """Under DC the dispatch breaks voltages further that the network breaks already."""
    row = row_of("x", gridpact.clear(read_case(EXAMPLES / "cigre-lv-extreme")), {}) | {
        "baseline_violations": 3
    }
    safe, _ = page_of(iter([row | {"status": "baseline_unsafe"}]))
    unsafe, _ = page_of(iter([row | {"status": "limits_broken"}]))
    beyond = [
        page.split("<h2>Networks beyond their limits without any trade</h2>")[1].split("</table>")[0]
        for page in (safe, unsafe)
    ]
    assert "none made worse" in beyond[0]
    assert "none made worse" not in beyond[1] and "limits broken by the dispatch" in beyond[1]
    assert "never worsen" not in safe + unsafe


def reports_of(fleet: FleetResult) -> list[str]:
    """The reports that the page leads to, which are there."""
    found = re.findall(r'href="([^"#]+/report\.html)"', fleet.page.read_text())
    assert all((fleet.out / unquote(address)).is_file() for address in found)
    return found


def test_rows_lead_to_reports_which_stay_as_long_as_their_results(tmp_path: Path) -> None:
    case = read_case(EXAMPLES / "cigre-lv-extreme")
    for name in ("a b", "c"):
        write_case(case, tmp_path / "cases" / name)
    first = run_fleet(tmp_path / "cases", tmp_path / "out", workers=1, reports=1)
    assert set(reports_of(first)) == {"a%20b/report.html"}
    written = (first.out / "a b" / "report.html").stat().st_mtime_ns
    again = run_fleet(tmp_path / "cases", tmp_path / "out", workers=1)
    assert again.summary["complete_before"] == 2
    assert set(reports_of(again)) == {"a%20b/report.html", "c/report.html"}
    assert (first.out / "a b" / "report.html").stat().st_mtime_ns == written
    shutil.rmtree(tmp_path / "cases" / "c")
    write_case(replace(case, trades=Trades.none()), tmp_path / "cases" / "c")
    changed = run_fleet(tmp_path / "cases", tmp_path / "out", workers=1)
    assert set(reports_of(changed)) == {"a%20b/report.html"}
    assert not (changed.out / "c" / "report.html").exists()
    with pytest.raises(InvalidUsage, match="reports is -1"):
        run_fleet(tmp_path / "cases", tmp_path / "out", workers=1, reports=-1)


def test_a_failed_case_does_not_look_like_a_cut_one(done: FleetResult) -> None:
    page = own_part(done.page.read_text())
    assert '<div class="verdict unsafe">' in page and "2 cases not safe to operate" in page
    assert "Failed cases" in page
    assert done.summary["congested_cases"]


def test_the_axis_of_few_cases_has_whole_numbers() -> None:
    tally = Tally()
    tally.shares[3] = 1
    assert shares_picture(tally.shares)["layout"]["yaxis"]["dtick"] == 1
    tally.shares[3] = 5
    assert "dtick" not in shares_picture(tally.shares)["layout"]["yaxis"]


def test_words_of_a_fleet() -> None:
    assert [cases_in_words(count) for count in (0, 1, 2000)] == ["no case", "1 case", "2,000 cases"]
    problems = "2 problems:\n  a.csv line 3: is wrong\n  b.csv: is missing"
    assert reason(problems, 100) == "2 problems: a.csv line 3: is wrong; b.csv: is missing"
    assert (
        reason("unexpected Error: x\nTraceback (most recent call last):\n  File", 100)
        == "unexpected Error: x"
    )
    assert reason("a" * 9, 5) == "aaaa…"
    cuts = {"proposed_kwh": 10.0, "cleared_kwh": 4.0, "network_cut_kwh": 3.0, "caps_cut_kwh": 2.0}
    assert energy_cut(cuts) == (
        "3.000 kWh by networks, 2.000 kWh by caps (participants' own surplus and demand), 1.000 kWh by terms "
        "of trades or the rule of allocation"
    )
    assert energy_cut(cuts | {"cleared_kwh": 10.0, "network_cut_kwh": 0.0, "caps_cut_kwh": 0.0}) == ""
    assert [
        pace({"cases": 10, "complete_before": kept, "cases_per_second": rate})
        for kept, rate in ((0, 2.0), (4, 1.5), (10, 0.0))
    ] == ["2 cases a second", "6 done at 1.5 a second, 4 kept", "all 10 kept, none to do"]


def test_reading_is_timed_without_the_imports_it_takes(tmp_path: Path) -> None:
    """In a worker's first case, what reading imports is there before the stopwatch starts."""
    program = (
        "import sys\n"
        "from gridpact.fleet.workers.worker import _import_readers\n"
        "from gridpact.case import read_case\n"
        "_import_readers(is_csv={is_csv})\n"
        "before = set(sys.modules)\n"
        "read_case({folder!r})\n"
        "new = set(sys.modules) - before\n"
        "assert len(new) < 20, new\n"  # Without it they are hundreds, or a tenth of a second of pyarrow.
        "assert not new & {{'pandas', 'pyarrow', 'pyarrow.parquet', 'power_grid_model'}}\n"
    )
    for table_format in TableFormat:
        folder = tmp_path / table_format
        write_case(fleet_case(0), folder, table_format)
        command = program.format(is_csv=table_format is TableFormat.CSV, folder=str(folder))
        subprocess.run([sys.executable, "-c", command], check=True)


def test_the_time_left_is_said() -> None:
    assert [duration(seconds) for seconds in (0.4, 59.6, 281, 7500)] == [
        "0 s",
        "1 min 0 s",
        "4 min 41 s",
        "2 h 5 min",
    ]
    progress = FleetProgress(100, quiet=True)
    progress.add(10, 2)
    assert re.fullmatch(r"10 of 100 cases, 2 failed, \S+ a second, \d.* left", progress.line())
