"""ComponentLabels: what power-grid-model JSON says of its components beyond what power-grid-model reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gridpact.arrays import Int
from gridpact.errors import Problem
from gridpact.grid.network import ElementKind
from gridpact.grid.power_grid_model.pi_branches import LINE, TRANSFORMER, PiBranches
from gridpact.grid.source import NetworkSource

TABLE_OF_COMPONENT = {"line": "line", "asym_line": "line", "transformer": "trafo", "generic_branch": "trafo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentLabels:
    """Names, and indices that lines and transformers are called by, of components that have them.

    power-grid-model has one space of ids for all components. A file that was made of another says in the
    `id_reference` of a line or transformer which index it had there, in which table: `line` or `trafo`.

    Attributes:
        name_of: name of a component, by its id.
        index_of: table and index, by the id of the component.
    """

    name_of: Mapping[int, str] = field(default_factory=dict)
    index_of: Mapping[int, int] = field(default_factory=dict)

    def names(self, ids: Int) -> tuple[str, ...]:
        """The name of each component, or empty."""
        return tuple(self.name_of.get(index, "") for index in ids.tolist())

    def indices(self, ids: Int) -> Int:
        """What results call each component: its index, or its id where it has none."""
        return np.array([self.index_of.get(index, index) for index in ids.tolist()], dtype=np.int64)

    def problems(self, pi: PiBranches, source: NetworkSource) -> Iterator[Problem]:
        """Each line, and each transformer, that would be called as another is."""
        for kind in (LINE, TRANSFORMER):
            ids = pi.id[pi.kind == kind]
            indices = self.indices(ids)
            _, first, inverse = np.unique(indices, return_index=True, return_inverse=True)
            name = tuple(ElementKind)[kind]
            for row in np.flatnonzero(first[inverse] != np.arange(len(ids))).tolist():
                what = f"is the index of {name} {ids[first[inverse[row]]]} too"
                place = f"{name} {ids[row]} id_reference.index"
                yield source.problem(what, field=place, value=str(indices[row]), remedy="number them apart")


def component_labels(by_component: Mapping[str, list[Mapping[str, Any]]]) -> ComponentLabels:
    """The labels in the records of power-grid-model JSON whose ids are numbers; others are left out."""
    names: dict[int, str] = {}
    indices: dict[int, int] = {}
    for component, records in by_component.items():
        for record in records:
            if record.get("id") is None:
                continue
            if isinstance(record.get("name"), str):
                names[record["id"]] = record["name"]
            reference = record.get("id_reference")
            table = TABLE_OF_COMPONENT.get(component)
            if table and isinstance(reference, Mapping) and reference.get("table") == table:
                index = reference.get("index")
                if isinstance(index, int) and not isinstance(index, bool) and index >= 0:
                    indices[record["id"]] = index
    return ComponentLabels(name_of=names, index_of=indices)
