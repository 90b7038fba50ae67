"""Matching of orders with terms: markets small enough to be worked out by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gridpact.case import TableFormat, read_case, write_case
from gridpact.case.case import Case, PriceRule
from gridpact.case.schema import POWER_MAX_KW
from gridpact.case.trades import Trades
from gridpact.case.writing.case_writer import write_trades
from gridpact.matching import combined, double_auction, match, rounds
from tests.example import write_example
from tests.market import Order, Trade, ask, bid, market, rows

BIG = 1000.0


def street(*orders: Order, periods: int = 2, **given: object) -> Case:
    """A case in which sellers s… and buyers d… have all they could want, but for what is given."""
    names = sorted({order.participant for order in orders})
    generation_kw = {name: [BIG] * periods for name in names if name.startswith("s")}
    load_kw = {name: [BIG] * periods for name in names if name.startswith("d")}
    generation_kw |= given.pop("generation_kw", {})  # type: ignore[operator]
    load_kw |= given.pop("load_kw", {})  # type: ignore[operator]
    return market(*orders, generation_kw=generation_kw, load_kw=load_kw, **given)  # type: ignore[arg-type]


def brief(case: Case) -> list[tuple[str, int, int, float]]:
    """Matched trades as (name, start, end, power)."""
    return [(trade.id, trade.start, trade.end, trade.power_kw) for trade in rows(match(case), case)]


def test_a_block_trades_its_least_power_and_leaves_the_rest_to_others() -> None:
    case = street(
        ask("a", "s1", 5.0, 0.05, end=3, block=True),
        ask("other", "s2", 5.0, 0.06, end=3),
        bid("b", "d", BIG, 0.10, end=3),
        generation_kw={"s1": [4.0, 0.3, 2.0]},
        load_kw={"d": [3.0, 3.0, 3.0]},
        periods=3,
    )
    assert rows(match(case), case) == [
        Trade("a:b", "s1", "d", 0, 3, 0.3, 0.05, link="a"),
        Trade("other:b", "s2", "d", 0, 3, 2.7, 0.06),
    ]


def test_a_block_that_gets_nothing_in_a_period_trades_in_none() -> None:
    case = street(
        ask("a", "s", 5.0, 0.05, end=3, block=True), bid("b", "d", BIG, 0.10, start=1, end=3), periods=3
    )
    assert brief(case) == []


def test_a_block_is_a_link_over_all_its_periods_and_counterparties() -> None:
    case = street(
        bid("b", "d", 2.0, 0.20, end=3, block=True, min_fraction=0.25),
        ask("a1", "s1", BIG, 0.05, end=2),
        ask("a2", "s2", BIG, 0.10, end=3),
        generation_kw={"s1": [1.5, 0.5, 9.0], "s2": [BIG, 0.75, 1.0]},
        periods=3,
    )
    terms = {"link": "b", "min_fraction": 0.5}
    assert rows(match(case), case) == [
        Trade("a1:b", "s1", "d", 0, 1, 1.0, 0.05, **terms),
        Trade("a1:b#2", "s1", "d", 1, 2, 0.5, 0.05, **terms),
        Trade("a2:b", "s2", "d", 1, 2, 0.5, 0.10, **terms),
        Trade("a2:b#2", "s2", "d", 2, 3, 1.0, 0.10, **terms),
    ]


def test_less_than_the_least_fraction_is_matched_as_nothing_in_that_period() -> None:
    case = street(
        ask("a", "s1", 4.0, 0.05, end=3, min_fraction=0.5),
        ask("other", "s2", 1.0, 0.08, end=3),
        bid("b", "d", BIG, 0.10, end=3),
        load_kw={"d": [1.9, 2.0, 3.0]},
        periods=3,
    )
    assert rows(match(case), case) == [
        Trade("other:b", "s2", "d", 0, 1, 1.0, 0.08),
        Trade("a:b", "s1", "d", 1, 2, 2.0, 0.05, link="a", min_fraction=1.0),
        Trade("a:b#2", "s1", "d", 2, 3, 3.0, 0.05, link="a#2", min_fraction=0.666666666667),
    ]


def test_all_or_nothing_takes_its_whole_power_or_none_of_it() -> None:
    whole = ask("a", "s", 0.3, 0.05, min_fraction=1.0)
    taken = street(whole, bid("b", "d", 0.3, 0.10), periods=1)
    assert [(trade.power_kw, trade.min_fraction) for trade in rows(match(taken), taken)] == [(0.3, 1.0)]
    assert brief(street(whole, bid("b", "d", 0.299999999999, 0.10), periods=1)) == []
    # A power that is no whole number of quanta: what can be matched of it is all of it.
    odd = street(replace(whole, power_kw=1.2345678901239), bid("b", "d", 2.0, 0.10), periods=1)
    assert brief(odd) == [("a:b", 0, 1, 1.234567890123)]


def test_all_or_nothing_of_more_than_the_seller_has_is_never_matched() -> None:
    for power_kw in (3.0001, POWER_MAX_KW):
        case = street(
            ask("a", "s", power_kw, 0.05, min_fraction=1.0), bid("b", "d", 9.0, 0.1), periods=1,
            generation_kw={"s": [3.0]},
        )  # fmt: skip
        assert brief(case) == []


def test_the_best_broken_order_leaves_first_and_a_worse_one_takes_its_place() -> None:
    """Both asks want all or nothing of 5 kW; the better one has 3 kW, and 3 are left to the other of 6."""
    case = street(
        ask("a", "s1", 5.0, 0.05, min_fraction=1.0),
        ask("b", "s2", 5.0, 0.06, min_fraction=1.0),
        bid("c", "d", 6.0, 0.10),
        generation_kw={"s1": [3.0]},
        periods=1,
    )
    assert brief(case) == [("b:c", 0, 1, 5.0)]


def test_a_worse_block_is_not_lowered_by_what_a_better_one_gives_up() -> None:
    case = street(
        ask("a", "s1", 3.0, 0.05, end=2, block=True),
        ask("b", "s2", 3.0, 0.06, end=2, block=True),
        bid("c", "d", 3.0, 0.10, end=2),
        generation_kw={"s1": [1.0, 2.0]},
    )
    assert brief(case) == [("a:c", 0, 2, 1.0), ("b:c", 0, 2, 2.0)]


def test_a_member_of_a_group_waits_while_the_best_one_is_about_to_leave() -> None:
    """Were both cut at once, the worst ask would trade its 2 kW and be in the way of the second best."""
    case = street(
        ask("first", "s1", 1.0, 0.01, end=2, block=True, group="g"),
        ask("second", "s2", 1.0, 0.02, group="g"),
        ask("worst", "s3", 2.0, 0.03, min_fraction=1.0),
        bid("b", "d", 2.0, 0.20),
    )
    assert brief(case) == [("second:b", 0, 1, 1.0)]


@pytest.mark.parametrize(
    ("members", "chosen"),
    [
        ((ask("x", "s1", 1.0, 0.06, group="g"), ask("y", "s2", 1.0, 0.05, group="g")), "y:b"),
        (
            (
                ask("x", "s1", 1.0, 0.05, group="g", submitted=2),
                ask("y", "s2", 1.0, 0.05, group="g", submitted=1),
            ),
            "y:b",
        ),
        ((ask("y", "s1", 1.0, 0.05, group="g"), ask("x", "s2", 1.0, 0.05, group="g")), "x:b"),
        ((ask("x", "s1", 1.0, 0.30, group="g"), ask("y", "s2", 1.0, 0.05, group="g")), "y:b"),
        (
            (
                ask("x", "s1", 1.0, 0.04, end=2, block=True, group="g"),
                ask("y", "s2", 1.0, 0.05, group="g"),
            ),
            "y:b",
        ),
    ],
    ids=["price", "submitted", "id", "only one that meets a bid", "the best breaks its own terms"],
)
def test_of_a_group_the_best_that_matches_stays(members: tuple[Order, ...], chosen: str) -> None:
    case = street(*members, bid("b", "d", 5.0, 0.10))
    assert match(case).ids == (chosen,)
    assert not match(case).terms.given.any()


def test_of_a_group_of_bids_the_highest_stays_and_any_ask_is_better_than_a_bid() -> None:
    bids = (bid("x", "d1", 1.0, 0.10, group="g"), bid("y", "d2", 1.0, 0.20, group="g"))
    assert match(street(*bids, ask("a", "s", 5.0, 0.05))).ids == ("a:y",)
    sell = ask("z", "s2", 1.0, 0.04, start=1, end=2, group="g")
    both = street(*bids, sell, ask("a", "s", 5.0, 0.05), bid("b", "d3", 1.0, 0.05, start=1, end=2))
    assert match(both).ids == ("z:b",)


def test_a_group_is_over_the_whole_horizon() -> None:
    case = street(
        ask("early", "s1", 1.0, 0.06, group="g"),
        ask("late", "s2", 1.0, 0.05, start=1, end=2, group="g"),
        bid("b", "d", 5.0, 0.10, end=2),
    )
    assert match(case).ids == ("late:b",)


def test_an_order_that_room_was_made_for_later_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """`late` fails while `a` leads; `a` leaves only when the bid that took its second period has gone."""
    case = street(
        ask("a", "s1", 4.0, 0.01, end=3, block=True, min_fraction=1.0),
        ask("late", "s2", 3.0, 0.02, min_fraction=1.0),
        bid("b", "d1", 5.0, 0.20),
        bid("c", "d2", 4.0, 0.20, start=1, end=2),
        bid("e", "d3", 4.0, 0.20, start=2, end=4, block=True),
        periods=4,
    )
    assert brief(case) == [("late:b", 0, 1, 3.0)]
    monkeypatch.setattr(double_auction, "with_comebacks", lambda auction, termed, held: held)
    assert brief(case) == []


def test_an_order_does_not_come_back_where_it_would_break_the_terms_of_another() -> None:
    """As above, but an ask that is worse than `late` has meanwhile taken the place of `a`, all or nothing."""
    case = street(
        ask("a", "s1", 4.0, 0.01, end=3, block=True, min_fraction=1.0),
        ask("late", "s2", 3.0, 0.02, min_fraction=1.0),
        ask("worse", "s3", 4.0, 0.03, min_fraction=1.0),
        bid("b", "d1", 5.0, 0.20),
        bid("c", "d2", 4.0, 0.20, start=1, end=2),
        bid("e", "d3", 4.0, 0.20, start=2, end=4, block=True),
        periods=4,
    )
    assert brief(case) == [("worse:b", 0, 1, 4.0)]


def test_two_blocks_that_lower_each_other_for_ever_both_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one period each, a better order of 1 W goes first, so each block trades 1 W less than the other."""
    case = street(
        ask("block ask", "s1", 10.0, 0.05, end=2, block=True),
        bid("block bid", "d1", 10.0, 0.20, end=2, block=True),
        ask("small ask", "s2", 0.001, 0.01),
        bid("small bid", "d2", 0.001, 0.30, start=1, end=2),
    )
    lower, calls = rounds._lower, []

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return lower(*arguments)

    monkeypatch.setattr(rounds, "_lower", counted)
    assert brief(case) == []
    assert len(calls) == rounds.LOWERED_MAX + 2 < 10.0 / 0.001


