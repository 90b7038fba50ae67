"""Kinds of limits in words: what each is of, its unit, and its element with its name."""

from collections.abc import Sequence

from gridpact.clearing.problem.solution import LimitedBy
from gridpact.results.words.phrases import ranged, ranged_pu

CAPS = {
    LimitedBy.SELLER_SURPLUS.label: "surplus",
    LimitedBy.BUYER_DEMAND.label: "residual demand",
}
KINDS = {
    LimitedBy.SELLER_SURPLUS: "seller",
    LimitedBy.BUYER_DEMAND: "buyer",
    LimitedBy.CONNECTION: "participant",
    LimitedBy.VOLTAGE_MAX: "bus",
    LimitedBy.VOLTAGE_MIN: "bus",
    LimitedBy.LINE: "line",
    LimitedBy.TRANSFORMER: "transformer",
    LimitedBy.NEUTRAL: "neutral of line",
    LimitedBy.VOLTAGE_UNBALANCE: "unbalance of bus",
}
UNITS = {
    LimitedBy.SELLER_SURPLUS: "kW",
    LimitedBy.BUYER_DEMAND: "kW",
    LimitedBy.CONNECTION: "kW",
    LimitedBy.VOLTAGE_MAX: "pu",
    LimitedBy.VOLTAGE_MIN: "pu",
    LimitedBy.LINE: "%",
    LimitedBy.TRANSFORMER: "%",
    LimitedBy.NEUTRAL: "%",
    LimitedBy.VOLTAGE_UNBALANCE: "%",
}
PLACE_KINDS = {
    LimitedBy.VOLTAGE_MAX: "bus",
    LimitedBy.VOLTAGE_MIN: "bus",
    LimitedBy.VOLTAGE_UNBALANCE: "bus",
    LimitedBy.LINE: "line",
    LimitedBy.NEUTRAL: "line",
    LimitedBy.TRANSFORMER: "transformer",
}


def kind_of(limited_by: str) -> LimitedBy:
    """The kind that a label stands for."""
    return LimitedBy[limited_by.upper()] if limited_by else LimitedBy.NOTHING


def unit_of(limited_by: str) -> str:
    """The unit of a kind of limit; empty of terms and of nothing."""
    return UNITS.get(kind_of(limited_by), "")


def called(element: str, name: str) -> str:
    """An element by its index and, where the network file has one, its name: "12 (Elm Street)"."""
    return f"{element} ({name})" if name and name != element else element


def limit_place(limited_by: str, element: str, phase: str = "", name: str = "") -> str:
    """An element with its kind, its name and its phase: "line 2 (Elm Street) phase a"."""
    kind = kind_of(limited_by)
    of_phase = "" if kind is LimitedBy.NEUTRAL or not phase else f" phase {phase}"
    return f"{KINDS[kind]} {called(element, name)}{of_phase}"


def reason(
    limited_by: str,
    element: str,
    limits: Sequence[float],
    model: str = "",
    phase: str = "",
    name: str = "",
) -> str:
    """A limit in words, with the values it stands at where they are known.

    Args:
        limited_by: label of a `LimitedBy`.
        element: the participant, or the index of the bus, line or transformer; empty for none.
        limits: kW, pu or percent, of one period or several; none where that is unknown.
        model: what loadings are of, where that is not the real network: "in the dc model".
        phase: of a three-phase network, where the limit is one phase's or a neutral's; else empty.
        name: of the element in the network file, if it has one.
    """
    if limited_by == LimitedBy.TERMS.label:
        return "its own terms"
    if not limited_by:
        return "no single limit"
    if not element:
        return "the network has no operating point with more"
    place, unit = limit_place(limited_by, element, phase, name), unit_of(limited_by)
    if limited_by in CAPS:
        amount = f"{ranged(limits)} kW of" if len(limits) else "no more"
        return f"{place} has {amount} {CAPS[limited_by]}"
    if not len(limits):
        return f"{place} at its limit"
    if unit == "pu":
        return f"{place} at {ranged_pu(limits)} pu"
    if limited_by == LimitedBy.VOLTAGE_UNBALANCE.label:
        return f"{place} at {ranged(limits)} %"
    rated = "the line's rating" if limited_by == LimitedBy.NEUTRAL.label else "its rating"
    return f"{place} at {ranged(limits)} % of {rated}{' ' if model else ''}{model}"
