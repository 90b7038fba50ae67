"""Times of a participant in the order of a file: the hour that comes twice, and ends of intervals."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.case import Horizon, TableFormat, read_case
from gridpact.case.conversion.convert import convert_case
from gridpact.case.times import Fault, read_time
from gridpact.errors import InvalidCase, Problem
from tests.example import CASE, write_example
from tests.settle_example import METERS, write_settle_example
from tests.unit.test_case_tables import assert_equal

HEADER = "time,participant,load_kw,generation_kw"
AUTUMN = {
    "15min": ("Europe/Berlin", "2024-10-27", "15min", 100),
    "1h": ("Europe/Berlin", "2024-10-27", "1h", 25),
    "Lisbon": ("Europe/Lisbon", "2024-10-27", "30min", 50),
    "half an hour": ("Australia/Lord_Howe", "2024-04-07", "15min", 98),
    "two years": ("Europe/Berlin", "2023-10-28", "1h", 24 * 400 + 1),
}
ENDS = "the times look like ends of intervals: write each interval's start"
IN_SERIES = "; without offsets, each participant needs all times of that hour twice, in the order of time"
Row = tuple[str, str, float, float]


def case_of(folder: Path, zone: str, day: str, resolution: str, periods: int) -> Horizon:
    """The example on another day, without its trades; its profiles are still to be written."""
    write_example(folder)
    text = CASE.replace("2024-06-21T00:00", day if "T" in day else f"{day}T00:00").replace(
        "Europe/Berlin", zone
    )
    text = text.replace('"15min"', f'"{resolution}"').replace("periods = 4", f"periods = {periods}")
    (folder / "case.toml").write_text(text)
    (folder / "trades.csv").write_text("trade,seller,buyer,start,end,power_kw,price_per_kwh\n")
    (folder / "orders.csv").unlink()
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    return Horizon(start=start, timezone=zone, resolution=resolution, periods=periods)


def rows_of(horizon: Horizon, *, late: int = 0, has_offsets: bool = False) -> list[Row]:
    """A row for each period and participant, in the order of time; `late` periods after its start."""
    instants = [horizon.instant(period + late) for period in range(horizon.periods)]
    texts = [time.isoformat() if has_offsets else f"{time:%Y-%m-%dT%H:%M}" for time in instants]
    return [(text, f"h{k}", k, float(n % 97)) for n, text in enumerate(texts) for k in (1, 2, 3)]


def write_rows(folder: Path, rows: list[Row]) -> Path:
    text = "".join(f"{time},{name},{load},{generation}\n" for time, name, load, generation in rows)
    (folder / "profiles.csv").write_text(f"{HEADER}\n{text}")
    return folder


def refused(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    return refusal.value.problems


@pytest.mark.parametrize("name", AUTUMN)
@pytest.mark.parametrize("order", ["time", "participant"])
def test_the_order_of_rows_tells_the_doubled_hour_apart(name: str, order: str, tmp_path: Path) -> None:
    horizon = case_of(tmp_path, *AUTUMN[name])
    expected = read_case(write_rows(tmp_path, rows_of(horizon, has_offsets=True)))
    assert expected.warnings == ()
    rows = rows_of(horizon)
    if order == "participant":
        rows.sort(key=lambda row: row[1])
    assert_equal(expected, read_case(write_rows(tmp_path, rows)))


def test_local_timestamps_in_parquet_are_told_apart_too(tmp_path: Path) -> None:
    horizon = case_of(tmp_path, *AUTUMN["15min"])
    expected = read_case(write_rows(tmp_path, rows_of(horizon, has_offsets=True)))
    rows = rows_of(horizon)
    (tmp_path / "profiles.csv").unlink()
    table = {
        "time": pa.array([datetime.fromisoformat(row[0]) for row in rows], pa.timestamp("us")),
        **{name: pa.array([row[k] for row in rows]) for k, name in enumerate(HEADER.split(",")) if k},
    }
    pq.write_table(pa.table(table), tmp_path / "profiles.parquet")
    assert_equal(expected, read_case(tmp_path))


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_rows_of_others_in_between_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("case")
    horizon = case_of(folder, *AUTUMN["1h"])
    expected = read_case(write_rows(folder, rows_of(horizon, has_offsets=True)))
    rows = rows_of(horizon)
    names = data.draw(st.permutations([row[1] for row in rows]))
    of_name = {name: iter([row for row in rows if row[1] == name]) for name in ("h1", "h2", "h3")}
    assert_equal(expected, read_case(write_rows(folder, [next(of_name[name]) for name in names])))


def hour(rows: list[Row], name: str = "h2") -> list[int]:
    """Where the rows of a participant stand whose local time comes twice."""
    return [k for k, row in enumerate(rows) if row[1] == name and row[0][11:13] == "02"]


def without_one(rows: list[Row]) -> list[Row]:
    return [row for k, row in enumerate(rows) if k != hour(rows)[5]]


def without_one_quarter(rows: list[Row]) -> list[Row]:
    return [row for k, row in enumerate(rows) if k not in (hour(rows)[1], hour(rows)[5])]


def once(rows: list[Row]) -> list[Row]:
    return [row for k, row in enumerate(rows) if k not in hour(rows)[4:]]


def thrice(rows: list[Row]) -> list[Row]:
    return [row for k, row in enumerate(rows) for _ in range(1 + (k == hour(rows)[5]))]


def sorted_by_text(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row[0])


def newest_first(rows: list[Row]) -> list[Row]:
    return rows[::-1]


def one_after_the_other_hour(rows: list[Row]) -> list[Row]:
    moved = hour(rows)[5]
    return [*rows[:moved], *rows[moved + 1 :], rows[moved]]


def another_time_in_between(rows: list[Row]) -> list[Row]:
    (moved,) = [k for k, row in enumerate(rows) if row[1] == "h2" and row[0].endswith("T05:00")]
    at = hour(rows)[-1]
    return [*rows[:at], rows[moved], *rows[at:moved], *rows[moved + 1 :]]


def hour_last(rows: list[Row]) -> list[Row]:
    moved = set(chain(hour(rows, "h1"), hour(rows), hour(rows, "h3")))
    return [*(row for k, row in enumerate(rows) if k not in moved), *(rows[k] for k in sorted(moved))]


@pytest.mark.parametrize(
    ("resolution", "spoil"),
    [
        *(
            ("15min", spoil)
            for spoil in (
                without_one,
                without_one_quarter,
                once,
                thrice,
                sorted_by_text,
                newest_first,
                one_after_the_other_hour,
                another_time_in_between,
                hour_last,
            )
        ),
        ("1h", newest_first),
        ("1h", another_time_in_between),
        ("1h", hour_last),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_an_hour_that_the_order_does_not_tell_apart_stays_a_problem(
    resolution: str, spoil: Callable[[list[Row]], list[Row]], tmp_path: Path
) -> None:
    horizon = case_of(tmp_path, *AUTUMN[resolution])
    rows = spoil(rows_of(horizon))
    problems = refused(write_rows(tmp_path, rows))
    (problem,) = [problem for problem in problems if problem.also] or problems[:1]
    assert (problem.file, problem.field) == ("profiles.csv", "time")
    assert problem.what == "comes twice in Europe/Berlin, where the clocks are put back"
    assert problem.remedy == f"write {problem.value}+02:00 or {problem.value}+01:00{IN_SERIES}"
    everybody = spoil in (sorted_by_text, newest_first, hour_last)
    expected = [row for row in rows if row[0][11:13] == "02" and (everybody or row[1] == "h2")]
    assert sum(problem.count for problem in problems) == len(expected)


def test_a_horizon_that_starts_in_the_hour_needs_offsets_for_what_is_there_once(tmp_path: Path) -> None:
    horizon = case_of(tmp_path, "Europe/Berlin", "2024-10-27T02:30", "15min", 8)
    (tmp_path / "case.toml").write_text(
        (tmp_path / "case.toml").read_text().replace("2024-10-27T02:30", "2024-10-27T02:30+02:00")
    )
    problems = refused(write_rows(tmp_path, rows_of(horizon)))
    assert {problem.what for problem in problems} == {
        "comes twice in Europe/Berlin, where the clocks are put back"
    }


def test_a_trade_in_the_doubled_hour_needs_its_offset(tmp_path: Path) -> None:
    horizon = case_of(tmp_path, *AUTUMN["15min"])
    trades = tmp_path / "trades.csv"
    rows = "".join(f"t{k},h1,h2,2024-10-27T02:00,2024-10-27T05:00,1,0.2\n" for k in range(2))
    trades.write_text(trades.read_text() + rows)
    problems = refused(write_rows(tmp_path, rows_of(horizon)))
    assert [(problem.file, problem.line, problem.field) for problem in problems] == [
        ("trades.csv", 2, "start"),
        ("trades.csv", 3, "start"),
    ]
    assert problems[0].remedy == "write 2024-10-27T02:00+02:00 or 2024-10-27T02:00+01:00"


def test_profiles_that_are_one_period_late_look_like_ends_of_intervals(tmp_path: Path) -> None:
    for resolution in ("15min", "1h"):
        for has_offsets in (True, False):
            folder = tmp_path / f"{resolution} {has_offsets}"
            horizon = case_of(folder, "Europe/Berlin", "2024-06-21", resolution, 4)
            problems = refused(write_rows(folder, rows_of(horizon, late=1, has_offsets=has_offsets)))
            assert [(problem.line, problem.what) for problem in problems] == [
                (line, "is outside the horizon") for line in (11, 12, 13)
            ]
            assert {problem.remedy for problem in problems} == {ENDS}


def test_many_participants_that_are_one_period_late_are_one_problem(tmp_path: Path) -> None:
    horizon = case_of(tmp_path, "Europe/Berlin", "2024-06-21", "15min", 4)
    participants = "".join(f"p{k},3\n" for k in range(40))
    (tmp_path / "participants.csv").write_text(f"participant,bus\n{participants}")
    late = [text for text, name, *_ in rows_of(horizon, late=1) if name == "h1"]
    (problem,) = refused(write_rows(tmp_path, [(text, f"p{k}", 1, 0) for text in late for k in range(40)]))
    assert (problem.count, problem.remedy) == (40, ENDS)


@pytest.mark.parametrize(
    "text", ["T24:00", " 24:00", "T24:00:00", "T24:00+02:00", "T24:00:00.000+02:00", "T24"]
)
def test_the_last_end_may_be_written_as_24_o_clock(text: str, tmp_path: Path) -> None:
    horizon = case_of(tmp_path, "Europe/Berlin", "2024-06-20", "15min", 192)
    rows = rows_of(horizon, late=1)
    day = timedelta(days=1)
    ends = [
        f"{datetime.fromisoformat(row[0]) - day:%Y-%m-%d}{text}" if row[0].endswith("T00:00") else row[0]
        for row in rows
    ]
    written = [(end, *row[1:]) for end, row in zip(ends, rows, strict=True)]
    (problem,) = refused(write_rows(tmp_path, written))
    assert (problem.what, problem.remedy, problem.count) == ("has the hour 24", ENDS, 6)


def test_24_o_clock_elsewhere_is_the_next_midnight(tmp_path: Path) -> None:
    horizon = case_of(tmp_path, "Europe/Berlin", "2024-06-20", "15min", 192)
    rows = rows_of(horizon)
    rows[96 * 3] = ("2024-06-20T24:00", *rows[96 * 3][1:])
    trades = tmp_path / "trades.csv"
    trades.write_text(trades.read_text() + "t1,h1,h2,2024-06-20T12:00,2024-06-21T24:00+02:00,1,0.2\n")
    problems = refused(write_rows(tmp_path, rows))
    assert [(problem.field, problem.what, problem.remedy) for problem in problems] == [
        ("time", "has the hour 24", "write 2024-06-21T00:00"),
        ("end", "has the hour 24", "write 2024-06-22T00:00+02:00"),
    ]


@pytest.mark.parametrize(
    "text", ["2024-06-21T24:15", "9999-12-31T24:00", "2024-06-31T24:00", "24:00", "2024-06-21T2"]
)
def test_what_is_no_midnight_is_no_time(text: str) -> None:
    time = read_time(text, ZoneInfo("Europe/Berlin"))
    assert isinstance(time, Fault) and time.what == "is not a time"


def test_one_late_participant_among_others_is_told(tmp_path: Path) -> None:
    horizon = case_of(tmp_path, "Europe/Berlin", "2024-06-21", "15min", 4)
    rows = [row for row in rows_of(horizon) if row[1] != "h2"]
    late = [row for row in rows_of(horizon, late=1) if row[1] == "h2"]
    (problem,) = refused(write_rows(tmp_path, rows + late))
    assert (problem.line, problem.remedy) == (13, ENDS)


def test_what_is_not_late_throughout_keeps_the_remedy_of_the_horizon(tmp_path: Path) -> None:
    horizon = case_of(tmp_path, "Europe/Berlin", "2024-06-21", "15min", 4)
    rows = rows_of(horizon)
    end = "2024-06-21T01:00"
    for spoilt in (
        [*rows, (end, "h1", 1.0, 1.0)],  # one row too many
        [*rows_of(horizon, late=1), ("2024-06-21T01:15", "h1", 1.0, 1.0)],  # later still
        [*(row for row in rows if row[1] != "h1"), (end, "h1", 1.0, 1.0)],  # not a whole series
    ):
        found = {problem.line: problem.remedy for problem in refused(write_rows(tmp_path, spoilt))}
        assert found[len(spoilt) + 1] == "which is 2024-06-21T00:00+02:00 to 2024-06-21T01:00+02:00"


def moved_meters(folder: Path, change: Callable[[str], str]) -> None:
    """Writes the readings of the example with other times, head included."""
    header, *rows = METERS.splitlines()
    changed = [",".join([change(row.partition(",")[0]), row.partition(",")[2]]) for row in rows]
    (folder / "meters.csv").write_text("\n".join([header, *changed]) + "\n")


def test_readings_that_are_one_period_late_look_like_ends_of_intervals(tmp_path: Path) -> None:
    case, result = write_settle_example(tmp_path)
    quarter = timedelta(minutes=15)
    moved_meters(case, lambda text: f"{datetime.fromisoformat(text) + quarter:%Y-%m-%dT%H:%M}")
    with pytest.raises(InvalidCase) as refusal:
        gridpact.settle(case, result)
    assert {(problem.file, problem.remedy) for problem in refusal.value.problems} == {("meters.csv", ENDS)}


def test_readings_in_the_doubled_hour_are_told_apart_and_converted(tmp_path: Path) -> None:
    horizon = case_of(tmp_path / "case", "Europe/Berlin", "2024-10-27", "15min", 100)
    write_rows(tmp_path / "case", rows_of(horizon, has_offsets=True))
    case = tmp_path / "case"
    (case / "tariffs.toml").write_text(
        "[retailers.default]\nsupply_price_per_kwh = 0.2\nfeed_in_price_per_kwh = 0.05\n"
        "[retailers.north]\nsupply_price_per_kwh = 0.2\nfeed_in_price_per_kwh = 0.05\n"
    )
    clearance = gridpact.clear(read_case(case))
    settled = []
    for has_offsets in (True, False):
        rows = rows_of(horizon, has_offsets=has_offsets)
        text = "".join(f"{time},{name},{load},{n / 8}\n" for n, (time, name, load, _) in enumerate(rows))
        (case / "meters.csv").write_text(f"time,participant,import_kwh,export_kwh\n{text}")
        settled.append(gridpact.settle(case, clearance))
        out = tmp_path / f"converted {has_offsets}"
        convert_case(case, out, TableFormat.CSV)
    assert settled[0].ledger.equals(settled[1].ledger)
    first, second = ((tmp_path / f"converted {kind}" / "meters.csv").read_bytes() for kind in (True, False))
    assert first == second
