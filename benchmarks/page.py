"""The page of the documentation that holds the figures: each command replaces its own part."""

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "project" / "benchmarks.md"


def put(part: str, text: str, page: Path = PAGE) -> None:
    """Replaces what stands between the marks of a part of the page.

    Raises:
        SystemExit: the page does not have the part once.
    """
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    pieces = page.read_text(encoding="utf-8").split(begin)
    if len(pieces) != 2 or pieces[1].count(end) != 1:
        raise SystemExit(f"{page} does not hold the part '{part}' once")
    after = pieces[1].split(end)[1]
    page.write_text(f"{pieces[0]}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8", newline="\n")
