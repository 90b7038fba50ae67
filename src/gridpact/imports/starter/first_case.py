"""The first case: its files, and how they are laid into a folder."""

import os
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from gridpact.errors import InvalidUsage
from gridpact.results.output_folder import refused_by_the_system

STREET = files("gridpact") / "imports" / "starter" / "street"


def make_first_case(folder: Path) -> tuple[str, ...]:
    """Lays the first case into a folder, which is new or empty, and gives the names of its files.

    Raises:
        InvalidUsage: it is a file, holds anything, or cannot be written.
    """
    with refused_by_the_system(folder):
        target = Path(os.path.realpath(folder))
        if target.exists() and not target.is_dir():
            raise InvalidUsage(f"{folder} is a file", "name a folder that is new or empty")
        held = sorted(entry.name for entry in target.iterdir()) if target.is_dir() else []
        if held:
            raise InvalidUsage(
                f"{folder} is not empty: it holds {held[0]}", "name a folder that is new or empty"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".gridpact-", dir=target.parent))
        try:
            with as_file(STREET) as street:
                shutil.copytree(street, aside / "case", ignore=shutil.ignore_patterns("__pycache__"))
            if target.is_dir():
                for entry in (aside / "case").iterdir():
                    entry.rename(target / entry.name)
            else:
                (aside / "case").rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        found = (path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
        return tuple(sorted(found, key=lambda name: ("/" in name, name)))
