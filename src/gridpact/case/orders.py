"""Orders: one-sided bids and asks, to be matched into trades."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.rows import checked_rows
from gridpact.case.schema import ORDERS
from gridpact.case.terms import NONE, Terms
from gridpact.fields.case_part import CasePart
from gridpact.fields.columns import flags, length_of, whole_numbers
from gridpact.fields.refusals import Refusals

SELL, BUY = ORDERS.column("side").choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders(CasePart):
    """A bid or an ask per index, N of them: constant power over the periods [start, end).

    Lists are taken for arrays; what has a default may be one value for all.

    Attributes:
        ids: names, (N,).
        participant: index of the participant, (N,).
        sells: true for an ask, false for a bid; "sell" and "buy" are taken too, (N,).
        start: first period, (N,).
        end: one past the last period, (N,).
        power_kw: the most it sells or buys, (N,), not negative.
        price_per_kwh: limit price in the case's currency, (N,).
        submitted: microseconds since 1970-01-01 UTC, 0 where not given, (N,).
        terms: block, least fraction and exclusive group of each; those of none for no terms.

    Raises:
        InvalidCase: with everything that is wrong with them.
    """

    ids: tuple[str, ...]
    participant: Int
    sells: Bool
    start: Int
    end: Int
    power_kw: Float
    price_per_kwh: Float
    submitted: Int = field(default_factory=partial(np.array, 0))
    terms: Terms = field(default_factory=partial(Terms.none, 0))

    def __post_init__(self) -> None:
        refusals, count = Refusals("orders"), length_of(self.ids)
        participant = whole_numbers(refusals, "participant", self.participant, (count,))
        sells = flags(refusals, "sells", self.sells, (count,), words=((SELL,), (BUY,)))
        rows = checked_rows(refusals, self, count, unique=True)
        if rows["terms"] is not None:
            linked = rows["terms"].link != NONE
            refusals.add_where("terms", linked, "has a link, which orders cannot have", "leave it out")
        refusals.finish()
        self._set(participant=participant, sells=sells, **rows)

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        asks = int(self.sells.sum())
        return f"<Orders: {asks:,} to sell, {len(self) - asks:,} to buy>"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRows:
    """One row per order and open period of its window, R of them, ordered by order, then period.

    Attributes:
        order: index into the orders, (R,).
        period: (R,).
        offered_kw: its power, capped by what better orders of the same participant, and commitments, leave of
            its surplus or residual demand, (R,).
        draft_kw: what it would trade if the network carried everything, by the double auction, (R,).
        rank: place among all orders of its side, the best first, (R,).
    """

    order: Int
    period: Int
    offered_kw: Float
    draft_kw: Float
    rank: Int

    def __len__(self) -> int:
        return len(self.order)
