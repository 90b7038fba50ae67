"""Response: how the voltages of a network answer to small changes of what is injected, at an operating point.

With i = conj(s / v) the currents injected, v = v₀ + Z i. A change dw of the currents that comes on top of
what the voltages themselves do to them therefore ends in

    dv = Z di,  di = dw − D ∘ conj(dv),  D = conj(s) / conj(v)²,

where dw = conj(ds / v) for a change ds of the powers. Of a network whose Z is a matrix that is one linear
system, dv + Z (D ∘ conj(dv)) = Z dw, in real and imaginary parts. Of one that is known by sparse factors it is
iterated, which contracts where the power flow's own fixed point does; where that is too slow the Jacobian of
the power flow is factorised instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse.linalg import SuperLU, splu

from gridpact.arrays import Complex, Float, Int
from gridpact.grid.flow.power_flow import Factors, power_jacobian

GRADIENT_TOLERANCE = 1e-13
RESPONSE_TOLERANCE = 1e-5  # relative: only how fast a method converges depends on it
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
        voltage = self._closed(start, transposed=False)
        if voltage is None:
            voltage = _limit(lambda now: self.factors.voltage_of(current(now)), start, RESPONSE_TOLERANCE)
        if voltage is None:
            voltage = self._solved(change, "N")
        return voltage, current(voltage)

    def current_gradient(self, gradient: Complex) -> Complex:
        """Gradients by injected current of L quantities with these gradients by voltage, (L, R) each.

        A gradient g of a real quantity means its change Re(Σ conj(g) dv).
        """

        closed = self._closed(gradient, transposed=True)
        if closed is not None:
            return self._adjoint(closed)

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
    def _loop(self) -> tuple[Float, Int] | None:
        """LU factors of dv + Z (D ∘ conj(dv)) by real and imaginary parts; none where Z is no matrix."""
        if isinstance(self.factors.impedance, SuperLU):
            return None
        fed = self.factors.impedance * self._feedback
        one = np.eye(len(fed))
        system = np.block([[one + fed.real, fed.imag], [fed.imag, one - fed.real]])
        factors: tuple[Float, Int] = lu_factor(system, check_finite=False)
        return factors

    def _closed(self, right: Complex, *, transposed: bool) -> Complex | None:
        """Rows of complex numbers solved for the loop or its transpose, (L, R); none where it is iterated."""
        loop = self._loop
        if loop is None:
            return None
        return _by_parts(lambda parts: lu_solve(loop, parts, trans=int(transposed), check_finite=False), right)

    def _solved(self, right: Complex, transposed: str) -> Complex:
        """Rows of complex numbers solved for the Jacobian or its transpose, (L, R).

        NaN where the Jacobian is singular, at the point of collapse.
        """
        try:
            solve: Any = splu(power_jacobian(self.factors, self.voltage_pu)).solve
        except RuntimeError:
            return np.full_like(right, complex(np.nan, np.nan))
        return _by_parts(lambda parts: solve(parts, transposed), right)

    def _adjoint(self, gradient: Complex) -> Complex:
        """Zᴴ times each gradient, (L, R)."""
        impedance = self.factors.impedance
        if isinstance(impedance, SuperLU):
            solve: Any = impedance.solve  # its type hints do not know of transposed factors
            return np.asarray(solve(np.ascontiguousarray(gradient.T), "H"), np.complex128).T
        return (gradient.conj() @ impedance).conj()


def _by_parts(solve: Callable[[Float], Float], right: Complex) -> Complex:
    """Rows of complex numbers, (L, R), that are solved for as columns of their real and imaginary parts."""
    real, imaginary = np.split(solve(np.hstack([right.real, right.imag]).T).T, 2, axis=1)
    return real + 1j * imaginary


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
