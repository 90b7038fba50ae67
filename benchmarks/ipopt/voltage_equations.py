"""VoltageEquations: the exact power flow of a network as rows of a nonlinear programme.

Voltages are in rectangular coordinates, v = e + j f, in which everything is quadratic:

    p = e ∘ Re(Yv) + f ∘ Im(Yv),  q = f ∘ Re(Yv) − e ∘ Im(Yv)     at nodes where something is injected,
    Yv = 0                                                        at the others, where it is linear,
    V_min² ≤ e² + f² ≤ V_max²                                     at every monitored node,
    |i|² ≤ I²                                                     at every rated branch end and neutral,
    |v₂|² ≤ U² |v₁|²                                              of the sequences at every bus with phases.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import casadi as ca
import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.network.oracle import NetworkOracle
from gridpact.grid.flow.power_flow import factors_of

VOLTAGE_UNIT_PU = 1e-4  # about what a kW moves, so that residuals of voltages and of powers compare


@dataclass(frozen=True)
class VoltageEquations:
    """The rows of a network with F nodes that no supply holds, R of them essential, A with injections.

    Attributes:
        oracle: of the network.
        active: which of the essential nodes have injections, ascending, (A,).
    """

    oracle: NetworkOracle
    active: Int

    @cached_property
    def variables(self) -> Any:
        """e and f of the free nodes in units of `VOLTAGE_UNIT_PU`, (2F,)."""
        count = len(self._free)
        return ca.vertcat(ca.SX.sym("e", count), ca.SX.sym("f", count))

    def balances(self, p: Any, q: Any) -> Any:
        """Rows that are zero, (2F,), in pu of voltage, for the injection at the active nodes, (A,) each."""
        e, f = self._voltages
        admittance = self.oracle.network.admittance
        real, imaginary = self._linear(admittance[self._free])
        injecting = np.searchsorted(self._free, self.oracle.factors.free[self.active])
        active = injecting.tolist()
        idle = np.setdiff1d(np.arange(len(self._free)), injecting).tolist()
        scale = ca.DM(1.0 / np.abs(admittance.diagonal()[self._free]))
        return ca.vertcat(
            (_rows(e * real + f * imaginary, active) - p) * _rows(scale, active),
            (_rows(f * real - e * imaginary, active) - q) * _rows(scale, active),
            _rows(real * scale, idle),
            _rows(imaginary * scale, idle),
        )

    def monitored_squares(self) -> Any:
        """Squares of the monitored quantities, (M,)."""
        e, f = self._voltages
        monitored = self.oracle.monitored
        at = np.searchsorted(self._free, monitored.node).tolist()
        real, imaginary = self._linear(monitored.admittance)
        squares = ca.vertcat(e[at] ** 2 + f[at] ** 2, real**2 + imaginary**2)
        if not len(monitored.unbalance_column):
            return squares
        real, imaginary = self._linear(monitored.forms[monitored.first_unbalance :])
        of_real, of_imaginary = self._linear(monitored.references)
        return ca.vertcat(squares, (real**2 + imaginary**2) / (of_real**2 + of_imaginary**2))

    def variables_at(self, voltage_pu: Complex) -> Float:
        """Values of the variables, (2F,), for voltages, (N,); those without load where these are unknown."""
        factors = factors_of(self.oracle.network)
        known = np.where(np.isfinite(voltage_pu[factors.free]), voltage_pu[factors.free], factors.no_load_pu)
        return np.concatenate([known.real, known.imag]) / VOLTAGE_UNIT_PU

    @property
    def _free(self) -> Int:
        return factors_of(self.oracle.network).free

    @cached_property
    def _voltages(self) -> tuple[Any, Any]:
        """e and f of the free nodes in pu, (F,) each."""
        e, f = ca.vertsplit(self.variables * VOLTAGE_UNIT_PU, len(self._free))
        return e, f

    def _linear(self, admittance: csr_array) -> tuple[Any, Any]:
        """Real and imaginary part of `admittance` (L, N) times the voltages."""
        network = self.oracle.network
        e, f = self._voltages
        free = csr_array(admittance)[:, self._free]
        supplied: Complex = np.asarray(
            csr_array(admittance)[:, network.slack_node] @ network.slack_voltage_pu
        )
        conductance, susceptance = as_matrix(free.real), as_matrix(free.imag)
        return (
            conductance @ e - susceptance @ f + supplied.real,
            susceptance @ e + conductance @ f + supplied.imag,
        )


def as_matrix(array: csr_array) -> Any:
    """A sparse matrix as CasADi takes it."""
    columns = csr_array(array).tocsc()
    columns.eliminate_zeros()
    columns.sort_indices()
    sparsity = ca.Sparsity(*columns.shape, columns.indptr.tolist(), columns.indices.tolist())
    return ca.DM(sparsity, columns.data)


def _rows(column: Any, index: list[int]) -> Any:
    """Some rows of a column; CasADi takes an empty index of a single row for all of it."""
    return column[index] if index else ca.SX(0, 1)
