"""Work, deadlines, requests to stop, shares of parts, and threads."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import gridpact
from gridpact.case import Case, Formulation, Horizon
from gridpact.clearing.problem.solution import PeriodStatus
from gridpact.clearing.solver.budget import Budget
from gridpact.clearing.terms.decision_search import ChoiceFound, Search
from gridpact.grid.compile import compile_source
from tests.congested import CIGRE, DORF, NARROW_BAND, WEAK_LINES, congested_case, keeps_every_limit
from tests.terms_instances import with_terms


def indivisible(trades: int, seed: int = 3, network: str = DORF) -> Case:
    """One congested period of all-or-nothing trades."""
    case = congested_case(seed, trades, network, sides=8, power_kw=30.0, limits=WEAK_LINES)
    return with_terms(case, min_fraction=1.0)


def test_a_time_limit_ends_a_search_with_what_is_feasible() -> None:
    case = replace(indivisible(40), seconds_max=1.0, work_max=10**9)
    network = compile_source(case.network)
    gridpact.clear(replace(case, seconds_max=0.2), network=network)  # whatever is imported on first use
    start = time.monotonic()
    clearance = gridpact.clear(case, network=network)
    assert time.monotonic() - start <= 1.2
    assert keeps_every_limit(clearance)
    assert clearance.summary["cleared_kwh"] > 0.0
    if clearance.summary.get("ended_by"):
        assert clearance.summary["ended_by"] == "time"
        assert any("time limit" in notice for notice in clearance.summary["notices"])


def test_a_deadline_that_is_over_leaves_what_keeps_every_limit() -> None:
    case = congested_case(2, 20)
    clearance = gridpact.clear(case, deadline=time.monotonic())
    assert keeps_every_limit(clearance)
    assert clearance.summary["ended_by"] == "time"
    assert clearance.solution.status[0] == PeriodStatus.BEST_FOUND
    assert 0.0 < clearance.summary["cleared_kwh"] <= gridpact.clear(case).summary["cleared_kwh"]


def test_a_request_to_stop_is_heeded() -> None:
    asked = []

    def cancel() -> bool:
        asked.append(None)
        return len(asked) > 3

    clearance = gridpact.clear(indivisible(20), cancel=cancel)
    assert len(asked) >= 4
    assert keeps_every_limit(clearance)
    assert clearance.summary["ended_by"] == "cancel"
    assert "ended_by" not in gridpact.clear(indivisible(3), cancel=lambda: False).summary


@pytest.mark.parametrize("work", [5, 40])
def test_work_ends_a_search_at_the_same_point_on_every_run(work: int) -> None:
    case = replace(indivisible(40), work_max=work)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: gridpact.clear(case), range(3)))
    for one in found:
        assert keeps_every_limit(one)
        assert one.summary["ended_by"] == "work"
        assert one.solution.column_kw.tolist() == found[0].solution.column_kw.tolist()
        assert one.cleared.equals(found[0].cleared)
    whole = gridpact.clear(replace(case, work_max=10**6))
    assert "ended_by" not in whole.summary
    assert found[0].summary["cleared_kwh"] <= whole.summary["cleared_kwh"] + 1e-6


def test_a_long_search_starves_no_other_part() -> None:
    """A small indivisible trade of its own hour clears, however long the search of an earlier hour takes."""
    hard = indivisible(40)
    trades, people = hard.trades, hard.participants
    sellers = np.flatnonzero(hard.profiles.generation_kw[0] > 5.0)
    count = len(trades) + 1
    both = replace(
        trades,
        ids=(*trades.ids, "small"),
        seller=np.append(trades.seller, sellers[0]),
        buyer=np.append(trades.buyer, trades.buyer[0]),
        start=np.append(trades.start, 1),
        end=np.append(trades.end, 2),
        power_kw=np.append(trades.power_kw, 1.0),
        price_per_kwh=np.append(trades.price_per_kwh, 0.1),
        submitted=np.append(trades.submitted, 0),
        terms=replace(
            trades.terms,
            block=np.zeros(count, dtype=bool),
            min_fraction=np.ones(count),
            group=np.full(count, -1),
            link=np.full(count, -1),
        ),
    )
    profiles = replace(
        hard.profiles,
        load_kw=np.repeat(hard.profiles.load_kw, 2, axis=0),
        generation_kw=np.repeat(hard.profiles.generation_kw, 2, axis=0),
    )
    horizon = replace(hard.horizon, periods=2)
    case = replace(hard, horizon=horizon, trades=both, profiles=profiles, work_max=30)
    assert isinstance(horizon, Horizon) and len(people)
    clearance = gridpact.clear(case)
    cleared = clearance.cleared.set_index("trade").cleared_kw
    assert clearance.summary["ended_by"] == "work"
    assert cleared["small"] == pytest.approx(1.0)


def test_parts_with_as_many_decisions_get_as_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    hard = indivisible(40)
    trades, twice = hard.trades, np.tile(np.arange(len(hard.trades)), 2)
    hour = np.repeat([0, 1], len(trades))
    parts = ("ids", "seller", "buyer", "power_kw", "price_per_kwh", "submitted")
    both = {
        name: np.array(getattr(trades, name))[twice] for name in parts if getattr(trades, name) is not None
    }
    both["ids"] = tuple(f"{one}-{at}" for one, at in zip(both["ids"], hour, strict=True))
    terms = trades.terms
    doubled = replace(
        trades,
        **both,
        start=hour,
        end=hour + 1,
        terms=replace(
            terms,
            block=terms.block[twice],
            min_fraction=terms.min_fraction[twice],
            group=terms.group[twice],
            link=terms.link[twice],
        ),
    )
    profiles = replace(
        hard.profiles,
        load_kw=np.repeat(hard.profiles.load_kw, 2, axis=0),
        generation_kw=np.repeat(hard.profiles.generation_kw, 2, axis=0),
    )
    case = replace(
        hard, horizon=replace(hard.horizon, periods=2), trades=doubled, profiles=profiles, work_max=400
    )
    given = []
    run = Search.run

    def counted(self: Search, budget: Budget) -> ChoiceFound:
        given.append(budget.work)
        return run(self, budget)

    monkeypatch.setattr(Search, "run", counted)
    gridpact.clear(case)
    first, second = given
    assert 0.0 < first <= 200.0
    assert second >= first


def test_threads_clear_the_same_as_one_after_the_other() -> None:
    """Four threads, two networks, rules, terms, outages and the DC model, all at once."""
    cases = []
    for network in (CIGRE, DORF):
        for limit in (NARROW_BAND, WEAK_LINES):
            case = congested_case(5, 18, network, limits=limit)
            cases += [
                case,
                replace(case, allocation="max-min"),
                replace(case, allocation="priority"),
                replace(case, robustness="declared"),
                replace(case, formulation=Formulation.DC),
                with_terms(case, min_fraction=0.5),
            ]
    networks = {case.network: compile_source(case.network) for case in cases}

    def cleared(case: Case) -> list[float]:
        return gridpact.clear(case, network=networks[case.network]).solution.column_kw.tolist()

    alone = [cleared(case) for case in cases]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(cleared, cases))
    assert together == alone


@pytest.mark.parametrize("work_max", [0, -1, 1.5, "many"])
def test_a_limit_of_work_is_a_positive_whole_number(work_max: object) -> None:
    with pytest.raises(gridpact.InvalidCase, match="work_max"):
        replace(indivisible(4), work_max=work_max)
