"""Traces: the parts that pictures over time are made of, as plotly takes them and `svg/` draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.shell.numbers import short

Picture = dict[str, Any]

INK, PALE, GRID, BAND, BAND_EDGE = "#1f2933", "#52606d", "#e4e7eb", "#cfe3f1", "#8db8d6"
GREEN, BLUE, GREY, ORANGE, RED = "#009e73", "#0072b2", "#84919e", "#d17b00", "#b42318"
SAND, PAPER = "#a89256", "#ffffff"
FONT = {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif", "size": 14}
HEIGHT_PX = 340
GAPLESS_PERIODS = 48
GAP_MAX, GAP_PER_PERIOD = 0.15, 0.006  # a gap of few periods is as narrow as one of many
VALUE_DECIMALS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitMark:
    """A limit in a picture: a line, or words at the edge where it is far from everything drawn."""

    text: str
    value: float
    is_upper: bool
    is_far: bool


def empty_picture() -> Picture:
    """A picture of nothing, for which the page has words instead."""
    return {"data": [], "layout": {}}


def shared_layout(**more: Any) -> dict[str, Any]:
    """The look that all pictures share."""
    font = {**FONT, "color": INK}
    return {
        "font": font,
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "dragmode": False,
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": PALE, "align": "left", "font": font},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        **more,
    }


def time_layout(axis: PeriodAxis, y_title: str, *, height: int = HEIGHT_PX) -> dict[str, Any]:
    """The layout of a picture over the periods of an axis."""
    has_dates_below = any("<br>" in text for text in axis.tick_texts)
    return shared_layout(
        height=height,
        margin={"l": 62, "r": 26, "t": 12, "b": 72 if has_dates_below else 52},
        barmode="stack",
        bargap=min(GAP_MAX, GAP_PER_PERIOD * len(axis)) if len(axis) <= GAPLESS_PERIODS else 0.0,
        hovermode="x",
        hoverdistance=-1,
        xaxis={
            "range": [-0.5, len(axis) - 0.5],
            "tickvals": axis.tick_positions,
            "ticktext": axis.tick_texts,
            "tickangle": 0,
            "ticks": "outside",
            "title": {"text": escape(axis.title), "standoff": 8, "font": FONT},
            "showgrid": False,
            "zeroline": False,
            "linecolor": PALE,
            "showline": True,
            "fixedrange": True,
        },
        yaxis={
            "title": {"text": y_title, "standoff": 6, "font": FONT},
            "rangemode": "tozero",
            "gridcolor": GRID,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
        },
    )


def bars(name: str, kw: Float, colour: str, pattern: str) -> dict[str, Any]:
    """A layer of a stack, one bar per period, told apart by its pattern as well as by its colour."""
    return {
        "type": "bar",
        "name": name,
        "y": short(kw),
        "hoverinfo": "skip",
        "marker": {
            "color": colour,
            "line": {"width": 0.5 if len(kw) <= GAPLESS_PERIODS else 0, "color": PAPER},
            "pattern": {
                "shape": pattern,
                "bgcolor": colour,
                "fgcolor": PAPER,
                "size": 7,
                "solidity": 0.2,
            },
        },
    }


def hover(at: Float, axis: PeriodAxis, lines: Sequence[Sequence[str]]) -> dict[str, Any]:
    """An invisible mark per period that carries all that is to be said about it.

    Args:
        at: height of the mark, NaN where nothing is drawn, (T,).
        axis: of T periods.
        lines: what follows the period's label, (T, any).
    """
    known = at[np.isfinite(at)]
    return {
        "type": "scatter",
        "mode": "markers",
        "marker": {"opacity": 0, "size": 1},
        "x": list(range(len(axis))),
        "y": short(np.where(np.isfinite(at), at, known.min(initial=known.max(initial=0.0)))),
        "hoverinfo": "text",
        "hovertext": [
            "<br>".join([f"<b>{escape(label)}</b>", *map(escape, said)])
            for label, said in zip(axis.labels, lines, strict=True)
        ],
        "showlegend": False,
    }


def steps(values: Float, name: str, colour: str, *, width: float, dash: str = "solid") -> dict[str, Any]:
    """A line that is level over each period and broken where there is no value; no name, no legend."""
    x: list[float | None] = []
    y: list[float | None] = []
    for first, end in _runs(np.isfinite(values)):
        x += [*_borders(first, end), None]
        y += [*np.repeat(np.round(values[first:end], VALUE_DECIMALS), 2).tolist(), None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "line": {"color": colour, "width": width, "dash": dash},
        "hoverinfo": "skip",
        "showlegend": bool(name),
    }


def band(low: Float, high: Float, name: str) -> dict[str, Any]:
    """The area between two stepped lines, one polygon per run of periods that have values."""
    x: list[float | None] = []
    y: list[float | None] = []
    for first, end in _runs(np.isfinite(low)):
        there = _borders(first, end)
        upper = np.repeat(np.round(high[first:end], VALUE_DECIMALS), 2).tolist()
        lower = np.repeat(np.round(low[first:end], VALUE_DECIMALS), 2).tolist()
        x += [*there, *there[::-1], None]
        y += [*upper, *lower[::-1], None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": y,
        "fill": "toself",
        "fillcolor": BAND,
        "line": {"width": 1, "color": BAND_EDGE},
        "hoverinfo": "skip",
    }


def marked(layout: dict[str, Any], marks: Sequence[LimitMark], known: Bool) -> dict[str, Any]:
    """The layout with its limits, and with the periods, (T,), shaded in which nothing is known."""
    parts = (_unknown_marks(known), _limit_marks(marks))
    return layout | {
        name: [mark for part in parts for mark in part[name]] for name in ("shapes", "annotations")
    }


def _limit_marks(marks: Sequence[LimitMark]) -> dict[str, Any]:
    """Lines at limits that are near, and their names."""
    line = {"color": RED, "width": 1.5, "dash": "dashdot"}
    shapes = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": mark.value, "y1": mark.value, "line": line}
        for mark in marks
        if not mark.is_far
    ]
    return {"shapes": shapes, "annotations": [_note(mark) for mark in marks]}


def _unknown_marks(known: Bool) -> dict[str, Any]:
    """Grey boxes over the periods without a power-flow solution."""
    runs = _runs(~known)
    shapes = [
        {
            "type": "rect",
            "yref": "paper",
            "x0": first - 0.5,
            "x1": end - 0.5,
            "y0": 0,
            "y1": 1,
            "fillcolor": GRID,
            "line": {"width": 0},
            "layer": "below",
        }
        for first, end in runs
    ]
    words = [
        {
            "text": "no<br>solution",
            "x": (first + end - 1) / 2,
            "yref": "paper",
            "y": 0.5,
            "showarrow": False,
        }
        for first, end in runs[:1]
    ]
    return {"shapes": shapes, "annotations": words}


def _note(mark: LimitMark) -> dict[str, Any]:
    """The name of a limit, with an arrow where it is beyond the picture."""
    arrow = ("↑ " if mark.is_upper else "↓ ") if mark.is_far else ""
    place = {"yref": "paper", "y": 1.0 if mark.is_upper else 0.0} if mark.is_far else {"y": mark.value}
    return {
        "text": escape(arrow + mark.text),
        "xref": "paper",
        "x": 1.0,
        "xanchor": "right",
        "yanchor": "bottom" if mark.is_upper != mark.is_far else "top",
        "showarrow": False,
        "font": {"color": RED},
        "bgcolor": "rgba(255,255,255,0.8)",
        **place,
    }


def _runs(known: Bool) -> list[list[int]]:
    """First index and end of each run of true values."""
    edges = np.diff(np.concatenate([[0], known.astype(np.int64), [0]]))
    runs: list[list[int]] = np.flatnonzero(edges).reshape(-1, 2).tolist()
    return runs


def _borders(first: int, end: int) -> list[float]:
    """Both borders of each period of a run, in order."""
    borders: list[float] = np.repeat(np.arange(first, end + 1) - 0.5, 2)[1:-1].tolist()
    return borders
