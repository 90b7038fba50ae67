"""WorkingLimits: the limits that are at work in the steps of a solve, with their last multipliers."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.clearing.network.situations import Situations
from gridpact.clearing.solver.joined_situations import KEPT, Point
from gridpact.clearing.solver.optimum import LimitsAtWork
from gridpact.clearing.solver.programme import EVEN_CUT_WEIGHT
from gridpact.clearing.solver.quadratic import NetworkBlock, bent_up

SLACK = 1e-10  # of the linearised limits, for what rounding leaves of them
TIE_BREAK_SHARE = 10.0 * EVEN_CUT_WEIGHT  # kW of volume per kW of a trade
Key = tuple[int, int, float]  # situation, monitored quantity and sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Linearised:
    """The L limits of a situation that are at work, around a point.

    Attributes:
        limits: these.
        block: the network's part of the step's programme, over K' coordinates.
        curvature: exact Hessian of the Lagrangian, (K', K').
        scale: by which each limit was divided, (L,).
    """

    limits: LimitsAtWork
    block: NetworkBlock
    curvature: Float
    scale: Float


class WorkingLimits:
    """The limits at work: each from when a step breaks it.

    Args:
        situations: whose limits they are; `None` where no network has to carry anything.
    """

    def __init__(self, situations: Situations | None) -> None:
        self._situations = situations
        self._keys: list[Key] = []
        self._dual: dict[Key, float] = {}
        self._effects: dict[int, tuple[Int, csr_array]] = {}

    @property
    def prices(self) -> float:
        """The sum of all multipliers."""
        return sum(self._dual.values())

    def begin_with(self, limits: LimitsAtWork) -> None:
        """Puts limits to work with the multipliers that they have."""
        self._keys = limits.keys
        self._dual = dict(zip(self._keys, limits.dual.tolist(), strict=True))

    def put_to_work(self, points: list[Point], value: Float, at_once: int) -> None:
        """Puts those limits to work that are exceeded most: by high and low voltages, and by loadings.

        Of quantities that are exceeded equally, as at nodes that nothing lies between, the first is at work.

        Args:
            points: around which, one for each joined situation.
            value: of the variables there, (J,).
            at_once: how many limits of a kind there may be more in a situation.
        """
        situations = self._situations
        if situations is None:
            return
        tolerance = KEPT if value.any() else -KEPT
        voltages = len(situations.oracle.monitored.node)
        for point in points:
            excess = point.excess
            kinds = ((excess[0, :voltages], 0, 1.0), (excess[1, :voltages], 0, -1.0))
            for exceeded, first, sign in (*kinds, (excess[0, voltages:], voltages, 1.0)):
                for row in _worst(exceeded, at_once, tolerance):
                    key = point.situation, first + row, sign
                    if key not in self._dual:
                        self._keys.append(key)
                        self._dual[key] = 0.0

    def price(self, limits: LimitsAtWork, dual: Float) -> None:
        """Takes the multipliers of a step, (L,), for the next one's curvature."""
        for key, one in zip(limits.keys, dual.tolist(), strict=True):
            self._dual[key] = one

    def around(self, points: list[Point]) -> list[Linearised]:
        """The limits at work around the points of their situations, each situation that has any."""
        if (situations := self._situations) is None:
            return []
        self._keys.sort()
        keys = [[key for key in self._keys if key[0] == point.situation] for point in points]
        return [self._around(situations, own, point) for own, point in zip(keys, points, strict=True) if own]

    def _around(self, situations: Situations, keys: list[Key], point: Point) -> Linearised:
        """The limits of a situation at work, around a point."""
        row = np.array([key[1] for key in keys], dtype=np.int64)
        sign = np.array([key[2] for key in keys])
        dual = np.array([self._dual[key] for key in keys])
        moving, effect = self._effect(situations, point.situation)
        gradient = point.around.gradient(row, sign)
        priced = dual > 0.0
        curvature = point.around.curvature(row[priced], sign[priced], dual[priced])[np.ix_(moving, moving)]
        exceeded = np.where(sign > 0.0, point.excess[0, row], point.excess[1, row])
        scale = np.abs(gradient[:, moving]).max(axis=1, initial=0.0)
        scale = np.where(scale > 0.0, scale, 1.0)
        rows, upper = gradient[:, moving] / scale[:, None], (SLACK - exceeded) / scale
        hessian, by_rows = bent_up(curvature, rows, upper, dual * scale > TIE_BREAK_SHARE)
        block = NetworkBlock(effect=effect, hessian=hessian, gradient=by_rows, rows=rows, upper=upper)
        limits = LimitsAtWork(
            situation=np.full(len(keys), point.situation),
            row=row,
            sign=sign,
            dual=dual,
            value=point.around.magnitude[row],
            gradient=gradient,
        )
        return Linearised(limits=limits, block=block, curvature=curvature, scale=scale)

    def _effect(self, situations: Situations, situation: int) -> tuple[Int, csr_array]:
        """The coordinates that the variables move in a situation, and the rows of E for these, found once."""
        if situation not in self._effects:
            effect = situations.effects[situation]
            moving = np.flatnonzero(np.diff(effect.indptr))
            all_move = len(moving) == effect.shape[0]
            self._effects[situation] = moving, effect if all_move else csr_array(effect[moving])
        return self._effects[situation]


def _worst(exceeded: Float, count: int, tolerance: float) -> list[int]:
    """The quantities that are exceeded most, each amount once: the first of it."""
    over = np.flatnonzero(exceeded > tolerance)
    if not len(over):
        return []
    _, first = np.unique(-np.round(exceeded[over] / KEPT), return_index=True)
    return [int(row) for row in over[first[:count]]]
