"""NetworkOracle: what a network answers to the powers injected into it."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.network.monitored import Monitored
from gridpact.clearing.network.sensitivities import Sensitivities
from gridpact.grid.flow.power_flow import KEPT_FACTORS, Factors, voltages_of
from gridpact.grid.flow.reduction import Reduction, reduction_to
from gridpact.grid.flow.response import Response
from gridpact.grid.network import Network


@dataclass(frozen=True)
class NetworkOracle:
    """The states of a network with N nodes, and M monitored quantities.

    Attributes:
        network: the compiled network.
        essential: the R nodes that no supply holds and where something may be injected, ascending.
    """

    network: Network
    essential: Int

    @cached_property
    def monitored(self) -> Monitored:
        """What can reach a limit."""
        return Monitored(self.network)

    @property
    def factors(self) -> Factors:
        """What the power flow needs of the network, seen from the essential nodes."""
        return self._reduction.factors

    @cached_property
    def forms(self) -> csr_array:
        """Change of the monitored quantities' forms per change of the voltages there, (M, R)."""
        return self._reduction.seen(self.monitored.forms)

    @cached_property
    def references(self) -> csr_array:
        """Change of the forms that unbalances are shares of per change of the voltages there, (W, R)."""
        return self._reduction.seen(self.monitored.references)

    def voltages(self, injected_kva: Complex) -> Complex:
        """Voltages of all nodes, (m, N), for powers injected at the essential ones, (m, R).

        NaN where there is no operating point.
        """
        return self._reduction.everywhere(voltages_of(self.factors, injected_kva))

    def magnitudes(self, voltages: Complex) -> Float:
        """The monitored quantities, pu of voltage and parts of one, (m, M), for voltages, (m, N)."""
        forms: Complex = np.asarray(self.monitored.forms @ voltages.T)
        magnitudes = np.abs(forms)
        if len(self.monitored.unbalance_column):
            references: Complex = np.asarray(self.monitored.references @ voltages.T)
            magnitudes[self.monitored.first_unbalance :] /= np.abs(references)
        return magnitudes.T

    def around(self, voltage_pu: Complex, injected_kva: Complex, directions: Complex) -> Sensitivities:
        """The monitored quantities around an operating point.

        Args:
            voltage_pu: of all nodes, (N,).
            injected_kva: at the essential nodes, (R,).
            directions: change of it per kW of each of K coordinates, (K, R).
        """
        response = Response(self.factors, voltage_pu[self.factors.free], injected_kva)
        return Sensitivities(self.monitored, self.forms, self.references, voltage_pu, response, directions)

    @cached_property
    def _reduction(self) -> Reduction:
        return reduction_to(self.network, self.essential)


def oracle_at(network: Network, essential: Int) -> NetworkOracle:
    """The oracle of a network with some essential nodes, (R,), made once for each."""
    return _kept(network, essential.tobytes())


@lru_cache(maxsize=KEPT_FACTORS)
def _kept(network: Network, essential: bytes) -> NetworkOracle:
    return NetworkOracle(network, np.frombuffer(essential, dtype=np.int64))
