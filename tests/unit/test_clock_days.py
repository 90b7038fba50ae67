"""Days of 92 and 100 quarter-hours: every sum is of elapsed time, and no quarter-hour is lost or doubled."""

import importlib.util
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.case import Case, Formulation
from gridpact.case.writing.case_writer import write_case
from gridpact.cli import main
from gridpact.report.clearance.clearance_page import report_page
from gridpact.results import Clearance
from tests.terms_oracle import Linear, Shares

EXAMPLES = Path(__file__).parents[2] / "examples"
QUARTER_H = 0.25
TARIFFS = "[retailers.default]\nsupply_price_per_kwh = 0.2\nfeed_in_price_per_kwh = 0.1\n"


@dataclass(frozen=True)
class Day:
    """An example, and what is known of its day from the calendar."""

    folder: str
    maker: str
    zone: str
    date: str
    quarters: int
    offsets: tuple[str, str]


DAYS = (
    Day("clock-forward-day", "clock_forward_day", "Europe/Lisbon", "2024-03-31", 92, ("+00:00", "+01:00")),
    Day("clock-back-day", "clock_back_day", "Europe/Berlin", "2024-10-27", 100, ("+02:00", "+01:00")),
)


def maker() -> ModuleType:
    """The module that makes the examples; it is beside them, and no package."""
    spec = importlib.util.spec_from_file_location("clock_days", EXAMPLES / "clock_days.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of the results of both days."""
    folders = {}
    for day in DAYS:
        folders[day.folder] = tmp_path_factory.mktemp(day.folder) / "out"
        gridpact.write_clearance(cleared_day(day), folders[day.folder])
    return folders


_cleared: dict[str, Clearance] = {}


def cleared_day(day: Day) -> Clearance:
    if day.folder not in _cleared:
        _cleared[day.folder] = gridpact.clear(gridpact.read_case(EXAMPLES / day.folder))
    return _cleared[day.folder]


def table(written: dict[str, Path], day: Day, name: str) -> pd.DataFrame:
    """A written table, with times as text."""
    return pd.read_csv(written[day.folder] / f"{name}.csv", keep_default_na=False)


def utc_quarters(day: Day) -> list[datetime]:
    """Every quarter-hour of the local day, from a calendar and a clock that only knows UTC."""
    start = datetime.fromisoformat(f"{day.date}T00:00").replace(tzinfo=ZoneInfo(day.zone))
    first = int(start.timestamp())
    return [datetime.fromtimestamp(first + 900 * k, UTC) for k in range(day.quarters)]


days = pytest.mark.parametrize("day", DAYS, ids=lambda day: day.folder)


@days
def test_the_day_has_the_quarters_between_its_midnights(day: Day) -> None:
    horizon = gridpact.read_case(EXAMPLES / day.folder).horizon
    times = [datetime.fromisoformat(label).astimezone(UTC) for label in horizon.labels()]
    assert times == utc_quarters(day)
    end = datetime.fromisoformat(horizon.instant(day.quarters).isoformat())
    assert (end.hour, end.minute) == (0, 0)
    assert end.date() > horizon.start.date()


@days
def test_the_folder_is_what_its_maker_makes(day: Day, tmp_path: Path) -> None:
    module = maker()
    case: Case = getattr(module, day.maker)()
    write_case(case, tmp_path)
    module.write_readme(case, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        path.name for path in (EXAMPLES / day.folder).iterdir()
    }
    for path in tmp_path.iterdir():
        assert path.read_text() == (EXAMPLES / day.folder / path.name).read_text(), path.name


@days
def test_energy_is_power_times_elapsed_time(day: Day, written: dict[str, Path]) -> None:
    summary = json.loads((written[day.folder] / "summary.json").read_text())
    cleared, schedule = table(written, day, "cleared"), table(written, day, "schedule")
    assert summary["periods"] == day.quarters
    assert summary["cleared_kwh"] == pytest.approx(cleared["cleared_kw"].sum() * QUARTER_H, abs=1e-6)
    assert summary["proposed_kwh"] == pytest.approx(cleared["proposed_kw"].sum() * QUARTER_H, abs=1e-6)
    assert summary["load_kwh"] == pytest.approx(schedule["load_kw"].sum() * QUARTER_H, abs=1e-6)
    for column in ("p2p_sold_kw", "p2p_bought_kw"):
        assert summary["cleared_kwh"] == pytest.approx(schedule[column].sum() * QUARTER_H, abs=1e-6)


@days
def test_a_constant_kilowatt_is_as_many_kwh_as_the_day_has_hours(day: Day, written: dict[str, Path]) -> None:
    schedule, cleared = table(written, day, "schedule"), table(written, day, "cleared")
    pump = schedule[schedule["participant"] == "pump"]
    assert set(pump["load_kw"]) == {1.0}
    hours = {92: 23.0, 100: 25.0}[day.quarters]
    assert pump["load_kw"].sum() * QUARTER_H == hours
    assert cleared.loc[cleared["trade"] == "pump-day", "cleared_kw"].sum() * QUARTER_H == hours


@days
def test_every_table_has_each_quarter_once(day: Day, written: dict[str, Path]) -> None:
    people = len(gridpact.read_case(EXAMPLES / day.folder).participants)
    schedule = table(written, day, "schedule")
    assert len(schedule) == people * day.quarters
    expected = [time.timestamp() for time in utc_quarters(day)]
    for name in ("schedule", "exchange", "network"):
        times = table(written, day, name)["time"]
        distinct = list(dict.fromkeys(times))
        assert [datetime.fromisoformat(text).timestamp() for text in distinct] == expected, name
        assert len(times) % day.quarters == 0
    assert not schedule.duplicated(["time", "participant"]).any()
    offsets = [text[-6:] for text in dict.fromkeys(schedule["time"])]
    assert list(dict.fromkeys(offsets)) == list(day.offsets)


def test_the_hour_that_the_clocks_skip_is_not_there(written: dict[str, Path]) -> None:
    clocks = table(written, DAYS[0], "exchange")["time"].str[11:16]
    assert not clocks.str.startswith("01:").any()
    assert (clocks.str.startswith("02:")).sum() == 4


def test_the_hour_that_comes_twice_is_there_with_two_offsets(written: dict[str, Path]) -> None:
    times = table(written, DAYS[1], "exchange")["time"]
    twice = times[times.str[11:13] == "02"]
    clocks = [f"02:{minute:02}" for minute in (0, 15, 30, 45)]
    assert [text[11:16] for text in twice] == clocks * 2
    assert [text[-6:] for text in twice] == ["+02:00"] * 4 + ["+01:00"] * 4


@days
def test_windows_have_their_elapsed_length(day: Day) -> None:
    """From the text of trades.csv and nothing else: the difference of two instants in UTC."""
    rows = pd.read_csv(EXAMPLES / day.folder / "trades.csv")
    cleared = cleared_day(day).cleared
    across = 0
    for row in rows.to_dict("records"):
        start, end = (datetime.fromisoformat(row[name]) for name in ("start", "end"))
        elapsed_h = (end.timestamp() - start.timestamp()) / 3600.0
        clock_h = (end.replace(tzinfo=None) - start.replace(tzinfo=None)).total_seconds() / 3600.0
        found = cleared[cleared["trade"] == row["trade"]]
        assert len(found) * QUARTER_H == elapsed_h, row["trade"]
        assert found["proposed_kw"].sum() * QUARTER_H == pytest.approx(row["power_kw"] * elapsed_h, abs=1e-9)
        across += clock_h != elapsed_h
    assert across >= 5


def test_the_same_clock_time_on_both_sides_of_the_change_is_an_hour_apart() -> None:
    cleared = cleared_day(DAYS[1]).cleared
    before, after = (cleared[cleared["trade"] == name] for name in ("cold-before", "cold-after"))
    assert len(before) == len(after) == 1
    first, second = before["time"].iloc[0], after["time"].iloc[0]
    assert (first.hour, first.minute) == (second.hour, second.minute) == (2, 30)
    assert (second - first).total_seconds() == 3600.0
    assert (first.isoformat()[-6:], second.isoformat()[-6:]) == ("+02:00", "+01:00")


@days
def test_summary_exchange_schedule_and_report_agree(day: Day, written: dict[str, Path]) -> None:
    clearance = cleared_day(day)
    summary = json.loads((written[day.folder] / "summary.json").read_text())
    schedule, exchange = table(written, day, "schedule"), table(written, day, "exchange")
    assert summary["status"] == "cleared"
    net = schedule.groupby("time", sort=False)["net_injection_kw"].sum().to_numpy()
    np.testing.assert_allclose(exchange["import_kw"] + net, exchange["losses_kw"], rtol=0, atol=1e-6)
    page = report_page(clearance)
    assert f"{summary['cleared_kwh']:.3f}" in page
    assert f"{summary['proposed_kwh']:.3f}" in page
    labels = re.findall(rf"{day.date} \d\d:\d\d–\d\d:\d\d \(UTC[+-]\d\d:\d\d\)", page)
    assert len(set(labels)) == day.quarters
    assert {label[-7:-1] for label in labels} == set(day.offsets)


@days
def test_local_times_without_an_offset_are_read_in_the_timezone(day: Day, tmp_path: Path) -> None:
    """Written without offsets where the clocks leave no doubt, the case is the same."""
    for path in (EXAMPLES / day.folder).iterdir():
        text = path.read_text()
        if path.name == "trades.csv":
            text = re.sub(r"T(00:00|0[4-9]:\d\d|1\d:\d\d)\+0\d:00", r"T\1", text)
            assert text != path.read_text()
        (tmp_path / path.name).write_text(text)
    read, known = gridpact.read_case(tmp_path), gridpact.read_case(EXAMPLES / day.folder)
    np.testing.assert_array_equal(read.trades.start, known.trades.start)
    np.testing.assert_array_equal(read.trades.end, known.trades.end)


@pytest.mark.parametrize(
    ("day", "old", "new", "said"),
    [
        (DAYS[0], "2024-03-31T02:00+01:00", "2024-03-31T01:30", "does not exist"),
        (DAYS[1], "2024-10-27T02:30+02:00", "2024-10-27T02:30", "comes twice"),
    ],
    ids=["skipped", "twice"],
)
def test_a_local_time_in_doubt_is_refused(day: Day, old: str, new: str, said: str, tmp_path: Path) -> None:
    for path in (EXAMPLES / day.folder).iterdir():
        text = path.read_text()
        (tmp_path / path.name).write_text(text.replace(old, new) if path.name == "trades.csv" else text)
    with pytest.raises(gridpact.InvalidCase, match=said):
        gridpact.read_case(tmp_path)


@pytest.mark.parametrize(
    ("start", "periods", "end", "fitting"),
    [
        ("2026-10-01T00:00", 2976, "2026-10-31T23:00+01:00", 2980),
        ("2026-03-29T00:00", 96, "2026-03-30T01:00+02:00", 92),
        ("2026-10-01T00:00", 2980, "", 0),
        ("2026-10-01T00:00", 96, "", 0),
        ("2026-10-25T00:00", 20, "", 0),
        ("2026-10-24T12:00", 96, "", 0),
        ("2026-03-01T00:00", 245 * 96, "", 0),
    ],
    ids=["month", "spring", "counted", "no change", "part of a day", "noon to noon", "both changes"],
)
def test_days_counted_as_24_hours_are_said(
    start: str, periods: int, end: str, fitting: int, tmp_path: Path, monkeypatch, capsys
) -> None:
    lines = f'start = "{start}"\ntimezone = "Europe/Berlin"\nresolution = "15min"\nperiods = {periods}\n'
    (tmp_path / "case.toml").write_text(f'name = "counted"\ncurrency = "EUR"\n[horizon]\n{lines}')
    (tmp_path / "participants.csv").write_text("participant\nanna\n")
    (tmp_path / "tariffs.toml").write_text(TARIFFS)
    monkeypatch.setattr("sys.argv", ["gridpact", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert ("case.toml: clocks change in the horizon" in told) is bool(end)
    assert not end or f"ends at {end} and not at midnight; with periods = {fitting} it would" in told
    horizon = gridpact.Horizon(
        start=start, timezone="Europe/Berlin", resolution="15min", periods=fitting or 1
    )
    assert not fitting or horizon.instant(fitting).hour == 0


@days
@pytest.mark.parametrize("formulation", list(Formulation))
def test_the_volume_is_that_of_an_independent_programme(day: Day, formulation: Formulation) -> None:
    """Only caps bind on these days, so that both formulations reach the same volume."""
    case = replace(gridpact.read_case(EXAMPLES / day.folder), formulation=formulation)
    best = Linear(case).best()
    clearance = gridpact.clear(case)
    assert clearance.summary["cleared_kwh"] == pytest.approx(best.volume * QUARTER_H, abs=1e-6)
    shares = Shares(case)
    assert shares.decisions >= 8
    assert not all(best.accepted) and any(best.accepted)


@days
def test_terms_decide_what_clears(day: Day) -> None:
    cleared = cleared_day(day).cleared
    fraction = cleared["cleared_kw"] / cleared["proposed_kw"]
    by_trade = fraction.groupby(cleared["trade"])
    assert by_trade.get_group("pump-day").eq(1.0).all()
    assert by_trade.get_group("charge-slow").eq(1.0).all()
    assert by_trade.get_group("charge-fast").eq(0.0).all()
    for block in ("bake", "sun-block"):
        assert np.ptp(by_trade.get_group(block)) <= 1e-8
        assert 0.0 < by_trade.get_group(block).iloc[0] < 1.0
    assert by_trade.get_group("bake").min() >= 0.6 - 1e-9
    around = by_trade.get_group("cold-around")
    assert ((around == 0.0) | (around >= 0.5 - 1e-9)).all()
    assert set(cleared.loc[cleared["trade"] == "charge-fast", "limited_by"]) == {"terms"}
