"""Pictures of a comparison: what clears and what the limits carry over time, and the change of each."""

from html import escape
from typing import Any

import numpy as np

from gridpact.arrays import Float
from gridpact.comparison.compared_result import ComparedResult
from gridpact.comparison.comparison_words import LIMIT_WORDS, by_difference, column_names, signed
from gridpact.comparison.result_comparison import ResultComparison
from gridpact.fields.said import shortened
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.traces import (
    BLUE,
    FONT,
    GREY,
    GRID,
    ORANGE,
    PALE,
    Picture,
    empty_picture,
    hover,
    shared_layout,
    steps,
    time_layout,
)
from gridpact.report.shell.numbers import short

ENDS_SHOWN = 15
ROW_PX, AROUND_PX = 24, 90
LABEL_CHARACTERS = 16
FIRST_PX, SECOND_PX = 8.0, 2.2
HEIGHT_PX = 280


def cleared_picture(comparison: ResultComparison, axis: PeriodAxis) -> Picture:
    """Power that clears in each period."""
    return _over_time(comparison, axis, "kW", [_cleared_kw(each) for each in _both(comparison)])


def import_picture(comparison: ResultComparison, axis: PeriodAxis) -> Picture:
    """Power drawn from the supply in each period, below zero where the network feeds back."""
    values = [each.network_import_kw for each in _both(comparison)]
    return _over_time(comparison, axis, "kW", values)


def limit_picture(comparison: ResultComparison, axis: PeriodAxis, kind: str) -> Picture:
    """The worst value of a kind of limit in each period."""
    _, unit, decimals = LIMIT_WORDS[kind]
    nothing = np.full(len(axis), np.nan)
    values = [each.worst[kind].by_period if kind in each.worst else nothing for each in _both(comparison)]
    picture = _over_time(comparison, axis, unit, values, decimals)
    if unit == "pu":
        picture["layout"]["yaxis"]["rangemode"] = "normal"
    return picture


def change_picture(comparison: ResultComparison) -> tuple[Picture, int]:
    """By how much participants trade more and less, the greatest changes, and how many are left out."""
    more, less = by_difference(comparison, "traded")
    shown = [*more[:ENDS_SHOWN], *reversed(less[:ENDS_SHOWN])]
    if not shown:
        return empty_picture(), 0
    table = comparison.table.iloc[shown]
    kwh = table["traded_difference_kwh"].to_numpy(np.float64)
    names = table["participant"].tolist()
    rows = [
        "<br>".join(
            [
                f"<b>{escape(row['participant'])}</b>",
                f"Traded: {signed(row['traded_difference_kwh'], 3)} kWh",
                f"Sold: {signed(row['sold_difference_kwh'], 3)} kWh",
                f"Bought: {signed(row['bought_difference_kwh'], 3)} kWh",
                f"Cut: {row['cut_first_kwh']:.3f} kWh, then {row['cut_second_kwh']:.3f} kWh",
            ]
        )
        for row in table.to_dict("records")
    ]
    data = {
        "type": "bar",
        "orientation": "h",
        "x": short(kwh),
        "y": list(range(len(shown))),
        "marker": {"color": [BLUE if value > 0.0 else ORANGE for value in kwh.tolist()]},
        "hoverinfo": "text",
        "hovertext": rows,
        "textposition": "none",
        "showlegend": False,
    }
    return {"data": [data], "layout": _change_layout(names)}, len(more) + len(less) - len(shown)


def _change_layout(names: list[str]) -> dict[str, Any]:
    """A row for each participant."""
    return shared_layout(
        height=ROW_PX * len(names) + AROUND_PX,
        margin={"l": 20, "r": 26, "t": 12, "b": 52},
        bargap=0.25,
        hovermode="closest",
        xaxis={
            "title": {"text": "More or less traded (kWh)", "standoff": 8, "font": FONT},
            "gridcolor": GRID,
            "zerolinecolor": PALE,
            "fixedrange": True,
            "nticks": 8,
        },
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": [escape(shortened(name, LABEL_CHARACTERS)) for name in names],
            "range": [len(names) - 0.5, -0.5],
            "fixedrange": True,
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        },
    )


def _over_time(
    comparison: ResultComparison,
    axis: PeriodAxis,
    unit: str,
    values: list[Float],
    decimals: int = 3,
) -> Picture:
    """Both results as lines: the first broad and grey, the second narrow and blue upon it."""
    first, second = values
    names = column_names(comparison)
    if not (np.isfinite(first).any() or np.isfinite(second).any()):
        return empty_picture()
    said = [
        [f"{name}: {value:.{decimals}f} {unit}" if np.isfinite(value) else f"{name}: not known"
         for name, value in zip(names, pair, strict=True)]
        for pair in zip(first.tolist(), second.tolist(), strict=True)
    ]  # fmt: skip
    return {
        "data": [
            steps(first, escape(names[0]), GREY, width=FIRST_PX),
            steps(second, escape(names[1]), BLUE, width=SECOND_PX),
            hover(np.fmax(first, second), axis, said),
        ],
        "layout": time_layout(axis, unit, height=HEIGHT_PX),
    }


def _cleared_kw(result: ComparedResult) -> Float:
    total: Float = result.flows["p2p_sold_kw"].sum(axis=1)
    return total


def _both(comparison: ResultComparison) -> tuple[ComparedResult, ComparedResult]:
    return comparison.first, comparison.second
