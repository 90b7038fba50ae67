"""OrderBook: what a mechanism is given, the orders of a case as they can trade in each open period."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.case.case import Case
from gridpact.matching.auction import NO_ROW, Auction, Curve, auction_of
from gridpact.matching.capacity import Scale, capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSide:
    """The asks or the bids that can trade in a period, K of them, the best first.

    The best ask is the lowest and the best bid the highest; among equals the one submitted first, then by id.

    Attributes:
        order: index into the orders of the case, (K,).
        power_kw: what each offers, positive: its power, capped by what better orders of the same participant,
            and the case's trades and commitments, leave of its surplus or residual demand, (K,).
        price_per_kwh: its limit price, (K,).
        participant: who gave it, (K,).
        quanta: the same power in whole quanta of the book's scale, (K,).
    """

    order: Int
    power_kw: Float
    price_per_kwh: Float
    participant: Int
    quanta: Int

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersOfPeriod:
    """The orders that can trade in one period."""

    period: int
    asks: OrderSide
    bids: OrderSide


@dataclass(frozen=True)
class OrderBook:
    """The orders of a case.

    Attributes:
        case: with its `orders`, `participants`, `profiles`, `horizon` and `mechanism_settings`.
    """

    case: Case

    def setting(self, name: str) -> float:
        """A number of `[matching]` that the mechanism asks for."""
        return float(self.case.mechanism_settings[name])

    def periods(self) -> Iterator[OrdersOfPeriod]:
        """The open periods in which both sides offer something."""
        for period in range(self.case.first_open, self.case.horizon.periods):
            supply, demand = self.auction.curves(period)
            if len(supply.order) and len(demand.order):
                yield OrdersOfPeriod(period=period, asks=self._side(supply), bids=self._side(demand))

    @property
    def scale(self) -> Scale:
        """The quantum that powers are whole numbers of."""
        return self.auction.room.scale

    @cached_property
    def auction(self) -> Auction:
        """All orders by side, and what their participants can sell and buy."""
        orders = self.case.orders
        return auction_of(orders, capacity(self.case), np.full(len(orders), NO_ROW))

    def _side(self, curve: Curve) -> OrderSide:
        orders = self.case.orders
        return OrderSide(
            order=curve.order,
            power_kw=self.scale.kw(curve.quanta),
            price_per_kwh=orders.price_per_kwh[curve.order],
            participant=orders.participant[curve.order],
            quanta=curve.quanta,
        )
