"""The notebooks run, and what is stored in them is what they print."""

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.documentation import ROOT

sys.path.append(str(ROOT / "docs" / "site"))
from run_notebooks import FOLDER, executed

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
BYTES_MAX = 100_000


def printed(notebook: nbformat.NotebookNode) -> list[list[Any]]:
    """The texts and pictures of each cell."""
    return [
        [
            output.get("text") or output["data"].get("image/svg+xml") or output["data"]["text/plain"]
            for output in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "community-month",
        "first-clearing",
        "published-study",
        "solar-sweep",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_what_is_stored_in_it(path: Path) -> None:
    stored = nbformat.read(path, as_version=4)
    assert any(printed(stored))
    assert path.stat().st_size < BYTES_MAX
    assert printed(executed(path)) == printed(stored)
