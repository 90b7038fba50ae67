"""The voltage bases of a circuit's buses, those that no supply reaches included."""

from collections.abc import Iterator, Mapping

import numpy as np

from gridpact.errors import Problem
from gridpact.grid.opendss.circuit import Circuit, CircuitBus, CircuitElement
from gridpact.grid.opendss.script.script_reader import Script
from gridpact.grid.source import NetworkSource
from gridpact.units import KV_PER_V

LIVE_MIN_PU = 0.05
DIGITS = 12  # beyond which stands what the root of three and back leaves


def missing_bases(script: Script, circuit: Circuit, source: NetworkSource) -> list[Problem]:
    """A problem where the script sets no voltage bases: OpenDSS would take American ones."""
    for statement in script.statements:
        if statement.verb == "setkvbase" or (statement.verb == "set" and statement.given("voltagebases")):
            return []
    known = {float(element.values["kv"]) for element in circuit.of_kind("vsource")}
    for transformer in circuit.of_kind("transformer"):
        known |= {float(row["kv"]) for row in transformer.values["rows"]}
    shown = ", ".join(f"{kv:g}" for kv in sorted(known, reverse=True))
    remedy = f"write Set VoltageBases=[{shown}] and CalcVoltageBases at the end"
    return [source.problem("sets no voltage bases", remedy=remedy)]


def bus_volts(circuit: Circuit) -> dict[str, float]:
    """Rated voltage of each bus, line to line, V.

    OpenDSS's bases are the nearest to the voltages without load, and so nothing where no supply reaches:
    there lines carry the base of their other end, and windings bring theirs.
    """
    known = {bus.name: bus.kv for bus in circuit.buses if bus.kv > 0 and _is_live(bus)}
    bases = sorted(set(known.values()))
    left = bool(bases)
    while left and len(known) < len(circuit.buses):
        left = False
        for element in circuit.elements:
            for bus, base in _said(element, known):
                known[bus], left = min(bases, key=lambda each: abs(each - base)), True
    other = bases[0] if bases else 1.0
    return {bus.name: float(f"{known.get(bus.name, other) / KV_PER_V:.{DIGITS}g}") for bus in circuit.buses}


def _is_live(bus: CircuitBus) -> bool:
    """Whether a supply reaches a bus, so that its voltage is more than what leaks to it."""
    return bool(np.abs(bus.idle_v).max(initial=0.0) > LIVE_MIN_PU * bus.kv / KV_PER_V)


def _said(element: CircuitElement, known: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """What an element says of the voltage of a bus that is not known yet, kV."""
    for end, bus in enumerate(element.buses):
        if bus in known:
            continue
        if element.kind == "line" and element.buses[1 - end] in known:
            yield bus, known[element.buses[1 - end]]
        elif element.kind == "transformer":
            yield bus, float(element.values["rows"][end]["kv"])
