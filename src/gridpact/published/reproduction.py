"""The published results beside ours, hour by hour."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gridpact.arrays import Float
from gridpact.case.case import Case, Formulation
from gridpact.errors import SolverFailed
from gridpact.pipeline import clear
from gridpact.published.cases import HOURS, cigre_day, cigre_extreme, village_day
from gridpact.published.extreme import exact_balance_volume_kw, published_feeders, published_volume_kw
from gridpact.published.figures import EXTREME_PUBLISHED_KW, published_kwh
from gridpact.results.extremes import lowest

TOLERANCE_KWH = 1e-6
DROPPED_HOUR_NOTE = (
    "published as 0: trades under 0.01 kW were dropped there (20 of 0.0000848 kW); gridpact clears them"
)
DROPPED_BELOW_KW = 0.01
QUANTITIES = ("load", "grid", "p2p")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayComparison:
    """One network's day, published against ours, kWh by hour.

    Attributes:
        buses: number of buses of the network.
        published_kwh, ours_kwh: by quantity (load, grid, p2p), (24,) each.
        dropped: hours in which the publication dropped every trade as too small, (24,) flags.
    """

    buses: int
    published_kwh: dict[str, Float]
    ours_kwh: dict[str, Float]
    dropped: np.ndarray

    @property
    def max_difference_kwh(self) -> float:
        """The greatest difference of any quantity and hour, the dropped hours left out."""
        return max(
            float(np.max(np.abs(self.ours_kwh[name] - self.published_kwh[name])[~self.dropped]))
            for name in QUANTITIES
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtremeComparison:
    """The extreme hour, computed in each way, kW.

    Attributes:
        published_kw: as printed in the publication.
        as_published_kw: its formulation, computed again.
        exact_balances_kw: the same data with exact balances on connected feeders.
        dc_kw: gridpact's DC clearing with the real line lengths.
        dc_lowest_voltage_pu: the true AC voltage that this dispatch leads to.
        dc_lowest_voltage_bus: where.
        ac_kw: gridpact's AC clearing.
        ac_lowest_voltage_pu: the true AC voltage that this dispatch leads to.
        proposed_kw: what was proposed.
    """

    published_kw: float
    as_published_kw: float
    exact_balances_kw: float
    dc_kw: float
    dc_lowest_voltage_pu: float
    dc_lowest_voltage_bus: int
    ac_kw: float
    ac_lowest_voltage_pu: float
    proposed_kw: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """Everything that `gridpact reproduce` shows."""

    days: tuple[DayComparison, ...]
    extreme: ExtremeComparison

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, for JSON."""
        return {
            "days": [
                {
                    "buses": day.buses,
                    "max_difference_kwh": day.max_difference_kwh,
                    "within_tolerance": day.max_difference_kwh <= TOLERANCE_KWH,
                    "dropped_hours": np.flatnonzero(day.dropped).tolist(),
                    "total_kwh": {name: float(day.ours_kwh[name].sum()) for name in QUANTITIES},
                    "published_total_kwh": {
                        name: float(day.published_kwh[name].sum()) for name in QUANTITIES
                    },
                    "hours": [
                        {
                            "hour": hour,
                            **{
                                f"{name}_published_kwh": float(day.published_kwh[name][hour])
                                for name in QUANTITIES
                            },
                            **{f"{name}_kwh": float(day.ours_kwh[name][hour]) for name in QUANTITIES},
                            "note": DROPPED_HOUR_NOTE if day.dropped[hour] else "",
                        }
                        for hour in range(HOURS)
                    ],
                }
                for day in self.days
            ],
            "extreme": {name: getattr(self.extreme, name) for name in ExtremeComparison.__slots__},
        }


def reproduce() -> Reproduction:
    """Computes the published days and the extreme hour again, and sets them beside the published figures."""
    return Reproduction(
        days=(_compare_day(44, cigre_day()), _compare_day(80, village_day())),
        extreme=_compare_extreme(cigre_extreme()),
    )


def _compare_day(buses: int, case: Case) -> DayComparison:
    """A published day beside its clearing by the DC formulation."""
    clearance = clear(replace(case, formulation=Formulation.DC))
    hours = case.horizon.hours_per_period
    schedule = clearance.dispatch
    largest_trade_kw = np.zeros(case.horizon.periods)
    np.maximum.at(largest_trade_kw, clearance.offers.period, clearance.offers.proposed_kw)
    return DayComparison(
        buses=buses,
        published_kwh={name: published_kwh(buses, name) for name in QUANTITIES},
        ours_kwh={
            "load": schedule.load_kw.sum(axis=1) * hours,
            "grid": schedule.retail_import_kw.sum(axis=1) * hours,
            "p2p": schedule.p2p_bought_kw.sum(axis=1) * hours,
        },
        dropped=(published_kwh(buses, "p2p") == 0.0)
        & (largest_trade_kw > 0.0)
        & (largest_trade_kw < DROPPED_BELOW_KW),
    )


def _compare_extreme(case: Case) -> ExtremeComparison:
    """The extreme hour by the published formulation, by exact balances, and by ours."""
    feeders = published_feeders()
    dc, ac = (
        clear(replace(case, formulation=formulation)) for formulation in (Formulation.DC, Formulation.AC)
    )
    dc_voltage, ac_voltage = lowest(dc.operation.voltage_pu), lowest(ac.operation.voltage_pu)
    if dc_voltage is None or ac_voltage is None:
        raise SolverFailed(solver="the power flow", status="no solution", where="the extreme hour")
    return ExtremeComparison(
        published_kw=EXTREME_PUBLISHED_KW,
        as_published_kw=published_volume_kw(case, feeders),
        exact_balances_kw=exact_balance_volume_kw(case, feeders),
        dc_kw=float(dc.solution.column_kw.sum()),
        dc_lowest_voltage_pu=dc_voltage.value,
        dc_lowest_voltage_bus=int(dc.network.bus_ids[dc_voltage.position]),
        ac_kw=float(ac.solution.column_kw.sum()),
        ac_lowest_voltage_pu=ac_voltage.value,
        proposed_kw=float(ac.offers.proposed_kw.sum()),
    )
