"""What a case names lies in its folder, after links are resolved; anything else is refused unread."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gridpact.case import read_case
from gridpact.case.folder.case_files import file_inside
from gridpact.case.times import Fault
from gridpact.errors import InvalidCase
from gridpact.fleet.find import find_cases
from gridpact.fleet.workers.digest import inputs_sha256, network_key
from tests.newest.outputs import gridpact
from tests.settle_example import SHARING, write_settle_example

STREET = Path(__file__).parents[1] / "cases" / "two-bus-line-limit"
NAMED = 'file = "network.json"'


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case, and a folder beside it that holds what is not its own."""
    folder = tmp_path / "cases" / "street"
    shutil.copytree(STREET, folder)
    (tmp_path / "cases" / "secret").mkdir()
    shutil.copy(STREET / "network.json", tmp_path / "cases" / "secret")
    (tmp_path / "cases" / "street-two").mkdir()
    shutil.copy(STREET / "network.json", tmp_path / "cases" / "street-two")
    return folder


def name_network(case: Path, name: str) -> None:
    settings = case / "case.toml"
    assert NAMED in settings.read_text()
    settings.write_text(settings.read_text().replace(NAMED, f"file = {json.dumps(name)}"))


def link(case: Path, name: str, target: str | Path) -> None:
    (case / name).unlink(missing_ok=True)
    (case / name).symlink_to(target)


