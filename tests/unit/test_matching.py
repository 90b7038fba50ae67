"""Matching of orders: markets small enough to be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from gridpact.case.case import Case, PriceRule
from gridpact.case.schema import POWER_MAX_KW
from gridpact.case.trades import Trades
from gridpact.errors import InvalidUsage
from gridpact.matching import combined, match
from tests.market import Order, Trade, ask, bid, market, rows

# The published day: one household of the cluster residential_0 and one 3 kWp roof of solar_1, kW by hour.
# Fernandes, Christin, Kar 2024 (arXiv 2407.21403), public data, MIT licence.
RESIDENTIAL_0_KW = (
    1.60628998, 1.51964341, 1.49589466, 1.49495233, 1.58059207, 1.84841624, 2.14972609, 2.26161355,
    2.3130135, 2.35952718, 2.39027754, 2.41878544, 2.37018754, 2.32147215, 2.39106434, 2.58421569,
    2.88147988, 3.13456331, 3.29879393, 3.35165136, 3.23588562, 2.7455706, 2.13331062, 1.78726755,
)  # fmt: skip
SOLAR_1_KW = (
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.021, 0.231999998, 0.766, 1.026, 1.215,
    1.239, 1.107, 0.908, 0.622, 0.291, 0.001, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
)  # fmt: skip
BIG = 1000.0


def three_sellers(price_rule: PriceRule) -> Case:
    """Asks 2 kW at 0.05, 2 at 0.10, 2 at 0.30 meet bids 3 kW at 0.25, 2 at 0.15."""
    return market(
        ask("a1", "s1", 2.0, 0.05),
        ask("a2", "s2", 2.0, 0.10),
        ask("a3", "s3", 2.0, 0.30),
        bid("b1", "d1", 3.0, 0.25),
        bid("b2", "d2", 2.0, 0.15),
        generation_kw={"s1": [BIG], "s2": [BIG], "s3": [BIG]},
        load_kw={"d1": [BIG], "d2": [BIG]},
        price_rule=price_rule,
    )


@pytest.mark.parametrize(
    ("price_rule", "prices"),
    [
        (PriceRule.ASK, (0.05, 0.10, 0.10)),
        (PriceRule.MIDPOINT, ((0.05 + 0.25) / 2, (0.10 + 0.25) / 2, (0.10 + 0.15) / 2)),
        (PriceRule.UNIFORM, (0.15,) * 3),  # below it the last bid would want all
    ],
)
def test_best_bid_meets_best_ask_until_they_cross(
    price_rule: PriceRule, prices: tuple[float, float, float]
) -> None:
    case = three_sellers(price_rule)
    assert rows(match(case), case) == [
        Trade("a1:b1", "s1", "d1", 0, 1, 2.0, prices[0]),
        Trade("a2:b1", "s2", "d1", 0, 1, 1.0, prices[1]),
        Trade("a2:b2", "s2", "d2", 0, 1, 1.0, prices[2]),
    ]


def test_equal_limits_trade_and_a_lower_bid_does_not() -> None:
    case = market(
        ask("a", "s", 5.0, 0.10),
        bid("even", "d", 1.0, 0.10),
        bid("below", "d", 1.0, np.nextafter(0.10, 0.0)),
        generation_kw={"s": [BIG]},
        load_kw={"d": [BIG]},
    )
    assert rows(match(case), case) == [Trade("a:even", "s", "d", 0, 1, 1.0, 0.10)]


def test_ties_go_to_the_earlier_then_to_the_lower_id() -> None:
    case = market(
        ask("z", "s1", 1.0, 0.10, submitted=5),
        ask("y", "s2", 1.0, 0.10, submitted=7),
        ask("x", "s3", 1.0, 0.10, submitted=7),
        bid("b", "d", 2.0, 0.20, submitted=6),
        generation_kw={"s1": [BIG], "s2": [BIG], "s3": [BIG]},
        load_kw={"d": [BIG]},
    )
    assert rows(match(case), case) == [
        Trade("x:b", "s3", "d", 0, 1, 1.0, 0.10, submitted=7),
        Trade("z:b", "s1", "d", 0, 1, 1.0, 0.10, submitted=6),
    ]


def test_surplus_caps_all_asks_of_a_seller_best_first() -> None:
    case = market(
        ask("dear", "s", 2.0, 0.12),
        ask("cheap", "s", 2.0, 0.08),
        bid("b", "d", BIG, 0.20),
        generation_kw={"s": [4.0]},
        load_kw={"s": [1.0], "d": [BIG]},
    )
    assert rows(match(case), case) == [
        Trade("cheap:b", "s", "d", 0, 1, 2.0, 0.08),
        Trade("dear:b", "s", "d", 0, 1, 1.0, 0.12),
    ]


def test_residual_demand_caps_all_bids_of_a_buyer_best_first() -> None:
    case = market(
        ask("a", "s", BIG, 0.05),
        bid("low", "d", 2.0, 0.10),
        bid("high", "d", 2.0, 0.20),
        bid("other", "e", 1.0, 0.15),
        generation_kw={"s": [BIG], "d": [0.5]},
        load_kw={"d": [3.0], "e": [BIG]},
    )
    assert rows(match(case), case) == [
        Trade("a:high", "s", "d", 0, 1, 2.0, 0.05),
        Trade("a:low", "s", "d", 0, 1, 0.5, 0.05),
        Trade("a:other", "s", "e", 0, 1, 1.0, 0.05),
    ]


def test_nobody_trades_with_oneself() -> None:
    case = market(
        ask("own ask", "k", BIG, 0.01, end=2),
        bid("own bid", "k", BIG, 0.50, end=2),
        ask("a", "s", BIG, 0.05, end=2),
        bid("b", "d", BIG, 0.20, end=2),
        generation_kw={"k": [3.0, 0.0], "s": [0.0, 1.0]},
        load_kw={"k": [1.0, 1.0], "d": [2.0, 0.0]},
    )
    assert rows(match(case), case) == [
        Trade("own ask:b", "k", "d", 0, 1, 2.0, 0.01),
        Trade("a:own bid", "s", "k", 1, 2, 1.0, 0.05),
    ]


def test_equal_neighbouring_periods_are_one_trade_and_windows_of_different_length_overlap() -> None:
    case = market(
        ask("a", "s", 2.0, 0.05, start=0, end=6),
        bid("long", "d", 2.0, 0.10, start=1, end=5),
        bid("short", "e", 1.5, 0.20, start=3, end=4),
        generation_kw={"s": [BIG] * 6},
        load_kw={"d": [BIG] * 6, "e": [BIG] * 6},
    )
    assert rows(match(case), case) == [
        Trade("a:long", "s", "d", 1, 3, 2.0, 0.05),
        Trade("a:long#2", "s", "d", 3, 4, 0.5, 0.05),
        Trade("a:short", "s", "e", 3, 4, 1.5, 0.05),
        Trade("a:long#3", "s", "d", 4, 5, 2.0, 0.05),
    ]


def test_a_pause_splits_a_run() -> None:
    case = market(
        ask("a", "s", 1.0, 0.05, end=3),
        bid("b", "d", 1.0, 0.10, end=3),
        generation_kw={"s": [1.0, 0.0, 1.0]},
        load_kw={"d": [BIG] * 3},
    )
    assert rows(match(case), case) == [
        Trade("a:b", "s", "d", 0, 1, 1.0, 0.05),
        Trade("a:b#2", "s", "d", 2, 3, 1.0, 0.05),
    ]


def test_a_change_of_the_uniform_price_splits_a_run_and_no_other_rule_does() -> None:
    orders = (
        ask("a", "s", 2.0, 0.10, end=2),
        bid("b", "d", 1.0, 0.50, end=2),
        bid("c", "e", 1.0, 0.20, start=1, end=2),
    )
    uniform = market(
        *orders,
        generation_kw={"s": [BIG] * 2},
        load_kw={"d": [BIG] * 2, "e": [BIG] * 2},
        price_rule=PriceRule.UNIFORM,
    )
    assert rows(match(uniform), uniform) == [
        Trade("a:b", "s", "d", 0, 1, 1.0, 0.10),  # above it the ask would sell more
        Trade("a:b#2", "s", "d", 1, 2, 1.0, (0.10 + 0.20) / 2),
        Trade("a:c", "s", "e", 1, 2, 1.0, (0.10 + 0.20) / 2),
    ]
    for price_rule in (PriceRule.ASK, PriceRule.MIDPOINT):
        assert match(replace(uniform, price_rule=price_rule)).ids == ("a:b", "a:c")


def test_a_quantity_reached_by_other_sums_is_the_same_quantity() -> None:
    """0.3 − 0.1 and 0.2 differ in floating point; here they are one run."""
    case = market(
        ask("a", "s", 0.3, 0.05, end=2),
        bid("first", "d", 0.1, 0.20, end=1),
        bid("b", "e", 0.2, 0.10, end=2),
        generation_kw={"s": [0.3, 0.3]},
        load_kw={"d": [BIG] * 2, "e": [BIG] * 2},
    )
    assert [(trade.id, trade.start, trade.end, trade.power_kw) for trade in rows(match(case), case)] == [
        ("a:b", 0, 2, 0.2),
        ("a:first", 0, 1, 0.1),
    ]


@pytest.mark.parametrize("dust_kw", [0.0, 5e-13, np.finfo(np.float64).tiny])
def test_no_power_and_dust_make_no_trade(dust_kw: float) -> None:
    case = market(
        ask("a", "s", BIG, 0.05),
        ask("none", "t", dust_kw, 0.01),
        bid("b", "d", BIG, 0.10),
        generation_kw={"s": [dust_kw], "t": [BIG]},
        load_kw={"d": [BIG]},
    )
    assert len(match(case)) == 0


def test_forecast_that_is_not_a_whole_number_of_quanta_is_never_exceeded() -> None:
    surplus_kw = 1.2345678901239
    case = market(
        ask("a", "s", BIG, 0.05),
        bid("b", "d", BIG, 0.10),
        generation_kw={"s": [surplus_kw]},
        load_kw={"d": [BIG]},
    )
    assert match(case).power_kw.tolist() == [1.234567890123]


def test_forecast_just_below_a_decimal_counts_as_the_decimal() -> None:
    assert 5.2 - 1.3 == 3.9000000000000004
    assert 4.35 - 0.35 == 3.9999999999999996
    case = market(
        ask("a", "s", BIG, 0.05, end=2),
        bid("b", "d", BIG, 0.10, end=2),
        generation_kw={"s": [5.2, 4.35]},
        load_kw={"s": [1.3, 0.35], "d": [BIG] * 2},
    )
    assert match(case).power_kw.tolist() == [3.9, 4.0]


@pytest.mark.parametrize("factor", [1e-9, 1e-6, 1.0, 1e3])
def test_powers_of_any_size_match(factor: float) -> None:
    case = market(
        ask("a", "s", 3.0 * factor, 0.05),
        bid("b", "d", 2.0 * factor, 0.20),
        bid("c", "e", 2.0 * factor, 0.10),
        generation_kw={"s": [5.0 * factor]},
        load_kw={"d": [5.0 * factor], "e": [5.0 * factor]},
    )
    assert match(case).power_kw.tolist() == pytest.approx([2.0 * factor, factor], rel=1e-6)


def test_many_large_orders_of_one_seller_do_not_overflow() -> None:
    names = [f"a{number:04}" for number in range(1200)]  # 4.8 million kW, more than 64 bits hold of quanta
    case = market(
        *(ask(name, "s", 4e3, 0.05) for name in names),
        bid("b", "d", 5e3, 0.20),
        generation_kw={"s": [5e3]},
        load_kw={"d": [5e3]},
    )
    assert [(trade.id, trade.power_kw) for trade in rows(match(case), case)] == [
        ("a0000:b", 4e3),
        ("a0001:b", 1e3),
    ]


def test_an_order_without_a_practical_limit_is_capped_by_the_forecast() -> None:
    case = market(
        ask("a", "s", POWER_MAX_KW, 0.05),
        bid("b", "d", POWER_MAX_KW, 0.20),
        generation_kw={"s": [1.5]},
        load_kw={"d": [2.5]},
    )
    assert match(case).power_kw.tolist() == [1.5]


def test_bilateral_trades_use_up_capacity_first() -> None:
    case = market(
        ask("a", "s", BIG, 0.05, end=4),
        bid("b", "d", BIG, 0.20, end=4),
        generation_kw={"s": [3.0] * 4},
        load_kw={"d": [10.0] * 4, "e": [10.0] * 4},
        bilateral=[
            Trade("t1", "s", "e", 1, 3, 1.0, 0.1),
            Trade("t2", "s", "d", 2, 4, 0.5, 0.1),
            Trade("t3", "s", "e", 3, 4, BIG, 0.1),
        ],
    )
    assert [(trade.start, trade.end, trade.power_kw) for trade in rows(match(case), case)] == [
        (0, 1, 3.0),
        (1, 2, 2.0),
        (2, 3, 1.5),
    ]


def test_bilateral_purchases_use_up_demand_first() -> None:
    case = market(
        ask("a", "s", BIG, 0.05),
        bid("b", "d", BIG, 0.20),
        generation_kw={"s": [9.0], "t": [9.0]},
        load_kw={"d": [4.0]},
        bilateral=[Trade("t", "t", "d", 0, 1, 2.5, 0.1)],
    )
    assert rows(match(case), case) == [Trade("a:b", "s", "d", 0, 1, 1.5, 0.05)]


def test_names_are_unique_however_odd_the_ids() -> None:
    case = market(
        ask("a", "s", 1.0, 0.05, end=3),
        ask("a:b", "s", 1.0, 0.05, end=3),
        bid("b:c", "d", 1.0, 0.20, end=3),
        bid("c", "d", 1.0, 0.10, end=3),
        bid("b:c#2", "d", 1.0, 0.01, end=3),
        generation_kw={"s": [2.0, 0.0, 2.0], "t": [9.0] * 3},
        load_kw={"d": [2.0] * 3, "e": [9.0] * 3},
        bilateral=[Trade("a:b:c#2", "t", "e", 0, 1, 1.0, 0.1)],
    )
    trades = match(case)
    assert trades.ids == ("a:b:c", "a:b:c#3", "a:b:c#4", "a:b:c#5")
    assert trades.start.tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize("orders", [(), (ask("a", "s", 1.0, 0.1),), (bid("b", "d", 1.0, 0.1),)])
def test_no_orders_and_one_sided_orders_make_no_trade(orders: tuple[Order, ...]) -> None:
    assert len(match(market(*orders, generation_kw={"s": [BIG]}, load_kw={"d": [BIG]}))) == 0


def test_result_cannot_be_written_to() -> None:
    trades = match(three_sellers(PriceRule.ASK))
    for values in (trades.seller, trades.buyer, trades.start, trades.end, trades.power_kw, trades.submitted):
        assert not values.flags.writeable


def test_combined_lists_bilateral_trades_first() -> None:
    bilateral = Trade("t", "s1", "d2", 0, 1, 0.5, 0.07, submitted=3)
    case = replace(
        three_sellers(PriceRule.ASK),
        trades=(
            market(
                generation_kw={"s1": [BIG], "s2": [BIG], "s3": [BIG]},
                load_kw={"d1": [BIG], "d2": [BIG]},
                bilateral=[bilateral],
            ).trades
        ),
    )
    matched = match(case)
    both = rows(combined(case.trades, matched), case)
    assert both == [bilateral, *rows(matched, case)]


def test_combined_is_the_one_side_where_there_is_no_other() -> None:
    trades = match(three_sellers(PriceRule.ASK))
    assert combined(trades, Trades.none()) is trades
    assert combined(Trades.none(), trades) is trades


def test_combined_refuses_trades_of_the_same_name() -> None:
    trades = match(three_sellers(PriceRule.ASK))
    with pytest.raises(InvalidUsage, match="'a1:b1' is both a bilateral and a matched trade"):
        combined(trades, trades)


def test_published_day_trades_what_is_published() -> None:
    sellers = [f"solar {bus}" for bus in (16, 18, 22, 36, 40, 42)]
    buyers = [f"home {bus}" for bus in (12, 17, 19, 35, 37, 41)]
    case = market(
        *(ask(f"ask {name}", name, BIG, 0.05, end=24) for name in sellers),
        *(bid(f"bid {name}", name, BIG, 0.20, end=24) for name in buyers),
        generation_kw=dict.fromkeys(sellers, SOLAR_1_KW),
        load_kw=dict.fromkeys(buyers, RESIDENTIAL_0_KW),
    )
    trades = match(case)
    energy_kwh = float(np.sum(trades.power_kw * (trades.end - trades.start)) * case.horizon.hours_per_period)
    assert energy_kwh == pytest.approx(44.568000, abs=5e-7)
    assert set(trades.price_per_kwh.tolist()) == {0.05}


def test_without_orders_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from gridpact.matching.mechanisms import order_book

    def refuse(*_: object) -> None:
        raise AssertionError("there is nothing to match")

    monkeypatch.setattr(order_book, "capacity", refuse)
    case = market(generation_kw={"s": [1.0]}, load_kw={"d": [1.0]})
    assert len(match(case)) == 0
