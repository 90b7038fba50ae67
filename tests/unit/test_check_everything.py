"""`gridpact check` reads all that is there: the case, and its tariffs, readings and shares."""

import json
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest

import gridpact
from gridpact.errors import InvalidCase
from gridpact.settlement.reading.folder import read_everything
from tests.settle_example import SHARING, TARIFFS, write_settle_example
from tests.unit.test_cli import run

SHARED = TARIFFS + '\n[sharing]\nkey = "fixed"\nprice_per_kwh = 0.1\n'
METERS_FILES = ("meters.csv", "sharing.csv", "tariffs.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case with all that settlement takes."""
    case, _ = write_settle_example(tmp_path)
    (case / "tariffs.toml").write_text(SHARED)
    (case / "sharing.csv").write_text(SHARING)
    return case


def edit(path: Path, *edits: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)


def found(folder: Path) -> list[str]:
    """File, line and field of every problem; each is there once."""
    with pytest.raises(InvalidCase) as refusal:
        read_everything(folder)
    problems = [str(problem) for problem in refusal.value.problems]
    assert len(set(problems)) == len(problems)
    return [
        f"{problem.file}:{problem.line}:{problem.field}".rstrip(":") for problem in refusal.value.problems
    ]


def test_what_is_there_for_settlement_is_named(folder: Path, capsys) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, out, _ = run("check", folder, capsys=capsys)
    assert code == 0
    assert "  settlement   meters.csv, sharing.csv, tariffs.toml\n" in out
    code, out, _ = run("check", folder, "--json", capsys=capsys)
    assert (code, json.loads(out)["settlement"]) == (0, list(METERS_FILES))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("there", [(), *((name,) for name in METERS_FILES), METERS_FILES[:2]], ids=str)
def test_what_is_not_there_is_not_checked(there: tuple[str, ...], folder: Path, capsys) -> None:
    for name in METERS_FILES:
        if name not in there:
            (folder / name).unlink()
    code, out, _ = run("check", folder, "--json", capsys=capsys)
    assert (code, json.loads(out)["settlement"]) == (0, list(there))
    code, out, _ = run("check", folder, capsys=capsys)
    assert ("settlement" in out) == bool(there)


def test_problems_of_every_file_come_at_once(folder: Path, capsys) -> None:
    edit(folder / "meters.csv", ("h2,0.4,0,", "h2,-0.4,0,"), ("h3,0.125,0,", "h9,0.125,0,"))
    edit(folder / "sharing.csv", (",h2,0.5", ",h7,0.5"))
    edit(folder / "tariffs.toml", ('"sharing"', '"shraing"'))
    edit(folder / "trades.csv", ("t2,h1", "t2,h11"))
    assert found(folder) == [
        "tariffs.toml:1:mode",
        "trades.csv:3:seller",
        "meters.csv:3:import_kwh",
        "meters.csv:4:participant",
        "sharing.csv:2:participant",
    ]
    code, out, _ = run("check", folder, "--json", capsys=capsys)
    assert (code, json.loads(out)["total"]) == (2, 5)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("freileitung_2", "freileitung_9", "case.toml:11:network.builtin"),
        ("Europe/Berlin", "Europe/Belrin", "case.toml:6:horizon.timezone"),
        ("periods = 4", "periods = 0", "case.toml:8:horizon.periods"),
        ("[network]", "[netwrok]", "case.toml:10:netwrok"),
    ],
)
def test_a_case_that_is_wrong_itself_hides_nothing(old: str, new: str, problem: str, folder: Path) -> None:
    edit(folder / "case.toml", (old, new))
    edit(folder / "meters.csv", ("h2,0.4,0,", "h2,-0.4,0,"), ("h3,0.125,0,", "h9,0.125,0,"))
    edit(folder / "sharing.csv", (",h2,0.5", ",h7,0.5"))
    edit(folder / "tariffs.toml", ("tax_per_kwh = 0.01", "tax_per_kwh = nan"))
    places = found(folder)
    assert problem in places
    assert [place for place in places if not place.startswith("case.toml")] == [
        "tariffs.toml:8:network.tax_per_kwh",
        "meters.csv:3:import_kwh",
        "meters.csv:4:participant",
        "sharing.csv:2:participant",
    ]


