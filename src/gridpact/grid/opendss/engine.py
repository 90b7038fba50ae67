"""The engine: OpenDSS in a process of its own, in a temporary folder and an environment of its own."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from gridpact.errors import InvalidCase, Problem
from gridpact.extras import OPENDSS
from gridpact.grid.opendss import engine_program
from gridpact.grid.opendss.circuit import Circuit, circuit_of
from gridpact.grid.opendss.script.script_reader import Script
from gridpact.grid.source import NetworkSource

SECONDS_MAX = 300.0
KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ERROR_NUMBER = re.compile(r"^\(#\d+\)\s*")
REASON_LENGTH_MAX = 200


def needs_engine(source: NetworkSource) -> None:
    """Makes sure that OpenDSS is there.

    Raises:
        InvalidCase: it is not installed.
    """
    if not OPENDSS.is_installed():
        raise InvalidCase([source.problem("takes OpenDSS, which is not installed", remedy=OPENDSS.remedy)])


def engine_version() -> str:
    """The version of OpenDSS, as its package has it."""
    return f"dss-python {version('dss-python')}"


def evaluated(script: Script, source: NetworkSource) -> Circuit:
    """The circuit that OpenDSS makes of a script.

    Raises:
        InvalidCase: what OpenDSS says against it, statement by statement, or that it did not come to an end.
    """
    commands = [str(statement) for statement in script.statements]
    if not any(statement.verb == "calcvoltagebases" for statement in script.statements):
        commands.append("calcvoltagebases")
    with tempfile.TemporaryDirectory(prefix="gridpact-") as name:
        folder = Path(name)
        given = {"path": [entry for entry in sys.path if entry], "commands": commands}
        (folder / engine_program.COMMANDS).write_text(json.dumps(given), encoding="utf-8")
        _run(folder, source)
        try:
            found = json.loads((folder / engine_program.CIRCUIT).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            what, remedy = "made OpenDSS break off", "see whether OpenDSS itself solves it"
            raise InvalidCase([source.problem(what, remedy=remedy)]) from error
    if found["errors"]:
        raise InvalidCase(list(_problems(found["errors"], script, source)))
    return circuit_of(found)


def _run(folder: Path, source: NetworkSource) -> None:
    """Runs the program in a folder; what it prints goes nowhere."""
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    environment |= {name: str(folder) for name in ("HOME", "TMPDIR", "TEMP", "TMP", "USERPROFILE")}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "DSS_CAPI_ALLOW_DOSCMD": "0"}
    try:
        subprocess.run(
            [sys.executable, "-I", str(Path(engine_program.__file__))],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        what = f"takes OpenDSS more than {SECONDS_MAX:.0f} s"
        raise InvalidCase([source.problem(what, remedy="leave out what is no network")]) from error


def _problems(errors: list[tuple[int, str]], script: Script, source: NetworkSource) -> Iterator[Problem]:
    for place, message in errors:
        reason = " ".join(ERROR_NUMBER.sub("", message.splitlines()[0] if message else "").split())
        reason = reason[:REASON_LENGTH_MAX].rstrip(". ")
        remedy = "see OpenDSS's own help on it"
        if 0 <= place < len(script.statements):
            yield script.statements[place].problem(f"is refused by OpenDSS: {reason}", remedy=remedy)
        else:
            yield source.problem(f"is not solved by OpenDSS: {reason}", remedy=remedy)
