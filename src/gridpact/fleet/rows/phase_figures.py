"""The figures that only a case on three phases has in the table of its fleet."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.arrays import Float
from gridpact.fleet.rows.fleet_tables import PHASE_LIMIT_CUTS, THREE_PHASE_LIMITS, Row
from gridpact.grid.network_model import PHASES
from gridpact.grid.places import places
from gridpact.results import Clearance
from gridpact.results.decimals import figure
from gridpact.results.extremes import Extreme, highest
from gridpact.results.stress import stress

TIE_DECIMALS = 6  # phases that are as near to a limit as this are alike


def phase_figures(clearance: Clearance, cut_kwh: NDArray[Any]) -> Row:
    """The worst phase, the highest unbalance and neutral loading, and what their limits cut.

    Args:
        clearance: on three phases.
        cut_kwh: energy that did not clear by `LimitedBy`.
    """
    network, operation = clearance.network, clearance.operation
    found = places(network)
    neutral = highest(np.where(found.is_neutral, operation.loading_percent, np.nan))
    unbalance = highest(operation.unbalance_percent)
    lines, buses = network.elements.id[found.loading_element], network.bus_ids[found.unbalance_bus]
    return {
        **{PHASE_LIMIT_CUTS[limit.label]: figure(float(cut_kwh[limit])) for limit in THREE_PHASE_LIMITS},
        "worst_phase": _worst_phase(clearance),
        "highest_unbalance_percent": figure(unbalance.value) if unbalance else None,
        "highest_unbalance_bus": _at(unbalance, buses),
        "highest_neutral_percent": figure(neutral.value) if neutral else None,
        "highest_neutral_line": _at(neutral, lines),
    }


def _at(extreme: Extreme | None, ids: NDArray[Any]) -> str:
    """The id of what an extreme is of; empty where there is none."""
    return str(ids[extreme.position]) if extreme else ""


def _worst_phase(clearance: Clearance) -> str:
    """The phase with a voltage or a loading that takes most of its limit; empty where none is known.

    Of phases that are alike, as where several stand at a limit, the one that is nearest to it on the average
    of all periods.
    """
    found, shares = places(clearance.network), stress(clearance.operation, clearance.nominal_limits)
    share = np.hstack([shares.voltage, shares.loading])[clearance.operation.converged]
    if not share.size:
        return ""
    phase = np.array([*found.voltage_phase, *found.loading_phase])
    of_periods = {name: share[:, phase == name].max(axis=1) for name in PHASES}
    return max(PHASES, key=lambda name: _nearness(of_periods[name]))


def _nearness(share: Float) -> tuple[float, float]:
    """The greatest of the shares of a phase in each period, (T,), then their mean."""
    return round(float(share.max()), TIE_DECIMALS), round(float(share.mean()), TIE_DECIMALS)
