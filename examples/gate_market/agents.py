"""Who acts on the street: homes for themselves, an aggregator for ten flats, a retailer for what is left."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import numpy as np
from street import CHEAP_HOUR, DECIMALS, QUARTERS, Float, Household, instant

from gridpact.gate.client import GateClient

LEAST_KW = 0.2
WINDOW = 4


@dataclass(frozen=True, kw_only=True)
class Coming:
    """The session that is open.

    Attributes:
        name: of the session.
        start: of its day.
        open_from: its first quarter-hour that is not closed yet.
        error: by how much forecasts may be off.
        cars_together: whether all cars charge when the cheap price begins, or one after the other.
    """

    name: str
    start: datetime
    open_from: int
    error: float
    cars_together: bool


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """An order of an hour: of whom, from which quarter, and 1 where it sells, −1 where it buys."""

    home: str
    quarter: int
    sign: float


@dataclass(kw_only=True)
class Agent:
    """Acts for some households by one key, and remembers what it has bought and sold for them.

    Attributes:
        client: with the key of its user.
        homes: for which it has a mandate.
        chance: what its prices and forecasts are drawn with.
        sold_kw: what each sold, or, negative, bought, in each quarter-hour, (96,).
    """

    client: GateClient
    homes: Mapping[str, Household]
    chance: Random
    sold_kw: dict[str, Float] = field(default_factory=dict)
    _asked: dict[str, _Asked] = field(default_factory=dict)

    def act(self, coming: Coming) -> int:
        """Hands in forecasts and orders, and gives how many."""
        orders = []
        for home in self.homes.values():
            load_kw, generation_kw = home.forecast(
                self.chance, error=coming.error, car_quarter=_car_quarter(home, coming)
            )
            self.client.forecast(coming.name, home.name, load_kw, generation_kw)
            spare_kw = generation_kw - load_kw - self.sold_kw.get(home.name, np.zeros(QUARTERS))
            orders += list(self._orders(coming, home.name, spare_kw))
        for first in range(0, len(orders), 1000):
            self.client.hand_in_orders(coming.name, orders[first : first + 1000])
        return len(self.homes) + len(orders)

    def _orders(self, coming: Coming, participant: str, spare_kw: Float) -> Iterator[dict[str, object]]:
        """An order an hour, for what an hour has to spare or lacks in every one of its quarters."""
        for quarter in range(-(-coming.open_from // WINDOW) * WINDOW, QUARTERS, WINDOW):
            hour_kw = spare_kw[quarter : quarter + WINDOW]
            sells = bool(hour_kw.mean() > 0.0)
            power_kw = (
                round(float(np.abs(hour_kw).min()), DECIMALS) if len(set(np.sign(hour_kw))) == 1 else 0.0
            )
            if power_kw < LEAST_KW:
                continue
            price = self.chance.uniform(0.08, 0.13) if sells else self.chance.uniform(0.11, 0.22)
            order = f"{participant}-{quarter // WINDOW:02}h"
            self._asked[order] = _Asked(home=participant, quarter=quarter, sign=1.0 if sells else -1.0)
            yield {
                "order": order,
                "participant": participant,
                "side": "sell" if sells else "buy",
                "start": instant(coming.start, quarter),
                "end": instant(coming.start, quarter + WINDOW),
                "power_kw": power_kw,
                "price_per_kwh": round(price, 4),
            }

    def remember(self, coming: Coming) -> float:
        """Reads what came of the orders, and gives the energy that cleared, kWh."""
        cleared_kwh = 0.0
        for order in self.client.results(coming.name)["orders"]:
            asked = self._asked[order["order"]]
            sold_kw = self.sold_kw.setdefault(asked.home, np.zeros(QUARTERS))
            sold_kw[asked.quarter : asked.quarter + WINDOW] += asked.sign * order["cleared_kwh"]
            cleared_kwh += order["cleared_kwh"]
        return cleared_kwh


def _car_quarter(home: Household, coming: Coming) -> int | None:
    """When the car of a home begins to charge; by itself when the cheap price begins."""
    if not home.has_car:
        return None
    number = int(home.name.rpartition("-")[2]) - 1
    return CHEAP_HOUR * 4 if coming.cars_together else 48 + 7 * number
