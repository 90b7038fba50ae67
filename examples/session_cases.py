"""The 25 sessions of a day on the CIGRE network: one a day ahead, then one an hour.

Every session is a case of the whole day with trades of its own. The forecast is what then comes true, off by
errors that grow with the time ahead: their logarithm is a random walk, one step an hour, so that each session
knows one step more than the last (multiplicative martingale, Heath and Jackson 1994, "Modeling the evolution
of demand forecasts", IIE Transactions 26). Periods before a session are closed and keep what came true.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Float, Int, frozen
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
from gridpact.case.terms import Terms
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from gridpact.published.figures import profile_kw

HOURS = 24
DAY = datetime(2024, 6, 21, tzinfo=ZoneInfo("Europe/Lisbon"))
SEED = 20240621
SELLERS = {"pv-18": 18, "pv-36": 36, "pv-40": 40, "chp-22": 22}
BUYERS = {"depot-17": 17, "cold-store-35": 35, "bakery-37": 37, "laundry-41": 41}
PV_SCALE, CHP_KW, LOAD_SCALE = 110.0, 60.0, 18.0
PV_ERROR, LOAD_ERROR = 0.06, 0.03  # of one hour ahead
HOURS_BEFORE_THE_DAY = 12
DAY_AHEAD_TRADES, INTRADAY_TRADES = 16, 3
SUN = (7, 17)  # hours in which the sun yields something
LIMITS = Limits(voltage_min_pu=0.95, voltage_max_pu=1.05)


def session_cases() -> dict[str, Case]:
    """The sessions by the names of their folders, in order."""
    rng = np.random.default_rng(SEED)
    load_kw, generation_kw = _what_comes_true(rng)
    load_walk, generation_walk = _error_walk(rng, LOAD_ERROR, 4), _error_walk(rng, PV_ERROR, 1)
    generation_walk = np.hstack([np.repeat(generation_walk, 3, axis=1), np.zeros((len(load_walk), 1))])
    cases = {}
    for session in range(-1, HOURS):
        profiles = Profiles(
            load_kw=_placed(_forecast(load_kw, load_walk, session), buyers=True),
            generation_kw=_placed(_forecast(generation_kw, generation_walk, session), buyers=False),
        )
        first, count = max(session, 0), DAY_AHEAD_TRADES if session < 0 else INTRADAY_TRADES
        name = "day-ahead" if session < 0 else f"intraday-{session:02}"
        cases[name] = _case(name, first, profiles, _trades(rng, name, first, count))
    return cases


def _what_comes_true(rng: np.random.Generator) -> tuple[Float, Float]:
    """Load of the buyers and generation of the sellers in the day, (24, 4) each."""
    shape = np.outer(profile_kw("residential_0"), rng.uniform(0.7, 1.3, len(BUYERS)))
    solar = np.outer(profile_kw("solar_1"), rng.uniform(0.8, 1.2, len(SELLERS) - 1))
    chp = np.full((HOURS, 1), CHP_KW)
    return LOAD_SCALE * shape, np.hstack([PV_SCALE * solar, chp])


def _error_walk(rng: np.random.Generator, step: float, count: int) -> Float:
    """Random walks of the logarithm of the error, `count` of them from noon before on, (36, count)."""
    return np.cumsum(rng.normal(0.0, step, (HOURS_BEFORE_THE_DAY + HOURS, count)), axis=0)


def _forecast(kw: Float, walk: Float, session: int) -> Float:
    """What a session, −1 for the day before, knows of powers that come true, (24, K)."""
    known = HOURS_BEFORE_THE_DAY + session if session >= 0 else 0
    error = walk[HOURS_BEFORE_THE_DAY:] - walk[known]
    error[: session + 1] = 0.0
    return np.round(kw * np.exp(error), 2)


def _placed(kw: Float, *, buyers: bool) -> Float:
    """Powers of the buyers or of the sellers, among those of all participants, (24, P)."""
    others = np.zeros_like(kw)
    return frozen(np.hstack([others, kw] if buyers else [kw, others]), float)


def _trades(rng: np.random.Generator, session: str, first: int, count: int) -> Trades:
    """Trades between random sellers and buyers; those of an hour's session soon start, for a few hours.

    Without the sun, only the last seller, which has none, sells.
    """
    day_ahead = count == DAY_AHEAD_TRADES
    soon = rng.integers(*SUN, count) if day_ahead else first + rng.integers(0, 4, count)
    start = np.minimum(soon, HOURS - 1)
    has_sun = (start >= SUN[0]) & (start < SUN[1])
    seller = np.where(has_sun, rng.integers(0, len(SELLERS), count), len(SELLERS) - 1)
    length = rng.integers(1, 9 if day_ahead else 5, count)
    end = np.minimum(start + length, np.where(seller == len(SELLERS) - 1, HOURS, SUN[1]))
    return Trades(
        ids=tuple(f"{session}-{number:02}" for number in range(1, count + 1)),
        seller=frozen(seller, np.int64),
        buyer=frozen(len(SELLERS) + rng.integers(0, len(BUYERS), count), np.int64),
        start=frozen(start, np.int64),
        end=frozen(end, np.int64),
        power_kw=frozen(np.round(rng.uniform(8.0, 36.0, count), 1), float),
        price_per_kwh=frozen(np.round(rng.uniform(0.08, 0.22, count), 3), float),
        submitted=frozen(np.zeros(count), np.int64),
        terms=Terms.none(count),
    )


def _case(session: str, first_open: int, profiles: Profiles, trades: Trades) -> Case:
    buses: Int = frozen([*SELLERS.values(), *BUYERS.values()], np.int64)
    is_buyer = np.arange(len(buses)) >= len(SELLERS)
    return Case(
        name=f"CIGRE LV, {session.replace('-', ' ')}",
        currency="EUR",
        horizon=Horizon(start=DAY, timezone="Europe/Lisbon", resolution="1h", periods=HOURS),
        network=NetworkSource(builtin="pandapower/cigre_lv"),
        limits=LIMITS,
        formulation=Formulation.AC,
        allocation=Allocation.MAX_VOLUME,
        price_rule=PriceRule.ASK,
        participants=Participants(
            ids=(*SELLERS, *BUYERS),
            bus=buses,
            firm=frozen(~is_buyer, np.bool_),
            exports=frozen(np.zeros(len(buses)), np.bool_),
            load_power_factor=frozen(np.full(len(buses), 0.95), float),
            generation_power_factor=frozen(np.ones(len(buses)), float),
            retailer=("default",) * len(buses),
        ),
        profiles=profiles,
        trades=trades,
        orders=Orders.none(),
        first_open=first_open,
    )
