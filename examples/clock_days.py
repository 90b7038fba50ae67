"""The two days on which the clocks change, with trades of every resolution and kind of terms.

A mill that runs day and night sells to a pump, a bakery, a cold store and a charging point; four houses with
solar plants sell to three blocks of flats. Loads follow the clock on the wall, as people do; the sun does
not, and its profile is that of UTC. Forecasts are formulas, rounded to a watt.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import gridpact
from gridpact.arrays import Float, frozen
from gridpact.case import (
    Allocation,
    Case,
    Formulation,
    Horizon,
    Orders,
    Participants,
    PriceRule,
    Profiles,
    Trades,
)
from gridpact.case.periods import period_of
from gridpact.case.terms import NONE, Terms
from gridpact.case.times import microseconds
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource

NETWORK = "pandapower/cigre_lv"
BUS = {
    "mill": 18,
    "pump": 12,
    "bakery": 16,
    "cold-store": 17,
    "charging": 19,
    "house-1": 12,
    "house-2": 16,
    "house-3": 17,
    "house-4": 18,
    "flats-1": 12,
    "flats-2": 16,
    "flats-3": 19,
}
MILL_KW, PUMP_KW = 10.0, 1.0
SUN_KW = {"house-1": 6.0, "house-2": 5.0, "house-3": 4.5, "house-4": 3.0}
HOMES_KW = {"house-1": 1.0, "house-2": 0.8, "house-3": 1.1, "house-4": 0.9}
FLATS_KW = {"flats-1": 6.0, "flats-2": 7.0, "flats-3": 6.0}
FIRST_SUBMISSION = datetime(2024, 3, 1, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The terms of a trade."""

    block: bool = False
    min_fraction: float = 0.0
    group: str = ""

    def __str__(self) -> str:
        """In words."""
        words = ["block"] * self.block
        if self.min_fraction:
            words.append("all or nothing" if self.min_fraction == 1.0 else f"at least {self.min_fraction:g}")
        if self.group:
            words.append(f"one of `{self.group}`")
        return ", ".join(words)


PLAIN = Conditions()
Row = tuple[str, str, str, str, str, float, float, Conditions]


def clock_forward_day() -> Case:
    """Lisbon, 31 March 2024, 23 hours: from 01:00+00:00 the clocks go to 02:00+01:00."""
    day = ("2024-03-31T00:00+00:00", "2024-04-01T00:00+01:00")
    night: list[Row] = [
        ("pump-day", "mill", "pump", *day, 1.0, 0.10, Conditions(block=True, min_fraction=1.0)),
        ("cold-day", "mill", "cold-store", *day, 2.0, 0.11, PLAIN),
        (
            *("bake", "mill", "bakery", "2024-03-31T00:30+00:00", "2024-03-31T04:00+01:00"),
            *(5.0, 0.12, Conditions(block=True, min_fraction=0.6)),
        ),
        (
            *("charge-fast", "mill", "charging", "2024-03-31T00:00+00:00", "2024-03-31T03:00+01:00"),
            *(4.0, 0.13, Conditions(block=True, min_fraction=1.0, group="charge")),
        ),
        (
            *("charge-slow", "mill", "charging", "2024-03-31T00:00+00:00", "2024-03-31T05:00+01:00"),
            *(2.5, 0.12, Conditions(block=True, min_fraction=1.0, group="charge")),
        ),
        (
            *("cold-around", "mill", "cold-store", "2024-03-31T00:30+00:00", "2024-03-31T02:30+01:00"),
            *(2.0, 0.11, Conditions(min_fraction=0.5)),
        ),
        (
            *("cold-before", "mill", "cold-store", "2024-03-31T00:45+00:00", "2024-03-31T02:00+01:00"),
            *(3.0, 0.11, PLAIN),
        ),
        (
            *("cold-after", "mill", "cold-store", "2024-03-31T02:00+01:00", "2024-03-31T02:15+01:00"),
            *(3.0, 0.11, PLAIN),
        ),
    ]
    horizon = _horizon(day[0], "Europe/Lisbon", 92)
    return _case(
        "Lisbon, the day of 23 hours", horizon, night + _sunny("2024-03-31", "+01:00", *day), (6.3, 18.9)
    )


