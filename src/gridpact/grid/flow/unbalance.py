"""Unbalance: the negative-sequence over the positive-sequence voltage of buses (IEC 61000-4-30)."""

from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Int
from gridpact.grid.network import Network
from gridpact.grid.places import places
from gridpact.grid.three_phase.sequences import NEGATIVE, POSITIVE

KEPT_NETWORKS = 16


@lru_cache(maxsize=KEPT_NETWORKS)
def sequence_voltages(network: Network) -> tuple[csr_array, csr_array]:
    """Negative and positive sequence at each bus with an unbalance, by all voltages, (U, N) each."""
    nodes = network.bus_nodes[places(network).unbalance_bus]
    return _forms(NEGATIVE, nodes, network.nodes), _forms(POSITIVE, nodes, network.nodes)


def _forms(weight: Complex, nodes: Int, count: int) -> csr_array:
    buses, phases = nodes.shape
    data = np.broadcast_to(weight[:phases], nodes.shape).ravel().astype(np.complex128)
    ends = phases * np.arange(buses + 1)
    return csr_array((data, nodes.ravel(), ends), shape=(buses, count))
