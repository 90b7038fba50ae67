"""Mechanism: what makes trades of orders, and what holds of the matches of any."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float, Int
from gridpact.case.case import Case
from gridpact.case.mechanism_traits import MechanismTraits
from gridpact.errors import InvalidUsage
from gridpact.matching.matches import Matches
from gridpact.matching.mechanisms.order_book import OrderBook
from gridpact.plug_ins import MECHANISMS, load

EXCESS_KW = 1e-9  # that rounding leaves of a sum of powers
EXCESS_PRICE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism(MechanismTraits):
    """A matching mechanism, registered as an entry point of the group `gridpact.mechanisms`.

    Attributes:
        match: the matches of a book of orders: a bid, an ask, a period, a power and a price each. It has to
            give the same for the same book. Whatever it gives is held against the orders, see `refuse_wrong`,
            and made trades of, which are then cleared like any others.
    """

    match: Callable[[OrderBook], Matches]


def mechanism_of(name: str) -> Mechanism:
    """The mechanism of a name.

    Raises:
        InvalidUsage: there is none, or it is of no use.
    """
    return load(MECHANISMS, name, Mechanism)


def refuse_wrong(matches: Matches, case: Case) -> None:
    """Refuses matches that are not of the orders of a case.

    A match is of an ask and a bid in their windows and in an open period, each pair at most once in a period;
    power is not negative; no order trades more than its power, and no participant more than it has to sell
    and to buy; nobody gets a price worse than its limit.

    Raises:
        InvalidUsage: with the first match that is otherwise.
    """
    orders, count = case.orders, len(matches.ask)
    for name in ("bid", "period", "power_kw", "price_per_kwh", "received_per_kwh"):
        if np.shape(getattr(matches, name)) != (count,):
            raise _wrong(case, f"gives {name} of another shape than ask", "give arrays of equal length")
    for name, index in (("ask", matches.ask), ("bid", matches.bid)):
        outside = (index < 0) | (index >= len(orders))
        _refuse(case, outside, f"gives an {name} that is no index of an order", index)
    _refuse(case, ~orders.sells[matches.ask], "gives as an ask an order to buy", matches.ask, named=True)
    _refuse(case, orders.sells[matches.bid], "gives as a bid an order to sell", matches.bid, named=True)
    for index in (matches.ask, matches.bid):
        within = (orders.start[index] <= matches.period) & (matches.period < orders.end[index])
        within &= matches.period >= case.first_open
        _refuse(
            case, ~within, "matches outside its window, or in a closed period, the order", index, named=True
        )
    numbers = (matches.power_kw, matches.price_per_kwh, matches.received_per_kwh)
    finite = np.all([np.isfinite(one) for one in numbers], axis=0)
    _refuse(
        case, ~finite | (matches.power_kw < 0.0), "gives no power or no price to", matches.ask, named=True
    )
    pair = (matches.period * len(orders) + matches.ask) * len(orders) + matches.bid
    _, first = np.unique(pair, return_index=True)
    is_first = np.zeros(count, dtype=np.bool_)
    is_first[first] = True
    _refuse(
        case, ~is_first, "matches twice in a period, with the same bid, the order", matches.ask, named=True
    )
    _refuse_excess(matches, case)
    worse = matches.price_per_kwh > orders.price_per_kwh[matches.bid] + EXCESS_PRICE
    _refuse(case, worse, "asks more than its limit price of the order", matches.bid, named=True)
    worse = matches.received_per_kwh < orders.price_per_kwh[matches.ask] - EXCESS_PRICE
    _refuse(case, worse, "pays less than its limit price to the order", matches.ask, named=True)


def _refuse_excess(matches: Matches, case: Case) -> None:
    """Refuses matches of more than orders and participants have."""
    orders, profiles, participants = case.orders, case.profiles, len(case.participants)
    caps = ((matches.ask, profiles.surplus_kw), (matches.bid, profiles.residual_demand_kw))
    for index, cap_kw in caps:
        cell = matches.period * len(orders) + index
        total_kw = _total(cell, matches.power_kw)
        most_kw = orders.power_kw[index]
        excess = total_kw > most_kw + EXCESS_KW
        _refuse(case, excess, "matches in one period more than its power of the order", index, named=True)
        who = orders.participant[index]
        total_kw = _total(matches.period * participants + who, matches.power_kw)
        excess = total_kw > cap_kw[matches.period, who] + EXCESS_KW
        what = "matches in one period more than its participant has of the order"
        _refuse(case, excess, what, index, named=True)


def _total(cell: Int, power_kw: Float) -> Float:
    """The power of all matches of the same cell, (M,)."""
    _, place = np.unique(cell, return_inverse=True)
    return np.bincount(place, power_kw)[place].astype(np.float64)


def _refuse(case: Case, wrong: Bool, what: str, index: Int, *, named: bool = False) -> None:
    """Refuses the matches of which something is wrong, (M,), by the order that it is wrong with, (M,)."""
    if not wrong.any():
        return
    first = int(index[np.flatnonzero(wrong)[0]])
    raise _wrong(case, f"{what} {case.orders.ids[first] if named else first!r}", "mend the mechanism")


def _wrong(case: Case, what: str, remedy: str) -> InvalidUsage:
    return InvalidUsage(f"the mechanism '{case.mechanism}' {what}", remedy)
