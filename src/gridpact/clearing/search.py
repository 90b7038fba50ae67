"""Search: the best choice of all decisions of a part, over a linear relaxation that is tightened as it goes.

A *leaf* is the best allocation for one choice of all decisions, found exactly. The relaxation gives the
next choice to try, and a bound on all that are left:

1. relax the decisions, and cut off what the network cannot carry, until little is left of that;
2. solve the relaxation with its decisions; evaluate the leaf; rule that choice out; cut off what broke;
3. stop where the bound says that no other choice is better, or at the time limit.

Among choices of equal volume the one is taken that says yes to the earliest submitted trade, then to the
next, and so on.
"""

from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float
from gridpact.clearing.coupling import Part
from gridpact.clearing.mixed_integer import Draft, MixedInteger

EQUAL_SHARE = 1e-7
TIE_SHARE = 1e-6  # of a volume, within which choices are equal: that of the exact solutions
RELAXATION_ROUNDS, RELAXATION_TIME_SHARE = 30, 0.3
RELAXATION_STALLED_SHARE = 2e-6
RANKED_DECISIONS_MAX = 64
LARGE_DECISIONS = 200
LARGE_GAP = 5e-4


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
        volume_kw: Σ v, minus infinity where that choice is impossible.
        is_known: whether that is so; false where a solver failed.
    """

    power_kw: Float
    volume_kw: float
    is_known: bool = True


class Leaves(Protocol):
    """What a network makes of a choice."""

    def leaf(self, taken: Float, draft_kw: Float) -> Leaf:
        """The best allocation where decisions are taken, or not, (K,); a draft (J,) may help to find it."""

    def cuts(self, power_kw: Float) -> Cuts | None:
        """What cuts an allocation (J,) off, or none where the network carries it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found.

    Attributes:
        taken: the choice, (K,).
        leaf: its best allocation.
        upper_kw: no choice has a greater volume, by the relaxation.
        is_finished: whether the search ended by itself, and not at the time limit.
    """

    taken: Float
    leaf: Leaf
    upper_kw: float
    is_finished: bool


class Search:
    """The search of one part.

    Args:
        part: J variables and K decisions.
        programme: its linear relaxation.
        leaves: the exact network.
        seconds: time limit.
    """

    def __init__(self, part: Part, programme: MixedInteger, leaves: Leaves, seconds: float) -> None:
        self._part = part
        self._programme = programme
        self._leaves = leaves
        self._until = monotonic() + seconds
        self._seen: dict[bytes, Leaf] = {}
        self._unknown_kw = -np.inf  # bound of choices whose leaf a solver failed on
        self._gap = LARGE_GAP if part.decisions > LARGE_DECISIONS else 0.0

    def run(self) -> Found:
        """The best choice found. Nothing taken is one that is always possible."""
        nothing = np.zeros(self._part.decisions)
        if not self._part.decisions:
            return self._without_decisions(nothing)
        best = nothing
        upper_kw = self._tighten()
        is_finished = False
        while not is_finished and self._left > 0.0:
            draft = self._programme.solve(seconds=self._left, gap=self._gap)
            if draft is None or draft.upper_kw <= self._volume(best) + self._equal(draft.upper_kw):
                upper_kw, is_finished = max(self._volume(best), self._unknown_kw), True
                break
            upper_kw = min(upper_kw, max(draft.upper_kw, self._volume(best), self._unknown_kw))
            if self._evaluate_and_cut(draft).volume_kw > self._volume(best):
                best = draft.taken
            is_finished = upper_kw - self._volume(best) <= max(self._gap, EQUAL_SHARE) * upper_kw
        if best.tobytes() not in self._seen:
            self._evaluate(Draft.nothing(self._part))
        if is_finished and not self._gap and self._part.decisions <= RANKED_DECISIONS_MAX:
            best = self._first_among_equals(best)
        leaf = self._seen[best.tobytes()]
        upper_kw = max(upper_kw, leaf.volume_kw)
        is_finished &= self._unknown_kw <= leaf.volume_kw
        return Found(taken=best, leaf=leaf, upper_kw=upper_kw, is_finished=is_finished)

    def _without_decisions(self, nothing: Float) -> Found:
        leaf = self._leaves.leaf(nothing, self._part.upper_kw)
        if leaf.is_known:
            return Found(taken=nothing, leaf=leaf, upper_kw=leaf.volume_kw, is_finished=True)
        relaxed = self._programme.relax()
        upper_kw = float(self._part.upper_kw.sum()) if relaxed is None else relaxed.upper_kw
        return Found(taken=nothing, leaf=leaf, upper_kw=upper_kw, is_finished=False)

    @property
    def _left(self) -> float:
        return self._until - monotonic()

    def _equal(self, volume_kw: float) -> float:
        return EQUAL_SHARE * abs(volume_kw)

    def _volume(self, taken: Float) -> float:
        leaf = self._seen.get(taken.tobytes())
        return -np.inf if leaf is None else leaf.volume_kw

    def _tighten(self) -> float:
        """Cuts the relaxation until the network carries what it gives; the bound that is left."""
        upper_kw = float(self._part.upper_kw.sum())
        enough = (1.0 - RELAXATION_TIME_SHARE) * self._left
        for _ in range(RELAXATION_ROUNDS):
            draft = self._programme.relax()
            if draft is None:
                break
            is_stalled = draft.upper_kw > upper_kw * (1.0 - RELAXATION_STALLED_SHARE)
            upper_kw = min(upper_kw, draft.upper_kw)
            cuts = self._leaves.cuts(draft.power_kw)
            if cuts is None or is_stalled or self._left <= enough:
                break
            self._programme.add_cuts(cuts.rows, cuts.upper)
        return upper_kw

    def _evaluate_and_cut(self, draft: Draft) -> Leaf:
        """The leaf of a draft, whose choice is ruled out; what the network cannot carry is cut off."""
        leaf = self._evaluate(draft)
        cuts = self._leaves.cuts(draft.power_kw)
        if cuts is not None:
            self._programme.add_cuts(cuts.rows, cuts.upper)
        return leaf

    def _evaluate(self, draft: Draft) -> Leaf:
        leaf = self._leaves.leaf(draft.taken, draft.power_kw)
        self._seen[draft.taken.tobytes()] = leaf
        self._programme.forbid(draft.taken)
        if not leaf.is_known:
            self._unknown_kw = max(self._unknown_kw, draft.upper_kw)
        return leaf

    def _first_among_equals(self, best: Float) -> Float:
        """Of the choices of the greatest volume, the one that takes the earliest decisions first."""
        least_kw = self._volume(best) * (1.0 - TIE_SHARE)
        everything = csr_array(-np.ones((1, len(self._part.upper_kw))))
        self._programme.add_cuts(everything, np.array([-least_kw]))
        for decision in range(self._part.decisions):
            while best[decision] < 0.5 and self._left > 0.0:
                known = self._seen_with(best[:decision], least_kw)
                if known is not None:
                    best = known
                    break
                self._programme.fix(decision, 1)
                draft = self._programme.solve(seconds=self._left, gap=0.0)
                if draft is None:
                    break
                self._evaluate_and_cut(draft)
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
