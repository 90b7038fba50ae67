"""Orders: one-sided bids and asks, to be matched into trades."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """A bid or an ask per index, N of them: constant power over the periods [start, end).

    Attributes:
        ids: names, (N,).
        participant: index of the participant, (N,).
        sells: true for an ask, false for a bid, (N,).
        start: first period, (N,).
        end: one past the last period, (N,).
        power_kw: the most it sells or buys, (N,), not negative.
        price_per_kwh: limit price in the case's currency, (N,).
        submitted: microseconds since 1970-01-01 UTC, 0 where not given, (N,).
        terms: block, least fraction and exclusive group of each.
    """

    ids: tuple[str, ...]
    participant: Int
    sells: Bool
    start: Int
    end: Int
    power_kw: Float
    price_per_kwh: Float
    submitted: Int
    terms: Terms

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def none(cls) -> "Orders":
        """No orders at all."""
        index = frozen([], np.int64)
        number = frozen([], np.float64)
        return cls(
            ids=(),
            participant=index,
            sells=frozen([], np.bool_),
            start=index,
            end=index,
            power_kw=number,
            price_per_kwh=number,
            submitted=index,
            terms=Terms.none(0),
        )
