"""Membership: who takes part when, and what is left of those who do not."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.case import read_case, write_case
from gridpact.case.folder.case_reader import read_case_folder
from gridpact.case.times import FOREVER, microseconds
from gridpact.errors import InvalidCase
from gridpact.settlement.energy.membership import membership
from tests.example import write_example
from tests.settlement.community import CASE, problems, readings, write_community, write_result
from tests.settlements import make_horizon, make_members


def people(rows: str) -> str:
    return f"participant,member_from,member_until\n{rows}\n"


def test_outside_its_membership_nothing_is_asked_booked_or_shared(tmp_path: Path) -> None:
    """Anna joins at 12:15 and leaves at 12:45; her first reading is there, and the last is not."""
    meters = readings({"sun": [(0, 0.6)] * 4, "anna": [(0.25, 0)] * 4, "@head": [(0, 0.33)] * 4})
    meters = meters.replace("2024-06-21T12:45+01:00,anna,0.25,0\n", "")
    rows = "sun,,\nanna,2024-06-21T12:15,2024-06-21T12:45+01:00"
    case = write_community(tmp_path / "case", participants=people(rows), meters=meters)
    settled = gridpact.settle(case)
    settlement = settled.settlement
    assert settlement.received_wh[:, 1].tolist() == [0, 250, 250, 0]
    assert settlement.given_wh[:, 0].tolist() == [0, 250, 250, 0]
    assert settlement.losses_wh.tolist() == [20, 20, 20, 270]
    statements = settled.statements.set_index("participant")
    assert statements.loc["anna", "import_wh"] == 500
    assert settled.summary["readings"]["total"] == 6
    told = "meters.csv: 1 reading is outside of a membership: for losses, and for nothing else"
    assert told in settled.summary["notices"]
    assert all(not each["figure"] for each in settled.summary["invariants"].values())


def test_a_cleared_trade_of_somebody_who_is_no_member_then_is_refused(tmp_path: Path) -> None:
    case = write_community(tmp_path / "case", participants=people("sun,,\nanna,2024-06-21T12:30,"))
    rows = ["t,1,sun,anna,0.4,0.1", "t,2,sun,anna,0.4,0.1", "u,0,sun,anna,0,0.1"]
    result = write_result(tmp_path / "a", 0, 4, rows)
    [problem] = problems(lambda: gridpact.settle(case, result))
    assert problem.startswith("cleared.csv line 2: buyer 'anna' is not a member at that time (")


def test_coefficients_of_those_who_are_no_members_are_nobodys(tmp_path: Path) -> None:
    """Ben takes the place of anna, with her share: together they are never more than all."""
    rows = "sun,,\nanna,,2024-06-21T12:30\nben,2024-06-21T12:30,"
    meters = readings({"sun": [(0, 0.6)] * 4, "anna": [(0.5, 0)] * 4, "ben": [(0.4, 0)] * 4})
    case = write_community(tmp_path / "case", participants=people(rows), meters=meters)
    (case / "sharing.csv").write_text("participant,coefficient\nanna,0.7\nben,0.7\n")
    tariffs = case / "tariffs.toml"
    tariffs.write_text(tariffs.read_text().replace("proportional", "fixed"))
    received = gridpact.settle(case).settlement.received_wh
    assert received.tolist() == [[0, 420, 0], [0, 420, 0], [0, 0, 400], [0, 0, 400]]
    (case / "participants.csv").write_text(people("sun,,\nanna,,2024-06-21T12:45\nben,2024-06-21T12:30,"))
    [problem] = problems(lambda: gridpact.settle(case))
    assert "add up to 1.400000, at 2024-06-21T12:30+01:00" in problem


def test_a_day_is_its_first_instant_in_the_timezone_of_the_case(tmp_path: Path) -> None:
    """In the Azores midnight of 27 October 2024 comes twice, in Beirut that of 31 March is skipped."""
    for zone, day, first in (
        ("Atlantic/Azores", "2024-10-27", datetime(2024, 10, 27, 0, tzinfo=UTC)),
        ("Asia/Beirut", "2024-03-31", datetime(2024, 3, 30, 22, tzinfo=UTC)),
        ("Europe/Lisbon", "2024-06-21", datetime(2024, 6, 20, 23, tzinfo=UTC)),
    ):
        text = CASE.replace("Europe/Lisbon", zone).replace("2024-06-21T12:00", f"{day}T05:00")
        case = write_community(tmp_path / zone, case=text, participants=people(f"sun,{day},\nanna,,"))
        with pytest.raises(InvalidCase) as refused:
            gridpact.settle(case)  # its readings are of another day
        assert all(problem.file == "meters.csv" for problem in refused.value.problems)
        found = read_case_folder(case, needs_network=False)
        assert found.frame.participants.member_from.tolist() == [microseconds(first), 0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("anna,2024-06-21T12:20,", "line 3: member_from '2024-06-21T12:20' is not the start of a period"),
        ("anna,soon,", "line 3: member_from 'soon' is not a day or a time"),
        ("anna,2024-06-30,2024-06-30", "line 3: member_until '2024-06-30' is not after member_from"),
        ("anna,,2024-06-21T24:00", "line 3: member_until '2024-06-21T24:00' has the hour 24"),
    ],
)
def test_a_wrong_membership_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    case = write_community(tmp_path / "case", participants=people(f"sun,,\n{row}"))
    found = problems(lambda: gridpact.settle(case))
    assert any(problem.startswith(f"participants.csv {said}") for problem in found), found


def test_times_outside_the_horizon_are_as_good_as_none(tmp_path: Path) -> None:
    rows = "sun,2020-01-01,2031-01-01\nanna,1999-12-31T23:59,"
    case = write_community(tmp_path / "case", participants=people(rows))
    assert gridpact.settle(case).settlement.meters.member is None


@pytest.mark.parametrize("table_format", ["csv", "parquet"])
def test_memberships_are_written_and_read_back(tmp_path: Path, table_format: str) -> None:
    case = write_example(tmp_path / "case")
    table = (case / "participants.csv").read_text().splitlines()
    ends = ["member_from,member_until", "2024-06-21T00:15,", ",2025-01-01", "2024-01-01,2024-06-21T00:30"]
    lines = [f"{row},{end}" for row, end in zip(table, ends, strict=True)]
    (case / "participants.csv").write_text("\n".join(lines) + "\n")
    first = read_case(case)
    write_case(first, tmp_path / "again", table_format)
    again = read_case(tmp_path / "again")
    for name in ("member_from", "member_until"):
        np.testing.assert_array_equal(getattr(first.participants, name), getattr(again.participants, name))
    expected = [[0, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 0]]
    assert membership(again.participants, again.horizon).astype(int).tolist() == expected


def test_memberships_made_in_memory_are_checked() -> None:
    made = make_members("ab")
    assert made.member_from.tolist() == [0, 0] and made.member_until.tolist() == [FOREVER] * 2
    assert membership(made, make_horizon(2)).all()
    with pytest.raises(InvalidCase, match=r"member_until\[1\] '4' is not after member_from"):
        gridpact.Participants(ids=("a", "b"), bus=[0, 0], member_from=[1, 5], member_until=[4, 4])
