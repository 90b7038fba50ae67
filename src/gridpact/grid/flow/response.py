"""Response: how the voltages of a network answer to small changes of what is injected, at an operating point.

With i = conj(s / v) the currents injected, v = v₀ + Z i. A change dw of the currents that comes on top of
what the voltages themselves do to them therefore ends in

    dv = Z di,  di = dw − D ∘ conj(dv),  D = conj(s) / conj(v)²,

where dw = conj(ds / v) for a change ds of the powers. Of a small network that is one linear system,
dv + Z (D ∘ conj(dv)) = Z dw, in real and imaginary parts. Of others it is
iterated, which contracts where the power flow's own fixed point does; where that is too slow the Jacobian
of the power flow is factorised instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgetrf, dgetrs
from scipy.sparse.linalg import SuperLU, splu

from gridpact.arrays import Complex, Float
from gridpact.grid.flow.power_flow import Factors, power_jacobian

GRADIENT_TOLERANCE = 1e-11
CLOSED_MAX = 50  # nodes up to which one system is solved at once; beyond, threads would wait for each other
RESPONSE_TOLERANCE = 1e-3  # relative: only how fast a method converges depends on it
ITERATIONS_MAX = 40


@dataclass(frozen=True)
class Response:
    """The response of the R nodes that no supply holds.

    Attributes:
        factors: of the network.
        voltage_pu: (R,).
        injected_kva: complex power injected, (R,).
    """

    factors: Factors
    voltage_pu: Complex
    injected_kva: Complex

    def to_powers(self, change: Complex) -> tuple[Complex, Complex]:
        """Change of the voltages and of the currents for each of K changes of power (K, R), (K, R) each."""
        source = (change / self.voltage_pu).conj()

        def current(voltage: Complex) -> Complex:
            return source - self._feedback * voltage.conj()

        start = self.factors.voltage_of(source)
        if self._closed is not None:
            voltage = self._closed.solved(start)
            return voltage, current(voltage)
        found = _limit(lambda now: self.factors.voltage_of(current(now)), start, RESPONSE_TOLERANCE)
        voltage = self._solved(change, "N") if found is None else found
        return voltage, current(voltage)

    def current_gradient(self, gradient: Complex) -> Complex:
        """Gradients by injected current of L quantities with these gradients by voltage, (L, R) each.

        A gradient g of a real quantity means its change Re(Σ conj(g) dv).
        """
        if self._closed is not None:
            return self._adjoint(self._closed.solved(gradient, transposed=True))

        def step(now: Complex) -> Complex:
            return self._adjoint(gradient - self._feedback * now.conj())

        found = _limit(step, self._adjoint(gradient), GRADIENT_TOLERANCE)
        if found is None:
            found = self.voltage_pu * self._solved(gradient, "T").conj()
        return found

    def power_gradient(self, current_gradient: Complex) -> Complex:
        """Gradients by injected power, (L, R): the change is Re(Σ g ds), without a conjugate."""
        return current_gradient / self.voltage_pu

    @cached_property
    def _feedback(self) -> Complex:
        feedback: Complex = self.injected_kva.conj() / self.voltage_pu.conj() ** 2
        return feedback

    @cached_property
    def _closed(self) -> "_RealSystem | None":
        """dv + Z (D ∘ conj(dv)) as pairs of real numbers, (2R, 2R); none of a large network."""
        if isinstance(self.factors.impedance, SuperLU) or len(self.voltage_pu) > CLOSED_MAX:
            return None
        fed = self.factors.impedance * self._feedback
        pairs = np.array([[fed.real, fed.imag], [fed.imag, -fed.real]])
        size = 2 * len(fed)
        return _RealSystem.of(np.eye(size) + pairs.transpose(2, 0, 3, 1).reshape(size, size))

    def _solved(self, right: Complex, transposed: str) -> Complex:
        """Rows of complex numbers as pairs of real ones, solved for the Jacobian or its transpose, (L, R).

        NaN where the Jacobian is singular, at the point of collapse.
        """
        try:
            solve: Any = splu(power_jacobian(self.factors, self.voltage_pu)).solve
        except RuntimeError:
            return np.full_like(right, complex(np.nan, np.nan))
        found = solve(np.hstack([right.real, right.imag]).T, transposed)
        real, imaginary = np.split(np.asarray(found).T, 2, axis=1)
        return real + 1j * imaginary

    def _adjoint(self, gradient: Complex) -> Complex:
        """Zᴴ times each gradient, (L, R)."""
        impedance = self.factors.impedance
        if isinstance(impedance, SuperLU):
            solve: Any = impedance.solve  # its type hints do not know of transposed factors
            return np.asarray(solve(np.ascontiguousarray(gradient.T), "H"), np.complex128).T
        return (gradient.conj() @ impedance).conj()


@dataclass(frozen=True)
class _RealSystem:
    """Factors of a system in pairs of real numbers, (2R, 2R)."""

    factors: Float
    pivots: NDArray[np.int32]
    is_regular: bool

    @classmethod
    def of(cls, matrix: Float) -> "_RealSystem":
        factors, pivots, info = dgetrf(matrix, overwrite_a=True)
        return cls(factors, pivots, info == 0)

    def solved(self, rows: Complex, *, transposed: bool = False) -> Complex:
        """Rows of complex numbers, (L, R), as pairs, solved for the matrix or its transpose, (L, R).

        NaN where the matrix is singular, at the point of collapse.
        """
        if not self.is_regular:
            return np.full_like(rows, complex(np.nan, np.nan))
        right = np.ascontiguousarray(rows).view(np.float64)
        found, _ = dgetrs(self.factors, self.pivots, right.T, trans=int(transposed))
        return np.ascontiguousarray(found.T).view(np.complex128)


def _limit(step: Callable[[Complex], Complex], start: Complex, tolerance: float) -> Complex | None:
    """The fixed point of a map, from a start, or none where it is not reached soon."""
    now = start
    with np.errstate(all="ignore"):
        for _ in range(ITERATIONS_MAX):
            after = step(now)
            change = _size(after - now)
            now = after
            if change <= tolerance * _size(now):
                return now
    return None


def _size(values: Complex) -> Float:
    greatest: Float = np.abs(values).max(initial=0.0)
    return greatest
