"""Stage: a step of a rule of allocation, and what it decides for good."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.rules.unnoticed import greatest_unnoticed
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.joined_situations import KEPT
from gridpact.clearing.solver.lockstep import Solve
from gridpact.clearing.solver.optimum import LimitsAtWork, Optimum, SolverStatus
from gridpact.clearing.solver.programme import Objective, Programme
from gridpact.clearing.solver.sqp import DENSE_MAX, GAIN_MIN, maximise
from gridpact.clearing.solver.working_limits import TIE_BREAK_SHARE

STARTS_MAX = 6
INSIDE_SHARE, LEAST_SHARE = 0.05, 1e-9  # of what each variable can move
FADING = (0.1, 0.01)  # kW of volume per kW proposed and e-fold
TILT_SEED, TILTS, TILT = 0, 4, 0.1
TILTED_LIMITS = 2  # with a price, from which on objectives are tilted
TILTED_MAX = 40  # variables, up to which they are
FURTHER_SHARES = (0.1, 0.5, 1.0)  # of what each variable can move, where steps begin anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of a rule over J variables.

    Attributes:
        optimum: whose multipliers explain the cuts that it decides.
        decides: of which variables, (J,).
    """

    optimum: Optimum
    decides: Bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedAllocation:
    """What a rule makes of a programme.

    Attributes:
        value: of the variables, (J,).
        status: the worst of its stages.
        stages: in their order; each variable is decided by one of them.
    """

    value: Float
    status: SolverStatus
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a rule is asked: to share what a programme admits among its J variables.

    Attributes:
        programme: whose objective is the greatest volume, cut most evenly.
        proposed_kw: u, (J,).
        rank: of each variable's submission, earlier first, (J,).
        starts: points to start from, the first of which is best known to keep everything, (J,) each.
        budget: of work and time.
        limits: that were at work in a programme like it, where there was one.
        doubts: whether to look for a better optimum wherever there may be one.
    """

    programme: Programme
    proposed_kw: Float
    rank: Int
    starts: tuple[Float, ...]
    budget: Budget
    limits: LimitsAtWork | None = None
    doubts: bool = True


def best_of(
    programme: Programme,
    starts: Sequence[Float],
    budget: Budget,
    *,
    doubts: bool = False,
    limits: LimitsAtWork | None = None,
) -> Solve[Optimum]:
    """The best of the optima that the steps lead to from several starts, and from corners that may be better.

    The first one is enough where no other optimum is to be expected beside it. With doubts, small programmes
    where one is are solved from the inside too. Where no steps end at an optimum, they begin
    anew elsewhere. Limits that were at work in a programme like it save the first start some steps.
    """
    best = yield from maximise(programme, starts[0], budget, limits=limits)
    is_small = len(programme) <= DENSE_MAX and programme.situations is not None
    everything = [programme.upper] if doubts and is_small else []
    waiting = _distinct([starts[0], *best.corners, *starts[1:], *everything])[1:]
    if best.status is SolverStatus.OPTIMAL and len(programme) > DENSE_MAX:
        waiting = []
    tried = 1
    is_doubtful = not best.is_sure
    while waiting and tried < STARTS_MAX and budget.is_left() and is_doubtful:
        found = yield from maximise(programme, waiting.pop(0), budget, best)
        tried += 1
        if is_better(found, best):
            best = replace(found, is_first=False)
            waiting.extend(found.corners)
    if doubts and is_small and is_doubtful and budget.is_left():
        for further in (_from_inside, _from_tilted):
            found = yield from further(programme, best, budget)
            if is_better(found, best):
                best = replace(found, is_first=False)
    if best.status is not SolverStatus.OPTIMAL and programme.situations is not None:
        best = yield from _from_elsewhere(programme, best, budget)
    return best


def _distinct(points: list[Float]) -> list[Float]:
    """The points, each once, in their order."""
    return list({point.tobytes(): point for point in points}.values())


def _from_inside(programme: Programme, best: Optimum, budget: Budget) -> Solve[Optimum]:
    """The optimum at the end of a path through the inside, by a logarithm of every variable that fades away.

    Each solve begins with the limits and multipliers of the last one. Steps that begin without any leave for
    the corner that the linear programme prefers, and end at the optimum near that.
    """
    span = programme.upper - programme.lower
    value, limits = programme.lower + INSIDE_SHARE * span, None
    for fading in FADING:
        objective = replace(programme.objective, log=np.where(programme.upper > 0.0, fading * span, 0.0))
        aim = programme.aiming_at(objective)
        found = yield from maximise(aim, value, budget, limits=limits, roughly=True)
        if not found.status.is_kept or not budget.is_left():
            return best
        value, limits = np.maximum(found.value, programme.lower + LEAST_SHARE * span), found.limits
    return (yield from maximise(programme, value, budget, best, limits))


def _from_tilted(programme: Programme, best: Optimum, budget: Budget) -> Solve[Optimum]:
    """The best optimum next to those of objectives whose weights are a little other, always the same ones.

    Where several limits have prices, several vertices are worth nearly the same, and which of them steps end
    at follows from little.
    """
    taken = best.limits.dual * np.abs(best.limits.gradient).max(axis=1, initial=0.0)
    if int(np.sum(taken > TIE_BREAK_SHARE)) < TILTED_LIMITS or len(programme) > TILTED_MAX:
        return best
    drawn = np.random.default_rng(TILT_SEED).normal(0.0, TILT, (TILTS, len(programme)))
    for tilt in np.exp(drawn):
        if not budget.is_left():
            break
        objective = replace(programme.objective, weight=programme.objective.weight * tilt)
        aim = programme.aiming_at(objective)
        tilted = yield from maximise(aim, programme.lower, budget, limits=best.limits, roughly=True)
        if tilted.status is SolverStatus.OPTIMAL:
            found = yield from maximise(programme, tilted.value, budget, best, tilted.limits)
            if is_better(found, best):
                best = found
    return best


def _from_elsewhere(programme: Programme, best: Optimum, budget: Budget) -> Solve[Optimum]:
    """The best that steps find from further starts: what the network does not notice, and shares of all.

    On the way from the least of all variables to the most they begin twice: there, and at the point nearest
    to it that keeps every limit. What the network does not notice is kept though they end nowhere.
    """
    unnoticed = greatest_unnoticed(programme) if budget.is_left() else None
    if unnoticed is not None and (yield from holds(programme, unnoticed[None]))[0]:
        found = Optimum.without_multipliers(programme, SolverStatus.STOPPED, unnoticed)
        best = replace(found, is_first=False) if is_better(found, best) else best
        found = yield from maximise(programme, unnoticed, budget)
        best = replace(found, is_first=False) if is_better(found, best) else best
    span = programme.upper - programme.lower
    size_kw = np.where(programme.upper > 0.0, programme.upper, 1.0)
    for share in FURTHER_SHARES:
        start = programme.lower + share * span
        nearest = programme.aiming_at(Objective.nearness(start, size_kw))
        for aim in (programme, nearest):
            if not budget.is_left():
                return best
            found = yield from maximise(aim, start, budget)
            if aim is nearest and found.status.is_kept:
                found = yield from maximise(programme, found.value, budget, limits=found.limits)
            elif aim is nearest:
                continue
            if is_better(found, best):
                best = replace(found, is_first=False)
    return best


def is_better(one: Optimum, other: Optimum) -> bool:
    """Whether an optimum is better than another beyond tolerances, or proven to be one where that is not."""
    if one.status.is_kept != other.status.is_kept:
        return one.status.is_kept
    gained = one.objective - other.objective
    if abs(gained) <= GAIN_MIN * max(abs(other.objective), 1.0):
        return one.status < other.status
    return gained > 0.0


def holds(programme: Programme, candidates: Float, tolerance: float = KEPT) -> Solve[Bool]:
    """Whether each of m values, (m, J), keeps every row and limit within a tolerance, (m,)."""
    within: Bool = np.all(programme.rows @ candidates.T <= programme.row_upper[:, None] + KEPT, axis=0)
    situations = programme.situations
    if situations is None or not within.any():
        return within
    every = np.arange(len(situations))
    asked = np.flatnonzero(within)
    injected = np.vstack([situations.injected_kva(candidates[k], every) for k in asked.tolist()])
    voltages = yield injected
    excess = situations.greatest_excess(np.tile(every, len(asked)), voltages)
    kept = excess.reshape(len(asked), len(every)).max(axis=1) <= tolerance
    within[asked] = kept
    return within
