"""Matching of orders: what holds in every market."""

from collections import defaultdict
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gridpact.case.case import Case, PriceRule
from gridpact.case.schema import POWER_MAX_KW
from gridpact.matching import combined, match
from tests.market import Order, Trade, market, rows

ROUNDING = 1.0 + 1e-12
STEPS_PER_KW = 10
UNHURRIED = settings(deadline=None)


@dataclass(frozen=True, slots=True)
class Market:
    """The ingredients of a case, to be shuffled and brought to one."""

    orders: list[Order]
    generation_kw: dict[str, list[float]]
    load_kw: dict[str, list[float]]
    bilateral: list[Trade]

    def case(self, price_rule: PriceRule = PriceRule.ASK) -> Case:
        return market(
            *self.orders,
            generation_kw=self.generation_kw,
            load_kw=self.load_kw,
            bilateral=self.bilateral,
            price_rule=price_rule,
        )

    def shuffled(self, random: Random) -> "Market":
        names = random.sample(list(self.load_kw), len(self.load_kw))
        return Market(
            orders=random.sample(self.orders, len(self.orders)),
            generation_kw={name: self.generation_kw[name] for name in names},
            load_kw={name: self.load_kw[name] for name in names},
            bilateral=random.sample(self.bilateral, len(self.bilateral)),
        )


IN_STEPS_KW = st.integers(0, 40).map(lambda steps: steps / STEPS_PER_KW)
ANY_KW = st.floats(0.0, 50.0)
FEW_PRICES = st.sampled_from([-0.02, 0.0, 0.05, 0.10, 0.1000001, 0.15, 0.20])
RULES = st.sampled_from(PriceRule)


@st.composite
def markets(draw: st.DrawFn, power_kw: st.SearchStrategy[float] = IN_STEPS_KW) -> Market:
    """Up to 5 participants, 4 periods, 12 orders and 2 bilateral trades."""
    periods = draw(st.integers(1, 4))
    names = draw(st.permutations([f"p{number}" for number in range(draw(st.integers(2, 5)))]))
    forecast = st.fixed_dictionaries(
        {name: st.lists(power_kw, min_size=periods, max_size=periods) for name in names}
    )
    windows = st.tuples(st.integers(0, periods - 1), st.integers(1, periods)).map(
        lambda ends: (ends[0], ends[0] + min(ends[1], periods - ends[0]))
    )

    def order(name: str) -> Order:
        start, end = draw(windows)
        who, sells = draw(st.sampled_from(names)), draw(st.booleans())
        return Order(name, who, sells, draw(power_kw), draw(FEW_PRICES), start, end, draw(st.integers(0, 2)))

    def trade(name: str) -> Trade:
        seller, buyer = draw(st.permutations(names))[:2]
        return Trade(name, seller, buyer, *draw(windows), draw(power_kw), draw(FEW_PRICES))

    order_ids = draw(st.lists(st.text("ab:#", min_size=1, max_size=4), max_size=12, unique=True))
    trade_ids = draw(st.lists(st.text("ab:#", min_size=1, max_size=6), max_size=2, unique=True))
    return Market(
        orders=[order(name) for name in order_ids],
        generation_kw=draw(forecast),
        load_kw=draw(forecast),
        bilateral=[trade(name) for name in trade_ids],
    )


