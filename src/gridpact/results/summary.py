"""The summary of a clearance: the figures of `summary.json`."""

from typing import TYPE_CHECKING, Any

import numpy as np

from gridpact import __version__
from gridpact.case.case import Formulation
from gridpact.clearing.solution import LimitedBy
from gridpact.clearing.verify import Status
from gridpact.grid.network import ElementKind
from gridpact.results.extremes import highest

if TYPE_CHECKING:
    from gridpact.results.clearance import Clearance

DECIMALS = 9
DIFFERENCE_DECIMALS = 13


def summarise(clearance: "Clearance") -> dict[str, Any]:
    """The summary as plain numbers, texts, lists and dicts; energies in kWh, seconds of wall time."""
    case, verification = clearance.case, clearance.verification
    hours = case.horizon.hours_per_period
    cleared_kwh = float(clearance.solution.column_kw.sum()) * hours
    load_kwh = float(case.profiles.load_kw.sum()) * hours
    upper_kwh = float(clearance.solution.volume_bound_kw.sum()) * hours
    return {
        "name": case.name,
        "status": str(verification.status),
        "formulation": str(case.formulation),
        "allocation": str(case.allocation),
        "periods": case.horizon.periods,
        "trades": len(clearance.trades),
        "proposed_kwh": _figure(float(clearance.offers.proposed_kw.sum()) * hours),
        "cleared_kwh": _figure(cleared_kwh),
        "load_kwh": _figure(load_kwh),
        "p2p_share_of_load": _figure(cleared_kwh / load_kwh if load_kwh else 0.0),
        "baseline_violations": baseline_violations(clearance),
        "verification": {
            "engine": verification.engine,
            "max_voltage_excess_pu": _figure(verification.max_voltage_excess_pu),
            "max_loading_excess_percent": _figure(verification.max_loading_excess_percent),
            "max_difference_pu": round(verification.max_difference_pu, DIFFERENCE_DECIMALS),
            "unconverged_periods": verification.unconverged_periods,
        },
        "bound": {
            "upper_kwh": _figure(upper_kwh),
            "gap": _figure(max(upper_kwh - cleared_kwh, 0.0) / upper_kwh if upper_kwh else 0.0),
        },
        "notices": [*_verdicts(clearance), *case.warnings, *clearance.network.notices],
        "seconds": {name: round(value, 6) for name, value in clearance.seconds.items()},
        "inputs_sha256": case.inputs_sha256,
        "version": __version__,
    }


def baseline_violations(clearance: "Clearance") -> list[dict[str, Any]]:
    """Limits that the baseline alone breaks: each element once per kind of limit, at its worst period."""
    nominal, baseline, network = clearance.nominal_limits, clearance.baseline, clearance.network
    is_line = np.array([kind is ElementKind.LINE for kind in network.elements.kind], dtype=np.bool_)
    voltage, loading = baseline.voltage_pu, baseline.loading_percent
    loading_excess = loading - nominal.loading_max_percent
    line_excess = np.where(is_line, loading_excess, -np.inf)
    transformer_excess = np.where(is_line, -np.inf, loading_excess)
    groups = (
        (
            LimitedBy.VOLTAGE_MIN,
            network.bus_ids,
            voltage,
            nominal.voltage_min_pu,
            nominal.voltage_min_pu - voltage,
        ),
        (
            LimitedBy.VOLTAGE_MAX,
            network.bus_ids,
            voltage,
            nominal.voltage_max_pu,
            voltage - nominal.voltage_max_pu,
        ),
        (LimitedBy.LINE, network.elements.id, loading, nominal.loading_max_percent, line_excess),
        (
            LimitedBy.TRANSFORMER,
            network.elements.id,
            loading,
            nominal.loading_max_percent,
            transformer_excess,
        ),
    )
    labels = clearance.case.horizon.labels()
    found = []
    for kind, ids, value, limit, excess in groups:
        broken = excess > 0.0
        for element in np.flatnonzero(broken.any(axis=0)):
            worst = int(np.nanargmax(excess[:, element]))
            found.append(
                {
                    "limited_by": kind.label,
                    "element": str(ids[element]),
                    "periods": int(broken[:, element].sum()),
                    "worst_time": labels[worst],
                    "worst_value": _figure(float(value[worst, element])),
                    "limit": _figure(float(limit[worst, element])),
                }
            )
    return found


def _verdicts(clearance: "Clearance") -> list[str]:
    """What a reader must know before trusting the dispatch."""
    verification, found = clearance.verification, list[str]()
    if verification.status is Status.NOT_CONVERGED:
        found.append(
            f"In {verification.unconverged_periods} periods the dispatch has no power-flow solution: "
            "the network cannot carry it."
        )
    found.append(worst_violation(clearance))
    if clearance.case.formulation is Formulation.DC:
        found.append(
            "The dc formulation does not see voltages: those shown are of an AC power flow of its dispatch."
        )
    return [verdict for verdict in found if verdict]


def worst_violation(clearance: "Clearance") -> str:
    """The sentence that names the worst limits which the dispatch breaks, empty where it breaks none."""
    if clearance.verification.status is Status.CLEARED:
        return ""
    limits, operation, network = clearance.operating_limits, clearance.operation, clearance.network
    horizon, parts = clearance.case.horizon, []
    voltage = highest(limits.voltage_excess_pu(operation.voltage_pu))
    if voltage and voltage.value > 0.0:
        parts.append(
            f"bus {network.bus_ids[voltage.position]} at "
            f"{operation.voltage_pu[voltage.period, voltage.position]:.4f} pu, "
            f"{horizon.span(voltage.period, voltage.period)}"
        )
    loading = highest(limits.loading_excess_percent(operation.loading_percent))
    if loading and loading.value > 0.0:
        parts.append(
            f"{network.elements.kind[loading.position]} {network.elements.id[loading.position]} at "
            f"{operation.loading_percent[loading.period, loading.position]:.1f} %, "
            f"{horizon.span(loading.period, loading.period)}"
        )
    return f"The dispatch breaks limits of the network: {'; '.join(parts)}." if parts else ""


def _figure(value: float) -> float:
    return round(value, DECIMALS) + 0.0
