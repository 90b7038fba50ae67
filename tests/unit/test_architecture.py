"""Imports inside the package go one way."""

import ast
from pathlib import Path

import pytest

import gridpact

ROOT = Path(gridpact.__file__).parent
TIERS = (
    {"errors", "units", "arrays", "stopwatch", "progress", "solvers", "spreadsheet_text"},
    {"fields"},
    {"grid"},
    {"case"},
    {"matching", "clearing"},
    {"dispatch"},
    {"results"},
    {"pipeline"},
    {"envelopes"},
    {"settlement"},
    {"published", "report"},
    {"fleet"},
    {"cli"},
    {"__main__"},
)
RANK = {name: rank for rank, tier in enumerate(TIERS) for name in tier}
MODULES = sorted(
    path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path.name != "__init__.py" or path.parent != ROOT
)


def _home(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


def _imported(module: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse((ROOT / module).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gridpact."):
            found.add(node.module.split(".")[1])
        if isinstance(node, ast.Import):
            found.update(
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith("gridpact.")
            )
    return found


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_from_its_own_package_and_from_lower_tiers(module: Path) -> None:
    home = _home(module)
    assert home in RANK, f"{home} has no tier"
    wrong = {name for name in _imported(module) if name != home and RANK[name] >= RANK[home]}
    assert not wrong, f"{module} ({home}) imports {sorted(wrong)}"


def test_the_public_names_are_sorted_and_importable() -> None:
    assert list(gridpact.__all__) == sorted(gridpact.__all__)
    for name in gridpact.__all__:
        assert getattr(gridpact, name) is not None


def test_completion_knows_the_public_names() -> None:
    assert set(gridpact.__all__) <= set(dir(gridpact))
    assert "__version__" in dir(gridpact)
