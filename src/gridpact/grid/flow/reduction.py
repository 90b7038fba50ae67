"""Reduction: a network as it is seen from those of its nodes where something is injected, exactly.

Without an injection at the others, i = 0 there, all voltages are v = v₀ + Z_E i_E: those of the E nodes make
those of all nodes, v = v₀ + T (v_E − v₀_E) with T = Z_E Z_EE⁻¹ (Kron 1939, "Tensor Analysis of Networks").
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Int
from gridpact.grid.flow.power_flow import Factors, factors_of
from gridpact.grid.network import Network

SEEN_MAX = 400  # nodes up to which dense matrices over them are faster than sparse ones over all


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reduction:
    """A network with N nodes, seen from E that no supply holds.

    Attributes:
        factors: what a power flow needs, of the E nodes.
        spread: T, change of all voltages per change of those of the E nodes, (N, E); none where they are all
            that no supply holds.
        no_load_pu: v₀, voltages of all nodes without injections, (N,).
    """

    factors: Factors
    spread: Complex | None
    no_load_pu: Complex

    @property
    def node(self) -> Int:
        """The E nodes, ascending."""
        return self.factors.free

    def everywhere(self, voltage_pu: Complex) -> Complex:
        """Voltages of all nodes, (m, N), for those of the E nodes, (m, E); NaN where one of these is."""
        if self.spread is not None:
            spread: Complex = self.no_load_pu + (voltage_pu - self.factors.no_load_pu) @ self.spread.T
            spread[:, self.node] = voltage_pu
            return spread
        every = np.tile(self.no_load_pu, (len(voltage_pu), 1))
        every[:, self.node] = voltage_pu
        every[np.isnan(voltage_pu).any(axis=1)] = complex(np.nan, np.nan)
        return every

    def seen(self, forms: csr_array) -> csr_array:
        """How linear forms of all voltages, (M, N), change with those of the E nodes, (M, E)."""
        return csr_array(forms[:, self.node] if self.spread is None else forms @ self.spread)


def reduction_to(network: Network, nodes: Int) -> Reduction:
    """A network as seen from some of its nodes that no supply holds, ascending, (E,)."""
    factors = factors_of(network)
    no_load = np.empty(network.nodes, dtype=np.complex128)
    no_load[network.slack_node], no_load[factors.free] = network.slack_voltage_pu, factors.no_load_pu
    if len(nodes) > SEEN_MAX or not 0 < len(nodes) < len(factors.free):
        return Reduction(factors=factors, spread=None, no_load_pu=no_load)
    position = np.searchsorted(factors.free, nodes)
    injected = np.zeros((len(nodes), len(factors.free)), dtype=np.complex128)
    injected[np.arange(len(nodes)), position] = 1.0
    by_current = factors.voltage_of(injected).T
    impedance = by_current[position]
    admittance = np.linalg.inv(impedance)
    spread = np.zeros((network.nodes, len(nodes)), dtype=np.complex128)
    spread[factors.free] = by_current @ admittance
    spread[nodes] = np.eye(len(nodes))
    seen = Factors(
        free=nodes,
        reduced=csr_array(admittance),
        impedance=impedance,
        supply_current=-admittance @ no_load[nodes],
        no_load_pu=no_load[nodes],
    )
    return Reduction(factors=seen, spread=spread, no_load_pu=no_load)
