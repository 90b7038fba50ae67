"""AcPhysics: the exact power flow of a network as rows of a nonlinear programme.

Voltages are in rectangular coordinates, v = e + j f, in which everything is quadratic:

    p = e ∘ Re(Yv) + f ∘ Im(Yv),  q = f ∘ Re(Yv) − e ∘ Im(Yv)     at nodes with participants,
    Yv = 0                                                        at the others, where it is linear,
    V_min² ≤ e² + f² ≤ V_max²                                     at every bus without a supply,
    |i|² ≤ I²                                                     at every rated branch end.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import casadi as ca
import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.monitored import Monitored
from gridpact.clearing.pairs import Pairs
from gridpact.clearing.problem import ClearingProblem
from gridpact.grid.power_flow import factors_of

VOLTAGE_UNIT_PU = 1e-4  # about what a kW moves, so that residuals of voltages and of powers compare


@dataclass(frozen=True)
class AcPhysics:
    """The rows of a network with R nodes that no supply holds, A of them with participants.

    Attributes:
        pairs: K trading pairs.
    """

    pairs: Pairs

    @cached_property
    def monitored(self) -> Monitored:
        """What can reach a limit, V voltages and I branch ends."""
        return Monitored(self.pairs.network)

    @cached_property
    def free(self) -> Int:
        """Nodes that no supply holds, (R,)."""
        network = self.pairs.network
        return np.setdiff1d(np.arange(network.nodes), network.slack_node)

    @cached_property
    def variables(self) -> Any:
        """e and f of the free nodes in units of `VOLTAGE_UNIT_PU`, (2R,)."""
        return ca.vertcat(ca.SX.sym("e", len(self.free)), ca.SX.sym("f", len(self.free)))

    @cached_property
    def _voltages(self) -> tuple[Any, Any]:
        """e and f of the free nodes in pu, (R,) each."""
        e, f = ca.vertsplit(self.variables * VOLTAGE_UNIT_PU, len(self.free))
        return e, f

    @cached_property
    def parameters(self) -> Any:
        """Baseline injection p and q of the nodes with participants, (2A,)."""
        return ca.SX.sym("baseline", 2 * len(self.active))

    def equations(self, sold_kw: Any, bought_kw: Any) -> Any:
        """Rows that are zero, (2R,), for what each seller sells and each buyer buys; in pu of voltage.

        Sellers and buyers are those of the pairs, each once, ascending.
        """
        p, q = ca.vertsplit(self.parameters, len(self.active))
        sold, bought = self.pairs.by_seller, self.pairs.by_buyer
        for traded_kw, (per_kw_p, per_kw_q) in ((sold_kw, sold), (bought_kw, bought)):
            p += as_matrix(csr_array(per_kw_p[self.active_node])) @ traded_kw
            q += as_matrix(csr_array(per_kw_q[self.active_node])) @ traded_kw
        return self.equations_at(p, q)

    def equations_at(self, p: Any, q: Any) -> Any:
        """Rows that are zero, (2R,), for the injection at the nodes with participants, (A,) each."""
        e, f = self._voltages
        admittance = self.pairs.network.admittance
        real, imaginary = self._linear(admittance[self.free])
        active = self.active.tolist()
        idle = np.setdiff1d(np.arange(len(self.free)), self.active).tolist()
        scale = ca.DM(1.0 / np.abs(admittance.diagonal()[self.free]))
        return ca.vertcat(
            (_rows(e * real + f * imaginary, active) - p) * _rows(scale, active),
            (_rows(f * real - e * imaginary, active) - q) * _rows(scale, active),
            _rows(real * scale, idle),
            _rows(imaginary * scale, idle),
        )

    def limited(self) -> Any:
        """Squares of the monitored voltages and of the monitored loadings, 1 at 100 %, (V + I,)."""
        e, f = self._voltages
        at = np.searchsorted(self.free, self.monitored.node).tolist()
        real, imaginary = self._linear(self.monitored.admittance)
        return ca.vertcat(e[at] ** 2 + f[at] ** 2, real**2 + imaginary**2)

    def parameter_values(self, problem: ClearingProblem, period: int) -> Float:
        """Values of the parameters in a period, (2A,)."""
        baseline, nodes = problem.baseline_at_nodes, self.active_node
        return np.concatenate([baseline.p_kw[period, nodes], baseline.q_kvar[period, nodes]])

    def start(self, problem: ClearingProblem, period: int) -> Float:
        """The variables at the baseline of a period, or at nominal voltage where that is unknown, (2R,)."""
        voltage = problem.baseline_operation.node_voltage_pu[period, self.free]
        known = np.where(np.isfinite(voltage), voltage, self.no_load_pu)
        return self.state_of(known)

    def state_of(self, voltage_pu: Complex) -> Float:
        """Values of the variables, (2R,), for voltages of the free nodes, (R,)."""
        return np.concatenate([voltage_pu.real, voltage_pu.imag]) / VOLTAGE_UNIT_PU

    @cached_property
    def no_load_pu(self) -> Complex:
        """Voltages of the free nodes without any injection, (R,)."""
        return factors_of(self.pairs.network).no_load_pu

    def node_voltage_pu(self, state: Float) -> Complex:
        """Voltages of all nodes, (N,), for values of the variables, (2R,)."""
        network = self.pairs.network
        real, imaginary = np.split(state * VOLTAGE_UNIT_PU, 2)
        voltage = np.empty(network.nodes, dtype=np.complex128)
        voltage[self.free] = real + 1j * imaginary
        voltage[network.slack_node] = network.slack_voltage_pu
        return voltage

    def limit_bounds(self, problem: ClearingProblem, period: int) -> tuple[Float, Float]:
        """Lower and upper bounds of the limited rows in a period, (V + I,) each."""
        least, greatest, loading = self.monitored.bounds(problem.operating_limits, period)
        lower = np.concatenate([least**2, np.full(len(loading), -np.inf)])
        return lower, np.concatenate([greatest**2, (loading / 100.0) ** 2])

    @cached_property
    def active(self) -> Int:
        """Which of the free nodes have participants, (A,)."""
        return np.flatnonzero(np.isin(self.free, self.pairs.participant_node))

    @cached_property
    def active_node(self) -> Int:
        """The nodes with participants that no supply holds, (A,)."""
        return self.free[self.active]

    def _linear(self, admittance: csr_array) -> tuple[Any, Any]:
        """Real and imaginary part of `admittance` (L, N) times the voltages."""
        network = self.pairs.network
        e, f = self._voltages
        free = csr_array(admittance)[:, self.free]
        supplied: Complex = np.asarray(
            csr_array(admittance)[:, network.slack_node] @ network.slack_voltage_pu
        )
        conductance, susceptance = as_matrix(free.real), as_matrix(free.imag)
        return (
            conductance @ e - susceptance @ f + supplied.real,
            susceptance @ e + conductance @ f + supplied.imag,
        )


def _rows(column: Any, index: list[int]) -> Any:
    """Some rows of a column; CasADi takes an empty index of a single row for all of it."""
    return column[index] if index else ca.SX(0, 1)


def as_matrix(array: csr_array) -> Any:
    """A sparse matrix as CasADi takes it."""
    columns = csr_array(array).tocsc()
    columns.eliminate_zeros()
    columns.sort_indices()
    sparsity = ca.Sparsity(*columns.shape, columns.indptr.tolist(), columns.indices.tolist())
    return ca.DM(sparsity, columns.data)
