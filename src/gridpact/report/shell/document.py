"""Shell: what every page has in common, from the head of the document to the scripts at its end.

A page loads nothing from anywhere, and the same result makes the same bytes: no clock, no timings, no chance.
Its policy admits the one style sheet and the one script that are in it, by their hashes. A service that has
them at addresses of its own says where (`Linked`), and has the policy in its answers.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from gridpact.report.shell.html import Tile, bullets, contents, facts, picture_place, tiles
from gridpact.report.shell.numbers import script_json

PHASES = "phases"  # the part of a script for networks with three phases
STYLE, SCRIPT = "style.css", "touch.js"  # of all pages
POLICY = (
    "default-src 'none'; {script}style-src 'sha256-{style}'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
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
class DrawnPicture:
    """A picture as HTML, and what is said of each of its periods or rows, names escaped, lines by `<br>`."""

    html: str
    said: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """What is drawn.

    Attributes:
        drawn: pictures by the ids of their places.
        script: the file of what changes in the page, or none.
        data: what that script reads, by name.
        part: a script before it, `PHASES` or none; lines of `script` that end in a comment with its name are
            for pages with it alone.
    """

    drawn: Mapping[str, DrawnPicture]
    script: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Addresses of style sheets and scripts, for pages of a service: nothing stands inside them.

    Attributes:
        styles: of `style_sheet()`.
        scripts: of `touch_script()`, where the pages have pictures.
    """

    styles: Sequence[str]
    scripts: Sequence[str] = ()


def document(
    head: Head,
    sections: Iterable[str],
    origin: Iterable[tuple[str, str]],
    *,
    styles: Iterable[str] = (),
    pictures: Pictures | None = None,
    linked: Linked | None = None,
    menu: str = "",
) -> str:
    """A page as one HTML document, self-contained unless its files are linked.

    Args:
        head: what stands above the sections.
        sections: HTML; empty ones are left out, and long pages list them.
        origin: names and values of how it was made, as text.
        styles: files of the style sheets after the one of all pages.
        pictures: what is drawn; without it, no script may run in the page.
        linked: where a service has style sheets and scripts, in place of those in the page.
        menu: HTML above the heading.
    """
    main = "\n".join(part for part in sections if part)
    data, script = "", ""
    if pictures is not None:
        main = _with_pictures(main, pictures.drawn)
        said = {name: picture.said for name, picture in pictures.drawn.items() if picture.said}
        data = _data({**pictures.data, **({"said": said} if said else {})})
        script = touch_script() + _script(pictures)
    style = style_sheet(*styles)
    return Template(_resource("shell.html")).substitute(
        policy=_policy(style, script) if linked is None else "",
        title=escape(head.title),
        styles=f"<style>{style}</style>" if linked is None else _linked_styles(linked),
        menu=menu,
        heading=escape(head.heading),
        below="<br>".join(escape(line) for line in head.below),
        said=head.said,
        tiles=tiles(head.tiles),
        notices=bullets(head.notices),
        contents=contents(main),
        main=main,
        origin=facts(origin),
        scripts=data + (_inline(script) if linked is None else _linked_scripts(linked)),
    )


def style_sheet(*more: str) -> str:
    """The style sheet of all pages, and files of more after it."""
    return "\n" + "".join(_resource(name) for name in (STYLE, *more))


def touch_script() -> str:
    """The script of all pages with pictures: what is said where one is touched."""
    return _resource(SCRIPT)


def _with_pictures(main: str, pictures: Mapping[str, DrawnPicture]) -> str:
    """The page with its pictures in their places."""
    for name, picture in pictures.items():
        before, place, after = main.partition(picture_place(name))
        rest, closed, behind = after.partition(">")
        main = f"{before}{place}{rest}{closed}{picture.html if place else ''}{behind}"
    return main


def _data(values: Mapping[str, Any]) -> str:
    """What scripts read, as elements that do not run."""
    return "".join(
        f'<script type="application/json" id="{escape(name)}">{script_json(value)}</script>\n'
        for name, value in values.items()
    )


def _script(pictures: Pictures) -> str:
    """What changes in the page: the script with the lines of its part after that part, or without them."""
    if not pictures.script:
        return ""
    script = _resource(pictures.script)
    if pictures.part:
        return f"{_resource(f'{pictures.part}.js')}\n{script}"
    marked = f" // {PHASES}\n"
    return "".join(line for line in script.splitlines(keepends=True) if not line.endswith(marked))


def _policy(style: str, script: str) -> str:
    """What may be loaded and run: nothing but what is in the page."""
    runs = f"script-src 'sha256-{_hash(script)}'; " if script else ""
    policy = POLICY.format(script=runs, style=_hash(style))
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'


def _hash(content: str) -> str:
    """The hash of the content of an element, as policies have it."""
    return b64encode(sha256(content.encode()).digest()).decode()


def _inline(script: str) -> str:
    return f"<script>{script}</script>" if script else ""


def _linked_styles(linked: Linked) -> str:
    return "\n".join(f'<link rel="stylesheet" href="{escape(address)}">' for address in linked.styles)


def _linked_scripts(linked: Linked) -> str:
    return "\n".join(f'<script src="{escape(address)}" defer></script>' for address in linked.scripts)


@cache
def _resource(name: str) -> str:
    """The text of a style sheet, script or template."""
    return files("gridpact.report").joinpath("assets", name).read_text(encoding="utf-8")
