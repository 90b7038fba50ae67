"""priority: the greatest volume of those submitted first, then of the next, and so on (lexicographic).

A class is one instant of submission. Its volume is kept, not its trades one by one, while the next one gets
the most: in the objective a kW of it is worth so much more that no trade-off of the network pays. Where
many classes are cut, the trades of the oldest of them are held instead, as weights have an end. All are cut
as evenly as that admits.
"""

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.clearing.rules.rule import AllocationRule
from gridpact.clearing.rules.stage import Question, Stage, StagedAllocation, best_of, holds
from gridpact.clearing.solver.lockstep import Solve
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.clearing.solver.programme import Programme

HELD_SHARE = 1e-9
CLASSES_AT_ONCE = 64
WORTH = 1e3  # of a kW of a class, in kW of the next; more than any trade-off between places of a feeder
WEIGHTED_CLASSES = 2  # that are kept by their weight
NO_VOLUME_KW = 1e-9


def clear(question: Question) -> Solve[StagedAllocation]:
    """The allocation."""
    programme, value = question.programme, question.starts[0]
    counts = programme.objective.counts
    rank = np.where(counts, question.rank, np.iinfo(np.int64).max)
    ranks = np.unique(rank[counts])
    stages, status, done, kept = list[Stage](), SolverStatus.OPTIMAL, 0, list[int]()
    while done < len(ranks):
        in_full = yield from _classes_in_full(programme, value, rank, ranks[done:])
        if in_full:
            decides = np.isin(rank, ranks[done : done + in_full])
            value = np.where(decides, programme.upper, np.where(counts, value, programme.lower))
            programme = programme.between(
                np.where(decides, programme.upper, programme.lower), programme.upper
            )
            used_up = Optimum.without_multipliers(programme, SolverStatus.OPTIMAL, value)
            stages.append(Stage(optimum=used_up, decides=decides))
            done += in_full
            continue
        kept.append(int(ranks[done]))
        if len(kept) > WEIGHTED_CLASSES + 1:
            held = rank == kept.pop(0)
            lower = np.where(held, value * (1.0 - HELD_SHARE), programme.lower)
            programme = programme.between(np.minimum(lower, programme.upper), programme.upper)
        objective = programme.objective.weighted(_weights(rank, kept))
        starts = (value, *question.starts[1:]) if not done else (value,)
        optimum = yield from best_of(programme.aiming_at(objective), starts, question.budget)
        stages.append(Stage(optimum=optimum, decides=rank == ranks[done]))
        status = max(status, optimum.status)
        if not optimum.status.is_kept:
            break
        value = optimum.value
        if float(value[rank == ranks[done]].sum()) <= NO_VOLUME_KW:
            kept.pop()
        done += 1
    return StagedAllocation(value=value, status=status, stages=tuple(stages))


def _weights(rank: Int, kept: list[int]) -> Float:
    """Weight of each variable's volume, (J,): 1 for the last of the classes, and more for those before it."""
    weight = np.zeros(len(rank))
    for age, one in enumerate(reversed(kept)):
        weight[rank == one] = WORTH**age
    return weight


def _classes_in_full(programme: Programme, value: Float, rank: Int, ranks: Int) -> Solve[int]:
    """How many of the next classes clear in full together, with nothing of those behind them."""
    some = ranks[:CLASSES_AT_ONCE]
    behind = rank[None, :] > some[:, None]
    added = (rank[None, :] >= some[0]) & ~behind
    candidates = np.where(added, programme.upper, np.where(behind, programme.lower, value))
    kept = yield from holds(programme, candidates)
    return len(some) if kept.all() else int(np.argmin(kept))


RULE = AllocationRule(clear=clear, by_submission=True)
