"""gridpact with nothing installed but what `pip install gridpact` brings, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

from benchmarks.installed import PROJECT, ROOT, brought
from packaging.utils import canonicalize_name

TOOLS = {"coverage", "gridpact", "pip", "setuptools"}  # what starts and measures the process
# Whatever imports a module that is left out finds what it would find where that is not installed. Worker
# processes inherit it by their path.
LEFT_OUT = """
import sys

class LeftOut:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, LeftOut())
"""
PROGRAM = """
import contextlib, io, json, sys
from gridpact.cli import main

for words in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["gridpact", *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps({"code": code, "out": out.getvalue(), "err": err.getvalue()}), flush=True)
"""


def left_out() -> list[str]:
    """The modules of all that is installed here and is not of the core."""
    kept = TOOLS | brought(PROJECT["dependencies"])
    return sorted(
        module
        for module, names in packages_distributions().items()
        if not kept & {canonicalize_name(name) for name in names}
    )


def run_all(commands: Sequence[Sequence[object]], folder: Path, *, bare: bool) -> Iterator[dict[str, object]]:
    """What commands give, one after the other in a process that has all extras, or none."""
    path = [str(ROOT / "src")]
    if bare:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sitecustomize.py").write_text(LEFT_OUT.replace("{names!r}", repr(left_out())))
        path.insert(0, str(folder))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([[str(word) for word in words] for words in commands]),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for line in done.stdout.splitlines():
        yield json.loads(line)
