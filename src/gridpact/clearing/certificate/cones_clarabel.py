"""ConeSet: points within linear equations, inequalities and second-order cones, and proven bounds over them.

Any multipliers z in the dual cone prove a bound. Over the points x with b − A x ∈ K, and with r = A'z − c,

    c'x = z'A x − r'x ≤ z'b − r'x,

and −r'x is at most what it is in the worst corner of a box that holds every point (Neumaier and Shcherbina
2004, "Safe bounds in linear and mixed-integer linear programming"; Jansson, Chaykin and Keil 2007 for
cones). Clarabel only proposes z: a solve that ends early makes the bound greater, never wrong.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import clarabel
import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from gridpact.arrays import Float
from gridpact.solvers.clarabel import silent_settings

CONE_ROWS = 4
TOLERANCE = 1e-9
ROUNDING = 1e-13


@dataclass(frozen=True, slots=True, kw_only=True)
class Greatest:
    """What is known about the greatest objective over a `ConeSet`.

    Attributes:
        upper: proven: no point of the set has more; −∞ where it has no points, ∞ where nothing is proven.
        point: where a solver believes the greatest to be, (n,): of no use where `upper` is infinite.
    """

    upper: float
    point: Float


@dataclass(frozen=True, kw_only=True)
class ConeSet:
    """The x with equations·x = e, rows·x ≤ b, lower ≤ x ≤ upper and each t = cones·x + offset in its cone.

    A cone takes four entries of t, of which the first is at least the length of the other three.

    Attributes:
        equations, equal_to: (m, n) and (m,).
        rows, at_most: (k, n) and (k,).
        cones, cone_offset: (4L, n) and (4L,).
        lower, upper: a finite box, (n,) each. It is only used to prove bounds, so `rows` has to repeat what
            is to limit x, and it may hold for less than the set: a bound is then of the points in both.
    """

    equations: csr_array
    equal_to: Float
    rows: csr_array
    at_most: Float
    cones: csr_array
    cone_offset: Float
    lower: Float
    upper: Float

    def within(self, rows: csr_array, at_most: Float) -> "ConeSet":
        """The part of the set that keeps more inequalities."""
        return replace(
            self,
            rows=csr_array(vstack([self.rows, rows])),
            at_most=np.concatenate([self.at_most, at_most]),
        )

    def greatest(self, objective: Float) -> Greatest:
        """The greatest objective·x, for an objective (n,)."""
        solution = self._solver(objective).solve()
        dual = self._in_dual_cone(np.asarray(solution.z))
        if not np.isfinite(dual).all():
            upper = np.inf
        elif solution.status in _INFEASIBLE:
            is_empty = self._bound(np.zeros_like(objective), dual) < 0.0
            upper = -np.inf if is_empty else np.inf
        else:
            upper = self._bound(objective, dual)
        return Greatest(upper=upper, point=np.asarray(solution.x))

    def _bound(self, objective: Float, dual: Float) -> float:
        residual = self._matrix.T @ dual - objective
        corner = -np.minimum(residual * self.lower, residual * self.upper).sum()
        rounding = ROUNDING * (np.abs(self._right) @ np.abs(dual) + np.abs(objective) @ self._reach)
        return float(self._right @ dual + corner + rounding)

    @cached_property
    def _reach(self) -> Float:
        return np.maximum(np.abs(self.lower), np.abs(self.upper))

    @cached_property
    def _matrix(self) -> csc_array:
        return csc_array(vstack([self.equations, self.rows, -self.cones]))

    @cached_property
    def _right(self) -> Float:
        return np.concatenate([self.equal_to, self.at_most, self.cone_offset])

    def _solver(self, objective: Float) -> clarabel.DefaultSolver:
        settings = silent_settings(TOLERANCE)
        count = len(objective)
        cones = [
            clarabel.ZeroConeT(len(self.equal_to)),
            clarabel.NonnegativeConeT(len(self.at_most)),
            *[clarabel.SecondOrderConeT(CONE_ROWS)] * (len(self.cone_offset) // CONE_ROWS),
        ]
        quadratic = csc_array((count, count))
        return clarabel.DefaultSolver(quadratic, -objective, self._matrix, self._right, cones, settings)

    def _in_dual_cone(self, dual: Float) -> Float:
        """The multipliers, moved into the dual cone where a solver left them outside by rounding."""
        equal, within, cones = np.split(dual, np.cumsum([len(self.equal_to), len(self.at_most)]))
        head, tail = np.split(cones.reshape(-1, CONE_ROWS), [1], axis=1)
        head = np.maximum(head, np.linalg.norm(tail, axis=1, keepdims=True) * (1.0 + ROUNDING))
        return np.concatenate([equal, np.maximum(within, 0.0), np.hstack([head, tail]).ravel()])


_INFEASIBLE = (clarabel.SolverStatus.PrimalInfeasible, clarabel.SolverStatus.AlmostPrimalInfeasible)
