"""Places: where a network has voltages, currents and unbalances that limits are set to."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gridpact.arrays import Bool, Int, frozen
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.network_model import NEUTRAL

KEPT_PLACES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The columns of every table of voltages, loadings and unbalances of a network.

    In a balanced network a voltage is that of a bus, V = B, a loading that of an element, L = E, their phase
    is empty, and there are no unbalances, U = 0. In a three-phase network each bus has a voltage of each
    phase to neutral, V = 3B, each element a loading of each phase and each line one of its neutral more, and
    each bus without a supply an unbalance |V2|/|V1|.

    Attributes:
        voltage_bus: position of the bus in `Network.bus_ids`, (V,), bus after bus.
        voltage_phase: "a", "b" or "c", (V,).
        voltage_node: (V,).
        loading_element: position in `Network.elements`, (L,), element after element.
        loading_phase: "a", "b", "c", or "n" for the neutral of a line, (L,).
        unbalance_bus: position of the bus in `Network.bus_ids`, (U,).
    """

    voltage_bus: Int
    voltage_phase: tuple[str, ...]
    voltage_node: Int
    loading_element: Int
    loading_phase: tuple[str, ...]
    unbalance_bus: Int

    @property
    def is_neutral(self) -> Bool:
        """Which loadings are of neutrals, (L,)."""
        return np.array([phase == NEUTRAL for phase in self.loading_phase], dtype=np.bool_)

    def loading_first(self) -> Int:
        """The first column of each element, (E,)."""
        return np.unique(self.loading_element, return_index=True)[1].astype(np.int64)


@lru_cache(maxsize=KEPT_PLACES)
def places(network: Network) -> Places:
    """Where a network has voltages, currents and unbalances, found once for each network."""
    buses, count = len(network.bus_ids), len(network.phases)
    bus = np.repeat(np.arange(buses), count)
    element, phase = _loadings(network)
    held = np.isin(network.bus_node, network.slack_node)
    unbalanced = np.flatnonzero(~held) if network.is_three_phase else np.zeros(0)
    return Places(
        voltage_bus=frozen(bus, np.int64),
        voltage_phase=network.phases * buses,
        voltage_node=frozen(network.bus_nodes.ravel(), np.int64),
        loading_element=element,
        loading_phase=phase,
        unbalance_bus=frozen(unbalanced, np.int64),
    )


def _loadings(network: Network) -> tuple[Int, tuple[str, ...]]:
    element: list[int] = []
    phase: list[str] = []
    for index, kind in enumerate(network.elements.kind):
        has_neutral = network.is_three_phase and kind is ElementKind.LINE
        conductors = (*network.phases, NEUTRAL) if has_neutral else network.phases
        element += [index] * len(conductors)
        phase += conductors
    return frozen(np.array(element, dtype=np.int64), np.int64), tuple(phase)
