"""Comebacks: orders that the rounds took out, and that can come back without breaking any terms.

An order is taken out for good when its turn comes in the rounds, though what is cut after it may make room.
So when they have ended, each order that is out tries to come back, the best first: a block at what it could
trade in its least period, another order in each period by itself. It stays where it trades and the terms of
all orders are kept, and that is repeated until none comes back. Each that does stays, so this ends; and what
is matched in a period never falls, because a higher ceiling never lowers where the curves cross.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Int
from gridpact.case.terms import NONE
from gridpact.matching.auction import Auction, Crossing
from gridpact.matching.rounds import Held, traded_by
from gridpact.matching.termed import Termed, is_beaten, lasting


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """The auction held again in some periods, p of them, with an order back."""

    periods: Int
    ceiling: Int  # (R, p)
    traded: Int  # (R, p)
    crossings: dict[int, Crossing]


def with_comebacks(auction: Auction, termed: Termed, held: Held) -> Held:
    """The auction with all orders back that can come back.

    Args:
        auction: of all orders.
        termed: those with terms, R of them.
        held: after the rounds.
    """
    held = Held(ceiling=held.ceiling.copy(), traded=held.traded.copy(), crossings=dict(held.crossings))
    came = True
    while came:
        came = False
        for row, periods in _out(termed, held):
            trial = _comeback(auction, termed, held, row, periods)
            if trial is not None:
                came = True
                held.ceiling[:, periods], held.traded[:, periods] = trial.ceiling, trial.traded
                held.crossings.update(trial.crossings)
    return held


def _out(termed: Termed, held: Held) -> Iterator[tuple[int, Int]]:
    """The orders that are out, the best first, each with the periods it would come back in."""
    open_periods = np.zeros(termed.window.shape[1], dtype=np.bool_)
    open_periods[list(held.crossings)] = True
    out = (held.ceiling == 0) & (termed.power > 0)
    within = ~np.any(termed.window & ~open_periods, axis=1)
    for row in np.flatnonzero(np.any(out, axis=1)).tolist():
        if not termed.block[row]:
            yield from ((row, np.array([period])) for period in np.flatnonzero(out[row] & open_periods))
        elif within[row]:
            yield row, np.flatnonzero(out[row])


def _comeback(auction: Auction, termed: Termed, held: Held, row: int, periods: Int) -> _Trial | None:
    """The auction with an order back in some periods, or `None` where it cannot come back."""
    if any(_room(auction, termed, held.crossings[period], row) <= 0 for period in periods.tolist()):
        return None
    trial = _trial(auction, termed, held, row, periods, termed.power[row, periods])
    if trial is not None and termed.block[row]:
        least = np.full(len(periods), trial.traded[row].min())
        trial = _trial(auction, termed, held, row, periods, least)
    return trial if trial is not None and _keeps_terms(termed, held, trial) else None


def _trial(
    auction: Auction, termed: Termed, held: Held, row: int, periods: Int, quanta: Int
) -> _Trial | None:
    """The auction with an order back at some ceilings, (p,), or `None` where it would not be of use to it."""
    ceiling = held.ceiling[:, periods]
    ceiling[row] = quanta
    traded = np.zeros_like(ceiling)
    crossings = {}
    for column, period in enumerate(periods.tolist()):
        crossings[period] = auction.crossing(period, ceiling[:, column])
        traded[:, column] = traded_by(termed, crossings[period])
        if traded[row, column] < max(1, termed.least[row]):
            return None
    return _Trial(periods=periods, ceiling=ceiling, traded=traded, crossings=crossings)


def _room(auction: Auction, termed: Termed, crossing: Crossing, row: int) -> int:
    """Quanta beyond its least that an order which is out could trade at most in a period.

    That is what all orders of the other side that meet its limit offer, less what all orders of its own side
    with a better limit do.
    """
    own, other = crossing.supply, crossing.demand
    sign, limit = 1.0, auction.price_per_kwh[termed.order[row]]
    if not termed.sells[row]:
        own, other, sign = other, own, -1.0
    better = np.searchsorted(sign * auction.price_per_kwh[own.order], sign * limit, side="left")
    meeting = np.searchsorted(-sign * auction.price_per_kwh[other.order], -sign * limit, side="right")
    offered = int(other.total[meeting - 1]) if meeting else 0
    taken = int(own.total[better - 1]) if better else 0
    return offered - taken - max(int(termed.least[row]) - 1, 0)


def _keeps_terms(termed: Termed, held: Held, trial: _Trial) -> bool:
    """Whether a trial keeps the terms of all orders, which are kept where it changes nothing."""
    rows = np.flatnonzero(np.any(trial.traded != held.traded[:, trial.periods], axis=1))
    traded = held.traded[rows]
    traded[:, trial.periods] = trial.traded[rows]
    if np.any(traded > lasting(termed.at(rows), traded)):
        return False
    near = np.union1d(
        rows, np.flatnonzero(np.isin(termed.group, termed.group[rows]) & (termed.group != NONE))
    )
    trades = np.any(held.traded[near] > 0, axis=1)
    trades[np.searchsorted(near, rows)] = np.any(traded > 0, axis=1)
    beaten, _ = is_beaten(termed.at(near), trades)
    return not np.any(beaten)
