"""The lock of a gate on SQLite, which one process serves at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridpact.errors import InvalidUsage

LOCK_FILE = "gate.lock"


@contextmanager
def gate_lock(folder: Path) -> Iterator[None]:
    """Holds the lock of a gate; the system lets go of it when the process ends, however that is.

    Raises:
        InvalidUsage: another process holds it.
    """
    with (folder / LOCK_FILE).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InvalidUsage(
                f"{folder} is served already", "with SQLite one process serves; PostgreSQL takes any number"
            ) from None
        yield
