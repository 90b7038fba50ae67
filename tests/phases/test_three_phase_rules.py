"""Rules, terms, commitments and the fallback on three phases: as the balanced twin, and by the power flow."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.arrays import frozen
from gridpact.case.case import Allocation, Case
from gridpact.case.terms import NONE, Terms
from gridpact.clearing.ac import solve_ac
from gridpact.clearing.fallback import greatest_share
from gridpact.clearing.network.network_state import keeps_limits, nominal_limits, operate
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.clearing.solver.budget import Budget
from gridpact.results import Clearance
from tests.ac_instances import with_submissions
from tests.phases.made import pandapower_net
from tests.phases.test_three_phase_clearing import BINDING, balanced_twin, case_on, posed
from tests.sessions import after, split, with_forecast

PHASES = ("a", "b", "c", "a", "bc", "b")


def both(case: Case) -> tuple[Clearance, Clearance]:
    """The clearance of the balanced twin, and of the case with everybody on all phases."""
    return gridpact.clear(balanced_twin(case)), gridpact.clear(case)


def assert_alike(balanced: Clearance, phases: Clearance) -> None:
    """Both keep every limit of their own and clear the same volume, less than was proposed."""
    one, other = balanced.solution.column_kw, phases.solution.column_kw
    assert balanced.summary["status"] == phases.summary["status"] == "cleared"
    assert 1.0 < one.sum() < 0.99 * balanced.offers.column_kw.sum()
    assert other.sum() == pytest.approx(one.sum(), abs=1e-6)
    np.testing.assert_allclose(other, one, rtol=0, atol=1e-3)
    np.testing.assert_allclose(phases.operation.import_kw, balanced.operation.import_kw, rtol=0, atol=1e-4)


@pytest.mark.parametrize("rule", ["max-min", "proportional", "priority"])
def test_each_rule_clears_as_the_balanced_twin(rule: str, tmp_path: Path) -> None:
    case = with_submissions(case_on(pandapower_net(), tmp_path, seed=1, power_kw=60.0), 2, 3)
    assert_alike(*both(replace(case, allocation=Allocation(rule))))


def test_terms_clear_as_the_balanced_twin(tmp_path: Path) -> None:
    case = case_on(pandapower_net(), tmp_path, seed=1, power_kw=60.0)
    count = len(case.trades)
    terms = Terms(
        block=frozen(np.arange(count) % 3 == 0, np.bool_),
        min_fraction=frozen(np.where(np.arange(count) % 3 == 1, 0.5, 0.0), float),
        group=frozen(np.full(count, NONE), np.int64),
        link=frozen(np.full(count, NONE), np.int64),
    )
    balanced, phases = both(replace(case, trades=replace(case.trades, terms=terms)))
    assert_alike(balanced, phases)
    assert (balanced.cleared["limited_by"] == "terms").any()


def test_commitments_are_cut_as_in_the_balanced_twin(tmp_path: Path) -> None:
    """Half of the trades are firm, and then less is generated than they sell."""
    case = case_on(pandapower_net(), tmp_path, seed=1, power_kw=60.0)
    first, second = split(case, 2, 1)
    clearances = []
    for one, other in ((balanced_twin(first), balanced_twin(second)), (first, second)):
        firm = gridpact.clear(one)
        clearances.append(gridpact.clear(after(with_forecast(other, 1.0, 0.35), firm)))
    balanced, phases = clearances
    assert_alike(balanced, phases)
    facts = balanced.summary["commitments"]
    assert facts["cut_rows"] > 0
    assert phases.summary["commitments"] == pytest.approx(facts, abs=1e-6)


@pytest.mark.parametrize("kind", BINDING)
def test_the_greatest_share_of_a_draft_is_at_the_limit_that_it_names(kind: str, tmp_path: Path) -> None:
    net = pandapower_net(charging=False, vn_lv_kv=0.4 if kind == "voltage_min" else 0.41)
    case = case_on(net, tmp_path, limits=BINDING[kind], phases=PHASES, power_kw=12.0)
    problem = posed(case)
    columns = problem.offers.of_period(0)
    whole_kw = problem.offers.column_kw[columns]
    found = greatest_share(problem, 0, [whole_kw], float(whole_kw.sum()))
    assert 0.0 < found.column_kw.sum() <= solve_ac(problem, Budget()).column_kw[columns].sum() + 1e-6
    share = found.column_kw.sum() / whole_kw.sum()
    limits = nominal_limits(problem.network, case.limits, 2)
    kept = []
    for factor in (1.0, 1.0 + 1e-4 / share):
        every = np.zeros(problem.offers.columns)
        every[columns] = factor * found.column_kw
        kept.append(keeps_limits(operate(problem.network, problem.injection_at_nodes(every)), limits)[0])
    assert kept == [True, False]
    assert {LimitedBy(one).label for one in found.limited_by.tolist()} == {kind}
