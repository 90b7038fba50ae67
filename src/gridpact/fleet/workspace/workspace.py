"""Workspace: the folder that a fleet's results go to, with what one run of it needs there.

A run holds `.fleet/run.lock`. Its workers share `.fleet/work.lock`, and stop when the token in `.fleet/run`
is no longer theirs: so a run waits until no worker of an earlier one, which was killed, can write any more.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from gridpact.errors import InvalidUsage
from gridpact.fleet.workspace.fleet_files import OWN_NAMES, PRIVATE_FOLDER, SUMMARY_FILE
from gridpact.fleet.workspace.locks import locked
from gridpact.progress import progress
from gridpact.results.output_folder import refused_by_the_system

_ASIDE = re.compile(r"\..+-[a-z0-9_]{8}")
_ASIDE_PARTS = re.compile(r"new|old|\.new-[a-z0-9_]{8}")
_REMEDY = "name a folder that is new or empty, or holds an earlier fleet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where a run works.

    Attributes:
        out: the folder of the results.
        run: the token of the run.
    """

    out: Path
    run: str

    @property
    def private(self) -> Path:
        """What only runs themselves look into."""
        return self.out / PRIVATE_FOLDER

    @property
    def attempts(self) -> Path:
        """A file for each case that a worker is at."""
        return self.private / "attempts"

    @property
    def rows(self) -> Path:
        """The rows of the cases done so far, in the order in which they came in."""
        return self.private / "rows"

    @property
    def is_current(self) -> bool:
        """Whether no later run has taken over, and the folder can be seen from here."""
        with suppress(OSError):
            return _token(self).read_text(encoding="utf-8") == self.run
        return False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Keeps a later run from starting while a worker is at it."""
        with locked(self.private / "work.lock", shared=True):
            yield

    def write(self, name: str, content: str) -> None:
        """Writes a file of the fleet's own, whole or not at all."""
        aside = self.private / name
        aside.write_text(content, encoding="utf-8", newline="\n")
        aside.replace(self.out / name)

    def sweep(self, paths: Iterable[str]) -> None:
        """Deletes what killed workers left beside the results of these cases."""
        folders = {PurePosixPath(path).parent for path in paths}
        for folder in {above for inner in folders for above in (inner, *inner.parents)}:
            with suppress(FileNotFoundError):
                for entry in os.scandir(self.out / folder):
                    if _ASIDE.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                        _delete_aside(Path(entry.path))


def check_out(folder: Path, out: Path) -> None:
    """Makes sure that the results of a fleet may go to `out`.

    Raises:
        InvalidUsage: it is a file, is or holds the folder of the cases, or holds anything but a fleet.
    """
    target, cases = Path(os.path.realpath(out)), Path(os.path.realpath(folder))
    if target.exists() and not target.is_dir():
        raise InvalidUsage(f"{out} is a file", _REMEDY)
    if target == cases or target in cases.parents:
        raise InvalidUsage(f"{out} {'is' if target == cases else 'holds'} the folder of the cases", _REMEDY)
    with refused_by_the_system(out):
        names = {entry.name for entry in os.scandir(target)} if target.is_dir() else set()
    if names - {PRIVATE_FOLDER} and not _is_a_fleet(target):
        named = min(names - OWN_NAMES, default=min(names))
        raise InvalidUsage(f"{out} holds {named}, and is not the result of a fleet", _REMEDY)


@contextmanager
def workspace(out: Path, paths: tuple[str, ...], *, quiet: bool) -> Iterator[Workspace]:
    """The folder of the results for one run, with nothing left in it of a run that was killed.

    Raises:
        InvalidUsage: another run is at it, or it cannot be written to.
    """
    place = Workspace(out=Path(os.path.realpath(out)), run=uuid4().hex)
    with refused_by_the_system(out):
        place.private.mkdir(parents=True, exist_ok=True)
        (place.private / "run.lock").touch()
    with locked(place.private / "run.lock", wait=False) as is_ours:
        if not is_ours:
            raise InvalidUsage(f"another run is writing to {out}", "wait for it, or name another folder")
        with refused_by_the_system(out):
            aside = _token(place).with_suffix(".new")
            aside.write_text(place.run, encoding="utf-8")
            aside.replace(_token(place))
            waiting = progress("waiting for the workers of an earlier run", quiet=quiet)
            with waiting, locked(place.private / "work.lock"):
                _delete_run(place)
                place.sweep(paths)
            place.attempts.mkdir()
        try:
            yield place
        finally:
            _token(place).unlink(missing_ok=True)
            place.sweep(paths)
            _delete_run(place)


def _token(place: Workspace) -> Path:
    """The file that holds the token of the run that is going on."""
    return place.private / "run"


def _delete_run(place: Workspace) -> None:
    """Deletes what a run keeps while it is going on."""
    shutil.rmtree(place.attempts, ignore_errors=True)
    place.rows.unlink(missing_ok=True)


def _delete_aside(folder: Path) -> None:
    """Deletes what `output_folder` makes beside a result; nothing else has only these names in it."""
    if all(_ASIDE_PARTS.fullmatch(entry.name) for entry in os.scandir(folder)):
        shutil.rmtree(folder, ignore_errors=True)


def _is_a_fleet(folder: Path) -> bool:
    """Whether a folder holds the result of a fleet."""
    try:
        summary = json.loads((folder / SUMMARY_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(summary, dict) and {"version", "cases", "state"} <= summary.keys()
