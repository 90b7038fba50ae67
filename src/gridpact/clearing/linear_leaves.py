"""LinearLeaves: the exact allocations of a part whose only limits are linear, caps and flows of a DC grid."""

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Float
from gridpact.clearing.coupling import Part
from gridpact.clearing.even_cut import EVEN_CUT_WEIGHT, Polytope, most_even
from gridpact.clearing.linear_programme import DUAL_TOLERANCE, VolumeModel, VolumeOptimum
from gridpact.clearing.mixed_integer import MixedInteger
from gridpact.clearing.part_rows import PartRows
from gridpact.clearing.search import Cuts, Leaf

WHERE = "the clearing with terms"


class LinearLeaves:
    """What linear limits make of a choice; the relaxation knows them all, so that nothing is left to cut.

    Args:
        part: J variables.
        rows: its limits, m rows in all.
    """

    def __init__(self, part: Part, rows: list[PartRows]) -> None:
        self._part = part
        self._matrix = csr_array(vstack([one.matrix for one in rows]))
        self._lower = np.concatenate([one.lower for one in rows])
        self._upper = np.concatenate([one.upper for one in rows])
        self._model = VolumeModel(self._matrix)

    @property
    def rows(self) -> int:
        """Number of rows m."""
        return len(self._upper)

    def programme(self) -> MixedInteger:
        """The programme of these limits with its decisions."""
        return MixedInteger(self._part, self._matrix, self._lower, self._upper)

    def leaf(self, taken: Float, draft_kw: Float) -> Leaf:
        """The greatest volume of a choice."""
        found = self._greatest(taken)
        if found is None:
            return Leaf(power_kw=np.zeros_like(self._part.upper_kw), volume_kw=-np.inf)
        return Leaf(power_kw=found.power_kw, volume_kw=found.volume_kw)

    def cuts(self, power_kw: Float) -> Cuts | None:
        """Nothing."""
        return None

    def even(self, taken: Float) -> tuple[Float, Float] | None:
        """The most even allocation of the greatest volume of a choice, (J,), and the dual of each row, (m,).

        None where the choice is impossible.
        """
        found = self._greatest(taken)
        if found is None:
            return None
        face = self._polytope(taken).optimal_face(found.column_dual, found.row_dual, DUAL_TOLERANCE)
        cut = most_even(face, self._part.upper_kw)
        return cut.column_kw, found.row_dual + EVEN_CUT_WEIGHT * cut.row_dual

    def _greatest(self, taken: Float) -> VolumeOptimum | None:
        return self._model.solve(self._polytope(taken), WHERE)

    def _polytope(self, taken: Float) -> Polytope:
        lower, upper = self._part.bounds(taken)
        return Polytope(
            rows=self._matrix, row_lower=self._lower, row_upper=self._upper, lower=lower, upper=upper
        )
