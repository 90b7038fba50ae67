"""Clearing workers: processes that clear what is sealed, one session after another."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from gridpact.gate.closing.session_worker import clear_next, seal_due
from gridpact.gate.store.gate_home import open_gate

POLL_SECONDS = 0.25


def work(folder: Path, *, seals: bool = True) -> None:
    """Clears sessions of a gate until the process is told to end.

    Args:
        folder: of the gate.
        seals: whether it seals too, for machines on which nothing serves.
    """
    ended = Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    gate = open_gate(folder)
    parent = os.getppid()
    while not ended.is_set() and os.getppid() == parent:
        cleared = None
        try:
            if seals:
                seal_due(gate.database, gate.clock)
            cleared = clear_next(gate.database, gate.clock, gate.private)
        except SQLAlchemyError as error:
            sys.stderr.write(f"gridpact: the database did not answer: {type(error).__name__}\n")
        if cleared is None:
            ended.wait(POLL_SECONDS)
    gate.database.close()


def start_worker(folder: Path) -> "subprocess.Popen[bytes]":
    """A clearing worker beside the server, which does the sealing; it ends with this process."""
    program = "import sys; from pathlib import Path; from gridpact.gate.running.worker_process import work; "
    return subprocess.Popen(
        [sys.executable, "-c", f"{program}work(Path(sys.argv[1]), seals=False)", str(folder)]
    )
