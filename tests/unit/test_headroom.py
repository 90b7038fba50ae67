"""Headroom: closed forms, pandapower's power flow, the clearing of the same trades, and what must hold."""

from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pytest

import gridpact
from gridpact.arrays import Float, frozen
from gridpact.case import Allocation, Case, Formulation, Orders, Participants, Trades
from gridpact.case.profiles import Profiles
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.injection import (
    Injection,
    at_nodes,
    injection,
    participant_bus_position,
    used_kw,
)
from gridpact.clearing.network.network_state import nominal_limits, operate, relaxed_limits
from gridpact.clearing.problem.solution import LimitedBy, PeriodStatus
from gridpact.grid.limits import Limits
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from gridpact.trading_headroom import Headroom
from tests.injections import made_kw
from tests.instances import make_case, make_participants, make_trades, random_case

VOLTAGE_KV, OHM_R, OHM_X = 0.4, 0.3, 0.1
FOUND_KW = 2e-6


def two_bus_case(
    folder: Path, *, load_kw: float, generation_kw: float, max_i_ka: float = 5.0, **limits: float
) -> Case:
    """One elastic participant at the end of one line behind a supply at 1 pu; another line is idle."""
    net = pp.create_empty_network()
    supply, end, idle = (pp.create_bus(net, VOLTAGE_KV) for _ in range(3))
    pp.create_ext_grid(net, supply)
    pp.create_line_from_parameters(net, supply, end, 1.0, OHM_R, OHM_X, 0.0, max_i_ka)
    pp.create_line_from_parameters(net, supply, idle, 1.0, OHM_R, OHM_X, 0.0, max_i_ka)
    pp.to_json(net, str(folder / "network.json"))
    case = make_case(
        make_participants([int(end)], [False], [False]),
        [[load_kw]],
        [[generation_kw]],
        Trades.none(),
        network="pandapower/cigre_lv",  # until it is replaced
        limits=Limits(**limits),
    )
    return replace(case, network=NetworkSource(file=folder / "network.json"), formulation=Formulation.AC)


def impedance_per_mw() -> tuple[float, float]:
    """Resistance and reactance in pu on a base of 1 MW."""
    return OHM_R / VOLTAGE_KV**2, OHM_X / VOLTAGE_KV**2


def power_kw_at(voltage_pu: float) -> float:
    """Active power injected at the end of the line that puts it at a voltage, negative where it is drawn.

    v0 v1* = |v1|² − z s*, so with u = |v1|² and no reactive power: u = (u − r p)² + (x p)² at v0 = 1.
    """
    r, x = impedance_per_mw()
    u = voltage_pu**2
    root = sqrt((r * u) ** 2 - (r**2 + x**2) * (u**2 - u))
    return 1e3 * (r * u - root) / (r**2 + x**2)


def power_kw_of(current_ka: float) -> float:
    """Active power injected at the end of the line at a current: v0 = v1 − z i, with i in phase with v1."""
    r, x = impedance_per_mw()
    i = sqrt(3) * VOLTAGE_KV * current_ka
    return 1e3 * i * (r * i + sqrt(1.0 - (x * i) ** 2))


@pytest.mark.parametrize("voltage_max_pu", [1.02, 1.05, 1.1])
def test_a_voltage_limit_gives_the_largest_sale_of_the_formula(tmp_path: Path, voltage_max_pu: float) -> None:
    case = two_bus_case(tmp_path, load_kw=0.0, generation_kw=500.0, voltage_max_pu=voltage_max_pu)
    found = gridpact.headroom(case)
    assert found.sale_alone_kw[0, 0] == pytest.approx(power_kw_at(voltage_max_pu), abs=FOUND_KW)
    assert found.sale_together_kw[0, 0] == pytest.approx(power_kw_at(voltage_max_pu), abs=1e-3)
    assert found.table.loc[0, ["sale_limited_by", "sale_element"]].tolist() == ["voltage_max", "1"]


