"""Pictures in named rows as SVG: level bars, and maps of rows and periods."""

from html import escape
from typing import Any

import numpy as np

from gridpact.report.svg.elements import fill, number, percent, plain, stretched, stroke, text
from gridpact.report.svg.palette import css
from gridpact.report.svg.time_svg import LABEL_PX, TITLE_PX, Patterns, period_axis_svg, plot_height
from gridpact.report.svg.value_axis import ValueAxis, given_axis, value_axis

TICKS_MAX, ROOM, GRIDDED_PERIODS = 4, 0.05, 48
BESIDE_PX = 5.0
ROWS_TOGETHER, ROWS_OF_PART = 24, 15


def bars_svg(figure: dict[str, Any], picture: str, patterns: Patterns) -> str:
    """Level bars in named rows, beside one another or over one another."""
    layout, traces = figure["layout"], figure["data"]
    height = plot_height(layout)
    rows = round(layout["yaxis"]["range"][0] + 0.5)
    axis = _values(figure)
    title = plain(layout["xaxis"]["title"]["text"]) if layout["margin"]["b"] else []
    parts = [_grid(axis, height, title), row_names(layout["yaxis"], height)]
    grouped = layout.get("barmode", "group") == "group"
    room = 1.0 - layout.get("bargap", 0.25)
    for place, trace in enumerate(traces):
        wide = room / len(traces) if grouped else trace["width"]
        first = (1.0 - room) / 2.0 + wide * place if grouped else (1.0 - wide) / 2.0
        parts.append(_bars(trace, axis, height / rows, first, wide, picture, patterns))
    zero = percent(axis.share(0.0))
    parts.append(f'<line class="zero" x1="{zero}" x2="{zero}" y2="{number(height)}"/>')
    return "".join(parts)


