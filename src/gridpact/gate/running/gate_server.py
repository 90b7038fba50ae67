"""The server of a gate: serving processes, clearing workers, and one line when it is ready."""

import logging
import multiprocessing
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any
from urllib.request import urlopen

from granian import Granian
from granian.constants import Interfaces

from gridpact.errors import InvalidUsage
from gridpact.gate.closing.leases import release
from gridpact.gate.people.single_sign_on import need_sign_on_libraries
from gridpact.gate.running.gate_lock import gate_lock
from gridpact.gate.running.metrics_server import metrics_served
from gridpact.gate.running.new_gate import new_gate
from gridpact.gate.running.served_places import BASE, FOLDER_VARIABLE
from gridpact.gate.running.worker_process import clearing_processes
from gridpact.gate.store.gate_home import OPERATOR_KEY_FILE, is_gate, open_gate, write_secret
from gridpact.gate.store.schema_version import migrate
from gridpact.gate.store.transaction import carry_out
from gridpact.gate.watch.counting_folder import counting_folder
from gridpact.gate.watch.json_log import set_up_log
from gridpact.gate.watch.worker_signs import take_sign

SHUTDOWN_SECONDS = 10
APPLICATION = "gridpact.gate.running.application:from_environment"


def serve_gate(folder: Path, *, host: str, port: int, workers: int, clearing_workers: int) -> None:
    """Serves a gate until the process is told to end.

    Args:
        folder: of the gate, which is made where the folder is empty or not there.
        host: address to listen on.
        port: to listen on.
        workers: serving processes; more than one take PostgreSQL.
        clearing_workers: processes that clear.

    Raises:
        InvalidUsage: the gate is served already, or cannot be.
    """
    set_up_log()
    if not is_gate(folder):
        _make(folder)
    gate = open_gate(folder)
    need_sign_on_libraries(gate.settings)
    if gate.database.is_sqlite and workers > 1:
        raise InvalidUsage(
            "--workers above 1 takes a PostgreSQL database", "leave it out, or give --database"
        )
    _refuse_taken(host, port)
    with ExitStack() as stack:
        if gate.database.is_sqlite:
            stack.enter_context(gate_lock(folder))
        migrate(gate.database)
        if gate.database.is_sqlite:  # All that worked on it before are dead.
            carry_out(gate.database, release)
            take_sign(gate.database)
        os.environ[FOLDER_VARIABLE] = str(folder.absolute())
        stack.enter_context(counting_folder())
        threads = [
            *stack.enter_context(metrics_served(gate, host)),
            stack.enter_context(clearing_processes(gate, clearing_workers)),
            Thread(target=_say_ready, args=(host, port, bool(clearing_workers)), daemon=True),
        ]
        gate.database.close()  # No connection may be of two processes.
        _server(host, port, workers, threads).serve()


def _make(folder: Path) -> None:
    """Makes a gate in an empty folder, with the operator's key in a file beside it."""
    if folder.exists() and any(folder.iterdir()):
        raise InvalidUsage(f"{folder} is neither empty nor a gate", "give another folder")
    made = new_gate(folder)
    write_secret(folder / OPERATOR_KEY_FILE, made.operator_key + "\n")


class _Server(Granian):  # type: ignore[misc,valid-type]  # Granian is one class or another by platform.
    """Forks its processes while this one has no thread, whose locks a fork would leave held for good.

    Processes that follow dead ones are started afresh, which takes a second longer.

    Attributes:
        threads: of this process, started once its processes are.
    """

    threads: Sequence[Thread] = ()

    def startup(
        self, spawn_target: Callable[..., None] | None, target_loader: Callable[..., Any] | None
    ) -> None:
        """Starts the processes, and then the threads."""
        super().startup(spawn_target, target_loader)
        multiprocessing.set_start_method("spawn", force=True)
        for thread in self.threads:
            thread.start()


def _server(host: str, port: int, workers: int, threads: Sequence[Thread]) -> _Server:
    """The server, with a new process where one dies."""
    logging.getLogger("_granian").setLevel(logging.ERROR)
    server = _Server(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        factory=True,
        log_enabled=False,
        workers_kill_timeout=SHUTDOWN_SECONDS,
        respawn_failed_workers=True,
    )
    server.threads = threads
    return server


def _refuse_taken(host: str, port: int) -> None:
    """Refuses an address that cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InvalidUsage(f"cannot listen on {host} port {port}: {error.strerror}") from error


def _say_ready(host: str, port: int, clears: bool) -> None:
    """Says where the gate is, once it answers."""
    place, path = f"[{host}]" if ":" in host else host, "ready" if clears else "health"
    while True:
        try:
            with urlopen(f"http://{place}:{port}{BASE}/{path}", timeout=1.0):
                break
        except OSError:
            sleep(0.05)
    sys.stdout.write(f"gate on http://{place}:{port}\n")
    sys.stdout.flush()
