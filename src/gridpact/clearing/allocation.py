"""The rules of allocation: what is best or fair among all that a network can carry, in one period.

Every rule is a sequence of stages over the same constraints. A stage decides some columns for good, and the
duals of its solve explain why these were cut.

- `max-volume`: the greatest Σ y, cut as evenly as possible.
- `proportional`: the greatest Σ q log x.
- `max-min`: the least x as great as possible, then the next, and so on (lexicographic).
- `priority`: the greatest volume of those submitted first, then of the next, and so on (lexicographic).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Allocation
from gridpact.clearing.programme import Goal, Optimum, SolverStatus

LEVEL_DUAL_SHARE = 1e-6
HELD_SHARE = 1e-9
NO_ROOM_KW = 1e-9
SPROUT_SHARE, SPROUTED_KW = 1e-3, 1e-6
CLASSES_AT_ONCE = 64


class Constraints(Protocol):
    """What limits the n columns of a period."""

    @property
    def has_inside(self) -> bool:
        """Whether the baseline is inside every limit, so that a little of anything can be added to it."""

    def solve(self, lower_kw: Float, upper_kw: Float, goal: Goal) -> Optimum:
        """The optimum over lower ≤ y ≤ upper, (n,) each."""

    def hold(self, candidates_kw: Float) -> Bool:
        """Whether each of m allocations, (m, n), keeps every cap and limit, (m,)."""

    def room_kw(self, held_kw: Float) -> Float:
        """How much more the caps leave each column on top of an allocation, (n,) each."""

    def used_up(self, held_kw: Float) -> Optimum:
        """An allocation (n,) as an optimum in which the caps that it uses up have a dual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A step of a rule, and the columns that it decides.

    Attributes:
        optimum: whose duals explain the cuts.
        decides: flags, (n,).
        column_kw: power of the columns that it decides, (n,).
    """

    optimum: Optimum
    decides: Bool
    column_kw: Float


def stages(rule: Allocation, constraints: Constraints, proposed_kw: Float, submitted: Int) -> Iterator[Stage]:
    """The stages of a rule. They decide every column once, unless one fails, which is then the last.

    Args:
        rule: which.
        constraints: of the period.
        proposed_kw: q of each column, (n,).
        submitted: rank of each column's submission, earlier first, (n,).
    """
    every, none = np.ones_like(proposed_kw), np.zeros_like(proposed_kw)
    match rule:
        case Allocation.MAX_VOLUME:
            return _in_one_solve(constraints, proposed_kw, Goal(volume=every, log=none, levelled=none))
        case Allocation.PROPORTIONAL:
            return _proportionally(constraints, proposed_kw)
        case Allocation.MAX_MIN:
            return _level_by_level(constraints, proposed_kw)
        case Allocation.PRIORITY:
            return _class_by_class(constraints, proposed_kw, submitted)


def _in_one_solve(constraints: Constraints, proposed_kw: Float, goal: Goal) -> Iterator[Stage]:
    optimum = constraints.solve(np.zeros_like(proposed_kw), proposed_kw, goal)
    yield Stage(optimum=optimum, decides=proposed_kw > 0.0, column_kw=optimum.column_kw)


def _proportionally(constraints: Constraints, proposed_kw: Float) -> Iterator[Stage]:
    """Leaves out the columns that can clear nothing, whose logarithm has no limit, and shares the rest."""
    none = np.zeros_like(proposed_kw)
    can_clear, sprouts = _sprouts(constraints, proposed_kw)
    yield Stage(optimum=sprouts, decides=~can_clear, column_kw=none)
    if sprouts.status is not SolverStatus.FAILED and can_clear.any():
        goal = Goal(volume=none, log=can_clear.astype(np.float64), levelled=none)
        optimum = constraints.solve(none, np.where(can_clear, proposed_kw, 0.0), goal)
        yield Stage(optimum=optimum, decides=can_clear, column_kw=optimum.column_kw)


def _sprouts(constraints: Constraints, proposed_kw: Float) -> tuple[Bool, Optimum]:
    """Which columns can clear anything at all, (n,), and the optimum that says why the others cannot.

    Where the baseline is inside every limit, all whose caps leave room can. Elsewhere a small part of what
    they propose is sought for as many as possible, then for those that got none of it, until none is left
    or none gets any: whatever clears in one such solve, clears a part of itself together with the others.
    """
    none = np.zeros_like(proposed_kw)
    can_clear = constraints.room_kw(none) > NO_ROOM_KW
    if constraints.has_inside:
        return can_clear, constraints.used_up(none)
    waiting, found = can_clear, np.zeros_like(can_clear)
    while True:
        goal = Goal(volume=np.where(waiting, 1.0 / proposed_kw, 0.0), log=none, levelled=none)
        optimum = constraints.solve(none, SPROUT_SHARE * proposed_kw, goal)
        sprouted = waiting & (optimum.column_kw > SPROUTED_KW)
        found, waiting = found | sprouted, waiting & ~sprouted
        if optimum.status is SolverStatus.FAILED or not sprouted.any() or not waiting.any():
            return found, optimum


def _level_by_level(constraints: Constraints, proposed_kw: Float) -> Iterator[Stage]:
    """Raises all open columns together until some can rise no further, decides those, and goes on.

    Where the common level has a dual on a column, that column cannot rise without another falling below it.
    """
    is_open = proposed_kw > 0.0
    held_kw = np.zeros_like(proposed_kw)
    while is_open.any():
        none = np.zeros_like(proposed_kw)
        goal = Goal(volume=none, log=none, levelled=is_open.astype(np.float64), level=1.0)
        upper_kw = np.where(is_open, proposed_kw, held_kw)
        optimum = constraints.solve(held_kw * (1.0 - HELD_SHARE), upper_kw, goal)
        dual = np.where(is_open, optimum.level_dual, 0.0)
        decided = is_open & (dual >= LEVEL_DUAL_SHARE * dual.max())
        if optimum.status is SolverStatus.FAILED or optimum.level >= 1.0 - HELD_SHARE:
            decided = is_open
        held_kw = np.where(decided, optimum.level * proposed_kw, held_kw)
        is_open = is_open & ~decided
        yield Stage(optimum=optimum, decides=decided, column_kw=held_kw)


def _class_by_class(constraints: Constraints, proposed_kw: Float, submitted: Int) -> Iterator[Stage]:
    """Clears as much as possible of each class of submission, and holds it while the next is cleared.

    Classes that clear in full on top of what is held need no solve, nor does a single column that takes all
    that the caps leave it: nothing could give them more.
    """
    ranks = np.unique(submitted)
    held_kw = np.zeros_like(proposed_kw)
    done = 0
    while done < len(ranks):
        in_full = _classes_in_full(constraints, held_kw, proposed_kw, submitted, ranks[done:])
        if in_full:
            decides = np.isin(submitted, ranks[done : done + in_full])
            held_kw = np.where(decides, proposed_kw, held_kw)
            yield Stage(optimum=constraints.used_up(held_kw), decides=decides, column_kw=held_kw)
            done += in_full
            continue
        chosen = submitted == ranks[done]
        optimum = _clear_class(constraints, held_kw, proposed_kw, chosen)
        held_kw = np.where(chosen, optimum.column_kw, held_kw)
        yield Stage(optimum=optimum, decides=chosen, column_kw=held_kw)
        if optimum.status is SolverStatus.FAILED:
            return
        done += 1


def _classes_in_full(
    constraints: Constraints, held_kw: Float, proposed_kw: Float, submitted: Int, ranks: Int
) -> int:
    """How many of the next classes clear in full together on top of what is held."""
    some = ranks[:CLASSES_AT_ONCE]
    added = (submitted[None, :] <= some[:, None]) & (submitted[None, :] >= some[0])
    holds = constraints.hold(held_kw + np.where(added, proposed_kw, 0.0))
    return len(some) if holds.all() else int(np.argmin(holds))


def _clear_class(constraints: Constraints, held_kw: Float, proposed_kw: Float, chosen: Bool) -> Optimum:
    """The greatest volume of the chosen columns while those held are kept."""
    room_kw = np.minimum(constraints.room_kw(held_kw), proposed_kw)
    greatest_kw = held_kw + np.where(chosen, room_kw, 0.0)
    is_certain = chosen.sum() == 1 or bool(np.all(room_kw[chosen] <= NO_ROOM_KW))
    if is_certain and constraints.hold(greatest_kw[None, :])[0]:
        return constraints.used_up(greatest_kw)
    none = np.zeros_like(proposed_kw)
    goal = Goal(volume=chosen.astype(np.float64), log=none, levelled=none)
    return constraints.solve(held_kw * (1.0 - HELD_SHARE), proposed_kw, goal)
