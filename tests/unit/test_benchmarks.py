"""The benchmarks measure what they say, here at sizes that take no time."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from benchmarks import exact_by_hand, mutants, own_time, peers, phases, scaling
from benchmarks.__main__ import peers_table, phases_table
from benchmarks.cases import BENCHMARKS, CONGESTED_KW, Benchmark, feeder_day
from benchmarks.fleet_run import FleetRun
from benchmarks.meters import scheduled_meters
from benchmarks.page import PAGE, put
from benchmarks.settlement import prices

import gridpact
from gridpact.case import Formulation, TableFormat
from gridpact.grid.cache import FOLDER_VARIABLE
from gridpact.grid.pandapower.builtin import pandapower_names
from gridpact.grid.source import NetworkSource
from gridpact.published import cigre_day, cigre_extreme
from gridpact.settlement.invariants.invariants import invariants
from gridpact.settlement.reading.read_positions import positions_of
from gridpact.settlement.settling.settle import settle

ROOT = Path(__file__).parents[2]
CIGRE = NetworkSource(builtin="pandapower/cigre_lv")


def test_openblas_has_one_thread_before_numpy_is_imported() -> None:
    code = "import sys, benchmarks, os; print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
    environment = {name: text for name, text in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "1"]


def test_every_phase_is_measured_and_the_users_cache_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = NetworkSource(builtin="pandapower/kerber_dorfnetz")  # which does not come compiled
    day = feeder_day(10, CONGESTED_KW, network=network)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    seconds = phases.measure(Benchmark(make=lambda: day, runs=2))
    assert set(seconds) == {*phases.PHASES, "in process"}
    assert all(taken > 0.0 for taken in seconds.values())
    assert seconds["compile, cached"] < seconds["compile, cold"]
    assert os.environ[FOLDER_VARIABLE] == str(tmp_path) and not list(tmp_path.iterdir())
    name = next(iter(BENCHMARKS))
    rows = phases_table({name: seconds}).splitlines()
    assert len(rows) == 2 + len(phases.PHASES) + 1 and {row.count("|") for row in rows} == {3}


def test_scheduled_meters_settle_without_imbalance() -> None:
    clearance = gridpact.clear(cigre_day())
    case, meters = clearance.case, scheduled_meters(clearance)
    hours = case.horizon.hours_per_period
    net_wh = 1e3 * hours * clearance.dispatch.net_injection_kw
    assert np.abs(meters.export_wh - meters.import_wh - net_wh).max() <= 0.5 + 1e-6
    assert np.abs(meters.head_import_wh - 1e3 * hours * clearance.operation.import_kw).max() <= 0.5 + 1e-6
    tariffs = prices(case.horizon.periods, len(case.participants))
    settled = settle(
        case.participants, clearance.network, case.horizon, positions_of(clearance), meters, tariffs
    )
    assert all(found.holds for found in invariants(settled))


def test_peers_agree_on_a_day_and_are_refused_where_they_do_not() -> None:
    day = feeder_day(40, 1.0, network=CIGRE, periods=24)
    assert gridpact.clear(day).summary["cleared_kwh"] > 0.0
    seconds = peers.compare(peers.Day(make=lambda: day, runs=1))
    assert tuple(seconds) == peers.PEERS and all(taken > 0.0 for taken in seconds.values())
    name = next(iter(peers.DAYS))
    rows = peers_table({name: seconds}).splitlines()
    assert len(rows) == 2 + len(peers.PEERS) and {row.count("|") for row in rows} == {4}
    with pytest.raises(SystemExit, match="by hand clears"):
        peers.compare(peers.Day(make=lambda: replace(cigre_extreme(), formulation=Formulation.AC), runs=1))


def test_an_exact_programme_by_hand_clears_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"hour": exact_by_hand.compare_exact(cigre_extreme(), runs=1)}
    [hour] = found.values()
    assert hour.cleared_kwh == pytest.approx(713.488, abs=1e-3) and hour.congested == 1
    assert abs(hour.less_kwh) <= 1e-3 and min(hour.gridpact_s, hour.build_s, hour.exact_s) > 0.0
    rows = exact_by_hand.exact_table(found).splitlines()
    assert len(rows) == 3 and {row.count("|") for row in rows} == {9}
    monkeypatch.setattr(exact_by_hand, "DIFFERENCE_MAX_KW", -1e3)
    with pytest.raises(SystemExit, match="clears more"):
        exact_by_hand.compare_exact(cigre_extreme(), runs=1)


def test_a_feeder_day_repeats_itself_and_a_coarser_one_is_as_long() -> None:
    one, two, hours = (
        feeder_day(40, CONGESTED_KW, network=CIGRE, periods=periods) for periods in (96, 192, 24)
    )
    assert np.array_equal(two.profiles.load_kw, np.tile(one.profiles.load_kw, (2, 1)))
    assert hours.horizon.resolution == "1h" and one.horizon.instant(96) == hours.horizon.instant(24)


def test_scaling_measures_a_size_and_draws_it() -> None:
    size = scaling.Size(
        size=24,
        note="40 trades",
        calm=lambda: feeder_day(40, 1.0, network=CIGRE, periods=24),
        tight=lambda: feeder_day(40, 100.0, network=CIGRE, periods=24),
    )
    found = scaling.measure(size, 1)
    assert min(found.caps, found.network, found.files) > 0.0 and found.network_runs == 1
    assert found.bound_periods > 0
    assert scaling.bound_periods(gridpact.clear(size.calm())) == 0
    rows = scaling.days_table("periods", [found]).splitlines()
    assert {row.count("|") for row in rows} == {8}
    larger = replace(found, size=96, caps=4.0 * found.caps)
    fleet = [
        FleetRun(feeders=100, seconds=9.0, peak_mib=1.0),
        FleetRun(feeders=1000, seconds=80.0, peak_mib=1.0),
    ]
    assert {row.count("|") for row in scaling.fleet_table(fleet).splitlines()} == {5}
    drawn = ElementTree.fromstring(scaling.picture({"periods": [found, larger]}, fleet))
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"against periods", "a fleet against feeders", "1,000"} <= set(texts)
    points = 2 * 3 + 2
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == len(scaling.LINES) + points


@pytest.mark.parametrize("study", ["periods", "trades"])
def test_a_study_has_days_of_rising_size(study: str) -> None:
    sizes = [one.size for one in scaling.sizes_of(study)]
    assert sizes == sorted(set(sizes)) and len(sizes) >= 5


def test_the_networks_that_are_measured_come_with_gridpact() -> None:
    assert {name for name, _ in scaling.NETWORKS} <= set(pandapower_names())


OWN = (f"{Path(gridpact.__file__).parent}/clearing/even_cut.py", 1, "most_even")
NUMPY = ("/lib/numpy/core.py", 1, "dot")
RUN = ("~", 0, "{built-in method highspy._core.run}")
READ = ("/lib/pyarrow/parquet/core.py", 1, "read")
OPEN = ("~", 0, "{built-in method posix.stat}")


def test_time_belongs_to_the_group_that_is_entered_and_all_of_it_to_one() -> None:
    stats = {
        OWN: (1, 1, 1.0, 10.0, {}),
        NUMPY: (1, 1, 2.0, 2.0, {OWN: (1, 1, 2.0, 2.0)}),
        RUN: (1, 1, 4.0, 4.0, {OWN: (1, 1, 4.0, 4.0)}),
        READ: (1, 1, 1.0, 3.0, {OWN: (1, 1, 1.0, 3.0)}),
        OPEN: (1, 1, 2.0, 2.0, {READ: (1, 1, 2.0, 2.0)}),
    }
    assert own_time.seconds_by_group(stats) == {
        "solvers": 4.0,
        "power flow": 0.0,
        "files": 3.0,
        "own Python": 3.0,
    }
    assert own_time.own_seconds(stats) == {OWN: 3.0}
    text = own_time.report([4.0, 5.0], stats, 5)
    assert "| solvers | 2000.0 | 40% |" in text and "30% of the profiled time. It is at most half." in text
    assert "`most_even`, clearing/even_cut.py:1 | 1500.0" in text


@pytest.mark.parametrize(
    ("wall_s", "own_s", "says"),
    [
        (2.0, 0.5, "It is at most half"),
        (1.5, 4.0, "It lies between 33%"),
        (4.0, 4.0, "It is MORE THAN half: 75%"),
    ],
)
def test_the_share_of_own_python_is_bounded_from_both_sides(wall_s: float, own_s: float, says: str) -> None:
    seconds = {"solvers": 1.0, "power flow": 1.0, "files": 0.0, "own Python": own_s}
    low, high = own_time.own_share(wall_s, seconds, 2)
    assert low == pytest.approx(1.0 - 1.0 / wall_s) and high == own_s / (2.0 + own_s)
    assert says in own_time.verdict(low, high)


def test_the_groups_find_the_libraries_in_a_true_profile(tmp_path: Path) -> None:
    import cProfile
    import pstats

    case = replace(cigre_extreme(), name="profiled")
    gridpact.write_case(case, tmp_path / "case", TableFormat.PARQUET)
    profiler = cProfile.Profile()
    with own_time.solver_seen():
        profiler.enable()
        clearance = gridpact.clear(gridpact.read_case(tmp_path / "case"))
        gridpact.write_clearance(clearance, tmp_path / "result")
        profiler.disable()
    stats = pstats.Stats(profiler).stats
    seconds = own_time.seconds_by_group(stats)
    assert all(taken > 0.0 for taken in seconds.values())
    assert sum(seconds.values()) == pytest.approx(sum(entry[2] for entry in stats.values()))
    assert {own_time.group_of(name) for name in stats if "daqp" in name[2]} == {own_time.SOLVERS}
    assert sum(own_time.own_seconds(stats).values()) <= seconds[own_time.OWN] * (1 + 1e-9)


def test_a_part_of_the_page_is_replaced_and_the_rest_kept(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- peers -->\nold\n<!-- end of peers -->\nz\n", encoding="utf-8")
    put("peers", "new", page)
    assert page.read_text(encoding="utf-8") == "a\n<!-- peers -->\nnew\n<!-- end of peers -->\nz\n"
    with pytest.raises(SystemExit, match="does not hold"):
        put("days", "new", page)


@pytest.mark.parametrize("part", ["phases", "peers", "days", "feeders", "own time"])
def test_the_page_has_the_parts_that_the_commands_write(part: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(f"<!-- {part} -->") == page.count(f"<!-- end of {part} -->") == 1


def test_a_word_of_no_mutant_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["mutants", "nowhere"])
    with pytest.raises(SystemExit) as ended:
        mutants.main()
    assert ended.value.code == 2
    assert "no mutant has nowhere in its name" in capsys.readouterr().err


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_of_a_line_that_is_there(mutant: mutants.Mutant) -> None:
    assert (Path(gridpact.__file__).parent / mutant.file).read_text().count(mutant.line) == 1
    tests = Path(__file__).parents[1]
    assert all((tests / one.partition(" -k")[0]).exists() for one in mutant.tests.split())
