"""Sessions as a user meets them: the example day, the command line, and what is said of what is firm."""

import json
import runpy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import gridpact
from gridpact.case import Trades
from gridpact.published import cigre_day
from gridpact.report.clearance.clearance_page import report_page
from gridpact.results import Clearance
from gridpact.results.clearance_outcome import outcome
from tests.sessions import after, rolled, with_forecast
from tests.unit.test_cli import run

EXAMPLES = Path(__file__).parents[2] / "examples"
SESSIONS = EXAMPLES / "cigre-lv-sessions"
NAMES = ("day-ahead", *(f"intraday-{hour:02}" for hour in range(24)))
roll = runpy.run_path(str(EXAMPLES / "roll_sessions.py"))["roll"]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Clearance], Path]:
    """The example day, rolled, and the folder of its results."""
    out = tmp_path_factory.mktemp("sessions")
    return list(roll(SESSIONS, out)), out


@pytest.fixture(scope="module")
def cut() -> Clearance:
    """The published day again, with a third of the sun less than its commitments were made with."""
    first = gridpact.clear(cigre_day())
    later = replace(cigre_day(), name="later", orders=type(first.case.orders).none())
    return gridpact.clear(after(with_forecast(later, 1.0, 2.0 / 3.0), first))


def test_the_example_is_a_day_of_25_sessions() -> None:
    assert tuple(sorted(path.name for path in SESSIONS.iterdir() if path.is_dir())) == NAMES
    for hour, name in enumerate(NAMES[1:]):
        case = gridpact.read_case(SESSIONS / name)
        assert case.first_open == hour
        assert (case.trades.start >= hour).all()


def test_the_example_is_what_its_code_makes() -> None:
    made = runpy.run_path(str(EXAMPLES / "session_cases.py"))["session_cases"]()
    assert tuple(made) == NAMES
    for name in (NAMES[0], NAMES[7]):
        read, case = gridpact.read_case(SESSIONS / name), made[name]
        assert read.trades.ids == case.trades.ids
        assert (read.trades.power_kw == case.trades.power_kw).all()
        assert (read.profiles.generation_kw == case.profiles.generation_kw).all()
        assert (read.profiles.load_kw == case.profiles.load_kw).all()


def test_a_day_rolls_through_its_sessions(day: tuple[list[Clearance], Path]) -> None:
    clearances, _ = day
    assert len(clearances) == len(NAMES)
    for earlier, later in pairwise(clearances):
        was, firm = earlier.summary, later.summary["commitments"]
        assert later.summary["status"] == "cleared"
        assert firm["committed_kwh"] == pytest.approx(was["cleared_kwh"], abs=1e-6)
        assert firm["kept_kwh"] <= firm["committed_kwh"]
        closed = later.cleared[later.is_committed & (later.offers.period < later.case.first_open)]
        assert (closed["cleared_kw"] == closed["proposed_kw"]).all()
    figures = [clearance.summary["commitments"] for clearance in clearances]
    assert any(figure["cut_rows"] for figure in figures)
    assert any(not figure["cut_rows"] for figure in figures[1:])
    new_kwh = [
        clearance.summary["cleared_kwh"] - figure["kept_kwh"]
        for clearance, figure in zip(clearances, figures, strict=True)
    ]
    assert sum(kwh > 1.0 for kwh in new_kwh) > 10


def contents(folder: Path) -> dict[str, object]:
    """Every file of a result, the seconds of its summary aside."""
    found: dict[str, object] = {path.name: path.read_bytes() for path in folder.iterdir()}
    found["summary.json"] = json.loads((folder / "summary.json").read_text()) | {"seconds": None}
    return found


def test_a_replayed_day_gives_the_same_bytes(day: tuple[list[Clearance], Path], tmp_path: Path) -> None:
    _, out = day
    list(roll(SESSIONS, tmp_path))
    for name in NAMES:
        assert contents(tmp_path / name) == contents(out / name), name


