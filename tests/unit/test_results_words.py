"""What is said of a clearance is true of it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import gridpact
from gridpact.case.case import Case, Formulation
from gridpact.case.horizon import Horizon
from gridpact.case.orders import Orders
from gridpact.clearing.problem.solution import LimitedBy, PeriodStatus
from gridpact.fields.said import counted
from gridpact.grid.limits import Limits
from gridpact.published import cigre_day, cigre_extreme
from gridpact.report.clearance.clearance_page import report_page
from gridpact.results import Clearance
from gridpact.results.clearance_outcome import outcome, verdict
from gridpact.results.words.limit_kinds import reason
from gridpact.results.words.phrases import ranged, share_of, significant, span, told_apart

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture(scope="module")
def known() -> Callable[[str], Clearance]:
    return lambda name: gridpact.clear(gridpact.read_case(CASES / name))


@pytest.fixture(scope="module")
def refused() -> Clearance:
    """A DC clearing that the power flow refuses."""
    return gridpact.clear(replace(cigre_extreme(), formulation=Formulation.DC))


def with_load(case: Case, factor: float, periods: slice = slice(None)) -> Case:
    load_kw = case.profiles.load_kw.copy()
    load_kw[periods] *= factor
    return replace(case, profiles=replace(case.profiles, load_kw=load_kw))


def test_numbers_keep_what_matters() -> None:
    assert [significant(value) for value in (1.0412, 0.89090, 104.06, 12345.6, 0.00012, 100.0, -0.0)] == [
        "1.041",
        "0.8909",
        "104.1",
        "12346",
        "0.00012",
        "100",
        "0",
    ]
    assert told_apart(1.04, 1.0) == ("1.04", "1")
    assert told_apart(100.00042, 100.0) == ("100.0004", "100")
    assert ranged([60.0, 74.587, 60.0]) == "60 to 74.59"
    assert ranged([0.9, 0.9 + 1e-9]) == "0.9"
    assert (share_of(99.9999, 100.0), share_of(1.0, 1.0), share_of(0.5, 1.0)) == (">99.9%", "100.0%", "50.0%")
    assert (counted(1, "period"), counted(0, "trade")) == ("1 period", "0 trades")


@pytest.mark.parametrize(
    ("hours", "first", "last", "said"),
    [
        (24, 11, 12, "11:00–13:00"),
        (25, 11, 12, "2024-06-21 11:00–13:00"),
        (48, 23, 23, "2024-06-21 23:00–00:00"),
        (48, 23, 25, "2024-06-21 23:00 to 2024-06-22 02:00"),
    ],
)
def test_times_have_a_date_beyond_a_day(hours: int, first: int, last: int, said: str) -> None:
    start = datetime(2024, 6, 21, tzinfo=ZoneInfo("Europe/Berlin"))
    horizon = Horizon(start=start, timezone="Europe/Berlin", resolution="1h", periods=hours)
    assert span(horizon, first, last) == said


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    start = datetime(2024, 10, 27, tzinfo=ZoneInfo("Europe/Berlin"))
    horizon = Horizon(start=start, timezone="Europe/Berlin", resolution="1h", periods=25)
    assert span(horizon, 2, 2) == "2024-10-27 02:00–02:00 (from UTC+02:00)"
    assert span(horizon, 3, 3) == "2024-10-27 02:00–03:00 (from UTC+01:00)"


def test_a_full_clearing_keeps_every_limit() -> None:
    said = outcome(gridpact.clear(cigre_day()))
    assert "proposed cleared (100.0%); every limit kept." in said.splitlines()[0]
    assert re.search(r"verified  by power-grid-model \S+: every limit kept\n", said)
    assert "notice    In " not in said


def test_a_broken_baseline_is_never_called_kept(known: Callable[[str], Clearance]) -> None:
    clearance = known("export-and-firm")
    assert clearance.summary["status"] == "baseline_unsafe"
    for said in (outcome(clearance), report_page(clearance)):
        assert "every limit kept" not in said.lower() and "no limit broken" not in said
        assert "1 limit is broken, none made worse; 1 limit is broken before any trade" in said
    assert "NOT SAFE" in outcome(clearance)
    assert "Not safe to operate" in report_page(clearance)
    assert re.search(
        r"line 3 .*at \d+\.?\d* %, limit 10 %, worst at 11:00, in 1 period\n", outcome(clearance)
    )


def test_many_broken_limits_are_counted_and_the_first_shown() -> None:
    case = replace(
        cigre_day(), limits=Limits(line_loading_max_percent=0.1, transformer_loading_max_percent=1)
    )
    clearance = gridpact.clear(case)
    count = len(clearance.summary["baseline_violations"])
    assert count > 10
    said = outcome(clearance)
    assert f"{count} limits are broken, none made worse; {count} limits are broken before any trade." in said
    assert f"… and {count - 10} more\n" in said


def test_nothing_proposed_is_not_a_hundred_percent() -> None:
    clearance = gridpact.clear(replace(cigre_day(), orders=Orders.none()))
    assert verdict(clearance) == "nothing was proposed; every limit kept."
    assert "100.0%" not in outcome(clearance)
    page = report_page(clearance)
    assert "nothing was proposed" in page and "every trade in full" not in page
    assert "None of none" not in page


def test_a_refused_dispatch_lists_what_it_breaks(refused: Clearance) -> None:
    violations = refused.summary["violations"]
    assert [(each["limited_by"], each["element"]) for each in violations] == [
        ("voltage_min", "35"),
        ("voltage_min", "37"),
    ]
    low = refused.operation.voltage_pu
    worst = violations[0]
    assert worst["worst_value"] == pytest.approx(low.min(), abs=1e-8) and worst["limit"] == 0.9
    assert (worst["periods"], worst["worst_time"]) == (1, "2024-06-21T11:00+01:00")
    said = outcome(refused)
    assert "NOT SAFE: the dispatch breaks limits of the network." in said
    assert (
        "  broken    2 limits by the dispatch\n            bus 35 (Bus C12) at 0.8909 pu, limit 0.9 pu"
        in said
    )
    assert " 0.0 points" not in said and "0.009099 pu outside its band" in said


def test_an_ac_clearing_breaks_nothing(known: Callable[[str], Clearance]) -> None:
    assert gridpact.clear(cigre_extreme()).summary["violations"] == []
    assert known("broken-baseline-relieved").summary["violations"] == []


def test_loadings_of_the_dc_model_are_called_so(known: Callable[[str], Clearance]) -> None:
    clearance = known("dc-angle-limit")
    for said in (outcome(clearance), report_page(clearance)):
        assert "ine 3 at 9.674 % of its rating in the dc model" in said
    assert "in the dc model" not in outcome(known("two-bus-line-limit"))


def test_periods_are_counted_by_how_they_were_solved(known: Callable[[str], Clearance]) -> None:
    clearance = known("voltage-limit-power-factor")
    solves = clearance.summary["solves"]
    assert list(solves) == ["in_full", "optimal", "acceptable", "time_limit", "best_found"]
    assert sum(solves.values()) == 2 and solves["in_full"] == 0
    status = np.full(2, PeriodStatus.BEST_FOUND)
    unproven = replace(clearance, solution=replace(clearance.solution, status=status))
    assert unproven.summary["solves"]["best_found"] == 2
    assert unproven.summary["notices"][0] == (
        "In 2 periods the solver failed: a share of a draft that keeps every limit was taken, "
        "which is not the rule's own allocation."
    )


def test_a_baseline_without_a_solution_is_reported() -> None:
    clearance = gridpact.clear(with_load(cigre_day(), 400.0, slice(18, 19)))
    notices = clearance.summary["notices"]
    assert any(
        notice.startswith("In 1 period the baseline, with no trade cleared, has no") for notice in notices
    )
    assert "NOT SAFE: the network has no operating point" in outcome(clearance)
    assert "with no trade cleared, has no power-flow solution" in report_page(clearance)


def test_reasons_without_a_known_limit() -> None:
    assert reason("voltage_min", "", []) == "the network has no operating point with more"
    assert reason("line", "7", []) == "line 7 at its limit"
    assert reason("seller_surplus", "s", []) == "seller s has no more surplus"
    assert reason("buyer_demand", "b", [0.0001]) == "buyer b has 0.0001 kW of residual demand"
    assert reason("transformer", "0", [60.0, 74.6]) == "transformer 0 at 60 to 74.6 % of its rating"


def test_no_element_is_blamed_where_there_is_none(known: Callable[[str], Clearance]) -> None:
    clearance = known("two-bus-line-limit")
    solution = clearance.solution
    blamed = replace(
        solution,
        limited_by=np.full_like(solution.limited_by, LimitedBy.VOLTAGE_MIN),
        element=np.full_like(solution.element, -1),
    )
    assert set(replace(clearance, solution=blamed).cleared["element"]) == {""}


def test_notices_of_files_keep_their_names() -> None:
    case = replace(
        cigre_day(), warnings=("profiles.csv: 3 rows are missing", "profiles.csv: 3 rows are missing")
    )
    clearance = gridpact.clear(case)
    assert clearance.summary["notices"].count("profiles.csv: 3 rows are missing") == 1
    page = report_page(clearance)
    assert "<li>profiles.csv: 3 rows are missing.</li>" in page and "Profiles.csv" not in page


def test_a_clearance_shows_itself_in_one_line(refused: Clearance) -> None:
    assert repr(refused) == "<Clearance 'CIGRE LV, extreme hour': limits_broken, 729.000 of 729.000 kWh>"


def test_the_summary_is_json(refused: Clearance) -> None:
    assert json.loads(json.dumps(refused.summary)) == refused.summary


def test_two_power_flows_that_differ_are_said_to() -> None:
    clearance = gridpact.clear(cigre_day())
    apart = replace(clearance, verification=replace(clearance.verification, max_difference_pu=2e-5))
    assert not any("two power flows" in notice for notice in clearance.summary["notices"])
    assert "The two power flows differ by up to 2.0e-05 pu" in outcome(apart)
