"""Feed-in that survives outages: a seller that fails delivers neither its sale nor its feed-in."""

from pathlib import Path

import numpy as np
import pytest

from gridpact.case import Case
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.network_state import relaxed_limits
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from gridpact.results import Clearance
from tests.feed_in.random_feed_in import cleared, feed_in_case, trade_kw

COSTS_FEED_IN = (15, 16, 29)  # outages ask for more curtailment
COSTS_TRADES = (0, 2, 9, 28, 36)  # and for fewer trades
RELIEF_FAILS = (12, 14, 24, 26)  # an outage takes relief away that the bare network needs
SEEDS = (*COSTS_FEED_IN, *COSTS_TRADES, *RELIEF_FAILS)
KEPT, RAISED_SHARE = 2e-7, 0.01


def worst_excess(case: Case, clearance: Clearance, fed_in_kw: np.ndarray) -> float:
    """How far the schedule or any of its outages is beyond its limits, pu and parts of one, found apart."""
    people, trades, traded_kw = case.participants, case.trades, trade_kw(clearance)
    load, made = case.profiles.load_kw[0], case.profiles.generation_kw[0]
    own, count = np.minimum(load, made), len(people)
    sold, bought = (np.bincount(who, traded_kw, count) for who in (trades.seller, trades.buyer))
    alone = np.arange(count)
    states = [(sold, fed_in_kw)]
    states += [
        (np.where(alone == seller, 0.0, sold), np.where(alone == seller, 0.0, fed_in_kw))
        for seller in np.unique(trades.seller)
    ]
    states += [
        (sold - kw * (alone == seller), fed_in_kw)
        for seller, kw in zip(trades.seller, traded_kw, strict=True)
    ]
    runs = np.array([own + s + f for s, f in states])
    used = np.tile(np.where(people.firm, load, own + bought), (len(runs), 1))
    of_made, of_used = (
        np.tan(np.arccos(factor)) for factor in (people.generation_power_factor, people.load_power_factor)
    )
    at = connections_of(clearance.network, people)
    flow = run_verification_power_flow(
        clearance.network.verification_model,
        at.bus,
        at.shared(runs - used),
        at.shared(runs * of_made - used * of_used),
        at.phase,
    )
    limits = clearance.operating_limits.repeated(0, len(runs))
    bare = relaxed_limits(clearance.operating_limits, clearance.bare).repeated(0, len(runs))
    limits = limits.replaced(np.arange(len(runs)) > 0, bare)
    assert flow.converged.all()
    return max(
        float(np.nanmax(limits.voltage_excess_pu(flow.voltage_pu))),
        float(np.nanmax(limits.loading_excess_percent(flow.loading_percent))) / 100.0,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_every_outage_holds_for_the_final_schedule_and_nobody_could_feed_in_more(
    seed: int, tmp_path: Path
) -> None:
    case = feed_in_case(seed, tmp_path)
    clearance = cleared(case, robustness="declared")
    assert clearance.contingencies is not None
    assert clearance.contingencies.broken_after == 0
    fed_in, available = clearance.fed_in.fed_in_kw[0], clearance.fed_in.available_kw[0]
    worst = worst_excess(case, clearance, fed_in)
    assert worst <= KEPT
    for exporter in np.flatnonzero(available - fed_in > 1e-3).tolist():
        more = fed_in.copy()
        more[exporter] = min(available[exporter], more[exporter] + RAISED_SHARE * available[exporter])
        assert worst_excess(case, clearance, more) > worst + 1e-9, exporter


@pytest.mark.parametrize("seed", COSTS_FEED_IN)
def test_outages_may_ask_for_more_curtailment(seed: int, tmp_path: Path) -> None:
    case = feed_in_case(seed, tmp_path)
    plain, robust = cleared(case), cleared(case, robustness="declared")
    assert robust.fed_in.fed_in_kw.sum() < plain.fed_in.fed_in_kw.sum() - 1e-2
    assert robust.contingencies is not None
    assert robust.contingencies.broken_before > 0


@pytest.mark.parametrize("seed", RELIEF_FAILS)
def test_an_outage_may_be_as_bad_as_the_bare_network(seed: int, tmp_path: Path) -> None:
    """Trades keep limits that the bare network breaks; without one of them these may be broken as before."""
    clearance = cleared(feed_in_case(seed, tmp_path), robustness="declared")
    assert clearance.summary["baseline_violations"]
    assert clearance.summary["status"] == "cleared"
    assert trade_kw(clearance).sum() > 1.0