def clock_back_day() -> Case:
    """Berlin, 27 October 2024, 25 hours: from 03:00+02:00 the clocks go back to 02:00+01:00."""
    day = ("2024-10-27T00:00+02:00", "2024-10-28T00:00+01:00")
    night: list[Row] = [
        ("pump-day", "mill", "pump", *day, 1.0, 0.10, Conditions(block=True, min_fraction=1.0)),
        ("cold-day", "mill", "cold-store", *day, 2.0, 0.11, PLAIN),
        (
            *("bake", "mill", "bakery", "2024-10-27T01:00+02:00", "2024-10-27T03:30+01:00"),
            *(5.0, 0.12, Conditions(block=True, min_fraction=0.6)),
        ),
        (
            *("charge-fast", "mill", "charging", "2024-10-27T00:00+02:00", "2024-10-27T03:00+01:00"),
            *(4.0, 0.13, Conditions(block=True, min_fraction=1.0, group="charge")),
        ),
        (
            *("charge-slow", "mill", "charging", "2024-10-27T00:00+02:00", "2024-10-27T05:00+01:00"),
            *(2.5, 0.12, Conditions(block=True, min_fraction=1.0, group="charge")),
        ),
        (
            *("cold-around", "mill", "cold-store", "2024-10-27T02:30+02:00", "2024-10-27T02:30+01:00"),
            *(2.0, 0.11, Conditions(min_fraction=0.5)),
        ),
        (
            *("cold-before", "mill", "cold-store", "2024-10-27T02:30+02:00", "2024-10-27T02:45+02:00"),
            *(3.0, 0.11, PLAIN),
        ),
        (
            *("cold-after", "mill", "cold-store", "2024-10-27T02:30+01:00", "2024-10-27T02:45+01:00"),
            *(3.0, 0.11, PLAIN),
        ),
        (
            *("cold-first-hour", "mill", "cold-store", "2024-10-27T02:00+02:00", "2024-10-27T02:00+01:00"),
            *(1.0, 0.11, PLAIN),
        ),
    ]
    horizon = _horizon(day[0], "Europe/Berlin", 100)
    return _case(
        "Berlin, the day of 25 hours", horizon, night + _sunny("2024-10-27", "+01:00", *day), (5.9, 15.7)
    )


def _sunny(date: str, offset: str, start: str, end: str) -> list[Row]:
    """The trades of solar power, which the change of clocks in the night does not touch."""

    def at(clock: str) -> str:
        return f"{date}T{clock}{offset}"

    lunch = Conditions(block=True, min_fraction=1.0, group="lunch")
    return [
        ("sun-day", "house-1", "flats-3", start, end, 1.5, 0.15, PLAIN),
        ("sun-hours", "house-1", "flats-1", at("10:00"), at("14:00"), 3.0, 0.16, PLAIN),
        ("sun-block", "house-2", "flats-2", at("09:00"), at("16:00"), 2.0, 0.15, Conditions(block=True)),
        (
            "sun-half-hour",
            "house-3",
            "flats-3",
            at("12:00"),
            at("12:30"),
            2.5,
            0.15,
            Conditions(min_fraction=0.5),
        ),
        (
            "sun-quarter",
            "house-4",
            "flats-1",
            at("11:15"),
            at("11:30"),
            2.0,
            0.17,
            Conditions(min_fraction=1.0),
        ),
        ("lunch-all", "house-3", "flats-2", at("12:00"), at("14:00"), 1.8, 0.16, lunch),
        ("lunch-some", "house-3", "flats-2", at("12:00"), at("14:00"), 1.0, 0.16, lunch),
    ]


def readme(case: Case) -> str:
    """What the folder holds, with the figures of its clearing."""
    clearance = gridpact.clear(case)
    cleared, summary = clearance.cleared, clearance.summary
    hours = case.horizon.hours_per_period
    terms = case.trades.terms
    lines = [
        f"# {case.name}",
        "",
        _change(case.horizon),
        "",
        f"Cleared: {summary['cleared_kwh']:.3f} kWh of {summary['proposed_kwh']:.3f} kWh proposed.",
        f"The pump's constant {PUMP_KW:g} kW over the local day is "
        f"{PUMP_KW * case.horizon.periods * hours:g} kWh.",
        "",
        "| trade | window | elapsed h | terms | proposed kWh | cleared kWh |",
        "|---|---|---|---|---|---|",
    ]
    for index, trade in enumerate(case.trades.ids):
        start, end = int(case.trades.start[index]), int(case.trades.end[index])
        rows = cleared[cleared["trade"] == trade]
        group = int(terms.group[index])
        words = Conditions(
            block=bool(terms.block[index]),
            min_fraction=float(terms.min_fraction[index]),
            group="" if group == NONE else terms.group_names[group],
        )
        lines.append(
            f"| `{trade}` | {_moment(case.horizon, start)} to {_moment(case.horizon, end)} "
            f"| {(end - start) * hours:g} | {words} "
            f"| {rows['proposed_kw'].sum() * hours:.3f} | {rows['cleared_kw'].sum() * hours:.3f} |"
        )
    lines += ["", "`examples/make_examples.py` writes this folder and this page."]
    return "\n".join(lines) + "\n"


def write_readme(case: Case, folder: Path) -> None:
    """Writes the page of an example's folder."""
    (folder / "README.md").write_text(readme(case), encoding="utf-8", newline="\n")


def _change(horizon: Horizon) -> str:
    """Where the clocks change, in a sentence."""
    offsets = [horizon.instant(period).utcoffset() for period in range(horizon.periods)]
    after = next(period for period in range(1, horizon.periods) if offsets[period] != offsets[0])
    last, first = horizon.instant(after - 1), horizon.instant(after)
    return (
        f"{horizon.timezone}, {horizon.start:%d %B %Y}: {horizon.periods} quarter-hours, "
        f"{horizon.periods * horizon.hours_per_period:g} hours. "
        f"After the quarter-hour from {_clock(last)} comes that from {_clock(first)}."
    )


