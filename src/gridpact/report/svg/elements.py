"""Elements: the texts, boxes and lines that pictures are made of, as SVG; every text is escaped here."""

from collections.abc import Sequence
from html import escape, unescape
from typing import Any

from gridpact.report.svg.palette import css

DASHES = {"solid": "", "dot": "2 3", "dash": "9 5", "dashdot": "9 4 2 4"}
LINE_PX = 16.0
PATTERN_PX = 8


def number(value: float, decimals: int = 2) -> str:
    """A number as short as it can be written."""
    text = f"{round(float(value), decimals) + 0.0:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """A share of the width."""
    return f"{number(100.0 * share, 3)}%"


def plain(markup: str) -> list[str]:
    """The lines of a text of a figure, whose names are escaped, as they are read."""
    return [unescape(line.replace("<b>", "").replace("</b>", "")) for line in markup.split("<br>")]


def text(lines: Sequence[str], x: str, y: float, kind: str) -> str:
    """A text of one line or several, below one another from a height on."""
    first, *rest = lines
    more = "".join(f'<tspan x="{x}" dy="{number(LINE_PX)}">{escape(line)}</tspan>' for line in rest)
    return f'<text class="{kind}" x="{x}" y="{number(y)}">{escape(first)}{more}</text>'


def stretched(width: float, height_px: float, viewed_height: float, content: str) -> str:
    """Lines and areas that are drawn in places and stretched to the width of the picture.

    Args:
        width: places side by side.
        height_px: of the picture.
        viewed_height: what the height is in the units of the content.
        content: SVG elements.
    """
    box = f"0 0 {number(width)} {number(viewed_height)}"
    return (
        f'<svg width="100%" height="{number(height_px)}" viewBox="{box}" preserveAspectRatio="none">'
        f"{content}</svg>"
    )


def path(steps: Sequence[tuple[float | None, float | None]]) -> str:
    """The data of a path through points, broken where there is none."""
    parts: list[str] = []
    before: tuple[str, str] | None = None
    for x, y in steps:
        if x is None or y is None:
            before = None
            continue
        point = number(x, 3), number(y, 1)
        if before is None:
            parts.append(f"M{point[0]} {point[1]}")
        elif point[1] == before[1]:
            parts.append(f"H{point[0]}")
        elif point[0] == before[0]:
            parts.append(f"V{point[1]}")
        else:
            parts.append(f"L{point[0]} {point[1]}")
        before = point
    return "".join(parts)


def stroke(line: dict[str, Any]) -> str:
    """The attributes of a line that is as wide on any screen."""
    dash = DASHES[line.get("dash", "solid")]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="{css(line["color"])}" stroke-width="{number(line["width"])}"{dashed}'


def fill(colour: str, shape: str, patterns: dict[tuple[str, str], str], picture: str) -> str:
    """The attribute of an area in a colour, hatched in a shape; hatchings are kept in `patterns` by id."""
    if not shape:
        return f'fill="{css(colour)}"'
    name = patterns.setdefault((colour, shape), f"{picture}-hatch-{len(patterns)}")
    return f'fill="url(#{escape(name)})"'


def hatchings(patterns: dict[tuple[str, str], str]) -> str:
    """The definitions of hatchings: a colour, with marks of the paper's colour."""
    half, size = PATTERN_PX / 2, PATTERN_PX
    marks = {
        "/": f'<path d="M-1 1l2-2M0 {size}L{size} 0M{size - 1} {size + 1}l2-2"/>',
        "\\": f'<path d="M-1 {size - 1}l2 2M0 0L{size} {size}M{size - 1}-1l2 2"/>',
        "x": f'<path d="M0 0L{size} {size}M0 {size}L{size} 0"/>',
        ".": f'<path d="M{half} {half}v.01" stroke-linecap="round" stroke-width="3"/>',
    }
    found = "".join(
        f'<pattern id="{escape(name)}" width="{size}" height="{size}" patternUnits="userSpaceOnUse">'
        f'<rect width="{size}" height="{size}" fill="{css(colour)}"/>'
        f'<g stroke="var(--paper)" stroke-width="1.4">{marks[shape]}</g></pattern>'
        for (colour, shape), name in patterns.items()
    )
    return f"<defs>{found}</defs>" if found else ""
