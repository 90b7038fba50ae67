"""Places in words: what voltages, loadings and unbalances of a network are called."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridpact.grid.network import Network
from gridpact.grid.network_model import NEUTRAL
from gridpact.grid.places import places


def voltage_place(network: Network, column: int) -> str:
    """Where a voltage is: "bus 619", or "bus 619 phase c" in a three-phase network."""
    found = places(network)
    return f"bus {network.bus_ids[found.voltage_bus[column]]}{phase_words(found.voltage_phase[column])}"


def loading_place(network: Network, column: int) -> str:
    """What a loading is of: "line 2", or "line 2 phase a" and "the neutral of line 2"."""
    found, elements = places(network), network.elements
    element, phase = found.loading_element[column], found.loading_phase[column]
    name = f"{elements.kind[element]} {elements.id[element]}"
    return f"the neutral of {name}" if phase == NEUTRAL else f"{name}{phase_words(phase)}"


def unbalance_place(network: Network, column: int) -> str:
    """Where an unbalance is: "bus 619"."""
    return f"bus {network.bus_ids[places(network).unbalance_bus[column]]}"


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
