"""Runs `make test-newest`, and tells failures of gridpact from those of libraries released since the pins.

Exit code 0 where the tests pass. Where they do not, it is 0 too if a library is newer than constraints.txt
has it, or if the environment could not be built: where the same code does not pass with the pinned libraries,
`make test` says so, and a report says what is newer. Otherwise the libraries are those of `make test`, the
failure is gridpact's own, and the exit code is 1.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PINS = ROOT / "constraints.txt"
BUILT = ROOT / ".venv-newest" / ".built"
PYTHON = ROOT / ".venv-newest" / "bin" / "python"
TOOLS = ("gridpact", "pip", "setuptools", "wheel")  # the project itself, and what installs it
LINE = "=" * 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    """A library of the newest environment that is not as it is pinned; `pinned` is empty where it is new."""

    name: str
    installed: str
    pinned: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to say, if anything, and the exit code."""

    code: int
    report: str = ""


def pins(text: str) -> dict[str, str]:
    """The version of each library in a constraints file."""
    pairs = (line.split("==") for line in text.split() if "==" in line)
    return {canonicalize_name(name): version for name, version in pairs}


def newer(installed: Mapping[str, str], pinned: Mapping[str, str]) -> list[Newer]:
    """The libraries that are newer than their pin, or have none, by name."""
    named = sorted((canonicalize_name(name), version) for name, version in installed.items())
    return [
        Newer(name=name, installed=version, pinned=pinned.get(name, ""))
        for name, version in named
        if name not in TOOLS and (name not in pinned or Version(version) > Version(pinned[name]))
    ]


def verdict(*, passed: bool, is_built: bool, found: Iterable[Newer]) -> Verdict:
    """What a run comes to.

    Args:
        passed: whether all its tests did.
        is_built: whether there was an environment to run them in.
        found: the libraries in it that are newer than their pins.
    """
    found = list(found)
    if passed:
        return Verdict(code=0)
    if not is_built:
        said = "The environment of the newest libraries could not be built: see above what pip says."
        more = "Is the package index out of reach? Nothing was tested with the newest libraries."
        return Verdict(code=0, report=f"{said}\n{more}")
    if not found:
        said = "The tests fail in a second environment, in which no library is newer than its pin."
        return Verdict(code=1, report=said)
    lines = [
        f"  {each.name} {each.installed} ({f'pinned: {each.pinned}' if each.pinned else 'not pinned'})"
        for each in found
    ]
    said = "The tests fail with the newest libraries and pass with the pinned ones. Newer than their pins are"
    return Verdict(
        code=0, report="\n".join([said, *lines, "Mend gridpact, or exclude a version in pyproject.toml."])
    )


def _installed() -> dict[str, str]:
    command = [PYTHON, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
    listed = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
    return {each["name"]: each["version"] for each in json.loads(listed)}


def main() -> int:
    """Runs the tests, says what they come to, and gives the exit code."""
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # which a job in the background of a shell ignores
    passed = subprocess.run(["make", "test-newest"], cwd=ROOT, check=False).returncode == 0
    is_built = BUILT.exists()
    found = newer(_installed(), pins(PINS.read_text(encoding="utf-8"))) if is_built and not passed else []
    result = verdict(passed=passed, is_built=is_built, found=found)
    if result.report:
        sys.stderr.write(f"{LINE}\nNEWEST LIBRARIES\n{result.report}\n{LINE}\n")
    return result.code


if __name__ == "__main__":
    sys.exit(main())
