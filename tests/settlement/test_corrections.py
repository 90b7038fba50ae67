"""Corrections: what is said to have changed, and what a month cannot correct."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import gridpact
from gridpact.settlement.ledger.entry_names import entry_names, named_versions
from tests.settlement.community import CASE, FIRM_TARIFFS, problems, readings, write_community, write_result
from tests.unit.test_cli import run

BEFORE = readings({"sun": [(0, 0.6)] * 4, "anna": [(0.25, 0)] * 4})
AFTER = readings({"sun": [(0, 0.6)] * 4, "anna": [(0.25, 0), (0.3, 0), (0.2, 0.1), (0.25, 0)]})


def settled_first(tmp_path: Path, **more: str) -> Path:
    case = write_community(tmp_path / "case", meters=BEFORE, **more)
    gridpact.write_settlement(gridpact.settle(case), tmp_path / "v1")
    return case


def test_who_changed_in_how_many_periods_and_by_how_much(tmp_path: Path, capsys) -> None:
    """Anna has 50 Wh more in one period, 50 Wh less import and 100 Wh of export in another."""
    case = settled_first(tmp_path)
    assert gridpact.settle(case).summary["changed"] == {}
    (case / "meters.csv").write_text(AFTER)
    before = gridpact.settle(case, previous=tmp_path / "v1")
    once = write_community(tmp_path / "once", meters=BEFORE)
    first = gridpact.settle(once).statements.set_index("participant")
    now = before.statements.set_index("participant")
    more = int(now.loc["anna", "total_micro"] - first.loc["anna", "total_micro"])
    assert before.summary["changed"] == {
        "anna": {"periods": 2, "import_wh": 0, "export_wh": 100, "amount_micro": more}
    }
    out = tmp_path / "v2"
    code, said, _ = run("settle", case, "--previous", tmp_path / "v1", "--out", out, "--quiet", capsys=capsys)
    paid = "less" if more < 0 else "more"
    assert code == 0
    pays = f"pays {abs(more) / 1e6:.2f} EUR {paid}"
    assert f"  changed   'anna' in 2 periods: 0.100 kWh more export, {pays}" in said
    again = gridpact.settle(case, previous=out)
    assert again.summary["changed"] == {}
    told = "nothing changed since version 2: no entry was added"
    assert told in again.summary["notices"] and told in again.settlement.notices


def test_under_firm_the_net_of_a_meter_is_what_changes(tmp_path: Path) -> None:
    case = write_community(tmp_path / "case", meters=BEFORE, tariffs=FIRM_TARIFFS)
    result = write_result(tmp_path / "cleared", 0, 4, ["t,0,sun,anna,0.4,0.1"])
    gridpact.write_settlement(gridpact.settle(case, result), tmp_path / "v1")
    (case / "meters.csv").write_text(AFTER)
    changed = gridpact.settle(case, result, previous=tmp_path / "v1").summary["changed"]
    assert list(changed) == ["anna"]
    del changed["anna"]["amount_micro"]
    assert changed["anna"] == {"periods": 2, "import_wh": -100, "export_wh": 0}


def test_unused_shares_do_not_count_as_import(tmp_path: Path) -> None:
    case = settled_first(tmp_path)
    text = (case / "tariffs.toml").read_text().replace('"proportional"', '"fixed"\nunused = "member"')
    (case / "tariffs.toml").write_text(text)
    (case / "sharing.csv").write_text("participant,coefficient\nanna,1\n")
    second = gridpact.settle(case, previous=tmp_path / "v1")
    assert second.summary["changed"] == {} and second.summary["entries_added"]
    gridpact.write_settlement(second, tmp_path / "v2")
    assert gridpact.settle(case, previous=tmp_path / "v2").summary["changed"] == {}


def test_a_month_cannot_correct_days_that_were_settled_before(tmp_path: Path) -> None:
    part = CASE.replace("periods = 4", "periods = 2").replace("T12:00", "T12:15")
    lines = BEFORE.splitlines(keepends=True)
    meters = "".join(line for line in lines if "12:00+" not in line and "12:45+" not in line)
    day = write_community(tmp_path / "day", case=part, meters=meters)
    gridpact.write_settlement(gridpact.settle(day), tmp_path / "settled")
    whole = write_community(tmp_path / "case", meters=BEFORE)
    [problem] = problems(lambda: gridpact.settle(whole, previous=tmp_path / "settled"))
    assert problem == (
        "settlement.json: periods '2' are those of 2024-06-21T12:15+01:00 to 2024-06-21T12:45+01:00 alone, "
        "and the case is 2024-06-21T12:00+01:00 to 2024-06-21T13:00+01:00: a longer settlement, as of a "
        "month, cannot correct days that were settled before (correct those with the case that they were "
        "settled by, or leave --previous out)"
    )


@pytest.mark.parametrize(
    "names",
    [
        ["1-000001", "1-000002", "2-000001"],
        ["1-000001", "7-000001", "7-000002", "12-000001"],
    ],
)
def test_names_that_count_on_say_their_versions(names: list[str]) -> None:
    versions = [int(name.partition("-")[0]) for name in names]
    assert named_versions(pa.array(names)).tolist() == versions


@pytest.mark.parametrize(
    "names",
    [
        ["1-000001", "1-000003"],
        ["1-000002"],
        ["2-000001", "1-000001"],
        ["1-000001", "1-000001"],
        ["1-1"],
        ["x-000001"],
        ["1-000001", None],
        ["1-000001", "2-000001", "1-000002"],
        ["01-000001"],
    ],
)
def test_names_that_do_not_count_on_are_looked_at_one_by_one(names: list[str]) -> None:
    assert named_versions(pa.array(names)) is None


def test_names_grow_with_their_numbers() -> None:
    version, number = np.array([1, 1, 1, 3, 12]), np.array([999_999, 1_000_000, 1_000_001, 1, 12_345_678])
    expected = ["1-999999", "1-1000000", "1-1000001", "3-000001", "12-12345678"]
    assert entry_names(version, number).to_pylist() == expected
    assert entry_names(version[:0], number[:0]).to_pylist() == []
