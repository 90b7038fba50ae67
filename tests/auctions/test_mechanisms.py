"""The mechanisms beside the double auction: what they match, and at which price."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridpact import Case, InvalidCase, match
from gridpact.matching.mechanisms.pro_rata import shares
from tests.market import Trade, ask, bid, market

SUPPLY, FEED_IN = 0.30, 0.06
RATE = (SUPPLY + FEED_IN) / 2.0
PRICES = {"supply_price_per_kwh": SUPPLY, "feed_in_price_per_kwh": FEED_IN}


def community(surplus_kw: tuple[float, ...], demand_kw: tuple[float, ...], mechanism: str) -> Case:
    """Everybody offers all, and asks for all, at any price."""
    asks = [ask(f"a{k}", f"s{k}", 900.0, 0.0) for k in range(len(surplus_kw))]
    bids = [bid(f"b{k}", f"d{k}", 900.0, 1.0) for k in range(len(demand_kw))]
    case = market(
        *asks,
        *bids,
        generation_kw={f"s{k}": [power] for k, power in enumerate(surplus_kw)},
        load_kw={f"d{k}": [power] for k, power in enumerate(demand_kw)},
    )
    needs = PRICES if mechanism == "mid-market-rate" else {}
    return replace(case, mechanism=mechanism, mechanism_settings=needs)


def totals(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """What each participant sells and buys, kW."""
    trades, people = match(case), len(case.participants)
    return (
        np.bincount(trades.seller, trades.power_kw, people),
        np.bincount(trades.buyer, trades.power_kw, people),
    )


def test_pay_as_bid_is_the_double_auction_at_the_bids() -> None:
    case = market(
        ask("a1", "s1", 2.0, 0.05),
        ask("a2", "s2", 2.0, 0.10),
        ask("a3", "s3", 2.0, 0.30),
        bid("b1", "d1", 3.0, 0.25),
        bid("b2", "d2", 2.0, 0.15),
        generation_kw={"s1": [9.0], "s2": [9.0], "s3": [9.0]},
        load_kw={"d1": [9.0], "d2": [9.0]},
    )
    own, double = match(replace(case, mechanism="pay-as-bid")), match(case)
    assert own.ids == double.ids
    assert own.power_kw.tolist() == double.power_kw.tolist()
    assert own.price_per_kwh.tolist() == [0.25, 0.25, 0.15]
    assert own.received_per_kwh.tolist() == [0.25, 0.25, 0.15]


def test_pay_as_bid_keeps_the_terms_of_orders() -> None:
    case = market(
        ask("a", "s", 4.0, 0.05, min_fraction=0.8),
        bid("b", "d", 2.0, 0.25),
        generation_kw={"s": [9.0]},
        load_kw={"d": [9.0]},
    )
    assert not len(match(replace(case, mechanism="pay-as-bid")))


SURPLUS, DEMAND = (3.0, 1.5), (1.0, 2.0, 3.0)


@pytest.mark.parametrize(("surplus", "demand"), [(SURPLUS, DEMAND), (DEMAND, SURPLUS), ((2.0,), (2.0,))])
@pytest.mark.parametrize("mechanism", ["mid-market-rate", "bill-sharing"])
def test_members_pay_what_the_published_formulas_say(
    surplus: tuple[float, ...], demand: tuple[float, ...], mechanism: str
) -> None:
    """The prices of Long et al. (2017) for import and export, with the retailer's part blended in."""
    case = community(surplus, demand, mechanism)
    made, used = sum(surplus), sum(demand)
    bought_in, fed_in = max(used - made, 0.0), max(made - used, 0.0)
    if mechanism == "mid-market-rate":
        import_price = (min(made, used) * RATE + bought_in * SUPPLY) / used
        export_price = (min(made, used) * RATE + fed_in * FEED_IN) / made
        rate = RATE
    else:
        import_price, export_price, rate = bought_in * SUPPLY / used, fed_in * FEED_IN / made, 0.0
    sold, bought = totals(case)
    trades = match(case)
    assert trades.price_per_kwh.tolist() == pytest.approx([rate] * len(trades))
    has = np.array([*surplus, *[0.0] * len(demand)]), np.array([*[0.0] * len(surplus), *demand])
    received = sold * rate + (has[0] - sold) * FEED_IN
    paid = bought * rate + (has[1] - bought) * SUPPLY
    assert received == pytest.approx(has[0] * export_price)
    assert paid == pytest.approx(has[1] * import_price)


def test_an_order_that_does_not_accept_the_rate_takes_no_part() -> None:
    case = market(
        ask("a", "s", 2.0, RATE),
        ask("b", "t", 2.0, RATE + 0.01),
        bid("c", "d", 2.0, RATE),
        bid("e", "f", 2.0, RATE - 0.01),
        generation_kw={"s": [9.0], "t": [9.0]},
        load_kw={"d": [9.0], "f": [9.0]},
    )
    chosen = replace(case, mechanism="mid-market-rate", mechanism_settings=PRICES)
    assert match(chosen).ids == ("a:c",)
    assert not len(match(replace(case, mechanism="bill-sharing")))


def test_a_community_shares_what_trades_and_closed_periods_leave() -> None:
    case = market(
        ask("a", "s", 9.0, 0.0, end=2),
        bid("b", "d", 9.0, 1.0, end=2),
        generation_kw={"s": [5.0, 5.0]},
        load_kw={"d": [9.0, 9.0]},
        bilateral=[Trade("t", "s", "d", 0, 2, 2.0, 0.2)],
        first_open=1,
    )
    trades = match(replace(case, mechanism="bill-sharing"))
    assert (trades.start.tolist(), trades.end.tolist(), trades.power_kw.tolist()) == ([1], [2], [3.0])


def test_terms_are_refused_by_mechanisms_that_do_not_keep_them() -> None:
    case = market(
        ask("a", "s", 2.0, 0.0, block=True, end=2),
        bid("b", "d", 2.0, 1.0),
        generation_kw={"s": [9.0, 9.0]},
        load_kw={"d": [9.0, 9.0]},
    )
    with pytest.raises(InvalidCase, match="is a term, and the mechanism 'bill-sharing' keeps none"):
        replace(case, mechanism="bill-sharing")
    with pytest.raises(InvalidCase, match=r"supply_price_per_kwh.* is missing"):
        replace(case, mechanism="mid-market-rate")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 10**15), min_size=1, max_size=8),
    st.integers(0, 10**15),
)
def test_shares_are_whole_and_in_proportion(offered: list[int], volume: int) -> None:
    volume = min(volume, sum(offered))
    found = shares(np.array(offered), volume)
    assert int(found.sum()) == volume
    exact = [one * volume / sum(offered) for one in offered]
    pairs = zip(found.tolist(), exact, strict=True)
    assert all(abs(one - share) <= 1.0 + share * 1e-15 for one, share in pairs)
    assert all(one <= most for one, most in zip(found.tolist(), offered, strict=True))


def test_a_seller_receives_what_the_buyer_pays_where_nothing_else_is_said() -> None:
    trades = match(community(SURPLUS, DEMAND, "bill-sharing"))
    dearer = replace(trades, price_per_kwh=np.full(len(trades), 0.3))
    assert dearer.received_per_kwh.tolist() == dearer.price_per_kwh.tolist()
