"""Congested periods of random trades on a public network, and whether a clearance keeps every limit."""

from typing import Any

from gridpact.case import Case
from gridpact.grid.limits import Limits
from gridpact.results import Clearance
from tests.ac_instances import ac_case

NONE_MADE_WORSE = ("cleared", "baseline_unsafe")  # statuses of a dispatch that breaks nothing by itself
CIGRE, DORF = "pandapower/cigre_lv", "pandapower/kerber_dorfnetz"
NARROW_BAND = Limits(voltage_min_pu=0.97, voltage_max_pu=1.03)
WEAK_LINES = Limits(line_loading_max_percent=25.0)


def congested_case(
    seed: int,
    trades: int,
    network: str = CIGRE,
    *,
    sides: int = 6,
    power_kw: float = 40.0,
    limits: Limits = NARROW_BAND,
    **more: Any,
) -> Case:
    """A case of as many sellers as buyers, `sides` each, whose trades the network cannot carry whole."""
    return ac_case(
        seed, network, sellers=sides, buyers=sides, trades=trades, power_kw=power_kw, limits=limits, **more
    )


def keeps_every_limit(clearance: Clearance) -> bool:
    """Whether a clearance is proven, and within the operating limits to the precision of a power flow."""
    limits, state = clearance.operating_limits, clearance.operation
    return bool(
        clearance.summary["status"] == "cleared"
        and limits.voltage_excess_pu(state.voltage_pu).max() <= 1e-7
        and limits.loading_excess_percent(state.loading_percent).max() <= 1e-5
    )
