"""What the summary and the words say of a certificate, and of what a rule of allocation costs."""

from dataclasses import replace

import pytest

import gridpact
from gridpact.case import Allocation, Formulation
from gridpact.published import cigre_day, cigre_extreme
from gridpact.results.clearance_outcome import outcome, proof_and_price


def test_a_certificate_proves_the_extreme_hour_optimal() -> None:
    clearance = gridpact.clear(cigre_extreme(), certify=True)
    bound = clearance.summary["bound"]
    assert bound["method"] == "certificate"
    assert bound["gap"] < 1e-6
    assert bound["upper_kwh"] >= clearance.summary["cleared_kwh"]
    assert [period["proven_by"] for period in bound["periods"]] == ["relaxation"]
    assert "proven    no allocation clears more than 713.488 kWh" in outcome(clearance)


def test_a_day_that_clears_in_full_is_its_own_proof() -> None:
    bound = gridpact.clear(cigre_day(), certify=True).summary["bound"]
    assert bound["gap"] == 0.0
    assert {period["proven_by"] for period in bound["periods"]} == {"caps_met"}


def test_without_a_certificate_the_bound_is_that_of_the_caps() -> None:
    bound = gridpact.clear(cigre_extreme()).summary["bound"]
    assert bound["method"] == "caps"
    assert bound["upper_kwh"] == pytest.approx(729.0)


def test_a_certificate_is_about_ac_alone() -> None:
    with pytest.raises(gridpact.InvalidUsage, match="exact AC"):
        gridpact.clear(replace(cigre_extreme(), formulation=Formulation.DC), certify=True)


def test_the_price_of_fairness_is_the_volume_that_max_volume_clears_more() -> None:
    case = cigre_extreme()
    greatest = gridpact.clear(case)
    assert greatest.summary["price_of_fairness"]["cost_kwh"] == 0.0
    assert proof_and_price(greatest) == []
    fair = gridpact.clear(replace(case, allocation=Allocation.MAX_MIN))
    price = fair.summary["price_of_fairness"]
    assert price["max_volume_kwh"] == pytest.approx(greatest.summary["cleared_kwh"], abs=1e-6)
    assert price["cost_kwh"] == pytest.approx(
        greatest.summary["cleared_kwh"] - fair.summary["cleared_kwh"], abs=1e-6
    )
    assert price["cost_kwh"] > 7.0
    assert "max-min costs 7.527 kWh of the 713.488 kWh" in outcome(fair)
