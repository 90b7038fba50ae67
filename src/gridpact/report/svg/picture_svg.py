"""A picture as SVG in HTML, and what is said where it is touched.

Its width is that of its place and its texts have the size of the page's: positions along the width are
shares of it, those along the height are pixels. So it needs no script, on a phone or on paper.
"""

from collections.abc import Mapping
from typing import Any

from gridpact.report.shell.document import DrawnPicture
from gridpact.report.svg.elements import hatchings, number
from gridpact.report.svg.legend import legend
from gridpact.report.svg.row_svg import bars_svg, in_parts, map_svg
from gridpact.report.svg.time_svg import Patterns, plot_height, time_svg


def drawn_pictures(figures: Mapping[str, dict[str, Any]]) -> dict[str, DrawnPicture]:
    """Pictures drawn, by the ids of their places; those without data are left out."""
    return {name: drawn_picture(figure, name) for name, figure in figures.items() if figure["data"]}


def drawn_picture(figure: dict[str, Any], picture: str) -> DrawnPicture:
    """A picture drawn: its key, and the SVG below it.

    Args:
        figure: data and layout as `pictures/` makes them, which plotly takes too.
        picture: the id of its place in the page, which the ids of its hatchings begin with.
    """
    parts = in_parts(figure) if figure["data"][0].get("orientation") == "h" else [(0, figure)]
    html = "".join(
        _part(part, first, picture if not first else f"{picture}-{first}") for first, part in parts
    )
    return DrawnPicture(html=html, said=_said(figure))


def _part(figure: dict[str, Any], first: int, name: str) -> str:
    """A picture, or the rows of one from `first` on; ids in it begin with `name`."""
    patterns: Patterns = {}
    shown = legend(figure, name, patterns)
    kind, content = _drawn(figure, name, patterns)
    margin, height = figure["layout"]["margin"], plot_height(figure["layout"])
    opened = (
        f'<div class="plot {kind}"><svg width="100%" height="{number(height + margin["b"])}" '
        f'data-touch="{kind.split()[0]}" data-height="{number(height)}" data-first="{first}" '
        f"data-{_places(figure, kind)}>"
    )
    return f"{shown}{opened}{hatchings(patterns)}{content}</svg></div>"


def _drawn(figure: dict[str, Any], picture: str, patterns: Patterns) -> tuple[str, str]:
    """The kind of a picture, and its SVG."""
    first = figure["data"][0]
    if first["type"] == "heatmap":
        return "map", map_svg(figure)
    if first.get("orientation") == "h":
        return "rows", bars_svg(figure, picture, patterns)
    content, is_long = time_svg(figure, picture, patterns)
    return "time long" if is_long else "time", content


def _places(figure: dict[str, Any], kind: str) -> str:
    """How many places there are along the width or along the height, as attributes."""
    low, high = figure["layout"]["xaxis"]["range"] if kind != "rows" else (0, 0)
    rows = (
        ""
        if kind.startswith("time")
        else f' data-rows="{round(figure["layout"]["yaxis"]["range"][0] + 0.5)}"'
    )
    return f'periods="{round(high - low)}"{rows}'


def _said(figure: dict[str, Any]) -> list[str]:
    """What is said of each place, names escaped; of several traces those that differ, below one another."""
    texts = [trace["hovertext"] for trace in figure["data"] if "hovertext" in trace]
    return ["<br>".join(dict.fromkeys(place)) for place in zip(*texts, strict=True)]
