"""NetworkOracle: what a network answers to the powers injected into it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridpact.arrays import Complex, Float
from gridpact.clearing.expansion import Expansion
from gridpact.clearing.monitored import Monitored
from gridpact.grid.network import Network
from gridpact.grid.power_flow import Factors, factors_of, run_power_flow
from gridpact.grid.response import Response


@dataclass(frozen=True)
class NetworkOracle:
    """The states of a network with N nodes, R of which no supply holds, and M monitored quantities.

    Attributes:
        network: the compiled network.
    """

    network: Network

    @cached_property
    def monitored(self) -> Monitored:
        """What can reach a limit."""
        return Monitored(self.network)

    @cached_property
    def factors(self) -> Factors:
        """What the power flow needs of the network."""
        return factors_of(self.network)

    def voltages(self, injected_kva: Complex) -> Complex:
        """Voltages of all nodes, (m, N), for powers injected at those that no supply holds, (m, R).

        NaN where there is no operating point.
        """
        at_nodes = np.zeros((len(injected_kva), self.network.nodes), dtype=np.complex128)
        at_nodes[:, self.factors.free] = injected_kva
        return run_power_flow(self.network, at_nodes.real, at_nodes.imag).voltage_pu

    def magnitudes(self, voltages: Complex) -> Float:
        """The monitored quantities, pu of voltage and parts of a rating, (m, M), for voltages, (m, N)."""
        forms: Complex = np.asarray(self.monitored.forms @ voltages.T)
        return np.abs(forms).T

    def around(self, voltage_pu: Complex, injected_kva: Complex, directions: Complex) -> Expansion:
        """The monitored quantities around an operating point.

        Args:
            voltage_pu: of all nodes, (N,).
            injected_kva: at the nodes that no supply holds, (R,).
            directions: change of it per kW of each of K coordinates, (K, R).
        """
        response = Response(self.factors, voltage_pu[self.factors.free], injected_kva)
        return Expansion(self.monitored, voltage_pu, response, directions)
