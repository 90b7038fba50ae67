"""max-volume: the greatest Σ y, and among what reaches it the most even cut."""

import numpy as np

from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation, best_of
from gridpact.clearing.solver.lockstep import Solve


def clear(question: Question) -> Solve[StagedAllocation]:
    """The allocation."""
    optimum = yield from best_of(
        question.programme,
        question.starts,
        question.budget,
        doubts=question.doubts,
        limits=question.limits,
    )
    stage = Stage(optimum=optimum, decides=np.ones(len(question.proposed_kw), dtype=np.bool_))
    return StagedAllocation(value=optimum.value, status=optimum.status, stages=(stage,))
