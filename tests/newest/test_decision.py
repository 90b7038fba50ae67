"""What a run with the newest libraries comes to: a failure, or a report of what is newer than its pin."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def newest():
    spec = importlib.util.spec_from_file_location("newest", ROOT / ".ci" / "newest.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["newest"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["newest"]


PINNED = {"highspy": "1.15.1", "pyyaml": "6.0.3", "tzdata": "2026.6"}


def test_every_pin_of_the_project_is_read(newest) -> None:
    text = (ROOT / "constraints.txt").read_text()
    found = newest.pins(text)
    assert len(found) == len(text.split())
    assert found["highspy"] and found["typing-extensions"] and found["ast-serialize"]


def test_only_what_is_newer_or_not_pinned_counts(newest) -> None:
    installed = {
        "highspy": "1.16.0",
        "PyYAML": "6.0.3",
        "tzdata": "2026.5",
        "lazy_importer": "0.1",
        "pip": "99",
        "gridpact": "0.1.0",
    }
    found = newest.newer(installed, PINNED)
    assert [(each.name, each.installed, each.pinned) for each in found] == [
        ("highspy", "1.16.0", "1.15.1"),
        ("lazy-importer", "0.1", ""),
    ]


@pytest.mark.parametrize(
    ("installed", "is_newer"),
    [
        ("1.15.1", False),
        ("1.15.0", False),
        ("1.9", False),
        ("1.15.10", True),
        ("2.0", True),
        ("1.16.0rc1", True),
    ],
)
def test_versions_are_compared_as_versions(installed: str, is_newer: bool, newest) -> None:
    assert bool(newest.newer({"highspy": installed}, PINNED)) == is_newer


def test_a_pass_says_nothing(newest) -> None:
    found = newest.newer({"highspy": "1.16.0"}, PINNED)
    assert newest.verdict(passed=True, is_built=True, found=found) == newest.Verdict(code=0)


def test_a_failure_with_the_pinned_versions_fails(newest) -> None:
    found = newest.newer(PINNED, PINNED)
    result = newest.verdict(passed=False, is_built=True, found=found)
    assert result.code == 1
    assert "no library is newer" in result.report


def test_a_failure_with_a_newer_library_is_reported_with_both_versions(newest) -> None:
    found = newest.newer({"highspy": "1.16.0", "lazy-importer": "0.1"}, PINNED)
    result = newest.verdict(passed=False, is_built=True, found=found)
    assert result.code == 0
    assert "highspy 1.16.0 (pinned: 1.15.1)" in result.report
    assert "lazy-importer 0.1 (not pinned)" in result.report


def test_an_environment_that_cannot_be_built_is_reported(newest) -> None:
    result = newest.verdict(passed=False, is_built=False, found=[])
    assert result.code == 0
    assert "could not be built" in result.report


@pytest.mark.parametrize(
    ("made", "is_built", "installed", "code", "said"),
    [
        (0, True, {"highspy": "99"}, 0, ""),
        (2, True, {"highspy": "99"}, 0, "highspy 99 (pinned: "),
        (2, True, {}, 1, "no library is newer"),
        (2, False, {}, 0, "could not be built"),
    ],
    ids=["passed", "a newer library", "gridpact itself", "not built"],
)
def test_the_command_ends_as_decided(
    made: int,
    is_built: bool,
    installed: dict,
    code: int,
    said: str,
    newest,
    tmp_path: Path,
    monkeypatch,
    capsys,
) -> None:
    asked = []

    def run(command, **_: object) -> subprocess.CompletedProcess:
        asked.append(command)
        return subprocess.CompletedProcess(command, made)

    if is_built:
        (tmp_path / "built").touch()
    monkeypatch.setattr(newest, "BUILT", tmp_path / "built")
    monkeypatch.setattr(newest, "_installed", lambda: installed)
    monkeypatch.setattr(newest.subprocess, "run", run)
    assert newest.main() == code
    assert asked == [["make", "test-newest"]]
    err = capsys.readouterr().err
    assert said in err if said else err == ""


@pytest.mark.parametrize(
    ("tested", "tried", "code"),
    [(0, 0, 0), (2, 0, 2), (0, 1, 1), (2, 1, 2)],
    ids=["well", "tests", "newest", "both"],
)
def test_the_check_of_a_commit_runs_both(tested: int, tried: int, code: int, tmp_path: Path) -> None:
    """The script as it is, in a folder with other commands of its names."""
    stubs = {
        ".ci/run": (ROOT / ".ci" / "run").read_text(),
        ".venv/bin/python": f'#!/bin/sh\necho "newest: $*"\nexit {tried}\n',
        "bin/make": f'#!/bin/sh\necho "make: $*"\n[ "$1" != test ] || exit {tested}\n',
        "bin/chromium": "#!/bin/sh\n",
    }
    for name, text in stubs.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    run = subprocess.run(
        [tmp_path / ".ci" / "run"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ["make: .venv/.ready", "make: test", "newest: .ci/newest.py"]
    assert (run.returncode, run.stdout.splitlines()) == (code, said), run.stderr
