"""Matching of orders with terms: what holds in every market."""

from collections import defaultdict
from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gridpact.case.case import Case, PriceRule
from gridpact.matching import match
from gridpact.matching.auction import Auction, auction_of
from gridpact.matching.capacity import capacity
from gridpact.matching.comebacks import with_comebacks
from gridpact.matching.rounds import Held, rounds, traded_by
from gridpact.matching.termed import Termed, termed_orders
from tests.market import Order, Trade, rows
from tests.properties.test_matching import (
    ANY_KW,
    RULES,
    UNHURRIED,
    Market,
    best_limits,
    caps_kw,
    markets,
    without_run,
)

QUANTA_PER_KW = 10**12
GROUPS = st.sampled_from(["", "", "g", "h"])
FRACTIONS = st.sampled_from([0.0, 0.0, 0.3, 1.0 / 3.0, 0.5, 1.0])


@st.composite
def markets_with_terms(draw: st.DrawFn, least_orders: int = 0) -> Market:
    """Markets of numbered orders, most of them with terms."""
    given_market = draw((markets() | markets(ANY_KW)).filter(lambda one: len(one.orders) >= least_orders))
    orders = [
        replace(
            order,
            id=f"o{place:02}",
            block=draw(st.booleans()),
            min_fraction=draw(FRACTIONS),
            group=draw(GROUPS),
        )
        for place, order in enumerate(given_market.orders)
    ]
    return replace(given_market, orders=orders, bilateral=given_market.bilateral[:1])


def matched_quanta(trades: list[Trade], orders: list[Order], periods: int) -> dict[str, list[int]]:
    """Whole quanta that each order trades in each period."""
    matched = {order.id: [0] * periods for order in orders}
    for trade in trades:
        for name in without_run(trade.id).split(":"):
            for period in range(trade.start, trade.end):
                matched[name][period] += round(trade.power_kw * QUANTA_PER_KW)
    return matched


def is_kept(order: Order, quanta: list[int]) -> bool:
    """Whether an order's own terms are kept by what it trades in each period."""
    window = quanta[order.start : order.end]
    least = order.min_fraction * order.power_kw * QUANTA_PER_KW * (1.0 - 1e-12) - 1.0
    even = len(set(window)) == 1 or not order.block
    return even and all(power == 0 or power >= least for power in window)


def are_kept(orders: list[Order], matched: dict[str, list[int]]) -> bool:
    """Whether the terms of all orders are kept."""
    traders = [order.group for order in orders if order.group and any(matched[order.id])]
    return len(traders) == len(set(traders)) and all(is_kept(order, matched[order.id]) for order in orders)


@UNHURRIED
@given(markets_with_terms(), RULES)
def test_terms_are_kept(given_market: Market, rule: PriceRule) -> None:
    case = given_market.case(rule)
    matched = matched_quanta(rows(match(case), case), given_market.orders, case.horizon.periods)
    assert are_kept(given_market.orders, matched)


@UNHURRIED
@given(markets_with_terms(), RULES, st.integers(0, 3))
def test_caps_windows_limits_and_closed_periods_hold(
    given_market: Market, rule: PriceRule, first_open: int
) -> None:
    case = given_market.case(rule)
    case = replace(case, first_open=min(first_open, case.horizon.periods))
    trades = match(case)
    sell, buy = caps_kw(case)
    best_bid, best_ask = best_limits(case)
    by_id = {order.id: order for order in given_market.orders}
    for trade in rows(trades, case):
        ask, bid = (by_id[name] for name in without_run(trade.id).split(":"))
        assert ask.sells and not bid.sells and ask.price_per_kwh <= trade.price_per_kwh <= bid.price_per_kwh
        assert max(ask.start, bid.start, case.first_open) <= trade.start < trade.end <= min(ask.end, bid.end)
    for period in range(case.horizon.periods):
        active = (trades.start <= period) & (period < trades.end)
        for who, cap in ((trades.seller, sell), (trades.buyer, buy)):
            traded = np.bincount(who[active], trades.power_kw[active], len(case.participants))
            assert np.all(traded <= cap[period] * (1.0 + 1e-12) + 1e-12)
        assert np.all(trades.price_per_kwh[active] <= best_bid[period, trades.buyer[active]])
        assert np.all(trades.price_per_kwh[active] >= best_ask[period, trades.seller[active]])


