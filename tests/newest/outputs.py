"""What a process writes to its file descriptors, from Python and from compiled code alike."""

import ctypes
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a command wrote, and how it ended."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """That of this process, for another that runs the same code."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"}


def gridpact(*arguments: object) -> Written:
    """Runs a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gridpact", *map(str, arguments)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=environment(),
    )
    return Written(code=done.returncode, out=done.stdout, err=done.stderr)


def printed(capfd: pytest.CaptureFixture[str]) -> str:
    """All that this process wrote to stdout and stderr, what waits in C's buffers included."""
    ctypes.CDLL(None).fflush(None)
    return "".join(capfd.readouterr())
