"""Stops: the limits of the network that keep participants, alone, from trading all that they have."""

import numpy as np
import pandas as pd

from gridpact.arrays import Float, Int
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.envelopes.envelope_arrays import EnvelopeArrays
from gridpact.results.clearance_outcome import reason

NETWORK_LIMITS = (LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN, LimitedBy.LINE, LimitedBy.TRANSFORMER)


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
    rows = pd.DataFrame(
        {
            "limited_by": limited_by[stopped],
            "element": element,
            "period": period,
            "participant": participant,
            "kwh": held_kw * envelopes.case.horizon.hours_per_period,
            "limit": _limits(envelopes, limited_by[stopped], element, period),
        }
    )
    groups = rows.groupby(["limited_by", "element"]).agg(
        participants=("participant", "nunique"),
        periods=("period", "nunique"),
        kwh=("kwh", "sum"),
        limits=("limit", list),
    )
    found = groups.reset_index().sort_values("kwh", ascending=False, kind="stable", ignore_index=True)
    words = [
        reason(LimitedBy(kind).label, element_name(envelopes, kind, at), limits)
        for kind, at, limits in zip(found["limited_by"], found["element"], found["limits"], strict=True)
    ]
    return found.assign(reason=words)[["reason", "participants", "periods", "kwh"]]


def element_name(envelopes: EnvelopeArrays, limited_by: int, element: int) -> str:
    """A participant's id, or the index of a bus, line or transformer; empty where there is none."""
    if element < 0:
        return ""
    match limited_by:
        case LimitedBy.SELLER_SURPLUS | LimitedBy.BUYER_DEMAND:
            return envelopes.case.participants.ids[element]
        case LimitedBy.VOLTAGE_MAX | LimitedBy.VOLTAGE_MIN:
            return str(envelopes.network.bus_ids[element])
        case _:
            return str(envelopes.network.elements.id[element])


def _limits(envelopes: EnvelopeArrays, limited_by: Int, element: Int, period: Int) -> Float:
    """The value of each limit in its period, pu or percent; NaN where there is no operating point."""
    limits = envelopes.operating_limits
    found = np.full(len(element), np.nan)
    for kind, values in (
        (LimitedBy.VOLTAGE_MAX, limits.voltage_max_pu),
        (LimitedBy.VOLTAGE_MIN, limits.voltage_min_pu),
        (LimitedBy.LINE, limits.loading_max_percent),
        (LimitedBy.TRANSFORMER, limits.loading_max_percent),
    ):
        chosen = (limited_by == kind) & (element >= 0)
        found[chosen] = values[period[chosen], element[chosen]]
    return found
