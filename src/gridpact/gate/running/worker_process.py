"""Clearing workers: processes that clear what is sealed, one session after another."""

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from gridpact.gate.closing.leases import release
from gridpact.gate.store.database import OUTAGES
from gridpact.gate.store.gate_home import Gate, open_gate
from gridpact.gate.store.transaction import carry_out
from gridpact.gate.watch.json_log import say, set_up_log
from gridpact.gate.watch.worker_signs import SIGN_SECONDS, give_sign, take_sign

POLL_SECONDS, CLOCK_SECONDS, AFTER_FAILURE_SECONDS = 0.1, 30.0, 2.0
NICENESS = 10  # Beside a server that has to answer, clearing takes what time that leaves.
PREPARED = ("pandas", "pyarrow.csv", "pyarrow.parquet")
THREADS = "OPENBLAS_NUM_THREADS"  # Matrices of a feeder are too small for more than one.
PROGRAM = (
    "import sys; from pathlib import Path; from gridpact.gate.running.worker_process import work; "
    "work(Path(sys.argv[1]), seals=False, parent=int(sys.argv[2]), worker=sys.argv[3])"
)


def work(folder: Path, *, seals: bool = True, parent: int | None = None, worker: str = "") -> None:
    """Clears sessions of a gate until the process is told to end.

    Args:
        folder: of the gate.
        seals: whether it seals too, for machines on which nothing serves.
        parent: the process that it ends with; the one that started it, where it is not given.
        worker: its name, a new one where it is not given.
    """
    ended = Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    set_up_log()
    if not seals:
        os.nice(NICENESS)
    gate, worker = open_gate(folder), worker or new_name()
    _give_sign(gate, worker)
    Thread(target=_live, args=(gate, worker, ended), name="signs of life", daemon=True).start()
    Thread(target=_send, args=(gate, worker, ended), name="webhooks", daemon=True).start()
    say("worker started", worker=worker)
    _clear(gate, worker, ended, seals=seals, parent=os.getppid() if parent is None else parent)
    _forget(gate, worker)
    say("worker ended", worker=worker)
    gate.database.close()


def _clear(gate: Gate, worker: str, ended: Event, *, seals: bool, parent: int) -> None:
    """Clears what is sealed, until it is to end or its parent is gone."""
    from gridpact.gate.closing.sealer import Sealer
    from gridpact.gate.closing.session_worker import clear_next
    from gridpact.gate.events.openings import log_openings
    from gridpact.gate.settlement.settlement_worker import settle_next

    prepare()
    measured, has_failed = monotonic(), False
    store = partial(carry_out, gate.database)
    sealer = Sealer(gate.database, gate.clock, gate.drain_microseconds, store)
    while not ended.is_set() and os.getppid() == parent:
        cleared = None
        try:
            if monotonic() - measured > CLOCK_SECONDS:
                gate.clock.measure()
                measured = monotonic()
            if has_failed:  # What it had claimed then is nobody's.
                carry_out(gate.database, lambda transaction: release(transaction, worker))
                has_failed = False
            if seals:
                log_openings(gate.database, gate.clock, store)
                sealer.seal_due()
            cleared = clear_next(gate.database, gate.clock, gate.private, worker)
            if cleared is None:  # What is settled can wait for what is cleared.
                cleared = settle_next(gate.database, gate.clock, gate.private, worker)
        except OUTAGES as error:
            say("worker could not go on", level=logging.ERROR, error=error, worker=worker)
            has_failed = True
            ended.wait(AFTER_FAILURE_SECONDS)
        if cleared is None:
            ended.wait(POLL_SECONDS)


def _send(gate: Gate, worker: str, ended: Event) -> None:
    """Sends webhooks, beside what is cleared."""
    from gridpact.gate.webhooks.webhook_sender import WebhookSender

    WebhookSender(gate, worker).send_until(ended)


def prepare() -> None:
    """Loads what reading a case takes, which would else be loaded when the first one waits for it."""
    for name in PREPARED:
        import_module(name)


def new_name() -> str:
    """A name for a worker that no other one has."""
    return f"{socket.gethostname()[:100]}-{secrets.token_hex(8)}"


def _live(gate: Gate, worker: str, ended: Event) -> None:
    """Gives signs of life."""
    while not ended.wait(SIGN_SECONDS):
        _give_sign(gate, worker)


def _give_sign(gate: Gate, worker: str) -> None:
    try:
        give_sign(gate.database, worker, gate.clock())
    except SQLAlchemyError as error:
        say("worker could not give a sign of life", level=logging.WARNING, error=error, worker=worker)


def _forget(gate: Gate, worker: str) -> None:
    """Lets go of all that a worker held."""
    try:
        carry_out(gate.database, lambda transaction: release(transaction, worker))
        take_sign(gate.database, worker)
    except SQLAlchemyError as error:  # Its leases end by themselves.
        say("worker could not be released", level=logging.WARNING, error=error, worker=worker)


@contextmanager
def clearing_processes(gate: Gate, count: int) -> Iterator[Thread]:
    """Clearing workers beside the server, which does the sealing.

    What is given is a thread to be started, which has one that dies followed by another.

    Args:
        gate: that is served.
        count: how many there are.
    """
    workers = [new_name() for _ in range(count)]
    processes = [_start(gate.folder, worker) for worker in workers]
    ended = Event()

    def replace_dead() -> None:
        while not ended.wait(POLL_SECONDS):
            for place, process in enumerate(processes):
                if process.poll() is None or ended.is_set():
                    continue
                say("worker died", level=logging.ERROR, worker=workers[place], code=process.returncode)
                _forget(gate, workers[place])
                workers[place] = new_name()
                processes[place] = _start(gate.folder, workers[place])

    keeper = Thread(target=replace_dead, name="keeper", daemon=True)
    try:
        yield keeper
    finally:
        ended.set()
        if keeper.is_alive():
            keeper.join()
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _start(folder: Path, worker: str) -> "subprocess.Popen[bytes]":
    """A clearing worker; it ends with this process."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(os.getpid()), worker],
        env={THREADS: "1", **os.environ},
    )
