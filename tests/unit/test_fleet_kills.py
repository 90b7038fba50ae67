"""Fleets whose processes are killed: nothing is lost, nothing is half there, nothing is done for ever."""

import json
import logging
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import dask
import psutil
import pytest

import gridpact
from gridpact.case import write_case
from gridpact.errors import GridpactError
from gridpact.fleet import run, run_fleet
from gridpact.fleet.workers import batches
from gridpact.fleet.workers.worker import ATTEMPTS_MAX, KILLED, Batch, Done, Plan
from gridpact.fleet.workspace.fleet_files import RECORD_FILE
from tests.fleets import case_path, contents, fleet_case, hidden, is_finished, single_results, write_fleet

COUNT = 16
UNSAFE = COUNT // 4  # every fourth feeder has lines that its loads overload
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed") / "cases"
    write_fleet(folder, COUNT, periods=8, participants=12, trades=24)
    return folder


@pytest.fixture(scope="module")
def alone(cases: Path) -> Path:
    """The results of each case, cleared alone."""
    single_results(cases, [case_path(number) for number in range(COUNT)], cases.parent / "alone")
    return cases.parent / "alone"


@contextmanager
def fleet(cases: Path, out: Path) -> Iterator[subprocess.Popen[str]]:
    """A fleet that runs, in a session of its own, which is ended whatever happens."""
    command = [sys.executable, "-m", "gridpact", "fleet", str(cases), "--out", str(out), "--workers", "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def records(out: Path) -> dict[str, int]:
    found = [*out.glob(f"[!.]*/{RECORD_FILE}"), *out.glob(f"[!.]*/[!.]*/{RECORD_FILE}")]
    return {str(path.parent.relative_to(out)): path.stat().st_mtime_ns for path in found}


def until(found: Callable[[], int], seconds: float = PATIENCE_S) -> int:
    """What is found, once it is something."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.002)
    return value


def worker_of(process: subprocess.Popen[str], attempts: Path, killed: set[int]) -> int:
    """The process of a worker that is at a case, of those that the run has started."""
    children = {child.pid for child in psutil.Process(process.pid).children(recursive=True)} - killed
    for file in attempts.glob("*"):
        try:
            pid = int(file.read_text().split()[-1])
        except (OSError, IndexError):
            continue
        if pid in children:
            return pid
    return 0


def check_whole(out: Path, alone: Path, paths: list[str]) -> None:
    assert is_finished(out)
    assert not hidden(out)
    for path in paths:
        assert contents(out / path) == contents(alone / path), path


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_loses_nothing(cases: Path, alone: Path, tmp_path: Path) -> None:
    out, rng = tmp_path / "out", random.Random(7)
    before: dict[str, int] = {}
    for kill in range(3):
        with fleet(cases, out) as process:
            if kill == 0:  # In the midst of it, for certain; then at any moment.
                until(lambda: len(records(out)) >= 3 or process.poll() is not None)
            else:
                time.sleep(rng.uniform(0.0, 3.0))
            children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.kill()
            process.wait()
            psutil.wait_procs(children, timeout=PATIENCE_S)
            assert not [child for child in children if child.is_running()], "orphans end by themselves"
        after = records(out)
        assert before.items() <= after.items(), "what was complete is not done again"
        for path in after:
            assert contents(out / path) == contents(alone / path), "what is there is whole"
        before = after
    with fleet(cases, out) as process:
        said, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    assert f"{COUNT - UNSAFE} of {COUNT} cases cleared, {UNSAFE} NOT SAFE." in said
    assert before.items() <= records(out).items()
    check_whole(out, alone, [case_path(number) for number in range(COUNT)])


def test_a_killed_worker_costs_nothing(cases: Path, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with fleet(cases, out) as process:
        killed: set[int] = set()
        while len(killed) < 2:
            victim = until(partial(worker_of, process, out / ".fleet" / "attempts", killed))
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
        said, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert "complete before" not in said
    assert f"{COUNT - UNSAFE} of {COUNT} cases cleared, {UNSAFE} NOT SAFE." in said
    check_whole(out, alone, [case_path(number) for number in range(COUNT)])


@pytest.mark.slow
def test_a_case_that_always_kills_its_worker_fails_alone(tmp_path: Path) -> None:
    paths = write_fleet(tmp_path / "cases", 4)
    write_case(fleet_case(5, periods=60, participants=16, trades=60), tmp_path / "cases" / "a-killer")
    out, deaths = tmp_path / "out", set()
    attempt = out / ".fleet" / "attempts" / "0"  # The first in the order of the paths.
    with fleet(tmp_path / "cases", out) as process:
        end = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < end:
            try:
                pid = int(attempt.read_text().split()[-1])
            except (OSError, IndexError):
                continue
            if pid not in deaths:
                deaths.add(pid)
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)
        said, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1, errors
    assert len(deaths) == ATTEMPTS_MAX, errors
    assert f"{len(paths) - 1} of {len(paths) + 1} cases cleared, 1 NOT SAFE, 1 FAILED." in said
    assert f"a-killer: {KILLED}" in said
    assert set(records(out)) == set(paths)
    assert is_finished(out) and not hidden(out)


@pytest.mark.parametrize("moment", [pytest.param("start", marks=pytest.mark.slow), "work"])
def test_ctrl_c_says_how_far_it_came_and_the_next_run_goes_on(
    moment: str, cases: Path, alone: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with fleet(cases, out) as process:
        until(lambda: (out / "fleet.json").exists() if moment == "start" else len(records(out)))
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)  # As a terminal does: the workers are meant too.
        said, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, said) == (130, "")
    assert re.fullmatch(
        rf"gridpact: interrupted: \d+ of {COUNT} cases complete; give the same command again to go on\n",
        errors.splitlines(keepends=True)[-1],
    )
    assert "Traceback" not in errors and "Exception" not in errors
    psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not [child for child in children if child.is_running()]
    assert json.loads((out / "fleet.json").read_text()) == {
        "state": "interrupted",
        "cases": COUNT,
        "version": gridpact.__version__,
    }
    assert not hidden(out)
    before = records(out)
    assert (moment == "work") <= bool(before)
    with fleet(cases, out) as process:
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    assert before.items() <= records(out).items()
    check_whole(out, alone, [case_path(number) for number in range(COUNT)])


def test_a_run_that_fails_midway_is_not_said_to_run(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*given: object) -> None:
        raise GridpactError("the Dask cluster is gone")

    monkeypatch.setattr(run, "crew_of", gone)
    with pytest.raises(GridpactError, match="is gone"):
        run_fleet(cases, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "fleet.json").read_text())["state"] == "interrupted"


def killed_at_once(plan: Plan, batch: Batch) -> list[Done]:
    """In the place of `clear_batch`: a worker that dies before it is at any case."""
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def test_processes_that_die_before_any_case_do_not_do_so_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fleet(tmp_path / "cases", 2)
    monkeypatch.setattr(batches, "clear_batch", killed_at_once)
    monkeypatch.setattr(batches, "LOST_MAX", 1)
    result = run_fleet(tmp_path / "cases", tmp_path / "out", workers=1)
    assert result.failed == 2
    assert result.table["error"].str.contains("killed before it began").all()
    assert is_finished(tmp_path / "out")


def test_workers_of_a_cluster_that_die_before_any_case_do_not_do_so_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    write_fleet(tmp_path / "cases", 2)
    monkeypatch.setattr(batches, "clear_batch", killed_at_once)
    monkeypatch.setattr(batches, "LOST_MAX", 1)
    no_pages = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs=no_pages,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        result = run_fleet(tmp_path / "cases", tmp_path / "out", scheduler=cluster.scheduler_address)
    assert result.failed == 2
    assert result.table["error"].str.contains("killed before it began").all()
    assert is_finished(tmp_path / "out")