def test_the_command_line_gives_the_same_bytes(
    day: tuple[list[Clearance], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = day
    earlier: list[object] = []
    for name in NAMES[:4]:
        arguments = (SESSIONS / name, "--out", tmp_path / name, "--no-report", *earlier)
        code, said, _ = run("clear", *arguments, capsys=capsys)
        assert code == 0
        assert contents(tmp_path / name) == contents(out / name), name
        assert ("  firm      " in said) == bool(earlier)
        earlier = ["--commitments", tmp_path / name]


def test_wrong_commitments_leave_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("clear", SESSIONS / NAMES[0], "--out", tmp_path / "r", "--commitments")
    code, _, said = run(*arguments, SESSIONS / NAMES[0], capsys=capsys)
    assert code == 2
    assert "cleared.csv: is missing from the result folder" in said
    assert "summary.json: is missing from the result folder" in said
    assert not (tmp_path / "r").exists()


def test_the_result_never_replaces_its_commitments(
    day: tuple[list[Clearance], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = day[1] / NAMES[0]
    before = contents(folder)
    code, _, said = run("clear", SESSIONS / NAMES[1], "--out", folder, "--commitments", folder, capsys=capsys)
    assert code == 2
    assert "is the result that the commitments come from" in said
    assert contents(folder) == before


def test_the_same_session_cannot_be_cleared_on_top_of_itself(
    day: tuple[list[Clearance], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("clear", SESSIONS / NAMES[1], "--out", tmp_path / "r", "--commitments", day[1] / NAMES[1])
    code, _, said = run(*arguments, capsys=capsys)
    assert code == 2
    assert "is a trade of the case too (it is a commitment already; give the new trade another name)" in said


def test_what_is_cut_of_commitments_is_said_everywhere(cut: Clearance, tmp_path: Path) -> None:
    figures = cut.summary["commitments"]
    lost_kwh = figures["committed_kwh"] - figures["kept_kwh"]
    assert figures["committed_kwh"] == pytest.approx(44.568, abs=1e-3)
    assert lost_kwh > 1.0
    assert cut.summary["trades"] == figures["trades"] == cut.cleared["trade"].nunique()
    assert figures["cut_rows"] == len(cut.commitments)
    assert figures["cut_trades"] == cut.commitments["trade"].nunique()
    assert set(cut.commitments["limited_by"]) == {"seller_surplus"}
    assert (cut.commitments["kept_kw"] < cut.commitments["committed_kw"]).all()
    words = outcome(cut)
    trades = f"{figures['cut_trades']} trades cut"
    assert f"  firm      {figures['trades']} trades, 44.568 kWh, {figures['kept_kwh']:.3f} kWh kept" in words
    assert trades in words and " (firm) cut 33%: seller pv-" in words
    [notice] = [notice for notice in cut.summary["notices"] if "no longer carries" in notice]
    assert f"{figures['cut_trades']} commitments" in notice
    folder = gridpact.write_clearance(cut, tmp_path / "r", report=report_page(cut))
    lines = (folder / "commitments.csv").read_text().splitlines()
    assert lines[0] == "trade,time,committed_kw,kept_kw,limited_by,element"
    assert len(lines) == 1 + figures["cut_rows"]
    page = (folder / "report.html").read_text()
    assert "What was firm, and what is new" in page
    assert 'id="commitments"' in page
    assert "Firm before, cut" in page and "(firm)" in page


def test_without_commitments_nothing_is_said_of_them(tmp_path: Path) -> None:
    clearance = gridpact.clear(cigre_day())
    assert not any(clearance.summary["commitments"].values())
    assert "  firm  " not in outcome(clearance)
    folder = gridpact.write_clearance(clearance, tmp_path / "r")
    assert not (folder / "commitments.csv").exists()
    page = report_page(clearance)
    assert "What was firm" not in page and 'id="commitments"' not in page


def test_orders_may_stand_in_several_sessions() -> None:
    """Matched trades of one pair of orders get names of their own, and take only what is left."""
    more_sun = with_forecast(cigre_day(), 1.0, 1.5)
    first, second = rolled([cigre_day(), more_sun])
    assert second.matched > 0
    new = second.trades.ids[second.committed :]
    assert not set(new) & set(first.trades.ids)
    assert not second.summary["commitments"]["cut_rows"]
    assert second.summary["cleared_kwh"] > first.summary["cleared_kwh"] + 1.0
    alone = gridpact.clear(more_sun)
    assert second.summary["cleared_kwh"] == pytest.approx(alone.summary["cleared_kwh"], abs=1e-6)


def test_matched_trades_are_written_without_the_commitments(tmp_path: Path) -> None:
    _, second = rolled([cigre_day(), with_forecast(cigre_day(), 1.0, 1.5)])
    folder = gridpact.write_clearance(second, tmp_path / "r")
    lines = (folder / "trades.csv").read_text().splitlines()
    assert len(lines) == 1 + second.matched


def test_a_session_without_new_trades_keeps_what_is_firm(day: tuple[list[Clearance], Path]) -> None:
    last = day[0][-1]
    done = replace(
        last.case, commitments=Trades.none(), trades=Trades.none(), first_open=last.case.horizon.periods
    )
    closed = gridpact.clear(after(done, last))
    assert closed.summary["cleared_kwh"] == pytest.approx(last.summary["cleared_kwh"], abs=1e-9)
    assert not closed.summary["commitments"]["cut_rows"]
    assert "All periods are closed to new trades." in report_page(closed)
