"""CornerTrial: the combinations of one box that were tried, and the worst of them for each limit."""

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.envelopes.search.box import Box
from gridpact.envelopes.search.metered_network import NO_STATE, MeteredNetwork

SAME = 1e-12  # by which two combinations load a limit alike
AT_BOUND = 1e-5  # pu of voltage, and parts of a rating
SIDES = 8  # of a current or an unbalance: its angle tells import from export, and phases from one another


class CornerTrial:
    """The combinations of one box that were tried, and the worst of them for each limit."""

    def __init__(self, metered: MeteredNetwork, box: Box) -> None:
        self.metered, self.box = metered, box
        self.excess = np.full(len(metered.row), -np.inf)
        self.parts = np.zeros((len(metered.row), len(box.export_kw)))
        self._seen: set[bytes] = set()
        self._holding: dict[tuple[int, int], tuple[float, Float]] = {}

    @property
    def tried(self) -> int:
        """How many distinct combinations were tried."""
        return len(self._seen)

    def take(self, parts: Float) -> None:
        """Tries combinations, (m, P), those that were tried before left out."""
        used = np.where(parts >= 0.0, self.box.export_kw > 0.0, self.box.import_kw > 0.0) * parts + 0.0
        new = [place for place, row in enumerate(used) if self._is_new(row)]
        if not new:
            return
        tried = used[new]
        excess = self.metered.excess(self.box.power_kw(tried))
        worst = excess.argmax(axis=0)
        found = excess[worst, np.arange(len(worst))]
        better = found > self.excess + SAME
        self.excess[better], self.parts[better] = found[better], tried[worst[better]]
        self._note_holding(tried, excess)

    def holding(self) -> tuple[Int, Float]:
        """The limits that are held, (H,), nearest to their bounds first, and by which combination, (H, P)."""
        ordered = sorted(self._holding.items(), key=lambda each: (-each[1][0], each[0]))
        limits = np.array([limit for (limit, _), _ in ordered], dtype=np.int64)
        parts = np.array([parts for _, (_, parts) in ordered]).reshape(len(limits), self.parts.shape[1])
        return limits, parts

    def _note_holding(self, tried: Float, excess: Float) -> None:
        """Notes what brings limits to their bounds, the worst of each limit and side that it comes from."""
        row, limit = np.nonzero((excess >= -AT_BOUND) & (excess < NO_STATE))
        if not len(row):
            return
        rows, place = np.unique(row, return_inverse=True)
        side = self.metered.sides(self.box.power_kw(tried[rows]), SIDES)[place.reshape(-1), limit]
        value = excess[row, limit]
        order = np.lexsort((row, -value))
        keys = np.column_stack([limit, side])[order]
        for first in np.sort(np.unique(keys, axis=0, return_index=True)[1]).tolist():
            at = order[first]
            key = int(limit[at]), int(side[at])
            if key not in self._holding or value[at] > self._holding[key][0] + SAME:
                self._holding[key] = float(value[at]), tried[row[at]]

    def nearest(self, most: int, near: float) -> Int:
        """The limits nearest to their bounds, or beyond, at their worst corners."""
        width = np.maximum(-self.metered.idle_excess, 1e-6)
        filled = 1.0 + self.excess / width
        order = np.argsort(-filled, kind="stable")[:most]
        return order[(filled[order] > near) & np.isfinite(filled[order])]

    def _is_new(self, row: Float) -> bool:
        key = row.tobytes()
        if key in self._seen:
            return False
        self._seen.add(key)
        return True
