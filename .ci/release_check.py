"""Builds the wheel and the sdist, and uses each as somebody who knows nothing but the package would.

    python .ci/release_check.py

The README is rendered by what package indexes render it with. Wheel and sdist are each installed into an
environment of their own, from which the demo is cleared; the size of that environment is printed.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from readme_renderer import markdown

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
MEGABYTE = 1e6


def built() -> list[Path]:
    """The wheel and the sdist, built anew."""
    for old in DIST.glob("gridpact-*"):
        old.unlink()
    run(sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT))
    return sorted(DIST.glob("gridpact-*"))


def run(*command: str) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(command, cwd=tempfile.gettempdir(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def check_readme() -> None:
    """The README is shown as it is meant, by an index's own renderer."""
    shown = markdown.render((ROOT / "README.md").read_text(encoding="utf-8"))
    if shown is None or "<h1>" not in shown:
        raise SystemExit("README.md: an index would show it as plain text")


def check_use(package: Path) -> None:
    """A package installs by itself, and clears a case."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "env", with_pip=True)
        python = str(place / "env" / "bin" / "python")
        pins = str(ROOT / "constraints.txt")
        run(python, "-m", "pip", "install", "--quiet", "--constraint", pins, str(package))
        size = sum(file.stat().st_size for file in (place / "env").rglob("*") if file.is_file())
        program = str(place / "env" / "bin" / "gridpact")
        run(program, "demo", "--out", str(place / "demo"))
        sys.stdout.write(f"{package.name}: installs in {size / MEGABYTE:.0f} MB, and clears the demo\n")


if __name__ == "__main__":
    check_readme()
    for one in built():
        check_use(one)
