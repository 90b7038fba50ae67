"""Finding the cases of a fleet: all below a folder, or those that a manifest lists."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from gridpact.case.folder.case_files import CASE_FILE
from gridpact.case.reading.problems import suggestion
from gridpact.errors import InvalidCase, InvalidUsage, Problem
from gridpact.fleet.page.fleet_outcome import listed
from gridpact.fleet.workspace.fleet_files import OWN_NAMES

HERE = "."
OUTSIDE = "leads out of the folder of the cases"
OUTSIDE_REMEDY = "copy the case there, or name the folder that holds them all"
Identity = tuple[int, int]


def find_cases(folder: Path, out: Path, manifest: Path | None = None) -> tuple[str, ...]:
    """The case folders of a fleet as paths relative to `folder`, in order.

    Args:
        folder: that the cases are below.
        out: that the results go to; what is in it is no input.
        manifest: a file with one relative path a line; without it, every folder with a case.toml is taken,
            but for hidden ones. Links are followed, but a case that lies outside `folder` is a problem.

    Raises:
        InvalidUsage: there is no such folder, or no case in it.
        InvalidCase: with everything that is wrong with the manifest, or with how the cases are laid out.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InvalidUsage(f"{folder} {what}", "give the folder that the cases are in")
    problems: list[Problem] = []
    if manifest is None:
        found = sorted(_below(folder, out, problems))
    else:
        found = sorted(_listed(manifest, folder, out, problems))
    problems += _misplaced(found, folder, out)
    if problems:
        raise InvalidCase(problems)
    if not found:
        where = f"{folder} holds no case" if manifest is None else f"{manifest} lists no case"
        raise InvalidUsage(where, f"a case is a folder with a {CASE_FILE}")
    return tuple(found)


def _below(folder: Path, out: Path, problems: list[Problem]) -> Iterator[str]:
    """Every folder with a case file, none of them hidden or in `out`."""
    pending: list[tuple[str, frozenset[Identity]]] = [(HERE, frozenset())]
    left_out = {_identity(out)} if out.is_dir() else set()
    while pending:
        path, above = pending.pop()
        try:
            identity = _identity(folder / path)
            if identity in above or identity in left_out:  # A link to a folder above ends nowhere.
                continue
            entries = list(os.scandir(folder / path))
        except OSError as error:
            problems.append(Problem(file=_shown(path), what=f"cannot be read: {error.strerror}"))
            continue
        if any(entry.name == CASE_FILE for entry in entries):
            yield path
        for entry in entries:
            if not entry.name.startswith(".") and _is_folder(entry):
                inner = entry.name if path == HERE else f"{path}/{entry.name}"
                pending.append((inner, above | {identity}))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # A link that leads to itself.
        return False


def _listed(manifest: Path, folder: Path, out: Path, problems: list[Problem]) -> Iterator[str]:
    """The paths of a manifest that can be used."""
    lines: dict[str, int] = {}
    for number, text in enumerate(_lines(manifest), start=1):
        if not text:
            continue
        path, what, remedy = _checked(text, folder, out, lines)
        if what:
            problems.append(
                Problem(file=manifest.name, line=number, value=_shown(text), what=what, remedy=remedy)
            )
        else:
            lines[path] = number
            yield path


def _lines(manifest: Path) -> list[str]:
    """The lines of a manifest, without spaces around them."""
    try:
        return [line.strip() for line in manifest.read_text(encoding="utf-8-sig").split("\n")]
    except UnicodeDecodeError:
        raise InvalidCase([Problem(file=manifest.name, what="is not UTF-8 text")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InvalidUsage(
            f"cannot read {manifest}: {reason}", "give the file that lists the cases"
        ) from error


def _checked(text: str, folder: Path, out: Path, lines: dict[str, int]) -> tuple[str, str, str]:
    """The path that a line means, what is wrong with it, and what would be right."""
    pure = PurePosixPath(text)
    path = str(pure)
    if PureWindowsPath(text).anchor or "\\" in text or ".." in pure.parts:
        remedy = "write the path relative to it, with / between folders"
        return path, "does not lead to a folder below that of the cases", remedy
    if any(part.startswith(".") for part in pure.parts):
        return path, "is hidden", "rename the folder"
    if path in lines:
        return path, f"stands in line {lines[path]} already", "remove one of them"
    try:
        if not _lies_below(path, folder):
            return path, OUTSIDE, OUTSIDE_REMEDY
        if (folder / path / CASE_FILE).is_file():
            return path, "", ""
        names = [entry.name for entry in (folder / path).parent.iterdir()]
        inner = sorted(f"{path}/{each}" for each in _below(folder / path, out, []))
    except (OSError, ValueError):
        names, inner = [], []
    what = f"is not a case folder: it holds no {CASE_FILE}"
    if inner:
        return path, what, f"list the cases in it, a line each: {listed(inner)}"
    if text.startswith("#"):
        return path, what, "a manifest has no comments: delete the line"
    return path, what, suggestion(pure.name, set(names) - {pure.name})


def _misplaced(found: Iterable[str], folder: Path, out: Path) -> Iterator[Problem]:
    """The cases whose results would have no place of their own."""
    known, target = set(found), Path(os.path.realpath(out))
    for path in sorted(known):
        parts = PurePosixPath(path).parts
        outer = next((str(above) for above in PurePosixPath(path).parents if str(above) in known), "")
        if path == HERE:
            yield Problem(
                file=str(folder), what="is itself a case", remedy="clear it alone, or name the folder above"
            )
        elif outer and outer != path:
            yield Problem(
                file=_shown(path), what=f"stands inside another case, {_shown(outer)}", remedy="move it out"
            )
        elif not _lies_below(path, folder):
            yield Problem(file=_shown(path), what=OUTSIDE, remedy=OUTSIDE_REMEDY)
        elif parts[0] in OWN_NAMES:
            yield Problem(file=path, what="has the name of a file of the fleet's own", remedy="rename it")
        elif not _is_text(path):
            yield Problem(file=_shown(path), what="has a name that is not UTF-8 text", remedy="rename it")
        elif Path(os.path.realpath(folder / path)) in (target, *target.parents):
            yield Problem(
                file=path, what=f"holds the folder for the results, {out}", remedy="name another --out"
            )


def _lies_below(path: str, folder: Path) -> bool:
    """Whether a path leads to a place below the folder, links resolved."""
    return Path(os.path.realpath(folder / path)).is_relative_to(os.path.realpath(folder))


def _is_text(path: str) -> bool:
    """Whether a path can be written as UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: str) -> str:
    """A path as people can read it, whatever its octets are."""
    return path.encode(errors="backslashreplace").decode()


def _identity(folder: Path) -> Identity:
    """What tells a folder from any other, by whatever path it is reached."""
    status = folder.stat()
    return status.st_dev, status.st_ino