def _moment(horizon: Horizon, period: int) -> str:
    time = horizon.instant(period)
    return _clock(time) if time.date() == horizon.start.date() else f"{_clock(time)} the day after"


def _clock(time: datetime) -> str:
    return time.isoformat(timespec="minutes").partition("T")[2]


def _horizon(start: str, timezone: str, periods: int) -> Horizon:
    return Horizon(
        start=datetime.fromisoformat(start), timezone=timezone, resolution="15min", periods=periods
    )


def _case(name: str, horizon: Horizon, rows: list[Row], sunlight: tuple[float, float]) -> Case:
    load_kw, generation_kw = _forecast(horizon, sunlight)
    names = tuple(BUS)
    return Case(
        name=name,
        currency="EUR",
        horizon=horizon,
        network=NetworkSource(builtin=NETWORK),
        limits=Limits(),
        formulation=Formulation.AC,
        allocation=Allocation.MAX_VOLUME,
        price_rule=PriceRule.MIDPOINT,
        participants=Participants(
            ids=names,
            bus=frozen(list(BUS.values()), np.int64),
            firm=frozen(np.array([name != "charging" for name in names]), np.bool_),
            exports=frozen(np.array([name in SUN_KW for name in names]), np.bool_),
            load_power_factor=frozen(np.full(len(names), 0.95), float),
            generation_power_factor=frozen(np.ones(len(names)), float),
            retailer=("default",) * len(names),
        ),
        profiles=Profiles(
            load_kw=frozen(np.round(load_kw, 3), float),
            generation_kw=frozen(np.round(generation_kw, 3), float),
        ),
        trades=_trades(horizon, names, rows),
        orders=Orders.none(),
    )


def _trades(horizon: Horizon, names: tuple[str, ...], rows: list[Row]) -> Trades:
    ids, sellers, buyers, starts, ends, powers, prices, terms = zip(*rows, strict=True)
    groups = sorted({each.group for each in terms} - {""})
    return Trades(
        ids=ids,
        seller=frozen([names.index(each) for each in sellers], np.int64),
        buyer=frozen([names.index(each) for each in buyers], np.int64),
        start=frozen([_period(each, horizon, is_end=False) for each in starts], np.int64),
        end=frozen([_period(each, horizon, is_end=True) for each in ends], np.int64),
        power_kw=frozen(powers, float),
        price_per_kwh=frozen(prices, float),
        submitted=frozen(microseconds(FIRST_SUBMISSION) + 60_000_000 * np.arange(len(rows)), np.int64),
        terms=Terms(
            block=frozen([each.block for each in terms], np.bool_),
            min_fraction=frozen([each.min_fraction for each in terms], float),
            group=frozen([groups.index(each.group) if each.group else NONE for each in terms], np.int64),
            link=frozen(np.full(len(rows), NONE), np.int64),
            group_names=tuple(groups),
        ),
    )


def _period(time: str, horizon: Horizon, *, is_end: bool) -> int:
    period = period_of(datetime.fromisoformat(time), horizon, is_end=is_end)
    if not isinstance(period, int):
        raise ValueError(f"{time} {period.what}")
    return period


def _forecast(horizon: Horizon, sunlight: tuple[float, float]) -> tuple[Float, Float]:
    """Load and generation of every participant in kW, (T, P) each; `sunlight` is hours of UTC."""
    instants = [horizon.instant(period) for period in range(horizon.periods)]
    clock = np.array([time.hour + time.minute / 60.0 for time in instants])
    in_utc = [time.astimezone(UTC) for time in instants]
    utc_hour = np.array([time.hour + time.minute / 60.0 for time in in_utc])
    dawn, dusk = sunlight
    is_day = (utc_hour > dawn) & (utc_hour < dusk)
    height = np.sin(np.pi * (utc_hour - dawn) / (dusk - dawn))
    sun = np.where(is_day, np.maximum(height, 0.0) ** 1.5, 0.0)
    home = 0.35 + 0.6 * np.exp(-(((clock - 8.0) / 1.5) ** 2)) + np.exp(-(((clock - 19.5) / 2.0) ** 2))
    load = {
        "pump": np.full(horizon.periods, PUMP_KW),
        "bakery": np.where(clock < 6.0, 6.0, 1.2),
        "cold-store": 4.0 + 0.5 * np.sin(2.0 * np.pi * clock / 6.0),
        "charging": np.where((clock < 6.0) | (clock >= 22.0), 5.0, 0.5),
        **{name: kw * home for name, kw in (HOMES_KW | FLATS_KW).items()},
    }
    made = {"mill": np.full(horizon.periods, MILL_KW), **{name: kw * sun for name, kw in SUN_KW.items()}}
    nothing = np.zeros(horizon.periods)
    return (
        np.column_stack([load.get(name, nothing) for name in BUS]),
        np.column_stack([made.get(name, nothing) for name in BUS]),
    )
