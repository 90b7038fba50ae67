"""Imports inside the package go one way, and its folders say what is in them."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import gridpact
from tests.documentation import read_page

ROOT = Path(gridpact.__file__).parent
TIERS = (
    {"version", "errors", "units", "arrays", "stopwatch", "progress", "solvers", "spreadsheet_text"},
    {"extras"},
    {"fields", "plug_ins"},
    {"grid"},
    {"case"},
    {"matching", "clearing"},
    {"dispatch", "order_auction"},
    {"results"},
    {"pipeline"},
    {"trading_headroom", "envelopes", "comparison"},
    {"settlement"},
    {"published", "report", "imports"},
    {"bridges"},
    {"fleet", "gate"},
    {"plots"},
    {"cli"},
    {"__main__"},
)
FILES_MAX = 15
RANK = {name: rank for rank, tier in enumerate(TIERS) for name in tier}
MODULES = sorted(
    path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path.name != "__init__.py" or path.parent != ROOT
)


def _home(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


def _dotted(module: Path) -> str:
    return ".".join((ROOT.name, *module.with_suffix("").parts)).removesuffix(".__init__")


NAMES = {_dotted(module): module for module in (*MODULES, Path("__init__.py"))}


def _imports(module: Path) -> Iterator[str]:
    """The modules of the package that one imports, at its head, inside functions or for types alone."""
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports from a relative place"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in NAMES else str(node.module) for name in inner)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


IMPORTS = {name: sorted(NAMES.keys() & set(_imports(module))) for name, module in NAMES.items()}


def _imported(module: Path) -> set[str]:
    return {name.split(".")[1] for name in IMPORTS[_dotted(module)] if name != ROOT.name}


def _refuse_circles(graph: dict[str, list[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_from_its_own_package_and_from_lower_tiers(module: Path) -> None:
    home = _home(module)
    assert home in RANK, f"{home} has no tier"
    wrong = {name for name in _imported(module) if name != home and RANK[name] >= RANK[home]}
    assert not wrong, f"{module} ({home}) imports {sorted(wrong)}"


def test_no_modules_import_each_other_in_a_circle_at_their_head_later_or_for_types() -> None:
    _refuse_circles(IMPORTS)


@pytest.mark.parametrize("package", ["bridges", "case", "fleet", "gate", "imports", "report", "settlement"])
def test_no_rooms_of_a_package_import_each_other_in_a_circle(package: str) -> None:
    """A package's own files are a room too, apart from its door, which takes from all of them."""
    rooms = defaultdict[str, set[str]](set)
    inner = {name for name, module in NAMES.items() if module.parts[0] == package and not _is_door(module)}
    assert len({_room(name) for name in inner}) > 1
    for name in inner:
        rooms[_room(name)] |= {_room(each) for each in inner.intersection(IMPORTS[name])} - {_room(name)}
    _refuse_circles({room: sorted(others) for room, others in rooms.items()})


def _room(name: str) -> str:
    return name.rpartition(".")[0]


def _is_door(module: Path) -> bool:
    return module.name == "__init__.py"


def test_no_room_has_more_files_than_a_reader_takes_in() -> None:
    files = Counter(module.parent.as_posix() for module in MODULES if not _is_door(module))
    full = {room: count for room, count in files.items() if count > FILES_MAX}
    assert not full


def test_the_page_on_the_architecture_names_every_room() -> None:
    page = read_page("architecture")
    rooms = {module.parent for module in MODULES} - {Path()}
    assert not [
        room.as_posix() for room in rooms if f"`{room.name}/`" not in page and f"`{room}/`" not in page
    ]


def test_no_two_files_have_the_same_name() -> None:
    """Apart from commands, which are called after what they run, and solvers."""
    named = defaultdict[str, list[str]](list)
    for module in MODULES:
        if not _is_door(module) and module.parts[0] not in ("cli", "solvers"):
            named[module.name].append(module.as_posix())
    assert not [places for places in named.values() if len(places) > 1]


def test_no_two_classes_have_the_same_name() -> None:
    found = defaultdict[str, list[str]](list)
    for module in MODULES:
        for node in ast.walk(ast.parse((ROOT / module).read_text())):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(module.as_posix())
    assert not {name: places for name, places in found.items() if len(places) > 1}


def test_the_public_names_are_sorted_and_importable() -> None:
    assert list(gridpact.__all__) == sorted(gridpact.__all__)
    for name in gridpact.__all__:
        assert getattr(gridpact, name) is not None


def test_completion_knows_the_public_names() -> None:
    assert set(gridpact.__all__) <= set(dir(gridpact))
    assert "__version__" in dir(gridpact)


def test_the_gate_clears_and_settles_in_one_room_each_and_knows_of_results_in_two() -> None:
    allowed = {
        "pipeline": {"closing"},
        "settlement": {"market", "settlement", "views"},
        "envelopes": set[str](),
        "trading_headroom": set[str](),
        "report": {"settlement"},
        "clearing": {"closing", "market", "views"},
    }
    for module in (each for each in MODULES if each.parts[0] == "gate"):
        wrong = {name for name in _imported(module) & allowed.keys() if module.parts[1] not in allowed[name]}
        assert not wrong, f"{module} imports {sorted(wrong)}"
