"""Settling many results of clearing, or none, with a network or without."""

from pathlib import Path

import pytest

import gridpact
from gridpact.errors import InvalidUsage
from gridpact.settlement.reading.folder import read_everything
from tests.settlement.community import (
    FIRM_TARIFFS,
    TARIFFS,
    problems,
    write_community,
    write_result,
)
from tests.unit.test_cli import run


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return write_community(tmp_path / "case", tariffs=TARIFFS.partition("[sharing]")[0] + RETAILER)


RETAILER = "[retailers.default]\n" + TARIFFS.partition("[retailers.default]\n")[2]


def traded(settled: gridpact.SettledCase) -> list[tuple[str, int, int]]:
    at = settled.settlement.positions
    return sorted(
        (at.trade_ids[trade], period, wh)
        for trade, period, wh in zip(
            at.trade.tolist(), at.period.tolist(), settled.settlement.delivered_wh.tolist(), strict=True
        )
    )


def test_results_of_several_days_are_settled_together(case: Path, tmp_path: Path) -> None:
    """Names count within one result: t is another trade in each; periods without a result have no trades."""
    one = write_result(tmp_path / "days" / "a", 0, 2, ["t,0,sun,anna,0.8,0.1", "t,1,sun,anna,0.4,0.1"])
    other = write_result(tmp_path / "days" / "b", 3, 1, ["t,3,sun,anna,0.6,0.3"])
    (tmp_path / "days" / "notes").mkdir()
    expected = [("t", 0, 200), ("t", 1, 100), ("t", 3, 150)]
    for given in ([one, other], [other, one], tmp_path / "days", [str(tmp_path / "days")]):
        settled = gridpact.settle(case, given)
        assert traded(settled) == expected
        prices = settled.settlement.positions.price_micro_per_kwh.tolist()
        assert sorted(prices) == [100_000, 100_000, 300_000]
        assert settled.summary["energy_wh"]["supply"] == 1_000 - 450


def test_the_command_takes_results_as_often_as_there_are(case: Path, tmp_path: Path, capsys) -> None:
    days = [
        write_result(tmp_path / name, first, 2, [f"t,{first},sun,anna,0.4,0.1"])
        for name, first in (("a", 0), ("b", 2))
    ]
    options = [part for day in days for part in ("--clearance", day)]
    code, out, err = run("settle", case, *options, "--out", tmp_path / "out", capsys=capsys)
    assert code == 0 and out.startswith("Community: 0.200 kWh of 0.200 kWh cleared counts as traded")
    code, _, err = run("settle", case, *options, "--out", days[1], capsys=capsys)
    assert code == 2 and "is the clearance" in err


