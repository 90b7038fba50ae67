"""Limits in words: what an element is called, and a limit with its phase and its values."""

from collections.abc import Sequence

from gridpact.case.case import Case
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network import Network
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results.words.limit_kinds import called, reason
from gridpact.results.words.place_words import name_of


def element_name(case: Case, network: Network, limited_by: int, element: int) -> str:
    """A participant's id, or the index of a bus, line or transformer; empty where there is none."""
    if element < 0:
        return ""
    match limited_by:
        case LimitedBy.SELLER_SURPLUS | LimitedBy.BUYER_DEMAND | LimitedBy.CONNECTION:
            return case.participants.ids[element]
        case LimitedBy.VOLTAGE_MAX | LimitedBy.VOLTAGE_MIN | LimitedBy.VOLTAGE_UNBALANCE:
            return str(network.bus_ids[element])
        case _:
            return str(network.elements.id[element])


def element_called(case: Case, network: Network, limited_by: int, element: int) -> str:
    """The same with the name that the network file gives it: "12 (Elm Street)"."""
    index = element_name(case, network, limited_by, element)
    return called(index, name_of(network, LimitedBy(limited_by).label, index))


def named_limit_words(limited_by: int, name: str, phase: int, limits: Sequence[float]) -> str:
    """A limit in words, as `reason` has it, with the phase that it is of.

    Args:
        limited_by: a `LimitedBy`.
        name: of its element, as `element_called` gives it.
        phase: position in `PHASE_LABELS`.
        limits: the values it stands at, none where they are unknown.
    """
    return reason(LimitedBy(limited_by).label, name, limits, phase=PHASE_LABELS[phase])
