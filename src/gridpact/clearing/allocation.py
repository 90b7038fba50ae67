"""The rules of allocation: what is best or fair among all that a network can carry, in one period.

Every rule is a sequence of solves over the same constraints. Each solve is a stage; a stage decides some
columns for good, and its duals explain why these were cut.

- `max-volume`: the greatest Σ y, cut as evenly as possible.
- `proportional`: the greatest Σ q log x.
- `max-min`: the least x as great as possible, then the next, and so on (lexicographic).
- `priority`: the greatest volume of those submitted first, then of the next, and so on (lexicographic).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Allocation
from gridpact.clearing.programme import Goal, Optimum, SolverStatus

LEVEL_DUAL_SHARE = 1e-6
HELD_SHARE = 1e-9

Solve = Callable[[Float, Float, Goal], Optimum]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A solve, and the columns that it decides.

    Attributes:
        optimum: of the solve.
        decides: flags, (n,).
        column_kw: power of the columns that it decides, (n,).
    """

    optimum: Optimum
    decides: Bool
    column_kw: Float


def stages(rule: Allocation, solve: Solve, proposed_kw: Float, submitted: Int) -> Iterator[Stage]:
    """The stages of a rule; together they decide every column once. It ends at a stage that failed.

    Args:
        rule: which.
        solve: solves over lower ≤ y ≤ upper towards a goal.
        proposed_kw: q of each column, (n,).
        submitted: rank of each column's submission, earlier first, (n,).
    """
    every, none = np.ones_like(proposed_kw), np.zeros_like(proposed_kw)
    match rule:
        case Allocation.MAX_VOLUME:
            return _in_one_solve(solve, proposed_kw, Goal(volume=every, levelled=none))
        case Allocation.PROPORTIONAL:
            return _in_one_solve(solve, proposed_kw, Goal(volume=none, log=1.0, levelled=none))
        case Allocation.MAX_MIN:
            return _level_by_level(solve, proposed_kw)
        case Allocation.PRIORITY:
            return _class_by_class(solve, proposed_kw, submitted)


def _in_one_solve(solve: Solve, proposed_kw: Float, goal: Goal) -> Iterator[Stage]:
    optimum = solve(np.zeros_like(proposed_kw), proposed_kw, goal)
    yield Stage(optimum=optimum, decides=proposed_kw > 0.0, column_kw=optimum.column_kw)


def _level_by_level(solve: Solve, proposed_kw: Float) -> Iterator[Stage]:
    """Raises all open columns together until some can rise no further, decides those, and goes on.

    Where the common level has a dual on a column, that column cannot rise without another falling below it.
    """
    is_open = proposed_kw > 0.0
    held_kw = np.zeros_like(proposed_kw)
    while is_open.any():
        goal = Goal(volume=np.zeros_like(proposed_kw), level=1.0, levelled=is_open.astype(np.float64))
        optimum = solve(held_kw * (1.0 - HELD_SHARE), np.where(is_open, proposed_kw, held_kw), goal)
        dual = np.where(is_open, optimum.level_dual, 0.0)
        decided = is_open & (dual >= LEVEL_DUAL_SHARE * dual.max())
        if optimum.status is SolverStatus.FAILED or optimum.level >= 1.0 - HELD_SHARE:
            decided = is_open
        held_kw = np.where(decided, optimum.level * proposed_kw, held_kw)
        is_open = is_open & ~decided
        yield Stage(optimum=optimum, decides=decided, column_kw=held_kw)


def _class_by_class(solve: Solve, proposed_kw: Float, submitted: Int) -> Iterator[Stage]:
    """Clears as much as possible of each class of submission, and holds it while the next is cleared."""
    held_kw = np.zeros_like(proposed_kw)
    for rank in np.unique(submitted):
        chosen = submitted == rank
        goal = Goal(volume=chosen.astype(np.float64), levelled=np.zeros_like(proposed_kw))
        optimum = solve(held_kw * (1.0 - HELD_SHARE), proposed_kw, goal)
        held_kw = np.where(chosen, optimum.column_kw, held_kw)
        yield Stage(optimum=optimum, decides=chosen, column_kw=held_kw)
        if optimum.status is SolverStatus.FAILED:
            return
