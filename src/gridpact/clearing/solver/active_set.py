"""Quadratic programmes whose active set is nearly known, solved in the coordinates of network and rows.

With the bounds that hold and the rows and limits that bind given, what is left is one linear system. All
variables are eliminated from it, as nothing but coordinates and rows joins them: its size is that of these,
however many the variables are. The sets are then taken from its solution, and so on until they repeat
(Hintermüller, Ito, Kunisch 2002, "The primal-dual active set strategy as a semismooth Newton method"). It
ends soon or not at all from where the last step of the sequential method ended, and it ends at the exact
minimiser.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.solver.quadratic import QuadraticOptimum, QuadraticProgramme, convexified

ROUNDS_MAX = 12
UNKNOWNS_MAX = 800
LEAST_CURVATURE = 1e-12
PROXIMAL_SHARE = 1e-9  # of the system's diagonal: rows that nothing is left to move keep their multipliers
ROUNDED_KW = 1e-7  # what rounding leaves of rows and limits, these in kW of the coordinate they feel most


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveSet:
    """What is thought to bind.

    Attributes:
        held: −1 where a variable is at its lower bound, 1 at its upper one, 0 between them, (J,).
        row_dual: of the rows, positive where they bind, (m,).
        limit_dual: of the limits of all blocks, (L,).
    """

    held: Int
    row_dual: Float
    limit_dual: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sets:
    """What binds in a round: `held` as in `ActiveSet`, and which rows, (m,), and limits, (L,)."""

    held: Int
    rows: Bool
    limits: Bool

    def are(self, other: "_Sets") -> bool:
        """Whether they are the same."""
        pairs = ((self.held, other.held), (self.rows, other.rows), (self.limits, other.limits))
        return all(np.array_equal(*pair) for pair in pairs)


def held_bounds(programme: QuadraticProgramme, value: Float, bound_dual: Float) -> Int:
    """Which bounds a solution is at, (J,): where it is nearer to them than its multiplier is to 0."""
    below = (value - programme.lower) / programme.span
    above = (programme.upper - value) / programme.span
    return np.where(below < -bound_dual, -1, np.where(above < bound_dual, 1, 0))


def solve_from(programme: QuadraticProgramme, guess: ActiveSet) -> QuadraticOptimum | None:
    """The exact minimiser, or none where the sets do not settle from the guess."""
    if programme.elastic is not None or not programme.blocks:
        return None
    if sum(len(one.gradient) for one in programme.blocks) + len(programme.row_upper) > UNKNOWNS_MAX:
        return None
    return _Rounds(programme).run(guess)


class _Rounds:
    """The rounds of one solve, over K coordinates of all blocks."""

    def __init__(self, programme: QuadraticProgramme) -> None:
        blocks = programme.blocks
        self._programme = programme
        self._hessian = block_diag(*(convexified(one.hessian, LEAST_CURVATURE) for one in blocks))
        self._gradient = np.concatenate([one.gradient for one in blocks])
        self._limits = block_diag(*(one.rows for one in blocks))
        self._limit_upper = np.concatenate([one.upper for one in blocks])
        self._joining = csr_array(vstack([*(one.effect for one in blocks), programme.rows]))
        self._joined = csr_array(self._joining.T)

    def run(self, guess: ActiveSet) -> QuadraticOptimum | None:
        """See `solve_from`."""
        sets = _Sets(held=guess.held, rows=guess.row_dual > 0.0, limits=guess.limit_dual > 0.0)
        row_dual, limit_dual = guess.row_dual, guess.limit_dual
        for _ in range(ROUNDS_MAX):
            solved = self._solved(sets, row_dual, limit_dual)
            if solved is None:
                return None
            coordinate, row_dual, limit_dual = solved
            found, is_kept, after = self._judged(sets, coordinate, row_dual, limit_dual)
            if is_kept and after.are(sets):
                return found
            sets = after
        return None

    def _judged(
        self, sets: "_Sets", coordinate: Float, row_dual: Float, limit_dual: Float
    ) -> tuple[QuadraticOptimum, bool, "_Sets"]:
        """The variables, whether they are feasible and what binds is reached, and the next sets."""
        programme = self._programme
        pull = self._hessian @ coordinate + self._gradient + limit_dual @ self._limits
        slope = programme.gradient + self._joined @ np.concatenate([pull, row_dual])
        unbounded = -slope / programme.diagonal
        value = np.clip(unbounded, programme.lower, programme.upper)
        joined = self._joining @ value
        apart = np.abs(joined[: len(coordinate)] - coordinate).max(initial=0.0)
        excess = joined[len(coordinate) :] - programme.row_upper
        limit_excess = self._limits @ coordinate - self._limit_upper
        after = _Sets(
            held=np.where(unbounded <= programme.lower, -1, np.where(unbounded >= programme.upper, 1, 0)),
            rows=np.where(sets.rows, row_dual > 0.0, excess > ROUNDED_KW),
            limits=np.where(sets.limits, limit_dual > 0.0, limit_excess > ROUNDED_KW),
        )
        exceeded = np.concatenate([excess, limit_excess])
        binding = np.concatenate([after.rows, after.limits])
        missed = max(apart, exceeded.max(initial=0.0), np.abs(exceeded[binding]).max(initial=0.0))
        found = QuadraticOptimum(
            value=value,
            bound_dual=np.where(after.held == 0, 0.0, -slope - programme.diagonal * value),
            row_dual=row_dual,
            limit_dual=limit_dual,
            excess=0.0,
            is_exact=True,
        )
        return found, bool(missed <= ROUNDED_KW), after

    def _solved(self, sets: "_Sets", row_dual: Float, limit_dual: Float) -> tuple[Float, Float, Float] | None:
        """Coordinates, (K,), and multipliers of rows and limits where the sets are as given.

        With p = H z + h + Gᵀν the variables that are free are d = −(g + Eᵀp + Rᵀμ) / D, and with
        W = M D⁻¹ Mᵀ over these, M = [E; R], what is left is z + W_E (p, μ) = E d₀, W_R (p, μ) = R d₀ − r and
        G z = u, in the unknowns z, μ, ν. Multipliers are drawn to those of the round before a little.
        """
        programme, count = self._programme, len(self._gradient)
        is_free = sets.held == 0
        joining = csr_array(self._joining.multiply(np.where(is_free, 1.0 / programme.diagonal, 0.0)))
        weight = (joining @ self._joined).toarray()
        fixed = np.where(sets.held < 0, programme.lower, programme.upper)
        alone = self._joining @ np.where(is_free, -programme.gradient / programme.diagonal, fixed)
        row, limit = np.flatnonzero(sets.rows), np.flatnonzero(sets.limits)
        chosen = np.append(np.arange(count), count + row)
        weight, alone = weight[np.ix_(chosen, chosen)], alone[chosen]
        by_pull, by_row = weight[:, :count], weight[:, count:]
        binding = self._limits[limit]
        nothing = np.zeros((len(limit), len(row)))
        system = np.block(
            [
                [by_pull @ self._hessian, by_row, by_pull @ binding.T],
                [binding, nothing, np.zeros((len(limit),) * 2)],
            ]
        )
        right = np.concatenate([alone - by_pull @ self._gradient, self._limit_upper[limit]])
        system[:count, :count] += np.eye(count)
        right[count : len(chosen)] -= programme.row_upper[row]
        least = PROXIMAL_SHARE * max(float(np.diag(weight).mean()), LEAST_CURVATURE)
        drawn = np.concatenate([np.zeros(count), np.full(len(row), least), np.full(len(limit), -least)])
        system += np.diag(drawn)
        right += drawn * np.concatenate([np.zeros(count), row_dual[row], limit_dual[limit]])
        try:
            unknown = np.linalg.solve(system, right)
        except np.linalg.LinAlgError:
            return None
        coordinate, of_row, of_limit = np.split(unknown, [count, len(chosen)])
        row_dual, limit_dual = np.zeros_like(row_dual), np.zeros_like(limit_dual)
        row_dual[row], limit_dual[limit] = of_row, of_limit
        return coordinate, row_dual, limit_dual
