"""Sensitivity: how voltages and loadings respond to injections, at an operating point."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.linalg import splu

from gridpact.arrays import Complex, Float, Int
from gridpact.grid.flow.power_flow import factors_of, power_jacobian
from gridpact.grid.network import Network


def voltage_gradient(network: Network, voltage_pu: Complex, nodes: Int) -> Complex:
    """Gradient of |v| at each of L nodes with respect to v, (L, N).

    As everywhere here, a gradient g of a real quantity means its change Re(Σ conj(g) dv).
    """
    gradient = np.zeros((len(nodes), network.nodes), dtype=np.complex128)
    gradient[np.arange(len(nodes)), nodes] = voltage_pu[nodes] / np.abs(voltage_pu[nodes])
    return gradient


def loading_gradient(admittance: csr_array, rating_kva: Float, voltage_pu: Complex) -> Complex:
    """Gradient in percent of the loading of L branch ends with respect to v, (L, N); 0 without current.

    Args:
        admittance: current of each end per voltage, (L, N), kVA.
        rating_kva: (L,).
        voltage_pu: (N,).
    """
    current: Complex = np.asarray(admittance @ voltage_pu)
    weight = 100.0 * current / (np.maximum(np.abs(current), np.finfo(float).tiny) * rating_kva)
    gradient: Complex = weight[:, None] * admittance.toarray().conj()
    return gradient


def injection_gradient(network: Network, voltage_pu: Complex, gradient: Complex) -> tuple[Float, Float]:
    """Change of each quantity per kW and per kvar injected at each node, (L, N) twice.

    Solves the transposed power-flow Jacobian for the gradients (L, N) with respect to voltage; at a node
    that a supply holds nothing responds.
    """
    factors = factors_of(network)
    free = factors.free
    jacobian = power_jacobian(factors, voltage_pu[free])
    right = np.hstack([gradient[:, free].real, gradient[:, free].imag]).T
    solution = splu(jacobian.T.tocsc()).solve(np.ascontiguousarray(right)).T
    by_p, by_q = np.zeros(gradient.shape), np.zeros(gradient.shape)
    by_p[:, free], by_q[:, free] = np.split(solution, 2, axis=1)
    return by_p, by_q
