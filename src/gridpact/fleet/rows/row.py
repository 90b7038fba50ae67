"""The row of a case in the table of its fleet, made of its clearance."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from gridpact.arrays import Float, Int, frozen
from gridpact.case.horizon import Horizon
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.fleet.rows.fleet_tables import (
    BY_HOUR,
    CAPS,
    HOURS_PER_DAY,
    LIMIT_CUTS,
    NETWORK_LIMITS,
    PHASE,
    PHASES,
    THREE_PHASE_LIMITS,
    VOLTAGE_LIMITS,
    Row,
)
from gridpact.fleet.rows.phase_figures import phase_figures
from gridpact.grid.network_model import PHASE_LABELS
from gridpact.results import Clearance
from gridpact.results.clearance_outcome import CUT_SHARE_MIN
from gridpact.results.decimals import figure

SECONDS_DECIMALS = 6
BY_NETWORK = (*NETWORK_LIMITS, *THREE_PHASE_LIMITS)
AT_BUSES = (*VOLTAGE_LIMITS, LimitedBy.VOLTAGE_UNBALANCE)


def row_of(path: str, clearance: Clearance, seconds: Mapping[str, float]) -> Row:
    """The figures of a case that was cleared, energies by hour of the local day among them.

    Args:
        path: of the case folder, relative to that of the fleet.
        clearance: its result.
        seconds: wall time of what was done beside the clearing, by phase.
    """
    case, summary = clearance.case, clearance.summary
    hours, cut_kwh = case.horizon.hours_per_period, _cut_kwh(clearance)
    by_network_kwh = np.where(np.isin(clearance.solution.limited_by, BY_NETWORK), cut_kwh, 0.0)
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
        "cleared_share": figure(cleared_kwh / proposed_kwh) if proposed_kwh else None,
        "load_kwh": summary["load_kwh"],
        "generation_kwh": figure(float(case.profiles.generation_kw.sum()) * hours),
        **_cuts(clearance, cut_kwh, by_network_kwh),
        "baseline_violations": len(summary["baseline_violations"]),
        "violations": len(summary["violations"]),
        "inputs_sha256": case.inputs_sha256,
        "version": summary["version"],
        **_seconds({**clearance.seconds, **seconds}),
        BY_HOUR: _by_hour(clearance, by_network_kwh),
    }


def _cut_kwh(clearance: Clearance) -> Float:
    """Energy that did not clear of each column, (C,)."""
    proposed_kw, cleared_kw = clearance.offers.column_kw, clearance.solution.column_kw
    is_cut = cleared_kw < proposed_kw * (1.0 - CUT_SHARE_MIN)
    return np.where(is_cut, proposed_kw - cleared_kw, 0.0) * clearance.case.horizon.hours_per_period


def _cuts(clearance: Clearance, cut_kwh: Float, by_network_kwh: Float) -> Row:
    """What networks and caps cut of the columns' energies, (C,), and the one limit that cut most."""
    kwh = np.bincount(clearance.solution.limited_by, cut_kwh, len(LimitedBy))
    of_phases = phase_figures(clearance, kwh) if clearance.network.is_three_phase else {}
    return {
        "network_cut_kwh": figure(float(by_network_kwh.sum())),
        **{LIMIT_CUTS[limit.label]: figure(float(kwh[limit])) for limit in NETWORK_LIMITS},
        "caps_cut_kwh": figure(float(kwh[list(CAPS)].sum())),
        "congested_periods": len(np.unique(clearance.offers.column_period[by_network_kwh > 0.0])),
        **_worst_limit(clearance, by_network_kwh),
        **of_phases,
    }