def test_without_participants_the_values_are_still_checked(folder: Path) -> None:
    (folder / "participants.csv").unlink()
    edit(folder / "meters.csv", ("h2,0.4,0,", "h2,-0.4,0,"), ("T00:15,h1", "T00:20,h1"))
    edit(folder / "sharing.csv", (",h2,0.5", ",h2,half"))
    assert found(folder) == [
        "participants.csv:0",
        "meters.csv:3:import_kwh",
        "meters.csv:5:time",
        "sharing.csv:2:coefficient",
    ]


def test_tariffs_that_are_no_toml_hide_nothing(folder: Path) -> None:
    edit(folder / "tariffs.toml", ("mode =", "mode"))
    edit(folder / "sharing.csv", (",h2,0.5", ",h2,-1"))
    edit(folder / "meters.csv", ("h2,0.4,0,", "h2,x,0,"))
    assert found(folder) == ["tariffs.toml:1", "meters.csv:3:import_kwh", "sharing.csv:2:coefficient"]


def test_missing_readings_and_shares_of_more_than_all_are_found(folder: Path) -> None:
    edit(folder / "meters.csv", ("2024-06-21T00:15,h1,0,0.25,\n", ""))
    edit(folder / "sharing.csv", (",h2,0.5", ",h2,0.8"))
    assert found(folder) == ["meters.csv:0:participant", "sharing.csv:0"]
    edit(folder / "tariffs.toml", ('missing = "error"', 'missing = "schedule"'))
    assert found(folder) == ["sharing.csv:0"]


def test_a_retailer_without_prices_and_names_of_accounts_are_found(folder: Path) -> None:
    edit(folder / "participants.csv", ("0.95,1.0,north", "0.95,1.0,nort"))
    for path in folder.glob("*.csv"):
        path.write_text(path.read_text().replace("h3", "dso"))
    assert found(folder) == ["participants.csv:0:participant", "participants.csv:2:retailer"]
    for name in METERS_FILES:
        (folder / name).unlink()
    assert read_everything(folder)[0].participants.ids[2] == "dso"


def test_a_key_without_its_table_is_a_warning(folder: Path, capsys) -> None:
    (folder / "sharing.csv").unlink()
    code, out, _ = run("check", folder, "--json", capsys=capsys)
    said = "tariffs.toml: sharing.key 'fixed' needs a table of who shares, and there is none"
    assert (code, json.loads(out)["warnings"]) == (0, [said])


def test_a_table_without_its_key_is_a_problem(folder: Path) -> None:
    (folder / "tariffs.toml").write_text(TARIFFS)
    assert found(folder) == ["sharing.csv:0"]


def test_meters_in_parquet_are_checked_too(folder: Path) -> None:
    edit(folder / "meters.csv", ("h2,0.4,0,", "h2,-0.4,0,"))
    table = pyarrow.csv.read_csv(folder / "meters.csv")
    (folder / "meters.csv").unlink()
    pyarrow.parquet.write_table(table, folder / "meters.parquet")
    assert found(folder) == ["meters.parquet:2:import_kwh"]


def test_two_tables_of_readings_are_one_problem(folder: Path) -> None:
    (folder / "meters.parquet").write_bytes(b"PAR1")
    assert found(folder) == ["meters.csv:0"]


def test_what_check_finds_no_fault_with_can_be_settled(tmp_path: Path) -> None:
    case, result = write_settle_example(tmp_path)
    read_everything(case)
    assert gridpact.settle(case, result).settlement.notices is not None
