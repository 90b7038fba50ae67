"""Limits of rate: a bucket of tokens for each key, and one for each address that sends unknown keys."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

KEPT_MAX = 100_000


class RateLimit:
    """Takes `per_second` in the long run and `at_once` in a moment of each name.

    Args:
        per_second: how many come back each second.
        at_once: how many there can be.
        clock: seconds that never go back.
    """

    def __init__(self, per_second: float, at_once: float, clock: Callable[[], float] = monotonic) -> None:
        self._per_second, self._at_once, self._clock = per_second, at_once, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, name: str) -> float:
        """Takes a token of a name, and gives 0; where there is none, the seconds until there is."""
        now = self._clock()
        left, since = self._buckets.pop(name, (self._at_once, now))
        left = min(self._at_once, left + (now - since) * self._per_second)
        wait = 0.0 if left >= 1.0 else (1.0 - left) / self._per_second
        self._buckets[name] = (left if wait else left - 1.0), now
        if len(self._buckets) > KEPT_MAX:
            self._buckets.popitem(last=False)
        return wait
