"""Solution: what a formulation finds for a clearing problem, with its reasons."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from gridpact.arrays import Float, Int


class LimitedBy(IntEnum):
    """What kept a trade from clearing in full; `label` is the word in the results."""

    NOTHING = 0
    SELLER_SURPLUS = 1
    BUYER_DEMAND = 2
    VOLTAGE_MAX = 3
    VOLTAGE_MIN = 4
    LINE = 5
    TRANSFORMER = 6
    TERMS = 7

    @property
    def label(self) -> str:
        """Lower case, and empty for `NOTHING`."""
        return "" if self is LimitedBy.NOTHING else self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingLimits:
    """Limits that hold the traded volume down, L of them, in the order of period, kind, element.

    Attributes:
        period: (L,).
        limited_by: a `LimitedBy`, (L,).
        element: a participant for the caps, a bus position for voltages, a rated element for lines and
            transformers: its index, (L,).
        value: kW sold or bought, pu, or percent, (L,).
        limit: in the same unit, (L,).
        shadow_price_kw_per_percent: kW more cleared per 1 % more of the limit, (L,).
    """

    period: Int
    limited_by: Int
    element: Int
    value: Float
    limit: Float
    shadow_price_kw_per_percent: Float

    @classmethod
    def joined(cls, parts: "list[BindingLimits]") -> "BindingLimits":
        """The limits of all `parts`, ordered by period, kind and element."""
        parts = [*parts, _NO_LIMITS]
        period = np.concatenate([part.period for part in parts])
        limited_by = np.concatenate([part.limited_by for part in parts])
        element = np.concatenate([part.element for part in parts])
        order = np.lexsort((element, limited_by, period))
        return cls(
            period=period[order],
            limited_by=limited_by[order],
            element=element[order],
            value=np.concatenate([part.value for part in parts])[order],
            limit=np.concatenate([part.limit for part in parts])[order],
            shadow_price_kw_per_percent=np.concatenate([part.shadow_price_kw_per_percent for part in parts])[
                order
            ],
        )


_NO_LIMITS = BindingLimits(
    period=np.empty(0, np.int64),
    limited_by=np.empty(0, np.int64),
    element=np.empty(0, np.int64),
    value=np.empty(0),
    limit=np.empty(0),
    shadow_price_kw_per_percent=np.empty(0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """How much of each column clears, and what cut it.

    Attributes:
        column_kw: cleared power, (C,).
        limited_by: a `LimitedBy` per column, (C,).
        element: as in `BindingLimits`, −1 where nothing cut, (C,).
        binding: limits with a shadow price.
        volume_bound_kw: greatest total cleared power of each period that the formulation admits, (T,).
        solved_periods: how many periods needed a solver.
    """

    column_kw: Float
    limited_by: Int
    element: Int
    binding: BindingLimits
    volume_bound_kw: Float
    solved_periods: int
