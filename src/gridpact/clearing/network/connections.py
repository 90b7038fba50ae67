"""Connections: what participants are connected to, a bus or some of its phases, each to the neutral."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.case.participants import Participants
from gridpact.clearing.network.injection import participant_bus_position
from gridpact.grid.network import Network
from gridpact.grid.network_model import ALL_PHASES


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """C connections of P participants to a node each: one a participant, or one for each of its phases.

    Attributes:
        participant: (C,), ascending.
        bus: position in `Network.bus_ids`, (C,).
        phase: position in `Network.phases`, (C,).
        share: part of what the participant injects, the same for each of its phases, (C,).
        node: (C,).
    """

    participant: Int
    bus: Int
    phase: Int
    share: Float
    node: Int

    def incidence(self, participants: int, nodes: int) -> csr_array:
        """Shares of participants at nodes, (P, N): an injection (T, P) times it is one at nodes, (T, N)."""
        return csr_array((self.share, (self.participant, self.node)), shape=(participants, nodes))

    def shared(self, values: Float) -> Float:
        """What each connection has, (T, C), of what each participant has, (T, P)."""
        return values[:, self.participant] * self.share


def connections_of(network: Network, participants: Participants) -> Connections:
    """The connections of participants to a network.

    Raises:
        InvalidCase: a participant's bus is not a supplied bus of this network.
    """
    return connections(network, participant_bus_position(network, participants), participants.phases)


def connections(network: Network, bus_position: Int, phases: Sequence[str] | None = None) -> Connections:
    """The connections of P participants.

    Args:
        network: the compiled network.
        bus_position: of each participant's bus in `Network.bus_ids`, (P,).
        phases: of each, such as "a", "bc" or "abc"; all of the network's where there are none, (P,).
    """
    count = len(bus_position)
    if not network.is_three_phase:
        every, first = np.arange(count), np.zeros(count, dtype=np.int64)
        return Connections(
            participant=every,
            bus=bus_position,
            phase=first,
            share=np.ones(count),
            node=network.bus_node[bus_position],
        )
    given = [ALL_PHASES] * count if phases is None else list(phases)
    lengths = np.array([len(text) for text in given], dtype=np.int64)
    participant = np.repeat(np.arange(count), lengths)
    phase = np.array([network.phases.index(one) for text in given for one in text], dtype=np.int64)
    bus = bus_position[participant]
    return Connections(
        participant=participant,
        bus=bus,
        phase=phase,
        share=1.0 / lengths[participant],
        node=network.bus_nodes[bus, phase],
    )
