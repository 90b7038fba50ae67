"""Second-order conditions of an optimum, and when no other one is to be expected."""

import numpy as np

from gridpact.arrays import Float


def is_minimum(hessian: Float, held: Float, tolerance: float) -> bool:
    """Whether a function with this Hessian (n, n) curves up wherever the rows `held` (h, n) are kept."""
    if np.linalg.eigvalsh(hessian)[0] >= -tolerance:
        return True
    _, singular, vector = np.linalg.svd(held)
    rank = int(np.sum(singular > np.finfo(float).eps * max(held.shape) * singular.max(initial=0.0)))
    free = vector[rank:]
    return not len(free) or bool(np.linalg.eigvalsh(free @ hessian @ free.T)[0] >= -tolerance)


def other_corners(hessian: Float, held: Float, bound_dual: Float, reach: Float) -> Float:
    """By how much a corner that leaves each variable's bound may be better, not positive, (n,).

    Leaving its bound by s costs variable k its multiplier times s, and the others have to follow so that the
    rows `held` keep their values. In the variables that have a multiplier that leaves the reduced Hessian R,
    and Σ r s + ½ sᵀ R s ≥ Σ s (r + ½ min(R, 0) · reach) for all 0 ≤ s ≤ reach: no corner is better where no
    bracket is negative. The brackets of variables that stand between their bounds are 0.

    Args:
        hessian: of the Lagrangian, (n, n).
        held: rows with a multiplier, (h, n).
        bound_dual: multiplier of each variable's bound, positive at an upper one, (n,).
        reach: distance of the bounds, (n,).
    """
    at_bound = np.flatnonzero(bound_dual)
    between = np.flatnonzero(bound_dual == 0.0)
    moved = np.zeros((len(bound_dual), len(at_bound)))
    inwards = -np.sign(bound_dual[at_bound])
    moved[at_bound, np.arange(len(at_bound))] = inwards
    if len(held) and len(between):
        moved[between] = -np.linalg.pinv(held[:, between], rcond=1e-10) @ (held[:, at_bound] * inwards)
    reduced = moved.T @ hessian @ moved
    bracket = np.zeros(len(bound_dual))
    bracket[at_bound] = np.abs(bound_dual[at_bound]) + 0.5 * np.minimum(reduced, 0.0) @ reach[at_bound]
    return np.minimum(bracket, 0.0)
