"""StepMethod: what solves the quadratic programme of each step, by its size and by what the last one held."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.clearing.solver.active_set import ActiveSet, held_bounds, solve_from
from gridpact.clearing.solver.dense_daqp import solve_dense
from gridpact.clearing.solver.quadratic import QuadraticOptimum, QuadraticProgramme
from gridpact.clearing.solver.sparse_piqp import solve_sparse

DENSE_AT_LAST_MAX = 500  # variables up to which dense matrices are tried where the other method fails
ELASTIC_PRICE = 1e4  # kW of volume for a kW by which a limit is exceeded
LOOSE_TOLERANCE, TIGHT_TOLERANCE = 1e-7, 1e-12
UNPRICED_SHARE = (
    1e-8  # kW of volume per kW of a variable, which an interior-point method leaves on idle limits
)


def priced(dual: Float) -> Float:
    """Multipliers without what an interior-point method leaves on limits that are idle."""
    return np.where(dual > UNPRICED_SHARE, dual, 0.0)


class StepMethod:
    """The methods for the steps of one solve.

    Args:
        span: how far each variable can move at the most, positive, (J,).
        is_dense: whether there are so few variables that an active-set method on dense matrices is faster.

    Attributes:
        tolerance: of the interior-point method.
    """

    def __init__(self, span: Float, *, is_dense: bool) -> None:
        self._span, self._is_dense = span, is_dense
        self.tolerance = LOOSE_TOLERANCE
        self._held: Int | None = None

    def solved(
        self, quadratic: QuadraticProgramme, radius: float, last: QuadraticOptimum | None, limit_dual: Float
    ) -> QuadraticOptimum | None:
        """The step of at most a radius; elastic where the linearised limits contradict one another.

        What the active set of the last step does not lead to goes to the interior-point method, and what that
        cannot solve to the active-set method for dense matrices, up to a size. A step of few variables that
        the active-set method fails on goes to the other one.

        Args:
            quadratic: the programme of the step.
            radius: parts of what each variable can move.
            last: the last step, if there was one.
            limit_dual: multipliers of the limits before this step, (L,).
        """
        if not np.isfinite(quadratic.gradient).all():
            return None
        if any(not (np.isfinite(b.rows).all() and np.isfinite(b.hessian).all()) for b in quadratic.blocks):
            return None
        bounded = replace(
            quadratic,
            lower=np.maximum(quadratic.lower, -radius * self._span),
            upper=np.minimum(quadratic.upper, radius * self._span),
        )
        methods: list[Callable[[QuadraticProgramme], QuadraticOptimum | None]] = []
        if not self._is_dense:
            methods.append(partial(solve_sparse, tolerance=self.tolerance))
        if self._is_dense or len(self._span) <= DENSE_AT_LAST_MAX:
            methods.append(solve_dense)
        found = None if self._is_dense else self._solved_from_last(bounded, last, limit_dual)
        for solve, elastic in product(methods, (None, ELASTIC_PRICE)):
            if found is not None:
                break
            if elastic is not None and not quadratic.blocks:
                continue
            found = solve(replace(bounded, elastic=elastic))
        if found is None and self._is_dense:
            price = ELASTIC_PRICE if quadratic.blocks else None
            found = solve_sparse(replace(bounded, elastic=price), tolerance=TIGHT_TOLERANCE)
        if found is not None and not self._is_dense:
            self._held = held_bounds(bounded, found.value, found.bound_dual)
        return found

    def _solved_from_last(
        self, bounded: QuadraticProgramme, last: QuadraticOptimum | None, limit_dual: Float
    ) -> QuadraticOptimum | None:
        """The step where what binds is nearly what bound in the last one."""
        if last is None or self._held is None:
            return None
        row_dual = priced(last.row_dual)
        return solve_from(bounded, ActiveSet(held=self._held, row_dual=row_dual, limit_dual=limit_dual))
