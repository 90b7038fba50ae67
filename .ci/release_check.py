"""Builds the wheel and the sdist, and uses each as somebody who knows nothing but the package would.

    python .ci/release_check.py

The README is rendered by what package indexes render it with, and its links lead to files of the project.
Wheel and sdist are each installed, without extras, into an environment of their own, in which the demo and a
case in Parquet are cleared; the size of what was installed is printed and has a limit.
"""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from readme_renderer import markdown

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
MEGABYTE = 1e6
SIZE_MAX_MB = 650.0
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


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
    """The README is shown as it is meant, by an index's own renderer, and its links are of the project."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = markdown.render(text)
    if shown is None or not {"<h1", "<table", "<pre"} <= set(re.findall(r"<\w+", shown)):
        raise SystemExit("README.md: an index would show it as plain text")
    if wrong := [link for link in LINK.findall(text) if not (ROOT / link).exists()]:
        raise SystemExit(f"README.md: no file of the project is at {', '.join(wrong)}")


def megabytes(folder: Path) -> float:
    """The size of all files below a folder, in millions of bytes."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file()) / MEGABYTE


def check_use(package: Path) -> None:
    """A package installs by itself, within its size, and clears what the core clears."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "env", with_pip=True)
        before = megabytes(place / "env")
        python = str(place / "env" / "bin" / "python")
        pins = str(ROOT / "constraints.txt")
        run(python, "-m", "pip", "install", "--quiet", "--constraint", pins, str(package))
        size = megabytes(place / "env") - before
        program = str(place / "env" / "bin" / "gridpact")
        run(program, "demo", "--out", str(place / "demo"))
        case, parquet, result = (str(place / name) for name in ("demo/case", "parquet", "cleared"))
        run(program, "convert", case, "--to", "parquet", "--out", parquet)
        run(program, "clear", parquet, "--out", result)
        if not (Path(result) / "cleared.parquet").is_file():
            raise SystemExit(f"{package.name}: a case in Parquet has no result")
        sys.stdout.write(f"{package.name}: installs {size:.0f} MB, clears the demo and a case in Parquet\n")
        if size > SIZE_MAX_MB:
            raise SystemExit(f"{package.name}: installs more than {SIZE_MAX_MB:.0f} MB without extras")


if __name__ == "__main__":
    check_readme()
    for one in built():
        check_use(one)
