"""Units: trades whose terms bind them, one by one or linked."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.terms import NONE
from gridpact.case.trades import Trades
from gridpact.clearing.problem.offers import submission_rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """U units, in the order of submission, then id; each is a trade with terms, or all trades of a link.

    Attributes:
        of_trade: unit of each of N trades, −1 where no terms bind it, (N,).
        rigid: whether all its rows clear the same fraction, (U,).
        min_fraction: (U,).
        group: exclusive group, −1 for none, (U,).
    """

    of_trade: Int
    rigid: Bool
    min_fraction: Float
    group: Int

    def __len__(self) -> int:
        return len(self.rigid)

    @classmethod
    def none(cls, trades: int) -> "Units":
        """No terms bind any of the trades."""
        return cls(
            of_trade=np.full(trades, NONE, dtype=np.int64),
            rigid=np.zeros(0, dtype=np.bool_),
            min_fraction=np.zeros(0),
            group=np.zeros(0, dtype=np.int64),
        )


def units_of(trades: Trades) -> Units:
    """The units of some trades; terms that ask for nothing are none.

    A block of one period asks for nothing, nor does a group of one member; a link of one trade is a block.
    """
    terms = trades.terms
    if not terms.given.any():
        return Units.none(len(trades))
    link = _shared(terms.link)
    group = _shared(terms.group, counted_once=link)
    length = trades.end - trades.start
    rigid = ((terms.block | (terms.link != NONE)) & (length > 1)) | (link != NONE)
    binds = np.flatnonzero(rigid | (terms.min_fraction > 0.0) | (group != NONE))
    count = len(trades)
    member = np.where(link != NONE, link, int(link.max(initial=NONE)) + 1 + np.arange(count))[binds]
    _, by_id = np.unique(np.array(trades.ids, dtype=np.str_), return_inverse=True)
    place = np.lexsort((by_id, submission_rank(trades.submitted)))
    order = np.empty(count, dtype=np.int64)
    order[place] = np.arange(count)
    distinct, unit = np.unique(member, return_inverse=True)
    first = np.full(len(distinct), count)
    np.minimum.at(first, unit, order[binds])
    position = np.argsort(np.argsort(first))[unit]
    of_trade = np.full(count, NONE, dtype=np.int64)
    of_trade[binds] = position
    min_fraction = np.zeros(len(distinct))
    np.maximum.at(min_fraction, position, terms.min_fraction[binds])
    rigid_unit, group_unit = np.zeros(len(distinct), dtype=np.bool_), np.full(len(distinct), NONE)
    rigid_unit[position], group_unit[position] = rigid[binds], group[binds]
    return Units(of_trade=of_trade, rigid=rigid_unit, min_fraction=min_fraction, group=group_unit)


def _shared(label: Int, counted_once: Int | None = None) -> Int:
    """Labels that more than one trade has, or more than one link of trades; `NONE` for the others."""
    alone = np.arange(len(label)) + len(label)
    member = alone if counted_once is None else np.where(counted_once != NONE, counted_once, alone)
    pairs = np.unique(np.stack([label, member]), axis=1)
    members = np.bincount(pairs[0][pairs[0] != NONE], minlength=int(label.max(initial=NONE)) + 2)
    return np.where((label != NONE) & (members[label] > 1), label, NONE)