def test_two_whole_blocks_match_each_other() -> None:
    case = street(
        ask("a", "s", 2.0, 0.05, end=2, block=True, min_fraction=1.0),
        bid("b", "d", 2.0, 0.20, end=2, block=True, min_fraction=0.4),
        price_rule=PriceRule.MIDPOINT,
    )
    assert rows(match(case), case) == [Trade("a:b", "s", "d", 0, 2, 2.0, 0.125, link="a", min_fraction=1.0)]


def test_a_trade_of_two_orders_with_terms_joins_their_links() -> None:
    case = street(
        ask("a", "s1", 3.0, 0.05, end=2, block=True),
        bid("b", "d1", 2.0, 0.20, end=2, min_fraction=0.5),
        bid("c", "d2", 9.0, 0.10, end=2),
        ask("e", "s2", 9.0, 0.09, end=2),
    )
    joined = {"link": "a", "min_fraction": 0.5}
    assert rows(match(case), case) == [
        Trade("a:b", "s1", "d1", 0, 1, 2.0, 0.05, **joined),
        Trade("a:c", "s1", "d2", 0, 2, 1.0, 0.05, **joined),
        Trade("e:c", "s2", "d2", 0, 2, 8.0, 0.09),
        Trade("a:b#2", "s1", "d1", 1, 2, 2.0, 0.05, **joined),
    ]


