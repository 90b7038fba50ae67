"""Circuit: what OpenDSS made of a script, as it stands in its equations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridpact.arrays import Complex

PHASE_NODES = (1, 2, 3)
EARTH, NEUTRAL_NODE = 0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBus:
    """A bus.

    Attributes:
        name: in lower case.
        kv: voltage base, line to line; 0 where OpenDSS found none.
        nodes: numbers of its nodes, n of them.
        idle_v: voltage of each node to earth without load, (n,).
    """

    name: str
    kv: float
    nodes: tuple[int, ...]
    idle_v: Complex


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitElement:
    """An element with c conductors at each of its t terminals.

    Attributes:
        kind: its class, in lower case.
        name: without its class.
        buses: of its terminals.
        nodes: that its conductors are joined to, terminal by terminal; 0 is earth.
        phases: how many of the conductors are phases.
        is_open: whether each phase is open at each terminal.
        matrix: currents into the conductors by their voltages, siemens, (tc, tc).
        values: what else was asked of it.
    """

    kind: str
    name: str
    buses: tuple[str, ...]
    nodes: tuple[tuple[int, ...], ...]
    phases: int
    is_open: tuple[tuple[bool, ...], ...]
    matrix: Complex
    values: Mapping[str, Any]

    @property
    def conductors(self) -> int:
        """How many conductors each terminal has."""
        return len(self.nodes[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A circuit: its buses and its elements that are not switched off, in the order of OpenDSS."""

    buses: tuple[CircuitBus, ...]
    elements: tuple[CircuitElement, ...]

    def of_kind(self, kind: str) -> list[CircuitElement]:
        """The elements of a class."""
        return [element for element in self.elements if element.kind == kind]


def circuit_of(found: Mapping[str, Any]) -> Circuit:
    """The circuit in what the program writes."""
    return Circuit(
        buses=tuple(
            CircuitBus(
                name=bus["name"].lower(),
                kv=bus["kv"] * np.sqrt(3.0),
                nodes=tuple(bus["nodes"]),
                idle_v=_complex(bus["idle_v"]),
            )
            for bus in found["buses"]
        ),
        elements=tuple(_element(element) for element in found["elements"]),
    )


def _element(found: Mapping[str, Any]) -> CircuitElement:
    """An element as the engine told it."""
    count, conductors = found["conductors"] * found["terminals"], found["conductors"]
    return CircuitElement(
        kind=found["kind"],
        name=found["name"].partition(".")[2].lower(),
        buses=tuple(found["buses"]),
        nodes=tuple(
            tuple(found["nodes"][start : start + conductors]) for start in range(0, count, conductors)
        ),
        phases=found["phases"],
        is_open=tuple(map(tuple, found["open"])),
        matrix=_complex(found["matrix"]).reshape(count, count),
        values=found["values"],
    )


def _complex(parts: Any) -> Complex:
    values: Complex = np.asarray(parts[0], np.float64) + 1j * np.asarray(parts[1], np.float64)
    return values
