"""Places in words: what voltages, loadings and unbalances of a network are called."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.grid.network import Network
from gridpact.grid.network_model import NEUTRAL
from gridpact.grid.places import places
from gridpact.results.words.limit_kinds import PLACE_KINDS, called, kind_of

KEPT_NETWORKS = 16


def voltage_place(network: Network, column: int) -> str:
    """Where a voltage is: "bus 619 (Mill Lane 4)", with "phase c" after it in a three-phase network."""
    found = places(network)
    return f"{bus_words(network, int(found.voltage_bus[column]))}{phase_words(found.voltage_phase[column])}"


def loading_place(network: Network, column: int) -> str:
    """What a loading is of: "line 2", or "line 2 phase a" and "the neutral of line 2"."""
    found, elements = places(network), network.elements
    element, phase = found.loading_element[column], found.loading_phase[column]
    name = f"{elements.kind[element]} {called(str(elements.id[element]), elements.name[element])}"
    return f"the neutral of {name}" if phase == NEUTRAL else f"{name}{phase_words(phase)}"


def unbalance_place(network: Network, column: int) -> str:
    """Where an unbalance is: "bus 619"."""
    return bus_words(network, int(places(network).unbalance_bus[column]))


def bus_words(network: Network, position: int) -> str:
    """A bus by its index and its name: "bus 619 (Mill Lane 4)"."""
    return f"bus {called(str(network.bus_ids[position]), network.bus_names[position])}"


@lru_cache(maxsize=KEPT_NETWORKS)
def place_names(network: Network) -> Mapping[tuple[str, str], str]:
    """Names in the network file of buses, lines and transformers that have one, by kind and index."""
    buses = zip(network.bus_ids.tolist(), network.bus_names, strict=True)
    rated = zip(network.elements.kind, network.elements.id.tolist(), network.elements.name, strict=True)
    named = [("bus", index, name) for index, name in buses]
    named += [(kind.value, index, name) for kind, index, name in rated]
    return {(kind, str(index)): name for kind, index, name in named if name}


def name_of(network: Network, limited_by: str, element: str) -> str:
    """The name of what a limit is of; empty where it has none."""
    return place_names(network).get((PLACE_KINDS.get(kind_of(limited_by), ""), element), "")


def phase_words(phase: str) -> str:
    """A phase after what it is of; nothing where it is of none."""
    return f" phase {phase}" if phase else ""


def voltage_places(network: Network) -> NDArray[Any]:
    """Where every voltage is, (V,)."""
    return _words(voltage_place(network, column) for column in range(len(places(network).voltage_bus)))


def loading_places(network: Network) -> NDArray[Any]:
    """What every loading is of, (L,)."""
    return _words(loading_place(network, column) for column in range(len(places(network).loading_element)))


def unbalance_places(network: Network) -> NDArray[Any]:
    """Where every unbalance is, (U,)."""
    return _words(unbalance_place(network, column) for column in range(len(places(network).unbalance_bus)))


def _words(texts: Iterable[str]) -> NDArray[Any]:
    return np.array(list(texts), dtype=object)
