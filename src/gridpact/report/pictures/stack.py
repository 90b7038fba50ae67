"""Stack: powers over time as bars on one another."""

from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Float
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.traces import Picture, bars, empty_picture, hover, time_layout

NEGLIGIBLE_KW = 5e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of a stack: mean power of each period, (T,)."""

    name: str
    kw: Float
    colour: str
    pattern: str = ""


def stack(
    axis: PeriodAxis, y_title: str, *layers: Layer, y_range: tuple[float, float] | None = None
) -> Picture:
    """Bars on one another, without the layers that are zero throughout; empty where all of them are.

    Args:
        axis: of the periods.
        y_title: what the bars are, with its unit.
        layers: the lowest first.
        y_range: from where to where the axis goes, to have one scale for several stacks.
    """
    shown = [each for each in layers if np.abs(each.kw).max(initial=0.0) > NEGLIGIBLE_KW]
    if not shown:
        return empty_picture()
    total = np.sum([each.kw for each in shown], axis=0)
    lines = [
        [*(f"{each.name}: {each.kw[period]:.3f} kW" for each in shown), f"Together: {total[period]:.3f} kW"]
        for period in range(len(axis))
    ]
    data = [bars(each.name, each.kw, each.colour, each.pattern) for each in shown]
    layout = time_layout(axis, y_title)
    if y_range is not None:
        layout["yaxis"]["range"] = list(y_range)
    return {"data": [*data, hover(total, axis, lines)], "layout": layout}
