"""Pictures over time: load, generation, voltage and loading, as plotly.js draws them.

Every picture has one trace of its own for hovering, with one text per period, so that whatever is under the
finger the reader gets all of that period at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.places import places
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.period_extremes import Extremes, extremes
from gridpact.report.pictures.stack import Layer, stack
from gridpact.report.pictures.traces import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    SAND,
    LimitMark,
    Picture,
    band,
    empty_picture,
    hover,
    marked,
    steps,
    time_layout,
)
from gridpact.results.clearance import Clearance
from gridpact.results.words.phrases import significant
from gridpact.results.words.place_words import loading_places, voltage_places

SPAN_MIN_PU, FINE_SPAN_PU, REACH = 0.02, 0.005, 3.0
LOADING_SHARE = 0.3
TOP_MIN_PERCENT = 1.0
PHASE_HEIGHT_PX = 230
UNKNOWN = "no power-flow solution"


def load_picture(clearance: Clearance, axis: PeriodAxis) -> Picture:
    """Load of all participants by where it is served from."""
    dispatch = clearance.dispatch
    return stack(
        axis,
        "Load (kW)",
        Layer(name="Own generation", kw=dispatch.own_use_kw.sum(axis=1), colour=GREEN),
        Layer(name="Peers (P2P)", kw=dispatch.p2p_bought_kw.sum(axis=1), colour=BLUE, pattern="/"),
        Layer(name="Retailer", kw=dispatch.retail_import_kw.sum(axis=1), colour=GREY),
        Layer(name="Not bought (elastic)", kw=dispatch.unserved_kw.sum(axis=1), colour=SAND, pattern="."),
    )


def generation_picture(clearance: Clearance, axis: PeriodAxis) -> Picture:
    """Generation of all participants by where it goes."""
    dispatch = clearance.dispatch
    return stack(
        axis,
        "Generation (kW)",
        Layer(name="Own use", kw=dispatch.own_use_kw.sum(axis=1), colour=GREEN),
        Layer(name="Sold to peers (P2P)", kw=dispatch.p2p_sold_kw.sum(axis=1), colour=BLUE, pattern="/"),
        Layer(name="Exported to the retailer", kw=dispatch.retail_export_kw.sum(axis=1), colour=GREY),
        Layer(name="Curtailed", kw=dispatch.curtailed_kw.sum(axis=1), colour=ORANGE, pattern="x"),
    )


def voltage_picture(clearance: Clearance, axis: PeriodAxis, phase: str = "") -> Picture:
    """The band of bus voltages over time, that of the baseline, and the limits.

    Of one phase in a three-phase network, whose pictures have one scale.
    """
    limits, network = clearance.case.limits, clearance.network
    chosen = np.array([each == phase for each in places(network).voltage_phase], dtype=np.bool_)
    ids = voltage_places(network)[chosen]
    found = extremes(clearance.operation.voltage_pu[:, chosen], ids)
    base = extremes(clearance.baseline.voltage_pu[:, chosen], ids)
    bottom, top = _span(clearance.operation.voltage_pu.ravel(), clearance.baseline.voltage_pu.ravel())
    reach = REACH * max(top - bottom, SPAN_MIN_PU)
    lower, upper = limits.voltage_min_pu, limits.voltage_max_pu
    marks = [
        LimitMark(text=f"Limit {lower:g} pu", value=lower, is_upper=False, is_far=bottom - lower > reach),
        LimitMark(text=f"Limit {upper:g} pu", value=upper, is_upper=True, is_far=upper - top > reach),
    ]
    near = [mark.value for mark in marks if not mark.is_far]
    bottom, top = min([bottom, *near]), max([top, *near])
    margin = 0.18 * max(top - bottom, 0.002)
    layout = time_layout(axis, "Voltage (pu)")
    if phase:
        layout |= {"height": PHASE_HEIGHT_PX, "showlegend": False}  # the page has one key for all phases
        layout["yaxis"]["title"]["text"] = f"Phase {phase} (pu)"
    layout["yaxis"] |= {
        "range": [round(bottom - margin, 5), round(top + margin, 5)],
        "tickformat": ".4f" if top - bottom < FINE_SPAN_PU else ".3f",
    }
    data = [
        band(found.low, found.high, "Lowest to highest bus"),
        steps(found.median, "Median bus", BLUE, width=2.5),
        steps(base.low, "Lowest and highest without trades", INK, width=1.3, dash="dot"),
        steps(base.high, "", INK, width=1.3, dash="dot"),
        hover(found.high, axis, _voltage_lines(found, base)),
    ]
    return {"data": data, "layout": marked(layout, marks, clearance.operation.converged)}


def loading_picture(clearance: Clearance, axis: PeriodAxis) -> Picture:
    """The highest loading of any line and of any transformer over time, and their limits."""
    limits, names = clearance.case.limits, loading_places(clearance.network)
    curves, limit_of = [], {}
    for kind, colour, dash, limit in (
        (ElementKind.LINE, BLUE, "solid", limits.line_loading_max_percent),
        (ElementKind.TRANSFORMER, ORANGE, "dash", limits.transformer_loading_max_percent),
    ):
        chosen = of_kind(clearance.network, kind)
        if chosen.any():
            found = extremes(clearance.operation.loading_percent[:, chosen], names[chosen])
            curves.append(
                HighestCurve(found=found, name=f"Highest {kind}", of=f"{kind}s", colour=colour, dash=dash)
            )
            limit_of[kind] = limit
    return highest_picture(clearance, axis, "Highest loading (%)", curves, _texts(limit_of))


@dataclass(frozen=True, slots=True, kw_only=True)
class HighestCurve:
    """The highest of some values over time.

    Attributes:
        found: the extremes of the values.
        name: in the legend.
        of: what the values are of, in words.
        colour, dash, width: of the line.
        lead: before each text about it.
    """

    found: Extremes
    name: str
    of: str
    colour: str
    dash: str = "solid"
    width: float = 2.5
    lead: str = ""

    def said(self, period: int) -> str:
        """The highest value of a period and what it is of: "line 2: 14.01 %"."""
        value = self.found.high[period]
        words = f"{self.found.highest[period]}: {significant(value)} %"
        return self.lead + (words if np.isfinite(value) else f"{self.of}: {UNKNOWN}")


def highest_picture(
    clearance: Clearance,
    axis: PeriodAxis,
    y_title: str,
    curves: Sequence[HighestCurve],
    limit_of: dict[str, float],
    *,
    top_min: float = TOP_MIN_PERCENT,
) -> Picture:
    """Curves in percent over time with their limits by text; empty where there are no curves.

    The picture reaches up to `top_min` percent at least.
    """
    if not curves:
        return empty_picture()
    highest = np.fmax.reduce([curve.found.high for curve in curves])
    marks = _loading_marks(limit_of, _span(highest)[1])
    top = max(_span(highest)[1], *[mark.value for mark in marks if not mark.is_far], top_min)
    layout = time_layout(axis, y_title, height=300)
    layout["yaxis"] |= {"range": [0.0, round(1.25 * top, 3)]}
    lines = [[curve.said(period) for curve in curves] for period in range(len(axis))]
    drawn = [
        steps(each.found.high, each.name, each.colour, width=each.width, dash=each.dash) for each in curves
    ]
    return {
        "data": [*drawn, hover(highest, axis, lines)],
        "layout": marked(layout, marks, clearance.operation.converged),
    }


def of_kind(network: Network, kind: ElementKind) -> Bool:
    """Which loadings are of a kind of elements, (L,)."""
    kinds = np.array([each is kind for each in network.elements.kind], dtype=np.bool_)
    chosen: Bool = kinds[places(network).loading_element]
    return chosen


def _voltage_lines(found: Extremes, base: Extremes) -> list[list[str]]:
    """For each period the highest, median and lowest voltage, and where."""
    lines = []
    for period in range(len(found.low)):
        said = [f"Voltages: {UNKNOWN}"]
        if np.isfinite(found.low[period]):
            said = [
                f"Highest: {found.high[period]:.4f} pu at {found.highest[period]}",
                f"Median: {found.median[period]:.4f} pu",
                f"Lowest: {found.low[period]:.4f} pu at {found.lowest[period]}",
            ]
        if np.isfinite(base.low[period]):
            said.append(f"Without trades: {base.low[period]:.4f} to {base.high[period]:.4f} pu")
        lines.append(said)
    return lines


def _texts(limit_of: dict[ElementKind, float]) -> dict[str, float]:
    """The limits of kinds of elements by text; one text where they are the same."""
    if len(set(limit_of.values())) == 1:
        return {f"Limit {limit:g} %": limit for limit in limit_of.values()}
    return {f"Limit of {kind}s {limit:g} %": limit for kind, limit in limit_of.items()}


def _loading_marks(texts: dict[str, float], highest: float) -> list[LimitMark]:
    """The limits that all values up to `highest` are seen beside, those far above in one line of words."""
    far = {text: limit for text, limit in texts.items() if highest < LOADING_SHARE * limit}
    marks = [
        LimitMark(text=text, value=limit, is_upper=True, is_far=False)
        for text, limit in texts.items()
        if text not in far
    ]
    if far:
        marks.append(LimitMark(text=" · ".join(far), value=max(far.values()), is_upper=True, is_far=True))
    return marks


def _span(*values: Float) -> tuple[float, float]:
    """The lowest and the highest known value, 0 where none is known."""
    together = np.concatenate(values)
    known = together[np.isfinite(together)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