def in_parts(figure: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Level bars in parts between which a page can break, each with its first row; the axis is the last's.

    Few rows stay together.
    """
    layout = figure["layout"]
    rows = round(layout["yaxis"]["range"][0] + 0.5)
    if rows <= ROWS_TOGETHER:
        return [(0, figure)]
    axis, row_px = _values(figure), plot_height(layout) / rows
    firsts = range(0, rows, ROWS_OF_PART)
    return [(first, _part(figure, axis, row_px, first, min(first + ROWS_OF_PART, rows))) for first in firsts]


def _part(figure: dict[str, Any], axis: ValueAxis, row_px: float, first: int, end: int) -> dict[str, Any]:
    """The rows from `first` to before `end`, on the axis of all."""
    layout = figure["layout"]
    margin, yaxis = layout["margin"], layout["yaxis"]
    is_last = end == round(yaxis["range"][0] + 0.5)
    names = [
        (tick - first, said)
        for tick, said in zip(yaxis["tickvals"], yaxis["ticktext"], strict=True)
        if first <= tick < end
    ]
    below = margin["b"] if is_last else 0
    ticks = {"range": [axis.low, axis.high], "tickvals": list(axis.ticks), "ticktext": list(axis.texts)}
    return {
        "data": [_rows_of(trace, first, end) for trace in figure["data"]],
        "layout": {
            **layout,
            "height": (end - first) * row_px + margin["t"] + below,
            "margin": {**margin, "b": below},
            "showlegend": layout.get("showlegend", True) and first == 0,
            "xaxis": {**layout["xaxis"], **ticks},
            "yaxis": {
                **yaxis,
                "range": [end - first - 0.5, -0.5],
                "tickvals": [tick for tick, _ in names],
                "ticktext": [said for _, said in names],
            },
        },
    }


def _rows_of(trace: dict[str, Any], first: int, end: int) -> dict[str, Any]:
    """A trace of level bars with some of its rows alone."""
    marker = trace["marker"]
    colours = marker["color"]
    cut: dict[str, Any] = {
        name: trace[name][first:end] for name in ("x", "y", "text", "hovertext") if name in trace
    }
    shown = colours[first:end] if isinstance(colours, list) else colours
    return {**trace, **cut, "marker": {**marker, "color": shown}}


def map_svg(figure: dict[str, Any]) -> str:
    """A map of rows and periods in shades."""
    layout, trace = figure["layout"], figure["data"][0]
    height = plot_height(layout)
    low, high = layout["xaxis"]["range"]
    periods, rows = high - low, len(trace["z"])
    shades = [colour for _, colour in trace["colorscale"]][::2]
    cells = "".join(
        f'<path d="{_cells(trace["z"], shade)}" fill="{css(colour)}"/>' for shade, colour in enumerate(shades)
    )
    lines = "".join(f"M0 {row}h{number(periods)}" for row in range(1, rows))
    if periods <= GRIDDED_PERIODS:
        lines += "".join(f"M{period} 0v{rows}" for period in range(1, round(periods)))
    between = f'<path class="between" d="{lines}"/>'
    return (
        stretched(periods, height, rows, cells + between)
        + row_names(layout["yaxis"], height)
        + period_axis_svg(layout["xaxis"], height, low, periods)
    )


def row_names(yaxis: dict[str, Any], height: float) -> str:
    """The names at the left of rows."""
    low, high = yaxis["range"]
    return "".join(
        text(plain(said), "-8", height * (tick - high) / (low - high) + 4.5, "end")
        for tick, said in zip(yaxis["tickvals"], yaxis["ticktext"], strict=True)
    )


def _values(figure: dict[str, Any]) -> ValueAxis:
    """The axis of values: as it is given, or so that all bars are seen."""
    xaxis = figure["layout"]["xaxis"]
    if "range" in xaxis and "tickvals" in xaxis:
        low, high = xaxis["range"]
        return given_axis(low, high, xaxis["tickvals"], xaxis["ticktext"])
    if "range" in xaxis:
        return value_axis(*xaxis["range"], ticks_max=TICKS_MAX)
    values = np.array([value for trace in figure["data"] for value in trace["x"] if value is not None])
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    room = ROOM * (high - low)
    return value_axis(low - room * (low < 0.0), high + room * (high > 0.0), ticks_max=TICKS_MAX)


def _grid(axis: ValueAxis, height: float, title: list[str]) -> str:
    """Upright lines, with their values and what they are below where that is given."""
    parts = []
    for tick, said in zip(axis.ticks, axis.texts, strict=True):
        x = percent(axis.share(tick))
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y2="{number(height)}"/>')
        if title:
            parts.append(text([said], x, height + LABEL_PX, "middle"))
    return "".join(parts) + (text(title, "50%", height + TITLE_PX, "middle title") if title else "")


def _bars(
    trace: dict[str, Any],
    axis: ValueAxis,
    row_px: float,
    first: float,
    wide: float,
    picture: str,
    patterns: Patterns,
) -> str:
    """The bars of one trace, with its texts at their ends."""
    values = [0.0 if value is None else value for value in trace["x"]]
    marker, zero = trace["marker"], axis.share(0.0)
    colours = marker["color"] if isinstance(marker["color"], list) else [marker["color"]] * len(values)
    shape, parts = marker.get("pattern", {}).get("shape", ""), []
    edge = f" {stroke(marker['line'])}" if "line" in marker else ""
    for row, (value, colour) in enumerate(zip(values, colours, strict=True)):
        low, high = sorted([zero, axis.share(value)])
        parts.append(
            f'<rect x="{percent(low)}" y="{number((row + first) * row_px, 1)}" width="{percent(high - low)}" '
            f'height="{number(wide * row_px, 1)}" {fill(colour, shape, patterns, picture)}{edge}/>'
        )
    middle = first + wide / 2.0
    for row, said in enumerate(trace.get("text", [])):
        at = percent(axis.share(max(values[row], 0.0)))  # what is below zero leaves room at its right
        y = number((row + middle) * row_px + 4.0, 1)
        words = escape("".join(plain(said)))
        parts.append(f'<text class="small" x="{at}" dx="{number(BESIDE_PX)}" y="{y}">{words}</text>')
    return "".join(parts)


def _cells(shades: list[list[int | None]], shade: int) -> str:
    """The boxes of one shade: a run of periods of a row is one box."""
    parts = []
    for row, line in enumerate(shades):
        here = np.concatenate([[0], np.array([each == shade for each in line], dtype=np.int64), [0]])
        for first, end in np.flatnonzero(np.diff(here)).reshape(-1, 2).tolist():
            parts.append(f"M{first} {row}h{end - first}v1H{first}z")
    return "".join(parts)