@pytest.mark.parametrize("voltage_min_pu", [0.98, 0.95, 0.9])
def test_a_voltage_limit_gives_the_largest_purchase_of_the_formula(
    tmp_path: Path, voltage_min_pu: float
) -> None:
    case = two_bus_case(tmp_path, load_kw=90.0, generation_kw=0.0, voltage_min_pu=voltage_min_pu)
    found = gridpact.headroom(case)
    assert found.purchase_alone_kw[0, 0] == pytest.approx(-power_kw_at(voltage_min_pu), abs=FOUND_KW)
    assert found.table.loc[0, ["purchase_limited_by", "purchase_element"]].tolist() == ["voltage_min", "1"]


@pytest.mark.parametrize("percent", [20.0, 80.0])
def test_a_line_gives_the_largest_sale_of_the_formula(tmp_path: Path, percent: float) -> None:
    limits = {"voltage_max_pu": 1.5, "line_loading_max_percent": percent}
    case = two_bus_case(tmp_path, load_kw=0.0, generation_kw=500.0, max_i_ka=0.2, **limits)
    found = gridpact.headroom(case)
    assert found.sale_alone_kw[0, 0] == pytest.approx(power_kw_of(0.2 * percent / 100.0), abs=FOUND_KW)
    assert found.table.loc[0, ["sale_limited_by", "sale_element"]].tolist() == ["line", "0"]


def test_a_load_beyond_what_any_voltage_carries_is_brought_back_to_the_limit(tmp_path: Path) -> None:
    """The whole purchase has no operating point at all."""
    case = two_bus_case(tmp_path, load_kw=5000.0, generation_kw=0.0, voltage_min_pu=0.9)
    found = gridpact.headroom(case)
    assert found.purchase_alone_kw[0, 0] == pytest.approx(-power_kw_at(0.9), abs=FOUND_KW)


def test_what_is_within_every_limit_is_limited_by_the_cap(tmp_path: Path) -> None:
    found = gridpact.headroom(two_bus_case(tmp_path, load_kw=0.5, generation_kw=3.25))
    row = found.table.iloc[0]
    assert row["surplus_kw"] == row["sale_alone_kw"] == row["sale_together_kw"] == 2.75
    assert (row["sale_limited_by"], row["sale_element"]) == ("seller_surplus", "p0")
    assert row["residual_demand_kw"] == row["purchase_alone_kw"] == row["purchase_together_kw"] == 0.0
    assert (row["purchase_limited_by"], row["purchase_element"]) == ("", "")


def test_without_an_operating_point_before_any_trade_there_is_nothing_alone(tmp_path: Path) -> None:
    case = two_bus_case(tmp_path, load_kw=5000.0, generation_kw=0.0)
    case = replace(case, participants=replace(case.participants, firm=frozen([True], np.bool_)))
    found = gridpact.headroom(case)
    assert not found.has_state[0]
    assert found.purchase_alone_kw[0, 0] == 0.0
    assert found.table.loc[0, ["purchase_limited_by", "purchase_element"]].tolist() == ["voltage_min", ""]
    assert "no operating point before any trade" in " ".join(found.summary["notices"])


TIGHT = Limits(
    voltage_min_pu=0.985,
    voltage_max_pu=1.015,
    line_loading_max_percent=20.0,
    transformer_loading_max_percent=25.0,
)


def mixed_case(seed: int, *, power_kw: float = 60.0, periods: int = 2, factors: bool = True) -> Case:
    """Elastic and firm demand, exported and curtailed surplus, power factors, on the 44-bus network."""
    case = random_case(seed, participants=16, trades=1, periods=periods, power_kw=power_kw)
    rng = np.random.default_rng(seed)
    people, count = case.participants, len(case.participants)
    participants = replace(
        people,
        firm=frozen(np.arange(count) % 5 == 0, np.bool_),
        exports=frozen(np.arange(count) % 7 == 0, np.bool_),
        load_power_factor=frozen(rng.uniform(0.85, 1.0, count) if factors else np.ones(count), float),
        generation_power_factor=frozen(rng.uniform(0.85, 1.0, count) if factors else np.ones(count), float),
    )
    profiles = case.profiles
    quiet = np.where(participants.firm, 0.05, 1.0)  # so that the baseline breaks little
    loud = np.where(participants.exports, 0.05, 1.0)
    return replace(
        case,
        participants=participants,
        profiles=Profiles(
            load_kw=frozen(profiles.load_kw * quiet, float),
            generation_kw=frozen(profiles.generation_kw * loud, float),
        ),
        trades=Trades.none(),
        formulation=Formulation.AC,
        limits=TIGHT,
    )