OUTSIDE: dict[str, tuple[str, str]] = {
    "above": ("../secret/network.json", "leads out of the case folder"),
    "above, and not there": ("../secret/none.json", "leads out of the case folder"),
    "beside, with the same start": ("../street-two/network.json", "leads out of the case folder"),
    "down and up": ("x/../../secret/network.json", "leads out of the case folder"),
    "a password file": ("/etc/passwd", "is not relative to the case folder"),
    "a file that is not there": ("/etc/none", "is not relative to the case folder"),
    "a drive": ("C:\\network.json", "is not relative to the case folder"),
    "a drive's own folder": ("C:network.json", "is not relative to the case folder"),
    "a server": ("\\\\server\\share\\network.json", "is not relative to the case folder"),
    "backslashes": ("..\\secret\\network.json", "is not a file name on every system"),
    "a folder": (".", "is a folder"),
    "the folder above": ("..", "leads out of the case folder"),
    "a file as a folder": ("trades.csv/network.json", "does not exist"),
    "a long name": ("n" * 5000, "cannot be read: File name too long"),
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_a_network_outside_is_refused_with_its_place(kind: str, case: Path) -> None:
    name, what = OUTSIDE[kind]
    name_network(case, name)
    with pytest.raises(InvalidCase) as refused:
        read_case(case)
    (problem,) = refused.value.problems
    assert (problem.file, problem.field, problem.what) == ("case.toml", "network.file", what)
    assert problem.line and problem.remedy and name.startswith(problem.value.rstrip("…"))
    assert inputs_sha256(case) == ""


LINKS: dict[str, tuple[Callable[[Path], str | Path], str]] = {
    "outside": (lambda case: "../secret/network.json", "leads out of the case folder"),
    "outside, from the root": (
        lambda case: case.parent / "secret" / "network.json",
        "leads out of the case folder",
    ),
    "a device": (lambda case: "/dev/zero", "leads out of the case folder"),
    "itself": (lambda case: "network.json", "cannot be read: Too many levels of symbolic links"),
    "nothing": (lambda case: "none.json", "does not exist"),
}


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_is_refused_where_it_leads_out(kind: str, case: Path) -> None:
    target, what = LINKS[kind]
    link(case, "network.json", target(case))
    with pytest.raises(InvalidCase) as refused:
        read_case(case)
    assert what in [problem.what for problem in refused.value.problems]


def test_a_linked_folder_does_not_lead_out_either(case: Path) -> None:
    (case / "networks").symlink_to(case.parent / "secret")
    name_network(case, "networks/network.json")
    with pytest.raises(InvalidCase, match="leads out of the case folder"):
        read_case(case)


def test_a_pipe_is_refused_and_not_waited_for(case: Path) -> None:
    (case / "network.json").unlink()
    os.mkfifo(case / "network.json")
    with pytest.raises(InvalidCase, match=r"'network\.json' is not a plain file"):
        read_case(case)
    (case / "case.toml").unlink()
    os.mkfifo(case / "case.toml")
    with pytest.raises(InvalidCase, match=r"case\.toml: is not a plain file"):
        read_case(case)
    assert network_key(case) == ""


def test_what_lies_in_the_folder_is_read(case: Path, tmp_path: Path) -> None:
    expected = read_case(case).participants.ids
    (case / "networks").mkdir()
    shutil.move(case / "network.json", case / "networks" / "low voltage.json")
    (case / "linked.json").symlink_to(Path("networks", "low voltage.json"))
    (case / "again").symlink_to("networks")
    (tmp_path / "linked case").symlink_to(case)
    settings = (case / "case.toml").read_text()
    for name in ("networks/low voltage.json", "./networks/../linked.json", "again/low voltage.json"):
        (case / "case.toml").write_text(settings)
        name_network(case, name)
        for folder in (case, tmp_path / "linked case"):
            assert read_case(folder).participants.ids == expected
            assert inputs_sha256(folder) == read_case(folder).inputs_sha256
            assert not network_key(folder).endswith(" 0")


@pytest.mark.parametrize("table", ["case.toml", "participants.csv", "profiles.csv", "trades.csv"])
def test_a_table_that_is_a_link_to_elsewhere_is_refused_unread(table: str, case: Path) -> None:
    secret = case.parent / "secret" / "hashes"
    secret.write_text("root:x:hash-of-a-password\n")
    link(case, table, secret)
    written = gridpact("check", case, "--quiet")
    assert written.code == 2
    assert f"{table}: leads out of the case folder (copy the file there" in written.out + written.err
    assert "hash-of-a-password" not in written.out + written.err


@pytest.mark.parametrize("name", ["tariffs.toml", "meters.csv", "sharing.csv", "cleared.csv", "summary.json"])
def test_what_is_settled_lies_in_its_folders_too(name: str, tmp_path: Path) -> None:
    case, result = write_settle_example(tmp_path)
    (case / "sharing.csv").write_text(SHARING)
    (case / "tariffs.toml").write_text(
        (case / "tariffs.toml").read_text() + '[sharing]\nkey = "fixed"\nprice_per_kwh = 0.1\n'
    )
    folder, kind = (case, "case") if (case / name).exists() else (result, "result")
    shutil.move(folder / name, tmp_path / name)
    link(folder, name, tmp_path / name)
    out = tmp_path / "out"
    written = gridpact("settle", case, "--clearance", result, "--out", out, "--quiet")
    assert written.code == 2
    assert f"{name}: leads out of the {kind} folder" in written.err
    assert not out.exists()


def test_a_conversion_takes_nothing_from_elsewhere(case: Path, tmp_path: Path) -> None:
    (tmp_path / "tariffs.toml").write_text("secret = 1\n")
    link(case, "tariffs.toml", tmp_path / "tariffs.toml")
    written = gridpact("convert", case, "--to", "parquet", "--out", tmp_path / "out", "--quiet")
    assert written.code == 2
    assert "tariffs.toml: leads out of the case folder" in written.err
    assert not (tmp_path / "out").exists()


def test_the_operator_names_folders_wherever_they_are(case: Path, tmp_path: Path) -> None:
    for result in ("first", "second"):
        earlier = ("--commitments", tmp_path / "first") if result == "second" else ()
        header, *rows = (case / "trades.csv").read_text().splitlines(keepends=True)
        (case / "trades.csv").write_text("".join([header, *(f"new-{row}" for row in rows)]))
        written = gridpact("clear", case, "--out", tmp_path / result, *earlier, "--no-report", "--quiet")
        assert (written.code, written.err) == (0, "")
    assert gridpact("network", case.parent / "secret" / "network.json", "--quiet").code == 0


def test_a_fleet_stays_below_its_folder(case: Path, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"
    shutil.copytree(case, fleet / "own")
    (fleet / "again").symlink_to(fleet / "own")
    assert find_cases(fleet, tmp_path / "out") == ("again", "own")
    (fleet / "stranger").symlink_to(case)
    listed = tmp_path / "list.txt"
    listed.write_text("own\nstranger\nC:own\n..\\own\n")
    for manifest, count in ((None, 1), (listed, 3)):
        with pytest.raises(InvalidCase) as refused:
            find_cases(fleet, tmp_path / "out", manifest)
        problems = refused.value.problems
        assert len(problems) == count
        assert any(problem.what == "leads out of the folder of the cases" for problem in problems)
        assert all(problem.remedy for problem in problems)
    (fleet / "stranger").unlink()
    link(fleet / "own", "network.json", case / "network.json")
    written = gridpact("fleet", fleet, "--out", tmp_path / "out", "--workers", "1", "--quiet", "--json")
    assert json.loads(written.out)["statuses"]["failed"] == 2


@pytest.mark.parametrize("name", ["a\0b", "\\x", "//server/share", "z:"])
def test_names_that_no_toml_file_can_have_are_refused_too(name: str, tmp_path: Path) -> None:
    assert isinstance(file_inside(tmp_path, name), Fault)


def pandapower_network(change: Callable[[dict], None]) -> str:
    import pandapower as pp
    import pandapower.networks as pn

    content = json.loads(pp.to_json(pn.create_cigre_network_lv()))
    change(content["_object"])
    return json.dumps(content)


@pytest.mark.parametrize("is_nested", [False, True], ids=["plain", "nested"])
def test_a_network_file_names_no_other_file(is_nested: bool, case: Path, tmp_path: Path) -> None:
    import pandapower as pp
    import pandapower.networks as pn

    secret = tmp_path / "secret.json"
    secret.write_text(json.loads(pp.to_json(pn.create_cigre_network_lv()))["_object"]["line"]["_object"])

    def lead_out(tables: dict) -> None:
        there = {**tables["line"], "_object": str(secret)}
        if is_nested:
            table = json.loads(tables["bus"]["_object"])
            table["data"][0][table["columns"].index("name")] = there
            tables["bus"]["_object"] = json.dumps(table)
        else:
            tables["line"] = there

    (case / "network.json").write_text(pandapower_network(lead_out))
    with pytest.raises(InvalidCase) as refused:
        read_case(case)
    (problem,) = refused.value.problems
    assert problem.file == "network.json"
    assert (problem.field, problem.what) == ("_object", "is a path, and no content")
    assert problem.value and str(secret).startswith(problem.value)


@pytest.mark.parametrize("is_escaped", [False, True], ids=["plain", "escaped"])
def test_a_network_file_imports_nothing(
    is_escaped: bool, case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "delivered_with_it.py").write_text("open('proof', 'w').write('it ran')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def ask(tables: dict) -> None:
        there = {"_module": "delivered_with_it", "_class": "function", "_object": "run"}
        text = json.dumps([there]).replace("_module", "\\u005fmodule" if is_escaped else "_module")
        table = json.loads(tables["bus"]["_object"])
        place = table["columns"].index("name")
        held = json.dumps(table)
        tables["bus"]["_object"] = held.replace(json.dumps(table["data"][0][place]), text[1:-1], 1)

    (case / "network.json").write_text(pandapower_network(ask))
    with pytest.raises(InvalidCase, match="'delivered_with_it' is a package that no network consists of"):
        read_case(case)
    assert "delivered_with_it" not in sys.modules
    assert not (tmp_path / "proof").exists()
