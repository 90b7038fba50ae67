"""Stopwatch: the wall time of each step of a computation, kept and logged."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

LOG = logging.getLogger("gridpact")


class Stopwatch:
    """Adds up seconds by name; `seconds` is in the order in which the steps were first taken."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times what runs inside."""
        start = perf_counter()
        try:
            yield
        finally:
            seconds = perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
            LOG.debug("%s took %.3f s", name, seconds)
