"""Capacity: what every participant can still sell and buy, counted in whole quanta of power.

Matching adds, compares and splits powers many thousand times. In floating point the outcome would depend on
the order of the sums, and 0.3 kW − 0.1 kW would not be 0.2 kW. So powers are counted here as whole numbers of
a *quantum*, 1e-12 kW, and sums are exact. Less than a quantum is nothing: such a power is the dust of
floating point. Only where the powers of a case are so large that their sum would not fit into 64 bits
(some 4 million kW) is the quantum ten or more times larger.
"""

from dataclasses import dataclass
from math import floor, log10

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.case.case import Case
from gridpact.case.trades import Trades

_FINEST_DECIMALS = 12
_LARGEST_SUM_QUANTA = 2.0**62
_NOISE_QUANTA = 0.01
_NOISE_RATIO = 2.0**-50


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The quantum that a case is counted in.

    Attributes:
        quanta_per_kw: a power of ten.
        largest_kw: the largest surplus or residual demand of the case; nobody trades more than that.
    """

    quanta_per_kw: float
    largest_kw: float

    def quanta(self, power_kw: Float) -> Int:
        """Whole quanta in each power, capped at the largest that can be traded; same shape.

        Rounds down, so that no cap is exceeded, but takes what lies below a whole number by no more than
        the noise of floating point (0.01 quanta, or four units in the last place) for that number.
        """
        return _whole(np.minimum(power_kw, self.largest_kw) * self.quanta_per_kw)

    def uncapped_quanta(self, power_kw: Float) -> Int:
        """As `quanta`, but for powers that are only compared with: more than can be traded stays more."""
        with np.errstate(over="ignore"):
            return _whole(np.minimum(power_kw * self.quanta_per_kw, _LARGEST_SUM_QUANTA))

    def kw(self, quanta: Int) -> Float:
        """The power of each number of quanta, kW, same shape."""
        power_kw: Float = quanta / self.quanta_per_kw
        return power_kw


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What is left to sell and to buy, T periods by P participants.

    Who has surplus has no residual demand: a·r = 0, exactly, because a = g − min(ℓ, g) and
    r = ℓ − min(ℓ, g). A participant therefore never has something to sell and to buy in the same period.

    Attributes:
        scale: the quantum.
        sellable: surplus a less what is already sold, quanta, (T, P), not negative.
        buyable: residual demand r less what is already bought, quanta, (T, P), not negative.
    """

    scale: Scale
    sellable: Int
    buyable: Int


def capacity(case: Case) -> Capacity:
    """What every participant can still sell and buy beside the trades and commitments of the case."""
    surplus_kw, residual_kw = case.profiles.surplus_kw, case.profiles.residual_demand_kw
    largest_kw = float(max(surplus_kw.max(initial=0.0), residual_kw.max(initial=0.0)))
    summands = len(case.orders) + len(case.trades) + len(case.commitments) + len(case.participants)
    scale = Scale(quanta_per_kw=_quanta_per_kw(summands * largest_kw), largest_kw=largest_kw)
    both = (case.trades, case.commitments)
    sold = sum(_proposed(trades, trades.seller, surplus_kw.shape, scale) for trades in both)
    bought = sum(_proposed(trades, trades.buyer, residual_kw.shape, scale) for trades in both)
    return Capacity(
        scale=scale,
        sellable=frozen(np.maximum(scale.quanta(surplus_kw) - sold, 0), np.int64),
        buyable=frozen(np.maximum(scale.quanta(residual_kw) - bought, 0), np.int64),
    )


def _proposed(trades: Trades, participant: Int, shape: tuple[int, ...], scale: Scale) -> Int:
    """Quanta that each participant already trades in each period, (T, P)."""
    periods, participants = shape
    quanta = scale.quanta(trades.power_kw)
    change = np.zeros((periods + 1, participants), dtype=np.int64)
    np.add.at(change, (trades.start, participant), quanta)
    np.subtract.at(change, (trades.end, participant), quanta)
    return np.cumsum(change, axis=0)[:periods]


def _whole(exact: Float) -> Int:
    """Whole numbers, each rounded down but for the noise of floating point, same shape."""
    nearest = np.rint(exact)
    is_noise = nearest - exact <= _NOISE_QUANTA + _NOISE_RATIO * exact
    return np.where(is_noise, nearest, np.floor(exact)).astype(np.int64)


def _quanta_per_kw(largest_sum_kw: float) -> float:
    """The finest scale in which the largest sum fits into a 64-bit integer."""
    if largest_sum_kw == 0.0:
        return 10.0**_FINEST_DECIMALS
    return 10.0 ** min(_FINEST_DECIMALS, floor(log10(_LARGEST_SUM_QUANTA) - log10(largest_sum_kw)))
