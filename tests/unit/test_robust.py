"""Robust clearing: every outage is carried, by power-grid-model's word, at no more cost than that."""

from dataclasses import replace

import numpy as np
import pytest

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Case, Formulation, Robustness
from gridpact.case.terms import NONE, Terms
from gridpact.clearing.network.injection import injection, participant_bus_position
from gridpact.errors import InvalidUsage
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from gridpact.published import cigre_extreme
from gridpact.results.clearance import Clearance

VOLTAGE_PU, LOADING_PERCENT = 1e-6, 1e-3


def elastic(case: Case) -> Case:
    """The case with demand that consumes only what it bought."""
    return with_demand(case, firm=False)


def with_demand(case: Case, *, firm: bool) -> Case:
    flags = frozen(np.full(len(case.participants), firm), np.bool_)
    return replace(case, participants=replace(case.participants, firm=flags))


def declared(case: Case) -> Case:
    return replace(case, robustness=Robustness.DECLARED)


def without(clearance: Clearance, seller: int, share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Voltage and loading, by power-grid-model, where a seller delivers a share less than it sold."""
    case, dispatch = clearance.case, clearance.dispatch
    made = dispatch.made_kw.copy()
    made[:, seller] -= share * dispatch.p2p_sold_kw[:, seller]
    missing = injection(case.participants, made, dispatch.used_kw)
    position = participant_bus_position(clearance.network, case.participants)
    flow = run_verification_power_flow(
        clearance.network.verification_model, position, missing.p_kw, missing.q_kvar
    )
    return flow.voltage_pu, flow.loading_percent


def worst_excess(clearance: Clearance) -> tuple[float, float]:
    """The most that any single seller's failing breaks a voltage and a loading by."""
    limits, worst = clearance.operating_limits, (0.0, 0.0)
    for seller in np.flatnonzero(clearance.dispatch.p2p_sold_kw.any(axis=0)).tolist():
        voltage, loading = without(clearance, seller)
        worst = (
            max(worst[0], float(limits.voltage_excess_pu(voltage).max())),
            max(worst[1], float(limits.loading_excess_percent(loading).max())),
        )
    return worst


def test_a_plain_clearing_of_elastic_demand_does_not_survive_and_a_robust_one_does() -> None:
    case = elastic(cigre_extreme())
    assert worst_excess(gridpact.clear(case))[0] > 1e-3
    robust = gridpact.clear(declared(case))
    voltage, loading = worst_excess(robust)
    assert voltage <= VOLTAGE_PU
    assert loading <= LOADING_PERCENT
    facts = robust.summary["robustness"]
    assert facts["broken_before"] > facts["broken_after"] == 0
    assert facts["cost_kwh"] == pytest.approx(
        gridpact.clear(case).summary["cleared_kwh"] - robust.summary["cleared_kwh"], abs=1e-6
    )


def test_no_more_is_lost_than_an_outage_asks_for() -> None:
    robust = gridpact.clear(declared(elastic(cigre_extreme())))
    limits = robust.operating_limits
    reached = [
        float((without(robust, seller)[0] - limits.voltage_min_pu)[np.isfinite(limits.voltage_min_pu)].min())
        for seller in np.flatnonzero(robust.dispatch.p2p_sold_kw.any(axis=0)).tolist()
    ]
    assert min(reached) == pytest.approx(0.0, abs=1e-6)


def test_firm_demand_is_served_anyway_and_needs_no_seller() -> None:
    case = with_demand(cigre_extreme(), firm=True)
    facts = gridpact.clear(declared(case)).summary
    assert facts["robustness"]["outages"] > 0
    assert facts["robustness"]["cost_kwh"] == 0.0
    assert facts["cleared_kwh"] == gridpact.clear(case).summary["cleared_kwh"]


def test_terms_are_kept_where_outages_cut() -> None:
    case = elastic(cigre_extreme())
    count = len(case.trades)
    terms = Terms(
        block=frozen(np.zeros(count), np.bool_),
        min_fraction=frozen(np.full(count, 0.6), float),
        group=frozen(np.full(count, NONE), np.int64),
        link=frozen(np.full(count, NONE), np.int64),
    )
    robust = gridpact.clear(declared(replace(case, trades=replace(case.trades, terms=terms))))
    fraction = (robust.cleared.cleared_kw / robust.cleared.proposed_kw).to_numpy()
    assert np.all((fraction == 0.0) | (fraction >= 0.6 - 1e-9))
    assert fraction.any()
    assert worst_excess(robust)[0] <= VOLTAGE_PU


def test_a_trade_that_fails_alone_is_an_outage_too() -> None:
    case = elastic(cigre_extreme())
    trades = case.trades
    parts = np.repeat(np.arange(len(trades)), 2)
    halves = replace(
        trades,
        ids=tuple(f"{trades.ids[k]}-{n}" for n, k in enumerate(parts.tolist())),
        seller=trades.seller[parts],
        buyer=trades.buyer[parts],
        start=trades.start[parts],
        end=trades.end[parts],
        power_kw=frozen(trades.power_kw[parts] / 2.0, float),
        price_per_kwh=trades.price_per_kwh[parts],
        submitted=trades.submitted[parts],
        terms=Terms.none(len(parts)),
    )
    whole = gridpact.clear(declared(case))
    split = gridpact.clear(declared(replace(case, trades=halves)))
    assert split.summary["robustness"]["outages"] == 3 * whole.summary["robustness"]["outages"]
    assert split.summary["cleared_kwh"] == pytest.approx(whole.summary["cleared_kwh"], abs=1e-5)
    for seller in np.flatnonzero(split.dispatch.p2p_sold_kw.any(axis=0)).tolist():
        voltage, _ = without(split, seller, share=0.5)
        assert float(split.operating_limits.voltage_excess_pu(voltage).max()) <= VOLTAGE_PU


@pytest.mark.parametrize(
    "wrong",
    [{"formulation": Formulation.DC}],
    ids=["dc"],
)
def test_what_robustness_does_not_go_with_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidUsage, match="without robustness"):
        gridpact.clear(replace(declared(cigre_extreme()), **wrong))
