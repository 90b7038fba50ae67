"""AC clearing against an exact solution in another formulation, and against pandapower's power flow."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.against_ipopt import random_case

import gridpact
from gridpact import pipeline
from gridpact.arrays import frozen
from gridpact.case import Case
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.network.network_state import Operation
from gridpact.clearing.problem.solution import PeriodStatus
from gridpact.grid.flow import power_flow
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from gridpact.published import cigre_extreme
from gridpact.results import Clearance
from tests.ac_instances import ac_case, net_of, saved, uncapped
from tests.exact import ExactPeriod, worst_excess
from tests.instances import make_case, make_participants, make_trades
from tests.markets import posed

VOLUME_TOLERANCE = 1e-5
EXCESS_TOLERANCE_PU, EXCESS_TOLERANCE_POINTS = 1e-6, 1e-3
PUBLIC = (
    "cigre_lv",
    "kerber_landnetz_kabel_1",
    "kerber_landnetz_freileitung_1",
    "village_1",
    "kerber_dorfnetz",
)
WIDE = 400.0
LIMITS = {
    "default": Limits(),
    "line": Limits(line_loading_max_percent=25.0),
    "transformer": Limits(transformer_loading_max_percent=12.0),
    "voltage_min": Limits(
        voltage_min_pu=0.985,
        voltage_max_pu=1.3,
        line_loading_max_percent=WIDE,
        transformer_loading_max_percent=WIDE,
    ),
    "voltage_max": Limits(
        voltage_min_pu=0.7,
        voltage_max_pu=1.022,
        line_loading_max_percent=WIDE,
        transformer_loading_max_percent=WIDE,
    ),
}


def exact_kw(case: Case) -> list[float]:
    """The greatest volume of each period, found independently."""
    net = net_of(case)
    return [ExactPeriod(net, case, period).solve().objective for period in range(case.horizon.periods)]


def checked(case: Case) -> Clearance:
    """The clearance, after comparing its volume and its power flow with something independent."""
    clearance = gridpact.clear(case)
    solution = clearance.solution
    volume = clearance.offers.volume_kw(solution.column_kw, case.horizon.periods)
    np.testing.assert_allclose(volume, exact_kw(case), rtol=VOLUME_TOLERANCE, atol=1e-4)
    assert solution.status.max() <= PeriodStatus.ACCEPTABLE
    is_unsafe = bool(clearance.summary["remaining_violations"])
    assert clearance.summary["status"] == ("baseline_unsafe" if is_unsafe else "cleared")
    excess_pu, excess_points = worst_excess(net_of(case), clearance)
    assert excess_pu <= EXCESS_TOLERANCE_PU
    assert excess_points <= EXCESS_TOLERANCE_POINTS
    return clearance


def reasons(clearance: Clearance) -> set[str]:
    return set(clearance.cleared.limited_by)


def test_the_extreme_hour_of_the_published_network() -> None:
    clearance = checked(cigre_extreme())
    assert clearance.summary["cleared_kwh"] == pytest.approx(713.4877, abs=1e-3)
    assert np.nanmin(clearance.operation.voltage_pu) == pytest.approx(0.9, abs=1e-6)


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("network", PUBLIC)
def test_public_networks(network: str, limits: str) -> None:
    checked(
        ac_case(
            7,
            f"pandapower/{network}",
            power_kw=30.0,
            firm=0.3,
            exports=0.2,
            power_factor=0.95,
            limits=LIMITS[limits],
        )
    )


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("network", ["ring", "two_transformers", "two_supplies"])
def test_meshes_parallel_transformers_and_several_supplies(network: str, limits: str, tmp_path: Path) -> None:
    chosen = Limits(transformer_loading_max_percent=45.0) if limits == "transformer" else LIMITS[limits]
    checked(ac_case(3, saved(network, tmp_path), power_kw=45.0, power_factor=0.9, limits=chosen))


@pytest.mark.parametrize(
    ("reason", "options"),
    [
        ("line", {"limits": LIMITS["line"]}),
        ("transformer", {"limits": LIMITS["transformer"]}),
        ("voltage_max", {"limits": LIMITS["voltage_max"]}),
        ("voltage_min", {"limits": LIMITS["voltage_min"]}),
    ],
)
def test_each_kind_of_limit_binds_somewhere(reason: str, options: dict) -> None:
    clearance = checked(uncapped(ac_case(5, "pandapower/cigre_lv", power_kw=45.0, **options)))
    assert reason in reasons(clearance)
    assert reason in set(clearance.limits.limited_by)


def test_firm_demand_and_exported_surplus_change_nothing_on_the_network() -> None:
    case = ac_case(2, "pandapower/kerber_landnetz_kabel_1", power_kw=4.0, firm=1.0, exports=1.0)
    clearance = checked(case)
    np.testing.assert_array_equal(clearance.operation.voltage_pu, clearance.baseline.voltage_pu)
    assert reasons(clearance) <= {"", "seller_surplus", "buyer_demand"}


@pytest.mark.parametrize("power_factor", [1.0, 0.95, 0.8])
def test_power_factors(power_factor: float) -> None:
    limits = Limits(voltage_min_pu=0.97, voltage_max_pu=1.03)
    checked(ac_case(11, "pandapower/cigre_lv", power_factor=power_factor, limits=limits))


def test_quarter_hours() -> None:
    case = ac_case(
        4, "pandapower/cigre_lv", periods=4, trades=40, firm=0.4, limits=Limits(voltage_min_pu=0.96)
    )
    assert case.horizon.hours_per_period == 0.25
    clearance = checked(case)
    cleared_kw = clearance.solution.column_kw.sum()
    assert clearance.summary["cleared_kwh"] == pytest.approx(0.25 * cleared_kw)


def relief(buyer_kw: float, seller_kw: float) -> Case:
    """A seller at the end of a feeder that firm load has brought below its least voltage; two trades.

    The near buyer's demand is elastic: what it buys draws the voltage further down unless the seller,
    beyond it, makes the same. The far buyer is firm, so that its trade relieves and costs nothing.
    """
    case = make_case(
        make_participants([18, 17, 18], [True, False, True], [False, False, False], 0.98),
        [[0.0, buyer_kw, 150.0]],
        [[seller_kw, 0.0, 0.0]],
        make_trades([0, 0], [1, 2], [0, 0], [1, 1], [buyer_kw, seller_kw]),
        network="pandapower/cigre_lv",
        limits=Limits(voltage_min_pu=0.98),
    )
    extreme = cigre_extreme()
    return replace(case, formulation=extreme.formulation)


def test_trades_that_relieve_an_undervoltage_clear() -> None:
    clearance = checked(relief(buyer_kw=10.0, seller_kw=60.0))
    assert clearance.summary["baseline_violations"]
    assert clearance.summary["cleared_kwh"] * 4 == pytest.approx(60.0, abs=1e-5)
    lowest = np.nanmin(clearance.operation.voltage_pu), np.nanmin(clearance.baseline.voltage_pu)
    assert lowest[0] > lowest[1] + 0.005


def test_a_trade_that_would_worsen_an_undervoltage_clears_only_with_one_that_relieves_it() -> None:
    both = relief(buyer_kw=40.0, seller_kw=60.0)
    participants = replace(both.participants, exports=frozen([True, False, False], np.bool_))
    alone = replace(both, participants=participants)
    assert checked(both).cleared.cleared_kw.sum() > 40.0
    worsening = checked(alone).cleared.set_index("trade").cleared_kw["t0"]
    assert worsening == pytest.approx(40.0) or worsening < 1e-3


def test_what_is_better_beside_a_cap_with_a_small_price_is_found(tmp_path: Path) -> None:
    """Leaving the cap costs 0.0078 kW a kW, and what curvature wins of 33 kW is a little more."""
    problem, tight = posed(random_case(5724, tmp_path))
    cleared_kw = solve_ac(problem).column_kw[problem.offers.of_period(tight[1])]
    assert cleared_kw.sum() >= 94.9006


def test_vertices_worth_nearly_the_same_are_told_apart_where_two_limits_have_prices(tmp_path: Path) -> None:
    """Two transformers are full; four starts lead to 88.3188 kW, though 0.5 kW more clears elsewhere."""
    problem, tight = posed(random_case(9418, tmp_path))
    cleared_kw = solve_ac(problem).column_kw[problem.offers.of_period(tight[1])]
    assert cleared_kw.sum() >= 88.8220


def test_what_the_network_does_not_notice_clears_though_its_limits_leave_no_room(tmp_path: Path) -> None:
    """The bare network is above both transformers' limits; two trades are between neighbours at one node."""
    problem, tight = posed(random_case(11965, tmp_path))
    for period, cleared_kw in zip(tight, (152.7857, 113.7796), strict=True):
        assert solve_ac(problem).column_kw[problem.offers.of_period(period)].sum() >= cleared_kw


