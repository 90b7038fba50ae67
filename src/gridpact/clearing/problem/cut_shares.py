"""CutShares: what each limit and cap holds of the cuts of columns."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CutShares:
    """What holds columns down, K pairs of a column and a limit or cap.

    Of a kW that a column would add, each limit takes its multiplier times the change of what it limits, and
    each cap its multiplier; a share is what one takes of all that take something.

    Attributes:
        column: index of the column, (K,).
        limited_by: a `LimitedBy`, (K,).
        element: as in `BindingLimits`, (K,).
        phase: as in `BindingLimits`, (K,).
        share: of the cut, above 0; those of a column add up to 1, (K,).
        per_kw: change of what is limited per kW more of the column: 1 of a cap, in pu or percentage points of
            a limit of the network, (K,).
    """

    column: Int
    limited_by: Int
    element: Int
    phase: Int
    share: Float
    per_kw: Float

    @classmethod
    def none(cls) -> "CutShares":
        """Of no column."""
        index, number = np.empty(0, dtype=np.int64), np.empty(0)
        return cls(column=index, limited_by=index, element=index, phase=index, share=number, per_kw=number)

    @classmethod
    def joined(cls, *parts: "CutShares") -> "CutShares":
        """All of `parts`, by column; in the order given where that is the same."""
        column = np.concatenate([part.column for part in parts])
        order = np.argsort(column, kind="stable")
        return cls(
            column=column[order],
            limited_by=np.concatenate([part.limited_by for part in parts])[order],
            element=np.concatenate([part.element for part in parts])[order],
            phase=np.concatenate([part.phase for part in parts])[order],
            share=np.concatenate([part.share for part in parts])[order],
            per_kw=np.concatenate([part.per_kw for part in parts])[order],
        )

    def where(self, chosen: Bool) -> "CutShares":
        """Those of the columns for which `chosen` holds, one entry for each column there is."""
        kept = np.flatnonzero(chosen[self.column])
        return self._at(kept, self.column[kept])

    def placed(self, columns: Int) -> "CutShares":
        """These, whose columns are positions in `columns`, of the columns that stand there."""
        return self._at(np.arange(len(self.column)), columns[self.column])

    def within(self, columns: Int, count: int) -> "CutShares":
        """Those of some of `count` columns, as positions in `columns`: the inverse of `placed`."""
        place = np.full(count, -1, dtype=np.int64)
        place[columns] = np.arange(len(columns))
        kept = np.flatnonzero(place[self.column] >= 0)
        return self._at(kept, place[self.column[kept]])

    def _at(self, rows: Int, column: Int) -> "CutShares":
        return CutShares(
            column=column,
            limited_by=self.limited_by[rows],
            element=self.element[rows],
            phase=self.phase[rows],
            share=self.share[rows],
            per_kw=self.per_kw[rows],
        )
