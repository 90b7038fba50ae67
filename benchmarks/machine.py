"""The machine that figures are of, and how much memory this process has taken on it."""

import os
import platform
import resource
from datetime import date
from pathlib import Path

KIB_PER_MIB = 1024
MIB_PER_GIB = 1024


def peak_mib() -> float:
    """The most memory that this process has had, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB


def described() -> str:
    """One line: the date, the machine and the load on it now, from other work too."""
    load = os.getloadavg()[0]
    return (
        f"Printed on {date.today().isoformat()}, on {os.cpu_count()} cores of {_processor()}, "
        f"{_memory_gib():.0f} GiB, Python {platform.python_version()}, "
        f"OpenBLAS on {os.environ['OPENBLAS_NUM_THREADS']} thread; load at the end {load:.1f}."
    )


def _processor() -> str:
    """Its model where the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> float:
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return pages * page / KIB_PER_MIB**2 / MIB_PER_GIB
