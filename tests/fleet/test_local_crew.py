"""The workers of this machine: what they answer, how they end, and what becomes of tasks that kill them."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from gridpact.errors import GridpactError, InvalidUsage
from gridpact.fleet.workers import cores, local_crew
from gridpact.fleet.workers.batches import Task

PATIENCE_S = 60.0
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_")


def values_of(names: tuple[str, ...]) -> list[str | None]:
    return [os.environ.get(name) for name in names]


def noisy() -> list[str]:
    """Writes to stdout by Python and by the file descriptor, as libraries in C do."""
    print("of Python", flush=True)  # noqa: T201
    os.write(1, b"of C\n")
    return ["said"]


def killed() -> list[str]:
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def refused() -> list[str]:
    raise InvalidUsage("the run is over", "start it again")


class NotCarried(Exception):
    """An error that its own pickle cannot make again."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


def broken() -> list[str]:
    raise NotCarried("out of", "order")


def its_process() -> list[int]:
    return [os.getpid()]


def answered(crew: local_crew.LocalCrew, task: object) -> object:
    crew.submit(1, task)  # type: ignore[arg-type]
    return crew.next_done()[1]


def gone(pid: int) -> bool:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def test_workers_calculate_with_one_thread_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with local_crew.local_crew(1) as crew:
        assert crew.workers() == 1
        assert answered(crew, partial(values_of, THREADS)) == ["3", "1", None]


def test_what_libraries_print_is_no_answer() -> None:
    with local_crew.local_crew(1) as crew:
        assert [answered(crew, noisy) for _ in range(3)] == [["said"]] * 3


def test_a_killed_worker_gives_its_task_back_and_another_comes_up() -> None:
    with local_crew.local_crew(1) as crew:
        [before] = answered(crew, its_process)  # type: ignore[misc]
        assert answered(crew, killed) is None
        [after] = answered(crew, its_process)  # type: ignore[misc]
        assert after != before and gone(before)
    assert gone(after)


@pytest.mark.parametrize(
    ("task", "error", "said"),
    [(refused, InvalidUsage, "start it again"), (broken, GridpactError, "out of order")],
)
def test_what_a_task_raises_is_raised_here(task: Task, error: type[Exception], said: str) -> None:
    with local_crew.local_crew(1) as crew, pytest.raises(error, match=said):
        answered(crew, task)


def test_workers_that_do_not_come_up_end_the_run_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_crew, "PROGRAM", "gridpact.nowhere")
    with local_crew.local_crew(2) as crew, pytest.raises(GridpactError, match=r"could not be started.*ended"):
        answered(crew, its_process)


def test_a_machine_that_has_no_processes_left_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", none_left)
    with local_crew.local_crew(1) as crew, pytest.raises(GridpactError, match="temporarily unavailable"):
        answered(crew, its_process)


def test_workers_end_in_the_midst_of_a_task_with_the_run_however_it_ends(tmp_path: Path) -> None:
    """A script without a guard at its end, killed while its worker is at something that takes long."""
    script, said = tmp_path / "script.py", tmp_path / "pid"
    script.write_text(
        "import os, time\n"
        "from functools import partial\n"
        "from gridpact.fleet.workers.local_crew import local_crew\n"
        "with local_crew(1) as crew:\n"
        "    crew.submit(1, os.getpid)\n"
        f"    open({str(said)!r} + '.new', 'w').write(str(crew.next_done()[1]))\n"
        f"    os.rename({str(said)!r} + '.new', {str(said)!r})\n"
        "    crew.submit(2, partial(time.sleep, 600))\n"
        "    crew.next_done()\n"
    )
    process = subprocess.Popen([sys.executable, str(script)])
    try:
        end = time.monotonic() + PATIENCE_S
        while not said.exists():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.01)
        worker = int(said.read_text())
        assert psutil.pid_exists(worker)
    finally:
        process.kill()
        process.wait()
    assert gone(worker)


def test_cores_are_those_of_the_affinity_within_the_quota_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: tmp_path / name for name in ("QUOTA", "OLD_QUOTA", "OLD_PERIOD")}
    for name, path in files.items():
        monkeypatch.setattr(cores, name, path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert cores.cores() == 8
    files["OLD_QUOTA"].write_text("-1\n")
    files["OLD_PERIOD"].write_text("100000\n")
    assert cores.cores() == 8
    files["OLD_QUOTA"].write_text("150000\n")
    assert cores.cores() == 2
    files["QUOTA"].write_text("300000 100000\n")
    assert cores.cores() == 3
    files["QUOTA"].write_text("1000 100000\n")
    assert cores.cores() == 1


def test_a_task_that_cannot_be_handed_over_ends_the_run_instead_of_waiting() -> None:
    with local_crew.local_crew(1) as crew, pytest.raises(Exception, match="pickle"):
        answered(crew, lambda: [])
