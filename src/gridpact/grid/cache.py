"""The cache of compiled networks on the disk, for those whose compilation takes seconds.

An entry is named by all that it depends on: the network's content, the code of this package, and the versions
of the libraries that take part. One that cannot be read, or does not hold what it should, is ignored and
written anew. Nothing that goes wrong here is an error: without a cache, a network is compiled.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gridpact.grid.archive import packed, unpacked
from gridpact.grid.network import Network

FOLDER_VARIABLE = "GRIDPACT_CACHE_DIR"
PACKAGE = Path(__file__).parents[1]
BESIDE_GRID = ("arrays", "errors", "extras", "spreadsheet_text", "units")
FOLDERS = ("grid", "fields")
LIBRARIES = ("gridpact", "numpy", "pandapower", "power-grid-model", "scipy", "simbench")
ENTRIES_MAX = 1000
SUFFIX = ".npz"


def cached(
    content: str, name: str, make: Callable[[], Network], check: Callable[[Network], Network]
) -> Network:
    """A network out of the cache, or made and put into it.

    Args:
        content: what the network is made of, such as the digest of its file.
        name: that it is to have.
        make: makes it.
        check: gives back the network where it is whole, and raises where it is not.
    """
    folder = cache_folder()
    if folder is None:
        return make()
    key = _key(content)
    path = folder / f"{key}{SUFFIX}"
    # Whatever is wrong with an entry, of whatever origin, it is as if it were not there.
    with suppress(Exception):
        return check(unpacked(path.read_bytes(), key, name))
    network = make()
    with suppress(OSError):
        _write(packed(network, key), path)
        _keep_newest(folder)
    return network


def cache_folder() -> Path | None:
    """The folder of the cache; `None` where it is switched off, or there is no place for it.

    `GRIDPACT_CACHE_DIR` names it, and switches it off where it is empty; without it, it is `gridpact` in the
    user's cache folder as the XDG base directory specification has it.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError:
            return None
    return base / "gridpact"


def _key(content: str) -> str:
    return sha256("\0".join([*_made_with(), content]).encode()).hexdigest()


@lru_cache(maxsize=1)
def _made_with() -> tuple[str, ...]:
    """The code and the libraries that compile networks."""
    return (code_digest(PACKAGE), *(f"{library} {_version(library)}" for library in LIBRARIES))


def _version(library: str) -> str:
    """The version of a library; empty where it is an extra that is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def code_digest(package: Path) -> str:
    """The digest of the code that takes part in compiling, in the folder of a package."""
    code = sha256()
    for path in code_files(package):
        code.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return code.hexdigest()


def code_files(package: Path) -> list[Path]:
    """The modules that take part in compiling: all of `grid`, and what they import from beside it."""
    beside = (package / f"{name}.py" for name in BESIDE_GRID)
    return sorted([*beside, *(path for name in FOLDERS for path in (package / name).rglob("*.py"))])


def _write(content: bytes, path: Path) -> None:
    """Writes an entry aside and renames it, so that it is never seen half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=".", suffix=SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(aside).replace(path)
    except OSError:
        with suppress(OSError):
            Path(aside).unlink()
        raise


def _keep_newest(folder: Path) -> None:
    """Deletes the oldest entries beyond `ENTRIES_MAX`."""
    written = sorted(_entries(folder), reverse=True)
    for _, path in written[ENTRIES_MAX:]:
        with suppress(OSError):
            path.unlink()


def _entries(folder: Path) -> Iterator[tuple[int, Path]]:
    """Time of writing and path of each entry; one that another process deletes meanwhile is left out."""
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError):
            yield path.stat().st_mtime_ns, path
