"""Times: offsets, the clocks of spring and autumn, and the period grid."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridpact.case import Horizon, read_case
from gridpact.case.periods import period_of, periods_of
from gridpact.case.times import Fault, from_microseconds, microseconds, read_time
from gridpact.errors import InvalidCase
from tests.example import CASE, FILES, write_example

LISBON, BERLIN = ZoneInfo("Europe/Lisbon"), ZoneInfo("Europe/Berlin")
DAYS = [
    ("Europe/Lisbon", "2024-03-31", "2024-04-01", 92),
    ("Europe/Lisbon", "2024-10-27", "2024-10-28", 100),
    ("Europe/Berlin", "2024-03-31", "2024-04-01", 92),
    ("Europe/Berlin", "2024-10-27", "2024-10-28", 100),
    ("Europe/Berlin", "2024-06-21", "2024-06-22", 96),
]


def day_case(folder: Path, zone: str, day: str, next_day: str, periods: int) -> Path:
    """The example on another day, with one trade that lasts all of it."""
    write_example(folder)
    horizon = Horizon(
        start=datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)),
        timezone=zone,
        resolution="15min",
        periods=periods,
    )
    text = (
        CASE.replace("2024-06-21", day)
        .replace("Europe/Berlin", zone)
        .replace("periods = 4", f"periods = {periods}")
    )
    (folder / "case.toml").write_text(text)
    rows = [f"{label},h{k},1,{index}" for index, label in enumerate(horizon.labels()) for k in (1, 2, 3)]
    (folder / "profiles.csv").write_text("\n".join(["time,participant,load_kw,generation_kw", *rows]) + "\n")
    (folder / "orders.csv").unlink()
    header = "trade,seller,buyer,start,end,power_kw,price_per_kwh"
    (folder / "trades.csv").write_text(f"{header}\nt1,h1,h2,{day}T00:00,{next_day}T00:00,1,0.2\n")
    return folder


@pytest.mark.parametrize(("zone", "day", "next_day", "periods"), DAYS)
def test_a_local_day_has_its_own_number_of_quarter_hours(
    zone: str, day: str, next_day: str, periods: int, tmp_path: Path
) -> None:
    case = read_case(day_case(tmp_path, zone, day, next_day, periods))
    assert (case.trades.start[0], case.trades.end[0]) == (0, periods)
    assert case.profiles.generation_kw[:, 0].tolist() == list(range(periods))
    assert case.warnings == ()


@pytest.mark.parametrize(("zone", "day", "next_day", "periods"), DAYS)
def test_a_period_too_few_leaves_the_end_of_the_day_outside(
    zone: str, day: str, next_day: str, periods: int, tmp_path: Path
) -> None:
    folder = day_case(tmp_path, zone, day, next_day, periods)
    path = folder / "case.toml"
    path.write_text(path.read_text().replace(f"periods = {periods}", f"periods = {periods - 1}"))
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    assert {problem.what for problem in refusal.value.problems} == {"is outside the horizon"}
    assert {problem.file for problem in refusal.value.problems} == set(FILES[2:4])


@pytest.mark.parametrize(
    ("zone", "text", "what", "remedy"),
    [
        (
            BERLIN,
            "2024-03-31T02:30",
            "does not exist in Europe/Berlin, where the clocks skip it",
            "write 2024-03-31T01:30+01:00 or 2024-03-31T03:30+02:00",
        ),
        (
            LISBON,
            "2024-03-31T01:00",
            "does not exist in Europe/Lisbon, where the clocks skip it",
            "write 2024-03-31T00:00+00:00 or 2024-03-31T02:00+01:00",
        ),
        (
            LISBON,
            "2024-10-27T01:45",
            "comes twice in Europe/Lisbon, where the clocks are put back",
            "write 2024-10-27T01:45+01:00 or 2024-10-27T01:45+00:00",
        ),
        (BERLIN, "noon", "is not a time", "write it as in 2024-06-21T13:15+01:00"),
        (BERLIN, "0001-01-01T00:00+23:00", "is out of the range of times", ""),
    ],
)
def test_a_time_that_means_no_instant(zone: ZoneInfo, text: str, what: str, remedy: str) -> None:
    assert read_time(text, zone) == Fault(what=what, remedy=remedy)


def test_the_edges_of_the_clock_changes_are_times() -> None:
    for text in ("2024-03-31T01:59", "2024-03-31T03:00", "2024-10-27T01:59", "2024-10-27T03:00"):
        assert isinstance(read_time(text, BERLIN), datetime)


def test_ambiguous_times_are_told_apart_by_their_offset() -> None:
    first, second = (read_time(f"2024-10-27T02:30+0{hours}:00", BERLIN) for hours in (2, 1))
    assert isinstance(first, datetime) and isinstance(second, datetime)
    assert microseconds(second) - microseconds(first) == 3_600_000_000
    assert from_microseconds(microseconds(first)) == first.astimezone(UTC)


def test_a_skipped_time_in_a_table_is_named(tmp_path: Path) -> None:
    folder = day_case(tmp_path, *DAYS[2])
    path = folder / "trades.csv"
    path.write_text(path.read_text().replace("2024-03-31T00:00", "2024-03-31T02:15"))
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    (problem,) = refusal.value.problems
    assert (problem.file, problem.line, problem.field, problem.value) == (
        "trades.csv",
        2,
        "start",
        "2024-03-31T02:15",
    )
    assert problem.what == "does not exist in Europe/Berlin, where the clocks skip it"
    assert problem.remedy == "write 2024-03-31T01:15+01:00 or 2024-03-31T03:15+02:00"


def test_periods_of_instants() -> None:
    start = datetime(2024, 6, 21, tzinfo=BERLIN)
    horizon = Horizon(start=start, timezone="Europe/Berlin", resolution="1h", periods=2)
    assert [period_of(start + timedelta(hours=k), horizon, is_end=False) for k in (0, 1)] == [0, 1]
    assert [period_of(start + timedelta(hours=k), horizon, is_end=True) for k in (1, 2)] == [1, 2]
    remedy = "which is 2024-06-21T00:00+02:00 to 2024-06-21T02:00+02:00"
    outside = Fault(what="is outside the horizon", remedy=remedy)
    for hours, is_end in ((-0.5, False), (2, False), (0, True), (2.5, True)):
        assert period_of(start + timedelta(hours=hours), horizon, is_end=is_end) == outside
    off = period_of(start + timedelta(minutes=100), horizon, is_end=False)
    remedy = "periods start every 1h, the nearest at 2024-06-21T02:00+02:00"
    assert off == Fault(what="is not the start of a period", remedy=remedy)


def test_the_ends_of_time_are_outside_the_horizon() -> None:
    for zone in ("America/New_York", "Pacific/Auckland"):
        start = datetime(2024, 6, 21, tzinfo=ZoneInfo(zone))
        horizon = Horizon(start=start, timezone=zone, resolution="1h", periods=2)
        for text in ("0001-01-01T00:00", "9999-12-31T23:59"):
            time = read_time(text, ZoneInfo(zone))
            assert isinstance(time, datetime)
            fault = period_of(time, horizon, is_end=False)
            assert isinstance(fault, Fault) and fault.what == "is outside the horizon"


@pytest.mark.parametrize("is_end", [False, True])
def test_periods_of_many_instants_are_those_of_each(is_end: bool) -> None:
    horizon = Horizon(
        start=datetime(2024, 10, 27, tzinfo=BERLIN), timezone="Europe/Berlin", resolution="15min", periods=100
    )
    start, step = microseconds(horizon.start), horizon.step // timedelta(microseconds=1)
    usable = []
    for count in [start + step * k + off for k in range(-2, 103) for off in (-1, 0, 1)]:
        found = periods_of(np.array([count]), horizon, is_end=is_end)
        known = period_of(from_microseconds(count), horizon, is_end=is_end)
        if isinstance(known, Fault):
            assert found is None
        else:
            assert found is not None and found.tolist() == [known]
            usable.append(count)
    every = periods_of(np.array(usable), horizon, is_end=is_end)
    assert every is not None and every.tolist() == list(range(is_end, 100 + is_end))
    for fault in (start - 1, -(2**63), 2**63 - 1):
        assert periods_of(np.array([*usable, fault]), horizon, is_end=is_end) is None
