"""The row of a case in the table of its fleet, made of its clearance."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.case.horizon import Horizon
from gridpact.clearing.solution import LimitedBy
from gridpact.fleet.table import BY_HOUR, HOURS_PER_DAY, PHASES, Row
from gridpact.results import Clearance
from gridpact.results.words import CUT_SHARE_MIN

DECIMALS, SECONDS_DECIMALS = 9, 6
VOLTAGE_LIMITS = (LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN)
NETWORK_LIMITS = (*VOLTAGE_LIMITS, LimitedBy.LINE, LimitedBy.TRANSFORMER)


def row_of(path: str, clearance: Clearance, seconds: Mapping[str, float]) -> Row:
    """The figures of a case that was cleared, energies by hour of the local day among them.

    Args:
        path: of the case folder, relative to that of the fleet.
        clearance: its result.
        seconds: wall time of what was done beside the clearing, by phase.
    """
    case, summary = clearance.case, clearance.summary
    hours = case.horizon.hours_per_period
    proposed_kwh, cleared_kwh = summary["proposed_kwh"], summary["cleared_kwh"]
    return {
        "path": path,
        "name": case.name,
        "status": summary["status"],
        "error": "",
        "network": clearance.network.name,
        "periods": case.horizon.periods,
        "participants": len(case.participants),
        "trades": summary["trades"],
        "proposed_kwh": proposed_kwh,
        "cleared_kwh": cleared_kwh,
        "cleared_share": _figure(cleared_kwh / proposed_kwh) if proposed_kwh else None,
        "load_kwh": summary["load_kwh"],
        "generation_kwh": _figure(float(case.profiles.generation_kw.sum()) * hours),
        **_congestion(clearance),
        "baseline_violations": len(summary["baseline_violations"]),
        "violations": len(summary["violations"]),
        "inputs_sha256": case.inputs_sha256,
        "version": summary["version"],
        **_seconds({**clearance.seconds, **seconds}),
        BY_HOUR: _by_hour(clearance),
    }


def _congestion(clearance: Clearance) -> Row:
    """What the network cut, and the limit that cut most; of several, that of greatest price."""
    offers, solution = clearance.offers, clearance.solution
    cut_kwh = (offers.column_kw - solution.column_kw) * clearance.case.horizon.hours_per_period
    by_network = np.isin(solution.limited_by, NETWORK_LIMITS)
    by_network &= solution.column_kw < offers.column_kw * (1.0 - CUT_SHARE_MIN)
    return {
        "network_cut_kwh": _figure(float(cut_kwh[by_network].sum())),
        "congested_periods": len(np.unique(offers.column_period[by_network])),
        **_worst_limit(clearance, np.where(by_network, cut_kwh, 0.0)),
    }


def _worst_limit(clearance: Clearance, cut_kwh: Float) -> Row:
    """The limit of the network that cut most of the columns' energies, (C,)."""
    solution, binding = clearance.solution, clearance.solution.binding
    found: dict[tuple[int, int], list[float]] = {}
    for column in np.flatnonzero(cut_kwh).tolist():
        key = int(solution.limited_by[column]), int(solution.element[column])
        found.setdefault(key, [0.0, 0.0])[0] += float(cut_kwh[column])
    for place in np.flatnonzero(np.isin(binding.limited_by, NETWORK_LIMITS)).tolist():
        price = float(np.nan_to_num(binding.shadow_price_kw_per_percent[place]))
        known = found.setdefault((int(binding.limited_by[place]), int(binding.element[place])), [0.0, 0.0])
        known[1] = max(known[1], price)
    if not found:
        return {"limited_by": "", "element": "", "element_cut_kwh": 0.0, "shadow_price": None}
    figures = {key: (_figure(kwh), _figure(price)) for key, (kwh, price) in found.items()}
    kind, element = max(sorted(figures), key=lambda key: figures[key])
    kwh, price = figures[kind, element]
    return {
        "limited_by": LimitedBy(kind).label,
        "element": _element_name(clearance, kind, element),
        "element_cut_kwh": kwh,
        "shadow_price": price or None,
    }


def _element_name(clearance: Clearance, kind: int, element: int) -> str:
    """A bus, line or transformer as the results call it; empty where no element is to blame."""
    network = clearance.network
    ids = network.bus_ids if kind in VOLTAGE_LIMITS else network.elements.id
    return str(ids[element]) if element >= 0 else ""


def _by_hour(clearance: Clearance) -> dict[str, list[float | None]]:
    """Energies of each hour of the local day, 24 each, summed over days; none out of the horizon."""
    offers, profiles, horizon = clearance.offers, clearance.case.profiles, clearance.case.horizon
    powers_kw = {
        "proposed_kwh": np.bincount(offers.period, offers.proposed_kw, horizon.periods),
        "cleared_kwh": offers.volume_kw(clearance.solution.column_kw, horizon.periods),
        "load_kwh": profiles.load_kw.sum(axis=1),
        "generation_kwh": profiles.generation_kw.sum(axis=1),
    }
    return {name: _hourly_kwh(power_kw, horizon) for name, power_kw in powers_kw.items()}


def _hourly_kwh(power_kw: Float, horizon: Horizon) -> list[float | None]:
    hour = _hour_of_day(horizon)
    kwh = np.bincount(hour, power_kw, HOURS_PER_DAY) * horizon.hours_per_period
    there = np.bincount(hour, minlength=HOURS_PER_DAY) > 0
    return [_figure(value) if known else None for value, known in zip(kwh.tolist(), there, strict=True)]


@lru_cache(maxsize=8)
def _hour_of_day(horizon: Horizon) -> Int:
    """The hour of the local day that each period starts in, (T,)."""
    return frozen([instant.hour for instant in horizon.instants()], np.int64)


def _seconds(seconds: Mapping[str, float]) -> Row:
    named = {f"seconds_{phase}": round(seconds.get(phase, 0.0), SECONDS_DECIMALS) for phase in PHASES}
    return named | {"seconds": round(sum(seconds.values()), SECONDS_DECIMALS)}


def _figure(value: float) -> float:
    return round(value, DECIMALS) + 0.0
