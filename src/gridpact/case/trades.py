"""Trades: what two participants agreed and propose to the network operator."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.case.ranges import range_faults
from gridpact.case.rows import checked_rows
from gridpact.case.schema import Kind
from gridpact.case.terms import Terms
from gridpact.fields.case_part import CasePart, unchecked
from gridpact.fields.columns import length_of, numbers, whole_numbers
from gridpact.fields.refusals import Refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades(CasePart):
    """A bilateral trade per index, N of them: constant power over the periods [start, end).

    Lists are taken for arrays; what has a default may be one value for all. The trades of a case have a name
    each; of commitments those of one trade have the same.

    Attributes:
        ids: names, (N,).
        seller: index of the participant that sells, (N,).
        buyer: index of the participant that buys, (N,).
        start: first period, (N,).
        end: one past the last period, (N,).
        power_kw: proposed power, (N,), not negative.
        price_per_kwh: what the buyer pays, in the case's currency, (N,).
        seller_price_per_kwh: what the seller receives, (N,); empty for what the buyer pays.
        submitted: microseconds since 1970-01-01 UTC, 0 where not given, (N,).
        terms: block, least fraction, exclusive group and link of each; those of none for no terms.

    Raises:
        InvalidCase: with everything that is wrong with them.
    """

    ids: tuple[str, ...]
    seller: Int
    buyer: Int
    start: Int
    end: Int
    power_kw: Float
    price_per_kwh: Float
    seller_price_per_kwh: Float = field(default_factory=partial(np.empty, 0))
    submitted: Int = field(default_factory=partial(np.array, 0))
    terms: Terms = field(default_factory=partial(Terms.none, 0))

    def __post_init__(self) -> None:
        refusals, count = Refusals("trades"), length_of(self.ids)
        seller = whole_numbers(refusals, "seller", self.seller, (count,))
        buyer = whole_numbers(refusals, "buyer", self.buyer, (count,))
        if seller is not None and buyer is not None and seller.shape == buyer.shape:
            refusals.add_where("buyer", seller == buyer, "is the seller too", "name two participants", buyer)
        rows = checked_rows(refusals, self, count, unique=False)
        received: Float | None = frozen([], np.float64)
        if np.size(self.seller_price_per_kwh):
            faults = partial(range_faults, Kind.PRICE)
            received = numbers(refusals, "seller_price_per_kwh", self.seller_price_per_kwh, (count,), faults)
        refusals.finish()
        self._set(seller=seller, buyer=buyer, seller_price_per_kwh=received, **rows)

    def __repr__(self) -> str:
        """One line: the arrays are too many to show."""
        return f"<Trades: {len(self):,}, {float(self.power_kw.sum()):g} kW>"

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def received_per_kwh(self) -> Float:
        """What the seller receives, (N,)."""
        return self.seller_price_per_kwh if len(self.seller_price_per_kwh) else self.price_per_kwh

    def at(self, index: Int) -> "Trades":
        """Some of the trades, in the order of their indices."""
        return unchecked(
            Trades,
            ids=tuple(self.ids[k] for k in index.tolist()),
            seller=frozen(self.seller[index], np.int64),
            buyer=frozen(self.buyer[index], np.int64),
            start=frozen(self.start[index], np.int64),
            end=frozen(self.end[index], np.int64),
            power_kw=frozen(self.power_kw[index], np.float64),
            price_per_kwh=frozen(self.price_per_kwh[index], np.float64),
            seller_price_per_kwh=frozen(
                self.received_per_kwh[index] if len(self.seller_price_per_kwh) else [], np.float64
            ),
            submitted=frozen(self.submitted[index], np.int64),
            terms=self.terms.at(index),
        )

    @classmethod
    def none(cls) -> "Trades":
        """No trades at all."""
        index = frozen([], np.int64)
        number = frozen([], np.float64)
        return unchecked(
            cls,
            ids=(),
            seller=index,
            buyer=index,
            start=index,
            end=index,
            power_kw=number,
            price_per_kwh=number,
            seller_price_per_kwh=number,
            submitted=index,
            terms=Terms.none(0),
        )
