"""proportional: the greatest Σ q log x over what can clear at all.

A variable that can clear nothing has no logarithm and is left out: it is found by seeking a little of
everything where what clears with nothing traded is at a limit.
"""

from dataclasses import replace

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.clearing.rules.rule import AllocationRule
from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation, holds
from gridpact.clearing.solver.lockstep import Solve
from gridpact.clearing.solver.optimum import Optimum
from gridpact.clearing.solver.programme import Objective, Programme
from gridpact.clearing.solver.sqp import maximise

SPROUT_SHARE, SPROUTED_KW = 1e-3, 1e-6
HALVINGS = 20


def clear(question: Question) -> Solve[StagedAllocation]:
    """The allocation."""
    programme, proposed_kw = question.programme, question.proposed_kw
    can_clear, sprouts = yield from _sprouts(question)
    stages = [Stage(optimum=sprouts, decides=~can_clear)]
    counts = programme.objective.counts
    if not can_clear.any() or not sprouts.status.is_kept:
        value = np.where(can_clear | ~counts, sprouts.value, programme.lower)
        return StagedAllocation(value=value, status=sprouts.status, stages=tuple(stages))
    shared = replace(programme, upper=np.where(can_clear | ~counts, programme.upper, programme.lower))
    logarithm = np.where(can_clear, proposed_kw, 0.0)
    none = np.zeros_like(proposed_kw)
    indifferent = np.where(counts, 0.0, programme.objective.evenness)
    objective = Objective(weight=none, log=logarithm, evenness=indifferent, target=none)
    start = yield from _inside(shared, question, sprouts.value, can_clear)
    optimum = yield from maximise(shared.aiming_at(objective), start, question.budget)
    stages.append(Stage(optimum=optimum, decides=can_clear))
    return StagedAllocation(value=optimum.value, status=optimum.status, stages=tuple(stages))


def _sprouts(question: Question) -> Solve[tuple[Bool, Optimum]]:
    """Which variables can clear anything at all, (J,), and the optimum that says why the others cannot.

    A small part of what they propose is sought for as many as possible, then for those that got none of it,
    until none is left or none gets any; the mean of what was found is above 0 wherever one of them is. Where
    limits are kept only by trades that are not small, all that they propose is sought.
    """
    programme, proposed_kw = question.programme, question.proposed_kw
    counts = programme.objective.counts
    little = np.maximum(np.minimum(SPROUT_SHARE * proposed_kw, programme.upper), programme.lower)
    small = programme.between(programme.lower, np.where(counts, little, programme.upper))
    waiting = counts & (small.upper > 0.0)
    found, start, total, rounds = np.zeros_like(waiting), question.starts[0], np.zeros_like(proposed_kw), 0
    while True:
        weight = np.where(waiting, 1.0 / proposed_kw, 0.0) * proposed_kw[counts].mean()
        objective = programme.objective.weighted(weight)
        optimum = yield from maximise(small.aiming_at(objective), start, question.budget)
        if not optimum.status.is_kept and not rounds and small is not programme:
            small = programme
            continue
        if not optimum.status.is_kept:
            return found, optimum if not rounds else replace(optimum, value=total / max(rounds, 1))
        total, rounds = total + optimum.value, rounds + 1
        sprouted = waiting & (optimum.value > SPROUTED_KW * np.minimum(1.0, proposed_kw))
        found, waiting = found | sprouted, waiting & ~sprouted
        start = optimum.value
        if not sprouted.any() or not waiting.any():
            return found, replace(optimum, value=total / rounds)


def _inside(programme: Programme, question: Question, sprouts: Float, can_clear: Bool) -> Solve[Float]:
    """A start above 0 wherever something can clear: as near the greatest volume as the network carries."""
    share = 0.5 ** np.arange(1, HALVINGS + 1)
    rest = np.where(programme.objective.counts, programme.lower, sprouts)
    lifted = np.where(can_clear, np.maximum(question.starts[-1], 0.1 * question.proposed_kw), rest)
    candidates = np.vstack([sprouts + share[:, None] * (lifted - sprouts), sprouts])
    candidates = np.clip(candidates, programme.lower, programme.upper)
    kept = yield from holds(programme, candidates)
    chosen = candidates[int(np.argmax(kept))] if kept.any() else sprouts
    return np.where(can_clear, np.maximum(chosen, 1e-9 * question.proposed_kw), chosen)


RULE = AllocationRule(clear=clear, shares=True)
