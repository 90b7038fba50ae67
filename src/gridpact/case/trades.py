"""Trades: what two participants agreed and propose to the network operator."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.case.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """A bilateral trade per index, N of them: constant power over the periods [start, end).

    Attributes:
        ids: names, (N,).
        seller: index of the participant that sells, (N,).
        buyer: index of the participant that buys, (N,).
        start: first period, (N,).
        end: one past the last period, (N,).
        power_kw: proposed power, (N,), not negative.
        price_per_kwh: in the case's currency, (N,).
        submitted: microseconds since 1970-01-01 UTC, 0 where not given, (N,).
        terms: block, least fraction, exclusive group and link of each.
    """

    ids: tuple[str, ...]
    seller: Int
    buyer: Int
    start: Int
    end: Int
    power_kw: Float
    price_per_kwh: Float
    submitted: Int
    terms: Terms

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, index: Int) -> "Trades":
        """Some of the trades, in the order of their indices."""
        return Trades(
            ids=tuple(self.ids[k] for k in index.tolist()),
            seller=frozen(self.seller[index], np.int64),
            buyer=frozen(self.buyer[index], np.int64),
            start=frozen(self.start[index], np.int64),
            end=frozen(self.end[index], np.int64),
            power_kw=frozen(self.power_kw[index], np.float64),
            price_per_kwh=frozen(self.price_per_kwh[index], np.float64),
            submitted=frozen(self.submitted[index], np.int64),
            terms=self.terms.at(index),
        )

    @classmethod
    def none(cls) -> "Trades":
        """No trades at all."""
        index = frozen([], np.int64)
        number = frozen([], np.float64)
        return cls(
            ids=(),
            seller=index,
            buyer=index,
            start=index,
            end=index,
            power_kw=number,
            price_per_kwh=number,
            submitted=index,
            terms=Terms.none(0),
        )
