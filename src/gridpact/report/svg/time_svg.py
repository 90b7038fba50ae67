"""Pictures over time as SVG: stacked bars, stepped lines, bands and limits, periods side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridpact.arrays import Float
from gridpact.report.pictures.traces import RED
from gridpact.report.svg.elements import number, path, percent, plain, stretched, stroke, text
from gridpact.report.svg.legend import bar_fill
from gridpact.report.svg.palette import css
from gridpact.report.svg.value_axis import ValueAxis, value_axis

BARS_MAX = 120  # that stand apart and are hatched; more are areas
PX_PER_TICK = 46.0
TICK_PX, LABEL_PX, TITLE_PX, LINE_PX = 5.0, 19.0, 40.0, 16.0
CHARACTERS_MAX = 6  # of values at the left, beyond which they need more room
ROOM = 0.06  # above the highest value
Patterns = dict[tuple[str, str], str]


def time_svg(figure: dict[str, Any], picture: str, patterns: Patterns) -> tuple[str, bool]:
    """A figure over T periods, whose width is that of the page, and whether it needs more room at its left.

    Args:
        figure: with the traces and the layout of `pictures/traces.py`.
        picture: its id.
        patterns: to which hatchings are added.
    """
    layout = figure["layout"]
    height = plot_height(layout)
    low, high = layout["xaxis"]["range"]
    periods = high - low
    axis = _values(figure, height)
    parts = [_behind(layout, low, periods, height), grid_lines(axis, height)]
    base = np.zeros(round(periods))
    for trace in figure["data"]:
        if trace["type"] == "bar":
            values = np.array([0.0 if value is None else value for value in trace["y"]], dtype=np.float64)
            parts.append(_bars(trace, base, values, axis, height, layout, picture, patterns))
            base = base + values
        elif trace.get("mode") == "lines":
            parts.append(_lines(trace, low, periods, axis, height))
    parts += [_limits(layout, axis, height), period_axis_svg(layout["xaxis"], height, low, periods)]
    parts += [_note(note, axis, height, low, periods) for note in layout.get("annotations", [])]
    title = plain(layout["yaxis"].get("title", {}).get("text", ""))
    content = "".join(parts) + text(title, "-3.4em", -15.0, "title")
    return content, max(map(len, axis.texts), default=0) > CHARACTERS_MAX


def plot_height(layout: dict[str, Any]) -> float:
    """The height between the axes, px."""
    margin = layout["margin"]
    return float(layout["height"] - margin["t"] - margin["b"])


def grid_lines(axis: ValueAxis, height: float) -> str:
    """Level lines with their values at the left; stronger at zero where values go below it."""
    parts = []
    for tick, said in zip(axis.ticks, axis.texts, strict=True):
        y = height * (1.0 - axis.share(tick))
        kind = "zero" if tick == 0.0 and axis.low < 0.0 else "grid"
        parts.append(f'<line class="{kind}" x2="100%" y1="{number(y)}" y2="{number(y)}"/>')
        parts.append(text([said], "-8", y + 4.5, "end"))
    return "".join(parts)


def period_axis_svg(xaxis: dict[str, Any], height: float, low: float, periods: float) -> str:
    """The line under the periods with its ticks and title."""
    bottom = number(height)
    parts = [f'<line class="axis" x2="100%" y1="{bottom}" y2="{bottom}"/>']
    lines = 1
    for tick, said in zip(xaxis["tickvals"], xaxis["ticktext"], strict=True):
        x, words = percent((tick - low) / periods), plain(said)
        lines = max(lines, len(words))
        parts.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{bottom}" y2="{number(height + TICK_PX)}"/>')
        parts.append(text(words, x, height + LABEL_PX, "middle"))
    title = plain(xaxis["title"]["text"])
    below = height + TITLE_PX + (lines - 1) * LINE_PX
    return "".join(parts) + text(title, "50%", below, "middle title")


def _values(figure: dict[str, Any], height: float) -> ValueAxis:
    """The axis of values: as it is given, or so that all values are seen."""
    yaxis = figure["layout"]["yaxis"]
    ticks_max = max(2, int(height / PX_PER_TICK))
    if "range" in yaxis:
        low, high = yaxis["range"]
    else:
        low, high = _reach(figure["data"], to_zero=yaxis.get("rangemode") == "tozero")
    return value_axis(low, high, ticks_max=ticks_max, step_min=yaxis.get("dtick", 0.0))


def _reach(traces: Sequence[dict[str, Any]], *, to_zero: bool) -> tuple[float, float]:
    """From the least to the greatest value that is drawn, with room above."""
    bars = [trace["y"] for trace in traces if trace["type"] == "bar"]
    lines = [trace["y"] for trace in traces if trace["type"] != "bar"]
    tops = np.cumsum(np.array(bars, dtype=np.float64), axis=0).ravel().tolist() if bars else []
    found = np.array([*tops, *(value for line in lines for value in line if value is not None)])
    low, high = float(found.min(initial=np.inf)), float(found.max(initial=-np.inf))
    if not np.isfinite(low):
        return 0.0, 1.0
    if to_zero or bars:
        low, high = min(low, 0.0), max(high, 0.0)
    room = ROOM * (high - low)
    return (low if low == 0.0 else low - room), (high if high == 0.0 and low < 0.0 else high + room)


def _bars(
    trace: dict[str, Any],
    base: Float,
    values: Float,
    axis: ValueAxis,
    height: float,
    layout: dict[str, Any],
    picture: str,
    patterns: Patterns,
) -> str:
    """One layer of a stack: a box a period, or one area where there are many periods."""
    count = len(values)
    top = height * (1.0 - np.array([axis.share(value) for value in (base + values).tolist()]))
    bottom = height * (1.0 - np.array([axis.share(value) for value in base.tolist()]))
    if count > BARS_MAX:
        area = "".join(
            f"M{place} {number(low, 1)}h1V{number(high, 1)}h-1z"
            for place, low, high in zip(range(count), bottom.tolist(), top.tolist(), strict=True)
            if round(low, 1) != round(high, 1)
        )
        colour = css(trace["marker"]["color"])
        return stretched(count, height, height, f'<path d="{area}" fill="{colour}"/>')
    gap = layout.get("bargap", 0.0)
    width = percent((1.0 - gap) / count)
    boxes = "".join(
        f'<rect x="{percent((place + gap / 2.0) / count)}" y="{number(min(low, high), 1)}" width="{width}" '
        f'height="{number(abs(low - high), 1)}"/>'
        for place, low, high in zip(range(count), bottom.tolist(), top.tolist(), strict=True)
        if abs(low - high) > 0.0
    )
    edge = ' class="bars"' if gap else ""
    return f"<g{edge} {bar_fill(trace, picture, patterns)}>{boxes}</g>"


def _lines(trace: dict[str, Any], low: float, periods: float, axis: ValueAxis, height: float) -> str:
    """A line, or the area that it goes around."""
    points = [
        (None, None) if x is None or y is None else (x - low, height * (1.0 - axis.share(y)))
        for x, y in zip(trace["x"], trace["y"], strict=True)
    ]
    area = css(trace["fillcolor"]) if trace.get("fill") else "none"
    drawn = f'<path class="line" d="{path(points)}" fill="{area}" {stroke(trace["line"])}/>'
    return stretched(periods, height, height, drawn)


def _behind(layout: dict[str, Any], low: float, periods: float, height: float) -> str:
    """The periods in which nothing is known."""
    return "".join(
        f'<rect x="{percent((shape["x0"] - low) / periods)}" y="0" height="{number(height)}" '
        f'width="{percent((shape["x1"] - shape["x0"]) / periods)}" fill="{css(shape["fillcolor"])}"/>'
        for shape in layout.get("shapes", [])
        if shape["type"] == "rect"
    )


def _limits(layout: dict[str, Any], axis: ValueAxis, height: float) -> str:
    """Level lines over all periods."""
    parts = []
    for shape in layout.get("shapes", []):
        if shape["type"] == "line":
            y = number(height * (1.0 - axis.share(shape["y0"])))
            parts.append(f'<line x2="100%" y1="{y}" y2="{y}" {stroke(shape["line"])}/>')
    return "".join(parts)


def _note(note: dict[str, Any], axis: ValueAxis, height: float, low: float, periods: float) -> str:
    """Words in a picture: beside a limit at the right, or in the middle of what is not known."""
    words = plain(note["text"])
    if note.get("xref") != "paper":
        return text(words, percent((note["x"] - low) / periods), height / 2.0 - 4.0, "middle note")
    share = note["y"] if note.get("yref") == "paper" else axis.share(note["y"])
    y = height * (1.0 - share) + (-5.0 if note["yanchor"] == "bottom" else 15.0)
    kind = "end note limit" if note["font"]["color"] == RED else "end note"
    return text(words, "100%", y, kind)
