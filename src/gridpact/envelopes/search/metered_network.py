"""MeteredNetwork: what net powers at the meters do to every limit of a network."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridpact.arrays import Complex, Float, Int
from gridpact.case.participants import Participants
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.network_state import nominal_limits
from gridpact.clearing.network.oracle import NetworkOracle, oracle_at
from gridpact.clearing.problem.reasons import element_kinds
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.flow.response import Response
from gridpact.grid.limits import Limits
from gridpact.grid.network import Network
from gridpact.grid.network_model import NEUTRAL, PHASE_LABELS

NO_STATE = 1.0  # the excess of a combination under which the network has no operating point
MARGIN = 2e-9  # pu of voltage, and parts of a rating
ROUNDING_PU = 6e-11  # of the voltages that power flows of several engines find
VALUES_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class MeteredNetwork:
    """A network with P participants, whose powers at the meter are all that is injected, and its Q limits.

    The limits are those of the case, never relaxed: greatest voltages, then least ones, then currents, then
    unbalances, as `Monitored` has them. An excess is in pu of voltage, and in parts of one of a rating or of
    the positive sequence; negative inside.

    Attributes:
        network: the compiled network.
        participants: P of them; p ≥ 0 comes with q = p tan φ of its generation, p < 0 with that of its load.
        limits: of the case.
    """

    network: Network
    participants: Participants
    limits: Limits

    @cached_property
    def oracle(self) -> NetworkOracle:
        """What the network answers to powers at the R nodes that no supply holds and that have a meter."""
        at = connections_of(self.network, self.participants).node
        return oracle_at(self.network, np.setdiff1d(at, self.network.slack_node))

    @cached_property
    def directions(self) -> Complex:
        """Power injected at the R nodes per kW that each exports, then per kW that each imports, (2P, R)."""
        connections = connections_of(self.network, self.participants)
        connected = connections.incidence(len(self.participants), self.network.nodes)
        share = np.asarray(connected[:, self.oracle.factors.free].toarray())
        export = share * (1.0 + 1j * self.participants.generation_tan_phi)[:, None]
        load = share * (1.0 + 1j * self.participants.load_tan_phi)[:, None]
        return np.vstack([export, -load])

    @cached_property
    def row(self) -> Int:
        """The row of `Monitored` of each limit, (Q,)."""
        voltages = np.arange(len(self.oracle.monitored.node))
        others = np.arange(len(voltages), len(self.oracle.monitored.place))
        return np.concatenate([voltages, voltages, others])

    @cached_property
    def sign(self) -> Float:
        """−1 of least voltages, 1 of all others, (Q,)."""
        sign = np.ones(len(self.row))
        voltages = len(self.oracle.monitored.node)
        sign[voltages : 2 * voltages] = -1.0
        return sign

    @cached_property
    def bound(self) -> Float:
        """The value of each limit, pu and parts of one, (Q,)."""
        nominal = nominal_limits(self.network, self.limits, 1)
        least, greatest = self.oracle.monitored.least_and_greatest(nominal, np.zeros(1, dtype=np.int64))
        bound: Float = np.where(self.sign > 0.0, greatest[0, self.row], least[0, self.row])
        return bound

    @cached_property
    def limited_by(self) -> Int:
        """The `LimitedBy` of each limit, (Q,)."""
        monitored = self.oracle.monitored
        voltages, unbalances = len(monitored.node), len(monitored.unbalance_bus)
        currents = monitored.phase[voltages : monitored.first_unbalance]
        is_neutral = np.array([phase == NEUTRAL for phase in currents], dtype=np.bool_)
        return np.concatenate(
            [
                np.full(voltages, LimitedBy.VOLTAGE_MAX),
                np.full(voltages, LimitedBy.VOLTAGE_MIN),
                np.where(is_neutral, LimitedBy.NEUTRAL, element_kinds(self.network, monitored.element)),
                np.full(unbalances, LimitedBy.VOLTAGE_UNBALANCE),
            ]
        ).astype(np.int64)

    @cached_property
    def element(self) -> Int:
        """Position of the bus, or rated element, of each limit, (Q,)."""
        return self.oracle.monitored.place[self.row]

    @cached_property
    def phase(self) -> Int:
        """Of each limit, position in `PHASE_LABELS`, (Q,)."""
        phases = np.array([PHASE_LABELS.index(one) for one in self.oracle.monitored.phase], dtype=np.int64)
        return phases[self.row]

    @cached_property
    def margin(self) -> Float:
        """What is left of each limit for the rounding of power flows, pu and parts of one, (Q,).

        A current through a short line is a small difference of voltages, which makes their rounding large.
        """
        forms = np.asarray(abs(self.oracle.monitored.forms).sum(axis=1)).ravel()
        margin: Float = np.maximum(MARGIN, ROUNDING_PU * forms)[self.row]
        return margin

    @cached_property
    def idle_excess(self) -> Float:
        """The excess of each limit while nobody takes or feeds in anything, (Q,)."""
        idle: Float = self.excess(np.zeros((1, len(self.participants))))[0]
        return idle

    def injected_kva(self, power_kw: Float) -> Complex:
        """Power injected at the R nodes, (m, R), under net powers at the meters, (m, P)."""
        both = np.hstack([np.maximum(power_kw, 0.0), np.maximum(-power_kw, 0.0)])
        injected: Complex = both @ self.directions
        return injected

    def excess(self, power_kw: Float) -> Float:
        """The excess of each limit under m combinations of net powers, (m, P): (m, Q)."""
        excess = np.empty((len(power_kw), len(self.row)))
        at_once = max(1, VALUES_AT_ONCE // (self.network.nodes + len(self.row)))
        for first in range(0, len(power_kw), at_once):
            some = slice(first, first + at_once)
            voltages = self.oracle.voltages(self.injected_kva(power_kw[some]))
            with np.errstate(invalid="ignore"):
                magnitude = self.oracle.magnitudes(voltages)[:, self.row]
                found = self.sign * (magnitude - self.bound)
            excess[some] = np.where(np.isnan(found), NO_STATE, found)
        return excess

    def sides(self, power_kw: Float, count: int) -> Int:
        """Which of `count` angles each limited quantity comes from under combinations, (m, P): (m, Q).

        A voltage comes from one only.
        """
        voltages = self.oracle.voltages(self.injected_kva(power_kw))
        forms: Complex = np.asarray(self.oracle.monitored.forms @ voltages.T).T[:, self.row]
        with np.errstate(invalid="ignore"):
            side = np.floor((np.angle(forms) / (2.0 * np.pi) + 0.5) * count) % count
        side[:, : 2 * len(self.oracle.monitored.node)] = 0.0
        whole: Int = np.nan_to_num(side).astype(np.int64)
        return whole

    def gradients(self, power_kw: Float, limits: Int) -> Float:
        """Change of some limits' excess per kW exported, then imported, more by each, (L, 2P), at (P,)."""
        injected = self.injected_kva(power_kw[None])
        voltage = self.oracle.voltages(injected)
        if np.isnan(voltage).any():
            return np.zeros((len(limits), len(self.directions)))
        around = self.oracle.around(voltage[0], injected[0], self.directions)
        return np.nan_to_num(around.gradient(self.row[limits], self.sign[limits]))

    @cached_property
    def idle_form(self) -> Complex:
        """The linear form z that each row of `Monitored` is the magnitude of, without injection, (M,)."""
        return np.asarray(self.oracle.monitored.forms @ self._idle_voltage)

    @cached_property
    def idle_size(self) -> Float:
        """What the magnitude of each row is a part of: 1, but |V1| of an unbalance, (M,)."""
        monitored = self.oracle.monitored
        size = np.ones(len(self.idle_form))
        if len(monitored.unbalance_column):
            references: Complex = np.asarray(monitored.references @ self._idle_voltage)
            size[monitored.first_unbalance :] = np.abs(references)
        return size

    @cached_property
    def idle_response(self) -> Complex:
        """Change of these forms per kW exported, then imported, by each, (M, 2P)."""
        free = self.oracle.factors.free
        nothing = np.zeros(len(free), dtype=np.complex128)
        response = Response(self.oracle.factors, self._idle_voltage[free], nothing)
        return np.asarray(self.oracle.forms @ response.to_powers(self.directions)[0].T)

    @property
    def _idle_voltage(self) -> Complex:
        nothing = np.zeros((1, self.directions.shape[1]), dtype=np.complex128)
        idle: Complex = self.oracle.voltages(nothing)[0]
        return idle
