"""Settling as a user meets it: from clearing to a corrected ledger, what is said, written and left alone."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gridpact
from gridpact.case import TableFormat, read_case, write_case
from gridpact.settlement.statements.ledger_table import LEDGER
from gridpact.settlement.statements.residuals import RESIDUALS
from gridpact.settlement.statements.statements import STATEMENTS
from tests.settle_example import METERS, TARIFFS, write_settle_example
from tests.unit.test_cli import run

FILES = {"ledger.csv", "statements.csv", "residuals.csv", "settlement.json", "report.html"}
Run = Callable[..., tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """Folders of a cleared case, and the command that settles it into another."""

    root: Path
    case: Path
    result: Path
    run: Run

    def settle(self, out: str, *options: object) -> tuple[int, str, str]:
        arguments = (self.case, "--clearance", self.result, "--out", self.root / out, "--quiet", *options)
        return self.run("settle", *arguments)

    def figures(self, out: str) -> dict:
        return json.loads((self.root / out / "settlement.json").read_text())

    def ledger(self, out: str) -> pd.DataFrame:
        return pd.read_csv(self.root / out / "ledger.csv", keep_default_na=False)


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    """A case that is cleared by the command, with meters made of what the schedule has it inject."""

    def command(*arguments: object) -> tuple[int, str, str]:
        return run(*arguments, capsys=capsys)

    case, fabricated = write_settle_example(tmp_path)
    shutil.rmtree(fabricated)
    result = tmp_path / "cleared"
    assert command("clear", case, "--out", result, "--no-report", "--quiet")[0] == 0
    write_meters(case, result)
    return Place(root=tmp_path, case=case, result=result, run=command)


def write_meters(case: Path, result: Path) -> None:
    """Readings near the schedule: four in five Wh of what it exports, six in five of what it imports."""
    schedule = pd.read_csv(result / "schedule.csv")
    net_wh = np.rint(schedule["net_injection_kw"].to_numpy() * 250)
    table = pd.DataFrame(
        {
            "time": schedule["time"],
            "participant": schedule["participant"],
            "import_kwh": np.rint(np.maximum(-net_wh, 0) * 1.2) / 1000,
            "export_kwh": np.rint(np.maximum(net_wh, 0) * 0.8) / 1000,
        }
    )
    table.to_csv(case / "meters.csv", index=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def net(ledger: pd.DataFrame) -> pd.DataFrame:
    """What entries about the same come to, without those that come to nothing."""
    keys = ["time", "kind", "debit", "credit", "trade"]
    sums = ledger.groupby(keys)[["energy_wh", "amount_micro"]].sum()
    return sums[(sums != 0).any(axis=1)]


def test_settle_writes_every_file_and_says_the_outcome(place: Place) -> None:
    code, out, err = place.settle("s")
    assert (code, err) == (0, "")
    assert {path.name for path in (place.root / "s").iterdir()} == FILES
    figures = place.figures("s")
    energy = figures["energy_wh"]
    assert 0 < energy["traded"] < energy["cleared"]
    assert energy["import"] == energy["traded"] + energy["supply"]
    assert energy["export"] == energy["traded"] + energy["feed_in"]
    assert all(each["figure"] == 0 for each in figures["invariants"].values())
    first = out.splitlines()[0]
    assert first.startswith(
        f"Example street: {energy['traded'] / 1000:,.3f} kWh of {energy['cleared'] / 1000:,.3f}"
    )
    assert "  checks    all 11 hold exactly\n" in out
    assert "  losses    " in out and "head read in 0 of 4 periods" in out
    assert f"  result    {place.root / 's'}\n  report    {place.root / 's' / 'report.html'}\n" in out


def test_the_tables_have_the_declared_columns_and_add_up(place: Place) -> None:
    place.settle("s", "--mode", "firm", "--loss-allocation", "pro-rata")
    ledger = place.ledger("s")
    statements, residuals = (
        pd.read_csv(place.root / "s" / f"{name}.csv") for name in ("statements", "residuals")
    )
    assert tuple(ledger.columns) == LEDGER
    assert tuple(statements.columns) == STATEMENTS
    assert tuple(residuals.columns) == RESIDUALS
    assert ledger["entry"].tolist() == [f"1-{number:06}" for number in range(1, len(ledger) + 1)]
    balance = (
        ledger.groupby("credit")["amount_micro"]
        .sum()
        .sub(ledger.groupby("debit")["amount_micro"].sum(), fill_value=0)
    )
    assert balance.sum() == 0
    for row in statements.itertuples():
        assert -row.total_micro == balance.get(row.participant, 0)
    for name, group in residuals.groupby("retailer"):
        assert group["amount_micro"].sum() == balance[f"retailer/{name}"]
    figures = place.figures("s")
    assert figures["entries"] == figures["entries_added"] == len(ledger)
    assert (
        figures["money_micro"]
        == ledger.groupby("kind")["amount_micro"]
        .sum()
        .reindex(list(figures["money_micro"]), fill_value=0)
        .to_dict()
    )
    assert figures["mode"] == "firm" and figures["loss_allocation"] == "pro-rata"


def test_the_same_input_gives_the_same_bytes_and_an_earlier_result_is_replaced(place: Place) -> None:
    for name in ("one", "two", "two"):
        assert place.settle(name, "--statements")[0] == 0
    assert contents(place.root / "one") == contents(place.root / "two")


def test_statements_are_pages_on_request(place: Place) -> None:
    _, out, _ = place.settle("s", "--statements", "--no-report")
    assert {path.name for path in (place.root / "s" / "statements").iterdir()} == {
        "h1.html",
        "h2.html",
        "h3.html",
    }
    assert not (place.root / "s" / "report.html").exists()
    assert f"  pages     {place.root / 's' / 'statements'}" in out
    place.settle("s")
    assert not (place.root / "s" / "statements").exists()  # Replaced as a whole.


def test_a_page_of_anyone_else_is_never_deleted(place: Place) -> None:
    place.settle("s", "--statements")
    (place.root / "s" / "statements" / "thesis.tex").write_text("mine")
    code, _, err = place.settle("s")
    assert code == 2 and "holds statements, which is not part of an earlier result (a settlement)" in err
    assert (place.root / "s" / "statements" / "thesis.tex").read_text() == "mine"


def test_json_is_what_is_written(place: Place) -> None:
    code, out, _ = place.settle("s", "--json", "--no-report")
    assert code == 0
    assert json.loads(out) == place.figures("s")


def test_python_gives_the_same_files(place: Place) -> None:
    place.settle("s", "--no-report")
    settled = gridpact.settle(str(place.case), str(place.result))
    assert gridpact.write_settlement(settled, place.root / "p") == place.root / "p"
    assert contents(place.root / "p") == contents(place.root / "s")
    assert repr(settled) == f"<SettledCase 'Example street': sharing, {len(settled.ledger)} entries>"
    assert settled.ledger["time"].dt.tz is not None and settled.residuals["supply_wh"].dtype == np.int64
    assert settled.statements["participant"].tolist() == ["h1", "h2", "h3"]


def test_parquet_in_parquet_out(place: Place) -> None:
    place.settle("csv")
    shutil.copytree(place.case, place.root / "parquet")
    for name in ("participants", "profiles", "trades", "orders"):
        (place.root / "parquet" / f"{name}.csv").unlink()
    (place.root / "parquet" / "case.toml").unlink()
    write_case(read_case(place.case), place.root / "written", TableFormat.PARQUET)
    for name in ("tariffs.toml", "meters.csv"):
        shutil.copy(place.case / name, place.root / "written" / name)
    code, _, _ = place.run(
        "settle", place.root / "written", "--clearance", place.result, "--out", place.root / "s", "--quiet"
    )
    assert code == 0
    names = {path.name for path in (place.root / "s").iterdir()}
    assert names == {name.replace(".csv", ".parquet") for name in FILES}
    ledger = pd.read_parquet(place.root / "s" / "ledger.parquet")
    assert isinstance(ledger["time"].dtype, pd.DatetimeTZDtype) and tuple(ledger.columns) == LEDGER
    assert ledger["amount_micro"].tolist() == place.ledger("csv")["amount_micro"].tolist()
    code, _, _ = place.run(
        *("settle", place.root / "written", "--clearance", place.result, "--out", place.root / "t"),
        *("--previous", place.root / "s", "--mode", "firm", "--quiet"),
    )
    assert code == 0
    assert len(pd.read_parquet(place.root / "t" / "ledger.parquet")) > len(ledger)


def test_a_correction_keeps_every_entry_and_nets_to_the_ledger_settled_once(place: Place) -> None:
    meters = place.case / "meters.csv"
    right = meters.read_text()
    lines = right.splitlines(keepends=True)
    wrong = [line for line in lines if not line.startswith(tuple(lines[2].split(",h")[:1]))]
    meters.write_text("".join(wrong))
    assert place.settle("v1", "--missing", "schedule")[0] == 0
    before = contents(place.root / "v1")
    meters.write_text(right)
    code, out, _ = place.settle("v2", "--previous", place.root / "v1")
    assert code == 0 and "of them added by version 2" in out
    place.settle("once")
    assert contents(place.root / "v1") == before
    first, second = place.ledger("v1"), place.ledger("v2")
    assert second[: len(first)].equals(first)
    added = second[len(first) :]
    assert added["entry"].tolist() == [f"2-{number:06}" for number in range(1, len(added) + 1)]
    assert (added["energy_wh"] < 0).any() and (added["energy_wh"] > 0).any()
    assert net(second).equals(net(place.ledger("once")))
    figures = place.figures("v2")
    assert (figures["version"], figures["entries"], figures["entries_added"]) == (2, len(second), len(added))
    for name in ("statements.csv", "residuals.csv"):
        assert (place.root / "v2" / name).read_bytes() == (place.root / "once" / name).read_bytes()


def test_corrections_go_on_and_can_change_the_way_of_settling(place: Place) -> None:
    place.settle("v1")
    place.settle("v2", "--previous", place.root / "v1", "--mode", "firm")
    place.settle("v3", "--previous", place.root / "v2", "--mode", "sharing")
    assert net(place.ledger("v3")).equals(net(place.ledger("v1")))
    assert place.ledger("v3")["entry"].str[0].unique().tolist() == ["1", "2", "3"]
    assert place.figures("v3")["invariants"]["correction_micro"]["figure"] == 0


def test_a_retailer_that_is_gone_is_still_an_account_of_the_ledger(place: Place) -> None:
    place.settle("v1")
    participants = place.case / "participants.csv"
    participants.write_text(participants.read_text().replace("north", "default"))
    tariffs = place.case / "tariffs.toml"
    tariffs.write_text(TARIFFS[: TARIFFS.index("[retailers.north]")])
    code, out, _ = place.settle("v2", "--previous", place.root / "v1")
    assert code == 0 and "the clearance is of other inputs" in out
    place.settle("once")
    assert net(place.ledger("v2")).equals(net(place.ledger("once")))


def test_no_version_is_replaced_by_another(place: Place) -> None:
    place.settle("v1")
    place.settle("v2", "--previous", place.root / "v1")
    before = contents(place.root)
    for out, options, said in (
        ("v1", ("--previous", place.root / "v1"), "is the settlement that is corrected"),
        ("v1", ("--previous", place.root / "v2"), "holds version 1 of a settlement, and this is version 3"),
        ("v2", (), "holds version 2 of a settlement, and this is version 1"),
        ("cleared", (), "is the clearance"),
        ("case", (), "is the case folder"),
        (".", (), "holds the case folder"),
    ):
        code, said_on_stdout, err = place.settle(out, *options)
        assert (code, said_on_stdout) == (2, "") and said in err, err
    assert contents(place.root) == before


def test_a_clearance_does_not_replace_a_settlement(place: Place) -> None:
    place.settle("s")
    code, _, _ = place.run("clear", place.case, "--out", place.root / "s", "--quiet")
    assert code == 2 and (place.root / "s" / "ledger.csv").is_file()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("meters.csv", "import_kwh", "imported"),
        ("tariffs.toml", "mode", "mood"),
        ("participants.csv", "h1,3", "h1,300"),
        ("case.toml", "[network]", "[network"),
    ],
)
def test_bad_input_gives_exit_2_and_nothing_written(place: Place, file: str, old: str, new: str) -> None:
    path = place.case / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    code, out, err = place.settle("s")
    assert (code, out) == (2, "") and file in err
    assert not (place.root / "s").exists() and not list(place.root.glob(".*"))


def test_problems_are_data_with_json(place: Place) -> None:
    (place.case / "meters.csv").write_text(METERS.replace("h2,0.4,", "h2,x,"))
    code, out, _ = place.settle("s", "--json")
    told = json.loads(out)
    assert (code, told["total"]) == (2, 1)
    problem = told["problems"][0]
    assert (problem["file"], problem["line"], problem["field"], problem["value"]) == (
        "meters.csv",
        3,
        "import_kwh",
        "x",
    )
    assert problem["remedy"] == "write it plainly, as in 1.5"


@pytest.mark.parametrize("option", ["--mode", "--missing", "--loss-allocation"])
def test_a_choice_that_is_not_known_is_refused_with_those_that_are(place: Place, option: str) -> None:
    code, _, err = place.settle("s", option, "other")
    assert code == 2 and f"{option} 'other' is not known (write " in err


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys, contextlib, gridpact.cli\n"
        "sys.argv = ['gridpact', 'settle', '--help']\n"
        "with contextlib.suppress(SystemExit):\n"
        "    gridpact.cli.main()\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'pandapower', 'plotly', 'casadi'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--loss-allocation" in done.stdout
