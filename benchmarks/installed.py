"""`python -m benchmarks.installed`: how large the core and each extra are, as they are installed here.

An extra counts what it brings beside the core: its distributions and those that they need.
"""

import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = ("networks", "gate", "oidc", "opendss", "cluster", "pdf", "uftp", "xlsx", "all")
MEGABYTE = 1e6


def brought(requirements: Iterable[str]) -> set[str]:
    """The distributions that requirements bring, and what these need; the project itself is none of them."""
    waiting, seen, found = [(line, "") for line in requirements], set[tuple[str, str]](), set[str]()
    while waiting:
        line, of_extra = waiting.pop()
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": of_extra}):
            continue
        is_own = name == PROJECT["name"]
        found |= set() if is_own else {name}
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            needed = PROJECT["optional-dependencies"].get(extra, []) if is_own else _needed(name)
            waiting += [(each, extra) for each in needed]
    return found


def _needed(name: str) -> list[str]:
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:  # its marker is of another system
        return []


def megabytes(names: Iterable[str]) -> float:
    """The size of the files of distributions, in millions of bytes."""
    size = 0
    for name in names:
        try:
            files = distribution(name).files or []
        except PackageNotFoundError:
            continue
        size += sum(path.stat().st_size for path in map(_place, files) if path.is_file())
    return size / MEGABYTE


def _place(file: object) -> Path:
    return Path(str(file.locate()))  # type: ignore[attr-defined]


def main() -> None:
    """Prints the table of the README."""
    core = brought(PROJECT["dependencies"])
    print(f"| none | {megabytes(core):.0f} |")
    for extra in EXTRAS:
        more = brought(PROJECT["optional-dependencies"][extra]) - core
        print(f"| {extra} | + {megabytes(more):.0f} |")


if __name__ == "__main__":
    main()
