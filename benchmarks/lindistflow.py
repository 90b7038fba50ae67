"""LinDistFlow: the linearised power flow of a radial network, and clearing under it, to compare with.

Baran, Wu 1989, "Optimal capacitor placement on radial distribution systems", without losses: for a branch e
from node i to node j, away from the supply,

    P_e = −Σ p,  Q_e = −Σ q                      over the nodes behind e,
    V_j² = V_i² / t² − 2 (r P_e + x Q_e)         with t the ratio of a transformer, 1 for a line,
    |P_e| ≤ rating                               active power alone, at nominal voltage.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from gridpact.arrays import Float, Int
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.grid.network import Network


@dataclass(frozen=True)
class RadialNetwork:
    """A network as a tree of M branches on N nodes.

    Raises:
        ValueError: the network has a mesh or more than one supply.
    """

    network: Network

    def __post_init__(self) -> None:
        if len(self.network.branches) != self.network.nodes - 1 or len(self.network.slack_node) != 1:
            raise ValueError(f"{self.network.name} is not a tree with one supply")

    @cached_property
    def behind(self) -> Float:
        """1 where a node is behind a branch, (M, N)."""
        behind = np.zeros((len(self.network.branches), self.network.nodes))
        behind[self._branch_to, self._order[1:]] = 1.0
        for branch, node in zip(self._branch_to[::-1], self._order[:0:-1], strict=True):
            parent = self._parent[node]
            if parent != self._order[0]:
                behind[self._branch_of_node[parent]] += behind[branch]
        return behind

    @cached_property
    def voltage_by_flow(self) -> tuple[Float, Float]:
        """Change of V² per kW and per kvar of each branch's flow, (N, M) twice."""
        by_p, by_q = np.zeros((2, self.network.nodes, len(self.network.branches)))
        for node in self._order[1:]:
            branch, parent = self._branch_of_node[node], self._parent[node]
            for by, ohm in ((by_p, self._impedance.real), (by_q, self._impedance.imag)):
                by[node] = by[parent] / self._square_ratio[branch]
                by[node, branch] -= 2.0 * ohm[branch]
        return by_p, by_q

    @cached_property
    def no_load(self) -> Float:
        """V² of each node without any flow, (N,)."""
        square = np.full(self.network.nodes, float(np.abs(self.network.slack_voltage_pu[0]) ** 2))
        for node in self._order[1:]:
            square[node] = square[self._parent[node]] / self._square_ratio[self._branch_of_node[node]]
        return square

    @cached_property
    def _walk(self) -> tuple[Int, Int]:
        branches, nodes = self.network.branches, self.network.nodes
        ends = (branches.from_node, branches.to_node)
        graph = csr_array((np.ones(len(branches)), ends), shape=(nodes, nodes))
        return breadth_first_order(graph, int(self.network.slack_node[0]), directed=False)

    @property
    def _order(self) -> Int:
        return self._walk[0]

    @property
    def _parent(self) -> Int:
        return self._walk[1]

    @cached_property
    def _branch_of_node(self) -> Int:
        """The branch between each node and its parent; −1 for the supply, (N,)."""
        branches = self.network.branches
        towards = self._parent[branches.to_node] == branches.from_node
        found = np.full(self.network.nodes, -1)
        found[np.where(towards, branches.to_node, branches.from_node)] = np.arange(len(branches))
        return found

    @property
    def _branch_to(self) -> Int:
        return self._branch_of_node[self._order[1:]]

    @cached_property
    def _two_port(self) -> tuple[np.ndarray, ...]:
        branches, row = self.network.branches, np.arange(len(self.network.branches))
        from_node, to_node = branches.from_node, branches.to_node
        at_from, at_to = branches.admittance_from, branches.admittance_to
        entries = ((at_from, from_node), (at_from, to_node), (at_to, from_node), (at_to, to_node))
        return tuple(np.asarray(matrix[row, node]).ravel() for matrix, node in entries)

    @cached_property
    def _square_ratio(self) -> Float:
        """t² seen away from the supply, (M,)."""
        ff, _, _, tt = self._two_port
        square = np.abs(tt / ff)
        away = self._parent[self.network.branches.to_node] == self.network.branches.from_node
        return np.where(away, square, 1.0 / square)

    @cached_property
    def _impedance(self) -> np.ndarray:
        """Series impedance in pu of 1 kVA at the node away from the supply, (M,)."""
        ff, ft, tf, tt = self._two_port
        away = self._parent[self.network.branches.to_node] == self.network.branches.from_node
        # ft·tf = y² / t², with y at the far end; the root with positive conductance is the branch's.
        product = np.sqrt(ft * tf * np.where(away, np.abs(tt / ff), np.abs(ff / tt)))
        return 1.0 / np.where(product.real < 0.0, -product, product)


def clear_lindistflow(problem: ClearingProblem) -> Float:
    """The power of each column at the greatest volume under LinDistFlow, in a problem of one period, (C,).

    Limits that the linearised baseline breaks are relaxed to its own value.
    """
    tree, offers, people = RadialNetwork(problem.network), problem.offers, problem.participants
    column = np.arange(offers.columns)
    sells, buys = np.zeros((2, len(people), offers.columns))
    sells[offers.column_seller, column] = problem.seller_injects[offers.column_seller]
    buys[offers.column_buyer, column] = problem.buyer_draws[offers.column_buyer]
    to_node = problem.connected.T
    p = to_node @ (sells - buys)
    q = to_node @ (sells * people.generation_tan_phi[:, None] - buys * people.load_tan_phi[:, None])
    by_p, by_q = tree.voltage_by_flow
    baseline = problem.baseline_at_nodes
    voltage = -(by_p @ tree.behind @ p + by_q @ tree.behind @ q)
    voltage_0 = tree.no_load - (
        by_p @ tree.behind @ baseline.p_kw[0] + by_q @ tree.behind @ baseline.q_kvar[0]
    )
    flow, flow_0 = tree.behind @ p, tree.behind @ baseline.p_kw[0]
    branches = problem.network.branches
    rated = branches.element >= 0
    percent = problem.nominal_limits.loading_max_percent[0, branches.element[rated]]
    limit = np.minimum(branches.rating_from_kva, branches.rating_to_kva)[rated] * percent / 100.0
    free = np.setdiff1d(np.arange(problem.network.nodes), problem.network.slack_node)
    low, high = problem.limits.voltage_min_pu**2, problem.limits.voltage_max_pu**2
    caps = np.concatenate([problem.seller_cap_kw[0], problem.buyer_cap_kw[0]])
    binding = np.isfinite(caps)
    one = np.ones(offers.columns)
    sums = np.zeros((2 * len(people), offers.columns))
    sums[offers.column_seller, column] = one
    sums[len(people) + offers.column_buyer, column] = one
    rows = [sums[binding], voltage[free], -voltage[free], flow[rated], -flow[rated]]
    room = [
        caps[binding],
        np.maximum(high - voltage_0[free], 0.0),
        np.maximum(voltage_0[free] - low, 0.0),
        np.maximum(limit - flow_0[rated], 0.0),
        np.maximum(limit + flow_0[rated], 0.0),
    ]
    bounds = np.column_stack([np.zeros(offers.columns), offers.column_kw])
    best = linprog(-one, A_ub=np.vstack(rows), b_ub=np.concatenate(room), bounds=bounds, method="highs")
    return np.clip(best.x, 0.0, offers.column_kw)
