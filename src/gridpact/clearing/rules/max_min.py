"""max-min: the least cleared fraction as great as possible, then the next, and so on (lexicographic).

All open variables are raised together until some can rise no further; these are decided, and it goes on.
Where the common level has a multiplier on a variable, that one cannot rise without another falling below
the level.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack

from gridpact.arrays import Bool, Float
from gridpact.clearing.rules.rule import AllocationRule
from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation
from gridpact.clearing.solver.lockstep import Solve
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.clearing.solver.programme import Objective, Programme
from gridpact.clearing.solver.sqp import maximise

LEVEL_DUAL_SHARE = 1e-6
HELD_SHARE = 1e-9
LEVEL_WEIGHT = 1e3  # so that multipliers of the level stand out from those of what holds the others near
ROUNDED_SHARE = 1e-3  # of the least proposal: what stands above the level may be anywhere


def clear(question: Question) -> Solve[StagedAllocation]:
    """The allocation."""
    proposed_kw = question.proposed_kw
    counts = question.programme.objective.counts
    is_open = counts & (question.programme.upper > 0.0)
    held_kw = np.where(is_open, 0.0, question.programme.upper)
    stages, status, start = list[Stage](), SolverStatus.OPTIMAL, question.starts[0]
    nothing = ~is_open
    while is_open.any():
        level = float((start[is_open] / proposed_kw[is_open]).min())
        programme = _levelled(question.programme, proposed_kw, is_open, held_kw, np.append(start, level))
        optimum = yield from maximise(programme, np.append(start, level), question.budget)
        level = float(np.clip(optimum.value[-1], 0.0, 1.0))
        decided = _decided(question.programme, optimum, is_open)
        if not optimum.status.is_kept or optimum.status is SolverStatus.STOPPED or level >= 1.0 - HELD_SHARE:
            decided = is_open
        if optimum.status.is_kept:
            start = optimum.value[:-1]
        at_level_kw = np.maximum(level * proposed_kw, question.programme.lower)
        held_kw = np.where(decided, np.minimum(at_level_kw, optimum.value[:-1]), held_kw)
        is_open = is_open & ~decided
        status = max(status, optimum.status)
        stages.append(Stage(optimum=replace(optimum, value=optimum.value[:-1]), decides=decided | nothing))
        nothing = np.zeros_like(nothing)
        if not optimum.status.is_kept:
            break
    return StagedAllocation(
        value=np.clip(start, 0.0, question.programme.upper), status=status, stages=tuple(stages)
    )


def _levelled(
    programme: Programme, proposed_kw: Float, is_open: Bool, held_kw: Float, start: Float
) -> Programme:
    """The programme of the next level: its last variable is the fraction that every open one reaches.

    What stands above the level is held near the start, (J + 1,), which makes the programme strictly convex.
    """
    at_least = hstack([-diags_array(np.ones(len(proposed_kw))), csr_array(proposed_kw[:, None])])
    is_held = programme.objective.counts & ~is_open
    lower = np.where(is_held, held_kw * (1.0 - HELD_SHARE), programme.lower)
    upper = np.where(is_held, held_kw, programme.upper)
    wide = programme.between(np.minimum(lower, upper), upper).widened(np.zeros(1), np.ones(1))
    rows = csr_array(csr_array(at_least)[np.flatnonzero(is_open)])
    wide = wide.with_rows(rows, np.zeros(rows.shape[0]))
    none = np.zeros(len(proposed_kw))
    weight = np.append(none, LEVEL_WEIGHT * float(proposed_kw[is_open].sum()))
    evenness = np.append(1.0 / proposed_kw, weight[-1])
    objective = Objective(
        weight=weight,
        log=np.zeros_like(weight),
        evenness=evenness,
        target=start,
        rounded_kw=ROUNDED_SHARE * float(proposed_kw.min()),
    )
    return wide.aiming_at(objective)


def _decided(programme: Programme, optimum: Optimum, is_open: Bool) -> Bool:
    """The open variables that the level has a multiplier on, (J,)."""
    level_dual = np.zeros(len(is_open))
    level_dual[is_open] = optimum.row_dual[programme.rows.shape[0] :] if len(optimum.row_dual) else 0.0
    decided: Bool = is_open & (level_dual >= LEVEL_DUAL_SHARE * level_dual.max(initial=0.0))
    return decided


RULE = AllocationRule(clear=clear, shares=True)
