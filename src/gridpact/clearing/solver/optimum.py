"""Optimum: what a solve of a programme found, and the limits of the network that were at work there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.clearing.solver.programme import Programme


class SolverStatus(IntEnum):
    """How a solve ended."""

    OPTIMAL = 0
    ACCEPTABLE = 1
    STOPPED = 2
    INFEASIBLE = 3
    FAILED = 4

    @property
    def is_kept(self) -> bool:
        """Whether what was found keeps every row and limit."""
        return self <= SolverStatus.STOPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsAtWork:
    """Limits at work, L of them.

    Attributes:
        situation: of each, (L,).
        row: monitored quantity, (L,).
        sign: 1 where its greatest value is the limit, −1 where its least is, (L,).
        dual: objective per unit of the limit, not negative, (L,).
        value: where the quantity stands, (L,).
        gradient: change of sign · quantity per kW of each coordinate of injection, (L, K).
    """

    situation: Int
    row: Int
    sign: Float
    dual: Float
    value: Float
    gradient: Float

    def __len__(self) -> int:
        return len(self.row)

    @property
    def keys(self) -> list[tuple[int, int, float]]:
        """Situation, quantity and sign of each."""
        return list(zip(self.situation.tolist(), self.row.tolist(), self.sign.tolist(), strict=True))

    @classmethod
    def joined(cls, parts: Sequence["LimitsAtWork"], coordinates: int) -> "LimitsAtWork":
        """Several sets, one after the other."""
        parts = [cls.none(coordinates), *parts]
        return cls(
            situation=np.concatenate([one.situation for one in parts]),
            row=np.concatenate([one.row for one in parts]),
            sign=np.concatenate([one.sign for one in parts]),
            dual=np.concatenate([one.dual for one in parts]),
            value=np.concatenate([one.value for one in parts]),
            gradient=np.vstack([one.gradient for one in parts]),
        )

    @classmethod
    def none(cls, coordinates: int) -> "LimitsAtWork":
        """No limit at all."""
        index, number = np.empty(0, dtype=np.int64), np.empty(0)
        return cls(
            situation=index,
            row=index,
            sign=number,
            dual=number,
            value=number,
            gradient=np.empty((0, coordinates)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """What a solve found.

    Attributes:
        status: how it ended.
        value: of the variables, (J,); it keeps every row and limit where `status.is_kept`.
        objective: there.
        bound_dual: objective per unit of each variable's bound, positive at an upper one, (J,).
        row_dual: objective per unit of each row, not negative, (m,).
        limits: at work at the end.
        is_sure: whether no other optimum is to be expected from prices and curvature.
        corners: points that lead to corners which may be better, (J,) each.
        is_first: whether the first start led to it, and not one that was tried because of doubts.
    """

    status: SolverStatus
    value: Float
    objective: float
    bound_dual: Float
    row_dual: Float
    limits: LimitsAtWork
    is_sure: bool = False
    corners: tuple[Float, ...] = ()
    is_first: bool = True

    @classmethod
    def without_multipliers(cls, programme: Programme, status: SolverStatus, value: Float) -> "Optimum":
        """A value that nothing explains."""
        coordinates = len(programme.situations.directions) if programme.situations else 0
        return cls(
            status=status,
            value=value,
            objective=programme.objective.value(value) if status.is_kept else -np.inf,
            bound_dual=np.zeros(len(programme)),
            row_dual=np.zeros(len(programme.row_upper)),
            limits=LimitsAtWork.none(coordinates),
        )

    @classmethod
    def within_rows(cls, programme: Programme, value: Float, row_dual: Float) -> "Optimum":
        """An optimum of the rows alone that the network carries."""
        plain = cls.without_multipliers(programme, SolverStatus.OPTIMAL, value)
        return replace(plain, row_dual=row_dual, is_sure=True)