@UNHURRIED
@given(markets_with_terms(), RULES, st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_groups_change_nothing(
    given_market: Market, rule: PriceRule, random: Random
) -> None:
    names = {"": "", "g": "z", "h": "a"}
    shuffled = given_market.shuffled(random)
    orders = [replace(order, group=names[order.group]) for order in shuffled.orders]
    case, other = given_market.case(rule), replace(shuffled, orders=orders).case(rule)
    assert rows(match(case), case) == rows(match(other), other)


@UNHURRIED
@given(markets_with_terms(), RULES)
def test_new_names_in_the_same_order_change_nothing_but_names(given_market: Market, rule: PriceRule) -> None:
    orders = [replace(order, id=order.id.replace("o", "x")) for order in given_market.orders]
    case = replace(given_market, bilateral=[]).case(rule)
    other = replace(given_market, bilateral=[], orders=orders).case(rule)
    renamed = [
        replace(trade, id=trade.id.replace("o", "x"), link=trade.link.replace("o", "x"))
        for trade in rows(match(case), case)
    ]
    assert rows(match(other), other) == renamed


@UNHURRIED
@given(markets() | markets(ANY_KW), RULES, st.randoms(use_true_random=False))
def test_terms_that_ask_for_nothing_change_nothing(
    given_market: Market, rule: PriceRule, random: Random
) -> None:
    plain = [replace(order, end=order.start + 1) for order in given_market.orders]
    idle = [
        replace(order, block=random.random() < 0.7, group=order.id if random.random() < 0.5 else "")
        for order in plain
    ]
    case, other = (replace(given_market, orders=orders).case(rule) for orders in (plain, idle))
    assert rows(match(case), case) == rows(match(other), other)


@UNHURRIED
@given(markets_with_terms(), RULES, st.randoms(use_true_random=False))
def test_terms_survive_every_cut_that_keeps_the_terms_of_trades(
    given_market: Market, rule: PriceRule, random: Random
) -> None:
    case = given_market.case(rule)
    trades = rows(match(case), case)
    least: dict[str, float] = defaultdict(float)
    for trade in trades:
        assert not trade.block and not trade.group
        assert trade.link or not trade.min_fraction
        least[trade.link] = max(least[trade.link], trade.min_fraction)
    cleared = {order.id: [0.0] * case.horizon.periods for order in given_market.orders}
    fraction = {
        link: random.choice([0.0, random.uniform(floor, 1.0), floor]) for link, floor in least.items()
    }
    for trade in trades:
        for period in range(trade.start, trade.end):
            x = fraction[trade.link] if trade.link else random.choice([0.0, 1.0, random.random()])
            for name in without_run(trade.id).split(":"):
                cleared[name][period] += x * trade.power_kw
    for order in given_market.orders:
        window = cleared[order.id][order.start : order.end]
        if order.block:
            np.testing.assert_allclose(window, window[0], rtol=1e-9, atol=1e-12)
        for power_kw in window:
            least_kw = order.min_fraction * order.power_kw
            assert power_kw <= 1e-12 or power_kw >= least_kw * (1.0 - 1e-9) - 2e-12


@UNHURRIED
@given(markets_with_terms(), RULES)
def test_every_link_is_of_use(given_market: Market, rule: PriceRule) -> None:
    case = given_market.case(rule)
    linked = [trade for trade in rows(match(case), case) if trade.link]
    for link in {trade.link for trade in linked}:
        members = [trade for trade in linked if trade.link == link]
        assert len({trade.min_fraction for trade in members}) == 1
        assert members[0].min_fraction or sum(trade.end - trade.start for trade in members) > 1


@UNHURRIED
@given(markets() | markets(ANY_KW), st.data())
def test_one_order_less_helps_only_worse_orders_of_its_side(
    given_market: Market, data: st.DataObject
) -> None:
    """What the rounds rest on: who is cut, and in which order."""
    numbered = [replace(order, id=f"o{place:02}") for place, order in enumerate(given_market.orders)]
    numbered = numbered or [Order("o00", next(iter(given_market.load_kw)), True, 1.0, 0.1)]
    gone = data.draw(st.sampled_from(numbered))
    less_kw = data.draw(st.sampled_from([0.0, 0.5])) * gone.power_kw
    fewer = [replace(order, power_kw=less_kw) if order is gone else order for order in numbered]
    case, other = (replace(given_market, orders=orders).case() for orders in (numbered, fewer))
    before = matched_quanta(rows(match(case), case), numbered, case.horizon.periods)
    after = matched_quanta(rows(match(other), other), numbered, case.horizon.periods)
    for order in numbered:
        for was, now in zip(before[order.id], after[order.id], strict=True):
            if order.sells != gone.sells:
                assert now <= was
            elif rank(order) < rank(gone):
                assert now == was
            elif order is not gone:
                assert now >= was


def rank(order: Order) -> tuple[float, int, str]:
    """The best of a side first."""
    return (order.price_per_kwh if order.sells else -order.price_per_kwh, order.submitted, order.id)


def held(case: Case) -> tuple[Auction, Termed, Held]:
    """The auction of a case with its terms kept, before matches become trades."""
    room = capacity(case)
    termed = termed_orders(case.orders, room.scale, case.horizon.periods)
    auction = auction_of(case.orders, room, termed.row)
    periods = range(case.first_open, case.horizon.periods)
    return auction, termed, with_comebacks(auction, termed, rounds(auction, termed, periods))


@UNHURRIED
@given(markets_with_terms(least_orders=2))
def test_no_order_that_is_out_could_simply_have_been_kept(given_market: Market) -> None:
    """With its ceiling back, in every way there is, it trades nothing or someone's terms are broken."""
    case, orders = given_market.case(), given_market.orders
    auction, termed, end = held(case)

    def traded(ceiling: np.ndarray) -> np.ndarray:
        columns = [
            traded_by(termed, auction.crossing(period, ceiling[:, period]))
            for period in range(case.horizon.periods)
        ]
        return np.stack(columns, axis=1)

    def kept(quanta: np.ndarray) -> bool:
        with_terms = [orders[number] for number in termed.order]
        return are_kept(
            with_terms, {order.id: row.tolist() for order, row in zip(with_terms, quanta, strict=True)}
        )

    assert kept(traded(end.ceiling))
    for row, number in enumerate(termed.order.tolist()):
        order = orders[number]
        out = np.flatnonzero((end.ceiling[row] == 0) & (termed.power[row] > 0))
        for periods in [out] if order.block and len(out) else [[period] for period in out]:
            ceiling = end.ceiling.copy()
            ceiling[row, periods] = termed.power[row, periods]
            quanta = traded(ceiling)
            if order.block:
                ceiling[row, periods] = quanta[row, periods].min()
                quanta = traded(ceiling)
            assert not quanta[row, periods].any() or not kept(quanta)
