"""stdout has the result and nothing else: one JSON document, or the lines that the documents show."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gridpact import clear, write_clearance
from gridpact.case import write_case
from tests.fleets import fleet_case, write_fleet
from tests.newest.outputs import Written, environment, gridpact
from tests.newest.test_one_of_each import CASES, EXAMPLES, congested
from tests.settle_example import write_settle_example

NOISY = """
import ctypes, os, sys
from gridpact.cli import main
import gridpact.case

def noisy(folder, read=gridpact.case.read_case):
    libc = ctypes.CDLL(None)
    libc.puts(b"a banner in a buffer of C")
    os.write(1, b"a banner straight to the descriptor\\n")
    return read(folder)

gridpact.case.read_case = noisy
main()
"""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cases that the commands below read, and a clearance that one of them is settled with."""
    root = tmp_path_factory.mktemp("inputs")
    write_case(congested(), root / "congested")
    write_fleet(root / "fleet", 3)
    write_settle_example(root / "settled")
    write_clearance(clear(fleet_case(1)), root / "cleared")
    people = fleet_case(1).participants
    enveloped = replace(fleet_case(1), participants=replace(people, connection_kw=30.0))
    write_case(enveloped, root / "enveloped")
    return root


COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "{examples}/cigre-lv-day"),
    "match": ("match", "{examples}/cigre-lv-day", "--out", "{out}"),
    "clear ac": ("clear", "{inputs}/congested", "--out", "{out}"),
    "clear dc": ("clear", "{examples}/cigre-lv-extreme", "--out", "{out}", "--formulation", "dc"),
    "clear terms": ("clear", "{cases}/terms-group", "--out", "{out}", "--no-report"),
    "clear max-min": ("clear", "{inputs}/congested", "--out", "{out}", "--allocation", "max-min"),
    "clear robust": ("clear", "{cases}/two-bus-line-limit", "--out", "{out}", "--robust", "declared"),
    "clear certified": ("clear", "{cases}/two-bus-line-limit", "--out", "{out}", "--certify"),
    "headroom": ("headroom", "{cases}/two-bus-line-limit", "--out", "{out}"),
    "envelope": ("envelope", "{inputs}/enveloped", "--out", "{out}"),
    "compare": ("compare", "{inputs}/cleared", "{inputs}/cleared", "--out", "{out}"),
    "settle": (
        "settle",
        "{inputs}/settled/case",
        "--clearance",
        "{inputs}/settled/result",
        "--out",
        "{out}",
        "--statements",
    ),
    "fleet": ("fleet", "{inputs}/fleet", "--out", "{out}", "--workers", "1"),
    "network": ("network", "pandapower/cigre_lv"),
    "networks": ("network",),
    "convert": ("convert", "{cases}/two-bus-line-limit", "--to", "parquet", "--out", "{out}"),
    "reproduce": ("reproduce",),
    "demo": ("demo", "--out", "{out}"),
}


def run(name: str, inputs: Path, out: Path, *options: str) -> Written:
    places = {"cases": CASES, "examples": EXAMPLES, "inputs": inputs, "out": out}
    return gridpact(*(word.format(**places) for word in COMMANDS[name]), *options)


@pytest.mark.parametrize("name", COMMANDS)
def test_json_is_one_document_and_nothing_else(name: str, inputs: Path, tmp_path: Path) -> None:
    written = run(name, inputs, tmp_path / "out", "--json", "--quiet")
    assert (written.code, written.err) == (0, "")
    document = json.loads(written.out)
    assert document
    assert written.out == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "name", ["match", "clear terms", "headroom", "envelope", "compare", "settle", "fleet"]
)
def test_words_for_people_and_nothing_else(name: str, inputs: Path, tmp_path: Path) -> None:
    """The outcome in one line that names what it is of; then lines that are set in."""
    written = run(name, inputs, tmp_path / "out", "--quiet")
    assert (written.code, written.err) == (0, "")
    assert re.fullmatch(r"([^\n]+: ).*\n( {2,}\S.*\n)+", written.out), written.out


def test_a_refusal_is_one_document_too(tmp_path: Path) -> None:
    written = gridpact("clear", tmp_path, "--out", tmp_path / "out", "--json", "--quiet")
    assert written.code == 2
    assert json.loads(written.out)["total"]


def test_what_a_library_prints_goes_to_stderr(tmp_path: Path) -> None:
    result = tmp_path / "result"
    arguments = ["clear", EXAMPLES / "cigre-lv-day", "--out", result, "--json", "--quiet", "--no-report"]
    done = subprocess.run(
        [sys.executable, "-c", NOISY, *map(str, arguments)],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env=environment(),
    )
    assert json.loads(done.stdout)["status"] == "cleared"
    assert done.stderr.count("a banner") == 2


def test_without_a_stderr_the_result_comes_all_the_same() -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m gridpact network --json 2>&-',
        shell=True,
        capture_output=True,
        check=True,
        encoding="utf-8",
        env=environment(),
    )
    assert "pandapower/cigre_lv" in json.loads(done.stdout)


def test_a_reader_that_stops_early_sees_no_traceback() -> None:
    pipe = f'"{sys.executable}" -m gridpact network | head -n 1'
    done = subprocess.run(pipe, shell=True, capture_output=True, check=True, env=environment())
    assert os.linesep.encode() in done.stdout
    assert b"Traceback" not in done.stderr
