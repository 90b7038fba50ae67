"""Offers: the trades spread over the periods of their windows, and the columns they make up.

What an exporter may feed in is a column too, bought by the retailer.
"""

from dataclasses import dataclass, replace

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.trades import Trades

RETAILER = -1  # in the place of a buyer


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """One row per trade and period of its window (R rows), grouped into C columns.

    Trades between the same two participants in the same period act as one column, unless terms tell them
    apart: how a total is split into trades cannot matter, and a column's cleared fraction is that of each of
    its rows. Rows of no power belong to no column.

    Attributes:
        trade: trade index of each row, rows ordered by trade, then period, (R,).
        period: period of each row, (R,).
        proposed_kw: (R,).
        column: column of each row, −1 where it has no power, (R,).
        column_period: period of each column, ascending, (C,).
        column_seller, column_buyer: participant indices, (C,); the buyer of feed-in is `RETAILER`.
        column_rank: rank of the submission of its trades, 0 for the first, or 0 where that does not matter.
        column_unit: the trade or link whose terms bind the column, as `Units` counts them, −1 for none, (C,).
        column_firm: whether its trades are commitments, (C,).
        column_kw: total proposed power of each column, positive, (C,).
        column_whole_kw: what its cut is a share of, (C,): `column_kw`; of feed-in, the surplus before trades.
        column_counts: whether its power is volume that a rule shares, (C,); feed-in is none while trades are
            cleared, and only may help them.
    """

    trade: Int
    period: Int
    proposed_kw: Float
    column: Int
    column_period: Int
    column_seller: Int
    column_buyer: Int
    column_rank: Int
    column_unit: Int
    column_firm: Bool
    column_kw: Float
    column_whole_kw: Float
    column_counts: Bool

    @property
    def columns(self) -> int:
        """Number of columns C."""
        return len(self.column_kw)

    @property
    def column_is_fed(self) -> Bool:
        """Whether each column is feed-in, (C,)."""
        is_fed: Bool = self.column_buyer == RETAILER
        return is_fed

    @property
    def column_helps(self) -> Bool:
        """Whether each column is feed-in that does not count, and only may help trades, (C,)."""
        return self.column_is_fed & ~self.column_counts

    @property
    def column_pool(self) -> Int:
        """What tells columns of the same participants and period apart, (C,)."""
        ranks = int(self.column_rank.max(initial=0)) + 1
        return np.where(self.column_unit >= 0, ranks + 1 + self.column_unit, self.column_rank) + np.where(
            self.column_firm, ranks, 0
        )

    def of(self, columns: Int) -> "Offers":
        """The offers of some columns, ascending, alone: the rows of others have none."""
        place = np.full(self.columns + 1, -1, dtype=np.int64)
        place[columns] = np.arange(len(columns))
        return Offers(
            trade=self.trade,
            period=self.period,
            proposed_kw=self.proposed_kw,
            column=place[self.column],
            column_period=self.column_period[columns],
            column_seller=self.column_seller[columns],
            column_buyer=self.column_buyer[columns],
            column_rank=self.column_rank[columns],
            column_unit=self.column_unit[columns],
            column_firm=self.column_firm[columns],
            column_kw=self.column_kw[columns],
            column_whole_kw=self.column_whole_kw[columns],
            column_counts=self.column_counts[columns],
        )

    def with_feed_in(self, available_kw: Float) -> "Offers":
        """These offers and, after them in each period, what participants may feed in, (T, P), as columns."""
        period, exporter = np.nonzero(available_kw > 0.0)
        if not len(period):
            return self
        power_kw, more = available_kw[period, exporter], len(period)
        every_period = np.concatenate([self.column_period, period])
        order = np.argsort(every_period, kind="stable")
        place = np.empty(len(order) + 1, dtype=np.int64)
        place[order], place[-1] = np.arange(len(order)), -1

        def joined(own: np.ndarray, added: np.ndarray) -> np.ndarray:
            whole: np.ndarray = np.concatenate([own, added])[order]
            return whole

        return replace(
            self,
            column=place[self.column],
            column_period=every_period[order],
            column_seller=joined(self.column_seller, exporter),
            column_buyer=joined(self.column_buyer, np.full(more, RETAILER)),
            column_rank=joined(self.column_rank, np.zeros(more, dtype=np.int64)),
            column_unit=joined(self.column_unit, np.full(more, -1)),
            column_firm=joined(self.column_firm, np.zeros(more, dtype=np.bool_)),
            column_kw=joined(self.column_kw, power_kw),
            column_whole_kw=joined(self.column_whole_kw, power_kw),
            column_counts=joined(self.column_counts, np.zeros(more, dtype=np.bool_)),
        )

    def volume_kw(self, column_kw: Float, periods: int) -> Float:
        """Total power of the columns that count, in each period, (T,)."""
        return _total(self.column_period, np.where(self.column_counts, column_kw, 0.0), periods)

    def row_kw(self, column_kw: Float) -> Float:
        """Power of each row, (R,), for the power of each column, (C,): every row takes the same share."""
        fraction = np.append(column_kw / self.column_kw, 0.0)  # the last one is that of column −1
        cleared: Float = self.proposed_kw * fraction[self.column]
        return cleared

    def of_period(self, period: int) -> Int:
        """The columns of a period."""
        first, last = np.searchsorted(self.column_period, [period, period + 1])
        return np.arange(first, last)

    def idle(self, column_kw: Float, periods: int) -> Bool:
        """In which periods no column has any power, (T,)."""
        idle: Bool = _total(self.column_period, column_kw, periods) == 0.0
        return idle

    def sold_kw(self, column_kw: Float, shape: tuple[int, int]) -> Float:
        """Power sold by each participant in each period, to the retailer too, `shape` (T, P)."""
        return _scattered(self.column_period, self.column_seller, column_kw, shape)

    def bought_kw(self, column_kw: Float, shape: tuple[int, int]) -> Float:
        """Power bought by each participant in each period, `shape` (T, P)."""
        is_fed = self.column_is_fed
        buyer, power_kw = np.where(is_fed, 0, self.column_buyer), np.where(is_fed, 0.0, column_kw)
        return _scattered(self.column_period, buyer, power_kw, shape)