@pytest.fixture(scope="module")
def network() -> Network:
    return gridpact.compile_network(mixed_case(0))


class PandapowerAlone:
    """The 44-bus network in pandapower with the participants of a case, built once."""

    def __init__(self, case: Case, period: int) -> None:
        from pandapower.networks import create_cigre_network_lv

        people, limits = case.participants, case.limits
        self.people, self.limits = people, limits
        self.load, self.generation = case.profiles.load_kw[period], case.profiles.generation_kw[period]
        self.made_tan = np.tan(np.arccos(people.generation_power_factor))
        self.used_tan = np.tan(np.arccos(people.load_power_factor))
        self.net = create_cigre_network_lv()
        self.net.load = self.net.load.iloc[:0]
        pp.create_loads(self.net, people.bus, 0.0)
        pp.create_sgens(self.net, people.bus, 0.0)

    def keeps(self, participant: int, sold_kw: float, bought_kw: float) -> bool:
        """Whether every limit is kept when one participant sells and buys so much, and nobody else."""
        people, one = self.people, np.eye(len(self.people))[participant]
        own_use = np.minimum(self.load, self.generation)
        made = own_use + np.where(people.exports, self.generation - own_use, one * sold_kw)
        used = np.where(people.firm, self.load, own_use + one * bought_kw)
        self.net.load["p_mw"], self.net.load["q_mvar"] = used / 1e3, used * self.used_tan / 1e3
        self.net.sgen["p_mw"], self.net.sgen["q_mvar"] = made / 1e3, made * self.made_tan / 1e3
        pp.runpp(self.net, numba=False, tolerance_mva=1e-10)
        voltage, limits = self.net.res_bus.vm_pu, self.limits
        return bool(
            voltage.between(limits.voltage_min_pu, limits.voltage_max_pu).all()
            and (self.net.res_line.loading_percent <= limits.line_loading_max_percent).all()
            and (self.net.res_trafo.loading_percent <= limits.transformer_loading_max_percent).all()
        )

    def bisected_kw(self, participant: int, *, sells: bool, cap_kw: float) -> float:
        """The most that a participant can sell or buy, by halving."""

        def keeps(kw: float) -> bool:
            return self.keeps(participant, kw * sells, kw * (not sells))

        assert keeps(0.0) and not keeps(cap_kw), "the network is to stop it in this test"
        low, high = 0.0, cap_kw
        while high - low > 2e-4:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if keeps(middle) else (low, middle)
        return low


def test_alone_is_what_bisection_with_pandapower_gives(network: Network) -> None:
    case, period = mixed_case(0), 0
    found, pandapower = gridpact.headroom(case, network), PandapowerAlone(case, period)
    for side in ("sale", "purchase"):
        cap_kw = getattr(found, f"{side}_cap_kw")[period]
        alone_kw = getattr(found, f"{side}_alone_kw")[period]
        stopped = np.flatnonzero(alone_kw < cap_kw)[:3].tolist()
        assert len(stopped) == 3
        for participant in stopped:
            expected = pandapower.bisected_kw(
                participant, sells=side == "sale", cap_kw=float(cap_kw[participant])
            )
            assert alone_kw[participant] == pytest.approx(expected, abs=1e-3)


def alone_injection(case: Case, side: str, power_kw: Float) -> tuple[Injection, np.ndarray]:
    """The injection of each participant, one row for each that trades alone, and the period of each row."""
    period, participant = np.nonzero(power_kw > 0.0)
    traded = np.zeros((len(period), len(case.participants)))
    traded[np.arange(len(period)), participant] = power_kw[period, participant]
    nothing = np.zeros_like(traded)
    sold, bought = (traded, nothing) if side == "sale" else (nothing, traded)
    profiles = Profiles(
        load_kw=case.profiles.load_kw[period], generation_kw=case.profiles.generation_kw[period]
    )
    made, used = (
        made_kw(case.participants, profiles, sold),
        used_kw(case.participants, profiles, bought),
    )
    return injection(case.participants, made, used), period


