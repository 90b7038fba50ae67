"""What hosts, indexes, citing readers and contributors look at agrees with the project and with schemas."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_checks_of_the_usual_host_are_as_its_schema_says() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    found = subprocess.run(
        [*command, str(ROOT / ".github" / "workflows" / "ci.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


def test_they_run_on_every_python_from_the_oldest_that_is_admitted() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    versions = jobs["test"]["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={versions[0]}"


def test_one_version_and_one_date_stand_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    heading = re.search(r"^## (\S+) — (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heading is not None
    assert heading.groups() == (PROJECT["version"], citation["date-released"])
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]


def test_hooks_run_what_make_check_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    recipe = (ROOT / "Makefile").read_text().split("\ncheck: $(READY)\n")[1].split("\n\n")[0]
    made = [line.strip().replace("$(BIN)", ".venv/bin").removesuffix(" .") for line in recipe.splitlines()]
    assert [hook["entry"] for hook in hooks] == made


def test_a_program_that_uses_the_types_passes_a_strict_check() -> None:
    example = str(ROOT / "examples" / "typed_clearing.py")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent", example],
        capture_output=True,
        text=True,
        cwd=ROOT / "examples",
        check=False,
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/project/releasing.md"])
def test_commands_of_make_that_are_named_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]+)", (ROOT / name).read_text(), re.MULTILINE))
    assert named
    assert named <= targets
