"""A fleet as a user clears it, in processes of its own: how long it takes, and how much memory."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

from gridpact.case.folder.case_files import CASE_FILE

SAMPLE_S = 0.25
BYTES_PER_MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class FleetRun:
    """A fleet that was cleared.

    Attributes:
        feeders: how many.
        seconds: from the start of the process to its end.
        peak_mib: the most memory that all its processes had at once, by samples; what they share counts
            for each.
    """

    feeders: int
    seconds: float
    peak_mib: float


def first_feeders(folder: Path, count: int) -> list[str]:
    """The names of the first feeders in the folder of a fleet.

    Raises:
        SystemExit: it has fewer.
    """
    names = all_feeders(folder)
    if len(names) < count:
        raise SystemExit(f"{folder} has {len(names)} feeders, and {count} are asked for")
    return names[:count]


def all_feeders(folder: Path) -> list[str]:
    """The names of the feeders in the folder of a fleet."""
    return sorted(path.parent.name for path in folder.glob(f"*/{CASE_FILE}"))


def run_fleet(folder: Path, names: Sequence[str], aside: Path) -> FleetRun:
    """Clears some feeders of a fleet by `gridpact fleet` into a new folder in `aside`, which is deleted.

    Raises:
        SystemExit: some feeder has no result.
    """
    with tempfile.TemporaryDirectory(dir=aside) as name:
        manifest, out = Path(name, "manifest.txt"), Path(name, "out")
        manifest.write_text("\n".join(names) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "gridpact", "fleet", str(folder), "--out", str(out)]
        start = perf_counter()
        process = subprocess.Popen(
            [*command, "--manifest", str(manifest), "--quiet"], stdout=subprocess.PIPE, text=True
        )
        peak = 0
        while True:
            try:
                process.communicate(timeout=SAMPLE_S)
                break
            except subprocess.TimeoutExpired:
                peak = max(peak, _memory(process.pid))
        seconds = perf_counter() - start
    if process.returncode:
        raise SystemExit(f"gridpact fleet ended with {process.returncode}")
    return FleetRun(feeders=len(names), seconds=seconds, peak_mib=peak / BYTES_PER_MIB)


def _memory(pid: int) -> int:
    """Resident memory of a process and all below it, bytes."""
    total = 0
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:  # It has ended meanwhile.
            continue
    return total
