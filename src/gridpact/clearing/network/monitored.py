"""Monitored: the voltages, currents and unbalances of a network that can reach a limit."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Float, Int
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.grid.flow.rated_currents import RatedCurrents, rated_currents
from gridpact.grid.flow.unbalance import sequence_voltages
from gridpact.grid.network import Network
from gridpact.grid.places import Places, places

PROPORTIONAL_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Monitored:
    """The limits of a network as M = V + I + W rows: voltages, then currents, then unbalances.

    A voltage is that of a node that has a bus and no supply, a current that of a rated branch end, or of the
    neutral at the end of a line. Where the currents at both ends are proportional, as on every line without
    shunt capacitance, only the end that is loaded more is monitored: the other one would repeat its limit.
    Each row is the magnitude of a linear form of the voltages; an unbalance is that over the magnitude of
    another one.

    Attributes:
        network: the compiled network.
    """

    network: Network

    @cached_property
    def voltage_column(self) -> Int:
        """Column of each monitored voltage in a table of voltages, (V,)."""
        node, first = np.unique(self._places.voltage_node, return_index=True)
        return first[~np.isin(node, self.network.slack_node)]

    @cached_property
    def node(self) -> Int:
        """The monitored node of each, (V,)."""
        return self._places.voltage_node[self.voltage_column]

    @cached_property
    def bus(self) -> Int:
        """Position of one bus at each monitored node, (V,)."""
        return self._places.voltage_bus[self.voltage_column]

    @cached_property
    def loading_column(self) -> Int:
        """Column of each monitored current in a table of loadings, (I,)."""
        return np.tile(self._currents.column, 2)[self._ends]

    @cached_property
    def element(self) -> Int:
        """The rated element of each monitored current, (I,)."""
        return self._places.loading_element[self.loading_column]

    @cached_property
    def unbalance_column(self) -> Int:
        """Column of each monitored unbalance in a table of unbalances, (W,): one for buses that are one."""
        node = self.network.bus_node[self._places.unbalance_bus]
        return np.unique(node, return_index=True)[1].astype(np.int64)

    @cached_property
    def unbalance_bus(self) -> Int:
        """Position of the bus of each monitored unbalance, (W,)."""
        return self._places.unbalance_bus[self.unbalance_column]

    @cached_property
    def place(self) -> Int:
        """Position of the bus, the element, or the bus, of each row, (M,)."""
        return np.concatenate([self.bus, self.element, self.unbalance_bus])

    @cached_property
    def phase(self) -> tuple[str, ...]:
        """Phase of each row, "n" for a neutral, empty for an unbalance and in a balanced network, (M,)."""
        found = self._places
        return (
            *(found.voltage_phase[column] for column in self.voltage_column.tolist()),
            *(found.loading_phase[column] for column in self.loading_column.tolist()),
            *("" for _ in self.unbalance_column),
        )

    @cached_property
    def admittance(self) -> csr_array:
        """Each monitored current per voltage over its rating, (I, N): 1 is 100 % loading."""
        currents = self._currents
        ends = csr_array(vstack([currents.at_from, currents.at_to]))[self._ends]
        return csr_array(ends.multiply(1.0 / self._rating[self._ends][:, None]))

    @cached_property
    def forms(self) -> csr_array:
        """Voltages, then `admittance`, then negative sequences, as rows over all voltages, (M, N)."""
        count = len(self.node)
        shape = (count, self.network.nodes)
        voltages = csr_array((np.ones(count, np.complex128), (np.arange(count), self.node)), shape=shape)
        parts = [voltages, self.admittance]
        if len(self.unbalance_column):
            parts.append(sequence_voltages(self.network)[0][self.unbalance_column])
        return csr_array(vstack(parts))

    @cached_property
    def references(self) -> csr_array:
        """Positive sequences, of which the negative ones are shares, (W, N)."""
        return sequence_voltages(self.network)[1][self.unbalance_column]

    @property
    def first_unbalance(self) -> int:
        """The row of the first unbalance, V + I."""
        return len(self.node) + len(self.loading_column)

    def bounds(self, limits: OperatingLimits, period: int) -> tuple[Float, Float, Float]:
        """Least and greatest voltage, (V,) each, and greatest loading in percent, (I,), of a period."""
        return (
            limits.voltage_min_pu[period, self.voltage_column],
            limits.voltage_max_pu[period, self.voltage_column],
            limits.loading_max_percent[period, self.loading_column],
        )

    def least_and_greatest(self, limits: OperatingLimits, periods: Int) -> tuple[Float, Float]:
        """Least and greatest of the rows in S periods, pu and parts of one, (S, M) each."""
        least = limits.voltage_min_pu[periods][:, self.voltage_column]
        greatest = limits.voltage_max_pu[periods][:, self.voltage_column]
        shares = np.hstack(
            [
                limits.loading_max_percent[periods][:, self.loading_column],
                limits.unbalance_max_percent[periods][:, self.unbalance_column],
            ]
        )
        shares = shares / 100.0
        return np.hstack([least, np.full_like(shares, -np.inf)]), np.hstack([greatest, shares])

    @property
    def _places(self) -> Places:
        return places(self.network)

    @property
    def _currents(self) -> RatedCurrents:
        return rated_currents(self.network)

    @cached_property
    def _rating(self) -> Float:
        return np.concatenate([self._currents.rating_from_kva, self._currents.rating_to_kva])

    @cached_property
    def _ends(self) -> Int:
        count = len(self._currents.column)
        rated = np.isfinite(self._rating) & (np.tile(self._currents.column, 2) >= 0)
        proportional, from_is_loaded_more = (
            self._phases_alike() if self.network.is_three_phase else self._ends_alike()
        )
        repeated = proportional & rated[:count] & rated[count:]
        keep_from = from_is_loaded_more | ~repeated
        keep_to = ~from_is_loaded_more | ~repeated
        return np.flatnonzero(rated & np.concatenate([keep_from, keep_to]))

    def _ends_alike(self) -> tuple[Bool, Bool]:
        """Whether both ends of each branch are proportional, and whether `from` is the greater, (C,) each."""
        ff, ft, tf, tt = self._coefficients().T
        same: Bool = np.abs(ff * tt - ft * tf) <= PROPORTIONAL_TOLERANCE * np.abs(ff * tt)
        return same, np.abs(ff) >= np.abs(tf)

    def _coefficients(self) -> np.ndarray:
        """Per rating: the current at from by v_from and v_to, that at to by v_from and v_to, (C, 4)."""
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

    def _phases_alike(self) -> tuple[Bool, Bool]:
        """The same where a current depends on the voltages of all phases."""
        currents = self._currents
        at_from, at_to = currents.at_from, currents.at_to
        size_from, size_to = (_squares(at) for at in (at_from, at_to))
        factor = np.divide(
            np.asarray(at_from.multiply(at_to.conj()).sum(axis=1)).ravel(),
            size_to,
            out=np.zeros(len(size_to), dtype=np.complex128),
            where=size_to > 0,
        )
        left = _squares(csr_array(at_from - at_to.multiply(factor[:, None])))
        same: Bool = left <= PROPORTIONAL_TOLERANCE**2 * size_from
        more: Bool = size_from / currents.rating_from_kva**2 >= size_to / currents.rating_to_kva**2
        return same, more


def _squares(rows: csr_array) -> Float:
    """Sum of the squared magnitudes of each row."""
    squares = csr_array((np.abs(rows.data) ** 2, rows.indices, rows.indptr), shape=rows.shape)
    return np.asarray(squares.sum(axis=1), np.float64).ravel()
