"""A balanced network and its zero sequence as a network of three phases.

The balanced network is the positive sequence. The negative one is the same network with all phase shifts
turned, and so the transpose of each branch. With base powers of a third, S = v ∘ conj(Y v) is the power of
each phase in kVA.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array, kron

from gridpact.arrays import Complex, Int, frozen
from gridpact.grid.immutable import frozen_csr
from gridpact.grid.network import Branches, Network
from gridpact.grid.network_model import PHASES
from gridpact.grid.three_phase.sequences import PHASE_ROTATION, in_phases
from gridpact.grid.three_phase.two_port import TwoPorts
from gridpact.grid.verification.verification_model import VerificationModel

COUNT = len(PHASES)


def three_phase_network(
    balanced: Network,
    zero: TwoPorts,
    shunt_zero: Complex,
    model: VerificationModel,
    *,
    own: tuple[Int, TwoPorts] | None = None,
    notices: tuple[str, ...] = (),
) -> Network:
    """The network of three phases.

    Args:
        balanced: the positive sequence, N nodes and M branches.
        zero: the zero sequence of each branch, (M,), kVA as in `balanced`.
        shunt_zero: of the shunts at each node, (N,), kVA.
        model: the same network for power-grid-model.
        own: branches that sequences do not describe, (m,), and their admittances in phases, (m, 3, 3), kVA.
        notices: what is to be said of it beside what there is of the balanced one.

    Returns:
        A network of 3N nodes: 3n, 3n + 1 and 3n + 2 are the phases of node n.
    """
    positive = _two_ports(balanced.branches)
    blocks = TwoPorts(
        *(
            in_phases(*parts) / COUNT
            for parts in zip(zero.parts, positive.parts, positive.reversed.parts, strict=True)
        )
    )
    if own is not None:
        rows, admittances = own
        for block, admittance in zip(blocks.parts, admittances.parts, strict=True):
            block[rows] = admittance / COUNT
    branches = _branches(balanced, blocks)
    at_from, at_to = (_incidence(node, balanced.nodes) for node in (branches.from_node, branches.to_node))
    into_branches = at_from.T @ branches.admittance_from + at_to.T @ branches.admittance_to
    shunt_positive = _shunts(balanced, positive)
    return replace(
        balanced,
        bus_node=frozen(COUNT * balanced.bus_node, np.int64),
        slack_node=frozen(_of_phases(balanced.slack_node), np.int64),
        slack_voltage_pu=frozen(np.outer(balanced.slack_voltage_pu, PHASE_ROTATION).ravel(), np.complex128),
        admittance=frozen_csr(into_branches + _shunt_matrix(shunt_zero, shunt_positive)),
        branches=branches,
        verification_model=model,
        notices=(*balanced.notices, *notices),
        phases=PHASES,
    )


def _two_ports(branches: Branches) -> TwoPorts:
    """The branches of a balanced network."""
    row, ends = np.arange(len(branches)), (branches.from_node, branches.to_node)
    return TwoPorts(
        *(
            np.asarray(admittance[row, node], dtype=np.complex128).ravel()
            for admittance in (branches.admittance_from, branches.admittance_to)
            for node in ends
        )
    )


def _branches(balanced: Network, blocks: TwoPorts) -> Branches:
    """The branches of the phases, each with a third of what all phases carry."""
    branches = balanced.branches
    from_node, to_node = _of_phases(branches.from_node), _of_phases(branches.to_node)
    nodes = COUNT * balanced.nodes
    return Branches(
        from_node=frozen(from_node, np.int64),
        to_node=frozen(to_node, np.int64),
        admittance_from=_rows(blocks.from_from, blocks.from_to, branches, nodes),
        admittance_to=_rows(blocks.to_from, blocks.to_to, branches, nodes),
        rating_from_kva=frozen(np.repeat(branches.rating_from_kva, COUNT) / COUNT, np.float64),
        rating_to_kva=frozen(np.repeat(branches.rating_to_kva, COUNT) / COUNT, np.float64),
        element=frozen(np.repeat(branches.element, COUNT), np.int64),
        susceptance_kw=frozen(np.repeat(branches.susceptance_kw, COUNT) / COUNT, np.float64),
    )


def _rows(by_from: Complex, by_to: Complex, branches: Branches, nodes: int) -> csr_array:
    """The currents at one end, (3M, 3N), by the blocks of the voltages at both, (M, 3, 3) each."""
    row = np.broadcast_to(
        np.arange(COUNT * len(branches)).reshape(-1, COUNT, 1), (len(branches), COUNT, COUNT)
    )
    columns = [
        np.broadcast_to(_of_phases(node).reshape(-1, 1, COUNT), row.shape)
        for node in (branches.from_node, branches.to_node)
    ]
    data = np.concatenate([by_from.ravel(), by_to.ravel()])
    places = np.tile(row.ravel(), 2), np.concatenate([column.ravel() for column in columns])
    return frozen_csr(coo_array((data, places), shape=(COUNT * len(branches), nodes)))


def _of_phases(node: Int) -> Int:
    """The nodes of the three phases of each node, one after the other."""
    nodes: Int = (COUNT * node[:, None] + np.arange(COUNT)).ravel()
    return nodes


def _incidence(node: Int, nodes: int) -> csr_array:
    rows = np.arange(len(node))
    return csr_array((np.ones(len(node)), (rows, node)), shape=(len(node), COUNT * nodes))


def _shunts(balanced: Network, positive: TwoPorts) -> Complex:
    """What is at each node of a balanced network beside its branches, (N,)."""
    total = balanced.admittance.diagonal().astype(np.complex128)
    np.subtract.at(total, balanced.branches.from_node, positive.from_from)
    np.subtract.at(total, balanced.branches.to_node, positive.to_to)
    return total


def _shunt_matrix(zero: Complex, positive: Complex) -> csr_array:
    """Shunts in phases, (3N, 3N); what is not zero sequence is positive and negative sequence alike."""
    average = np.ones((COUNT, COUNT)) / COUNT
    of_zero = kron(diags_array(zero), average / COUNT, format="csr")
    of_others = kron(diags_array(positive), (np.eye(COUNT) - average) / COUNT, format="csr")
    return csr_array(of_zero + of_others)
