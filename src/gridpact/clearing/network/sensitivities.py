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

    The last W of them, the unbalances, are such magnitudes over those of other forms, the references.

    Attributes:
        monitored: which.
        forms: change of z per change of the voltages of R nodes that no supply holds, (M, R).
        references: the same of the references, (W, R).
        voltage_pu: of all nodes, (N,).
        response: of the R nodes.
        injected: change of the power injected there per kW of each coordinate, (n, R).
    """

    monitored: Monitored
    forms: csr_array
    references: csr_array
    voltage_pu: Complex
    response: Response
    injected: Complex
    _by_current: dict[tuple[int, float], Complex] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def magnitude(self) -> Float:
        """The quantities, (M,)."""
        magnitude = np.abs(self._form)
        magnitude[self.monitored.first_unbalance :] /= np.abs(self._reference)
        return magnitude

    def gradient(self, row: Int, sign: Float) -> Float:
        """Change of sign · quantity per kW of each coordinate, (L, n)."""
        by_power = self.response.power_gradient(self._gradient_by_current(row, sign))
        gradient: Float = (by_power @ self.injected.T).real
        return gradient

    def curvature(self, row: Int, sign: Float, weight: Float) -> Float:
        """Σ weight · Hessian of (sign · quantity), (n, n).

        Twice by powers, conj(s) = conj(v) ∘ i gives d²i = w − D ∘ conj(d²v) with w = −(conj(dv) ∘ di' +
        conj(dv') ∘ di) / conj(v): the response to a current w. To that comes the second derivative of the
        quantity itself by the voltages, see `_bent`.
        """
        if not len(row):
            return np.zeros((len(self.injected), len(self.injected)))
        voltage, current = self._answer
        by_current = weight @ self._gradient_by_current(row, sign).conj()
        mixed = (voltage.conj() * (by_current / self.response.voltage_pu.conj())) @ current.T
        curvature: Float = self._bent(row, sign * weight, voltage) - (mixed + mixed.T).real
        return curvature

    def _bent(self, row: Int, weight: Float, voltage: Complex) -> Float:
        """Σ weight · second derivative of quantities by the voltages, along the changes of these, (n, n).

        Of |z| it is Im²/|z| with dz along z: only a change across z bends it; none is known where z is 0. Of
        a share |z|/|r|, with a and b the changes along z and r and c and d those across, it is

            c cᵀ/(|z||r|) − (a bᵀ + b aᵀ)/|r|² + |z| (2 b bᵀ − d dᵀ)/|r|³.
        """
        share = row - self.monitored.first_unbalance
        is_share = share >= 0
        along = (self._forms_at(row) @ voltage.T) * self._direction[row, None].conj()
        size = np.ones(len(row))
        size[is_share] = np.abs(self._reference)[share[is_share]]
        bent: Float = (along.imag.T * (weight / self._radius[row] / size)) @ along.imag
        if not is_share.any():
            return bent
        share, weight, size = share[is_share], weight[is_share], size[is_share]
        beside = (_dense(self.references, share) @ voltage.T) * self._reference_direction[share, None].conj()
        form = np.abs(self._form[row[is_share]])
        crossed = (along[is_share].real.T * (weight / size**2)) @ beside.real
        squares = (beside.real.T * (2.0 * weight * form / size**3)) @ beside.real
        across = (beside.imag.T * (weight * form / size**3)) @ beside.imag
        shares: Float = bent - (crossed + crossed.T) + squares - across
        return shares

    @cached_property
    def _form(self) -> Complex:
        return np.asarray(self.monitored.forms @ self.voltage_pu)

    @cached_property
    def _reference(self) -> Complex:
        return np.asarray(self.monitored.references @ self.voltage_pu)

    @cached_property
    def _direction(self) -> Complex:
        direction: Complex = np.where(np.isfinite(self._radius), self._form / self._radius, 1.0)
        return direction

    @cached_property
    def _reference_direction(self) -> Complex:
        direction: Complex = self._reference / np.abs(self._reference)
        return direction

    @cached_property
    def _radius(self) -> Float:
        """|z|, or infinite where it is 0."""
        size = np.abs(self._form)
        return np.where(size > SMALLEST, size, np.inf)

    @cached_property
    def _answer(self) -> tuple[Complex, Complex]:
        """Change of the voltages and of the injected currents per kW of each coordinate, (n, R) each."""
        return self.response.to_powers(self.injected)

    def _forms_at(self, row: Int) -> Complex:
        return _dense(self.forms, row)

    def _gradient_by_voltage(self, row: Int, sign: Float) -> Complex:
        """Gradient of sign · quantity by the voltage of each node, (L, R)."""
        gradient: Complex = (sign * self._direction[row])[:, None] * self._forms_at(row).conj()
        share = row - self.monitored.first_unbalance
        here = np.flatnonzero(share >= 0)
        if len(here):
            share = share[here]
            size, value = np.abs(self._reference[share]), self.magnitude[row[here]]
            beside = (sign[here] * value * self._reference_direction[share])[:, None]
            references = beside * _dense(self.references, share).conj()
            gradient[here] = (gradient[here] - references) / size[:, None]
        return gradient

    def _gradient_by_current(self, row: Int, sign: Float) -> Complex:
        """Gradient of sign · quantity by the current injected at each node, (L, R), each found once."""
        keys = list(zip(row.tolist(), sign.tolist(), strict=True))
        new = [place for place, key in enumerate(keys) if key not in self._by_current]
        if new:
            found = self.response.current_gradient(self._gradient_by_voltage(row[new], sign[new]))
            self._by_current.update(zip([keys[place] for place in new], found, strict=True))
        return np.array([self._by_current[key] for key in keys]).reshape(len(keys), self.injected.shape[1])


def _dense(forms: csr_array, row: Int) -> Complex:
    """Some rows of a sparse matrix."""
    dense = np.zeros((len(row), forms.shape[1]), dtype=np.complex128)
    for place, (first, last) in enumerate(zip(forms.indptr[row], forms.indptr[row + 1], strict=True)):
        dense[place, forms.indices[first:last]] = forms.data[first:last]
    return dense