def test_a_block_over_one_period_makes_no_link_without_a_least_fraction() -> None:
    orders = (bid("b", "d1", 2.0, 0.20), bid("c", "d2", 0.5, 0.10))
    whole = ask("a", "s", 5.0, 0.05, block=True)
    case = street(whole, *orders, periods=1)
    assert rows(match(case), case) == [
        Trade("a:b", "s", "d1", 0, 1, 2.0, 0.05),
        Trade("a:c", "s", "d2", 0, 1, 0.5, 0.05),
    ]
    case = street(replace(whole, min_fraction=0.25), *orders, periods=1)
    assert [(trade.link, trade.min_fraction) for trade in rows(match(case), case)] == [("a", 0.5)] * 2


def test_a_block_without_a_practical_limit_trades_what_every_period_has() -> None:
    case = street(
        ask("a", "s", POWER_MAX_KW, 0.05, end=2, block=True),
        bid("b", "d", POWER_MAX_KW, 0.20, end=2),
        generation_kw={"s": [2.0, 1.5]},
    )
    assert rows(match(case), case) == [Trade("a:b", "s", "d", 0, 2, 1.5, 0.05, link="a")]


def test_links_of_bilateral_trades_keep_their_names_to_themselves() -> None:
    case = street(
        ask("a", "s", 3.0, 0.05, end=2, block=True),
        bid("b", "d", 2.0, 0.20, end=2),
        generation_kw={"s9": [9.0, 9.0]},
        load_kw={"d9": [9.0, 9.0]},
        bilateral=[Trade("t", "s9", "d9", 0, 2, 1.0, 0.1, link="a", group="g")],
    )
    both = combined(case.trades, match(case))
    assert [(trade.id, trade.link, trade.group) for trade in rows(both, case)] == [
        ("t", "a", "g"),
        ("a:b", "a#2", ""),
    ]


