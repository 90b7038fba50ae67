"""OpenDSS folders in cases: their digest, cache, participants, conversion and listing."""

import csv
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from gridpact import cli
from gridpact.case.folder.case_files import CaseFiles
from gridpact.case.folder.case_reader import _remember
from gridpact.case.reading.problems import Problems
from gridpact.case.writing.case_writer import _copy_network
from gridpact.errors import InvalidCase, InvalidUsage
from gridpact.grid import compile as compiling
from gridpact.grid.cache import FOLDER_VARIABLE
from gridpact.grid.compile import compile_source
from gridpact.grid.exchange import difference, power_grid_model_content
from gridpact.grid.opendss import engine
from gridpact.grid.opendss.participants_template import participants_template
from gridpact.grid.source import NetworkSource
from tests.documentation import read_page
from tests.opendss.folders import CODE, FOOT, FOUR_CODE, HEAD, compiled, folder, problems_of, transformer

LINES = "New Line.l1 bus1=lv bus2=7 linecode=cable length=0.1 units=km\n"
LINES += "New Line.l2 bus1=7 bus2=Home linecode=cable length=0.1 units=km\n"
MASTER = (
    HEAD + "Redirect parts/codes.txt\n" + transformer() + "\nRedirect lines.txt\nRedirect loads.txt" + FOOT
)
LOADS = """New Load.H1 bus1=7.1 phases=1 kv=0.23 kw=3 pf=0.9 daily=s yearly=s
New Load.=odd bus1=home.2.0 phases=1 kv=0.23 kw=2 kvar=1
New Load.H3 bus1=home.3.2.0 phases=2 kv=0.4 kw=2 pf=1
New Load.H4 bus1=home phases=3 kv=0.4 kva=5 pf=0.8
New Load.H5 bus1=home.3 phases=1 kv=0.23 kw=1 pf=-0.9
"""


@pytest.fixture
def master(tmp_path: Path) -> Path:
    shape = "New LoadShape.s npts=3 csvfile=none.csv\n"
    loads = shape + LOADS.replace("=odd", "odd")
    return folder(tmp_path / "grid", MASTER, parts__codes=CODE, lines=LINES, loads=loads)


