"""The core by itself: the same bytes as with all extras, and a line on each that it lacks."""

import re
import shutil
from pathlib import Path

import pytest
from benchmarks.installed import PROJECT, ROOT, brought
from packaging.utils import canonicalize_name

from gridpact.case import TableFormat, read_case, write_case
from gridpact.extras import EXTRAS
from gridpact.grid.shipped.shipped_networks import SHIPPED
from tests.extras.bare import left_out, run_all
from tests.fleets import contents as results
from tests.opendss.folders import FOUR_CODE, HEAD
from tests.phases.made import pandapower_net

EXAMPLES = ROOT / "examples"
Both = dict[str, tuple[Path, list[dict[str, object]]]]
PACE = re.compile(r"[\d.]+ cases a second, [\w ]+,")
SECONDS = re.compile(rb'"seconds": (\{[^}]*\}|[\d.e-]+)')


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, without how long it took."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: SECONDS.sub(b"", path.read_bytes()) for name, path in sorted(files.items())}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A folder and what commands say there, with all extras and with none."""
    found = {}
    for name in ("every", "none"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "cases").mkdir()
        for case in ("cigre-lv-extreme", "clock-back-day"):
            shutil.copytree(EXAMPLES / case, folder / "cases" / case)
        commands = [
            ["convert", EXAMPLES / "cigre-lv-day", "--to", "parquet", "--out", folder / "parquet"],
            ["clear", folder / "parquet", "--out", folder / "day"],
            ["clear", EXAMPLES / "cigre-lv-extreme", "--out", folder / "extreme", "--robust", "declared"],
            ["init", folder / "street"],
            ["check", folder / "street"],
            ["clear", folder / "street", "--out", folder / "cleared"],
            ["settle", folder / "street", "--clearance", folder / "cleared", "--out", folder / "settled"],
            ["match", EXAMPLES / "cigre-lv-day", "--out", folder / "matched"],
            ["headroom", EXAMPLES / "cigre-lv-extreme", "--out", folder / "headroom"],
            ["fleet", folder / "cases", "--out", folder / "fleet", "--workers", "2"],
            ["reproduce", "--json"],
            *(["network", network, "--model", model, "--json"] for network, model in SHIPPED),
        ]
        said = list(
            run_all(
                [[*words, "--quiet"] if words[0] != "reproduce" else words for words in commands],
                folder / "left-out",
                bare=name == "none",
            )
        )
        assert len(said) == len(commands)
        found[name] = folder, said
    return found


def test_every_command_of_the_core_ends_well(both: Both) -> None:
    assert [one["code"] for one in both["none"][1]] == [0] * len(both["none"][1]), both["none"][1]


def test_what_is_said_is_the_same(both: Both) -> None:
    (one, with_every), (other, with_none) = both["every"], both["none"]
    for first, second in zip(with_every, with_none, strict=True):
        assert PACE.sub("", str(first["out"])).replace(str(one), "") == PACE.sub(
            "", str(second["out"])
        ).replace(str(other), "")


@pytest.mark.parametrize(
    "name", ["parquet", "day", "extreme", "street", "cleared", "settled", "matched", "headroom"]
)
def test_files_are_the_same_bytes(name: str, both: Both) -> None:
    every, none = (contents(both[which][0] / name) for which in ("every", "none"))
    assert every and every.keys() == none.keys()
    assert [file for file in every if every[file] != none[file]] == []


@pytest.mark.parametrize("case", ["cigre-lv-extreme", "clock-back-day"])
def test_fleets_have_the_same_results(case: str, both: Both) -> None:
    every, none = (results(both[which][0] / "fleet" / case) for which in ("every", "none"))
    assert "cleared.csv" in every and every == none