def excess_by_power_grid_model(
    case: Case, network: Network, side: str, power_kw: Float
) -> tuple[Float, Float]:
    """How far the worst voltage (pu) and loading (points) of each row are beyond the operating limits."""
    rows, period = alone_injection(case, side, power_kw)
    nothing = np.zeros_like(case.profiles.load_kw)
    made, used = (
        made_kw(case.participants, case.profiles, nothing),
        used_kw(case.participants, case.profiles, nothing),
    )
    connected = connections_of(network, case.participants).incidence(len(case.participants), network.nodes)
    baseline = operate(network, at_nodes(connected, injection(case.participants, made, used)))
    limits = relaxed_limits(nominal_limits(network, case.limits, len(nothing)), baseline)
    position = participant_bus_position(network, case.participants)
    flow = run_verification_power_flow(network.verification_model, position, rows.p_kw, rows.q_kvar)
    high = flow.voltage_pu - limits.voltage_max_pu[period]
    low = limits.voltage_min_pu[period] - flow.voltage_pu
    over = flow.loading_percent - limits.loading_max_percent[period]
    return np.maximum(high, low).max(axis=1), over.max(axis=1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("side", ["sale", "purchase"])
def test_each_alone_keeps_every_limit_and_a_little_more_does_not(
    seed: int, side: str, network: Network
) -> None:
    case = mixed_case(seed, power_kw=90.0)
    found = gridpact.headroom(case, network)
    alone_kw, cap_kw = getattr(found, f"{side}_alone_kw"), getattr(found, f"{side}_cap_kw")
    voltage, loading = excess_by_power_grid_model(case, network, side, alone_kw)
    assert voltage.max() <= 1e-6 and loading.max() <= 1e-4
    more_kw = np.where((alone_kw < cap_kw) & (alone_kw > 0.0), alone_kw + 0.5, 0.0)
    assert more_kw.any()
    voltage, loading = excess_by_power_grid_model(case, network, side, more_kw)
    assert np.all((voltage > 1e-6) | (loading > 1e-4))


def test_a_firm_purchase_and_an_exported_sale_change_nothing(network: Network) -> None:
    case = mixed_case(1, power_kw=200.0)
    found, people = gridpact.headroom(case, network), case.participants
    assert (found.purchase_alone_kw < found.purchase_cap_kw)[:, ~people.firm].any()
    assert np.array_equal(found.purchase_alone_kw[:, people.firm], found.purchase_cap_kw[:, people.firm])
    assert np.array_equal(found.sale_alone_kw[:, people.exports], found.sale_cap_kw[:, people.exports])


def broken_case(network: Network) -> Case:
    """Firm loads at two neighbours put their feeder below its voltage; one more buyer and a seller there."""
    return replace(
        make_case(
            make_participants([35, 36, 35, 37, 18], [True, True, False, False, False], [False] * 5),
            [[60.0, 60.0, 20.0, 0.0, 20.0]],
            [[0.0, 0.0, 0.0, 40.0, 0.0]],
            Trades.none(),
            network="pandapower/cigre_lv",
            limits=Limits(voltage_min_pu=0.95),
        ),
        formulation=Formulation.AC,
    )


def test_a_limit_that_is_broken_already_is_never_worsened_and_may_be_relieved(network: Network) -> None:
    found = gridpact.headroom(broken_case(network), network)
    assert found.operating_limits.voltage_min_pu[0].min() < 0.95
    assert found.purchase_alone_kw[0, 2] <= 1e-5
    assert found.sale_alone_kw[0, 3] == 40.0
    assert found.table["purchase_limited_by"].tolist()[2] == "voltage_min"
    assert found.purchase_together_kw[0, 2] > 1.0, "the sale nearby makes room"


def with_trades_at_the_supply(case: Case) -> Case:
    """The same sales and purchases with two participants at the supply's bus, who take and give all of it."""
    surplus, residual = case.profiles.surplus_kw, case.profiles.residual_demand_kw
    people, count = case.participants, len(case.participants)
    taker, giver = count, count + 1
    sale_at, seller = np.nonzero(surplus > 0.0)
    purchase_at, buyer = np.nonzero(residual > 0.0)
    start = np.concatenate([sale_at, purchase_at])
    periods = case.horizon.periods
    plenty, none = np.full((periods, 1), 5e3), np.zeros((periods, 1))
    return replace(
        case,
        participants=Participants(
            ids=(*people.ids, "taker", "giver"),
            bus=frozen([*people.bus, 0, 0], np.int64),
            firm=frozen([*people.firm, True, True], np.bool_),
            exports=frozen([*people.exports, True, True], np.bool_),
            load_power_factor=frozen([*people.load_power_factor, 1.0, 1.0], float),
            generation_power_factor=frozen([*people.generation_power_factor, 1.0, 1.0], float),
            retailer=(*people.retailer, "r", "r"),
        ),
        profiles=Profiles(
            load_kw=frozen(np.hstack([case.profiles.load_kw, plenty, none]), float),
            generation_kw=frozen(np.hstack([case.profiles.generation_kw, none, plenty]), float),
        ),
        trades=make_trades(
            np.concatenate([seller, np.full(len(buyer), giver)]),
            np.concatenate([np.full(len(seller), taker), buyer]),
            start,
            start + 1,
            np.concatenate([surplus[sale_at, seller], residual[purchase_at, buyer]]),
        ),
        orders=Orders.none(),
    )


@pytest.mark.parametrize("rule", Allocation)
def test_together_is_the_clearing_of_the_same_trades_at_the_supply(
    rule: Allocation, network: Network
) -> None:
    case = replace(mixed_case(2, periods=2), allocation=rule)
    found = gridpact.headroom(case, network)
    clearance = gridpact.clear(with_trades_at_the_supply(case), network=network)
    assert clearance.summary["status"] == "cleared"
    count = len(case.participants)
    assert found.sale_together_kw == pytest.approx(clearance.dispatch.p2p_sold_kw[:, :count], abs=1e-3)
    assert found.purchase_together_kw == pytest.approx(clearance.dispatch.p2p_bought_kw[:, :count], abs=1e-3)
    offered = found.sale_cap_kw.sum() + found.purchase_cap_kw.sum()
    assert clearance.summary["cleared_kwh"] < 0.9 * offered * case.horizon.hours_per_period


def test_together_by_dc_is_that_clearing_too_and_says_what_it_does_not_see(network: Network) -> None:
    limits = Limits(line_loading_max_percent=20.0, voltage_min_pu=0.97)
    case = replace(mixed_case(2), formulation=Formulation.DC, limits=limits)
    found = gridpact.headroom(case, network)
    clearance = gridpact.clear(with_trades_at_the_supply(case), network=network)
    count = len(case.participants)
    assert found.sale_together_kw == pytest.approx(clearance.dispatch.p2p_sold_kw[:, :count], abs=1e-6)
    assert clearance.summary["status"] == "limits_broken" and not found.together_kept.all()
    assert "does not see voltages" in " ".join(found.summary["notices"])


@pytest.mark.parametrize("seed", range(4))
def test_together_keeps_every_limit_and_is_within_what_each_has(seed: int, network: Network) -> None:
    found = gridpact.headroom(mixed_case(seed, power_kw=90.0), network)
    assert found.together_kept.all()
    assert np.all(found.sale_together_kw <= found.sale_cap_kw + 1e-9)
    assert np.all(found.purchase_together_kw <= found.purchase_cap_kw + 1e-9)
    assert np.all((found.sale_cap_kw == 0.0) | (found.purchase_cap_kw == 0.0))


@pytest.mark.parametrize("seed", range(4))
def test_where_all_sell_and_none_buys_nobody_gets_more_together_than_alone(
    seed: int, network: Network
) -> None:
    """Without reactive power, every sale raises every voltage and, with little load, every current."""
    case = mixed_case(seed, power_kw=150.0, factors=False)
    case = replace(case, profiles=replace(case.profiles, load_kw=np.zeros_like(case.profiles.load_kw)))
    found = gridpact.headroom(case, network)
    sells = ~case.participants.exports
    assert (found.sale_together_kw < found.sale_alone_kw - 1.0)[:, sells].any()
    assert np.all((found.sale_together_kw <= found.sale_alone_kw + 1e-3)[:, sells])


def reordered(case: Case, order: np.ndarray) -> Case:
    people = case.participants
    return replace(
        case,
        participants=Participants(
            ids=tuple(people.ids[k] for k in order),
            bus=people.bus[order],
            firm=people.firm[order],
            exports=people.exports[order],
            load_power_factor=people.load_power_factor[order],
            generation_power_factor=people.generation_power_factor[order],
            retailer=tuple(people.retailer[k] for k in order),
        ),
        profiles=Profiles(
            load_kw=case.profiles.load_kw[:, order], generation_kw=case.profiles.generation_kw[:, order]
        ),
    )


def test_the_order_of_participants_does_not_matter(network: Network) -> None:
    case = mixed_case(3)
    order = np.random.default_rng(5).permutation(len(case.participants))
    one, other = gridpact.headroom(case, network), gridpact.headroom(reordered(case, order), network)
    for name, tolerance in (("alone", FOUND_KW), ("together", 2e-3)):
        for side in ("sale", "purchase"):
            first, second = getattr(one, f"{side}_{name}_kw"), getattr(other, f"{side}_{name}_kw")
            assert first[:, order] == pytest.approx(second, abs=tolerance)
    assert np.array_equal(one.sale_limited_by[:, order], other.sale_limited_by)


def test_each_period_stands_for_itself(network: Network) -> None:
    case = mixed_case(4, periods=3)
    whole = gridpact.headroom(case, network)
    middle = replace(
        case,
        horizon=replace(case.horizon, periods=1),
        profiles=Profiles(load_kw=case.profiles.load_kw[1:2], generation_kw=case.profiles.generation_kw[1:2]),
    )
    alone = gridpact.headroom(middle, network)
    assert whole.sale_alone_kw[1] == pytest.approx(alone.sale_alone_kw[0], abs=FOUND_KW)
    assert whole.purchase_alone_kw[1] == pytest.approx(alone.purchase_alone_kw[0], abs=FOUND_KW)


def test_trades_and_orders_of_the_case_are_not_looked_at(network: Network) -> None:
    case = mixed_case(0)
    traded = replace(case, trades=make_trades([1], [9], [0], [2], [30.0]))
    one, other = gridpact.headroom(case, network), gridpact.headroom(traded, network)
    assert one.table.equals(other.table)


def committed(case: Case, seller: int, buyer: int, power_kw: float) -> Case:
    periods = case.horizon.periods
    return replace(case, commitments=make_trades([seller], [buyer], [0], [periods], [power_kw]))


def test_commitments_are_part_of_where_it_starts(network: Network) -> None:
    """What one firm sale takes of the network is gone: the same as an exported surplus of that size."""
    case = mixed_case(0, periods=1, factors=False)
    seller, buyer, power_kw = 2, 12, 6.0
    found = gridpact.headroom(committed(case, seller, buyer, power_kw), network)
    load_kw, generation_kw = case.profiles.load_kw.copy(), case.profiles.generation_kw.copy()
    assert min(generation_kw[0, seller] - load_kw[0, seller], load_kw[0, buyer]) > power_kw
    extra = make_participants(case.participants.bus[[seller, buyer]], [True, True], [True, True])
    people = case.participants
    beside = replace(
        case,
        participants=Participants(
            ids=(*people.ids, "x", "y"),
            bus=frozen([*people.bus, *extra.bus], np.int64),
            firm=frozen([*people.firm, True, True], np.bool_),
            exports=frozen([*people.exports, True, True], np.bool_),
            load_power_factor=frozen(np.ones(len(people) + 2), float),
            generation_power_factor=frozen(np.ones(len(people) + 2), float),
            retailer=(*people.retailer, "r", "r"),
        ),
        profiles=Profiles(
            load_kw=frozen(np.hstack([load_kw, [[0.0, power_kw]]]), float),
            generation_kw=frozen(np.hstack([generation_kw, [[power_kw, 0.0]]]), float),
        ),
    )
    expected = gridpact.headroom(beside, network)
    others = [k for k in range(len(people)) if k not in (seller, buyer)]
    assert found.sale_alone_kw[:, others] == pytest.approx(expected.sale_alone_kw[:, others], abs=1e-4)
    assert found.purchase_alone_kw[:, others] == pytest.approx(
        expected.purchase_alone_kw[:, others], abs=1e-4
    )
    assert found.sale_cap_kw[0, seller] == pytest.approx(case.profiles.surplus_kw[0, seller] - power_kw)
    before = gridpact.headroom(case, network)
    assert np.abs(found.sale_alone_kw - before.sale_alone_kw)[:, others].max() > 0.01


def test_all_that_is_committed_leaves_nothing(network: Network) -> None:
    case = mixed_case(0, periods=1)
    power_kw = float(case.profiles.surplus_kw[0, 1])
    found = gridpact.headroom(committed(case, 1, 12, power_kw), network)
    assert found.sale_cap_kw[0, 1] == found.sale_alone_kw[0, 1] == found.sale_together_kw[0, 1] == 0.0
    assert found.surplus_kw[0, 1] == power_kw


def test_a_commitment_that_the_forecast_no_longer_covers_counts_as_far_as_it_is_kept(
    network: Network,
) -> None:
    case = mixed_case(0, periods=1)
    surplus_kw = float(case.profiles.surplus_kw[0, 1])
    covered = gridpact.headroom(committed(case, 1, 12, surplus_kw), network)
    beyond = gridpact.headroom(committed(case, 1, 12, surplus_kw + 5.0), network)
    assert case.profiles.residual_demand_kw[0, 12] > surplus_kw + 5.0
    for name in ("sale_cap_kw", "sale_alone_kw", "purchase_cap_kw", "purchase_alone_kw"):
        assert getattr(beyond, name) == pytest.approx(getattr(covered, name), abs=1e-4)


def test_closed_periods_offer_nothing(network: Network) -> None:
    case = mixed_case(0, periods=3)
    whole, found = gridpact.headroom(case, network), gridpact.headroom(replace(case, first_open=2), network)
    assert not found.sale_alone_kw[:2].any() and not found.purchase_together_kw[:2].any()
    assert found.sale_alone_kw[2] == pytest.approx(whole.sale_alone_kw[2], abs=FOUND_KW)
    assert "The first 2 periods are closed" in " ".join(found.summary["notices"])


def test_a_network_without_ratings(tmp_path: Path) -> None:
    case = two_bus_case(tmp_path, load_kw=90.0, generation_kw=0.0)
    net: Any = pp.create_empty_network()
    supply, end, idle = (pp.create_bus(net, VOLTAGE_KV) for _ in range(3))
    pp.create_ext_grid(net, supply)
    for bus in (end, idle):
        pp.create_impedance(net, supply, bus, *impedance_per_mw(), sn_mva=1.0)
    pp.to_json(net, str(tmp_path / "network.json"))
    found = gridpact.headroom(case)
    assert not len(found.network.elements)
    assert found.purchase_alone_kw[0, 0] == pytest.approx(-power_kw_at(0.9), abs=FOUND_KW)


def test_the_summary_adds_up(network: Network) -> None:
    found: Headroom = gridpact.headroom(mixed_case(1), network)
    hours = found.case.horizon.hours_per_period
    for name in ("sale_alone", "sale_together", "purchase_alone", "purchase_together"):
        assert found.summary[f"{name}_kwh"] == pytest.approx(found.table[f"{name}_kw"].sum() * hours)
    assert "16 participants" in repr(found)
    assert (found.together_status != PeriodStatus.BEST_FOUND).all()
    stopped = np.isin(found.sale_limited_by, [LimitedBy.VOLTAGE_MAX, LimitedBy.LINE, LimitedBy.TRANSFORMER])
    assert np.array_equal(stopped, found.sale_alone_kw < found.sale_cap_kw)
