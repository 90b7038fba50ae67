"""`make notebooks`: runs the notebooks of `examples` and stores what they print."""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "examples" / "notebooks"
SECONDS_PER_CELL = 300


def executed(path: Path) -> nbformat.NotebookNode:
    """A notebook with the outputs of this run; a cell that fails ends it.

    Args:
        path: of the notebook, in whose folder it runs.

    Raises:
        CellExecutionError: a cell fails.
    """
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main() -> None:
    """Runs the notebooks that are named, or all of them."""
    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(FOLDER.glob("*.ipynb")):
        nbformat.write(executed(path), path)


if __name__ == "__main__":
    main()
