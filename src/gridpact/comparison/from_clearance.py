"""What a comparison takes of a clearance that is at hand."""

from typing import TYPE_CHECKING

import numpy as np

from gridpact.case.case import TableFormat
from gridpact.comparison.compared_result import ComparedResult
from gridpact.comparison.place_state import PlaceStates, worst_places
from gridpact.comparison.traded_energy import TradedEnergy
from gridpact.dispatch import FLOWS

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance


def of_clearance(clearance: "Clearance", label: str) -> ComparedResult:
    """The same as from the folder that a clearance is written to."""
    case, summary = clearance.case, clearance.summary
    horizon, people = case.horizon, len(case.participants)
    offers, trades = clearance.offers, clearance.trades
    shape = (horizon.periods, people)
    return ComparedResult(
        label=label,
        name=case.name,
        status=summary["status"],
        formulation=summary["formulation"],
        model=str(case.network.model),
        allocation=summary["allocation"],
        still_broken=len(summary["remaining_violations"]),
        inputs_sha256=case.inputs_sha256,
        borders=tuple(horizon.instant(period) for period in range(horizon.periods + 1)),
        resolution=horizon.resolution,
        participants=case.participants.ids,
        bus=case.participants.bus,
        flows={name: clearance.schedule[name].to_numpy(np.float64).reshape(shape) for name in FLOWS},
        traded=TradedEnergy.of_rows(
            period=offers.period,
            seller=trades.seller[offers.trade],
            buyer=trades.buyer[offers.trade],
            proposed_kw=clearance.cleared["proposed_kw"].to_numpy(np.float64),
            cleared_kw=clearance.cleared["cleared_kw"].to_numpy(np.float64),
            hours_per_period=horizon.hours_per_period,
            periods=horizon.periods,
            participants=people,
        ),
        network_import_kw=clearance.exchange["import_kw"].to_numpy(np.float64),
        losses_kw=clearance.exchange["losses_kw"].to_numpy(np.float64),
        worst=worst_places(_states(clearance)),
        is_parquet=case.table_format is TableFormat.PARQUET,
    )


def _states(clearance: "Clearance") -> PlaceStates:
    """The places of the table of the network, which holds them in the same order in every period."""
    table, periods = clearance.network_state, clearance.case.horizon.periods
    places = table.iloc[: len(table) // periods]
    no_phase = np.full(len(places), "", dtype=object)
    value, limit_min, limit_max = (
        table[name].to_numpy(np.float64).reshape(periods, -1)
        for name in ("cleared", "limit_min", "limit_max")
    )
    return PlaceStates(
        kind=places["kind"].to_numpy(object),
        element=places["element"].astype(str).to_numpy(object),
        phase=places["phase"].to_numpy(object) if "phase" in places else no_phase,
        quantity=places["quantity"].to_numpy(object),
        value=value,
        limit_min=limit_min,
        limit_max=limit_max,
    )
