"""Locational prices: what a kW that a participant sells or buys is worth, from the multipliers of an auction.

With π the multiplier of the balance and μ those of the limits, a participant sells at π − Σ μ ∂g/∂sold and
buys at π + Σ μ ∂g/∂bought, g being what is monitored, each at its limit. Multipliers need not be unique, as
where the last ask and the last bid both clear in full: then all that fit the optimum are a polyhedron, and
the mean of those at which π or one of μ is least and greatest is taken. Where one number is left open, that
is the midpoint of each price's interval.

Who feeds in what it does not sell injects the same either way: what its injection relieves is there without
its sale, which is then worth π, and less only where limits ask for less of it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from gridpact.arrays import Bool, Float
from gridpact.clearing.auction.order_market import BALANCE_ROWS, EVENNESS, OrderMarket
from gridpact.clearing.solver.optimum import Optimum
from gridpact.clearing.solver.programme import EVEN_CUT_WEIGHT

AT_LIMIT = 1e-7  # pu and parts of a rating, within which a limit is reached
AT_BOUND_SHARE, AT_BOUND_KW = 1e-6, 1e-7
ROUNDED_WORTH = 3.0 * EVEN_CUT_WEIGHT * EVENNESS  # of what a kW is worth, by which evenness shifts it
DECIMALS = 9  # of a price, as in the results
APART = 1e-6  # of the unit of price, by which two multipliers differ


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionPrices:
    """The prices of a period, in the case's currency per kWh.

    Attributes:
        of_variable: price at which each variable is sold or bought, (J,).
        limit_dual: welfare per hour and unit of each limit at work, not negative, (L,).
        balance: what a kWh is worth in balance.
    """

    of_variable: Float
    limit_dual: Float
    balance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conditions:
    """What an optimum asks of its multipliers x = (π, μ, γ): rows·x ≤ upper, x ≥ lower.

    γ are those of what exporters sell and feed in, where that is their surplus. Each is in the unit in which
    its greatest effect is 1.

    Attributes:
        rows: (C, 1 + L' + E').
        upper: (C,).
        unit: that each multiplier is in, (1 + L' + E',).
        open: how many of the first are looked at, 1 + L'.
    """

    rows: Float
    upper: Float
    unit: Float
    open: int

    def mean(self) -> Float | None:
        """The mean of the multipliers at the ends of those that are not fixed; none where there are none."""
        ends, every = list[Float](), list[Float]()
        for place in range(self.open):
            least, greatest = self._end(place, 1.0), self._end(place, -1.0)
            if least is None or greatest is None:
                continue
            every += [least, greatest]
            if greatest[place] - least[place] > APART:
                ends += [least, greatest]
        chosen = ends or every
        return np.mean(chosen, axis=0) * self.unit if chosen else None

    def _end(self, place: int, sign: float) -> Float | None:
        """The multipliers at which one is least or, by the sign, greatest; none where it is endless."""
        aim = np.zeros(len(self.unit))
        aim[place] = sign
        bounds = [(None, None), *[(0.0, None)] * (len(self.unit) - 1)]
        found = linprog(aim, A_ub=self.rows, b_ub=self.upper, bounds=bounds, method="highs")
        return found.x if found.status == 0 else None


def prices_of(market: OrderMarket, optimum: Optimum, draft: Float | None = None) -> AuctionPrices:
    """The prices at an optimum at which something clears; one price for all where no limit is at work.

    Where what was found is no optimum, so that nothing explains it, that is the price of a draft, (J,), and
    nobody's is worse than its limit.
    """
    limits, situations = optimum.limits, market.situations
    effect = limits.gradient @ situations.effects[0]
    greatest, least = situations.greatest[0, limits.row], situations.least[0, limits.row]
    distance = np.abs(limits.value - np.where(limits.sign > 0.0, greatest, least))
    reached = np.flatnonzero((distance <= AT_LIMIT) | (limits.dual > APART))
    dual = np.zeros(len(limits))
    found = _conditions(market, optimum.value, effect[reached]).mean() if len(reached) else None
    if not len(reached):
        balance = _uniform(market, optimum.value if draft is None else draft)
    elif found is None:
        balance, dual = optimum.row_dual[:BALANCE_ROWS] @ np.array([1.0, -1.0]), limits.dual
    else:
        balance, dual[reached] = found[0], found[1 : 1 + len(reached)]
    cost = dual @ effect
    feeds_in = market.sells & np.isin(market.participant, market.exporter)
    cost = np.where(feeds_in, np.maximum(cost, 0.0), cost)
    of_variable = (balance + np.where(market.sells, -cost, cost)) * market.price_unit
    return AuctionPrices(
        of_variable=_within_limit_prices(market, optimum.value, of_variable),
        limit_dual=dual * market.price_unit,
        balance=float(balance) * market.price_unit,
    )


def is_cleared(market: OrderMarket, value: Float) -> Bool:
    """Which variables are above nothing, beyond tolerances, (J,)."""
    above: Bool = value > _tolerance(market)
    return above


def _tolerance(market: OrderMarket) -> Float:
    return np.minimum(AT_BOUND_SHARE * market.programme.upper + AT_BOUND_KW, 0.5 * market.programme.upper)


def _uniform(market: OrderMarket, value: Float) -> float:
    """The midpoint of what a kWh may be worth where no limit is reached, in units of price."""
    price, sells = market.price_per_kwh / market.price_unit, market.sells[: market.orders]
    tolerance = _tolerance(market)
    is_below = (value < market.programme.upper - tolerance)[: market.orders]
    is_above = (value > tolerance)[: market.orders]
    low = price[(is_above & sells) | (is_below & ~sells)].max(initial=-np.inf)
    high = price[(is_above & ~sells) | (is_below & sells)].min(initial=np.inf)
    return float((low + high) / 2.0)


def _conditions(market: OrderMarket, value: Float, effect: Float) -> _Conditions:
    """What an optimum, (J,), asks of the multipliers of some limits, by their effects, (L', J).

    A variable that is below its upper bound is worth no more than it costs, and one above its lower bound no
    less.
    """
    programme = market.programme
    own = programme.rows[BALANCE_ROWS:]
    is_used_up = own @ value >= programme.row_upper[BALANCE_ROWS:] - AT_BOUND_KW
    pays = programme.rows[[0]].toarray()
    cost = np.vstack([pays, effect, own[np.flatnonzero(is_used_up)].toarray()])
    greatest = np.abs(cost).max(axis=1, initial=0.0)
    unit = 1.0 / np.where(greatest > 0.0, greatest, 1.0)
    cost = (cost * unit[:, None]).T
    tolerance = _tolerance(market)
    below, above = value < programme.upper - tolerance, value > tolerance
    return _Conditions(
        rows=np.vstack([-cost[below], cost[above]]),
        upper=ROUNDED_WORTH + np.concatenate([-market.worth[below], market.worth[above]]),
        unit=unit,
        open=1 + len(effect),
    )


def _within_limit_prices(market: OrderMarket, value: Float, price: Float) -> Float:
    """Prices, (J,), to their decimals, without what rounding takes of the limit prices of what clears."""
    price, count = np.round(price, DECIMALS), market.orders
    cleared = np.flatnonzero(is_cleared(market, value)[:count])
    people = int(market.participant.max(initial=-1)) + 1
    for sells, worst, start in ((True, np.maximum, -np.inf), (False, np.minimum, np.inf)):
        mine = cleared[market.sells[cleared] == sells]
        limit = np.full(people, start)
        worst.at(limit, market.participant[mine], market.price_per_kwh[mine])
        here = market.sells == sells
        price[here] = worst(price[here], limit[market.participant[here]])
    return price
