"""The command line as a user meets it: exit codes, what is said, what is written and what is not."""

import contextlib
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridpact import cli
from tests.damage import DAMAGES, Damage
from tests.example import write_example

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = EXAMPLES / "cigre-lv-extreme"
DC = ("--formulation", "dc")


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command, run in this process."""
    sys_argv, sys.argv = sys.argv, ["gridpact", *map(str, arguments)]
    try:
        cli.main()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = sys_argv
    out, err = capsys.readouterr()
    return code, out, err


def test_clear_writes_every_file_and_says_the_outcome(tmp_path: Path, capsys) -> None:
    code, out, _ = run("clear", EXAMPLES / "cigre-lv-day", "--out", tmp_path / "r", capsys=capsys)
    assert code == 0
    assert "44.568 kWh of 44.568 kWh proposed cleared" in out
    assert {path.name for path in (tmp_path / "r").iterdir()} == {
        "cleared.csv",
        "schedule.csv",
        "network.csv",
        "exchange.csv",
        "limits.csv",
        "summary.json",
        "report.html",
        "trades.csv",
        "places.csv",
        "matching.csv",
    }


def test_parquet_in_parquet_out(tmp_path: Path, capsys) -> None:
    from gridpact.case import TableFormat, read_case, write_case

    write_case(read_case(SMALL), tmp_path / "case", TableFormat.PARQUET)
    code, _, _ = run("clear", tmp_path / "case", "--out", tmp_path / "r", capsys=capsys)
    assert code == 0
    assert (tmp_path / "r" / "cleared.parquet").is_file()
    assert not list((tmp_path / "r").glob("*.csv"))


def test_json_is_the_summary(tmp_path: Path, capsys) -> None:
    code, out, _ = run("clear", SMALL, "--out", tmp_path / "r", "--json", "--quiet", *DC, capsys=capsys)
    assert code == 0
    summary = json.loads(out)
    assert summary == json.loads((tmp_path / "r" / "summary.json").read_text())
    assert summary["status"] == "limits_broken"


def test_a_dispatch_that_breaks_a_limit_says_so_everywhere(tmp_path: Path, capsys) -> None:
    _, out, _ = run("clear", SMALL, "--out", tmp_path / "r", *DC, capsys=capsys)
    assert "NOT SAFE" in out
    assert "bus 35 (Bus C12) at 0.8909 pu" in out
    assert "bus 35 (Bus C12) at 0.8909 pu" in (tmp_path / "r" / "report.html").read_text()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, capsys) -> None:
    for name in ("one", "two"):
        run("clear", EXAMPLES / "village-day", "--out", tmp_path / name, capsys=capsys)
    for path in (tmp_path / "one").iterdir():
        other = tmp_path / "two" / path.name
        if path.name == "summary.json":
            first, second = json.loads(path.read_text()), json.loads(other.read_text())
            first.pop("seconds"), second.pop("seconds")
            assert first == second
        else:
            assert path.read_bytes() == other.read_bytes(), path.name


def test_match_writes_the_trades(tmp_path: Path, capsys) -> None:
    code, out, _ = run("match", EXAMPLES / "cigre-lv-day", "--out", tmp_path / "m", capsys=capsys)
    assert code == 0
    assert "44.568 kWh" in out
    assert (tmp_path / "m" / "trades.csv").read_text().startswith("trade,seller,buyer,start,end,power_kw")


def test_match_without_orders_is_a_wrong_use(tmp_path: Path, capsys) -> None:
    code, _, err = run("match", SMALL, "--out", tmp_path / "m", capsys=capsys)
    assert code == 2
    assert "no orders" in err
    assert not (tmp_path / "m").exists()


def test_check_says_what_a_case_holds(capsys) -> None:
    code, out, _ = run("check", SMALL, "--json", capsys=capsys)
    assert code == 0
    assert json.loads(out)["trades"] == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["clear", SMALL, "--out", "{tmp}/r", "--formulation", "acdc"], "write ac, dc"),
        (["clear", SMALL, "--out", "{tmp}/r", "--allocation", "fairest"], "max-volume"),
        (["clear", SMALL], "--out"),
        (["clear", "{tmp}/none", "--out", "{tmp}/r"], "does not exist"),
        (["dance"], "No such command"),
    ],
    ids=["formulation", "allocation", "no out", "no case", "no command"],
)
def test_wrong_use_gives_exit_2_and_writes_nothing(arguments, said, tmp_path: Path, capsys) -> None:
    code, _, err = run(*(str(a).format(tmp=tmp_path) for a in arguments), capsys=capsys)
    assert code == 2
    assert said in err
    assert not (tmp_path / "r").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path, capsys) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    code, _, err = run("clear", SMALL, "--out", tmp_path, capsys=capsys)
    assert code == 2
    assert "holds thesis.tex, which is not part of an earlier result" in err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_earlier_result_is_replaced_whole(tmp_path: Path, capsys) -> None:
    run("clear", EXAMPLES / "cigre-lv-day", "--out", tmp_path / "r", capsys=capsys)
    code, _, _ = run("clear", SMALL, "--out", tmp_path / "r", capsys=capsys)
    assert code == 0
    assert not (tmp_path / "r" / "trades.csv").exists()


def test_problems_as_json(tmp_path: Path, capsys) -> None:
    code, out, _ = run("check", tmp_path / "none", "--json", capsys=capsys)
    assert code == 2
    assert json.loads(out)["problems"][0]["what"]


def test_every_error_as_json(tmp_path: Path, capsys) -> None:
    write_example(tmp_path / "case")
    (tmp_path / "case" / "trades.csv").write_text("trade\n")
    code, out, err = run("clear", tmp_path / "case", "--out", tmp_path / "r", "--json", capsys=capsys)
    told = json.loads(out)
    assert (code, told["total"], len(told["problems"])) == (2, 6, 6)
    assert "trades.csv line 1" in err
    code, out, _ = run("clear", SMALL, "--out", SMALL, "--json", capsys=capsys)
    assert (code, list(json.loads(out))) == (2, ["error"])
    code, out, err = run("match", "--out=--json", SMALL, capsys=capsys)
    assert (code, out) == (2, "")


def test_check_gives_its_problems_on_stdout(tmp_path: Path, capsys) -> None:
    DAMAGES[0].inflict(write_example(tmp_path / "case"))
    code, out, err = run("check", tmp_path / "case", capsys=capsys)
    assert (code, err) == (2, "")
    assert out.startswith(f"{tmp_path / 'case'}: 1 problem:\n  case.toml: is missing")
    code, out, err = run("check", tmp_path / "case", "--json", capsys=capsys)
    assert (code, err) == (2, "")
    assert len(json.loads(out)["problems"]) == 1


@pytest.mark.parametrize("command", ["clear", "match"])
def test_a_case_is_never_written_over(command: str, tmp_path: Path, capsys, monkeypatch) -> None:
    folder = write_example(tmp_path / "case")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.chdir(folder)
    for out in (folder, tmp_path, ".", "../case"):
        code, _, err = run(command, folder, "--out", out, capsys=capsys)
        assert code == 2
        assert "the case folder" in err
    code, _, err = run(command, SMALL, "--out", tmp_path / "case", capsys=capsys)
    assert code == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_result_of_another_kind_is_named(tmp_path: Path, capsys) -> None:
    run("match", EXAMPLES / "cigre-lv-day", "--out", tmp_path / "r", capsys=capsys)
    code, _, err = run("clear", SMALL, "--out", tmp_path / "r", capsys=capsys)
    assert code == 2
    assert "holds matched trades, not a clearance" in err
    code, _, _ = run("match", EXAMPLES / "cigre-lv-day", "--out", tmp_path / "r", capsys=capsys)
    assert code == 0


def test_a_folder_that_cannot_be_written_is_a_wrong_use(capsys) -> None:
    code, _, err = run("clear", SMALL, "--out", "/proc/x", capsys=capsys)
    assert code == 2
    assert "cannot write to /proc/x" in err


def test_the_demo_keeps_a_case_that_was_changed(tmp_path: Path, capsys) -> None:
    for _ in range(2):
        assert run("demo", "--out", tmp_path, "--quiet", capsys=capsys)[0] == 0
    orders = tmp_path / "case" / "orders.csv"
    orders.write_text(orders.read_text() + "mine\n")
    code, _, err = run("demo", "--out", tmp_path, capsys=capsys)
    assert code == 2
    assert "name another --out" in err
    assert orders.read_text().endswith("mine\n")


def test_the_report_can_be_left_out(tmp_path: Path, capsys) -> None:
    code, out, _ = run("clear", SMALL, "--out", tmp_path / "r", "--no-report", *DC, capsys=capsys)
    assert code == 0
    assert "report.html" not in out
    assert not (tmp_path / "r" / "report.html").exists()


def test_one_is_said_as_one(tmp_path: Path, capsys) -> None:
    folder = write_example(tmp_path / "case")
    header, first, *_ = (folder / "orders.csv").read_text().splitlines()
    (folder / "orders.csv").write_text(f"{header}\n{first}\n")
    _, out, _ = run("match", folder, "--out", tmp_path / "m", capsys=capsys)
    assert "1 order matched into 0 trades, 0.000 kWh" in out


def test_the_networks_are_listed(tmp_path: Path, capsys) -> None:
    code, out, _ = run("network", capsys=capsys)
    assert code == 0
    assert "pandapower/cigre_lv\n" in out
    assert "simbench/1-LV-rural2--0-sw" in json.loads(run("network", "--json", capsys=capsys)[1])
    code, out, _ = run("network", "pandapower/cigre_lv", capsys=capsys)
    assert code == 0
    assert out.startswith("pandapower/cigre_lv\n  bus              0       20 kV  Bus 0  supply\n")
    facts = json.loads(run("network", "pandapower/cigre_lv", "--json", capsys=capsys)[1])
    assert [len(facts[name]) for name in ("buses", "lines", "transformers")] == [44, 37, 3]
    code, _, err = run("network", "cigre", capsys=capsys)
    assert (code, "is neither a built-in network nor a file" in err) == (2, True)
    (tmp_path / "n.json").write_text("no")
    code, _, err = run("network", tmp_path / "n.json", capsys=capsys)
    assert (code, "n.json: is not JSON" in err) == (2, True)


def test_a_terminal_that_knows_few_letters_gets_no_traceback(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    text = (folder / "case.toml").read_text(encoding="utf-8").replace("Example street", "Kärntner Straße")
    (folder / "case.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "gridpact", "clear", folder, "--out", tmp_path / "r", "--no-report"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "POSIX", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert b"K\\xe4rntner Stra\\xdfe" in done.stdout
    assert json.loads((tmp_path / "r" / "summary.json").read_bytes())["name"] == "Kärntner Straße"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_every_damage_gives_exit_2_with_its_place_and_no_output(
    damage: Damage, tmp_path: Path, capsys
) -> None:
    damage.inflict(write_example(tmp_path / "case"))
    code, out, err = run("clear", tmp_path / "case", "--out", tmp_path / "result", capsys=capsys)
    assert code == 2
    assert out == ""
    assert damage.file in err
    if damage.line is not None:
        assert re.search(rf"{re.escape(damage.file)} (line|row) {damage.line}\b", err)
    assert not (tmp_path / "result").exists()


def test_a_damaged_case_shows_no_traceback_in_a_process_of_its_own(tmp_path: Path) -> None:
    DAMAGES[0].inflict(write_example(tmp_path / "case"))
    command = [sys.executable, "-m", "gridpact", "clear", tmp_path / "case", "--out", tmp_path / "result"]
    command.append("--quiet")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("gridpact: ")
    assert "Traceback" not in done.stderr


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_random_damage_never_shows_a_traceback_or_half_a_result(seed: int, bites: int) -> None:
    """Bytes of random files are cut out, doubled or overwritten; the case clears, or is refused whole."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_example(folder / "case")
        for _ in range(bites):
            bite(rng.choice(sorted((folder / "case").iterdir())), rng)
        code = quiet_run("clear", folder / "case", "--out", folder / "result")
        assert code in (0, 2)
        written = {path.name for path in folder.iterdir()} - {"case"}
        assert written == ({"result"} if code == 0 else set())


def bite(path: Path, rng: random.Random) -> None:
    """Damages a file at a random place."""
    content = path.read_bytes()
    at = rng.randrange(len(content) + 1)
    end = min(len(content), at + rng.randrange(1, 12))
    noise = bytes(rng.choice(b'0123456789.,-:\n"eEhTtrue\xff ') for _ in range(end - at))
    path.write_bytes(content[:at] + rng.choice((b"", content[at:end] * 2, noise)) + content[end:])


def quiet_run(*arguments: object) -> int:
    """Exit code of a command, its output thrown away."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        sys_argv, sys.argv = sys.argv, ["gridpact", *map(str, arguments)]
        try:
            cli.main()
        except SystemExit as stop:
            return int(stop.code or 0)
        finally:
            sys.argv = sys_argv
    return 0


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['gridpact', '--help']\n"
        "from gridpact.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandapower', 'pandas', 'plotly', 'scipy', 'numpy', 'highspy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
