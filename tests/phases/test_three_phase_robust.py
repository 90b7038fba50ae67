"""Outages on three phases: kept by power-grid-model's word, at no more cost than that, named with a phase."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.arrays import Float, frozen
from gridpact.case.case import Case, Robustness
from gridpact.clearing.ac import AcClearing, solve_ac
from gridpact.clearing.contingencies import Contingencies, withstand_outages
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.injection import injection, made_kw, used_kw
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.clearing.problem.market import Market, coordinates_of, on_network, oracle_of
from gridpact.clearing.problem.parts import Part
from gridpact.clearing.problem.problem import ClearingProblem, pose
from gridpact.clearing.problem.solution import LimitedBy, Solution
from gridpact.clearing.solver.budget import Budget
from gridpact.grid.compile import compile_source
from gridpact.grid.limits import Limits
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.phases.made import pandapower_net
from tests.phases.test_three_phase_clearing import balanced_twin, case_on

ALIKE = ("a", "a", "ab", "a", "a", "ab")  # so that buyers weigh on the phases of the sellers who fail
WIDE = {"voltage_min_pu": 0.5, "voltage_max_pu": 1.5, "voltage_unbalance_max_percent": 50.0}
BREAKING = {
    "voltage_min": Limits(**WIDE | {"voltage_min_pu": 1.005}),
    "neutral": Limits(**WIDE, neutral_loading_max_percent=15.0),
    "voltage_unbalance": Limits(**WIDE | {"voltage_unbalance_max_percent": 0.4}),
}


def elastic(case: Case) -> Case:
    """The case with demand that uses only what it bought, so that an outage lets it weigh on the network."""
    nobody = frozen(np.zeros(len(case.participants)), np.bool_)
    return replace(case, participants=replace(case.participants, firm=nobody, exports=nobody))


def posed(case: Case) -> ClearingProblem:
    return pose(case, case.trades, compile_source(case.network))


def robust(problem: ClearingProblem) -> tuple[Solution, Solution, Contingencies]:
    """The allocation that does not look at outages, the one that does, and what that took."""
    plain = solve_ac(problem, Budget())
    return plain, *AcClearing(problem, Budget()).withstanding_outages(plain)


@pytest.mark.parametrize(("group", "shift"), [("Dyn", 150.0), ("YNyn", 0.0)])
@pytest.mark.parametrize("seed", [1, 3])
def test_what_is_connected_to_all_phases_is_as_robust_as_its_balanced_twin(
    group: str, shift: float, seed: int, tmp_path: Path
) -> None:
    limits = Limits(voltage_min_pu=0.985, voltage_max_pu=1.06)
    case = elastic(case_on(pandapower_net(group, shift), tmp_path, seed=seed, power_kw=60.0, limits=limits))
    balanced, phases = (robust(posed(one)) for one in (balanced_twin(case), case))
    (_, one, found), (_, other, with_phases) = balanced, phases
    assert found.broken_before > found.broken_after == 0
    assert found.cost_kw.sum() > 1.0
    assert one.column_kw.sum() > 1.0
    assert other.column_kw.sum() == pytest.approx(one.column_kw.sum(), abs=1e-6)
    np.testing.assert_allclose(with_phases.cost_kw, found.cost_kw, rtol=0, atol=1e-6)
    for name in ("outages", "broken_before", "broken_after"):
        assert getattr(with_phases, name) == getattr(found, name)
    assert with_phases.max_voltage_excess_pu == pytest.approx(found.max_voltage_excess_pu, abs=1e-8)
    assert with_phases.max_unbalance_excess_percent == found.max_unbalance_excess_percent == 0.0
    assert found.worst is not None
    assert with_phases.worst is not None
    assert (with_phases.worst.limited_by, found.worst.phase) == (found.worst.limited_by, "")
    assert with_phases.worst.phase in ("a", "b", "c")


@pytest.mark.parametrize("kind", BREAKING)
def test_every_outage_is_carried_by_power_grid_models_word_and_one_reaches_a_limit(
    kind: str, tmp_path: Path
) -> None:
    net = pandapower_net(charging=False, vn_lv_kv=0.4)
    case = elastic(case_on(net, tmp_path, limits=BREAKING[kind], power_kw=12.0, phases=ALIKE))
    problem = posed(case)
    plain, kept, found = robust(problem)
    assert found.broken_before > found.broken_after == 0
    before, after = (worst_excess(case, problem, one) for one in (plain, kept))
    quantity = {"voltage_min": 0, "neutral": 1, "voltage_unbalance": 2}[kind]
    assert before[quantity] > 1e-4
    assert max(after) <= 1e-6
    assert after[quantity] == pytest.approx(0.0, abs=1e-6)
    assert kept.column_kw.sum() > 0.1
    assert found.worst is not None
    assert found.worst.limited_by.label == kind
    assert found.worst.phase in {"voltage_min": "abc", "neutral": "n", "voltage_unbalance": ("",)}[kind]
    reasons = {LimitedBy(one).label for one in kept.binding.limited_by.tolist()}
    assert kind in reasons


def worst_excess(case: Case, problem: ClearingProblem, solution: Solution) -> list[float]:
    """The most by which outages of sellers break a voltage, a loading, an unbalance, pu and parts of one."""
    people, network, limits = case.participants, problem.network, problem.operating_limits
    connected = connections_of(network, people)
    sold = problem.offers.sold_kw(solution.column_kw, problem.shape)
    bought = problem.offers.bought_kw(solution.column_kw, problem.shape)
    worst = np.full(3, -np.inf)
    for seller in np.flatnonzero(sold.any(axis=0)).tolist():
        delivered = sold.copy()
        delivered[:, seller] = 0.0
        rows = injection(
            people, made_kw(people, case.profiles, delivered), used_kw(people, case.profiles, bought)
        )
        flow = run_verification_power_flow(
            network.verification_model,
            connected.bus,
            connected.shared(rows.p_kw),
            connected.shared(rows.q_kvar),
            connected.phase,
        )
        worst = np.maximum(worst, _excess(flow, limits, sold[:, seller] > 0.0))
    return worst.tolist()


def _excess(flow: object, limits: OperatingLimits, periods: Float) -> list[float]:
    voltage, loading, unbalance = (
        getattr(flow, name)[periods] for name in ("voltage_pu", "loading_percent", "unbalance_percent")
    )
    low, high = limits.voltage_min_pu[periods], limits.voltage_max_pu[periods]
    return [
        float(np.maximum(low - voltage, voltage - high).max()),
        float((loading - limits.loading_max_percent[periods]).max()) / 100.0,
        float((unbalance - limits.unbalance_max_percent[periods]).max()) / 100.0,
    ]


def test_an_unbalance_that_an_outage_leaves_is_no_loading(tmp_path: Path) -> None:
    """Nothing is cleared again, so that what an outage breaks stays."""
    net, limits = pandapower_net(charging=False), BREAKING["voltage_unbalance"]
    case = elastic(case_on(net, tmp_path, limits=limits, power_kw=12.0, phases=ALIKE))
    problem = posed(case)
    plain = solve_ac(problem, Budget())
    oracle = oracle_of(problem)
    coordinates = coordinates_of(problem, oracle)

    def market(part: Part) -> Market:
        return on_network(problem, part, oracle, coordinates, problem.operating_limits)

    same, found = withstand_outages(problem, plain, market, lambda again: [])
    np.testing.assert_array_equal(same.column_kw, plain.column_kw)
    assert found.broken_after == found.broken_before > 0
    expected = 100.0 * worst_excess(case, problem, plain)[2]
    assert expected > 0.01
    assert found.max_unbalance_excess_percent == pytest.approx(expected, abs=1e-6)
    assert found.max_loading_excess_percent == found.max_voltage_excess_pu == 0.0
    assert found.worst is not None
    assert found.worst.limited_by is LimitedBy.VOLTAGE_UNBALANCE
    assert 100.0 * found.worst.excess == pytest.approx(expected, abs=1e-6)


def test_the_summary_names_the_worst_outage_with_its_phase(tmp_path: Path) -> None:
    net, limits = pandapower_net(charging=False, vn_lv_kv=0.4), BREAKING["voltage_min"]
    case = elastic(case_on(net, tmp_path, limits=limits, power_kw=12.0, phases=ALIKE))
    clearance = gridpact.clear(replace(case, robustness=Robustness.DECLARED))
    facts, found = clearance.summary["robustness"], clearance.contingencies
    assert clearance.summary["status"] == "cleared"
    assert found is not None
    assert found.worst is not None
    assert facts["max_unbalance_excess_percent"] == 0.0
    assert facts["worst"] == {
        "time": case.horizon.instant(found.worst.period).isoformat(timespec="minutes"),
        "limited_by": "voltage_min",
        "element": str(clearance.network.bus_ids[found.worst.element]),
        "phase": "a",
        "excess": pytest.approx(0.0, abs=1e-8),
    }
    twin = balanced_twin(elastic(case_on(net, tmp_path, power_kw=12.0)))
    balanced = gridpact.clear(replace(twin, robustness=Robustness.DECLARED))
    assert not {"worst", "max_unbalance_excess_percent"} & balanced.summary["robustness"].keys()
