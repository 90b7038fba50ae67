"""Named rows: the layout of level bars, one row for each name."""

from html import escape
from typing import Any

from gridpact.report.pictures.traces import FONT, GRID, PALE, PAPER, shared_layout

TOP_PX, BOTTOM_PX, LEGEND_PX = 12, 56, 6


def rows_layout(names: list[str], title: str, *, height: int) -> dict[str, Any]:
    """The layout of level bars in named rows, the first on top."""
    layout = shared_layout(
        height=height,
        margin={"l": 20, "r": 14, "t": TOP_PX, "b": BOTTOM_PX},
        barmode="group",
        bargap=0.25,
        hovermode="closest",
        xaxis={
            "title": {"text": escape(title), "standoff": 8, "font": FONT},
            "gridcolor": GRID,
            "zeroline": True,
            "zerolinecolor": PALE,
            "zerolinewidth": 1.5,
            "nticks": 5,
            "tickangle": 0,
            "fixedrange": True,
        },
        yaxis={
            "range": [len(names) - 0.5, -0.5],
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
            "ticks": "outside",
            "ticklen": 4,
            "tickcolor": PAPER,
        },
    )
    layout["legend"] |= {"y": 1.0 + LEGEND_PX / height}
    return layout
