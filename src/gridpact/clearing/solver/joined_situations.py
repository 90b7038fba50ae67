"""JoinedSituations: the situations that the steps of a solve look at, and the network around each."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.network.sensitivities import Sensitivities
from gridpact.clearing.network.situations import Situations
from gridpact.clearing.solver.lockstep import Solve

KEPT = 1e-9  # pu, and parts of a rating
LOST_KW = 1e-9  # of all variables together, which voltages do not show beyond rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The network around a joined situation.

    Attributes:
        situation: which.
        around: the monitored quantities there.
        excess: how far they are above their greatest and below their least value, (2, M).
        violation: the greatest of that, not negative.
    """

    situation: int
    around: Sensitivities
    excess: Float
    violation: float


class JoinedSituations:
    """The situations of a programme that its steps look at: each from when one of its limits is broken.

    Args:
        situations: S of them; `None` where no network has to carry anything.
        lower: least value of the variables, (J,).
    """

    def __init__(self, situations: Situations | None, lower: Float) -> None:
        self._situations = situations
        self._joined: Bool = np.zeros(len(situations) if situations else 0, dtype=np.bool_)
        self._last_value = lower
        self._last_points: list[Point] = []

    @property
    def are_all(self) -> bool:
        """Whether there is no situation that is not looked at."""
        return bool(self._joined.all())

    def join(self, situation: Int) -> None:
        """Looks at some situations from here on."""
        self._joined[situation] = True

    def points(self, value: Float) -> Solve[list[Point] | None]:
        """The network around each joined situation; none where one has no operating point.

        A power flow does not tell values apart that differ by no more than `LOST_KW`: the last points serve.
        """
        situations = self._situations
        joined = np.flatnonzero(self._joined)
        if situations is None or not len(joined):
            return []
        if len(self._last_points) == len(joined) and np.abs(value - self._last_value).sum() <= LOST_KW:
            return self._last_points
        injected = situations.injected_kva(value, joined)
        voltages = yield injected
        if not np.isfinite(voltages).all():
            return None
        points = []
        for situation, voltage, power in zip(joined.tolist(), voltages, injected, strict=True):
            around = situations.oracle.around(voltage, power, situations.directions)
            excess = situations.excess(around.magnitude, situation)
            violation = float(excess.max(initial=0.0))
            points.append(Point(situation=situation, around=around, excess=excess, violation=violation))
        self._last_value, self._last_points = value, points
        return points

    def join_broken(self, value: Float) -> Solve[bool]:
        """Whether situations that were not looked at break a limit at a value; these join the others."""
        situations = self._situations
        rest = np.flatnonzero(~self._joined)
        if situations is None or not len(rest):
            return False
        if len(self._joined) == 1:
            self._joined[:] = True
            return True
        voltages = yield situations.injected_kva(value, rest)
        tolerance = KEPT if value.any() else -KEPT
        broken = ~(situations.greatest_excess(rest, voltages) <= tolerance)
        self._joined[rest[broken]] = True
        return bool(broken.any())