def _worst_limit(clearance: Clearance, cut_kwh: Float) -> Row:
    """The limit of the network that cut most of the columns' energies, (C,), or has the greatest price."""
    solution, binding = clearance.solution, clearance.solution.binding
    found: dict[tuple[int, int, int], list[float]] = {}
    for column in np.flatnonzero(cut_kwh).tolist():
        key = int(solution.limited_by[column]), int(solution.element[column]), int(solution.phase[column])
        found.setdefault(key, [0.0, 0.0])[0] += float(cut_kwh[column])
    for place in np.flatnonzero(np.isin(binding.limited_by, BY_NETWORK)).tolist():
        price = float(np.nan_to_num(binding.shadow_price_kw_per_percent[place]))
        key = int(binding.limited_by[place]), int(binding.element[place]), int(binding.phase[place])
        known = found.setdefault(key, [0.0, 0.0])
        known[1] = max(known[1], price)
    rounded = {key: (figure(kwh), figure(price)) for key, (kwh, price) in found.items()}
    figures = {key: pair for key, pair in rounded.items() if any(pair)}
    with_phase = clearance.network.is_three_phase
    if not figures:
        return {
            "limited_by": "",
            "element": "",
            **({PHASE: ""} if with_phase else {}),
            "element_name": "",
            "element_cut_kwh": 0.0,
            "shadow_price": None,
        }
    kind, element, phase = max(sorted(figures), key=lambda key: figures[key])
    kwh, price = figures[kind, element, phase]
    named, name = _element(clearance, kind, element)
    return {
        "limited_by": LimitedBy(kind).label,
        "element": named,
        **({PHASE: PHASE_LABELS[phase]} if with_phase else {}),
        "element_name": name,
        "element_cut_kwh": kwh,
        "shadow_price": price or None,
    }


def _element(clearance: Clearance, kind: int, element: int) -> tuple[str, str]:
    """A bus, line or transformer as the results call it, and its name; empty where no element is to blame."""
    network = clearance.network
    if element < 0:
        return "", ""
    if kind in AT_BUSES:
        return str(network.bus_ids[element]), network.bus_names[element]
    return str(network.elements.id[element]), network.elements.name[element]


def _by_hour(clearance: Clearance, by_network_kwh: Float) -> dict[str, list[float | None]]:
    """Energies of each hour of the local day, 24 each, summed over days; none out of the horizon."""
    offers, profiles, horizon = clearance.offers, clearance.case.profiles, clearance.case.horizon
    by_network_kw = by_network_kwh / horizon.hours_per_period
    powers_kw = {
        "proposed_kwh": np.bincount(offers.period, offers.proposed_kw, horizon.periods),
        "cleared_kwh": offers.volume_kw(clearance.solution.column_kw, horizon.periods),
        "network_cut_kwh": offers.volume_kw(by_network_kw, horizon.periods),
        "load_kwh": profiles.load_kw.sum(axis=1),
        "generation_kwh": profiles.generation_kw.sum(axis=1),
    }
    return {name: _hourly_kwh(power_kw, horizon) for name, power_kw in powers_kw.items()}


def _hourly_kwh(power_kw: Float, horizon: Horizon) -> list[float | None]:
    """Energy in each hour of the local day, (24,); `None` in hours that the horizon does not have."""
    hour = _hour_of_day(horizon)
    kwh = np.bincount(hour, power_kw, HOURS_PER_DAY) * horizon.hours_per_period
    there = np.bincount(hour, minlength=HOURS_PER_DAY) > 0
    return [figure(value) if known else None for value, known in zip(kwh.tolist(), there, strict=True)]


@lru_cache(maxsize=8)
def _hour_of_day(horizon: Horizon) -> Int:
    """The hour of the local day that each period starts in, (T,)."""
    return frozen([instant.hour for instant in horizon.instants()], np.int64)


def _seconds(seconds: Mapping[str, float]) -> Row:
    """The wall time of each step and of all, by column."""
    named = {f"seconds_{phase}": round(seconds.get(phase, 0.0), SECONDS_DECIMALS) for phase in PHASES}
    return named | {"seconds": round(sum(seconds.values()), SECONDS_DECIMALS)}
