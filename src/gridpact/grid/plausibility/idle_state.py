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
    voltage = _held_voltage(network.admittance, network.slack_node, network.slack_voltage_pu)
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


def ratio_voltage(network: Network, holds: Bool) -> Complex | None:
    """Voltage that some supplies give to each node by the ratios and phase shifts of branches alone.

    It is that of a network without load whose branches have no shunts: long cables raise the voltage
    without load, which is nothing that supplies need to agree on.

    Args:
        network: K supplies.
        holds: which of them hold their voltage, (K,); one in each island.

    Returns:
        (N,); `None` where the equations have no single solution.
    """
    branches = network.branches
    row, from_node, to_node = np.arange(len(branches)), branches.from_node, branches.to_node
    from_from, from_to = (branches.admittance_from[row, at] for at in (from_node, to_node))
    to_from, to_to = (branches.admittance_to[row, at] for at in (from_node, to_node))
    # With series y, shunt s and ratio k: y + s/2 = to_to, −y/k = to_from, −y/k* = from_to.
    ratio = np.sqrt(np.abs(to_to / from_from)) * np.exp(0.5j * np.angle(from_to / to_from))
    ratio = np.where(np.abs(to_to + to_from * ratio) <= np.abs(to_to - to_from * ratio), ratio, -ratio)
    series = -to_from * ratio
    values = (series / np.abs(ratio) ** 2, from_to, to_from, series)
    rows = (from_node, from_node, to_node, to_node)
    columns = (from_node, to_node, from_node, to_node)
    matrix = csr_array(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(network.nodes, network.nodes),
    )
    return _held_voltage(matrix, network.slack_node[holds], network.slack_voltage_pu[holds])


def _held_voltage(admittance: csr_array, held: Int, held_pu: Complex) -> Complex | None:
    """Voltage of each node, (N,), without injections; `None` without a single solution."""
    free = np.setdiff1d(np.arange(admittance.shape[0]), held)
    voltage = np.empty(admittance.shape[0], dtype=np.complex128)
    voltage[held] = held_pu
    if len(free):
        rows = admittance[free]
        try:
            drawn = np.asarray(rows[:, held] @ held_pu, dtype=np.complex128)
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
