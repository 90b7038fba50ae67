"""Trades: what two participants agreed and propose to the network operator."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float, Int, frozen


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
    """

    ids: tuple[str, ...]
    seller: Int
    buyer: Int
    start: Int
    end: Int
    power_kw: Float
    price_per_kwh: Float
    submitted: Int

    def __len__(self) -> int:
        return len(self.ids)

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
        )
