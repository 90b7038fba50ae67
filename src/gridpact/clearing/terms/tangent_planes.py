"""Tangents: planes that touch what a network can carry, and cut off an allocation that it cannot.

On the way from nothing traded to an allocation that breaks a limit lies the last point that keeps them all.
The limits that are reached there are linearised at it: where the set of what can be carried is convex, the
plane cuts nothing off that can be carried (Kronqvist, Lundell, Westerlund 2016, "The extended supporting
hyperplane algorithm for convex mixed-integer nonlinear programming"). It need not be convex, so that planes
lead a search and prove nothing.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.clearing.network.situations import Situations
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.programme import Objective, Programme
from gridpact.clearing.solver.sqp import maximise
from gridpact.clearing.terms.decision_search import Cuts

HALVINGS = 40
TANGENTS_PER_SITUATION = 4
KEPT = 1e-9  # pu, and parts of a rating
REACHED = 1e-6
EVENNESS_SHARE = 1e-4


def tangents(situations: Situations, power_kw: Float) -> tuple[Cuts, Int]:
    """The planes at which the way to an allocation (J,) leaves the limits of each situation that it breaks.

    Returns:
        k planes, and the situation of each, (k,).
    """
    every = np.arange(len(situations))
    start = situations.injected_kva(np.zeros_like(power_kw), every)
    end = situations.injected_kva(power_kw, every)
    broken = np.flatnonzero(~_kept(situations, every, end))
    start, end = start[broken], end[broken]
    rows, upper, of_row = [csr_array((0, len(power_kw)))], [np.empty(0)], [np.empty(0, dtype=np.int64)]
    share = _share_reached(situations, broken, start, end)
    injected = start + share[:, None] * (end - start)
    voltages = situations.oracle.voltages(injected)
    for place in np.flatnonzero(np.isfinite(voltages).all(axis=1)).tolist():
        situation = int(broken[place])
        point = situations.oracle.around(voltages[place], injected[place], situations.directions)
        above, below = situations.excess(point.magnitude, situation)
        room = -np.concatenate([above, below])
        nearest = np.argsort(room, kind="stable")[:TANGENTS_PER_SITUATION]
        nearest = nearest[room[nearest] <= max(float(room[nearest[0]]), 0.0) + REACHED]
        row, side = nearest % len(above), nearest // len(above)
        by_coordinate = point.gradient(row, np.where(side == 0, 1.0, -1.0))
        plane = (situations.effects[situation].T @ by_coordinate.T).T
        scale = np.maximum(np.abs(plane).max(axis=1, initial=0.0), np.finfo(float).tiny)
        rows.append(csr_array(plane / scale[:, None]))
        upper.append((room[nearest] + plane @ (share[place] * power_kw)) / scale)
        of_row.append(np.full(len(nearest), situation))
    cuts = Cuts(rows=csr_array(vstack(rows)), upper=np.concatenate(upper))
    return cuts, np.concatenate(of_row)


def moved_out(cuts: Cuts, situation: Int, programme: Programme, budget: Budget) -> Cuts:
    """Planes of some situations, (k,), moved out as far as steps from nothing traded reach beyond them."""
    situations = programme.situations
    if situations is None:
        return cuts
    solves = []
    for row, one in zip(cuts.rows.toarray(), situation.tolist(), strict=True):
        alone = replace(
            programme,
            lower=np.zeros_like(programme.upper),
            upper=np.where(row != 0.0, programme.upper, 0.0),
            situations=situations.alone(one),
        )
        moving = np.maximum(np.abs(row), 1e-9)
        objective = Objective(
            weight=row,
            log=np.zeros_like(row),
            evenness=EVENNESS_SHARE * moving / np.maximum(programme.upper, 1e-9),
            target=0.5 * programme.upper,
        )
        solves.append(maximise(alone.aiming_at(objective), np.zeros_like(programme.upper), budget))
    found = run_together(situations.oracle, solves)
    reached = [
        float(row @ one.value) if one.status.is_kept else np.inf
        for row, one in zip(cuts.rows.toarray(), found, strict=True)
    ]
    return Cuts(rows=cuts.rows, upper=np.maximum(cuts.upper, np.array(reached)))


def _kept(situations: Situations, index: Int, injected: Complex) -> Bool:
    """Whether some situations keep their limits under what is injected, (m, R), (m,)."""
    voltages = situations.oracle.voltages(injected)
    kept: Bool = situations.greatest_excess(index, voltages) <= KEPT
    return kept


def _share_reached(situations: Situations, index: Int, start: Complex, end: Complex) -> Float:
    """The share of the way at which a limit is reached, or after which there is no state, (m,)."""
    low, high = np.zeros(len(index)), np.ones(len(index))
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        kept = _kept(situations, index, start + middle[:, None] * (end - start))
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
    has_state = np.isfinite(situations.oracle.voltages(start + high[:, None] * (end - start))).all(axis=1)
    return np.where(has_state, high, low)