@pytest.mark.parametrize(
    ("first", "more", "said"),
    [
        (
            0,
            {"periods": 9},
            "a/summary.json: periods '9' go on beyond the end of the case at 2024-06-21T13:00",
        ),
        (0, {"resolution": "1h"}, "a/summary.json: resolution '1h' is not the 15min of the case"),
        (
            0,
            {"start": "2024-06-20T12:00+01:00"},
            "a/summary.json: start '2024-06-20T12:00+01:00' is not in the",
        ),
        (
            0,
            {"start": "2024-06-21T12:05+01:00"},
            "a/summary.json: start '2024-06-21T12:05+01:00' is not the st",
        ),
        (0, {"start": 7}, "a/summary.json: start '7' is not a time of the case"),
        (0, {"periods": "two"}, "a/summary.json: periods 'two' is not a number of periods"),
        (1, {}, "a/summary.json: start '2024-06-21T12:30+01:00' is covered by"),
    ],
)
def test_a_result_that_does_not_fit_is_refused_with_its_folder(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, more, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_result(Path("b"), 2, 2, [])
    write_result(Path("a"), first, 2, [f"t,{first},sun,anna,0.4,0.1"], more)
    [problem] = problems(lambda: gridpact.settle(case, ["a", "b"]))
    assert said.replace("a/", "") in problem.replace("b/", "").replace("a/", "")
    assert problem.startswith(("a/", "b/"))


def test_rows_outside_their_own_result_are_refused(case: Path, tmp_path: Path) -> None:
    write_result(tmp_path / "a", 0, 1, ["t,1,sun,anna,0.4,0.1"])
    [problem] = problems(lambda: gridpact.settle(case, tmp_path / "a"))
    assert problem.startswith("cleared.csv line 2: time '2024-06-21T12:15+01:00' is outside the horizon")


def test_without_a_clearance_nothing_is_traded_and_it_is_told(tmp_path: Path, capsys) -> None:
    head = "trade,seller,buyer,start,end,power_kw,price_per_kwh"
    trades = f"{head}\nt,sun,anna,2024-06-21T12:00,2024-06-21T13:00,1,0\n"
    settled = gridpact.settle(write_community(tmp_path / "case", trades=trades))
    assert settled.summary["energy_wh"]["cleared"] == 0 and settled.summary["energy_wh"]["shared"] == 1_000
    told = "the case has 1 trade, and no clearance is given: nothing counts as traded"
    assert told in settled.summary["notices"]
    settled = gridpact.settle(write_community(tmp_path / "plain"))
    assert not [notice for notice in settled.summary["notices"] if "clearance" in notice]
    code, out, _ = run("settle", tmp_path / "plain", "--out", tmp_path / "out", capsys=capsys)
    assert code == 0 and out.startswith("Community: 1.000 kWh of 2.400 kWh exported is shared (41.7%);")
    assert (tmp_path / "out" / "report.html").is_file()


def test_firm_positions_need_results_of_every_period(tmp_path: Path) -> None:
    case = write_community(tmp_path / "case", tariffs=FIRM_TARIFFS)
    part = write_result(tmp_path / "a", 0, 3, ["t,0,sun,anna,0.4,0.1"])
    for given, absent, first in ((None, 4, "12:00"), (part, 1, "12:45")):
        [problem] = problems(lambda given=given: gridpact.settle(case, given))
        assert f"mode 'firm' needs what was cleared in every period, and {absent} have no result" in problem
        assert f"the first 2024-06-21T{first}+01:00" in problem
    rest = write_result(tmp_path / "b", 3, 1, [])
    assert gridpact.settle(case, [part, rest]).summary["mode"] == "firm"


def test_a_missing_reading_needs_a_schedule_of_its_period(tmp_path: Path) -> None:
    case = write_community(tmp_path / "case")
    meters = case / "meters.csv"
    lines = meters.read_text().splitlines(keepends=True)
    meters.write_text("".join(line for line in lines if "12:30+01:00,anna" not in line))
    part = write_result(tmp_path / "a", 0, 2, [])
    schedule = "time,participant,net_injection_kw\n2024-06-21T12:30+01:00,anna,-0.4\n"
    [problem] = problems(lambda: gridpact.settle(case, part, missing="schedule"))
    assert problem == (
        "meters.csv: participant 'anna' has no reading in a period that no result of a clearance covers "
        "(add 2024-06-21T12:30+01:00, or give a clearance of it with --clearance)"
    )
    rest = write_result(tmp_path / "b", 2, 2, [])
    (rest / "schedule.csv").write_text(schedule)
    settled = gridpact.settle(case, [part, rest], missing="schedule")
    assert settled.settlement.meters.import_wh[2, 1] == 100 and settled.scheduled == 1


def test_the_notice_on_other_inputs_is_about_a_result_of_the_whole_horizon(
    case: Path, tmp_path: Path
) -> None:
    for folder, periods, is_said in (("whole", 4, True), ("part", 3, False)):
        result = write_result(tmp_path / folder, 0, periods, [], {"inputs_sha256": "0" * 64})
        notices = gridpact.settle(case, result).summary["notices"]
        assert any("is of other inputs" in notice for notice in notices) == is_said


def test_unsafe_results_are_counted(case: Path, tmp_path: Path) -> None:
    parts = [
        write_result(tmp_path / f"{first}", first, 1, [], {"status": status})
        for first, status in enumerate(("cleared", "limits_broken", "limits_broken", "cleared"))
    ]
    notices = gridpact.settle(case, parts).summary["notices"]
    assert any("2 of 4 results have the status 'limits_broken'" in notice for notice in notices)


def test_without_a_network_losses_are_those_of_the_head_or_none(tmp_path: Path) -> None:
    case = write_community(tmp_path / "case")
    settled = gridpact.settle(case)
    assert settled.summary["network"] == "" and settled.summary["energy_wh"]["losses"] == 0
    with (case / "meters.csv").open("a") as file:
        file.write("2024-06-21T12:00+01:00,@head,0,0.33\n")
    settled = gridpact.settle(case)
    assert settled.settlement.losses_wh.tolist() == [20, 0, 0, 0]
    assert any(
        "in 3 of 4 periods" in notice and "no network" in notice for notice in settled.summary["notices"]
    )
    [problem] = problems(lambda: gridpact.settle(case, loss_allocation="marginal"))
    assert problem.startswith("tariffs.toml: loss_allocation 'marginal' needs a network")
    tariffs = case / "tariffs.toml"
    tariffs.write_text('loss_allocation = "marginal"\n' + tariffs.read_text())
    assert problems(lambda: read_everything(case)) == [problem]


@pytest.mark.parametrize("command", ["clear", "match", "headroom", "envelope"])
def test_other_commands_say_what_a_case_without_a_network_lacks(tmp_path: Path, capsys, command: str) -> None:
    case = write_community(tmp_path / "case")
    code, _, err = run(command, case, "--out", tmp_path / "out", capsys=capsys)
    assert code == 2
    for said in (
        "case.toml: network needs one of builtin and file",
        "participants.csv line 1: bus is not among the columns",
        "profiles.csv: is missing from the case folder",
        "trades.csv: is missing from the case folder",
    ):
        assert said in err


def test_check_takes_a_case_without_a_network_where_it_can_be_settled(tmp_path: Path, capsys) -> None:
    case = write_community(tmp_path / "case")
    code, out, _ = run("check", case, capsys=capsys)
    assert code == 0 and "network      none" in out
    for name in ("meters.csv", "tariffs.toml"):
        (case / name).unlink()
    code, out, _ = run("check", case, capsys=capsys)
    assert code == 2 and "network needs one of builtin and file" in out


def test_a_section_of_a_network_that_names_none_is_refused(tmp_path: Path) -> None:
    case = write_community(tmp_path / "case")
    with (case / "case.toml").open("a") as file:
        file.write("\n[network]\n")
    found = problems(lambda: gridpact.settle(case))
    assert any("network needs one of builtin and file" in problem for problem in found)


def test_what_is_no_clearance_is_refused(case: Path) -> None:
    with pytest.raises(InvalidUsage, match=r"give what gridpact\.clear makes"):
        gridpact.settle(case, [7])
