"""Compiled networks: once in a process, once on a machine, and the same to the last bit."""

import ast
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pytest
from pandapower import networks
from scipy.sparse import csr_array

import gridpact
from gridpact.case.case import TableFormat
from gridpact.case.conversion.convert import convert_case
from gridpact.grid import cache, compile
from gridpact.grid.archive import packed, unpacked
from gridpact.grid.cache import ENTRIES_MAX, FOLDER_VARIABLE, cache_folder, code_digest, code_files
from gridpact.grid.compile import compile_source
from gridpact.grid.network import Network
from gridpact.grid.pandapower import from_pandapower
from gridpact.grid.power_grid_model import from_power_grid_model
from gridpact.grid.source import NetworkSource
from gridpact.published import cigre_extreme

ROOT = Path(__file__).parents[2]
LANDNETZ = NetworkSource(builtin="pandapower/kerber_landnetz_freileitung_1")


def forget() -> None:
    """Makes this process as one that has compiled nothing yet."""
    compile._compiled_builtin.cache_clear()
    compile._compiled_file.cache_clear()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    forget()
    yield tmp_path / "cache"
    forget()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the networks that were compiled, as it happens."""
    names: list[str] = []
    for module, function in (
        (from_pandapower, "network_from_pandapower"),
        (from_power_grid_model, "network_from_power_grid_model"),
    ):
        real = getattr(module, function)

        def counted(
            first: Any, source: NetworkSource, *rest: Any, real: Callable[..., Network] = real
        ) -> Network:
            names.append(source.name)
            return real(first, source, *rest)

        monkeypatch.setattr(module, function, counted)
    return names


def pandapower_file(folder: Path) -> NetworkSource:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.json").write_text(pp.to_json(networks.create_cigre_network_lv(), filename=None))
    return NetworkSource(file=folder / "network.json")


def assert_same(first: Any, second: Any, place: str = "network") -> None:
    """Every part of two networks is the same to the last bit, and of the second nothing can be written to."""
    assert type(first) is type(second), place
    if is_dataclass(first):
        for field in fields(first):
            assert_same(getattr(first, field.name), getattr(second, field.name), f"{place}.{field.name}")
    elif isinstance(first, csr_array):
        assert first.shape == second.shape, place
        for part in ("data", "indices", "indptr"):
            assert_same(getattr(first, part), getattr(second, part), f"{place}.{part}")
    elif isinstance(first, np.ndarray):
        assert first.dtype == second.dtype, place
        assert first.shape == second.shape, place
        names = first.dtype.names or (None,)
        for name in names:  # not the padding between the fields
            one, other = (each if name is None else each[name] for each in (first, second))
            assert one.tobytes() == other.tobytes(), f"{place} {name}"
        assert not second.flags.writeable, place
    elif hasattr(first, "items"):
        assert list(first) == list(second), place
        for name in first:
            assert_same(first[name], second[name], f"{place}.{name}")
    else:
        assert first == second, place


@pytest.mark.parametrize(
    "name",
    [
        "pandapower/village_2",
        "pandapower/kerber_landnetz_kabel_1",
        "pandapower/ieee_european_lv",
        "simbench/1-LV-rural1--0-sw",
    ],
)
def test_a_network_out_of_the_cache_is_the_compiled_one(name: str, compiled: list[str]) -> None:
    made = compile_source(NetworkSource(builtin=name))
    forget()
    found = compile_source(NetworkSource(builtin=name))
    assert compiled == [name]
    assert found is not made
    assert_same(made, found)


def test_a_pandapower_file_is_compiled_once_on_a_machine_wherever_it_lies(
    folder: Path, tmp_path: Path, compiled: list[str]
) -> None:
    made = compile_source(pandapower_file(tmp_path / "one"))
    forget()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    (tmp_path / "two" / "network.json").rename(tmp_path / "two" / "feeder.json")
    found = compile_source(NetworkSource(file=tmp_path / "two" / "feeder.json"))
    assert (made.name, found.name) == ("network.json", "feeder.json")
    assert len(compiled) == len(list(folder.iterdir())) == 1
    for field in fields(Network):
        if field.name != "name":
            assert_same(getattr(made, field.name), getattr(found, field.name), field.name)


def test_equal_files_are_compiled_once_in_a_process_and_power_grid_models_json_is_not_kept(
    folder: Path, tmp_path: Path, compiled: list[str]
) -> None:
    convert_case(ROOT / "examples" / "cigre-lv-extreme", tmp_path / "case", TableFormat.PARQUET)
    del compiled[:]
    forget()
    shutil.rmtree(folder, ignore_errors=True)  # of a network that comes with the package nothing is kept
    for number in range(30):
        shutil.copytree(tmp_path / "case", tmp_path / f"copy-{number}")
    found = {id(gridpact.compile_network(gridpact.read_case(tmp_path / f"copy-{n}"))) for n in range(30)}
    assert len(found) == 1
    assert compiled == ["network.json"]
    assert not folder.exists()


def test_what_clears_out_of_the_cache_is_the_same_to_the_byte(tmp_path: Path, compiled: list[str]) -> None:
    case = replace(cigre_extreme(), network=pandapower_file(tmp_path / "network"))

    def result(name: str) -> dict[str, bytes]:
        out = gridpact.write_clearance(gridpact.clear(case), tmp_path / name)
        content = {path.name: path.read_bytes() for path in out.iterdir()}
        summary = json.loads(content["summary.json"])
        del summary["seconds"]
        return content | {"summary.json": json.dumps(summary).encode()}

    made = result("made")
    forget()
    assert result("found") == made
    assert compiled == ["network.json"]
    assert len(made) == 9


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def with_a_bit_flipped(content: bytes) -> bytes:
    """In the middle of the values of the admittance matrix."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        at = file.getinfo("admittance.data.npy").header_offset + 300
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]


