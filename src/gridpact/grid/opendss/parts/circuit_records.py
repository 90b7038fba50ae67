"""CircuitRecords: power-grid-model input that grows element by element, and what each component is called."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.errors import Problem
from gridpact.grid.opendss.circuit import Circuit, CircuitElement

WHOLE_NUMBER_MAX = 10**8


@dataclass(slots=True, kw_only=True)
class CircuitRecords:
    """Components of power-grid-model, each a dict of its attributes.

    Attributes:
        by_component: the records.
        node_of: id of the node of each bus, by its name.
        volts: rated voltage of each node, by its id, line to line.
        element_of: the element of each other component, by its id.
        index_of: what lines and transformers are called by, by their id: their place in the circuit.
        problems: what cannot be carried.
        notices: what is to be said, for people.
    """

    by_component: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    node_of: dict[str, int] = field(default_factory=dict)
    volts: dict[int, float] = field(default_factory=dict)
    element_of: dict[int, CircuitElement] = field(default_factory=dict)
    index_of: dict[int, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    _next: int = 0

    def add_nodes(self, circuit: Circuit, volts: dict[str, float]) -> None:
        """The buses; one that is called by a whole number has it for its id, the others the rest in order."""
        names = [bus.name for bus in circuit.buses]
        taken = {int(name) for name in names if _is_whole_number(name)}
        free = (number for number in range(len(names) + len(taken) + 1) if number not in taken)
        for name in names:
            index = int(name) if _is_whole_number(name) else next(free)
            self.node_of[name], self.volts[index] = index, volts[name]
            self.by_component.setdefault("node", []).append({"id": index, "u_rated": volts[name]})
        self._next = max(self.node_of.values(), default=-1) + 1

    def add(self, component: str, element: CircuitElement, **values: Any) -> int:
        """A component of an element; gives back its id."""
        index = self._next
        self._next += 1
        self.by_component.setdefault(component, []).append({"id": index, **values})
        self.element_of[index] = element
        if component in ("asym_line", "transformer"):
            self.index_of[index] = len(self.by_component[component]) - 1
        return index

    def add_shunt(self, element: CircuitElement, bus: str, one: complex, zero: complex) -> None:
        """An admittance to the neutral at a bus by its positive and zero sequence, siemens, if it is any."""
        if one or zero:
            values = {"g1": one.real, "b1": one.imag, "g0": zero.real, "b0": zero.imag}
            self.add("shunt", element, node=self.node_of[bus], status=1, **values)

    def labelled(self) -> dict[str, list[dict[str, Any]]]:
        """The records with names, and the indices of lines and transformers, as JSON has them."""
        bus_of = {index: name for name, index in self.node_of.items()}
        tables = {"asym_line": "line", "transformer": "trafo"}
        made: dict[str, list[dict[str, Any]]] = {}
        for component, records in self.by_component.items():
            for record in records:
                index = record["id"]
                label: dict[str, Any] = {
                    "name": bus_of[index] if index in bus_of else self.element_of[index].name
                }
                if component in tables:
                    label["id_reference"] = {"table": tables[component], "index": self.index_of[index]}
                given = {name: value for name, value in record.items() if value == value}
                made.setdefault(component, []).append(given | label)
        return made

    def dataset(self) -> dict[str, NDArray[np.void]]:
        """The records as arrays of power-grid-model."""
        from power_grid_model import initialize_array

        made = {}
        for component, records in self.by_component.items():
            rows = initialize_array("input", component, len(records))
            for row, record in zip(rows, records, strict=True):
                for name, value in record.items():
                    row[name] = value
            made[component] = rows
        return made


def _is_whole_number(name: str) -> bool:
    """Whether a name is a number as it is written, so that no two names are the same number."""
    return name.isascii() and name.isdigit() and str(int(name)) == name and int(name) < WHOLE_NUMBER_MAX
