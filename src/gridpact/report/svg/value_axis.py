"""ValueAxis: round numbers along the values of a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
EDGE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAxis:
    """The values from `low` to `high`, with ticks at round numbers between them and their texts."""

    low: float
    high: float
    ticks: tuple[float, ...]
    texts: tuple[str, ...]

    def share(self, value: float) -> float:
        """How far along the axis a value stands: 0 at `low`, 1 at `high`."""
        return (value - self.low) / (self.high - self.low)


def value_axis(low: float, high: float, *, ticks_max: int, step_min: float = 0.0) -> ValueAxis:
    """An axis with as many ticks as there is room for.

    Args:
        low: the least value.
        high: the greatest; where it is not above `low`, the axis is made one wide.
        ticks_max: how many steps there are at most.
        step_min: the least distance of two ticks.
    """
    if high <= low:
        high = low + 1.0
    step = max(_round_step((high - low) / ticks_max), step_min)
    first, last = ceil(low / step - EDGE), floor(high / step + EDGE)
    ticks = tuple(round(place * step, 12) for place in range(first, last + 1))
    return ValueAxis(low=low, high=high, ticks=ticks, texts=_texts(ticks, step))


def given_axis(low: float, high: float, ticks: Sequence[float], texts: Sequence[str]) -> ValueAxis:
    """An axis whose ticks are given."""
    return ValueAxis(low=low, high=high, ticks=tuple(ticks), texts=tuple(texts))


def _round_step(least: float) -> float:
    """The first round number that is not less."""
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in STEPS if step * power >= least * (1.0 - EDGE))


def _texts(ticks: tuple[float, ...], step: float) -> tuple[str, ...]:
    """The ticks with as many decimals as their step has."""
    decimals = next(d for d in range(13) if abs(round(step, d) - step) < step * 1e-6)
    return tuple(f"{tick + 0.0:,.{decimals}f}".replace("-", "−") for tick in ticks)
