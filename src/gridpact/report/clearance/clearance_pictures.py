"""Pictures over time: load, generation, voltage and loading, as plotly.js draws them.

Every picture has one trace of its own for hovering, with one text per period, so that whatever is under the
finger the reader gets all of that period at once.
"""

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.grid.network import ElementKind
from gridpact.grid.network_model import NEUTRAL
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
from gridpact.results.phrases import significant
from gridpact.results.place_words import loading_places, voltage_places

SPAN_MIN_PU, FINE_SPAN_PU, REACH = 0.02, 0.005, 3.0
LOADING_SHARE = 0.3
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


def voltage_picture(clearance: Clearance, axis: PeriodAxis) -> Picture:
    """The band of bus voltages over time, that of the baseline, and the limits."""
    limits, ids = clearance.case.limits, voltage_places(clearance.network)
    found = extremes(clearance.operation.voltage_pu, ids)
    base = extremes(clearance.baseline.voltage_pu, ids)
    bottom, top = _span(found.low, base.low, found.high, base.high)
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
    lines: list[list[str]] = [[] for _ in axis.labels]
    data, tops, limit_of = [], [], {}
    for kind, colour, dash, limit in (
        (ElementKind.LINE, BLUE, "solid", limits.line_loading_max_percent),
        (ElementKind.TRANSFORMER, ORANGE, "dash", limits.transformer_loading_max_percent),
    ):
        chosen = of_kind(clearance, kind)
        if not chosen.any():
            continue
        found = extremes(clearance.operation.loading_percent[:, chosen], names[chosen])
        data.append(steps(found.high, f"Highest {kind}", colour, width=2.5, dash=dash))
        for line, value, element in zip(lines, found.high, found.highest, strict=True):
            line.append(f"{element}: {significant(value)} %" if np.isfinite(value) else f"{kind}s: {UNKNOWN}")
        tops.append(found.high)
        limit_of[kind] = limit
    if not data:
        return empty_picture()
    highest = np.fmax.reduce(tops)
    marks = _loading_marks(limit_of, _span(highest)[1])
    top = max(_span(highest)[1], *[mark.value for mark in marks if not mark.is_far], 1.0)
    layout = time_layout(axis, "Highest loading (%)", height=300)
    layout["yaxis"] |= {"range": [0.0, round(1.25 * top, 3)]}
    return {
        "data": [*data, hover(highest, axis, lines)],
        "layout": marked(layout, marks, clearance.operation.converged),
    }


def of_kind(clearance: Clearance, kind: ElementKind) -> Bool:
    """Which loadings are of a kind of elements, those of neutrals apart, (L,)."""
    found, kinds = places(clearance.network), clearance.network.elements.kind
    chosen = [
        kinds[element] is kind and phase != NEUTRAL
        for element, phase in zip(found.loading_element.tolist(), found.loading_phase, strict=True)
    ]
    return np.array(chosen, dtype=np.bool_)


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


def _loading_marks(limit_of: dict[ElementKind, float], highest: float) -> list[LimitMark]:
    """The limits that all loadings up to `highest` are seen beside, those far above in one line of words."""
    texts = {f"Limit of {kind}s {limit:g} %": limit for kind, limit in limit_of.items()}
    if len(set(limit_of.values())) == 1:
        texts = {f"Limit {limit:g} %": limit for limit in limit_of.values()}
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