def of_another_network(content: bytes) -> bytes:
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    arrays["head"] = np.frombuffer(
        arrays["head"].tobytes().replace(b'"key": "', b'"key": "0'), dtype=np.uint8
    )
    return archive(arrays)


def with_objects(content: bytes) -> bytes:
    """An array that NumPy would have to unpickle."""
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    return archive(arrays | {"bus_ids": np.array([Explosive()], dtype=object)})


def without_an_array(content: bytes) -> bytes:
    with np.load(io.BytesIO(content)) as file:
        return archive({name: array for name, array in file.items() if name != "bus_node"})


def with_other_voltages(content: bytes) -> bytes:
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    return archive(arrays | {"slack_voltage_pu": arrays["slack_voltage_pu"] * 1.01})


def archive(arrays: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


class Explosive:
    """Says so where it is unpickled."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("an entry of the cache was unpickled",)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not an archive",
        lambda content: pickle.dumps({"bus_ids": 3}),
        cut_short,
        with_a_bit_flipped,
        of_another_network,
        with_objects,
        without_an_array,
        with_other_voltages,
    ],
)
def test_a_damaged_or_foreign_entry_is_ignored_and_written_anew(
    damage: Callable[[bytes], bytes], folder: Path, compiled: list[str]
) -> None:
    made = compile_source(LANDNETZ)
    (entry,) = folder.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    forget()
    assert_same(made, compile_source(LANDNETZ))
    assert len(compiled) == 2
    assert entry.read_bytes() == whole
    assert list(folder.iterdir()) == [entry]


def test_an_entry_of_another_version_is_not_taken(
    folder: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_source(LANDNETZ)
    monkeypatch.setattr(cache, "_made_with", lambda: ("another version",))
    forget()
    compile_source(LANDNETZ)
    assert len(compiled) == len(list(folder.iterdir())) == 2


def imported_modules(path: Path, package: Path) -> set[Path]:
    """Files of the package that a module imports, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            place = package.parent.joinpath(*name.split("."))
            for file in (place.with_suffix(".py"), place / "__init__.py"):
                if name.startswith("gridpact.") and file.exists():
                    found.add(file)
    return found


def test_an_entry_is_known_by_all_code_that_compiles() -> None:
    package = Path(gridpact.__file__).parent
    reached: set[Path] = set()
    ahead = set((package / "grid").rglob("*.py"))
    assert len(ahead) > 20
    while ahead:
        reached |= ahead
        ahead = {file for path in ahead for file in imported_modules(path, package)} - reached
    assert package / "units.py" in reached
    assert package / "fields" / "case_part.py" in reached
    covered = set(code_files(package))
    assert reached <= covered
    assert all("fields" in path.parts for path in covered - reached)


@pytest.mark.parametrize("name", ["units.py", "arrays.py", "grid/compile.py", "grid/reading/json_text.py"])
def test_an_entry_is_not_taken_after_a_change_of_code(name: str, tmp_path: Path) -> None:
    package = tmp_path / "gridpact"
    shutil.copytree(Path(gridpact.__file__).parent, package)
    before = code_digest(package)
    with (package / name).open("a", encoding="utf-8") as file:
        file.write("# another\n")
    assert code_digest(package) != before


def test_a_problem_is_not_kept(folder: Path, tmp_path: Path, compiled: list[str]) -> None:
    net = networks.create_cigre_network_lv()
    net.line.loc[0, "length_km"] = 0.0
    (tmp_path / "network.json").write_text(pp.to_json(net, filename=None))
    for _ in range(2):
        with pytest.raises(gridpact.InvalidCase, match="line 0 length_km"):
            compile_source(NetworkSource(file=tmp_path / "network.json"))
    assert len(compiled) == 2
    assert not folder.exists()


def test_the_cache_can_be_switched_off(
    folder: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "")
    for _ in range(2):
        compile_source(LANDNETZ)
        forget()
    assert len(compiled) == 2
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_to_is_no_error(folder: Path, compiled: list[str]) -> None:
    folder.write_text("a file where the folder should be")
    for _ in range(2):
        compile_source(LANDNETZ)
        forget()
    assert len(compiled) == 2
    assert folder.read_text() == "a file where the folder should be"


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "gridpact"
    for value in ("", "relative/folder"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache_folder() == tmp_path / ".cache" / "gridpact"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == tmp_path / ".cache" / "gridpact"


def test_only_the_newest_entries_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ENTRIES_MAX >= 100
    monkeypatch.setattr(cache, "ENTRIES_MAX", 3)
    folder.mkdir()
    for age in range(4):
        (folder / f"old-{age}.npz").write_bytes(b"")
        os.utime(folder / f"old-{age}.npz", (1e9 - age, 1e9 - age))
    (folder / "notes.txt").write_text("mine")
    compile_source(LANDNETZ)
    names = sorted(path.name for path in folder.iterdir())
    assert names[1:] == ["notes.txt", "old-0.npz", "old-1.npz"]
    assert len(names[0]) == 64 + len(".npz")


def test_an_archive_says_what_it_is_of() -> None:
    network = compile_source(LANDNETZ)
    content = packed(network, "this")
    assert_same(network, unpacked(content, "this", network.name))
    with pytest.raises(ValueError, match="something else"):
        unpacked(content, "that", network.name)


LOADED = """
import sys
import gridpact
case = gridpact.read_case(sys.argv[1])
gridpact.write_clearance(gridpact.clear(case), sys.argv[2])
from gridpact.report.clearance.clearance_page import report_page
report_page(gridpact.clear(case))
print(*sorted({"pandapower", "simbench", "pandas", "networkx", "numba"} & set(sys.modules)))
"""


def test_a_fast_case_is_read_and_cleared_without_pandapower_and_pandas(tmp_path: Path) -> None:
    convert_case(ROOT / "examples" / "cigre-lv-extreme", tmp_path / "case", TableFormat.PARQUET)
    command = [sys.executable, "-c", LOADED, str(tmp_path / "case"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_builtin_out_of_the_cache_is_found_without_pandapower() -> None:
    nodes = compile_source(LANDNETZ).nodes
    code = (
        "import sys; from gridpact.grid import NetworkSource, compile_source; "
        "network = compile_source(NetworkSource(builtin='pandapower/kerber_landnetz_freileitung_1')); "
        "print(network.nodes, 'pandapower' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(nodes), "False"]
