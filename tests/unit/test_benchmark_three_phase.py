"""The benchmark of three phases judges what it says, and its page has what it writes."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.fleet_run import FleetRun
from benchmarks.three_phase import __main__ as command
from benchmarks.three_phase import seconds as costs
from benchmarks.three_phase.european_day import (
    BALANCED,
    EXACT,
    EXAMPLE,
    UNIFORM,
    EuropeanDay,
    Outcome,
    as_balanced,
    outcomes_table,
)
from benchmarks.three_phase.judges import JUDGES

import gridpact
from gridpact.case import Case, Horizon, Profiles
from gridpact.clearing.network.connections import connections
from gridpact.clearing.network.injection import Injection
from gridpact.grid.network_model import NetworkModel
from tests.example import write_example

PARTS = ("day", "seconds", "fleets")
FIGURES = {BALANCED: "477.75", UNIFORM: "159.54", EXACT: "473.34"}


@pytest.fixture(scope="module")
def case() -> Case:
    """The last two quarter-hours of the day, which are as congested as the others."""
    return last_periods(gridpact.read_case(EXAMPLE), 2)


def last_periods(case: Case, count: int) -> Case:
    horizon, trades = case.horizon, case.trades
    first = horizon.periods - count
    assert (trades.start == 0).all() and (trades.end == horizon.periods).all()
    return replace(
        case,
        horizon=Horizon(
            start=horizon.instant(first),
            timezone=horizon.timezone,
            resolution=horizon.resolution,
            periods=count,
        ),
        profiles=Profiles(
            load_kw=case.profiles.load_kw[first:], generation_kw=case.profiles.generation_kw[first:]
        ),
        trades=replace(trades, end=np.full(len(trades), count)),
    )


@pytest.fixture(scope="module")
def outcomes(case: Case) -> dict[tuple[str, str], Outcome]:
    return {(one.way, one.judge): one for one in EuropeanDay(case).outcomes()}


def test_balanced_clearing_breaks_the_limit_and_clearing_by_phases_keeps_it(
    outcomes: dict[tuple[str, str], Outcome],
) -> None:
    assert {way for way, _ in outcomes} == {BALANCED, UNIFORM, EXACT}
    assert {judge for _, judge in outcomes} == set(JUDGES) and len(JUDGES) == 2
    for judge in JUDGES:
        balanced, alike, exact = (outcomes[way, judge] for way in (BALANCED, UNIFORM, EXACT))
        assert balanced.verdict == exact.verdict == "cleared"
        assert balanced.highest_v > 253.5 and balanced.periods_above == 2 and balanced.homes_above > 5
        for safe in (alike, exact):
            assert 252.9 < safe.highest_v < 253.02 and not safe.periods_above and not safe.homes_above
        assert 0.0 < alike.cleared_kwh < 0.7 * exact.cleared_kwh < balanced.cleared_kwh


def test_the_judges_agree(outcomes: dict[tuple[str, str], Outcome]) -> None:
    one, other = JUDGES
    for way in (BALANCED, UNIFORM, EXACT):
        assert outcomes[way, one].highest_v == pytest.approx(outcomes[way, other].highest_v, abs=1e-4)


def test_the_judges_put_each_home_on_its_own_phase(case: Case) -> None:
    day = EuropeanDay(case)
    network, bus = day.network, np.searchsorted(day.network.bus_ids, case.participants.bus)
    connected = connections(network, bus, case.participants.phases)
    silent = np.zeros((1, len(case.participants)))
    for judge in JUDGES.values():
        idle, loaded = (
            judge(network, case.network, connected, Injection(p_kw=p_kw, q_kvar=silent))
            for p_kw in (silent, np.where(np.arange(len(bus)) == 0, -5.0, 0.0)[None, :])
        )
        assert idle[0] == pytest.approx(idle[0, 0], abs=2e-3)
        own = np.array(case.participants.phases) == case.participants.phases[0]
        assert (loaded - idle)[0, 0] < -1e-3
        assert ((loaded - idle)[0, own] < 0.0).all() and (loaded - idle)[0, ~own].min() > -1e-3


def test_no_greater_share_of_all_trades_would_be_safe(case: Case) -> None:
    day = EuropeanDay(case)
    balanced_kw = gridpact.clear(as_balanced(case)).solution.column_kw
    alike_kw = day.cut_alike(balanced_kw)
    judge = next(reversed(JUDGES))
    assert not day.judged("", alike_kw, "", judge).periods_above
    assert day.judged("", 1.1 * alike_kw, "", judge).periods_above == 2
    period = day.problem.offers.column_period
    share = alike_kw[balanced_kw > 0.0] / balanced_kw[balanced_kw > 0.0]
    for one in np.unique(period):
        np.testing.assert_allclose(np.ptp(share[period[balanced_kw > 0.0] == one]), 0.0, atol=1e-12)


def test_the_balanced_day_is_the_same_but_for_its_phases(case: Case) -> None:
    balanced = as_balanced(case)
    assert not balanced.network.is_three_phase and set(balanced.participants.phases) == {"abc"}
    assert balanced.limits.voltage_max_pu == case.limits.voltage_max_pu
    assert balanced.profiles is case.profiles and balanced.trades is case.trades


def test_a_day_is_measured_where_the_network_binds_and_where_it_does_not(case: Case) -> None:
    found = {BALANCED: costs.day_seconds(as_balanced(case), 1), EXACT: costs.day_seconds(case, 1)}
    assert [one.bound_periods for one in found.values()] == [0, 2]
    assert all(one.seconds["clear"] > 0.0 and one.buses == 907 for one in found.values())
    rows = costs.day_table(found).splitlines()
    assert len(rows) == 4 and len({row.count("|") for row in rows}) == 1


def test_fleets_of_both_models_are_made_and_cleared_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    made, cleared = [], []

    def small(
        folder: Path, feeders: int, seed: int, *, settled: bool, workers: int, model: NetworkModel
    ) -> None:
        made.append((feeders, model))
        write_example(folder / "feeder-00001")

    def run(folder: Path, names: list[str], aside: Path) -> FleetRun:
        subprocess.run([sys.executable, "-c", "sum(range(1_000_000))"], check=True)
        cleared.append(folder.name)
        return FleetRun(feeders=len(names), seconds=2.0, peak_mib=1.0)

    monkeypatch.setattr(costs, "make_fleet", small)
    monkeypatch.setattr(costs, "run_fleet", run)
    found = costs.fleet_costs(1, 2)
    assert cleared == ["balanced", "three-phase"] * 2
    assert [one.model for one in found] == ["balanced", "three-phase"]
    assert made == [(1, NetworkModel.BALANCED), (1, NetworkModel.THREE_PHASE)]
    for one in found:
        assert one.feeders == one.sample == 1 and 0 <= one.congested <= 1
        assert list(one.seconds) == [2.0, 2.0] and len(one.cpu_seconds) == 2 and min(one.cpu_seconds) > 0.0
    rows = costs.fleet_table(found).splitlines()
    assert len(rows) == 4 and len({row.count("|") for row in rows}) == 1
    assert rows[2].endswith("| 1.00 |")


def test_the_table_has_a_row_for_each_outcome(outcomes: dict[tuple[str, str], Outcome]) -> None:
    rows = outcomes_table(list(outcomes.values()), 2).splitlines()
    assert len(rows) == 2 + 6 and len({row.count("|") for row in rows}) == 1


def test_the_page_has_the_parts_that_the_command_writes_and_the_figures_of_the_day() -> None:
    page = command.PAGE.read_text(encoding="utf-8")
    for part in PARTS:
        assert page.count(f"<!-- {part} -->") == page.count(f"<!-- end of {part} -->") == 1
    day = page.split("<!-- day -->")[1].split("<!-- end of day -->")[0]
    rows = re.findall(r"^\| (\S[^|]*?) \| ([0-9.]+) \|", day, re.MULTILINE)
    assert rows == [(way, kwh) for way, kwh in FIGURES.items() for _ in JUDGES]
    assert "python -m benchmarks.three_phase" in page
