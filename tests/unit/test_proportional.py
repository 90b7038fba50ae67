"""`proportional` where there is far less to share than was proposed, against a closed form."""

from dataclasses import replace

import numpy as np
import pytest

import gridpact
from gridpact.case import Allocation, Case, Formulation
from gridpact.grid.limits import Limits
from tests.instances import make_case, make_participants, make_trades


def scarce(surplus_kw: float, proposed_kw: list[float], limits: Limits | None = None) -> Case:
    """One seller with little surplus and as many buyers as trades, on the published network."""
    buyers = len(proposed_kw)
    case = make_case(
        make_participants([16, *[12, 17, 19, 35][:buyers]], [True] * (buyers + 1), [False] * (buyers + 1)),
        [[0.0, *proposed_kw]],
        [[surplus_kw, *([0.0] * buyers)]],
        make_trades([0] * buyers, range(1, buyers + 1), [0] * buyers, [1] * buyers, proposed_kw),
        network="pandapower/cigre_lv",
        limits=limits,
    )
    return replace(case, formulation=Formulation.AC)


@pytest.mark.parametrize("surplus_kw", [1e-4, 0.005, 0.1, 5.0])
@pytest.mark.parametrize("proposed_kw", [[6.0, 10.0], [1.0, 50.0, 120.0], [0.2, 3.0, 90.0, 7.0]])
@pytest.mark.parametrize("rule", [Allocation.PROPORTIONAL, Allocation.MAX_MIN, Allocation.MAX_VOLUME])
def test_one_cap_is_shared_by_what_was_proposed(
    surplus_kw: float, proposed_kw: list[float], rule: Allocation
) -> None:
    """With one seller's cap alone, all three rules give every trade the same fraction."""
    surplus_kw = min(surplus_kw, 0.9 * sum(proposed_kw))
    solution = gridpact.clear(replace(scarce(surplus_kw, proposed_kw), allocation=rule)).solution
    expected = surplus_kw * np.array(proposed_kw) / sum(proposed_kw)
    np.testing.assert_allclose(solution.column_kw, expected, rtol=2e-3, atol=2e-8)


def test_a_baseline_that_breaks_a_limit_shares_too() -> None:
    """The firm loads already break the least voltage; every trade relieves it."""
    case = scarce(0.01, [6.0, 10.0], Limits(voltage_min_pu=0.9999))
    clearance = gridpact.clear(replace(case, allocation=Allocation.PROPORTIONAL))
    assert clearance.summary["baseline_violations"]
    np.testing.assert_allclose(clearance.solution.column_kw, [0.00375, 0.00625], rtol=2e-3)


def test_periods_that_are_proven_to_have_no_state_are_quick_and_clear_nothing() -> None:
    case = scarce(5.0, [6.0, 10.0])
    hopeless = replace(case.profiles, load_kw=case.profiles.load_kw * 5e2)
    clearance = gridpact.clear(replace(case, profiles=hopeless))
    assert clearance.summary["status"] == "not_converged"
    assert clearance.summary["cleared_kwh"] == 0.0
    assert clearance.seconds["clear"] < 3.0
    proven = gridpact.clear(replace(case, profiles=hopeless), certify=True).summary["bound"]
    assert [period["proven_by"] for period in proven["periods"]] == ["no_state"]
