"""What of an OpenDSS folder is read, left out and refused: commands, objects, values and paths."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gridpact.errors import Problem
from gridpact.grid.opendss import engine
from gridpact.grid.opendss.script.script_reader import read_script
from tests.opendss.folders import CODE, FOOT, HEAD, compiled, folder, problems_of, transformer

LINES = "New Line.l1 bus1=lv bus2=a linecode=cable length=0.1 units=km\n"
GOOD = HEAD + CODE + transformer() + "\n" + LINES
FIRST = GOOD.count("\n") + 1  # the line after all that is good


def the_problem(master: Path) -> Problem:
    [problem] = problems_of(master)
    return problem


@pytest.mark.parametrize(
    "command",
    [
        "DOScmd touch canary", "FileEdit canary", "BatchEdit Line..* length=1", "Var @x=canary",
        "cd /", "AllocateLoads", "Distribute kW=1", "Reduce", "Uuids file=canary", "Blah", "Solv",
        "Line.l1.length=5", "Set DataPath=/", "Set Editor=touch", "Set Recorder=yes", "$(touch canary)",
        "`touch canary`", "import os", "ExportOverlaps canary", "Obfuscate", "Remove Line.l1",
    ],
)  # fmt: skip
def test_a_command_that_is_not_admitted_is_refused_with_its_line(command: str, tmp_path: Path) -> None:
    problem = the_problem(folder(tmp_path, GOOD + command + FOOT))
    assert (problem.file, problem.line) == ("Master.dss", FIRST)
    assert problem.remedy
    assert not list(tmp_path.rglob("canary"))


@pytest.mark.parametrize(
    "command",
    [
        "Export Voltages canary", "Export Summary /tmp/canary", "Show Voltages LN Nodes", "Plot Profile",
        "Save Circuit dir=canary", "BusCoords canary", "Visualize What=Currents", "CloseDI", "Sample", "Help",
        "Solve mode=daily number=2", "? Line.l1.length", "New Monitor.m1 Line.l1 1 mode=canary",
        "New EnergyMeter.m1 Line.l1 1", "Set Mode=Yearly Number=3 DemandInterval=true",
        "New LoadShape.s npts=1440 mult=(file=../../canary.csv)", "New LoadShape.s csvfile=/etc/passwd",
        "New XYCurve.c npts=1 xarray=(file=/etc/passwd) yarray=(1)",
    ],
)  # fmt: skip
def test_what_is_no_part_of_the_network_never_reaches_opendss(command: str, tmp_path: Path) -> None:
    master = folder(tmp_path, GOOD + command + FOOT)
    given = "\n".join(str(statement) for statement in read_script(master).statements)
    assert "canary" not in given
    assert "passwd" not in given
    notices = compiled(master).notices
    assert any("left out" in notice for notice in notices)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["Master.dss"]


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ("New Generator.x bus1=a kw=1", "is a generator"),
        ("New PVSystem.x bus1=a kva=1", "is a photovoltaic system"),
        ("New Storage.x bus1=a", "is a storage"),
        ("New Capacitor.x bus1=a kvar=1", "is a capacitor"),
        ("New RegControl.x transformer=t1 winding=2", "regulates a tap"),
        ("New CapControl.x capacitor=c", "controls a capacitor"),
        ("New SwtControl.x SwitchedObj=Line.l1", "controls a switch"),
        ("New InvControl.x", "controls an inverter"),
        ("New Isource.x bus1=a", "is a current source"),
        ("New Fault.x bus1=a", "is a fault"),
        ("New AutoTrans.x", "is an autotransformer"),
        ("New WindGen.x bus1=a", "is of a class that gridpact does not read"),
        ("New Reactor.x bus1=a kvar=5", "is a reactor"),
    ],
)
def test_an_element_that_is_no_network_is_refused_as_what_it_is(
    element: str, said: str, tmp_path: Path
) -> None:
    problem = the_problem(folder(tmp_path / "on", GOOD + element + FOOT))
    assert (problem.file, problem.line) == ("Master.dss", FIRST)
    assert problem.field.lower() == element.split()[1].lower()
    assert problem.what.startswith(said)
    assert compiled(folder(tmp_path / "off", GOOD + element + " enabled=no" + FOOT))


def test_an_element_that_is_switched_off_later_is_not_refused(tmp_path: Path) -> None:
    text = "New Generator.x bus1=a kw=1\n~ pf=1\nDisable Generator.x\nNew Capacitor.y bus1=a\n~ enabled=false"
    assert compiled(folder(tmp_path, GOOD + text + FOOT))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../outside.txt", "leads out"),
        ("sub/../../outside.txt", "leads out"),
        ("sub/../sub/x.txt", "leads out"),
        ("..\\outside.txt", "leads out"),
        ("/etc/passwd", "is not relative"),
        ("C:\\Windows\\win.ini", "is not relative"),
        ("\\\\server\\share\\x.dss", "is not relative"),
        ("~/x.dss", "is not relative"),
        ("link.txt", "leads out"),
        ("linked/outside.txt", "leads out"),
        ("none.txt", "does not exist"),
        ("sub", "is no plain file"),
        ("pipe", "is no plain file"),
        ("Master.dss", "is read a second time"),
        ("", "is no name of a file"),
    ],
)
@pytest.mark.parametrize("verb", ["Redirect", "Compile"])
def test_a_path_that_leads_elsewhere_is_refused(verb: str, name: str, said: str, tmp_path: Path) -> None:
    home = tmp_path / "case"
    (tmp_path / "outside.txt").write_text("New Line.canary bus1=lv bus2=z linecode=cable")
    master = folder(home, GOOD + f'{verb} "{name}"' + FOOT, sub__x="")
    (home / "link.txt").symlink_to(tmp_path / "outside.txt")
    (home / "linked").symlink_to(tmp_path)
    os.mkfifo(home / "pipe")
    problem = the_problem(master)
    assert (problem.file, problem.line, problem.value) == ("Master.dss", FIRST, name)
    assert problem.what.startswith(said)


def test_files_are_found_as_windows_finds_them_from_the_file_that_names_them(tmp_path: Path) -> None:
    master = folder(
        tmp_path,
        "\ufeffClear\r\n/* all\nof it */\nREDIRECT Parts\\Head.TXT  ! the // rest\r\ncompile parts/feet",
        parts__head="// head\n" + HEAD.removeprefix("clear\n") + CODE + "redirect 'deep/Lines.txt'\n",
        parts__deep__lines=transformer() + "\nnew object=line.L1 bus1 = lv, bus2=a // here\n"
        "~ linecode=CABLE\nMORE length={100 2 /} ! half\nm units=m\n",
    )
    (tmp_path / "parts" / "feet.dss").write_text(FOOT)
    network = compiled(master)
    assert network.bus_names == ("source", "lv", "a")
    assert set(read_script(master).contents) == {
        "Master.dss", "parts/head.txt", "parts/deep/lines.txt", "parts/feet.dss",
    }  # fmt: skip


def test_a_problem_stands_in_the_file_and_line_of_its_element(tmp_path: Path) -> None:
    text = "! more\nNew Line.one bus1=a.1 bus2=b.1 phases=1 linecode=single length=1\n"
    master = folder(
        tmp_path,
        GOOD + "Redirect parts/more.txt" + FOOT,
        parts__more="New LineCode.single nphases=1 r1=0.3 x1=0.1\n" + text,
    )
    problem = the_problem(master)
    assert (problem.file, problem.line) == ("parts/more.txt", 3)
    assert (problem.field, problem.value, problem.what) == ("Line.one phases", "1", "has 1 phase")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("New LineCode.f nphases=3 rmatrix=(file=/etc/passwd)", "LineCode.f rmatrix"),
        ("New LineCode.f nphases=3\n~ rmatrix=[File = canary.txt]", "LineCode.f rmatrix"),
        ("New LineCode.f nphases=3 rmatrix='dblfile=canary'", "LineCode.f rmatrix"),
        ("New Load.f bus1=a.1 phases=1 csvfile=canary", "Load.f csvfile"),
        ("New Line.f bus1=lv bus2=a linecode=@lastredirectfile", "Line.f linecode"),
        ("Set VoltageBases=(file=canary)", "set VoltageBases"),
    ],
)
def test_a_value_that_reads_a_file_or_a_variable_is_refused(text: str, field: str, tmp_path: Path) -> None:
    problem = the_problem(folder(tmp_path, GOOD + text + FOOT))
    assert problem.line == FIRST + text.count("\n")
    assert problem.field == field


@pytest.mark.parametrize(
    "text",
    [
        "New Line.x bus1=(lv bus2=a", "New Line.x 'bus1'=lv", "New Line", "New", "~ kv=3",
        "New Line.x \x07", "New Line.x = 3", "Edit x y",
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_a_problem(text: str, tmp_path: Path) -> None:
    before = "Solve\n" if text.startswith("~") else ""
    before = "Set VoltageBases=[11]\n" if text.startswith("~") else before
    problem = the_problem(folder(tmp_path, GOOD + before + text + FOOT))
    assert problem.line == FIRST + before.count("\n")
    assert problem.remedy


def test_what_opendss_says_is_said_with_the_line_of_the_statement(tmp_path: Path) -> None:
    text = (
        "New Line.x bus1=a bus2=b linecode=none\nNew Line.l1 bus1=a bus2=b\nNew Line.y bus1=a bus2=b foo=1\n"
    )
    found = problems_of(folder(tmp_path, GOOD + text + "New Generator.g bus1=a" + FOOT))
    assert sorted(problem.line for problem in found) == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]
    assert all("OpenDSS" in problem.what or "generator" in problem.what for problem in found)
    assert not any("#" in problem.what for problem in found)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = """New Line.two bus1=a.1.2 bus2=b.1.2 phases=2 r1=1 x1=1 r0=1 x0=1 c1=0 c0=0 length=0.1
