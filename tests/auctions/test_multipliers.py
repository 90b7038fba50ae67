"""Duals, sensitivities and prices of a clearance, against finite differences and another power flow."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gridpact import Case, Clearance, InvalidUsage, NetworkSource, Profiles, clear
from gridpact.grid.pandapower.builtin import builtin_net
from gridpact.published import cigre_extreme
from tests.auctions.made import order_case
from tests.exact import operated
from tests.phases.cases import LIMITS, PHASES, network_source

STEP_KW, STEP_PU = 0.05, 2e-5
HOMES = ("home-35", "home-37", "home-41", "home-12")


@pytest.fixture(scope="module")
def extreme() -> Clearance:
    return clear(cigre_extreme())


def volume_kw(case: Case) -> float:
    return clear(case).summary["cleared_kwh"] / case.horizon.hours_per_period


def test_a_dual_is_what_a_unit_more_of_its_limit_adds(extreme: Clearance) -> None:
    assert set(extreme.duals["limited_by"]) == {"voltage_min"} and set(extreme.duals["unit"]) == {"pu"}
    ends = []
    for sign in (1.0, -1.0):
        limits = replace(extreme.case.limits, voltage_min_pu=0.9 + sign * STEP_PU)
        ends.append(volume_kw(replace(extreme.case, limits=limits)))
    slope = (ends[1] - ends[0]) / (2.0 * STEP_PU)
    assert extreme.duals["dual"].sum() == pytest.approx(slope, rel=1e-2)
    moved = extreme.duals["dual"] * extreme.duals["limit"] / 100.0
    assert moved.tolist() == pytest.approx(extreme.limits["shadow_price"].tolist())


@pytest.mark.parametrize("home", HOMES)
def test_a_price_is_the_volume_that_a_kw_less_drawn_adds(extreme: Clearance, home: str) -> None:
    case, prices = extreme.case, extreme.prices
    who = case.participants.ids.index(home)
    ends = []
    for sign in (1.0, -1.0):
        load_kw = case.profiles.load_kw.copy()
        load_kw[:, who] -= sign * STEP_KW
        profiles = Profiles(load_kw=load_kw, generation_kw=case.profiles.generation_kw)
        ends.append(volume_kw(replace(case, profiles=profiles)))
    slope = (ends[0] - ends[1]) / (2.0 * STEP_KW)
    mine = prices[prices["participant"] == home]
    assert -mine["drawn"].sum() == pytest.approx(slope, rel=1e-2, abs=1e-4)
    assert set(mine["element"]) == set(extreme.limits["element"])


def test_a_sensitivity_is_that_of_another_power_flow(extreme: Clearance) -> None:
    case, table = extreme.case, extreme.sensitivities
    net, _ = builtin_net(NetworkSource(builtin="pandapower/cigre_lv"))
    people = case.participants
    injection = extreme.dispatch.injection(people)
    for place in (people.ids.index(name) for name in ("pv-36", "flexible-37", "home-35")):
        mine = table[table["participant"] == people.ids[place]].set_index("element")
        for column, sign, tan in (
            ("injected", 1.0, people.generation_tan_phi[place]),
            ("drawn", -1.0, people.load_tan_phi[place]),
        ):
            ends = []
            for step in (STEP_KW, -STEP_KW):
                p_kw, q_kvar = injection.p_kw[0].copy(), injection.q_kvar[0].copy()
                p_kw[place] += sign * step
                q_kvar[place] += sign * step * tan
                ends.append(operated(net, people.bus, p_kw, q_kvar).res_bus.vm_pu)
            slope = (ends[0] - ends[1]) / (2.0 * STEP_KW)
            for element, value in mine[column].items():
                assert value == pytest.approx(slope[int(element)], rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("network_format", ["", "power-grid-model"])
def test_prices_of_an_auction_add_up_to_those_of_its_orders(network_format: str, tmp_path: Path) -> None:
    """What a kWh is worth in balance, and by each limit: in balanced and in three-phase networks."""
    if network_format:
        source = network_source(network_format, tmp_path)
        case = order_case(3, source, sellers=3, buyers=3, power_kw=60.0, limits=LIMITS)
        case = replace(case, participants=replace(case.participants, phases=PHASES))
    else:
        network = "pandapower/kerber_landnetz_freileitung_1"
        case = order_case(0, network, power_kw=60.0, sellers=6, buyers=7, power_factor=0.95)
    clearance = clear(case)
    assert len(clearance.limits)
    total = clearance.prices.groupby("participant")[["injected", "drawn"]].sum()
    for row in clearance.orders.itertuples():
        own = total["injected"] if row.side == "sell" else -total["drawn"]
        assert own[row.participant] == pytest.approx(row.price_per_kwh, rel=1e-4)
    assert clearance.prices["limited_by"].iloc[0] == "balance"
    assert ("phase" in clearance.prices) == bool(network_format)


def test_other_states_have_no_sensitivities_and_other_rules_no_duals(extreme: Clearance) -> None:
    lossless = clear(
        replace(
            extreme.case, formulation="dc", limits=replace(extreme.case.limits, line_loading_max_percent=10.0)
        )
    )
    assert np.isfinite(lossless.duals["dual"]).all() and len(lossless.duals)
    with pytest.raises(InvalidUsage, match="has no sensitivities of exact AC"):
        _ = lossless.sensitivities
    robust = clear(replace(extreme.case, robustness="declared"))
    with pytest.raises(InvalidUsage, match="worst outage have no sensitivities in the schedule"):
        _ = robust.prices
    fair = clear(replace(extreme.case, allocation="max-min"))
    assert fair.duals["dual"].isna().all() and fair.sensitivities["injected"].notna().all()
    assert fair.prices["injected"].isna().all()
