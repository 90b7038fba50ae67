"""Tighten: what is proven about the flows of a period, used to bound its volume more closely.

The relaxation keeps D² + W² ≤ A σ with σ = ρ_i + ρ_j − h² A, where true states have equality. Where it gains
volume by more current than the flow needs, so by losses that are not real, three proven facts cut that off:

1. Only states that clear at least what did clear are of interest: a bound on these is one on all.
2. Among these, the greatest and least D, W and A of a pair are bounded by the same relaxation.
3. Within D ∈ [D₁, D₂] and W alike, D² ≤ (D₁ + D₂) D − D₁ D₂; and A σ ≥ σ₁ A + A₁ σ − A₁ σ₁ as well as
   σ₂ A + A₂ σ − A₂ σ₂ (McCormick 1976). Equality then makes the lower bounds of A σ at most the upper bounds
   of D² + W², which is linear, and every true state keeps it.

Known as optimality-based bound tightening (Coffrin, Hijazi, Van Hentenryck 2015, "Strengthening convex
relaxations with bound tightening for power network optimization").
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, diags_array, vstack

from gridpact.arrays import Float, Int
from gridpact.clearing.certificate.cones_clarabel import CONE_ROWS, ConeSet
from gridpact.clearing.certificate.relaxation import SCALE_KVA, Relaxation
from gridpact.clearing.certificate.relaxed_states import RelaxedStates

ROUNDS = 3
PAIRS_PER_ROUND = 15
EXCESS_LOSS_SHARE = 1e-5
FLOOR_SHARE = 1.0 - 1e-5
LEAST_PROGRESS = 0.1


def tightened(relaxed: RelaxedStates, point: Float, cleared_kw: float, upper_kw: float, gap: float) -> float:
    """A proven bound on the volume of a period, at most `upper_kw`.

    Each round tightens the pairs whose current at the optimum of the relaxation exceeds that of their flow
    most; rounds end where the bound is within a share `gap` of what cleared, or hardly moves any more.

    Args:
        relaxed: the relaxed states.
        point: the optimum of the relaxation, (n,).
        cleared_kw: a volume that clears.
        upper_kw: a proven bound on it.
        gap: what is close enough.

    Returns:
        The bound; less than `cleared_kw` only where a contradiction is proven.
    """
    volume_kw = relaxed.volume_kw
    floor_kw = cleared_kw * FLOOR_SHARE
    floor = csr_array(-volume_kw[None, :] / SCALE_KVA)
    above_floor = relaxed.states.within(floor, np.array([-floor_kw / SCALE_KVA]))
    states, chosen = above_floor, np.empty(0, dtype=np.int64)
    for _ in range(ROUNDS):
        worst = _worst_pairs(relaxed.relaxation, point)
        if not len(worst) or upper_kw - cleared_kw <= gap * upper_kw:
            break
        chosen = np.union1d(chosen, worst)
        above_floor = _boxed(states, above_floor, relaxed.relaxation, worst)
        states = above_floor.within(*_cuts(above_floor, relaxed.relaxation, chosen))
        best = states.greatest(volume_kw)
        before_kw, upper_kw = upper_kw, max(min(upper_kw, best.upper), floor_kw)
        if not np.isfinite(best.upper) or before_kw - upper_kw < LEAST_PROGRESS * (before_kw - cleared_kw):
            break
        point = best.point
    return upper_kw


def _worst_pairs(relaxation: Relaxation, point: Float) -> Int:
    """The pairs with the greatest loss beyond that of their flow, at most `PAIRS_PER_ROUND`, ascending."""
    cones, offset = relaxation.cones
    head, *tail = (cones @ point[: relaxation.size] + offset).reshape(-1, CONE_ROWS).T
    excess_loss = relaxation.drop * (head**2 - sum(part**2 for part in tail))
    worst = np.argsort(-excess_loss, kind="stable")[:PAIRS_PER_ROUND]
    return np.sort(worst[excess_loss[worst] > EXCESS_LOSS_SHARE])


def _boxed(proof: ConeSet, states: ConeSet, relaxation: Relaxation, pairs: Int) -> ConeSet:
    """`states` in a box that is proven, over the set `proof`, for D, W and A of some pairs."""
    lower, upper = states.lower.copy(), states.upper.copy()
    for column in np.concatenate(relaxation.flow_columns(pairs)).tolist():
        unit = np.zeros(len(lower))
        unit[column] = 1.0
        above, below = proof.greatest(unit).upper, -proof.greatest(-unit).upper
        if np.isfinite(above) and np.isfinite(below):
            upper[column], lower[column] = min(upper[column], above), max(lower[column], below)
    return replace(states, lower=np.minimum(lower, upper), upper=upper)


def _cuts(states: ConeSet, relaxation: Relaxation, pairs: Int) -> tuple[csr_array, Float]:
    """Rows and right-hand sides that hold for every true state in the box of `states`, two per pair."""
    lower, upper, count = states.lower, states.upper, len(states.lower)
    sum_rows = relaxation.square_sums(pairs, count)
    drop_squared = relaxation.drop[pairs] ** 2
    first, second, current = relaxation.flow_columns(pairs)

    def unit(columns: Int, weight: Float) -> csr_array:
        return csr_array((weight, (np.arange(len(pairs)), columns)), shape=(len(pairs), count))

    secant = unit(first, lower[first] + upper[first]) + unit(second, lower[second] + upper[second])
    product = lower[first] * upper[first] + lower[second] * upper[second]
    least = 2.0 + sum_rows @ lower - drop_squared * upper[current]
    greatest = 2.0 + sum_rows @ upper - drop_squared * lower[current]
    rows, right = [], []
    for sigma, bound in ((least, lower[current]), (greatest, upper[current])):
        size = np.maximum(1.0, np.abs(bound))
        row = unit(current, sigma - bound * drop_squared) + diags_array(bound) @ sum_rows - secant
        rows.append(diags_array(1.0 / size) @ row)
        right.append((bound * (sigma - 2.0) - product) / size)
    return csr_array(vstack(rows)), np.concatenate(right)