New Line.cross bus1=a.1.2.3 bus2=b.2.1.3 linecode=cable length=0.1 units=km
New Load.d bus1=a kv=0.4 kw=1 conn=delta
New Load.p bus1=a.1.2 phases=1 kv=0.4 kw=1
New Transformer.low buses=(source lw) conns=(delta delta) kvs=(11 0.4) kvas=(100 100)
New Transformer.open buses=(source lx.1.2.3.4) conns=(delta wye) kvs=(11 0.4) kvas=(100 100)
New Transformer.three windings=3 buses=(source ly lz) conns=(delta wye wye) kvs=(11 0.4 0.4) kvas=(1 1 1)
New Transformer.turned buses=(source.2.1.3 lu) conns=(delta wye) kvs=(11 0.4) kvas=(100 100)
Plot Profile
DOScmd x
New Vsource.second bus1=a.1 phases=1 basekv=0.23
New Line.neutral bus1=a.1.2.3.5 bus2=c.1.2.3.5 phases=4 rmatrix=(1|0 1|0 0 1|0 0 0 1) length=1
"""
    found = problems_of(folder(tmp_path, GOOD + text + FOOT))
    said = {problem.line - FIRST: str(problem) for problem in found}
    assert sorted(said) == [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11]
    assert "Line.two phases '2' has 2 phases" in said[0]
    assert "Line.cross bus2 '2.1.3' joins a phase to another one" in said[1]
    assert "Load.d conn 'delta' is between phases" in said[2]
    assert "Load.p conn 'a.1.2' is between phases" in said[3]
    assert "Transformer.low wdg=2 conn 'delta' has no neutral on its low-voltage side" in said[4]
    assert "Transformer.open wdg=2 bus '.4' has no neutral on its low-voltage side" in said[5]
    assert "Transformer.three windings '3' is not 2" in said[6]
    assert "turns or couples its phases" in said[7]
    assert "starts a program" in said[9]
    assert "Line.neutral" in said[11]
    assert all(problem.remedy for problem in found)


@pytest.mark.parametrize(
    ("master", "said"),
    [
        ("", "holds no circuit"),
        ("Clear\n", "holds no circuit"),
        (GOOD, "sets no voltage bases"),
        (GOOD + "Clear" + FOOT, "holds no circuit"),
    ],
)
def test_a_folder_that_is_no_network_is_refused(master: str, said: str, tmp_path: Path) -> None:
    assert the_problem(folder(tmp_path, master)).what == said


def test_voltage_bases_are_proposed_from_the_windings(tmp_path: Path) -> None:
    assert "Set VoltageBases=[11, 0.4]" in the_problem(folder(tmp_path, GOOD)).remedy


def test_a_voltage_that_cannot_be_is_told_of_the_element(tmp_path: Path) -> None:
    text = GOOD.replace("kvs=(11 0.4)", "kvs=(11 0.69)")
    found = problems_of(folder(tmp_path, text + FOOT))
    assert any(problem.field.startswith("Transformer.t1") and problem.line for problem in found)


def test_opendss_runs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "canary")
    seen: dict[str, Any] = {}
    run = subprocess.run

    def watched(*args: Any, **given: Any) -> Any:
        seen.update(given)
        assert sorted(entry.name for entry in Path(given["cwd"]).iterdir()) == ["commands.json"]
        return run(*args, **given)

    monkeypatch.setattr(engine.subprocess, "run", watched)
    assert compiled(folder(tmp_path, GOOD + FOOT))
    assert "A_SECRET" not in seen["env"]
    assert seen["env"]["HOME"] == str(seen["cwd"])
    assert seen["timeout"] > 0
    assert not Path(seen["cwd"]).exists()


@pytest.mark.parametrize("fault", ["endless", "crash"])
def test_an_engine_that_does_not_end_well_is_a_problem(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os, time\n" + ("time.sleep(60)" if fault == "endless" else "os.abort()"))
    monkeypatch.setattr(engine.engine_program, "__file__", str(program))
    monkeypatch.setattr(engine, "SECONDS_MAX", 0.5 if fault == "endless" else 60.0)
    problem = the_problem(folder(tmp_path / "case", GOOD + FOOT))
    assert problem.what.startswith(
        "takes OpenDSS more than" if fault == "endless" else "made OpenDSS break off"
    )
