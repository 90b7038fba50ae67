"""The output folder of a command: what it may replace, and how a result takes its place whole."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gridpact.case.case import TableFormat
from gridpact.case.folder.case_files import CASE_FILE
from gridpact.errors import InvalidUsage

SUMMARY_FILE = "summary.json"
REPORT_FILE = "report.html"
TABLES = ("cleared", "schedule", "network", "exchange", "limits")
COMMITMENTS = "commitments"
CURTAILED = "curtailed"
MATCHED = "trades"
ORDERS = "orders"
OF_EXPLANATIONS = ("places", "reasons", "sensitivities", "terms", "matching")

_OTHER_FOLDER = "name a folder that is new or empty, or holds an earlier result of the same kind"
_OTHER_CASE = "name a folder that is new or empty, or holds an earlier conversion that nothing was changed in"


def _table_files(*names: str) -> frozenset[str]:
    """The file names of tables in every format."""
    return frozenset(f"{name}.{suffix}" for name in names for suffix in TableFormat)


def _is_a_summary(folder: Path) -> bool:
    """Whether the summary in a folder is one that gridpact wrote."""
    try:
        summary = json.loads((folder / SUMMARY_FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(summary, dict) and {"version", "inputs_sha256"} <= summary.keys()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultKind:
    """A kind of result, by which an earlier one is recognised.

    Attributes:
        words: what it is called.
        names: every file that a result of this kind can hold.
        is_one: whether the files in a folder, all of them of these names, are such a result.
        folders: folders that it can hold, with the suffixes of the files in each.
        is_a_case: whether it is a case itself, of which `is_one` looks at every file.
    """

    words: str
    names: frozenset[str]
    is_one: Callable[[Path], bool]
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_a_case: bool = False

    def owns(self, entry: Path) -> bool:
        """Whether a file, or a folder with all that is in it, can be part of a result of this kind."""
        if entry.name not in self.folders:
            return entry.name in self.names and entry.is_file()
        suffixes = self.folders[entry.name]
        return entry.is_dir() and all(each.suffix in suffixes and each.is_file() for each in entry.iterdir())


CLEARANCE = ResultKind(
    words="a clearance",
    names=_table_files(*TABLES, COMMITMENTS, CURTAILED, MATCHED, ORDERS, *OF_EXPLANATIONS)
    | {SUMMARY_FILE, REPORT_FILE},
    is_one=_is_a_summary,
)
MATCHED_TRADES = ResultKind(words="matched trades", names=_table_files(MATCHED), is_one=lambda folder: True)
KINDS = (CLEARANCE, MATCHED_TRADES)


def check_output_folder(
    folder: str | Path,
    kind: ResultKind = CLEARANCE,
    *,
    case_folder: Path | None = None,
    commitments: Path | None = None,
    inputs: Mapping[str, Path | None] | None = None,
) -> Path:
    """Makes sure that a result may be written to `folder`, and gives the path that it resolves to.

    An earlier result of the same kind may be replaced; nothing else is ever deleted.

    Args:
        folder: the output folder as the user names it.
        kind: of the result.
        case_folder: what the result is made of, if it is a folder.
        commitments: the earlier result that it goes on from, if there is one.
        inputs: other folders that it is made of, by what they are called.

    Raises:
        InvalidUsage: it is a file, holds anything that is not part of such a result, is or holds the case
            folder, that of the commitments, another input or the current one, or cannot be written to.
    """
    target = _checked(folder, kind, case_folder=case_folder, commitments=commitments, inputs=inputs)
    with refused_by_the_system(folder):
        _try_to_write(target)
    return target


def _checked(
    folder: str | Path,
    kind: ResultKind,
    *,
    case_folder: Path | None = None,
    commitments: Path | None = None,
    inputs: Mapping[str, Path | None] | None = None,
) -> Path:
    """As `check_output_folder`, but for whether it can be written to."""
    with refused_by_the_system(folder):
        target = Path(os.path.realpath(folder))
        if target.exists() and not target.is_dir():
            raise InvalidUsage(f"{folder} is a file", _OTHER_FOLDER)
        sources = {
            "the case folder": case_folder,
            "the result that the commitments come from": commitments,
            **(inputs or {}),
            "the current folder": Path.cwd(),
        }
        for words, inner in sources.items():
            if inner is not None:
                _refuse_around(target, Path(os.path.realpath(inner)), folder, words)
        if target.is_mount():
            raise InvalidUsage(f"{folder} is a mount point, which cannot be replaced", "name a folder in it")
        _refuse_content(target, folder, kind)
    return target


@contextmanager
def output_folder(
    folder: str | Path,
    kind: ResultKind = CLEARANCE,
    *,
    case_folder: Path | None = None,
    inputs: Mapping[str, Path | None] | None = None,
) -> Iterator[Path]:
    """A folder aside to write a result into; it takes the place of `folder` when all went well.

    An earlier result is renamed aside before and deleted after, so that at every instant one of the two
    stands whole on the disk.

    Raises:
        InvalidUsage: as in `check_output_folder`, whose arguments these are.
    """
    target = _checked(folder, kind, case_folder=case_folder, inputs=inputs)
    with refused_by_the_system(folder):
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}-", dir=target.parent))
        new, old = aside / "new", aside / "old"
        new.mkdir()
    try:
        yield new
        _checked(folder, kind, case_folder=case_folder, inputs=inputs)
        with refused_by_the_system(folder):
            _swap(new, target, old)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if target.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        with suppress(OSError):  # What could not be put back stays where it is.
            aside.rmdir()


def _swap(new: Path, target: Path, old: Path) -> None:
    """Puts a new folder in the place of an old one, which comes back where that fails."""
    try:
        if target.is_dir():
            target.rename(old)
        new.rename(target)
    finally:
        if old.is_dir() and not target.exists():
            old.rename(target)


def _refuse_around(target: Path, inner: Path, folder: str | Path, words: str) -> None:
    """Refuses a target that is an input, or holds one."""
    if target == inner:
        raise InvalidUsage(f"{folder} is {words}", _OTHER_FOLDER)
    if target in inner.parents:
        raise InvalidUsage(f"{folder} holds {words}", _OTHER_FOLDER)


def _refuse_content(target: Path, folder: str | Path, kind: ResultKind) -> None:
    """Refuses a folder that holds anything but an earlier result of the kind."""
    entries = sorted(target.iterdir()) if target.is_dir() else []
    names = {entry.name for entry in entries}
    if not names:
        return
    if kind.is_a_case:
        if not kind.is_one(target):
            held = "a case that is not as a conversion left it" if CASE_FILE in names else entries[0].name
            raise InvalidUsage(f"{folder} holds {held}", _OTHER_CASE)
        return
    if CASE_FILE in names:
        raise InvalidUsage(f"{folder} holds a case", _OTHER_FOLDER)
    foreign = [entry.name for entry in entries if not kind.owns(entry)]
    if not foreign and kind.is_one(target):
        return
    for other in KINDS:
        if other is not kind and names <= other.names and other.is_one(target):
            raise InvalidUsage(f"{folder} holds {other.words}, not {kind.words}", _OTHER_FOLDER)
    named = foreign[0] if foreign else entries[0].name
    raise InvalidUsage(
        f"{folder} holds {named}, which is not part of an earlier result ({kind.words})", _OTHER_FOLDER
    )


def _try_to_write(target: Path) -> None:
    """Makes and removes a folder where the result will be made, or in the nearest folder above it."""
    above = target.parent
    while not above.exists():
        above = above.parent
    Path(tempfile.mkdtemp(prefix=".gridpact-", dir=above)).rmdir()


@contextmanager
def refused_by_the_system(folder: str | Path) -> Iterator[None]:
    """Turns what the operating system has against a folder into a wrong use."""
    try:
        yield
    except OSError as error:
        raise InvalidUsage(f"cannot write to {folder}: {error.strerror or error}", "name another") from error
    except ValueError as error:
        raise InvalidUsage(f"cannot write to {str(folder)!r}: {error}", "name another") from error
