"""Meters against what is known of them: what is told, of whom, and what stays silent."""

from pathlib import Path

import pytest

import gridpact
from tests.settlement.community import CASE, TIMES, readings, write_community, write_result

NETWORK = CASE + '\n[network]\nbuiltin = "pandapower/kerber_landnetz_freileitung_2"\n'
PEOPLE = "participant,bus,surplus\nsun,3,export\nanna,5,curtail\n"
TRADES = "trade,seller,buyer,start,end,power_kw,price_per_kwh\n"


def forecast(rows: dict[str, tuple[float, float]]) -> str:
    lines = ["time,participant,load_kw,generation_kw"]
    lines += [f"{time},{name},{load},{made}" for name, (load, made) in rows.items() for time in TIMES]
    return "\n".join(lines) + "\n"


KNOWN = forecast({"sun": (0.5, 3.0), "anna": (1.0, 0)})


def told(folder: Path, meters: str, **more: str) -> list[str]:
    files = {"case": NETWORK, "participants": PEOPLE, "trades": TRADES, "profiles": KNOWN} | more
    notices = gridpact.settle(write_community(folder, meters=meters, **files)).summary["notices"]
    return [each for each in notices if "look" in each or "no generation" in each or "losses of" in each]


BESIDE = ", beside what the schedule or the forecast has"


def test_exchanged_meters_and_an_export_without_generation_are_told(tmp_path: Path) -> None:
    meters = readings({"sun": [(0.6, 0)] * 4, "anna": [(0, 0.25)] * 4})
    assert told(tmp_path / "case", meters) == [
        f"meters of 'sun', 'anna': import and export look exchanged{BESIDE}",
        "'anna' exports 1.000 kWh and has no generation in any period",
    ]


def test_readings_in_kw_are_told_with_their_factor(tmp_path: Path) -> None:
    meters = readings({"sun": [(0, 2.5)] * 4, "anna": [(0.25, 0)] * 4})
    words = "readings look 4 times too large, as kW in columns of kWh are"
    assert told(tmp_path / "case", meters) == [f"meters of 'sun': {words}{BESIDE}"]
    both = readings({"sun": [(2.5, 0)] * 4, "anna": [(0.25, 0)] * 4})
    expected = [f"meters of 'sun': import and export look exchanged, and {words}{BESIDE}"]
    assert told(tmp_path / "both", both) == expected


@pytest.mark.parametrize("off", [-0.15, -0.05, 0, 0.1, 0.15])
def test_right_meters_stay_silent(tmp_path: Path, off: float) -> None:
    sun, anna = round(0.625 * (1 + off), 3), round(0.25 * (1 - off), 3)
    meters = readings({"sun": [(0, sun)] * 4, "anna": [(anna, 0)] * 4})
    assert told(tmp_path / "case", meters) == []


def test_what_undoing_does_not_halve_stays_silent(tmp_path: Path) -> None:
    """Of 1.125 kWh where 0.625 were forecast, a quarter is nearer, by 0.34 instead of 0.5 kWh."""
    meters = readings({"sun": [(0, 1.125)] * 4, "anna": [(0.25, 0)] * 4})
    assert told(tmp_path / "case", meters) == []


def test_losses_are_not_taken_for_a_meter_that_is_wrong(tmp_path: Path) -> None:
    """Ben feeds in half of what is lost: exchanged, his meter would explain all of it."""
    people = "participant\nsun\nanna\nben\n"
    rows = {"sun": [(0, 0.6)] * 4, "anna": [(0.25, 0)] * 4, "ben": [(0, 0.01)] * 4, "@head": [(0, 0.34)] * 4}
    assert told(tmp_path / "case", readings(rows), case=CASE, participants=people, **NONE) == []


