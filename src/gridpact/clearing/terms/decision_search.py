"""Search: the best choice of all decisions of a part, over a linear relaxation that is tightened as it goes.

A *leaf* is the best allocation for one choice of all decisions. The relaxation gives the next choice to try:

1. relax the decisions, and cut off what the network cannot carry, until little is left of that;
2. solve the relaxation with its decisions; evaluate the leaf; rule that choice out; cut off what broke;
3. stop where the relaxation promises nothing better, or where the budget ends; of few decisions, try what
   differs from the best choice in one of them, as planes may have cut it off.

Among choices of equal volume the one is taken that says yes to the earliest submitted trade, then to the
next, and so on. What the relaxation promises is a bound only as long as nothing was cut off; where planes
of the network were added, the bound is that of the caps.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float
from gridpact.clearing.problem.parts import Part
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.terms.mixed_integer_highs import Draft, MixedInteger

EQUAL_SHARE = 1e-7
TIE_SHARE = 1e-6  # of a volume, within which choices are equal: that of the exact solutions
RELAXATION_ROUNDS, RELAXATION_WORK_SHARE = 30, 0.3
RELAXATION_STALLED_SHARE = 2e-6
RANKED_DECISIONS_MAX = 64
LARGE_DECISIONS = 200
LARGE_GAP = 5e-4
QUICK_GAP = 0.02
CHECKS_MAX = 200
NEIGHBOURS_DECISIONS_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Rows that a network adds.

    Attributes:
        rows: rows·v ≤ upper, (k, J).
        upper: (k,).
    """

    rows: csr_array
    upper: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """The best allocation for one choice of the decisions.

    Attributes:
        power_kw: v, (J,).
        volume_kw: Σ w v, minus infinity where that choice is impossible.
        is_known: whether that is so; false where a solver failed.
    """

    power_kw: Float
    volume_kw: float
    is_known: bool = True


