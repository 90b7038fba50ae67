"""IdleState: a compiled network with nothing connected to it, by one linear solution."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.grid.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleState:
    """Voltages and flows without injections.

    Attributes:
        voltage_pu: of each node, (N,).
        branch_kva: what each branch itself takes, in its losses and its capacitance, (M,).
        shunt_kva: what the shunts at each node take, (N,).
        flow_kva: the greater apparent power at its ends, (M,).
        loading: the greater current of each branch over its rating, (M,).
    """

    voltage_pu: Complex
    branch_kva: Float
    shunt_kva: Float
    flow_kva: Float
    loading: Float


def idle_state(network: Network) -> IdleState | None:
    """The state without injections; `None` where the equations have no single solution."""
    voltage = held_voltage(network, np.ones(len(network.slack_node), dtype=np.bool_))
    if voltage is None:
        return None
    branches = network.branches
    current_from, current_to, at_node = (
        np.asarray(admittance @ voltage, dtype=np.complex128)
        for admittance in (branches.admittance_from, branches.admittance_to, network.admittance)
    )
    into_branches = np.zeros(network.nodes, dtype=np.complex128)
    np.add.at(into_branches, branches.from_node, current_from)
    np.add.at(into_branches, branches.to_node, current_to)
    at_from, at_to = voltage[branches.from_node], voltage[branches.to_node]
    taken = at_from * current_from.conj() + at_to * current_to.conj()
    loading = np.maximum(
        np.abs(current_from) / branches.rating_from_kva, np.abs(current_to) / branches.rating_to_kva
    )
    return IdleState(
        voltage_pu=voltage,
        branch_kva=np.abs(taken),
        shunt_kva=np.abs(voltage * (at_node - into_branches).conj()),
        flow_kva=np.maximum(np.abs(at_from * current_from), np.abs(at_to * current_to)),
        loading=loading,
    )


def held_voltage(network: Network, holds: Bool) -> Complex | None:
    """Voltage of each node where only some supplies hold theirs, and nothing is connected.

    Args:
        network: K supplies.
        holds: which of them, (K,); at least one in each island.

    Returns:
        (N,); `None` where the equations have no single solution.
    """
    held = network.slack_node[holds]
    free = np.setdiff1d(np.arange(network.nodes), held)
    voltage = np.empty(network.nodes, dtype=np.complex128)
    voltage[held] = network.slack_voltage_pu[holds]
    if len(free):
        rows = network.admittance[free]
        try:
            drawn = np.asarray(rows[:, held] @ voltage[held], dtype=np.complex128)
            voltage[free] = -splu(csc_array(rows[:, free])).solve(drawn)
        except RuntimeError:
            return None
    return voltage if np.isfinite(voltage).all() else None


def islands(network: Network) -> Int:
    """Which island each node is in, (N,)."""
    branches = network.branches
    graph = csr_array(
        (np.ones(len(branches)), (branches.from_node, branches.to_node)), shape=(network.nodes, network.nodes)
    )
    label: Int = connected_components(graph, directed=False)[1].astype(np.int64)
    return label
