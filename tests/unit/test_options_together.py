"""Options with options: rules with terms, outages with rules and commitments, and the DC model with rules."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

import gridpact
from gridpact.case import Allocation, Case, Formulation
from gridpact.clearing.rules.stage import StagedAllocation
from gridpact.clearing.solver import step_method
from gridpact.clearing.solver.optimum import SolverStatus
from gridpact.clearing.terms import joint_clearing
from gridpact.grid.limits import Limits
from gridpact.results import Clearance
from tests.ac_instances import table_kw, with_submissions
from tests.congested import congested_case, keeps_every_limit
from tests.sessions import after, split
from tests.terms_instances import random_terms_case, with_terms
from tests.terms_oracle import Shares

RULES = list(Allocation)


def congested(seed: int = 2, rule: Allocation = Allocation.MAX_VOLUME) -> Case:
    """Ten trades submitted in three classes, to be cleared by a rule."""
    case = congested_case(seed, 10, sides=4, firm=0.2)
    return replace(with_submissions(case, seed, 3), allocation=rule)


def first_class_kw(clearance) -> float:
    """What clears of the trades that were submitted first."""
    trades, cleared = clearance.case.trades, clearance.cleared.set_index("trade").cleared_kw
    ids = np.array(trades.ids)[trades.submitted == trades.submitted.min()]
    return float(cleared[ids].sum())


@pytest.mark.parametrize("formulation", list(Formulation))
@pytest.mark.parametrize("rule", RULES)
def test_terms_are_honoured_under_every_rule(rule: Allocation, formulation: Formulation) -> None:
    case = with_terms(congested(rule=rule), min_fraction=0.5)
    clearance = gridpact.clear(replace(case, formulation=formulation))
    share = clearance.cleared.cleared_kw / clearance.cleared.proposed_kw
    assert np.all((share <= 1e-9) | (share >= 0.5 - 1e-9))
    assert clearance.cleared.cleared_kw.sum() > 0.0
    if formulation is Formulation.AC:
        assert keeps_every_limit(clearance)
    most = gridpact.clear(replace(case, formulation=formulation, allocation=Allocation.MAX_VOLUME))
    cleared, greatest = clearance.summary["cleared_kwh"], most.summary["cleared_kwh"]
    assert cleared <= greatest * (1 + 1e-6) + 1e-6


@pytest.mark.parametrize("rule", RULES)
def test_terms_that_the_plain_optimum_honours_cost_nothing(rule: Allocation) -> None:
    plain = gridpact.clear(congested(rule=rule))
    least = (plain.cleared.cleared_kw / plain.cleared.proposed_kw).to_numpy()
    demanded = with_terms(congested(rule=rule), min_fraction=np.where(least > 0.01, 0.001, 0.0))
    again = gridpact.clear(demanded)
    assert again.summary["cleared_kwh"] == pytest.approx(plain.summary["cleared_kwh"], rel=1e-5)
    assert first_class_kw(again) == pytest.approx(first_class_kw(plain), rel=1e-5)


def test_priority_decides_by_class_where_trades_are_indivisible() -> None:
    """The earliest class clears as much as it does alone, whatever the later ones would add."""
    case = with_terms(congested(rule=Allocation.PRIORITY), min_fraction=1.0)
    first = case.trades.submitted == case.trades.submitted.min()
    alone = replace(case, trades=case.trades.at(np.flatnonzero(first)), allocation="max-volume")
    volume = gridpact.clear(alone).summary["cleared_kwh"]
    cleared = gridpact.clear(case).cleared.set_index("trade").cleared_kw
    ids = np.array(case.trades.ids)[first]
    assert cleared[ids].sum() >= volume * (1 - 1e-6)


def tied_by_blocks(seed: int) -> Case:
    """Blocks and links of three classes over caps alone, sold by exporters, whose feed-in is free to help."""
    case = random_terms_case(
        seed, trades=8, periods=2, buyers=2, per_period=False, formulation=Formulation.AC
    )
    terms, people = case.trades.terms, case.participants
    case = with_terms(case, block=terms.block, link=terms.link)
    exporting = replace(people, exports=np.ones(len(people), dtype=bool))
    return replace(case, participants=exporting, feed_in="after-trades", allocation=Allocation.PRIORITY)


def class_of_shares(case: Case, shares: Shares) -> np.ndarray:
    """The submission of each share, the earliest of its trades; those without one come last."""
    submitted = np.where(case.trades.submitted > 0, case.trades.submitted, np.inf)
    return np.array([submitted[list(share.trades)].min() for share in shares.all])


def volumes_class_after_class(shares: Shares, submitted: np.ndarray) -> list[float]:
    """The greatest volume of each class over caps, those before it kept: a linear programme for each."""
    rows, upper = shares.caps
    held, found = list[np.ndarray](), list[float]()
    for one in np.unique(submitted):
        weight = np.where(submitted == one, shares.weight, 0.0)
        most = linprog(
            -weight, np.vstack([rows, *held]), np.append(upper, [1e-9 - kw for kw in found]), bounds=(0, 1)
        )
        held.append(-weight[None, :])
        found.append(-float(most.fun))
    return found


def class_volumes(clearance: Clearance, shares: Shares, submitted: np.ndarray) -> list[float]:
    """What clears of each class, kW summed over periods."""
    cleared = shares.fraction(table_kw(clearance)) * shares.weight
    return [float(cleared[submitted == one].sum()) for one in np.unique(submitted)]


@pytest.mark.parametrize("seed", [2, 14, 35, 50, 92])
def test_priority_with_blocks_equals_linear_programmes_class_after_class(seed: int) -> None:
    case = tied_by_blocks(seed)
    shares = Shares(case)
    submitted = class_of_shares(case, shares)
    clearance = gridpact.clear(case)
    expected = volumes_class_after_class(shares, submitted)
    np.testing.assert_allclose(class_volumes(clearance, shares, submitted), expected, rtol=0, atol=1e-5)
    assert clearance.summary["solves"]["best_found"] == 0
    assert clearance.summary["bound"]["finished"]


@pytest.mark.parametrize("seed", [14, 92])
def test_priority_without_an_answer_of_its_rule_keeps_what_the_last_class_chose(monkeypatch, seed) -> None:
    """The search of the last class knows a choice that keeps the classes before it."""

    def fails(question):
        value = question.programme.lower
        return StagedAllocation(value=value, status=SolverStatus.FAILED, stages=())
        yield

    monkeypatch.setattr(joint_clearing, "shared_by", lambda name, question: fails(question))
    case = tied_by_blocks(seed)
    shares = Shares(case)
    submitted = class_of_shares(case, shares)
    expected = volumes_class_after_class(shares, submitted)
    volumes = class_volumes(gridpact.clear(case), shares, submitted)
    np.testing.assert_allclose(volumes, expected, rtol=0, atol=1e-5)


def test_steps_over_caps_that_the_active_set_method_fails_on_are_solved_otherwise(monkeypatch) -> None:
    monkeypatch.setattr(step_method, "solve_dense", lambda programme: None)
    case = tied_by_blocks(14)
    shares = Shares(case)
    submitted = class_of_shares(case, shares)
    clearance = gridpact.clear(case)
    expected = volumes_class_after_class(shares, submitted)
    np.testing.assert_allclose(class_volumes(clearance, shares, submitted), expected, rtol=0, atol=1e-4)
    assert clearance.summary["solves"]["best_found"] == 0


@pytest.mark.parametrize("rule", RULES)
def test_outages_are_withstood_under_every_rule(rule: Allocation) -> None:
    case = replace(congested(rule=rule), robustness="declared")
    found = gridpact.clear(case)
    figures = found.summary["robustness"]
    assert keeps_every_limit(found)
    assert figures["broken_after"] == 0
    plain = gridpact.clear(congested(rule=rule))
    if rule is Allocation.PRIORITY:  # later classes may gain what the first one loses
        assert first_class_kw(found) <= first_class_kw(plain) + 1e-6
    else:
        assert found.summary["cleared_kwh"] <= plain.summary["cleared_kwh"] + 1e-6


def test_outages_beside_commitments_cut_no_commitment() -> None:
    morning, noon = split(congested(), 2, 1)
    first = gridpact.clear(morning)
    second = replace(after(noon, first), robustness="declared")
    found = gridpact.clear(second)
    committed = found.summary["commitments"]
    assert committed["kept_kwh"] == pytest.approx(committed["committed_kwh"])
    assert keeps_every_limit(found)
    assert found.summary["robustness"]["broken_after"] == 0


@pytest.mark.parametrize("rule", RULES)
def test_the_dc_model_clears_by_every_rule(rule: Allocation) -> None:
    case = replace(
        congested(rule=rule), formulation=Formulation.DC, limits=Limits(line_loading_max_percent=10.0)
    )
    found = gridpact.clear(case)
    most = gridpact.clear(replace(case, allocation=Allocation.MAX_VOLUME)).summary["cleared_kwh"]
    assert 0.0 < found.summary["cleared_kwh"] <= most * (1 + 1e-6)
    if rule is Allocation.MAX_MIN:
        share = found.cleared.cleared_kw / found.cleared.proposed_kw
        plain = gridpact.clear(replace(case, allocation=Allocation.MAX_VOLUME)).cleared
        assert share.min() >= (plain.cleared_kw / plain.proposed_kw).min() - 1e-6


def test_a_bound_is_never_below_what_clears_elsewhere() -> None:
    """All-or-nothing trades: the bound of a search that was stopped is not below the best choice."""
    case = with_terms(congested_case(3, 14, power_kw=30.0), min_fraction=1.0)
    best = gridpact.clear(case)
    for work in (1, 5, 20):
        stopped = gridpact.clear(replace(case, work_max=work))
        assert stopped.summary["bound"]["upper_kwh"] >= best.summary["cleared_kwh"] - 1e-6
        assert stopped.summary["bound"]["upper_kwh"] >= stopped.summary["cleared_kwh"] - 1e-9
