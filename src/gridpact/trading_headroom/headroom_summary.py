"""The summary of headroom: energies over the horizon, and what a reader should know."""

from typing import Any

import numpy as np

from gridpact.arrays import Bool, Float
from gridpact.case.case import Formulation
from gridpact.clearing.problem.solution import PeriodStatus
from gridpact.fields.said import counted
from gridpact.results.decimals import figure
from gridpact.trading_headroom.headroom_arrays import HeadroomArrays
from gridpact.version import __version__


def summarise(headroom: HeadroomArrays) -> dict[str, Any]:
    """The summary as plain numbers, texts, lists and dicts; energies in kWh."""
    case, hours = headroom.case, headroom.case.horizon.hours_per_period
    energies = {
        f"{name.removesuffix('_kw')}_kwh": _energy_kwh(getattr(headroom, name), hours)
        for name in (
            "surplus_kw",
            "sale_cap_kw",
            "sale_alone_kw",
            "sale_together_kw",
            "residual_demand_kw",
            "purchase_cap_kw",
            "purchase_alone_kw",
            "purchase_together_kw",
        )
    }
    return {
        "name": case.name,
        "formulation": str(case.formulation),
        "allocation": str(case.allocation),
        "periods": case.horizon.periods,
        "participants": len(case.participants),
        **energies,
        "notices": _notices(headroom),
        "inputs_sha256": case.inputs_sha256,
        "version": __version__,
    }


def _notices(headroom: HeadroomArrays) -> list[str]:
    """What a reader should know besides, sentence by sentence."""
    case, has_state = headroom.case, headroom.has_state
    notices = [*headroom.network.notices, *case.warnings]
    if closed := min(case.first_open, case.horizon.periods):
        notices.append(f"The first {counted(closed, 'period')} are closed: nothing can be proposed there.")
    if unsolved := _count(~has_state):
        notices.append(
            f"In {counted(unsolved, 'period')} the network has no operating point before any trade: nobody "
            "can sell or buy alone there."
        )
    if found := _count(has_state & (headroom.together_status == PeriodStatus.BEST_FOUND)):
        notices.append(
            f"In {counted(found, 'period')} what goes together is not the rule's own allocation, but the "
            "greatest share of one that keeps every limit."
        )
    if case.formulation is Formulation.DC:
        broken = _count(has_state & ~headroom.together_kept)
        notices.append(
            "Together is by the dc formulation, which does not see voltages; under exact AC it breaks limits "
            f"in {counted(broken, 'period')}. Alone is exact AC."
        )
    return notices


def _count(flags: Bool) -> int:
    """How many flags are set."""
    return int(np.sum(flags))


def _energy_kwh(power_kw: Float, hours: float) -> float:
    """The energy of powers of any shape over their periods."""
    return figure(float(power_kw.sum()) * hours)
