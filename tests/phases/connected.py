"""Participants on phases of their own, wherever a case is cleared, settled or made headroom of."""

from collections.abc import Sequence

import pytest

from gridpact.arrays import Int
from gridpact.clearing.network import connections as module
from gridpact.clearing.network.connections import ALL_PHASES, Connections, connections
from gridpact.grid.network import Network


def on_phases(monkeypatch: pytest.MonkeyPatch, phases: Sequence[str]) -> None:
    """Connects participants to these phases, and whoever comes after them to all."""

    def own(network: Network, bus_position: Int, given: Sequence[str] | None = None) -> Connections:
        every = (*phases, *[ALL_PHASES] * (len(bus_position) - len(phases)))
        return connections(network, bus_position, every if network.is_three_phase else given)

    monkeypatch.setattr(module, "connections", own)
