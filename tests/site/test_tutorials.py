"""Tutorials hold word by word: files are written and commands run in order, in an empty folder."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import gridpact
from gridpact.imports.starter.first_case import make_first_case
from tests.documentation import read_page

STEP = re.compile(
    r"^`(?P<file>[\w./-]+)`[^\n]*\n(?:[^\n`]+\n)*\n```(?:csv|toml|python)\n(?P<text>.*?)^```$"
    r"|^\$ (?P<command>[^\n]+)$",
    re.MULTILINE | re.DOTALL,
)
PORT = "8123"


def script_of(page: str, folder: Path) -> str:
    """A shell script of the page's commands; its files are written where the page has them."""
    lines = ["set -eu", "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT"]
    for number, step in enumerate(STEP.finditer(page)):
        if step["command"]:
            lines.append(step["command"])
            continue
        (folder / f"file-{number}").write_text(step["text"])
        lines.append(f"mkdir -p $(dirname {step['file']}); cp ../files/file-{number} {step['file']}")
    return "\n".join(lines)


def followed(name: str, tmp_path: Path) -> str:
    """What the commands of a page write to stdout, in an empty folder."""
    files, here = tmp_path / "files", tmp_path / "here"
    files.mkdir()
    here.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    script = script_of(read_page(name).replace(PORT, port), files)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=here,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("name", ["start", "network-operator", "community", "market"])
def test_the_commands_of_a_tutorial_run_and_say_what_it_shows(name: str, tmp_path: Path) -> None:
    said = set(followed(name, tmp_path).splitlines())
    shown = "".join(re.findall(r"^```text\n(.*?)^```$", read_page(name), re.MULTILINE | re.DOTALL))
    assert shown
    assert not [line for line in shown.splitlines() if line.strip() != "…" and line not in said]


def test_the_cells_for_researchers_run_in_order(tmp_path: Path) -> None:
    cells = re.findall(r"^```python\n(.*?)^```$", read_page("researcher"), re.MULTILINE | re.DOTALL)
    assert len(cells) == 4
    subprocess.run([sys.executable, "-c", "\n".join(cells)], cwd=tmp_path, check=True)


def test_with_the_wider_limit_of_the_start_only_demand_cuts(tmp_path: Path) -> None:
    street = tmp_path / "street"
    make_first_case(street)
    settings = street / "case.toml"
    old, new = "voltage_max_pu = 1.035", "voltage_max_pu = 1.05"
    assert f"`{new}` for 1.035" in read_page("start") and old in settings.read_text()
    settings.write_text(settings.read_text().replace(old, new))
    clearance = gridpact.clear(gridpact.read_case(street))
    summary = clearance.summary
    assert f"{summary['cleared_kwh'] / summary['proposed_kwh']:.1%}" == "99.4%"
    assert set(clearance.cleared["limited_by"]) == {"", "buyer_demand"}