def caps_kw(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """What is left to sell and to buy beside the bilateral trades, (T, P) each."""
    sell, buy = case.profiles.surplus_kw.copy(), case.profiles.residual_demand_kw.copy()
    for number in range(len(case.trades)):
        window = slice(case.trades.start[number], case.trades.end[number])
        sell[window, case.trades.seller[number]] -= case.trades.power_kw[number]
        buy[window, case.trades.buyer[number]] -= case.trades.power_kw[number]
    return np.maximum(sell, 0.0), np.maximum(buy, 0.0)


def volume_kw(trades: list[Trade], periods: int) -> list[float]:
    """Matched power of each period."""
    return [
        sum(trade.power_kw for trade in trades if trade.start <= period < trade.end)
        for period in range(periods)
    ]


def crossing_kw(case: Case, period: int) -> float:
    """The most that any one price would clear: the larger of min(demand, supply) over all limit prices."""
    orders, caps = case.orders, caps_kw(case)

    def offered(price: float, sells: bool) -> float:
        total = 0.0
        for participant, cap in enumerate(caps[0 if sells else 1][period]):
            wanted = sum(
                orders.power_kw[number]
                for number in range(len(orders))
                if orders.participant[number] == participant
                and orders.sells[number] == sells
                and orders.start[number] <= period < orders.end[number]
                and (
                    orders.price_per_kwh[number] <= price if sells else orders.price_per_kwh[number] >= price
                )
            )
            total += min(wanted, cap)
        return total

    return max(
        (min(offered(price, True), offered(price, False)) for price in orders.price_per_kwh), default=0.0
    )


def walk_in_steps(case: Case, period: int) -> dict[tuple[str, str], int]:
    """The auction carried out literally, one step of power at a time, in whole numbers."""
    orders = case.orders
    sell, buy = (np.rint(cap[period] * STEPS_PER_KW).astype(int).tolist() for cap in caps_kw(case))
    left = np.rint(orders.power_kw * STEPS_PER_KW).astype(int).tolist()
    active = [number for number in range(len(orders)) if orders.start[number] <= period < orders.end[number]]

    def best(sells: bool) -> int | None:
        room = sell if sells else buy
        sign = 1.0 if sells else -1.0
        return min(
            (
                number
                for number in active
                if orders.sells[number] == sells and left[number] and room[orders.participant[number]]
            ),
            key=lambda n: (sign * orders.price_per_kwh[n], orders.submitted[n], orders.ids[n]),
            default=None,
        )

    matched: dict[tuple[str, str], int] = defaultdict(int)
    while True:
        ask, bid = best(True), best(False)
        if ask is None or bid is None or orders.price_per_kwh[bid] < orders.price_per_kwh[ask]:
            return dict(matched)
        matched[orders.ids[ask], orders.ids[bid]] += 1
        left[ask] -= 1
        left[bid] -= 1
        sell[orders.participant[ask]] -= 1
        buy[orders.participant[bid]] -= 1


@UNHURRIED
@given(markets(), RULES)
def test_matches_are_those_of_the_literal_walk(given_market: Market, rule: PriceRule) -> None:
    case = given_market.case(rule)
    trades = rows(match(case), case)
    for period in range(case.horizon.periods):
        expected = sorted(
            (f"{ask}:{bid}", steps / STEPS_PER_KW)
            for (ask, bid), steps in walk_in_steps(case, period).items()
        )
        active = [trade for trade in trades if trade.start <= period < trade.end]
        assert sorted((without_run(trade.id), trade.power_kw) for trade in active) == expected


def without_run(name: str) -> str:
    """The name of a matched trade less the number of its run; ids of orders hold no digits here."""
    pair, mark, run = name.rpartition("#")
    return pair if mark and run.isdecimal() else name


@UNHURRIED
@given(markets() | markets(ANY_KW))
def test_volume_is_the_crossing_of_the_curves_under_every_price_rule(given_market: Market) -> None:
    for rule in PriceRule:
        case = given_market.case(rule)
        volumes = volume_kw(rows(match(case), case), case.horizon.periods)
        expected = [crossing_kw(case, period) for period in range(case.horizon.periods)]
        np.testing.assert_allclose(volumes, expected, rtol=1e-12, atol=1e-10)


@UNHURRIED
@given(markets() | markets(ANY_KW), RULES)
def test_nobody_is_worse_off_than_their_limit(given_market: Market, rule: PriceRule) -> None:
    case = given_market.case(rule)
    trades = match(case)
    best_bid, best_ask = best_limits(case)
    for trade, seller, buyer in zip(rows(trades, case), trades.seller, trades.buyer, strict=True):
        for period in range(trade.start, trade.end):
            assert best_ask[period, seller] <= trade.price_per_kwh <= best_bid[period, buyer]


@UNHURRIED
@given(markets() | markets(ANY_KW), RULES)
def test_trades_keep_to_the_terms_of_their_orders(given_market: Market, rule: PriceRule) -> None:
    numbered = [replace(order, id=f"o{place}") for place, order in enumerate(given_market.orders)]
    case = replace(given_market, orders=numbered, bilateral=[]).case(rule)
    by_id = {order.id: order for order in numbered}
    for trade in rows(match(case), case):
        ask, bid = (by_id[name] for name in trade.id.partition("#")[0].split(":"))
        assert ask.sells
        assert not bid.sells
        assert (trade.seller, trade.buyer) == (ask.participant, bid.participant)
        assert ask.price_per_kwh <= trade.price_per_kwh <= bid.price_per_kwh
        assert max(ask.start, bid.start) <= trade.start < trade.end <= min(ask.end, bid.end)
        assert trade.power_kw <= min(ask.power_kw, bid.power_kw) * ROUNDING
        assert trade.submitted == max(ask.submitted, bid.submitted)


def best_limits(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Highest bid and lowest ask of every participant in every period, (T, P)."""
    shape = case.profiles.load_kw.shape
    bid, ask = np.full(shape, -np.inf), np.full(shape, np.inf)
    orders = case.orders
    for number in range(len(orders)):
        place = (slice(orders.start[number], orders.end[number]), orders.participant[number])
        price = orders.price_per_kwh[number]
        if orders.sells[number]:
            ask[place] = np.minimum(ask[place], price)
        else:
            bid[place] = np.maximum(bid[place], price)
    return bid, ask


@UNHURRIED
@given(markets() | markets(ANY_KW))
def test_uniform_price_is_one_per_period(given_market: Market) -> None:
    case = given_market.case(PriceRule.UNIFORM)
    trades = rows(match(case), case)
    for period in range(case.horizon.periods):
        prices = {trade.price_per_kwh for trade in trades if trade.start <= period < trade.end}
        assert len(prices) <= 1


@UNHURRIED
@given(markets() | markets(ANY_KW), RULES)
def test_caps_hold_and_nobody_trades_with_oneself(given_market: Market, rule: PriceRule) -> None:
    case = given_market.case(rule)
    trades = match(case)
    assert np.all(trades.seller != trades.buyer)
    assert np.all(trades.power_kw > 0.0)
    assert np.all(trades.start < trades.end)
    sell, buy = caps_kw(case)
    for period in range(case.horizon.periods):
        active = (trades.start <= period) & (period < trades.end)
        for who, cap in ((trades.seller, sell), (trades.buyer, buy)):
            traded = np.bincount(who[active], trades.power_kw[active], len(case.participants))
            assert np.all(traded <= cap[period] * ROUNDING + 1e-12)


@UNHURRIED
@given(markets() | markets(ANY_KW), RULES, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(given_market: Market, rule: PriceRule, random: Random) -> None:
    case, other = given_market.case(rule), given_market.shuffled(random).case(rule)
    assert rows(match(case), case) == rows(match(other), other)


@UNHURRIED
@given(markets() | markets(ANY_KW), RULES)
def test_names_are_unique_and_deterministically_ordered(given_market: Market, rule: PriceRule) -> None:
    case = given_market.case(rule)
    matched = match(case)
    both = combined(case.trades, matched)
    assert len(set(both.ids)) == len(both) == len(case.trades) + len(matched)
    assert matched.start.tolist() == sorted(matched.start.tolist())


@UNHURRIED
@given(markets() | markets(ANY_KW), RULES)
def test_no_trade_goes_on_where_another_of_the_same_orders_ends(
    given_market: Market, rule: PriceRule
) -> None:
    numbered = [replace(order, id=f"o{place}") for place, order in enumerate(given_market.orders)]
    case = replace(given_market, orders=numbered, bilateral=[]).case(rule)
    trades = [replace(trade, id=without_run(trade.id)) for trade in rows(match(case), case)]
    ends = {(trade.id, trade.power_kw, trade.price_per_kwh, trade.end) for trade in trades}
    starts = {(trade.id, trade.power_kw, trade.price_per_kwh, trade.start) for trade in trades}
    assert not ends & starts


@UNHURRIED
@given(markets(), RULES)
def test_matching_again_what_is_left_finds_nothing(given_market: Market, rule: PriceRule) -> None:
    """Where no order's own power binds, the matched trades use up all that could trade."""
    case = given_market.case(rule)
    case = replace(case, orders=replace(case.orders, power_kw=np.full(len(case.orders), POWER_MAX_KW)))
    left = replace(case, trades=combined(case.trades, match(case)))
    assert len(match(left)) == 0
