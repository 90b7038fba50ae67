"""FleetProgress: how far a fleet is, how fast it goes and how long it takes yet, on stderr."""

import sys
from collections import deque
from time import monotonic

from gridpact.progress import PATIENCE_SECONDS

TERMINAL_SECONDS, FILE_SECONDS = 0.5, 10.0
RATE_SECONDS = 60.0
MINUTE, HOUR = 60, 3600


class FleetProgress:
    """Counts cases, and says so now and then: in one line of a terminal, or in a line of its own elsewhere.

    Args:
        total: number of cases.
        quiet: says nothing.
    """

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total, self._quiet = total, quiet
        self._done = self._failed = 0
        self._is_terminal = sys.stderr.isatty()
        self._said, self._width = monotonic(), 0
        self._wait = PATIENCE_SECONDS
        self._past = deque([(self._said, 0)])

    def add(self, done: int, failed: int) -> None:
        """Takes in cases that are done, some of which failed."""
        self._done += done
        self._failed += failed
        now = monotonic()
        self._past.append((now, self._done))
        while len(self._past) > 2 and self._past[1][0] < now - RATE_SECONDS:
            self._past.popleft()
        if now - self._said >= self._wait:
            self._say(self.line())
            self._said = now
            self._wait = TERMINAL_SECONDS if self._is_terminal else FILE_SECONDS

    def close(self) -> None:
        """Ends the line of a terminal."""
        if self._width:
            self._say("", end="\r")

    def line(self) -> str:
        """What is said: "1,240 of 10,000 cases, 3 failed, 31.2 a second, 4 min 41 s left"."""
        (before, had), (now, have) = self._past[0], self._past[-1]
        rate = (have - had) / (now - before) if now > before else 0.0
        failed = f", {self._failed:,} failed" if self._failed else ""
        left = f", {rate:.3g} a second, {duration((self._total - have) / rate)} left" if rate else ""
        return f"{self._done:,} of {self._total:,} cases{failed}{left}"

    def _say(self, text: str, end: str = "") -> None:
        if self._quiet:
            return
        if self._is_terminal:
            sys.stderr.write(f"\r{text:<{self._width}}{end}")
            self._width = len(text)
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def duration(seconds: float) -> str:
    """A time that is left or was taken: "12 s", "4 min 41 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
