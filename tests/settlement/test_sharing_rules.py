"""Sharing as the rules of countries mean it, from files to statements."""

from pathlib import Path

import pytest

import gridpact
from gridpact.settlement.energy.virtual import virtual_shared_wh
from gridpact.settlement.settlement_outcome import outcome
from tests.settlement.community import CASE, TARIFFS, problems, write_community
from tests.settlements import make_horizon, make_meters

HOUR = CASE.replace("15min", "1h").replace("periods = 4", "periods = 1")
FIXED = TARIFFS.replace("proportional", "fixed")


def one_hour(folder: Path, rows: dict[str, tuple[float, float]], shares: str, tariffs: str) -> Path:
    meters = "time,participant,import_kwh,export_kwh\n" + "".join(
        f"2024-06-21T12:00,{name},{into},{out}\n" for name, (into, out) in rows.items()
    )
    participants = "participant\n" + "\n".join(rows) + "\n"
    sharing = f"participant,coefficient\n{shares}"
    return write_community(
        folder, case=HOUR, participants=participants, meters=meters, sharing=sharing, tariffs=tariffs
    )


def test_who_gives_need_not_be_named(tmp_path: Path) -> None:
    """Spain: 100 Wh at 30/70, with 45 and 80 Wh used, leave 15 and 10 Wh to be supplied."""
    rows = {"plant": (0, 0.1), "juan": (0.045, 0), "amaya": (0.08, 0)}
    case = one_hour(tmp_path / "case", rows, "juan,0.3\namaya,0.7\n", FIXED)
    statements = gridpact.settle(case).statements.set_index("participant")
    assert statements["supply_wh"].to_dict() == {"plant": 0, "juan": 15, "amaya": 10}
    assert statements["shared_received_wh"].to_dict() == {"plant": 0, "juan": 30, "amaya": 70}
    assert statements.loc["plant", "shared_given_wh"] == 100


def test_an_unused_share_is_the_members_where_the_tariffs_say_so(tmp_path: Path, capsys) -> None:
    """Royal Decree 244/2019: the 2 kWh of its share that a does not use are its own surplus."""
    rows = {"plant": (0, 10), "a": (1, 0), "b": (9, 0)}
    member = FIXED.replace('key = "fixed"', 'key = "fixed"\nunused = "member"')
    case = one_hour(tmp_path / "case", rows, "plant,0\na,0.3\nb,0.7\n", member)
    settled = gridpact.settle(case)
    statements = settled.statements.set_index("participant")
    assert statements["unused_wh"].to_dict() == {"plant": 0, "a": 2_000, "b": 0}
    assert statements["unused_micro"].to_dict() == {"plant": 0, "a": 100_000, "b": 0}
    assert statements["feed_in_wh"].to_dict() == {"plant": 0, "a": 0, "b": 0}
    assert statements["network_charge_micro"].to_dict() == {"plant": 0, "a": 20_000, "b": 240_000}
    assert settled.summary["energy_wh"]["unused"] == settled.residuals["feed_in_wh"].sum() == 2_000
    assert all(not each["figure"] for each in settled.summary["invariants"].values())
    assert "2.000 kWh of it unused" in outcome(settled)


def test_the_french_example_of_the_page(tmp_path: Path) -> None:
    """A feeds in 1 kWh; B draws 0.4 kWh and has all of it, C 0.8 kWh and has what is left."""
    rows = {"a": (0, 1), "b": (0.4, 0), "c": (0.8, 0)}
    case = one_hour(tmp_path / "case", rows, "", TARIFFS.replace("proportional", "hierarchical"))
    (case / "sharing.csv").write_text("participant,coefficient,priority\nb,1,1\nc,1,2\n")
    statements = gridpact.settle(case).statements.set_index("participant")
    assert statements["shared_received_wh"].to_dict() == {"a": 0, "b": 400, "c": 600}
    assert statements["supply_wh"].to_dict() == {"a": 0, "b": 0, "c": 200}


@pytest.mark.parametrize("key", ["hierarchical", "fixed", "proportional"])
def test_the_example_of_luxembourgs_regulator(tmp_path: Path, key: str) -> None:
    """Of 500 Wh made and 200 Wh used at home 300 Wh are fed in, and reduce what another draws."""
    rows = {"maker": (0, 0.3), "other": (0.9, 0)}
    case = one_hour(tmp_path / "case", rows, "other,1\n", TARIFFS.replace("proportional", key))
    statements = gridpact.settle(case).statements.set_index("participant")
    assert statements["shared_received_wh"].to_dict() == {"maker": 0, "other": 300}
    assert statements["supply_wh"].to_dict() == {"maker": 0, "other": 600}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'key = "fixed"',
            'key = "equal"\nunused = "member"',
            "unused 'member' goes with the key 'fixed' alone",
        ),
        ('key = "fixed"', 'key = "fixed"\nunused = "mine"', "unused 'mine' is not a known unused"),
    ],
)
def test_a_wrong_unused_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    case = one_hour(tmp_path / "case", {"a": (1, 0)}, "a,1\n", FIXED.replace(old, new))
    [problem] = problems(lambda: gridpact.settle(case))
    assert said in problem


def test_virtual_sharing_is_counted_by_clock_hours() -> None:
    """From 10:30 on: 5 and 4 until 11:00, 3 and 9 until 12:00 though no quarter has both, then none."""
    horizon = make_horizon(7, "15min")
    horizon = type(horizon)(start="2024-06-21T10:30", timezone="UTC", resolution="15min", periods=7)
    exported = [[5, 0], [0, 0], [3, 0], [0, 0], [0, 0], [0, 0], [7, 0]]
    imported = [[0, 2], [0, 2], [0, 0], [0, 9], [0, 0], [0, 0], [0, 0]]
    assert virtual_shared_wh(horizon, make_meters(imported, exported)) == 4 + 3


def test_the_hour_that_comes_twice_is_two_hours() -> None:
    horizon = make_horizon(1)
    horizon = type(horizon)(start="2024-10-27T01:00", timezone="Europe/Rome", resolution="1h", periods=4)
    meters = make_meters([[0], [5], [0], [0]], [[0], [0], [5], [0]])
    assert virtual_shared_wh(horizon, meters) == 0
