"""Stops: the limits of the network that keep participants, alone, from trading all that they have."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridpact.arrays import Float, Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.results.words.limit_words import element_called, named_limit_words
from gridpact.trading_headroom.all_limits import AllLimits, side_by_side
from gridpact.trading_headroom.headroom_arrays import HeadroomArrays

NETWORK_LIMITS = (
    LimitedBy.VOLTAGE_MAX,
    LimitedBy.VOLTAGE_MIN,
    LimitedBy.LINE,
    LimitedBy.TRANSFORMER,
    LimitedBy.NEUTRAL,
    LimitedBy.VOLTAGE_UNBALANCE,
)


def stops(headroom: HeadroomArrays, side: str) -> pd.DataFrame:
    """The limits that stop a side, `sale` or `purchase`, those that hold back most energy first.

    Returns:
        Columns reason (in words), participants and periods (how many are stopped), kwh (held back).
    """
    limited_by = getattr(headroom, f"{side}_limited_by")
    period, participant = np.nonzero(np.isin(limited_by, NETWORK_LIMITS))
    stopped = period, participant
    held_kw = getattr(headroom, f"{side}_cap_kw")[stopped] - getattr(headroom, f"{side}_alone_kw")[stopped]
    element = getattr(headroom, f"{side}_element")[stopped]
    phase = getattr(headroom, f"{side}_phase")[stopped]
    rows = pd.DataFrame(
        {
            "limited_by": limited_by[stopped],
            "element": element,
            "phase": phase,
            "period": period,
            "participant": participant,
            "kwh": held_kw * headroom.case.horizon.hours_per_period,
            "limit": _limits(headroom, limited_by[stopped], element, phase, period),
        }
    )
    groups = rows.groupby(["limited_by", "element", "phase"]).agg(
        participants=("participant", "nunique"),
        periods=("period", "nunique"),
        kwh=("kwh", "sum"),
        limits=("limit", list),
    )
    found = groups.reset_index().sort_values("kwh", ascending=False, kind="stable", ignore_index=True)
    named = zip(found["limited_by"], found["element"], found["phase"], found["limits"], strict=True)
    words = [limit_words(headroom, kind, at, phase, limits) for kind, at, phase, limits in named]
    return found.assign(reason=words)[["reason", "participants", "periods", "kwh"]]


def limit_words(
    headroom: HeadroomArrays, limited_by: int, element: int, phase: int, limits: Sequence[float]
) -> str:
    """A limit in words, as `reason` has it, with the phase that it is of."""
    name = element_called(headroom.case, headroom.network, limited_by, element)
    return named_limit_words(limited_by, name, phase, limits)


def _limits(headroom: HeadroomArrays, limited_by: Int, element: Int, phase: Int, period: Int) -> Float:
    """The value of each limit in its period, pu or percent; NaN where there is no operating point."""
    column, values = AllLimits.of(headroom.network).column, side_by_side(headroom.operating_limits)
    found = np.full(len(element), np.nan)
    for row in np.flatnonzero(element >= 0).tolist():
        name = int(limited_by[row]), int(element[row]), int(phase[row])
        found[row] = values[period[row], column[name]]
    return found
