"""Clearing workers: processes that clear what is sealed, one session after another."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from gridpact.gate.closing.session_worker import clear_next, seal_due
from gridpact.gate.store.gate_home import open_gate

POLL_SECONDS, CLOCK_SECONDS = 0.25, 30.0
PROGRAM = (
    "import sys; from pathlib import Path; from gridpact.gate.running.worker_process import work; "
    "work(Path(sys.argv[1]), seals=False, parent=int(sys.argv[2]))"
)


def work(folder: Path, *, seals: bool = True, parent: int | None = None) -> None:
    """Clears sessions of a gate until the process is told to end.

    Args:
        folder: of the gate.
        seals: whether it seals too, for machines on which nothing serves.
        parent: the process that it ends with; the one that started it, where it is not given.
    """
    ended = Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    gate = open_gate(folder)
    parent, measured = os.getppid() if parent is None else parent, monotonic()
    while not ended.is_set() and os.getppid() == parent:
        cleared = None
        try:
            if monotonic() - measured > CLOCK_SECONDS:
                gate.clock.measure()
                measured = monotonic()
            if seals:
                seal_due(gate.database, gate.clock)
            cleared = clear_next(gate.database, gate.clock, gate.private)
        except SQLAlchemyError as error:
            sys.stderr.write(f"gridpact: the database did not answer: {type(error).__name__}\n")
        if cleared is None:
            ended.wait(POLL_SECONDS)
    gate.database.close()


@contextmanager
def clearing_processes(folder: Path, count: int) -> Iterator[None]:
    """Clearing workers beside the server, which does the sealing; one that dies is followed by another.

    Args:
        folder: of the gate.
        count: how many there are.
    """
    processes = [_start(folder) for _ in range(count)]
    ended = Event()

    def replace_dead() -> None:
        while not ended.wait(POLL_SECONDS):
            for place, process in enumerate(processes):
                if process.poll() is not None and not ended.is_set():
                    processes[place] = _start(folder)

    keeper = Thread(target=replace_dead, name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    """A clearing worker; it ends with this process."""
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), str(os.getpid())])
