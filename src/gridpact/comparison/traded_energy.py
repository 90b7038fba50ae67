"""TradedEnergy: what trades proposed in each period, and what was cut of each participant's."""

from typing import NamedTuple, Self

import numpy as np

from gridpact.arrays import Float, Int


class TradedEnergy(NamedTuple):
    """Sums over trades.

    Attributes:
        proposed_kw: of all trades in each period, (T,).
        cut_kwh: proposed less cleared, of the sales and purchases of each participant, (P,).
    """

    proposed_kw: Float
    cut_kwh: Float

    @classmethod
    def of_rows(
        cls,
        *,
        period: Int,
        seller: Int,
        buyer: Int,
        proposed_kw: Float,
        cleared_kw: Float,
        hours_per_period: float,
        periods: int,
        participants: int,
    ) -> Self:
        """The sums over rows of the table of cleared trades, (R,) each."""
        cut_kwh = (proposed_kw - cleared_kw) * hours_per_period
        of_participant = np.zeros(participants)
        for one in (seller, buyer):
            np.add.at(of_participant, one, cut_kwh)
        of_period = np.zeros(periods)
        np.add.at(of_period, period, proposed_kw)
        return cls(of_period, of_participant)