def spread(
    trades: Trades, participants: int, *, unit: Int, firm: int = 0, by_submission: bool = False
) -> Offers:
    """The rows and columns of the trades of `participants` participants.

    Args:
        trades: N of them.
        participants: how many there are.
        unit: the unit of each trade whose terms bind it, −1 for none, (N,).
        firm: number of leading trades that are commitments.
        by_submission: whether the rule of allocation looks at submission: trades that were submitted at
            different times are then different columns.
    """
    length = trades.end - trades.start
    trade = np.repeat(np.arange(len(trades)), length)
    offset = np.arange(len(trade)) - np.repeat(np.cumsum(length) - length, length)
    period = np.repeat(trades.start, length) + offset
    proposed_kw = trades.power_kw[trade]
    rank = submission_rank(trades.submitted) if by_submission else np.zeros(len(trades), dtype=np.int64)
    is_firm = np.arange(len(trades)) < firm
    rank = np.where(is_firm, 0, rank)
    units = int(unit.max(initial=-1)) + 2
    kinds, kind = np.unique((rank * units + unit + 1) * 2 + is_firm, return_inverse=True)
    pair = (period * participants + trades.seller[trade]) * participants + trades.buyer[trade]
    powered = proposed_kw > 0
    count = max(len(kinds), 1)
    keys, inverse = np.unique((pair * count + kind[trade])[powered], return_inverse=True)
    pairs, kind_of_column = np.divmod(keys, count)
    ranked, firm_of_column = np.divmod(kinds[kind_of_column], 2)
    column = np.full(len(trade), -1, dtype=np.int64)
    column[powered] = inverse
    column_kw = _total(inverse, proposed_kw[powered], len(keys))
    return Offers(
        trade=trade,
        period=period,
        proposed_kw=proposed_kw,
        column=column,
        column_period=pairs // participants**2,
        column_seller=pairs // participants % participants,
        column_buyer=pairs % participants,
        column_rank=ranked // units,
        column_unit=ranked % units - 1,
        column_firm=firm_of_column.astype(np.bool_),
        column_kw=column_kw,
        column_whole_kw=column_kw,
        column_counts=np.ones(len(keys), dtype=np.bool_),
    )


def submission_rank(submitted: Int) -> Int:
    """Rank of each trade's submission, 0 for the earliest; those without one come last, (N,)."""
    given = np.where(submitted == 0, np.iinfo(np.int64).max, submitted)
    _, rank = np.unique(given, return_inverse=True)
    return rank.astype(np.int64)


def _scattered(period: Int, participant: Int, power_kw: Float, shape: tuple[int, int]) -> Float:
    return _total(period * shape[1] + participant, power_kw, shape[0] * shape[1]).reshape(shape)


def _total(index: Int, power_kw: Float, count: int) -> Float:
    return np.bincount(index, weights=power_kw, minlength=count).astype(np.float64)