class Leaves(Protocol):
    """What a network makes of a choice."""

    def programme(self) -> MixedInteger:
        """The linear relaxation to begin with."""

    def leaf(self, taken: Float, draft_kw: Float, budget: Budget) -> Leaf:
        """The best allocation where decisions are taken, or not, (K,); a draft (J,) may help to find it."""

    def keeps(self, power_kw: Float) -> bool:
        """Whether an allocation (J,) keeps every row and limit."""

    def cuts(self, power_kw: Float, budget: Budget) -> Cuts | None:
        """What cuts an allocation (J,) off, or none where the network carries it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceFound:
    """What a search found.

    Attributes:
        taken: the choice, (K,).
        leaf: its best allocation.
        upper_kw: no choice has a greater volume.
        is_finished: whether the search ended by itself, and not where its budget did.
    """

    taken: Float
    leaf: Leaf
    upper_kw: float
    is_finished: bool


class Search:
    """The search of one part.

    Args:
        part: J variables and K decisions.
        leaves: the exact network.
    """

    def __init__(self, part: Part, leaves: Leaves) -> None:
        self._part = part
        self._leaves = leaves
        self._programme = leaves.programme()
        self._seen: dict[bytes, Leaf] = {}
        self._unknown_kw = -np.inf  # what the relaxation promises of choices whose leaf a solver failed on
        self._gap = LARGE_GAP if part.decisions > LARGE_DECISIONS else 0.0
        self._best = np.zeros(part.decisions)
        self._budget = Budget()
        self._proven_kw = np.inf
        self._has_cut = False
        self._first: Float | None = None

    def quick(self, budget: Budget) -> None:
        """A first answer: nothing taken, what fits one by one, and what the caps alone would choose."""
        self._budget = budget
        if not self._part.decisions:
            return
        self._try(Draft.nothing(self._part))
        self._try(Draft.of_choice(self._part, self._fitting()))
        draft = self._programme.solve(budget=budget, gap=QUICK_GAP)
        if draft is not None:
            self._try(draft)

    def _fitting(self) -> Float:
        """Decisions taken in their order as long as the least of all that are taken fits, (K,).

        They are tried together, and in halves where they do not fit together. What others need is taken with
        them, never alone.
        """
        taken, checks = np.zeros(self._part.decisions), 0
        waiting = [np.setdiff1d(np.arange(self._part.decisions), self._part.parent)]
        while waiting and checks < CHECKS_MAX and self._budget.is_left():
            some = waiting.pop(0)
            trial = self._part.with_taken(taken, some)
            checks += 1
            if trial is not None and self._leaves.keeps(self._part.bounds(trial)[0]):
                taken = trial
            elif len(some) > 1:
                waiting[:0] = [half for half in np.array_split(some, 2) if len(half)]
        return taken

    def begin_with(self, taken: Float) -> None:
        """Tries a choice first, (K,), that is known to be possible."""
        self._first = taken

    def of_choice(self, taken: Float, budget: Budget) -> ChoiceFound:
        """A choice as if it had been searched for, (K,)."""
        self._budget = budget
        relaxed = self._programme.relax()
        upper_kw = self._part.proposed_kw if relaxed is None else relaxed.upper_kw
        leaf = self._try(Draft.of_choice(self._part, taken))
        return ChoiceFound(
            taken=taken, leaf=leaf, upper_kw=max(upper_kw, leaf.volume_kw), is_finished=leaf.is_known
        )

    def run(self, budget: Budget) -> ChoiceFound:
        """The best choice found."""
        self._budget = budget
        if not self._part.decisions:
            return self._without_decisions()
        if self._best.tobytes() not in self._seen:
            self._try(Draft.nothing(self._part))
        if self._first is not None:
            self._try(Draft.of_choice(self._part, self._first))
        upper_kw = self._tighten()
        is_finished = False
        while not is_finished and budget.is_left():
            draft = self._programme.solve(budget=budget, gap=self._gap)
            if draft is None or draft.upper_kw <= self._volume(self._best) + self._equal(draft.upper_kw):
                upper_kw, is_finished = max(self._volume(self._best), self._unknown_kw), True
                break
            upper_kw = min(upper_kw, max(draft.upper_kw, self._volume(self._best), self._unknown_kw))
            if not self._has_cut:
                self._proven_kw = min(self._proven_kw, upper_kw)
            self._try(draft)
            self._cut_off(draft)
            is_finished = upper_kw - self._volume(self._best) <= max(self._gap, EQUAL_SHARE) * upper_kw
        if self._has_cut and self._part.decisions <= NEIGHBOURS_DECISIONS_MAX:
            self._look_beside()
        if is_finished and not self._gap and self._part.decisions <= RANKED_DECISIONS_MAX:
            self._best = self._first_among_equals(self._best)
        return self._found(upper_kw, is_finished=is_finished)

    def _found(self, upper_kw: float, *, is_finished: bool) -> ChoiceFound:
        leaf = self._seen[self._best.tobytes()]
        proven_kw = self._proven_kw if self._has_cut else min(self._proven_kw, upper_kw)
        is_finished &= self._unknown_kw <= leaf.volume_kw
        return ChoiceFound(
            taken=self._best,
            leaf=leaf,
            upper_kw=max(proven_kw, leaf.volume_kw),
            is_finished=is_finished,
        )

    def _without_decisions(self) -> ChoiceFound:
        nothing = np.zeros(0)
        leaf = self._leaves.leaf(nothing, self._part.upper_kw, self._budget)
        relaxed = self._programme.relax()
        upper_kw = self._part.proposed_kw if relaxed is None else relaxed.upper_kw
        upper_kw = max(upper_kw, leaf.volume_kw)
        return ChoiceFound(taken=nothing, leaf=leaf, upper_kw=upper_kw, is_finished=leaf.is_known)

    def _look_beside(self) -> None:
        """Tries what differs from the best choice in one decision, as long as that is better.

        Planes may have cut it off.
        """
        beginning = None
        while beginning is None or self._best is not beginning:
            beginning = self._best
            for decision in range(self._part.decisions):
                if self._budget.spend():
                    self._try(Draft.of_choice(self._part, self._part.with_one_changed(beginning, decision)))

    def _equal(self, volume_kw: float) -> float:
        return EQUAL_SHARE * abs(volume_kw)

    def _volume(self, taken: Float) -> float:
        leaf = self._seen.get(taken.tobytes())
        return -np.inf if leaf is None else leaf.volume_kw

    def _tighten(self) -> float:
        """Cuts the relaxation until the network carries what it gives; what it promises then."""
        upper_kw = self._part.proposed_kw
        enough = self._budget.spent + RELAXATION_WORK_SHARE * (self._budget.work - self._budget.spent)
        for _ in range(RELAXATION_ROUNDS):
            draft = self._programme.relax()
            if draft is None:
                break
            is_stalled = draft.upper_kw > upper_kw * (1.0 - RELAXATION_STALLED_SHARE)
            upper_kw = min(upper_kw, draft.upper_kw)
            if not self._has_cut:
                self._proven_kw = min(self._proven_kw, draft.upper_kw)
            if is_stalled or self._budget.spent > enough or not self._budget.spend():
                break
            if not self._cut_off(draft):
                break
        return upper_kw

    def _cut_off(self, draft: Draft) -> bool:
        """Whether the network cannot carry a draft, which planes then cut off."""
        cuts = self._leaves.cuts(draft.power_kw, self._budget)
        if cuts is None:
            return False
        self._programme.add_cuts(cuts.rows, cuts.upper)
        self._has_cut = True
        return True

    def _try(self, draft: Draft) -> Leaf:
        """The leaf of a draft's choice, which is ruled out."""
        key = draft.taken.tobytes()
        if key in self._seen:
            return self._seen[key]
        leaf = self._leaves.leaf(draft.taken, draft.power_kw, self._budget)
        self._seen[key] = leaf
        self._programme.forbid(draft.taken)
        if not leaf.is_known:
            self._unknown_kw = max(self._unknown_kw, draft.upper_kw)
        if leaf.volume_kw > self._volume(self._best):
            self._best = draft.taken
        return leaf

    def _first_among_equals(self, best: Float) -> Float:
        """Of the choices of the greatest volume, the one that takes the earliest decisions first."""
        least_kw = self._volume(best) * (1.0 - TIE_SHARE)
        self._programme.add_cuts(-self._programme.aim, np.array([-least_kw]))
        for decision in range(self._part.decisions):
            while best[decision] < 0.5 and self._budget.is_left():
                known = self._seen_with(best[:decision], least_kw)
                if known is not None:
                    best = known
                    break
                self._programme.fix(decision, 1)
                draft = self._programme.solve(budget=self._budget, gap=0.0)
                if draft is None:
                    break
                self._try(draft)
                self._cut_off(draft)
            self._programme.fix(decision, round(float(best[decision])))
        return best

    def _seen_with(self, beginning: Float, least_kw: float) -> Float | None:
        """A choice that was evaluated, begins in this way and then says yes, and has at least some volume."""
        wanted = np.append(beginning, 1.0)
        for key, leaf in self._seen.items():
            taken = np.frombuffer(key)
            if leaf.volume_kw >= least_kw and np.array_equal(taken[: len(wanted)], wanted):
                return taken
        return None
