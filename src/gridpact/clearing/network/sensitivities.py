"""Sensitivities: the monitored quantities of a network around an operating point, by what is injected."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.network.monitored import Monitored
from gridpact.grid.flow.response import Response

SMALLEST = 1e-12  # pu, and parts of a rating


@dataclass(frozen=True)
class Sensitivities:
    """M quantities, each the magnitude of a linear form z of the voltages, and n coordinates of injection.

    Attributes:
        monitored: which.
        forms: change of z per change of the voltages of R nodes that no supply holds, (M, R).
        voltage_pu: of all nodes, (N,).
        response: of the R nodes.
        injected: change of the power injected there per kW of each coordinate, (n, R).
    """

    monitored: Monitored
    forms: csr_array
    voltage_pu: Complex
    response: Response
    injected: Complex
    _by_current: dict[tuple[int, float], Complex] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def magnitude(self) -> Float:
        """The quantities, (M,)."""
        magnitude: Float = np.abs(self._form)
        return magnitude

    def gradient(self, row: Int, sign: Float) -> Float:
        """Change of sign · quantity per kW of each coordinate, (L, n)."""
        by_power = self.response.power_gradient(self._gradient_by_current(row, sign))
        gradient: Float = (by_power @ self.injected.T).real
        return gradient

    def curvature(self, row: Int, sign: Float, weight: Float) -> Float:
        """Σ weight · Hessian of (sign · quantity), (n, n).

        Twice by powers, conj(s) = conj(v) ∘ i gives d²i = w − D ∘ conj(d²v) with w = −(conj(dv) ∘ di' +
        conj(dv') ∘ di) / conj(v): the response to a current w. To that comes the second derivative of |z|
        itself, Im² / |z| along z, as only a change across z bends it; none is known where z is 0.
        """
        if not len(row):
            return np.zeros((len(self.injected), len(self.injected)))
        voltage, current = self._answer
        by_current = weight @ self._gradient_by_current(row, sign).conj()
        mixed = (voltage.conj() * (by_current / self.response.voltage_pu.conj())) @ current.T
        across = (self._forms_at(row) @ voltage.T) * self._direction[row, None].conj()
        bent = (across.imag.T * (weight * sign / self._radius[row])) @ across.imag
        curvature: Float = bent - (mixed + mixed.T).real
        return curvature

    @cached_property
    def _form(self) -> Complex:
        return np.asarray(self.monitored.forms @ self.voltage_pu)

    @cached_property
    def _direction(self) -> Complex:
        direction: Complex = np.where(np.isfinite(self._radius), self._form / self._radius, 1.0)
        return direction

    @cached_property
    def _radius(self) -> Float:
        """|z|, or infinite where it is 0."""
        return np.where(self.magnitude > SMALLEST, self.magnitude, np.inf)

    @cached_property
    def _answer(self) -> tuple[Complex, Complex]:
        """Change of the voltages and of the injected currents per kW of each coordinate, (n, R) each."""
        return self.response.to_powers(self.injected)

    def _forms_at(self, row: Int) -> Complex:
        forms = self.forms
        dense = np.zeros((len(row), forms.shape[1]), dtype=np.complex128)
        for place, (first, last) in enumerate(zip(forms.indptr[row], forms.indptr[row + 1], strict=True)):
            dense[place, forms.indices[first:last]] = forms.data[first:last]
        return dense

    def _gradient_by_current(self, row: Int, sign: Float) -> Complex:
        """Gradient of sign · quantity by the current injected at each node, (L, R), each found once."""
        keys = list(zip(row.tolist(), sign.tolist(), strict=True))
        new = [place for place, key in enumerate(keys) if key not in self._by_current]
        if new:
            by_voltage = (sign[new] * self._direction[row[new]])[:, None] * self._forms_at(row[new]).conj()
            found = self.response.current_gradient(by_voltage)
            self._by_current.update(zip([keys[place] for place in new], found, strict=True))
        return np.array([self._by_current[key] for key in keys]).reshape(len(keys), self.injected.shape[1])