def test_a_missing_extra_is_one_line_with_its_remedy(tmp_path: Path) -> None:
    from pandapower import to_json
    from xlsxwriter import Workbook

    case = tmp_path / "case"
    write_case(read_case(EXAMPLES / "cigre-lv-extreme"), case, TableFormat.CSV)
    to_json(pandapower_net(), str(tmp_path / "net.json"))
    shutil.copytree(case, tmp_path / "fleet" / "one")
    with_net = tmp_path / "with-net"
    shutil.copytree(case, with_net)
    shutil.copy(tmp_path / "net.json", with_net)
    settings = (with_net / "case.toml").read_text()
    (with_net / "case.toml").write_text(
        settings.replace('builtin = "pandapower/cigre_lv"', 'file = "net.json"')
    )
    assert 'file = "net.json"' in (with_net / "case.toml").read_text()
    (tmp_path / "Master.dss").write_text(HEAD + FOUR_CODE)
    (tmp_path / "tables").mkdir()
    with Workbook(tmp_path / "book.xlsx") as book:
        book.add_worksheet().write_string(0, 0, "time")
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "here"
    refused = {
        "networks": [
            ["network", "pandapower/kerber_dorfnetz"],
            ["network", "simbench/1-LV-rural1--0-sw"],
            ["network", "pandapower/cigre_lv", "--model", "three-phase"],
            ["network", tmp_path / "net.json"],
            ["clear", with_net, "--out", out],
            ["check", with_net],
            ["convert", with_net, "--to", "parquet", "--out", out],
            ["import", "network", tmp_path / "tables", "--out", out],
        ],
        "opendss": [["network", tmp_path / "Master.dss"]],
        "cluster": [["fleet", tmp_path / "fleet", "--out", out, "--scheduler", "tcp://127.0.0.1:1"]],
        "xlsx": [["import", "meters", tmp_path / "book.xlsx", "--as", "auto", "--out", out / "meters.csv"]],
        "gate": [["gate", "init", out], ["serve", out]],
    }
    commands = [(extra, words) for extra, every in refused.items() for words in every]
    answers = run_all([words for _, words in commands], tmp_path / "left-out", bare=True)
    for (extra, words), answer in zip(commands, answers, strict=True):
        where = "out" if words[0] == "check" else "err"  # what is wrong is what `check` gives
        said = [line for line in str(answer[where]).splitlines() if "pip install" in line]
        assert answer["code"] == 2, (words, answer)
        assert len(said) == 1 and f"pip install 'gridpact[{extra}]'" in said[0], (words, answer)
        assert "Traceback" not in str(answer["err"]), (words, answer)
        assert where == "out" or not answer["out"], (words, answer)
    assert not out.exists()


def test_a_bare_process_lacks_all_extras_and_keeps_the_core() -> None:
    missing = set(left_out())
    assert {module for extra in EXTRAS for module in extra.modules} <= missing
    assert {"casadi", "networkx", "pytest"} <= missing
    assert not missing & {"numpy", "pandas", "pyarrow", "scipy", "plotly", "typer", "power_grid_model"}


def test_the_extras_are_those_of_the_package() -> None:
    optional = PROJECT["optional-dependencies"]
    users = {extra.name for extra in EXTRAS}
    assert optional["all"] == [f"gridpact[{','.join(sorted(users))}]"]
    for extra in EXTRAS:
        required = {re.split(r"[\[><=]", line)[0].replace("-", "_") for line in optional[extra.name]}
        known = {"argon2": "argon2_cffi", "dss": "dss_python", "nacl": "pynacl"}
        assert {known.get(module, module) for module in extra.modules} == required


def test_all_that_an_extra_brings_has_a_pin_of_a_name_and_a_version() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert not [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)]
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    optional = PROJECT["optional-dependencies"]
    every = brought([*PROJECT["dependencies"], *(line for lines in optional.values() for line in lines)])
    assert every - pinned == set()


def test_the_readme_tells_every_extra() -> None:
    readme = (ROOT / "README.md").read_text()
    assert not [extra.name for extra in EXTRAS if f"`{extra.name}`" not in readme]


def test_the_remedies_name_no_extra_that_is_none() -> None:
    named = set()
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        named |= {
            name
            for found in re.findall(r"gridpact\[([a-z,]+)\]", path.read_text())
            for name in found.split(",")
        }
    assert named <= PROJECT["optional-dependencies"].keys() - {"dev", "release", "test"}
