"""Pictures over time of a network with three phases: each phase, the neutrals and the unbalance."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Bool, Float
from gridpact.grid.network import ElementKind
from gridpact.grid.network_model import PHASES
from gridpact.grid.places import places
from gridpact.report.clearance.clearance_pictures import (
    TOP_MIN_PERCENT,
    HighestCurve,
    highest_picture,
    of_kind,
    voltage_picture,
)
from gridpact.report.clearance.phase_states import VIEWS
from gridpact.report.pictures.period_axis import PeriodAxis
from gridpact.report.pictures.period_extremes import extremes
from gridpact.report.pictures.traces import BLUE, GREEN, INK, ORANGE, Picture, empty_picture
from gridpact.results.clearance import Clearance
from gridpact.results.decimals import rounded
from gridpact.results.words.place_words import loading_places, unbalance_places

UNBALANCE_TOP_MIN_PERCENT = 0.05
LOOKS = {"a": (BLUE, "solid"), "b": (ORANGE, "dash"), "c": (GREEN, "dot")}


def phase_pictures(clearance: Clearance, axis: PeriodAxis) -> dict[str, Picture]:
    """Voltages of each phase, loadings of lines and transformers by phase, of neutrals, and unbalances."""
    limits = clearance.case.limits
    return {
        **{f"voltage-{phase}": voltage_picture(clearance, axis, phase) for phase in PHASES},
        "loading": _by_phase(clearance, axis, ElementKind.LINE, limits.line_loading_max_percent),
        "transformers": _by_phase(
            clearance, axis, ElementKind.TRANSFORMER, limits.transformer_loading_max_percent
        ),
        "neutral": _neutral(clearance, axis),
        "unbalance": _unbalance(clearance, axis),
    }


def _by_phase(clearance: Clearance, axis: PeriodAxis, kind: ElementKind, limit: float) -> Picture:
    """The highest loading of each phase of any element of a kind."""
    found, names = places(clearance.network), loading_places(clearance.network)
    kinds, curves = of_kind(clearance.network, kind), []
    for phase, (colour, dash) in LOOKS.items():
        chosen: Bool = kinds & np.array([each == phase for each in found.loading_phase], dtype=np.bool_)
        if chosen.any():
            highest = extremes(rounded(clearance.operation.loading_percent[:, chosen]), names[chosen])
            curves.append(
                HighestCurve(
                    found=highest, name=VIEWS[phase], of=f"{kind}s phase {phase}", colour=colour, dash=dash
                )
            )
    return highest_picture(clearance, axis, "Highest loading (%)", curves, {f"Limit {limit:g} %": limit})


def _neutral(clearance: Clearance, axis: PeriodAxis) -> Picture:
    """The highest loading of any neutral, with the trades and without."""
    chosen = places(clearance.network).is_neutral
    limit = clearance.case.limits.neutral_loading_max_percent
    states = [state.loading_percent[:, chosen] for state in (clearance.operation, clearance.baseline)]
    return _with_and_without(
        clearance,
        axis,
        "Highest neutral loading (%)",
        states,
        loading_places(clearance.network)[chosen],
        limit,
    )


def _unbalance(clearance: Clearance, axis: PeriodAxis) -> Picture:
    """The highest unbalance of any bus, with the trades and without."""
    limit = clearance.case.limits.voltage_unbalance_max_percent
    states = [state.unbalance_percent for state in (clearance.operation, clearance.baseline)]
    return _with_and_without(
        clearance,
        axis,
        "Highest unbalance (%)",
        states,
        unbalance_places(clearance.network),
        limit,
        UNBALANCE_TOP_MIN_PERCENT,
    )


def _with_and_without(
    clearance: Clearance,
    axis: PeriodAxis,
    y_title: str,
    states: list[Float],
    names: NDArray[Any],
    limit: float,
    top_min: float = TOP_MIN_PERCENT,
) -> Picture:
    """The highest of values (T, K) under the dispatch and without trades."""
    if not len(names):
        return empty_picture()
    operation, baseline = (extremes(rounded(values), names) for values in states)
    curves = [
        HighestCurve(found=operation, name="With the trades", of="with the trades", colour=BLUE),
        HighestCurve(
            found=baseline,
            name="Without trades",
            of="all",
            colour=INK,
            dash="dot",
            width=1.3,
            lead="Without trades, ",
        ),
    ]
    return highest_picture(clearance, axis, y_title, curves, {f"Limit {limit:g} %": limit}, top_min=top_min)
