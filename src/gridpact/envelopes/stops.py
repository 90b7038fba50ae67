"""Stops: the limits of the network that keep participants, alone, from trading all that they have."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gridpact.arrays import Float, Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.envelopes.all_limits import AllLimits, side_by_side
from gridpact.envelopes.envelope_arrays import EnvelopeArrays
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.clearance_outcome import reason

NETWORK_LIMITS = (
    LimitedBy.VOLTAGE_MAX,
    LimitedBy.VOLTAGE_MIN,
    LimitedBy.LINE,
    LimitedBy.TRANSFORMER,
    LimitedBy.NEUTRAL,
    LimitedBy.VOLTAGE_UNBALANCE,
)


def stops(envelopes: EnvelopeArrays, side: str) -> pd.DataFrame:
    """The limits that stop a side, `sale` or `purchase`, those that hold back most energy first.

    Returns:
        Columns reason (in words), participants and periods (how many are stopped), kwh (held back).
    """
    limited_by = getattr(envelopes, f"{side}_limited_by")
    period, participant = np.nonzero(np.isin(limited_by, NETWORK_LIMITS))
    stopped = period, participant
    held_kw = getattr(envelopes, f"{side}_cap_kw")[stopped] - getattr(envelopes, f"{side}_alone_kw")[stopped]
    element = getattr(envelopes, f"{side}_element")[stopped]
    phase = getattr(envelopes, f"{side}_phase")[stopped]
    rows = pd.DataFrame(
        {
            "limited_by": limited_by[stopped],
            "element": element,
            "phase": phase,
            "period": period,
            "participant": participant,
            "kwh": held_kw * envelopes.case.horizon.hours_per_period,
            "limit": _limits(envelopes, limited_by[stopped], element, phase, period),
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
    words = [limit_words(envelopes, kind, at, phase, limits) for kind, at, phase, limits in named]
    return found.assign(reason=words)[["reason", "participants", "periods", "kwh"]]


def limit_words(
    envelopes: EnvelopeArrays, limited_by: int, element: int, phase: int, limits: Sequence[float]
) -> str:
    """A limit in words, as `reason` has it, with the phase that it is of."""
    name = element_name(envelopes, limited_by, element)
    return reason(LimitedBy(limited_by).label, name, limits, phase=PHASE_LABELS[phase])


def element_name(envelopes: EnvelopeArrays, limited_by: int, element: int) -> str:
    """A participant's id, or the index of a bus, line or transformer; empty where there is none."""
    if element < 0:
        return ""
    match limited_by:
        case LimitedBy.SELLER_SURPLUS | LimitedBy.BUYER_DEMAND:
            return envelopes.case.participants.ids[element]
        case LimitedBy.VOLTAGE_MAX | LimitedBy.VOLTAGE_MIN | LimitedBy.VOLTAGE_UNBALANCE:
            return str(envelopes.network.bus_ids[element])
        case _:
            return str(envelopes.network.elements.id[element])


def _limits(envelopes: EnvelopeArrays, limited_by: Int, element: Int, phase: Int, period: Int) -> Float:
    """The value of each limit in its period, pu or percent; NaN where there is no operating point."""
    column, values = AllLimits.of(envelopes.network).column, side_by_side(envelopes.operating_limits)
    found = np.full(len(element), np.nan)
    for row in np.flatnonzero(element >= 0).tolist():
        name = int(limited_by[row]), int(element[row]), int(phase[row])
        found[row] = values[period[row], column[name]]
    return found