def test_what_was_cleared_goes_before_the_forecast(tmp_path: Path) -> None:
    """The schedule has the plant curtailed to 0.2 kW, of which the meter has four times as much."""
    result = write_result(tmp_path / "a", 0, 4, [])
    rows = [f"{time},sun,0.2" for time in TIMES] + [f"{time},anna,-1" for time in TIMES]
    (result / "schedule.csv").write_text("\n".join(["time,participant,net_injection_kw", *rows]) + "\n")
    meters = readings({"sun": [(0, 0.2)] * 4, "anna": [(0.25, 0)] * 4})
    case = write_community(tmp_path / "case", meters=meters)
    notices = gridpact.settle(case, result).summary["notices"]
    assert any(notice.startswith("meters of 'sun': readings look 4 times too large") for notice in notices)


def test_a_schedule_that_is_not_needed_and_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    result = write_result(tmp_path / "a", 0, 4, [])
    (result / "schedule.csv").write_text("time,participant,net_injection_kw\nsoon,sun,0.2\n")
    assert gridpact.settle(write_community(tmp_path / "case"), result).summary["notices"]


def test_the_head_tells_where_nothing_else_is_known(tmp_path: Path) -> None:
    """Of two homes and a plant that feeds in, by their head; then all of them in kW."""
    people = "participant\nsun\nanna\nben\n"
    right = {"sun": [(0, 0.6)] * 4, "anna": [(0.25, 0)] * 4, "ben": [(0.2, 0)] * 4}
    head = {"@head": [(0, 0.14)] * 4}
    assert told(tmp_path / "right", readings(right | head), case=CASE, participants=people, **NONE) == []
    turned = right | {"sun": [(0.6, 0)] * 4}
    assert told(tmp_path / "turned", readings(turned | head), case=CASE, participants=people, **NONE) == [
        "meters of 'sun': import and export look exchanged, beside @head"
    ]
    kw = {name: [(4 * into, 4 * out) for into, out in pairs] for name, pairs in right.items()}
    assert told(tmp_path / "kw", readings(kw | head), case=CASE, participants=people, **NONE) == [
        "meters of all participants: readings look 4 times too large, as kW in columns of kWh are, "
        "beside @head"
    ]


NONE = {"profiles": "time,participant,load_kw,generation_kw\n"}


def test_losses_above_the_import_are_told(tmp_path: Path) -> None:
    meters = readings({"sun": [(0, 0.6)] * 4, "anna": [(0.25, 0)] * 4, "@head": [(0, 0.01)] * 4})
    case = write_community(tmp_path / "case", meters=meters)
    notices = gridpact.settle(case).summary["notices"]
    assert any(notice.startswith("losses of 1.360 kWh are more than the 1.000 kWh") for notice in notices)


def test_many_are_counted(tmp_path: Path) -> None:
    names = [f"h{number}" for number in range(5)]
    people = "participant,bus\n" + "".join(f"{name},3\n" for name in names)
    meters = readings({name: [(0, 0.25)] * 4 for name in names})
    profiles = forecast(dict.fromkeys(names, (1.0, 0)))
    found = told(tmp_path / "case", meters, participants=people, profiles=profiles)
    assert found[0] == f"meters of 'h0', 'h1', 'h2' and 2 more: import and export look exchanged{BESIDE}"
    assert found[1] == "'h0', 'h1', 'h2' and 2 more export 5.000 kWh and have no generation in any period"


def test_by_hour_there_is_no_factor(tmp_path: Path) -> None:
    """kW of an hour are kWh: nothing can be told of readings that are four times the forecast."""
    text = NETWORK.replace("15min", "1h").replace("periods = 4", "periods = 1")
    meters = "time,participant,import_kwh,export_kwh\n2024-06-21T12:00,sun,0,10\n2024-06-21T12:00,anna,1,0\n"
    profiles = "\n".join(KNOWN.splitlines()[:2] + KNOWN.splitlines()[5:6]) + "\n"
    assert told(tmp_path / "case", meters, case=text, profiles=profiles) == []
