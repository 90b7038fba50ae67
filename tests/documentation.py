"""Pages of the documentation, by their names, wherever in `docs` they stand."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def page_at(name: str) -> Path:
    """Where the page of a name stands; no two pages are called alike."""
    (path,) = (ROOT / "docs").glob(f"**/{name}.md")
    return path


def read_page(name: str) -> str:
    """What stands on the page of a name."""
    return page_at(name).read_text(encoding="utf-8")
