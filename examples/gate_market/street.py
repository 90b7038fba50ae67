"""The street: who lives where, what the sun gives, what is used, and which cars are charged when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

TIMEZONE = ZoneInfo("Europe/Lisbon")
QUARTERS, HOURS = 96, 24
DECIMALS = 3
CAR_KW, CAR_QUARTERS = 22.0, 6
# When every car begins to charge by itself: a cheaper price of the retailer begins then.
CHEAP_HOUR = 21
HOMES = {
    "sun-01": 12,
    "sun-02": 16,
    "sun-03": 17,
    "sun-04": 18,
    "sun-05": 19,
    "sun-06": 36,
    "sun-07": 40,
    "sun-08": 42,
}
CARS = {"car-01": 18, "car-02": 18, "car-03": 19, "car-04": 19, "car-05": 19}
FLATS = {f"flat-{number:02}": bus for number, bus in enumerate((12, 12, 16, 17, 17, 35, 37, 37, 41, 43), 1)}


@dataclass(frozen=True, kw_only=True)
class Household:
    """A participant and what it is likely to do tomorrow.

    Attributes:
        name: of the participant.
        bus: of the network.
        load_kw: what it uses in each quarter-hour, without its car, (96,).
        generation_kw: what its roof gives, (96,).
        has_car: whether a car is charged there.
    """

    name: str
    bus: int
    load_kw: Float
    generation_kw: Float
    has_car: bool

    def forecast(self, chance: Random, *, error: float, car_quarter: int | None) -> tuple[Float, Float]:
        """What it forecasts to use and to generate, (96,) each, with its car as planned."""
        load_kw = self.load_kw * chance.uniform(1.0 - error, 1.0 + error)
        if self.has_car and car_quarter is not None:
            load_kw = load_kw.copy()
            load_kw[car_quarter : car_quarter + CAR_QUARTERS] += CAR_KW
        generation_kw = self.generation_kw * chance.uniform(1.0 - error, 1.0 + error)
        return np.round(load_kw, DECIMALS), np.round(generation_kw, DECIMALS)


def households(chance: Random) -> dict[str, Household]:
    """Everybody on the street, by name."""
    hour = (np.arange(QUARTERS) + 0.5) / 4.0
    sun = np.maximum(np.sin(np.pi * (hour - 6.0) / 13.0), 0.0) ** 1.3 * (hour > 6.0) * (hour < 19.0)
    evening = 0.35 + 0.9 * np.exp(-((hour - 19.5) ** 2) / 4.0) + 0.4 * np.exp(-((hour - 7.5) ** 2) / 2.0)
    found = {}
    for name, bus in {**HOMES, **CARS, **FLATS}.items():
        has_roof = name not in FLATS
        found[name] = Household(
            name=name,
            bus=bus,
            load_kw=evening * chance.uniform(0.6, 1.6),
            generation_kw=sun * chance.uniform(4.0, 8.0) if has_roof else np.zeros(QUARTERS),
            has_car=name in CARS,
        )
    return found


def market_document() -> Mapping[str, object]:
    """The market, as `PUT /markets/{market}` takes it."""
    return {
        "name": "Sunny Street",
        "currency": "EUR",
        "timezone": TIMEZONE.key,
        "resolution": "15min",
        "network": {"builtin": "pandapower/cigre_lv"},
        "limits": {"voltage_min_pu": 0.95, "voltage_max_pu": 1.05},
        "clearing": {"feed_in": "after-trades"},
        "matching": {"price_rule": "midpoint"},
        "rules": {"anonymous": True, "show_elements": True},
    }


def participants_document(street: Mapping[str, Household]) -> Mapping[str, object]:
    """Who takes part, as `PUT /markets/{market}/participants` takes it."""
    people = [
        {
            "participant": one.name,
            "bus": one.bus,
            "demand": "firm",
            "surplus": "curtail",
            "connection_kw": 40.0,
        }
        for one in street.values()
    ]
    return {"participants": people}


def tomorrow(now: datetime, days: int = 1) -> datetime:
    """The midnight at which a coming day begins on the street."""
    date = now.astimezone(TIMEZONE).date() + timedelta(days=days)
    return datetime.combine(date, datetime.min.time(), TIMEZONE)


def instant(start: datetime, quarter: int) -> str:
    """When a quarter-hour of a day begins, whatever clocks do on it."""
    utc = start.astimezone(ZoneInfo("UTC")) + timedelta(minutes=15 * quarter)
    return utc.astimezone(TIMEZONE).isoformat()
