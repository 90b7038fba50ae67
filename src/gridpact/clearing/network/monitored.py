"""Monitored: the voltages and branch ends of a network that can reach a limit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.grid.network import Network

PROPORTIONAL_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Monitored:
    """The limits of a network as rows: a voltage per node that has a bus, a current per rated branch end.

    Where the currents at both ends of a branch are proportional, as on every line without shunt capacitance,
    only the end that is loaded more is monitored: the other one would repeat its limit.

    Attributes:
        network: the compiled network.
    """

    network: Network

    @cached_property
    def bus(self) -> Int:
        """Position of one bus at each monitored node, (V,): nodes without a supply."""
        _, first = np.unique(self.network.bus_node, return_index=True)
        held = np.isin(self.network.bus_node[first], self.network.slack_node)
        return first[~held]

    @cached_property
    def node(self) -> Int:
        """The monitored node of each, (V,)."""
        return self.network.bus_node[self.bus]

    @cached_property
    def admittance(self) -> csr_array:
        """Current of each monitored branch end per voltage over its rating, (I, N): 1 is 100 % loading."""
        branches = self.network.branches
        ends = csr_array(vstack([branches.admittance_from, branches.admittance_to]))[self._ends]
        return csr_array(ends.multiply(1.0 / self._rating[self._ends][:, None]))

    @cached_property
    def element(self) -> Int:
        """The rated element of each monitored branch end, (I,)."""
        return np.tile(self.network.branches.element, 2)[self._ends]

    @cached_property
    def forms(self) -> csr_array:
        """Voltage of each monitored node, then `admittance`, as rows over all voltages, (V + I, N)."""
        count = len(self.node)
        shape = (count, self.network.nodes)
        voltages = csr_array((np.ones(count, np.complex128), (np.arange(count), self.node)), shape=shape)
        return csr_array(vstack([voltages, self.admittance]))

    def bounds(self, limits: OperatingLimits, period: int) -> tuple[Float, Float, Float]:
        """Least and greatest voltage, (V,) each, and greatest loading in percent, (I,), of a period."""
        return (
            limits.voltage_min_pu[period, self.bus],
            limits.voltage_max_pu[period, self.bus],
            limits.loading_max_percent[period, self.element],
        )

    @cached_property
    def _rating(self) -> Float:
        branches = self.network.branches
        return np.concatenate([branches.rating_from_kva, branches.rating_to_kva])

    @cached_property
    def _ends(self) -> Int:
        count = len(self.network.branches)
        rated = np.isfinite(self._rating) & (np.tile(self.network.branches.element, 2) >= 0)
        repeated = self._proportional & rated[:count] & rated[count:]
        keep_from = self._from_is_loaded_more | ~repeated
        keep_to = ~self._from_is_loaded_more | ~repeated
        return np.flatnonzero(rated & np.concatenate([keep_from, keep_to]))

    @cached_property
    def _coefficients(self) -> np.ndarray:
        """Per rating: the current at from by v_from and v_to, that at to by v_from and v_to, (M, 4)."""
        branches = self.network.branches
        row = np.arange(len(branches))
        ends = (
            (branches.admittance_from, branches.rating_from_kva),
            (branches.admittance_to, branches.rating_to_kva),
        )
        return np.column_stack(
            [
                np.asarray(admittance[row, node]).ravel() / rating
                for admittance, rating in ends
                for node in (branches.from_node, branches.to_node)
            ]
        )

    @cached_property
    def _proportional(self) -> Bool:
        ff, ft, tf, tt = self._coefficients.T
        same: Bool = np.abs(ff * tt - ft * tf) <= PROPORTIONAL_TOLERANCE * np.abs(ff * tt)
        return same

    @cached_property
    def _from_is_loaded_more(self) -> Bool:
        more: Bool = np.abs(self._coefficients[:, 0]) >= np.abs(self._coefficients[:, 2])
        return more
