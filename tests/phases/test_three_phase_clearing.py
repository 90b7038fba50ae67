"""Clearing on three phases: as the balanced twin where everything is alike, and exact where it is not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from gridpact.arrays import Float
from gridpact.case.case import Case
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.dispatch_verification import Status, verify
from gridpact.clearing.network.connections import connections, connections_of
from gridpact.clearing.network.injection import Injection, at_nodes
from gridpact.clearing.network.network_state import keeps_limits, nominal_limits, operate
from gridpact.clearing.over_caps import allocate_over_caps
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.clearing.solver.budget import Budget
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.network_model import NetworkModel
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import VerificationFlow, run_verification_power_flow
from tests.phases.cases import case_on
from tests.phases.made import DELTA, WYE, WYE_N, ZIGZAG_N, pandapower_net, power_grid_model_data, written


def balanced_twin(case: Case) -> Case:
    voltages = {name: getattr(case.limits, name) for name in ("voltage_min_pu", "voltage_max_pu")}
    source = replace(case.network, model=NetworkModel.BALANCED)
    return replace(case, network=source, limits=Limits(**voltages))


def posed(case: Case) -> ClearingProblem:
    return pose(case, case.trades, compile_source(case.network))


@pytest.mark.parametrize("group", ["Dyn", "YNyn", "Yzn"])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_connected_to_all_phases_clears_as_its_balanced_twin(
    group: str, seed: int, tmp_path: Path
) -> None:
    net = pandapower_net(group, 0.0 if group == "YNyn" else 150.0)
    assert_as_balanced_twin(case_on(net, tmp_path, seed=seed, power_kw=60.0))


@pytest.mark.parametrize("seed", [1, 4])
@pytest.mark.parametrize(
    ("windings", "zero_sequence"),
    [
        ((DELTA, WYE_N, 5), {}),
        ((WYE_N, WYE_N, 0), {}),
        ((WYE_N, WYE_N, 6), {"r_grounding_to": 0.05}),
        ((WYE, WYE_N, 0), {"i0_zero_sequence": 1.0, "p0_zero_sequence": 6e4}),
        ((WYE, ZIGZAG_N, 5), {}),
        ((DELTA, ZIGZAG_N, 6), {}),
    ],
)
def test_cables_by_sequences_of_power_grid_model_clear_as_their_balanced_twin(
    windings: tuple[int, int, int], zero_sequence: dict[str, float], seed: int, tmp_path: Path
) -> None:
    data = power_grid_model_data(*windings, **zero_sequence)
    like = data["line"][1]
    for cable in data.pop("asym_line"):
        data["line"].append(like | {name: cable[name] for name in ("id", "from_node", "to_node")})
    source = NetworkSource(file=written(data, tmp_path), model=NetworkModel.THREE_PHASE)
    limits = Limits(voltage_min_pu=0.94, voltage_max_pu=1.055, voltage_unbalance_max_percent=50.0)
    assert_as_balanced_twin(case_on(source, tmp_path, seed=seed, power_kw=60.0, limits=limits))


def assert_as_balanced_twin(case: Case) -> None:
    balanced, phases = (solve_ac(posed(one), Budget()).column_kw for one in (balanced_twin(case), case))
    caps = posed(case)
    assert balanced.sum() < 0.9 * caps.offers.column_kw.sum()
    np.testing.assert_allclose(phases.sum(), balanced.sum(), rtol=0, atol=1e-6)
    np.testing.assert_allclose(phases, balanced, rtol=0, atol=1e-3)


BINDING = {
    "voltage_max": Limits(voltage_max_pu=1.05, voltage_unbalance_max_percent=50.0),
    "voltage_min": Limits(voltage_min_pu=1.012, voltage_unbalance_max_percent=50.0),
    "neutral": Limits(neutral_loading_max_percent=15.0, voltage_unbalance_max_percent=50.0),
    "line": Limits(line_loading_max_percent=15.0, voltage_unbalance_max_percent=50.0),
    "transformer": Limits(transformer_loading_max_percent=3.0, voltage_unbalance_max_percent=50.0),
    "voltage_unbalance": Limits(voltage_unbalance_max_percent=0.3),
}


@pytest.mark.parametrize("kind", BINDING)
def test_each_kind_of_limit_binds_at_its_optimum(kind: str, tmp_path: Path) -> None:
    net = pandapower_net(charging=False, vn_lv_kv=0.4 if kind == "voltage_min" else 0.41)
    phases = ("a", "b", "c", "a", "bc", "b")
    case = case_on(net, tmp_path, limits=BINDING[kind], phases=phases, power_kw=12.0)
    problem = posed(case)
    solution = solve_ac(problem, Budget())
    kept = operate(problem.network, problem.injection_at_nodes(solution.column_kw))
    limits = nominal_limits(problem.network, case.limits, 2)
    assert keeps_limits(problem.baseline_operation, limits).all()
    assert keeps_limits(kept, limits).all()
    volume = 0.0
    for period in range(2):
        columns = problem.offers.of_period(period)
        volume += best_volume(case, problem, period, columns, limits)
    assert solution.column_kw.sum() == pytest.approx(volume, rel=1e-4)
    assert solution.column_kw.sum() < 0.999 * over_caps_volume(problem)
    found = {LimitedBy(reason).label for reason in solution.binding.limited_by.tolist()}
    assert found - {"seller_surplus", "buyer_demand"} == {kind}


def over_caps_volume(problem: ClearingProblem) -> float:
    return float(allocate_over_caps(problem, Budget()).column_kw.sum())


def states_of(
    case: Case, problem: ClearingProblem, period: int, columns: Any
) -> Callable[[Float], VerificationFlow]:
    """The states by power-grid-model, one for each of m values of the columns of a period, (m, n).

    The injections are made here of the case's own profiles, and the network is the one that is converted for
    verification: neither the compiled network nor its power flow is asked.
    """
    people, profiles = case.participants, case.profiles
    seller, buyer = problem.offers.column_seller[columns], problem.offers.column_buyer[columns]
    connected, own = connections_of(problem.network, people), profiles.own_use_kw[period]

    def states(values: Float) -> VerificationFlow:
        sold_kw, bought_kw = (
            np.array([np.bincount(one, value, len(people)) for value in values]) for one in (seller, buyer)
        )
        made = own + np.where(people.exports, profiles.surplus_kw[period], sold_kw)
        used = np.where(people.firm, profiles.load_kw[period], own + bought_kw)
        q_kvar = made * people.generation_tan_phi - used * people.load_tan_phi
        return run_verification_power_flow(
            problem.network.verification_model,
            connected.bus,
            connected.shared(made - used),
            connected.shared(q_kvar),
            connected.phase,
        )

    return states


def best_volume(case: Case, problem: ClearingProblem, period: int, columns: Any, limits: Any) -> float:
    """The greatest volume of a period by SLSQP, from several starts, on the states of `states_of`."""
    offers = problem.offers
    upper = offers.column_kw[columns]
    seller, buyer = offers.column_seller[columns], offers.column_buyer[columns]
    free = np.isfinite(limits.voltage_max_pu[period])
    states = states_of(case, problem, period, columns)

    def room(value: Float) -> Float:
        state = states(value[None, :])
        high = limits.voltage_max_pu[period] - state.voltage_pu[0]
        low = state.voltage_pu[0] - limits.voltage_min_pu[period]
        load = (limits.loading_max_percent[period] - state.loading_percent[0]) / 100.0
        balance = (limits.unbalance_max_percent[period] - state.unbalance_percent[0]) / 100.0
        sold = problem.seller_cap_kw[period] - np.bincount(seller, value, problem.shape[1])
        bought = problem.buyer_cap_kw[period] - np.bincount(buyer, value, problem.shape[1])
        caps = np.concatenate([problem.seller_cap_kw[period], problem.buyer_cap_kw[period]])
        rooms = np.concatenate([high[free], low[free], load, balance])
        return np.concatenate([10.0 * rooms, np.concatenate([sold, bought])[np.isfinite(caps)]])

    random, best = np.random.default_rng(0), 0.0
    for start in (0.1 * upper, random.uniform(0.0, 0.5, len(upper)) * upper):
        found = minimize(
            lambda value: -value.sum(),
            start,
            bounds=[(0.0, high) for high in upper],
            constraints={"type": "ineq", "fun": room},
            method="SLSQP",
            options={"maxiter": 300, "ftol": 1e-9},
        )
        if room(found.x).min() > -1e-6:
            best = max(best, float(found.x.sum()))
    return best


def test_the_verification_recomputes_every_limit(tmp_path: Path) -> None:
    case = case_on(pandapower_net(), tmp_path)
    network = compile_source(case.network)
    bus = np.searchsorted(network.bus_ids, case.participants.bus)
    connected = connections(network, bus, ("a",) * len(bus))
    injection = Injection(p_kw=np.full((2, len(bus)), 3.0), q_kvar=np.zeros((2, len(bus))))
    operation = operate(network, at_nodes(connected.incidence(len(bus), network.nodes), injection))
    wide = nominal_limits(network, Limits(voltage_unbalance_max_percent=50.0), 2)
    found = verify(network, connected, injection, operation, wide)
    assert found.status is Status.CLEARED
    assert found.max_difference_pu < 1e-9
    for changed, excess in (
        (Limits(voltage_unbalance_max_percent=1e-3), "max_unbalance_excess_percent"),
        (Limits(neutral_loading_max_percent=1e-3), "max_loading_excess_percent"),
        (Limits(voltage_max_pu=1.0), "max_voltage_excess_pu"),
    ):
        broken = verify(network, connected, injection, operation, nominal_limits(network, changed, 2))
        assert broken.status is Status.LIMITS_BROKEN
        assert getattr(broken, excess) > 1e-3
