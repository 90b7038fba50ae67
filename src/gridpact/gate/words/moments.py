"""Moments: microseconds since 1970-01-01 UTC, as the gate stamps and writes them."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from gridpact.case.times import YEARS, from_microseconds, microseconds

Clock = Callable[[], int]
_WITH_OFFSET = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", flags=re.ASCII
)
MOMENT_REMEDY = "write it with its offset, as in 2026-11-29T00:00:00+00:00"


def system_clock() -> int:
    """The time of this machine in microseconds."""
    return time.time_ns() // 1000


def moment_text(moment: int) -> str:
    """A moment as RFC 3339 in UTC, to the microsecond."""
    second, rest = divmod(moment, 1_000_000)
    return f"{_second_text(second)}.{rest:06}Z"


@lru_cache(maxsize=1024)
def _second_text(second: int) -> str:
    return from_microseconds(second * 1_000_000).strftime("%Y-%m-%dT%H:%M:%S")


def read_moment(text: object) -> int | None:
    """The moment that an RFC 3339 time with an offset means; `None` where it is none of a year of `YEARS`."""
    if not isinstance(text, str) or not _WITH_OFFSET.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text.upper())
        return microseconds(time) if time.year in YEARS else None
    except (ValueError, OverflowError):
        return None
