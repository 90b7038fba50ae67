"""Links: the terms of matched trades, such that those of their orders survive what the network cuts.

A trade has two orders, and either may ask for the same cleared fraction of all that it trades: a block over
all periods, another order with a least fraction in each period by itself. Such a set of trades is a *bundle*;
two bundles that share a trade have one fraction too. What is joined in this way is one link.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridpact.arrays import Bool, Float, Int, frozen
from gridpact.case.orders import Orders
from gridpact.case.terms import NONE, Terms
from gridpact.case.trades import Trades
from gridpact.matching.distinct_names import distinct_names
from gridpact.matching.ranks import rank_by_id
from gridpact.matching.termed import useful_kw

_FRACTION_DECIMALS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bundles:
    """The bundles that N trades are of, B of them, by order and then by period."""

    order: Int  # (B,)
    min_fraction: Float  # of what is matched, (B,)
    of_ask: Int  # bundle of the trade's ask, NONE for none, (N,)
    of_bid: Int  # (N,)


def is_by_period(orders: Orders) -> Bool:
    """Whether the trades of an order are bundled by period, and so must not go on into the next, (N,)."""
    return ~orders.terms.block & (orders.terms.min_fraction > 0.0)


def _is_block(orders: Orders) -> Bool:
    """Whether all trades of an order are one bundle, (N,); not where its only period asks for nothing."""
    lasts = orders.end - orders.start > 1
    return orders.terms.block & (lasts | (orders.terms.min_fraction > 0.0))


def link_terms(trades: Trades, ask: Int, bid: Int, orders: Orders, taken: Iterable[str]) -> Terms:
    """The terms of matched trades, N of them.

    A link is named after its order, the first by id where several are joined; see `distinct_names`. Its least
    fraction is the greatest m/φ of its orders, where φ ≥ m is the fraction of the order that is matched,
    rounded to 1e-12. A block over a single period makes no link unless it has a least fraction.

    Args:
        trades: in their final order; their terms are not looked at.
        ask: index of each one's ask, (N,).
        bid: index of each one's bid, (N,).
        orders: what `ask` and `bid` point into.
        taken: names of links that must not be used, those of the bilateral trades.
    """
    none = Terms.none(len(trades))
    if not np.any((_is_block(orders) | is_by_period(orders))[np.concatenate([ask, bid])]):
        return none
    bundles = _bundles(trades, ask, bid, orders)
    joint = _joint(bundles)
    of_trade = np.where(bundles.of_ask != NONE, bundles.of_ask, bundles.of_bid)
    linked = np.flatnonzero(of_trade != NONE)
    number = joint[of_trade[linked]]
    names = _names(number, joint, bundles, orders, taken)
    link, min_fraction = none.link.copy(), none.min_fraction.copy()
    link[linked] = rank_by_id(names)[number]
    greatest = np.zeros(len(names))
    np.maximum.at(greatest, joint, bundles.min_fraction)
    min_fraction[linked] = greatest[number]
    return Terms(
        block=none.block,
        min_fraction=frozen(min_fraction, np.float64),
        group=none.group,
        link=frozen(link, np.int64),
        link_names=tuple(sorted(names)),
    )


def _bundles(trades: Trades, ask: Int, bid: Int, orders: Orders) -> _Bundles:
    """The bundles of all trades; those of an order that bundles by period last one period."""
    horizon = int(trades.end.max())
    by_period, is_block = is_by_period(orders), _is_block(orders)

    def keys(order: Int) -> Int:
        period = np.where(by_period[order], trades.start, 0)
        return np.where(by_period[order] | is_block[order], order * horizon + period, NONE)

    both = np.concatenate([keys(ask), keys(bid)])
    bundled = both != NONE
    distinct, inverse = np.unique(both[bundled], return_inverse=True)
    of_both = np.full(len(both), NONE, dtype=np.int64)
    of_both[bundled] = inverse
    order = distinct // horizon
    volume = np.tile(trades.power_kw * (trades.end - trades.start), 2)[bundled]
    periods = np.where(is_block, orders.end - orders.start, 1)[order]
    matched_kw = np.bincount(inverse, weights=volume, minlength=len(order)) / periods
    fraction = np.round(useful_kw(orders)[order] / matched_kw, _FRACTION_DECIMALS)
    return _Bundles(
        order=order,
        min_fraction=np.minimum(fraction, 1.0),
        of_ask=of_both[: len(ask)],
        of_bid=of_both[len(ask) :],
    )


def _joint(bundles: _Bundles) -> Int:
    """For each bundle the number of the link that it is part of, (B,)."""
    shared = np.flatnonzero((bundles.of_ask != NONE) & (bundles.of_bid != NONE))
    ends = (bundles.of_ask[shared], bundles.of_bid[shared])
    count = len(bundles.order)
    graph = coo_array((np.ones(len(shared)), ends), shape=(count, count))
    joint: Int = connected_components(graph, directed=False)[1].astype(np.int64)
    return joint


def _names(used: Int, joint: Int, bundles: _Bundles, orders: Orders, taken: Iterable[str]) -> tuple[str, ...]:
    """The name of each link, by its number; given in the order in which trades first use them."""
    first = np.lexsort((rank_by_id(orders.ids)[bundles.order], joint))
    _, begins = np.unique(joint[first], return_index=True)
    stems = [orders.ids[order] for order in bundles.order[first[begins]].tolist()]
    in_turn = list(dict.fromkeys(used.tolist()))
    names = distinct_names((stems[number] for number in in_turn), taken)
    return tuple(name for _, name in sorted(zip(in_turn, names, strict=True)))
