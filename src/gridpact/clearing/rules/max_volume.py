"""max-volume: the greatest Σ y, and among what reaches it the most even cut."""

import numpy as np

from gridpact.clearing.rules.rule import AllocationRule
from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation, best_of
from gridpact.clearing.solver.lockstep import Solve
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.clearing.solver.sqp import maximise


def clear(question: Question) -> Solve[StagedAllocation]:
    """The allocation."""
    optimum = yield from _greatest(question)
    stage = Stage(optimum=optimum, decides=np.ones(len(question.proposed_kw), dtype=np.bool_))
    return StagedAllocation(value=optimum.value, status=optimum.status, stages=(stage,))


def _greatest(question: Question) -> Solve[Optimum]:
    """The best optimum, or without doubts the first one."""
    programme, starts, budget, limits = (
        question.programme,
        question.starts,
        question.budget,
        question.limits,
    )
    if not question.doubts:
        first = yield from maximise(programme, starts[0], budget, limits=limits)
        if first.status is SolverStatus.OPTIMAL:
            return first
    return (yield from best_of(programme, starts, budget, doubts=question.doubts, limits=limits))


RULE = AllocationRule(clear=clear)