def test_commitments_use_up_capacity_and_names() -> None:
    case = street(
        ask("a", "s", BIG, 0.05, end=2),
        bid("b", "d", BIG, 0.20, end=2),
        generation_kw={"s": [3.0, 3.0]},
        commitments=[Trade("a:b", "s", "d", 0, 1, 1.0, 0.1), Trade("a:b", "s", "d", 1, 2, 0.5, 0.1)],
    )
    assert brief(case) == [("a:b#2", 0, 1, 2.0), ("a:b#3", 1, 2, 2.5)]
    elsewhere = replace(
        case,
        commitments=replace(case.commitments, seller=case.commitments.buyer, buyer=case.commitments.seller),
    )
    assert brief(elsewhere) == [("a:b#2", 0, 2, 3.0)]


def test_committed_purchases_use_up_demand() -> None:
    case = street(
        ask("a", "s", BIG, 0.05),
        bid("b", "d", BIG, 0.20),
        load_kw={"d": [4.0]},
        commitments=[Trade("t", "s", "d", 0, 1, 2.5, 0.1)],
        periods=1,
    )
    assert brief(case) == [("a:b", 0, 1, 1.5)]


def test_nothing_is_matched_in_a_closed_period_and_so_no_block_that_needs_it() -> None:
    orders = (ask("a", "s", 2.0, 0.05, end=4), bid("b", "d", 9.0, 0.20, end=4))
    assert brief(street(*orders, periods=4, first_open=2)) == [("a:b", 2, 4, 2.0)]
    block = replace(orders[0], block=True)
    assert brief(street(block, orders[1], periods=4, first_open=2)) == []
    later = replace(block, start=2)
    assert brief(street(later, orders[1], periods=4, first_open=2)) == [("a:b", 2, 4, 2.0)]
    assert brief(street(*orders, periods=4, first_open=4)) == []


@pytest.mark.parametrize("table_format", TableFormat)
def test_matched_terms_read_back_the_same(table_format: TableFormat, tmp_path: Path) -> None:
    example = read_case(write_example(tmp_path / "example"))
    given = market(
        ask("o, 1", "h1", 2.0, 0.05, end=4, block=True, min_fraction=0.3),
        bid("o2", "h2", 1.0, 0.10, end=4, min_fraction=0.7),
        bid("o3", "h3", 0.5, 0.20, end=4, group="g"),
        bid("o4", "h3", 0.5, 0.10, end=4, group="g"),
        generation_kw={"h1": [1.3, 2.0, 3.0, 4.0]},
        load_kw={"h2": [2.0] * 4, "h3": [2.0] * 4},
    )
    case = replace(example, orders=given.orders, profiles=given.profiles, trades=Trades.none())
    trades = match(case)
    assert trades.terms.link_names == ("o, 1",)
    assert trades.terms.min_fraction.tolist() == [0.875] * len(trades)
    write_case(case, tmp_path / "case", table_format)
    assert rows(match(read_case(tmp_path / "case")), case) == rows(trades, case)
    write_trades(case, trades, tmp_path / "case", table_format)
    back = read_case(tmp_path / "case").trades
    assert rows(back, case) == rows(trades, case)
    assert back.terms.link_names == trades.terms.link_names
