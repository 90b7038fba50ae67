"""Rounds: the auction repeated under falling ceilings until the terms of all orders are kept.

A *ceiling* is the most that an order with terms may trade in a period; at first that is its power. A round
holds the auction of each period and looks for orders whose terms it breaks:

- a block trades more in some period of its window than in its least one: all ceilings come down to that;
- less than the least fraction would trade, of a block anywhere, of another order in a period: the ceiling
  comes down to nothing, everywhere or in that period;
- a better order of the same exclusive group trades too: the ceiling comes down to nothing everywhere. Better
  is as in the auction, and where a group has asks and bids, any ask is better than any bid.

*Who is cut first.* In a period, bringing down the ceiling of an order can raise what a worse order of its
side trades, and lowers or keeps what all others trade: the volume falls by no more than the order gives up,
and the room that it leaves under its participant's cap is on its own side, because a·r = 0. So the best
broken order of a side can only lose by what is cut elsewhere, and is cut at once. A worse one waits where a
better one is about to be cut in the very period that it fails in. A member of a group waits while the best
one is itself about to be cut. The best broken ask of all never waits, nor, without one, the best broken bid.

*Why it ends.* Ceilings only fall, and each round brings at least one order or one of its periods down. An
order that is no block comes down once in a period, to nothing; a group member once; a block `LOWERED_MAX`
times, and then to nothing, because two blocks may lower each other by ever so little for ever so long. So
there are no more rounds than (1 + `LOWERED_MAX`) · blocks + Σ periods of the other orders + group members.
The rounds end only when no term is broken; there is no other limit on them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.matching.auction import Auction, Crossing
from gridpact.matching.termed import Termed, is_beaten, lasting, least_traded

LOWERED_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The auction, held under ceilings.

    Attributes:
        ceiling: most that each order with terms may trade, quanta, (R, T).
        traded: what each of them trades, quanta, (R, T).
        crossings: the matches of each period that is open.
    """

    ceiling: Int
    traded: Int
    crossings: dict[int, Crossing]


def rounds(auction: Auction, termed: Termed, periods: Iterable[int]) -> Held:
    """The last round, in which the terms of all orders are kept.

    Args:
        auction: of all orders.
        termed: those with terms, R of them.
        periods: that are open, of T.
    """
    ceiling = termed.power
    traded = np.zeros_like(ceiling)
    lowered = np.zeros(len(termed), dtype=np.int64)
    crossings: dict[int, Crossing] = {}
    while True:
        for period in periods:
            crossings[period] = auction.crossing(period, ceiling[:, period])
            traded[:, period] = traded_by(termed, crossings[period])
        ceiling = _lower(termed, ceiling, traded, lowered)
        periods = np.flatnonzero((traded > ceiling).any(axis=0)).tolist()
        if not periods:
            return Held(ceiling=ceiling, traded=traded, crossings=crossings)


def traded_by(termed: Termed, crossing: Crossing) -> Int:
    """Quanta that each order with terms trades in a period, (R,)."""
    traded = np.zeros(len(termed), dtype=np.int64)
    if len(termed):
        for curve in (crossing.supply, crossing.demand):
            row = termed.row[curve.order]
            has_terms = row >= 0
            traded[row[has_terms]] = curve.matched(crossing.volume)[has_terms]
    return traded


def _lower(termed: Termed, ceiling: Int, traded: Int, lowered: Int) -> Int:
    """The ceilings after a round, (R, T); counts in `lowered`, (R,), how often each block came down."""
    goal = lasting(termed, traded)
    is_broken = traded > goal
    broken = np.any(is_broken, axis=1)
    beaten, best = is_beaten(termed, np.any(traded > 0, axis=1))
    waits = _better_is_cut(termed, is_broken | (beaten[:, None] & (traded > 0)))
    is_least = termed.window & (traded == least_traded(termed, traded)[:, None])
    falls = termed.block & broken & (is_least & ~waits).any(axis=1)
    lowered += falls
    goal = np.where((lowered > LOWERED_MAX)[:, None], 0, goal)
    is_cut = np.where(termed.block[:, None], falls[:, None], is_broken & ~waits)
    ceiling = np.where(is_cut, np.minimum(ceiling, goal), ceiling)
    return np.where((beaten & ~broken[best])[:, None], 0, ceiling)


def _better_is_cut(termed: Termed, is_cut: Bool) -> Bool:
    """Where a better order of the same side is about to be cut in the same period, (R, T)."""
    better = np.zeros_like(is_cut)
    for side in (termed.sells, ~termed.sells):
        so_far = np.logical_or.accumulate(is_cut[side], axis=0)
        better[side] = np.vstack([np.zeros_like(so_far[:1]), so_far[:-1]])
    return better
