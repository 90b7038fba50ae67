"""What the drawing of a network with three phases shows of each phase in every period."""

from typing import Any

import numpy as np

from gridpact.arrays import Bool, Int
from gridpact.grid.network_model import PHASES
from gridpact.grid.places import places
from gridpact.report.clearance.beyond import Beyond
from gridpact.report.shell.packed import packed
from gridpact.results.clearance import Clearance

WORST = "worst"
VIEWS = {WORST: "Worst phase", **{phase: f"Phase {phase}" for phase in PHASES}}
VOLTAGE_DECIMALS, LOADING_DECIMALS, UNBALANCE_DECIMALS = 4, 2, 3


def phase_states(clearance: Clearance) -> dict[str, Any]:
    """Every voltage, loading and unbalance, and which element each belongs to.

    The worst voltage of a bus is the one nearest to a limit, or furthest beyond it: furthest from the middle
    of the band. The worst loading of an element is the greatest of its phases, its neutral left out, which
    has a limit of its own.
    """
    found, operation, limits = places(clearance.network), clearance.operation, clearance.case.limits
    elements = len(clearance.network.elements)
    neutrals = np.bincount(found.loading_element[found.is_neutral], minlength=elements)
    return {
        "voltage": packed(operation.voltage_pu, VOLTAGE_DECIMALS),
        "loading": packed(operation.loading_percent, LOADING_DECIMALS),
        "unbalance": packed(operation.unbalance_percent, UNBALANCE_DECIMALS),
        "middle": round((limits.voltage_min_pu + limits.voltage_max_pu) / 2.0, 6),
        "first": found.loading_first().tolist(),
        "neutral": neutrals.tolist(),
    }


def unbalance_columns(clearance: Clearance, first_bus: Int) -> list[int]:
    """The column of the unbalance of each node's first bus, −1 where there is none."""
    columns = np.full(len(clearance.network.bus_ids) + 1, -1, dtype=np.int64)
    at = places(clearance.network).unbalance_bus
    columns[at] = np.arange(len(at))
    of_nodes: list[int] = columns[first_bus].tolist()
    return of_nodes


def of_view(clearance: Clearance, beyond: Beyond, view: str) -> Beyond:
    """What is beyond its limits in a view: all of it in that of the worst phase, or what is of one phase."""
    if view == WORST:
        return beyond
    found = places(clearance.network)
    return Beyond(
        voltage=beyond.voltage & _are_of(found.voltage_phase, view),
        loading=beyond.loading & _are_of(found.loading_phase, view),
        unbalance=np.zeros_like(beyond.unbalance),
    )


def _are_of(phases: tuple[str, ...], view: str) -> Bool:
    """Which values are of a phase."""
    return np.array([phase == view for phase in phases], dtype=np.bool_)
