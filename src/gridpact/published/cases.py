"""The published days and the extreme hour, as cases."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.case.case import Allocation, Case, Formulation, PriceRule
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.case.participants import Participants
from gridpact.case.profiles import Profiles
from gridpact.case.schema import DEFAULT_RETAILER
from gridpact.case.terms import Terms
from gridpact.case.trades import Trades
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from gridpact.published.figures import profile_kw

TIMEZONE = "Europe/Lisbon"
DAY = datetime(2024, 6, 21, tzinfo=ZoneInfo(TIMEZONE))
HOURS = 24

CIGRE = NetworkSource(builtin="pandapower/cigre_lv")
CIGRE_CONSUMER_BUSES = (12, 17, 19, 35, 37, 41)
CIGRE_SELLER_BUSES = (16, 18, 22, 36, 40, 42)
VILLAGE = NetworkSource(builtin="pandapower/village_1")

POWER_FACTOR = 0.99
ASK_PER_KWH, BID_PER_KWH = 0.05, 0.20
SELLER_ORDER_KW, BUYER_ORDER_KW = 3.0, 6.0

EXTREME_HOUR = 11
EXTREME_SCALE = 100.0


def cigre_day() -> Case:
    """The 44-bus day: six consumers, six solar sellers, 24 hours, traded by orders."""
    return _day("CIGRE LV, published day", CIGRE, CIGRE_CONSUMER_BUSES, CIGRE_SELLER_BUSES, "solar_1")


def village_day() -> Case:
    """The 80-bus day: a consumer at each end bus, a solar seller at every second, traded by orders."""
    ends = _end_buses(compile_source(VILLAGE))
    return _day("Village, published day", VILLAGE, ends, ends[::2], "solar_0")


def cigre_extreme() -> Case:
    """Hour 11 of the 44-bus day with six trades a hundred times as large, of elastic demand.

    At each buyer's bus the residual demand of the day stays beside it, as a firm load.
    """
    solar_kw = profile_kw("solar_1")[EXTREME_HOUR]
    trade_kw = solar_kw * EXTREME_SCALE
    firm_kw = profile_kw("residential_0")[EXTREME_HOUR] - solar_kw
    count = len(CIGRE_SELLER_BUSES)
    names = [f"pv-{bus}" for bus in CIGRE_SELLER_BUSES]
    names += [f"flexible-{bus}" for bus in CIGRE_CONSUMER_BUSES]
    names += [f"home-{bus}" for bus in CIGRE_CONSUMER_BUSES]
    elastic = np.repeat([False, True, False], count)
    return _case(
        name="CIGRE LV, extreme hour",
        source=CIGRE,
        start=DAY.replace(hour=EXTREME_HOUR),
        participants=_participants(
            names, CIGRE_SELLER_BUSES + 2 * CIGRE_CONSUMER_BUSES, power_factor=1.0, elastic=elastic
        ),
        load_kw=np.repeat([0.0, trade_kw, firm_kw], count)[None, :],
        generation_kw=np.repeat([trade_kw, 0.0, 0.0], count)[None, :],
        trades=Trades(
            ids=tuple(
                f"{seller}-{buyer}"
                for seller, buyer in zip(CIGRE_SELLER_BUSES, CIGRE_CONSUMER_BUSES, strict=True)
            ),
            seller=frozen(np.arange(count), np.int64),
            buyer=frozen(np.arange(count) + count, np.int64),
            start=frozen(np.zeros(count), np.int64),
            end=frozen(np.ones(count), np.int64),
            power_kw=frozen(np.full(count, trade_kw), float),
            price_per_kwh=frozen(np.full(count, ASK_PER_KWH), float),
            submitted=frozen(np.zeros(count), np.int64),
            terms=Terms.none(count),
        ),
    )


def _day(
    name: str, source: NetworkSource, consumers: tuple[int, ...], sellers: tuple[int, ...], solar: str
) -> Case:
    """A published day on a network, with a home at each consumer's bus and a plant at each seller's."""
    names = [f"home-{bus}" for bus in consumers] + [f"pv-{bus}" for bus in sellers]
    is_seller = np.arange(len(names)) >= len(consumers)
    return _case(
        name=name,
        source=source,
        start=DAY,
        participants=_participants(names, consumers + sellers, power_factor=POWER_FACTOR),
        load_kw=np.outer(profile_kw("residential_0"), ~is_seller),
        generation_kw=np.outer(profile_kw(solar), is_seller),
        orders=Orders(
            ids=tuple([f"bid-{bus}" for bus in consumers] + [f"ask-{bus}" for bus in sellers]),
            participant=frozen(np.arange(len(names)), np.int64),
            sells=frozen(is_seller, np.bool_),
            start=frozen(np.zeros(len(names)), np.int64),
            end=frozen(np.full(len(names), HOURS), np.int64),
            power_kw=frozen(np.where(is_seller, SELLER_ORDER_KW, BUYER_ORDER_KW), float),
            price_per_kwh=frozen(np.where(is_seller, ASK_PER_KWH, BID_PER_KWH), float),
            submitted=frozen(np.zeros(len(names)), np.int64),
            terms=Terms.none(len(names)),
        ),
    )


def _case(
    *,
    name: str,
    source: NetworkSource,
    start: datetime,
    participants: Participants,
    load_kw: Float,
    generation_kw: Float,
    trades: Trades | None = None,
    orders: Orders | None = None,
) -> Case:
    """A case with what all published ones have in common."""
    return Case(
        name=name,
        currency="EUR",
        horizon=Horizon(start=start, timezone=TIMEZONE, resolution="1h", periods=len(load_kw)),
        network=source,
        limits=Limits(),
        formulation=Formulation.AC,
        allocation=Allocation.MAX_VOLUME,
        price_rule=PriceRule.ASK,
        participants=participants,
        profiles=Profiles(load_kw=frozen(load_kw, float), generation_kw=frozen(generation_kw, float)),
        trades=trades or Trades.none(),
        orders=orders or Orders.none(),
    )


def _participants(
    names: list[str], buses: tuple[int, ...], *, power_factor: float, elastic: Int | None = None
) -> Participants:
    """Firm participants at buses, but for those that are elastic."""
    count = len(names)
    is_elastic = np.zeros(count, dtype=np.bool_) if elastic is None else elastic
    return Participants(
        ids=tuple(names),
        bus=frozen(buses, np.int64),
        firm=frozen(~is_elastic, np.bool_),
        exports=frozen(np.zeros(count), np.bool_),
        load_power_factor=frozen(np.full(count, power_factor), float),
        generation_power_factor=frozen(np.full(count, power_factor), float),
        retailer=(DEFAULT_RETAILER,) * count,
    )


def _end_buses(network: Network) -> tuple[int, ...]:
    """Buses with one branch, the supply's included, in the order of their index."""
    branches = network.branches
    degree = np.bincount(np.concatenate([branches.from_node, branches.to_node]), minlength=network.nodes)
    return tuple(int(bus) for bus in network.bus_ids[degree[network.bus_node] == 1])
