"""The result of matching: trades made of single matches, and joined with the bilateral ones."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.case import Case
from gridpact.case.terms import Terms
from gridpact.case.trades import Trades
from gridpact.errors import InvalidUsage
from gridpact.matching.distinct_names import distinct_names
from gridpact.matching.links import is_by_period, link_terms
from gridpact.matching.ranks import rank_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """A bid met by an ask in one period, M of them; each pair of orders at most once in a period.

    Attributes:
        ask: index into the orders, (M,).
        bid: index into the orders, (M,).
        period: (M,).
        power_kw: matched power, (M,), positive.
        price_per_kwh: what the buyer pays, in the case's currency, (M,).
        seller_price_per_kwh: what the seller receives, (M,); `None` for what the buyer pays.
    """

    ask: Int
    bid: Int
    period: Int
    power_kw: Float
    price_per_kwh: Float
    seller_price_per_kwh: Float | None = None

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int, float, float]]) -> "Matches":
        """Matches from rows of period, ask, bid, power and price; those of no power are left out."""
        period, ask, bid, power_kw, price_per_kwh = (
            zip(*found, strict=True) if (found := [row for row in rows if row[3] > 0.0]) else ((),) * 5
        )
        return cls(
            ask=frozen(ask, np.int64),
            bid=frozen(bid, np.int64),
            period=frozen(period, np.int64),
            power_kw=frozen(power_kw, np.float64),
            price_per_kwh=frozen(price_per_kwh, np.float64),
        )

    @property
    def received_per_kwh(self) -> Float:
        """What the seller receives, (M,)."""
        return self.price_per_kwh if self.seller_price_per_kwh is None else self.seller_price_per_kwh


def trades_of(matches: Matches, case: Case) -> Trades:
    """One trade per pair of orders and run of consecutive periods with the same power and price.

    An order with a least fraction that is no block splits its trades at every period. Trades are ordered by
    first period, then by the id of the ask, then of the bid. A trade is named "<ask>:<bid>"; where that name
    is taken already, by an earlier run of the same pair, a trade or commitment of the case, or a pair whose
    ids happen to spell the same, it becomes "<ask>:<bid>#2", "#3" and so on.

    Args:
        matches: in any order.
        case: whose orders `matches` points into.
    """
    orders, rank = case.orders, rank_by_id(case.orders.ids)
    first, end = _runs(matches, is_by_period(orders))
    order = np.lexsort((rank[matches.bid[first]], rank[matches.ask[first]], matches.period[first]))
    first, end = first[order], end[order]
    ask, bid = matches.ask[first], matches.bid[first]
    stems = (
        f"{orders.ids[sells]}:{orders.ids[buys]}"
        for sells, buys in zip(ask.tolist(), bid.tolist(), strict=True)
    )
    trades = Trades(
        ids=distinct_names(stems, (*case.trades.ids, *case.commitments.ids)),
        seller=frozen(orders.participant[ask], np.int64),
        buyer=frozen(orders.participant[bid], np.int64),
        start=frozen(matches.period[first], np.int64),
        end=frozen(end, np.int64),
        power_kw=frozen(matches.power_kw[first], np.float64),
        price_per_kwh=frozen(matches.price_per_kwh[first], np.float64),
        seller_price_per_kwh=frozen(
            [] if matches.seller_price_per_kwh is None else matches.seller_price_per_kwh[first], np.float64
        ),
        submitted=frozen(np.maximum(orders.submitted[ask], orders.submitted[bid]), np.int64),
        terms=Terms.none(len(first)),
    )
    return replace(trades, terms=link_terms(trades, ask, bid, orders, case.trades.terms.link_names))


def combined(bilateral: Trades, matched: Trades) -> Trades:
    """The bilateral trades, followed by the matched ones.

    Raises:
        InvalidUsage: a name occurs among both, as it never does where `matched` was made by `match` from
            the case that holds `bilateral`.
    """
    if twice := sorted(set(bilateral.ids) & set(matched.ids)):
        raise InvalidUsage(
            f"trade '{twice[0]}' is both a bilateral and a matched trade", "combine trades of the same case"
        )

    if not len(bilateral) or not len(matched):
        return bilateral if len(bilateral) else matched

    def joined(one: Float | Int, other: Float | Int) -> NDArray[Any]:
        return frozen(np.concatenate([one, other]), one.dtype)

    return Trades(
        ids=bilateral.ids + matched.ids,
        seller=joined(bilateral.seller, matched.seller),
        buyer=joined(bilateral.buyer, matched.buyer),
        start=joined(bilateral.start, matched.start),
        end=joined(bilateral.end, matched.end),
        power_kw=joined(bilateral.power_kw, matched.power_kw),
        price_per_kwh=joined(bilateral.price_per_kwh, matched.price_per_kwh),
        seller_price_per_kwh=joined(bilateral.received_per_kwh, matched.received_per_kwh)
        if len(bilateral.seller_price_per_kwh) or len(matched.seller_price_per_kwh)
        else bilateral.seller_price_per_kwh,
        submitted=joined(bilateral.submitted, matched.submitted),
        terms=bilateral.terms.followed_by(matched.terms),
    )


def _runs(matches: Matches, is_by_period: Bool) -> tuple[Int, Int]:
    """Index of the first match of each run, and one past the run's last period.

    Args:
        matches: M of them.
        is_by_period: whether each order's trades last one period, (N,).
    """
    by_pair = np.lexsort((matches.period, matches.bid, matches.ask))
    period = matches.period[by_pair]
    goes_on = period[1:] == period[:-1] + 1
    prices = (matches.price_per_kwh, matches.received_per_kwh)
    for values in (matches.ask, matches.bid, matches.power_kw, *prices):
        goes_on &= values[by_pair][1:] == values[by_pair][:-1]
    goes_on &= ~(is_by_period[matches.ask] | is_by_period[matches.bid])[by_pair][1:]
    begins = np.append(np.ones(min(1, len(period)), dtype=np.bool_), ~goes_on)
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(period))[: len(first)] - 1
    return by_pair[first], period[last] + 1
