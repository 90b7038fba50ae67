"""Shell: what every page has in common, from the head of the document to the scripts at its end.

A page loads nothing from anywhere, and the same result makes the same bytes: no clock, no timings, no chance.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import version
from importlib.resources import files
from string import Template
from typing import Any

from gridpact.report.shell.html import Tile, bullets, facts, paragraph, tiles
from gridpact.report.shell.numbers import script_json

SCRIPT_POLICY = "script-src 'unsafe-inline'; "
PHASES = "phases"  # the part of a script for networks with three phases
SCRIPTS_OFF = (
    "The pictures of this page are drawn by a script in it, and scripts are switched off. The figures and "
    "tables are complete without them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above the sections of a page; all but `said` is text, and escaped by the shell.

    Attributes:
        title: of the document.
        heading: of the page.
        below: the lines under the heading.
        said: the verdict, or what it comes to, as HTML.
        tiles: the key figures.
        notices: what the reader should know besides.
    """

    title: str
    heading: str
    below: Sequence[str]
    said: str
    tiles: Iterable[Tile]
    notices: Iterable[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What plotly.js draws.

    Attributes:
        script: the file that tells it how.
        data: what the script reads, by name.
        part: a script before it, `PHASES` or none; lines of `script` that end in a comment with its name are
            for pages with it alone.
    """

    script: str
    data: Mapping[str, Any]
    part: str = ""


def document(
    head: Head,
    sections: Iterable[str],
    origin: Iterable[tuple[str, str]],
    *,
    styles: Iterable[str] = (),
    pictures: Pictures | None = None,
) -> str:
    """A page as one self-contained HTML document.

    Args:
        head: what stands above the sections.
        sections: HTML; empty ones are left out.
        origin: names and values of how it was made, as text.
        styles: files of the style sheets after the one of all pages.
        pictures: what is drawn; without it, no script may run in the page.
    """
    main, made, scripts, policy = [*sections], [*origin], "", ""
    if pictures is not None:
        main.insert(0, f"<noscript>{paragraph(SCRIPTS_OFF)}</noscript>")
        made.append(("Pictures", f"plotly {version('plotly')}"))
        scripts, policy = _scripts(pictures), SCRIPT_POLICY
    return Template(_resource("shell.html")).substitute(
        script_policy=policy,
        title=escape(head.title),
        style="".join(_resource(name) for name in ("style.css", *styles)),
        heading=escape(head.heading),
        below="<br>".join(escape(line) for line in head.below),
        said=head.said,
        tiles=tiles(head.tiles),
        notices=bullets(head.notices),
        main="\n".join(part for part in main if part),
        origin=facts(made),
        scripts=scripts,
    )


def _scripts(pictures: Pictures) -> str:
    """The data of the pictures, plotly.js, and the script that draws."""
    from plotly.offline import get_plotlyjs

    data = "".join(
        f'<script type="application/json" id="{escape(name)}">{script_json(value)}</script>\n'
        for name, value in pictures.data.items()
    )
    return f"{data}<script>{get_plotlyjs()}</script>\n<script>\n{_script(pictures)}\n</script>"


def _script(pictures: Pictures) -> str:
    """What draws: the script, with the lines of its part after that part, and else without them."""
    script = _resource(pictures.script)
    if pictures.part:
        return f"{_resource(f'{pictures.part}.js')}\n{script}"
    marked = f" // {PHASES}\n"
    return "".join(line for line in script.splitlines(keepends=True) if not line.endswith(marked))


@cache
def _resource(name: str) -> str:
    """The text of a style sheet, script or template."""
    return files("gridpact.report").joinpath("assets", name).read_text(encoding="utf-8")
