"""Quadratic programmes: the step of the sequential method, whatever solves it.

    minimise    ½ dᵀ D d + gᵀ d + Σ_s (½ zᵀ H z + hᵀ z)_s + ρ t,  z_s = E_s d
    subject to  lower ≤ d ≤ upper,  rows·d ≤ row_upper,  G_s z_s ≤ limit_upper + t,  t ≥ 0

t is there only where the limits, linearised, contradict one another.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Bool, Float

HELD_WEIGHT = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkBlock:
    """The network's part of a programme in one situation, over K coordinates.

    Attributes:
        effect: E, (K, J).
        hessian: H, (K, K).
        gradient: h, (K,).
        rows: G, each scaled to 1 at its greatest, (L, K).
        upper: (L,).
    """

    effect: csr_array
    hessian: Float
    gradient: Float
    rows: Float
    upper: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuadraticProgramme:
    """The programme of a step over J variables.

    Attributes:
        diagonal: of D, positive, (J,).
        gradient: g, (J,).
        lower, upper: (J,) each.
        rows: (m, J).
        row_upper: (m,).
        blocks: of the network.
        span: how far each variable can move at the most, positive, (J,); the unit in which it is solved.
        elastic: ρ, or none where no limit may be exceeded.
    """

    diagonal: Float
    gradient: Float
    lower: Float
    upper: Float
    rows: csr_array
    row_upper: Float
    blocks: tuple[NetworkBlock, ...]
    span: Float
    elastic: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuadraticOptimum:
    """The minimiser and the multipliers.

    Attributes:
        value: d, (J,).
        bound_dual: of the bounds, positive at an upper one, (J,).
        row_dual: of the rows, not negative, (m,).
        limit_dual: of the limits of all blocks, one after the other, not negative.
        excess: t.
        is_exact: whether it is the minimiser to rounding, and not to a method's tolerance.
    """

    value: Float
    bound_dual: Float
    row_dual: Float
    limit_dual: Float
    excess: float
    is_exact: bool = False


def convexified(hessian: Float, least: float) -> Float:
    """A matrix with its eigenvalues made positive: at least `least`.

    Along what bends down a step goes as far as bounds and limits let it, where its optimum is, not only as
    far as a turned eigenvalue would, again and again.
    """
    value, vector = np.linalg.eigh(hessian)
    if value[0] >= least:
        return hessian
    convex: Float = (vector * np.maximum(value, least)) @ vector.T
    return convex


def bent_up(hessian: Float, rows: Float, upper: Float, priced: Bool) -> tuple[Float, Float]:
    """A Hessian, (K, K), and a gradient, (K,), that bend up and are the same where priced rows are held.

    ½ ρ |r·z − u|² over the priced rows r·z ≤ u is 0 where they are held: it takes nothing from the method's
    speed, as other changes of the Hessian do. What bends down along these rows still does.
    """
    least = float(np.linalg.eigvalsh(hessian)[0]) if hessian.size else 0.0
    if least >= 0.0 or not priced.any():
        return hessian, np.zeros(len(hessian))
    held = rows[priced]
    weight = HELD_WEIGHT * -least
    return hessian + weight * held.T @ held, -weight * held.T @ upper[priced]
