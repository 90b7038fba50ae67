"""The network auction against an independent optimum of its own, and its prices against differences."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridpact import Case, Clearance, Limits, NetworkSource, Orders, Profiles, clear
from gridpact.grid.pandapower.builtin import builtin_net
from tests.auctions.made import DOUBLE_AUCTION, order_case, orders_of, pairs_of, welfare_per_hour
from tests.exact import ExactPeriod
from tests.market import ask, bid, market
from tests.phases.cases import LIMITS, PHASES, network_source

CIGRE, KERBER = "pandapower/cigre_lv", "pandapower/kerber_landnetz_freileitung_1"
STEP_KW = 1e-2


@pytest.mark.parametrize(
    ("network", "seed", "choices"),
    [
        (CIGRE, 0, {"power_kw": 90.0}),
        (CIGRE, 2, {"power_kw": 60.0, "sellers": 6, "buyers": 7, "firm": 0.3, "power_factor": 0.95}),
        (CIGRE, 1, {"power_kw": 90.0, "exports": 0.5}),
        (KERBER, 0, {"power_kw": 60.0, "sellers": 6, "buyers": 7, "firm": 0.3, "power_factor": 0.95}),
        (KERBER, 1, {"power_kw": 90.0}),
        (CIGRE, 3, {"power_kw": 30.0}),
    ],
)
def test_the_welfare_is_that_of_an_independent_optimum(
    network: str, seed: int, choices: dict[str, float]
) -> None:
    case = order_case(seed, network, **choices)
    clearance = clear(case)
    pairs, worth = pairs_of(case)
    net, _ = builtin_net(NetworkSource(builtin=network))
    best = ExactPeriod(net, pairs).solve(weights=worth).objective
    assert welfare_per_hour(clearance) == pytest.approx(best, rel=1e-4)
    assert clearance.verification.status == "cleared"
    state = clearance.network_state  # within the case's own limits, though the bare network may break them
    assert state["limit_min"].min() > 0.9 - 1e-6
    assert state["limit_max"].max() < 100.0 + 1e-4
    _check_orders(case, clearance)


def _check_orders(case: Case, clearance: Clearance) -> None:
    """What holds of any auction: balance, bounds, and nobody worse than its limit price."""
    table, found = clearance.orders, clearance.cleared_orders
    assert found is not None
    sells = (table["side"] == "sell").to_numpy()
    cleared, offered = table["cleared_kw"].to_numpy(), table["offered_kw"].to_numpy()
    limit, price = table["limit_price_per_kwh"].to_numpy(), table["price_per_kwh"].to_numpy()
    assert cleared[sells].sum() == pytest.approx(cleared[~sells].sum(), abs=1e-8)
    assert (cleared >= 0.0).all() and (cleared <= offered + 1e-9).all()
    trades = cleared > 0.0
    assert (price[trades & sells] >= limit[trades & sells]).all()
    assert (price[trades & ~sells] <= limit[trades & ~sells]).all()
    # Who does not clear in full has no better price than its limit.
    open_ = cleared < offered - 1e-5
    assert (price[open_ & sells] <= limit[open_ & sells] + 1e-5).all()
    assert (price[open_ & ~sells] >= limit[open_ & ~sells] - 1e-5).all()
    rent = float((np.where(sells, -1.0, 1.0) * cleared * price).sum()) * case.horizon.hours_per_period
    assert clearance.summary["auction"]["congestion_rent"] == pytest.approx(rent, abs=1e-6)
    pairs = clearance.cleared
    paid = float(((pairs["price_per_kwh"] - pairs["seller_price_per_kwh"]) * pairs["cleared_kw"]).sum())
    assert paid * case.horizon.hours_per_period == pytest.approx(rent, abs=1e-6)
    assert pairs["cleared_kw"].sum() == pytest.approx(cleared[sells].sum(), abs=1e-8)


@pytest.mark.parametrize(("network", "seed"), [(CIGRE, 0), (CIGRE, 1), (CIGRE, 2), (KERBER, 0), (KERBER, 1)])
def test_a_price_is_what_a_little_more_sold_or_bought_there_adds(network: str, seed: int) -> None:
    case = order_case(seed, network, power_kw=90.0)
    clearance = clear(case)
    before, price = welfare_per_hour(clearance), clearance.orders["price_per_kwh"].to_numpy()
    assert len(clearance.limits) and np.ptp(price) > 1e-3
    for place in range(len(case.orders)):
        gained = (welfare_per_hour(clear(_with_a_little_more(case, place))) - before) / STEP_KW
        worth = gained if case.orders.sells[place] else 1.0 - gained
        assert price[place] == pytest.approx(worth, rel=1e-2), place


def _with_a_little_more(case: Case, place: int) -> Case:
    """The case with a little more sold for nothing, or bought at any price, by who gave an order."""
    orders, profiles = case.orders, case.profiles
    who, sells = int(orders.participant[place]), bool(orders.sells[place])
    has = np.where(orders.sells, profiles.surplus_kw[0, orders.participant], 0.0)
    has = np.where(orders.sells, has, profiles.residual_demand_kw[0, orders.participant])
    more = orders_of(
        np.append(orders.participant, who),
        np.append(orders.sells, sells),
        np.append(has, STEP_KW),
        np.append(orders.price_per_kwh, 0.0 if sells else 1.0),
    )
    load_kw, generation_kw = profiles.load_kw.copy(), profiles.generation_kw.copy()
    (generation_kw if sells else load_kw)[0, who] += STEP_KW
    return replace(case, orders=more, profiles=Profiles(load_kw=load_kw, generation_kw=generation_kw))


@pytest.mark.parametrize("seed", range(6))
def test_without_congestion_it_is_the_double_auction_at_the_midpoint_of_its_interval(seed: int) -> None:
    case = order_case(seed, CIGRE, power_kw=8.0)
    clearance, matched = clear(case), clear(replace(case, mechanism=DOUBLE_AUCTION, price_rule="uniform"))
    assert not len(clearance.limits)
    assert clearance.summary["cleared_kwh"] == pytest.approx(matched.summary["cleared_kwh"], abs=1e-9)
    assert clearance.cleared["cleared_kw"].tolist() == matched.cleared["cleared_kw"].tolist()
    prices = clearance.orders["price_per_kwh"]
    assert prices.to_numpy() == pytest.approx(matched.cleared["price_per_kwh"].iloc[0], abs=1e-8)
    assert clearance.summary["auction"]["congestion_rent"] == 0.0


@pytest.mark.parametrize("mechanism", ["double-auction", "network-auction"])
def test_one_price_is_the_midpoint_of_the_prices_at_which_exactly_this_clears(mechanism: str) -> None:
    """Asks 0.10 and 0.40, bids 0.30 and 0.25: the last matched pair has 0.20, where 0.25 to 0.30 clear."""
    case = market(
        ask("a", "s", 1.0, 0.10),
        ask("b", "t", 1.0, 0.40),
        bid("c", "u", 1.0, 0.30),
        bid("d", "v", 1.0, 0.25),
        generation_kw={"s": [2.0], "t": [2.0]},
        load_kw={"u": [2.0], "v": [2.0]},
        price_rule="uniform",
    )
    clearance = clear(replace(case, formulation="ac", mechanism=mechanism))
    assert clearance.cleared["cleared_kw"].tolist() == [1.0]
    assert clearance.cleared["price_per_kwh"].tolist() == pytest.approx([0.275])


def test_where_nothing_meets_there_is_no_price() -> None:
    case = market(
        ask("a", "s", 1.0, 0.40),
        bid("c", "u", 1.0, 0.30),
        generation_kw={"s": [2.0]},
        load_kw={"u": [2.0]},
    )
    clearance = clear(replace(case, formulation="ac", mechanism="network-auction"))
    assert clearance.orders["price_per_kwh"].isna().all()
    assert not len(clearance.cleared)
    assert clearance.summary["auction"]["lowest_price_per_kwh"] is None


def test_many_orders_clear_by_the_method_for_many_variables() -> None:
    case = order_case(2, "pandapower/kerber_vorstadtnetz_kabel_1", sellers=60, buyers=80, power_kw=45.0)
    clearance = clear(case)
    assert clearance.summary["solves"]["optimal"] == 1
    assert len(clearance.limits)
    _check_orders(case, clearance)
    cut = clear(replace(case, mechanism=DOUBLE_AUCTION))
    price = dict(zip(case.orders.ids, case.orders.price_per_kwh.tolist(), strict=True))
    sides = [name.split("#")[0].split(":") for name in cut.cleared["trade"]]
    worth = np.array([price[bought] - price[sold] for sold, bought in sides])
    assert welfare_per_hour(clearance) > worth @ cut.cleared["cleared_kw"].to_numpy() + 1.0


def test_feed_in_may_help_orders_and_makes_way_for_them() -> None:
    case = order_case(4, KERBER, sellers=5, buyers=4, power_kw=90.0, exports=1.0)
    case = replace(case, feed_in="after-trades", limits=Limits(voltage_max_pu=1.01))
    clearance = clear(case)
    assert clearance.verification.status == "cleared"
    assert clearance.curtailed["curtailed_kw"].sum() > 1.0
    _check_orders(case, clearance)
    without = clear(replace(case, participants=replace(case.participants, exports=False)))
    assert welfare_per_hour(clearance) > welfare_per_hour(without) + 0.1  # what is fed in relieves a line
    firm = clear(replace(case, feed_in="firm"))
    assert firm.verification.status != "cleared"


@pytest.mark.parametrize("seed", [4, 24])
def test_who_feeds_in_anyhow_is_not_paid_for_what_its_injection_relieves(seed: int) -> None:
    """Its ask trades in part, so its limit is its price, though a kW more injected there is worth more."""
    case = order_case(
        seed, KERBER, sellers=5, buyers=4, power_kw=70.0, exports=0.8, firm=0.7, power_factor=0.95
    )
    clearance = clear(replace(case, feed_in="after-trades"))
    _check_orders(case, clearance)
    table, worth = clearance.orders, clearance.prices.groupby("participant")["injected"].sum()
    in_part = table[(table["side"] == "sell") & (table["cleared_kw"] > 1.0)]
    in_part = in_part[in_part["cleared_kw"] < in_part["offered_kw"] - 1.0]
    assert in_part["price_per_kwh"].tolist() == in_part["limit_price_per_kwh"].tolist()
    assert (worth[in_part["participant"]].to_numpy() > in_part["price_per_kwh"].to_numpy() + 1e-3).any()


@pytest.mark.parametrize("network_format", ["pandapower", "power-grid-model"])
def test_three_phases_have_prices_of_their_own(network_format: str, tmp_path: Path) -> None:
    """Phases a, b and c of one bus are priced apart where one of them is at its limit."""
    source = network_source(network_format, tmp_path)
    case = order_case(3, source, sellers=3, buyers=3, power_kw=60.0, limits=LIMITS)
    case = replace(case, participants=replace(case.participants, phases=PHASES))
    clearance = clear(case)
    assert clearance.verification.status == "cleared"
    assert len(clearance.limits) and set(clearance.limits["phase"]) - {""}
    _check_orders(case, clearance)
    before, price = welfare_per_hour(clearance), clearance.orders["price_per_kwh"].to_numpy()
    for place in range(len(case.orders)):
        gained = (welfare_per_hour(clear(_with_a_little_more(case, place))) - before) / STEP_KW
        worth = gained if case.orders.sells[place] else 1.0 - gained
        assert price[place] == pytest.approx(worth, rel=1e-2), place


def test_the_order_and_the_names_of_orders_change_nothing() -> None:
    case = order_case(0, KERBER, power_kw=90.0)
    turned = np.arange(len(case.orders))[::-1]
    orders = case.orders
    other = Orders(
        ids=tuple(f"x{orders.ids[k]}" for k in turned.tolist()),
        participant=orders.participant[turned],
        sells=orders.sells[turned],
        start=orders.start[turned],
        end=orders.end[turned],
        power_kw=orders.power_kw[turned],
        price_per_kwh=orders.price_per_kwh[turned],
    )
    first, second = clear(case).orders, clear(replace(case, orders=other)).orders
    again = second.set_index("participant").loc[first["participant"]]
    assert again["cleared_kw"].to_numpy() == pytest.approx(first["cleared_kw"].to_numpy(), abs=1e-4)
    assert again["price_per_kwh"].to_numpy() == pytest.approx(first["price_per_kwh"].to_numpy(), abs=1e-6)


def test_what_is_stopped_is_safe_and_nobody_is_worse_than_its_limit() -> None:
    """A share of the draft clears, at the price of the draft."""
    case = order_case(0, KERBER, power_kw=90.0)
    stopped = clear(case, cancel=lambda: True)
    assert stopped.summary["solves"]["best_found"] == 1
    assert stopped.verification.status == "cleared"
    table, best = stopped.orders, clear(case)
    sells, cleared = (table["side"] == "sell").to_numpy(), table["cleared_kw"].to_numpy()
    price, limit = table["price_per_kwh"].to_numpy(), table["limit_price_per_kwh"].to_numpy()
    assert cleared[sells].sum() == pytest.approx(cleared[~sells].sum(), abs=1e-8)
    assert 0.0 < welfare_per_hour(stopped) < welfare_per_hour(best)
    assert np.where(sells, price >= limit, price <= limit)[cleared > 0.0].all()
    assert np.ptp(price[cleared > 0.0]) == 0.0
