"""cores: how many there are for this process."""

import os
from contextlib import suppress
from math import ceil
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
OLD_QUOTA, OLD_PERIOD = (
    Path("/sys/fs/cgroup/cpu") / name for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us")
)


def cores() -> int:
    """The cores that this process may use, by its affinity and by the quota of its container, at least 1."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min(there, ceil(_quota() or there)), 1)


def _quota() -> float:
    """Cores by the quota of Linux's control groups, of either version; 0 where there is none."""
    with suppress(OSError, ValueError):
        granted, period = QUOTA.read_text(encoding="ascii").split()
        return float(granted) / float(period)
    with suppress(OSError, ValueError, ZeroDivisionError):
        return max(float(OLD_QUOTA.read_text()) / float(OLD_PERIOD.read_text()), 0.0)
    return 0.0