def test_steps_from_beyond_collapse_go_on_from_nothing(tmp_path: Path) -> None:
    """After two steps back to nothing, by the price of an excess, the next is short, and not the last."""
    problem, tight = posed(random_case(7540, tmp_path))
    for period, cleared_kw in zip(tight, (14.3510, 14.3346), strict=True):
        assert solve_ac(problem).column_kw[problem.offers.of_period(period)].sum() >= cleared_kw


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_limits_that_the_baseline_breaks(seed: int) -> None:
    limits = Limits(
        voltage_min_pu=0.97,
        voltage_max_pu=1.01,
        line_loading_max_percent=8.0,
        transformer_loading_max_percent=5.0,
    )
    case = ac_case(seed, "pandapower/cigre_lv", power_kw=25.0, firm=0.5, exports=0.5, limits=limits)
    clearance = checked(case)
    assert clearance.summary["baseline_violations"]


def test_a_baseline_without_an_operating_point_is_reported() -> None:
    case = ac_case(1, "pandapower/cigre_lv", periods=2, firm=1.0)
    load_kw = case.profiles.load_kw.copy()
    load_kw[1] = 5e3
    case = replace(case, profiles=replace(case.profiles, load_kw=frozen(load_kw, float)))
    clearance = gridpact.clear(case)
    assert clearance.summary["status"] == "not_converged"
    assert clearance.summary["verification"]["unconverged_periods"] == 1
    assert np.isfinite(clearance.solution.column_kw).all()
    assert clearance.operation.converged.tolist() == [True, False]


