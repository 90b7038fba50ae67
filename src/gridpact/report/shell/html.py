"""Pieces of HTML; every text that comes in is escaped here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import repeat

CONTENTS_MIN = 3  # sections, from which on a page lists them


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A key figure: what, how much, and a remark below."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlColumn:
    """A column of a table; numbers are set to the right, times are not broken into lines."""

    name: str
    is_number: bool = False
    is_time: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Words in a table that lead to an address."""

    text: str
    address: str


def paragraph(text: str) -> str:
    """A paragraph in the voice of the page."""
    return f'<p class="said">{escape(text)}</p>'


def command(text: str, typed: str) -> str:
    """A paragraph with a command to type after it."""
    return f'<p class="said">{escape(text)}</p><pre>{escape(typed)}</pre>'


def section(heading: str, *contents: str, kind: str = "") -> str:
    """A section of a page: its heading, which the list of contents leads to, and HTML below it."""
    named = f' class="{escape(kind)}"' if kind else ""
    opened = f'<section{named} id="{_anchor(heading)}">'
    return "\n".join([opened, f"<h2>{escape(heading)}</h2>", *filter(None, contents), "</section>"])


def contents(main: str) -> str:
    """The list of the sections of a page; nothing where there are few."""
    found = re.findall(r'<section[^>]* id="([^"]*)">\n<h2>(.*?)</h2>', main)
    if len(found) < CONTENTS_MIN:
        return ""
    items = "".join(f'<li><a href="#{anchor}">{heading}</a></li>' for anchor, heading in found)
    return f'<nav class="contents" aria-label="Contents"><ul>{items}</ul></nav>'


def side_by_side(*contents: str) -> str:
    """Pieces of HTML in two columns."""
    return f'<div class="pair">{"".join(contents)}</div>'


def key(entries: Iterable[tuple[str, str]], *, stroke: str = "", lead: str = "") -> str:
    """What the marks of a picture mean.

    Args:
        entries: words, and the shape that they explain, as SVG in a box of 20 by 20.
        stroke: SVG attributes of all shapes.
        lead: words in front.
    """
    first = f"<li>{escape(lead)}</li>" if lead else ""
    items = "".join(
        f'<li><svg viewBox="0 0 20 20" aria-hidden="true"{stroke and " " + stroke}>{shape}</svg>'
        f"{escape(words)}</li>"
        for words, shape in entries
    )
    return f'<ul class="key">{first}{items}</ul>'


def bullets(texts: Iterable[str]) -> str:
    """A list, or nothing where there are no texts."""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<ul class="notices">{items}</ul>' if items else ""


def tiles(each: Iterable[Tile]) -> str:
    """Key figures side by side."""
    return (
        '<dl class="tiles">'
        + "".join(
            f'<div><dt>{escape(tile.name)}</dt><dd><span class="value">{escape(tile.value)}</span>'
            f'<span class="remark">{escape(tile.remark)}</span></dd></div>'
            for tile in each
        )
        + "</dl>"
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values below one another."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs)
    return f'<dl class="origin">{rows}</dl>'


def folded(summary: str, content: str) -> str:
    """HTML that opens when its summary is touched; nothing where there is none."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>" if content else ""


def table(
    caption: str,
    columns: Sequence[HtmlColumn],
    rows: Iterable[Sequence[str | Link]],
    *,
    below: Iterable[str] | None = None,
) -> str:
    """A table whose first column names the row; on a phone every row becomes a card.

    Args:
        caption: above it.
        columns: of it.
        rows: texts, one for each column.
        below: HTML that stands below the text of the last cell of each row, as `folded` makes it.
    """
    more = repeat("") if below is None else below
    head = "".join(f'<th scope="col"{_class(column)}>{escape(column.name)}</th>' for column in columns)
    body = "".join(
        f"<tr>{_cells(columns, row, last)}</tr>" for row, last in zip(rows, more, strict=below is not None)
    )
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def figure(picture_id: str, alternative: str, caption: str) -> str:
    """The place of a picture, with words for those who cannot see it."""
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure>{picture_place(picture_id)} role="img" '
        f'aria-label="{escape(alternative)}"></div>{below}</figure>'
    )


def picture_place(picture_id: str) -> str:
    """How the place of a picture begins, in which the document draws it."""
    return f'<div class="picture" id="{escape(picture_id)}"'


def _anchor(heading: str) -> str:
    """What the address of a section ends in."""
    words = re.findall(r"[a-z0-9]+", heading.lower())
    return f"about-{'-'.join(words)}"


def _cells(columns: Sequence[HtmlColumn], row: Sequence[str | Link], below: str = "") -> str:
    """The cells of a row, the first of which is its head; HTML may stand below the text of the last one."""
    cells = []
    for place, (column, text) in enumerate(zip(columns, row, strict=True)):
        tag, scope = ("th", ' scope="row"') if place == 0 else ("td", "")
        name = escape(column.name)
        more = below if place == len(columns) - 1 else ""
        cells.append(
            f'<{tag}{scope}{_class(column)} data-column="{name}"><span>{_written(text)}</span>{more}</{tag}>'
        )
    return "".join(cells)


def _written(cell: str | Link) -> str:
    """The words of a cell."""
    if isinstance(cell, Link):
        return f'<a href="{escape(cell.address)}">{escape(cell.text)}</a>'
    return escape(cell)


def _class(column: HtmlColumn) -> str:
    """The class attribute of a column's cells."""
    if column.is_number:
        return ' class="number"'
    return ' class="when"' if column.is_time else ""
