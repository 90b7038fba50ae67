"""Second-order conditions of an optimum, and when no other one is to be expected."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float

PRICED_SHARE_MAX = 100.0  # kW of volume that limits take of a kW of a variable, where their prices are finite
BENT_SHARE_MAX = 0.5  # of what a kW of a variable takes of the limits, that curvature changes over its span
UNMOVED_SHARE = 1e-6  # of a kW that a cap leaves over, below which a variable stays where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Lagrangian:
    """Of a programme in J variables, at an optimum: its objective, rows and bounds by their multipliers.

    Attributes:
        hessian: (J, J).
        rows: gradients of the caps, then of the network's limits, (m, J).
        dual: of each row, not negative, (m,).
        caps: how many rows are caps.
        bound_dual: of each variable's bound, positive at an upper one, (J,).
        span: how far each variable can move, (J,).
    """

    hessian: Float
    rows: Float
    dual: Float
    caps: int
    bound_dual: Float
    span: Float

    def other_optima(
        self, value: Float, lower: Float, upper: Float, least_share: float
    ) -> tuple[bool, tuple[Float, ...]]:
        """Whether no other optimum is to be expected, and points where one may be, (J,) each.

        All prices are finite. Where the Lagrangian bends up everywhere, as where loads lower voltages,
        nothing is better than its minimum. Else at most one limit of the network has a price, and over what
        is proposed curvature must not outweigh the kW that a kW of a trade takes of the limits, so that what
        they admit is in one piece, nor what another corner of it costs.

        Args:
            value: the optimum, (J,).
            lower: bounds, (J,).
            upper: bounds, (J,).
            least_share: kW of volume that a limit takes of a kW of a variable where it has a price.
        """
        taken = self.dual * np.abs(self.rows).max(axis=1, initial=0.0)
        is_finite = bool(taken.max(initial=0.0) <= PRICED_SHARE_MAX)
        if is_finite and float(np.linalg.eigvalsh(self.hessian)[0]) >= 0.0:
            return True, ()
        limits_priced = int(np.sum(taken[self.caps :] > least_share))
        bent = 0.5 * np.minimum(self.hessian, 0.0) @ self.span
        is_plain = limits_priced <= 1 and is_finite and not np.any(bent < -BENT_SHARE_MAX)
        corners = self._corners(value, lower, upper)
        return is_plain and not corners, corners

    def _corners(self, value: Float, lower: Float, upper: Float) -> tuple[Float, ...]:
        """Points beyond bounds, and beside caps, that may be better to leave, (J,) each.

        What a cap leaves over is a variable at its bound, 0, that may grow to all that the cap's sum spans.
        """
        count, held = len(value), np.flatnonzero(self.dual)
        cap = held[held < self.caps]
        hessian = np.zeros((count + len(cap),) * 2)
        hessian[:count, :count] = self.hessian
        bracket, moved = other_corners(
            hessian,
            np.hstack([self.rows[held], np.eye(len(held), len(cap))]),
            np.append(self.bound_dual, -self.dual[cap]),
            np.append(self.span, np.abs(self.rows[cap]) @ self.span),
        )
        beyond, beside = np.split(bracket < 0.0, [count])
        points = []
        if beyond.any():
            points.append(np.where(beyond, np.where(self.bound_dual > 0.0, lower, upper), value))
        if beside.any():
            way = moved[:count, count:] @ beside
            moves = np.abs(way) > UNMOVED_SHARE
            room = np.where(way > 0.0, upper - value, value - lower)
            farthest = float((room[moves] / np.abs(way[moves])).max(initial=0.0))
            points.append(np.clip(value + way * farthest, lower, upper))
        return tuple(points)


def is_minimum(hessian: Float, held: Float, tolerance: float) -> bool:
    """Whether a function with this Hessian (n, n) curves up wherever the rows `held` (h, n) are kept."""
    if np.linalg.eigvalsh(hessian)[0] >= -tolerance:
        return True
    _, singular, vector = np.linalg.svd(held)
    rank = int(np.sum(singular > np.finfo(float).eps * max(held.shape) * singular.max(initial=0.0)))
    free = vector[rank:]
    return not len(free) or bool(np.linalg.eigvalsh(free @ hessian @ free.T)[0] >= -tolerance)


def other_corners(hessian: Float, held: Float, bound_dual: Float, reach: Float) -> tuple[Float, Float]:
    """By how much a corner that leaves each variable's bound may be better, and the ways there.

    Leaving its bound by s costs variable k its multiplier times s, and the others have to follow so that the
    rows `held` keep their values. In the variables that have a multiplier that leaves the reduced Hessian R,
    and Σ r s + ½ sᵀ R s ≥ Σ s (r + ½ min(R, 0) · reach) for all 0 ≤ s ≤ reach: no corner is better where no
    bracket is negative. The brackets of variables that stand between their bounds are 0.

    Args:
        hessian: of the Lagrangian, (n, n).
        held: rows with a multiplier, (h, n).
        bound_dual: multiplier of each variable's bound, positive at an upper one, (n,).
        reach: distance of the bounds, (n,).

    Returns:
        The brackets, where they are negative, (n,), and how all variables move by s of each, (n, n), columns
        of 0 for those between their bounds.
    """
    at_bound = np.flatnonzero(bound_dual)
    between = np.flatnonzero(bound_dual == 0.0)
    moved = np.diag(-np.sign(bound_dual))
    if len(held) and len(between):
        inwards = held[:, at_bound] * -np.sign(bound_dual[at_bound])
        moved[np.ix_(between, at_bound)] = -np.linalg.pinv(held[:, between], rcond=1e-10) @ inwards
    reduced = moved.T @ hessian @ moved
    bracket = np.abs(bound_dual) + 0.5 * np.minimum(reduced, 0.0) @ np.where(bound_dual == 0.0, 0.0, reach)
    bracket[between] = 0.0
    return np.minimum(bracket, 0.0), moved