def test_no_trades_at_all_clear_nothing() -> None:
    case = ac_case(1, "pandapower/cigre_lv", trades=3)
    trades = replace(case.trades, power_kw=frozen(np.zeros(3), float))
    clearance = gridpact.clear(replace(case, trades=trades))
    assert clearance.summary["cleared_kwh"] == 0.0
    assert clearance.summary["status"] == "cleared"


def test_a_trade_between_one_bus_and_itself_needs_no_network() -> None:
    case = make_case(
        make_participants([35, 35], [True, False], [False, False]),
        [[0.0, 500.0]],
        [[500.0, 0.0]],
        make_trades([0], [1], [0], [1], [500.0]),
        network="pandapower/cigre_lv",
    )
    clearance = checked(replace(case, formulation=cigre_extreme().formulation))
    assert clearance.summary["cleared_kwh"] == pytest.approx(125.0)


def test_a_participant_at_the_supply_loads_nothing() -> None:
    extreme = cigre_extreme()
    case = make_case(
        make_participants([0, 0, 35], [True, False, False], [False, False, False]),
        [[0.0, 900.0, 90.0]],
        [[990.0, 0.0, 0.0]],
        make_trades([0, 0], [1, 2], [0, 0], [1, 1], [900.0, 90.0]),
        network=NetworkSource(builtin="pandapower/cigre_lv").builtin,
    )
    clearance = checked(replace(case, formulation=extreme.formulation))
    assert clearance.cleared.cleared_kw[0] == pytest.approx(900.0)


def test_the_power_flow_of_the_dispatch_starts_from_that_of_the_allocation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It finds nothing new, and is done at once: it is there to see the dispatch itself."""
    case = cigre_extreme()
    network = gridpact.compile_network(case)
    taken: list[int] = []
    plain_map, plain_operate = power_flow._mapped, pipeline.operate

    def counted(*given: Any) -> Operation:
        monkeypatch.setattr(power_flow, "_mapped", lambda *of: taken.append(1) or plain_map(*of))
        found = plain_operate(*given)
        monkeypatch.setattr(power_flow, "_mapped", plain_map)
        return found

    monkeypatch.setattr(pipeline, "operate", counted)
    clearance = gridpact.clear(case, network=network)
    assert clearance.solution.column_kw.sum() > 0.0
    assert len(taken) <= 2
