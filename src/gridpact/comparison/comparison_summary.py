"""The figures of a comparison: energy and limits of both results, and how many trade more or less."""

from typing import Any

import numpy as np

from gridpact.arrays import Float
from gridpact.case.sessions.cleared import CLEARED_STATUS
from gridpact.comparison.compared_result import ComparedResult
from gridpact.comparison.comparison_table import energies
from gridpact.comparison.place_state import LIMIT_KINDS, WorstPlace
from gridpact.fields.said import counted
from gridpact.results.decimals import figure
from gridpact.version import __version__

SAME_KWH = 1e-6
ENERGIES = {
    "load_kwh": "load_kw",
    "generation_kwh": "generation_kw",
    "own_use_kwh": "own_use_kw",
    "proposed_kwh": "",
    "cleared_kwh": "p2p_sold_kw",
    "fed_in_kwh": "retail_export_kw",
    "curtailed_kwh": "curtailed_kw",
    "retail_import_kwh": "retail_import_kw",
    "unserved_kwh": "unserved_kw",
    "network_import_kwh": "",
    "network_export_kwh": "",
    "losses_kwh": "",
}


def comparison_summary(
    first: ComparedResult, second: ComparedResult, warnings: tuple[str, ...]
) -> dict[str, Any]:
    """The figures as plain numbers, texts, lists and dicts; energies in kWh."""
    one, other = energies(first), energies(second)
    more, less = _more_and_less(other["traded"] - one["traded"])
    feeding_more, feeding_less = _more_and_less(other["fed_in"] - one["fed_in"])
    return {
        "first": _described(first),
        "second": _described(second),
        "start": first.borders[0].isoformat(timespec="minutes"),
        "periods": first.periods,
        "resolution": first.resolution,
        "participants": len(first.participants),
        "trade_more": more,
        "trade_less": less,
        "trade_as_much": len(first.participants) - more - less,
        "feed_in_more": feeding_more,
        "feed_in_less": feeding_less,
        "energy": _side_by_side(_energy(first), _energy(second)),
        "limits": {
            kind: _limits(first, second, kind)
            for kind in LIMIT_KINDS
            if kind in first.worst or kind in second.worst
        },
        "notices": [*notices(first, second), *warnings],
        "version": __version__,
    }


def notices(first: ComparedResult, second: ComparedResult) -> list[str]:
    """What a reader must know before taking differences for those of the clearing."""
    found = []
    for result in (first, second):
        if result.status != CLEARED_STATUS:
            found.append(f"{result.label} has the status '{result.status}'")
        unsolved = int(np.isnan(result.network_import_kw).sum())
        if unsolved:
            found.append(
                f"{result.label} has no power-flow solution in {counted(unsolved, 'period')}: its import, "
                "losses and limits are those of the others"
            )
    if first.name != second.name:
        found.append(f"the cases have different names: '{first.name}' and '{second.name}'")
    moved = first.bus != second.bus
    if moved.any():
        found.append(f"{_who(first, moved)} at another bus in {second.label}")
    other = np.zeros(len(first.participants), dtype=np.bool_)
    for flow in ("load_kw", "generation_kw"):
        other |= (np.abs(second.flows[flow] - first.flows[flow]) > SAME_KWH).any(axis=0)
    if other.any():
        are = "is" if other.sum() == 1 else "are"
        found.append(
            f"{_who(first, other)} {are} forecast otherwise in {second.label}: differences are of that too"
        )
    return found


def _more_and_less(difference: Float) -> tuple[int, int]:
    """How many participants have more of something, and how many less."""
    return int((difference > SAME_KWH).sum()), int((difference < -SAME_KWH).sum())


def _who(result: ComparedResult, chosen: Any) -> str:
    """Some participants: the first by name, and how many more."""
    places = np.flatnonzero(chosen)
    name = f"participant '{result.participants[places[0]]}'"
    return f"{name} and {len(places) - 1} more" if len(places) > 1 else name


def _described(result: ComparedResult) -> dict[str, Any]:
    """What a result is."""
    return {
        "result": result.label,
        "name": result.name,
        "status": result.status,
        "formulation": result.formulation,
        "model": result.model,
        "allocation": result.allocation,
        "remaining_violations": result.still_broken,
        "inputs_sha256": result.inputs_sha256,
    }


def _energy(result: ComparedResult) -> dict[str, float]:
    """The sums of a result over all periods with a power-flow solution where they need one, kWh."""
    hours = result.hours_per_period
    drawn = result.network_import_kw
    sums = {name: float(result.kwh(flow).sum()) for name, flow in ENERGIES.items() if flow}
    sums["proposed_kwh"] = float(result.traded.proposed_kw.sum()) * hours
    sums["network_import_kwh"] = _known_sum(np.maximum(drawn, 0.0)) * hours
    sums["network_export_kwh"] = _known_sum(np.maximum(-drawn, 0.0)) * hours
    sums["losses_kwh"] = _known_sum(result.losses_kw) * hours
    return {name: figure(sums[name]) for name in ENERGIES}


def _known_sum(values: Float) -> float:
    return float(np.nansum(values))


def _side_by_side(first: dict[str, float], second: dict[str, float]) -> dict[str, dict[str, float]]:
    """Figures of both results by their names, and the differences."""
    return {
        name: {"first": value, "second": second[name], "difference": figure(second[name] - value)}
        for name, value in first.items()
    }


def _limits(first: ComparedResult, second: ComparedResult, kind: str) -> dict[str, Any]:
    """The worst place of a kind of limit in both results, and the difference of its value."""
    one, other = first.worst.get(kind), second.worst.get(kind)
    difference = figure(other.value - one.value) if one is not None and other is not None else None
    return {"first": _place(first, one), "second": _place(second, other), "difference": difference}


def _place(result: ComparedResult, worst: WorstPlace | None) -> dict[str, Any] | None:
    """A worst place, and when it is; none where the network has no such limit, or nothing is known."""
    if worst is None:
        return None
    return {
        "value": figure(worst.value),
        "limit": figure(worst.limit) if np.isfinite(worst.limit) else None,
        "kind": worst.kind,
        "element": worst.element,
        **({"phase": worst.phase} if worst.phase else {}),
        "time": result.borders[worst.period].isoformat(timespec="minutes"),
    }
