"""LinearChoices: the exact allocations of a part whose limits are all linear."""

from dataclasses import replace

import numpy as np

from gridpact.arrays import Float
from gridpact.clearing.problem.parts import Part
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.solver.even_cut_clarabel import Polytope, most_even
from gridpact.clearing.solver.joined_situations import KEPT
from gridpact.clearing.solver.optimum import Optimum, SolverStatus
from gridpact.clearing.solver.programme import EVEN_CUT_WEIGHT, INDIFFERENCE, Programme
from gridpact.clearing.solver.volume_highs import DUAL_TOLERANCE, VolumeModel, VolumeOptimum
from gridpact.clearing.terms.decision_search import Cuts, Leaf
from gridpact.clearing.terms.mixed_integer_highs import MixedInteger

WHERE = "the clearing with terms"


class LinearChoices:
    """What linear limits make of a choice; the relaxation knows them all, so that nothing is left to cut.

    Args:
        part: J variables.
        programme: of the part; only its rows are looked at.
        weight: of each variable's volume, (J,).
    """

    def __init__(self, part: Part, programme: Programme, weight: Float) -> None:
        self._part = part
        self._weight = weight
        self._programme = programme
        self._no_lower = np.full(len(programme.row_upper), -np.inf)
        self._model = VolumeModel(programme.rows, weight)

    @classmethod
    def of(cls, part: Part, programme: Programme) -> "LinearChoices":
        """Those whose aim is the volume."""
        return cls(part, programme, part.counts.astype(np.float64))

    def programme(self) -> MixedInteger:
        """The programme of these limits with its decisions."""
        return MixedInteger(
            self._part, self._programme.rows, self._no_lower, self._programme.row_upper, self._weight
        )

    def leaf(self, taken: Float, draft_kw: Float, budget: Budget) -> Leaf:
        """The greatest volume of a choice."""
        found = self._greatest(taken)
        if found is None:
            return Leaf(power_kw=np.zeros_like(self._part.upper_kw), volume_kw=-np.inf)
        return Leaf(power_kw=found.power_kw, volume_kw=found.volume_kw)

    def keeps(self, power_kw: Float) -> bool:
        """Whether an allocation (J,) keeps every row."""
        return self._programme.row_excess(power_kw) <= KEPT

    def cuts(self, power_kw: Float, budget: Budget) -> Cuts | None:
        """Nothing."""
        return None

    def optimum(self, taken: Float, draft_kw: Float, budget: Budget) -> Optimum:
        """The most even allocation of the greatest volume of a choice."""
        chosen = self._programme.between(*self._part.bounds(taken))
        even = self.even(taken)
        if even is None:
            return Optimum.without_multipliers(chosen, SolverStatus.INFEASIBLE, draft_kw)
        return Optimum.within_rows(chosen, *even)

    def even(self, taken: Float, *, helped: bool = True) -> tuple[Float, Float] | None:
        """The most even allocation of the greatest volume of a choice, (J,), and the dual of each row, (m,).

        None where the choice is impossible.

        Args:
            taken: the choice, (K,).
            helped: whether what does not count may help, or is nothing.
        """
        polytope = self._polytope(taken)
        if not helped:
            polytope = replace(polytope, upper=np.where(self._part.counts, polytope.upper, polytope.lower))
        found = self._model.solve(polytope, WHERE)
        if found is None:
            return None
        face = polytope.optimal_face(found.column_dual, found.row_dual, DUAL_TOLERANCE)
        whole_kw, counts = self._part.whole_kw, self._part.counts
        cut = most_even(face, np.where(counts, whole_kw, 0.0), whole_kw / np.where(counts, 1.0, INDIFFERENCE))
        return cut.column_kw, found.row_dual + EVEN_CUT_WEIGHT * cut.row_dual

    def _greatest(self, taken: Float) -> VolumeOptimum | None:
        return self._model.solve(self._polytope(taken), WHERE)

    def _polytope(self, taken: Float) -> Polytope:
        lower, upper = self._part.bounds(taken)
        return Polytope(
            rows=self._programme.rows,
            row_lower=self._no_lower,
            row_upper=self._programme.row_upper,
            lower=lower,
            upper=upper,
        )
