"""NetworkChoices: the allocations of a part on its network, for one choice of its decisions at a time."""

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.network.situations import Situations
from gridpact.clearing.problem.parts import Part
from gridpact.clearing.rules.stage import best_of, holds
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.lockstep import run_together
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.clearing.solver.programme import Programme
from gridpact.clearing.terms.decision_search import Cuts, Leaf
from gridpact.clearing.terms.linear_choices import LinearChoices
from gridpact.clearing.terms.mixed_integer_highs import MixedInteger
from gridpact.clearing.terms.tangent_planes import moved_out, tangents

MOVED_OUT_DECISIONS_MAX = 24


class NetworkChoices:
    """What a network makes of a choice.

    Args:
        part: J variables and K decisions.
        programme: of the part, with situations; its rows are linear limits of the relaxation too.
        situations: of the programme.
        weight: of each variable's volume, (J,).
    """

    def __init__(self, part: Part, programme: Programme, situations: Situations, weight: Float) -> None:
        self._part = part
        self._situations = situations
        self._weight = weight
        self._programme = programme.aiming_at(part.volume(weight))
        self._linear = LinearChoices(part, programme, weight)
        self._found: dict[bytes, Optimum] = {}

    def programme(self) -> MixedInteger:
        """The linear relaxation to begin with: the rows and the decisions."""
        return self._linear.programme()

    def leaf(self, taken: Float, draft_kw: Float, budget: Budget) -> Leaf:
        """The greatest volume of a choice."""
        found = self.optimum(taken, draft_kw, budget)
        if found.status.is_kept:
            return Leaf(power_kw=found.value, volume_kw=float(self._weight @ found.value))
        return Leaf(
            power_kw=found.value,
            volume_kw=-np.inf,
            is_known=found.status is SolverStatus.INFEASIBLE,
        )

    def keeps(self, power_kw: Float) -> bool:
        """Whether an allocation (J,) keeps every row and limit."""
        [[kept]] = run_together(self._situations.oracle, [holds(self._programme, power_kw[None, :])])
        return bool(kept)

    def cuts(self, power_kw: Float, budget: Budget) -> Cuts | None:
        """What cuts an allocation (J,) off, or none where every situation can be carried.

        Planes cut nothing off where the set of what can be carried is convex, which it need not be: they
        lead a search, and prove nothing.
        """
        cuts, situation = tangents(self._situations, power_kw)
        if not len(situation):
            return None
        if self._part.decisions > MOVED_OUT_DECISIONS_MAX:
            return cuts
        return moved_out(cuts, situation, self._programme, budget)

    def optimum(self, taken: Float, draft_kw: Float, budget: Budget) -> Optimum:
        """The exact optimum of a choice, (K,), near a draft, (J,)."""
        key = taken.tobytes()
        if key not in self._found:
            self._found[key] = self._find(taken, draft_kw, budget)
        return self._found[key]

    def _find(self, taken: Float, draft_kw: Float, budget: Budget) -> Optimum:
        """The optimum under a choice, (b,), from its greatest volume over caps, or from a draft, (J,)."""
        programme = self._programme.between(*self._part.bounds(taken))
        even = self._linear.even(taken, helped=False)
        if even is None:
            return Optimum.without_multipliers(programme, SolverStatus.INFEASIBLE, draft_kw)
        power_kw, row_dual = even
        oracle = self._situations.oracle
        [[is_carried]] = run_together(oracle, [holds(programme, power_kw[None, :])])
        if is_carried:
            return Optimum.within_rows(programme, power_kw, row_dual)
        if np.array_equal(programme.lower, programme.upper):
            return Optimum.without_multipliers(programme, SolverStatus.INFEASIBLE, power_kw)
        starts = (programme.lower, draft_kw, power_kw)
        [found] = run_together(oracle, [best_of(programme, starts, budget)])
        return found