def run(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command, run in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["gridpact", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, *capsys.readouterr()


def test_a_bus_that_is_called_by_a_number_has_it_for_its_id(master: Path) -> None:
    network = compiled(master)
    assert dict(zip(network.bus_names, network.bus_ids.tolist(), strict=True)) == {
        "source": 0,
        "lv": 1,
        "home": 2,
        "7": 7,
    }
    assert network.elements.name == ("l1", "l2", "t1")
    assert network.elements.id.tolist() == [0, 1, 0]


def test_loads_are_a_template_of_participants(master: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("network", master, "--participants", "--quiet", capsys=capsys)
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    shown = [(row["participant"], row["bus"], row["phases"], row["load_power_factor"]) for row in rows]
    assert shown == [
        ("h1", "7", "a", "0.9"),
        ("odd", "home", "b", f"{2 / np.sqrt(5):.6f}"),
        ("h3", "home", "bc", "1.0"),
        ("h4", "home", "abc", "0.8"),
        ("h5", "home", "c", "1.0"),
    ]
    assert {(row["demand"], row["surplus"]) for row in rows} == {("firm", "curtail")}
    _, out, _ = run("network", master, "--participants", "--quiet", "--json", capsys=capsys)
    assert json.loads(out)[2]["phases"] == "bc"
    assert any("1 of the loads lead" in notice for notice in compiled(master).notices)


def test_other_networks_have_no_template(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidUsage, match="no OpenDSS folder"):
        participants_template(NetworkSource(builtin="pandapower/cigre_lv"))
    assert run("network", "--participants", capsys=capsys)[0] == 2


def test_a_listing_is_that_of_three_phases(master: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("network", master, "--quiet", capsys=capsys)
    assert code == 0
    assert "bus              7      0.4 kV  7" in out
    assert "5 loads; participants bring their own" in out


def test_all_files_are_in_the_digest_and_in_copies(master: Path, tmp_path: Path) -> None:
    def digest() -> str:
        problems = Problems()
        files = CaseFiles(tmp_path, problems)
        _remember(files, master)
        assert not len(problems)
        return files.sha256("")

    before, seen = digest(), set()
    for name in ("Master.dss", "parts/codes.txt", "lines.txt", "loads.txt"):
        path = master.parent / name
        path.write_text(path.read_text() + "\n! changed")
        seen.add(digest())
    assert len(seen | {before}) == 5
    (master.parent / "other.txt").write_text("no part of it")
    assert digest() in seen
    _copy_network(master, tmp_path / "copy")
    assert compiled(tmp_path / "copy" / "Master.dss").bus_names == compiled(master).bus_names
    assert not (tmp_path / "copy" / "other.txt").exists()


def test_a_network_is_kept_by_all_its_files_and_by_its_neutral(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "cache"
    monkeypatch.setenv(FOLDER_VARIABLE, str(kept))
    ends = "bus1=lv.1.2.3.4 bus2=a.1.2.3.4"
    text = (
        HEAD + "Redirect code.txt\n" + transformer(".1.2.3.4") + f"\nNew Line.l {ends} linecode=four length=1"
    )
    path = folder(tmp_path / "grid", text + FOOT, code=FOUR_CODE)
    first = compiled(path)
    compiling._compiled_file.cache_clear()
    monkeypatch.setattr(engine, "_run", lambda *_: pytest.fail("OpenDSS ran again"))
    again = compiled(path)
    np.testing.assert_array_equal(first.admittance.toarray(), again.admittance.toarray())
    assert again.notices == first.notices
    monkeypatch.undo()
    monkeypatch.setenv(FOLDER_VARIABLE, str(kept))
    compiled(path, "earthed")
    (path.parent / "code.txt").write_text(FOUR_CODE.replace("0.45", "0.46"))
    other = compiled(path)
    assert np.abs(other.admittance - first.admittance).max() > 0.1
    assert len(list(kept.iterdir())) == 3


def test_a_folder_becomes_power_grid_model_json(master: Path, tmp_path: Path) -> None:
    source = NetworkSource(file=master, model="three-phase")
    path = tmp_path / "network.json"
    path.write_bytes(power_grid_model_content(source))
    first, other = compile_source(source), compile_source(NetworkSource(file=path, model="three-phase"))
    found = difference(first, other, np.full((1, len(first.bus_ids)), -2.0 + 0.3j))
    assert found.voltage_pu < 1e-12
    assert found.loading_percent < 1e-9
    assert (other.bus_names, other.elements.name) == (first.bus_names, first.elements.name)


def test_a_balanced_model_is_refused(master: Path) -> None:
    with pytest.raises(InvalidCase) as found:
        compile_source(NetworkSource(file=master))
    [problem] = found.value.problems
    assert "three phases" in problem.what
    assert problem.remedy == "set model = 'three-phase'"


def test_without_the_extra_one_line_says_what_to_install(
    master: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "dss", None)
    [problem] = problems_of(master)
    assert str(problem) == (
        "Master.dss: takes OpenDSS, which is not installed (install it by pip install 'gridpact[opendss]')"
    )
    for option in ([], ["--participants"]):
        code, out, err = run("network", master, *option, "--quiet", capsys=capsys)
        assert (code, out) == (2, "")
        assert "pip install 'gridpact[opendss]'" in err


def test_the_page_of_an_own_network_makes_one_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = read_page("own-network")
    (script,) = re.findall(r"```dss\n(.*?)```", page, re.DOTALL)
    (table,) = re.findall(r"```csv\n(participant,.*?)```", page, re.DOTALL)
    master = folder(tmp_path, script)
    assert compiled(master).bus_names == ("substation", "board", "pillar", "house")
    _, out, _ = run("network", master, "--participants", "--quiet", capsys=capsys)
    assert out == table


def test_ratings_are_those_that_are_said(tmp_path: Path) -> None:
    text = """
New LineCode.bare nphases=3 R1=0.3 X1=0.1 R0=1 X0=0.3 C1=0 C0=0 units=km
New LineCode.said like=bare normamps=400
New LineCode.heir like=said
New Line.default bus1=lv bus2=a linecode=bare length=0.1 units=km
New Line.own bus1=a bus2=b linecode=bare length=0.1 units=km NormAmps=400
New Line.coded bus1=b bus2=c linecode=said length=0.1 units=km
New Line.inherited bus1=c bus2=d linecode=heir length=0.1 units=km
New Line.other bus1=d bus2=e linecode=bare length=0.1 units=km
~ normamps=123
"""
    network = compiled(folder(tmp_path, HEAD + transformer() + text + FOOT))
    names = network.elements.name
    rated = dict(zip(names, network.verification_model.rating_from_a.tolist(), strict=True))
    assert rated.pop("t1") == pytest.approx(250 / np.sqrt(3) / 11)
    assert rated == {
        "default": np.inf,
        "own": 400.0,
        "coded": 400.0,
        "inherited": 400.0,
        "other": 123.0,
    }
    assert "without NormAmps, and so never overloaded: 1 line (default)" in network.notices
