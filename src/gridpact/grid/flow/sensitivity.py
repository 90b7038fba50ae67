"""Sensitivity: how quantities of the voltages respond to injections, at an operating point."""

import numpy as np
from scipy.sparse.linalg import splu

from gridpact.arrays import Complex, Float
from gridpact.grid.flow.power_flow import factors_of, power_jacobian
from gridpact.grid.network import Network


def injection_gradient(network: Network, voltage_pu: Complex, gradient: Complex) -> tuple[Float, Float]:
    """Change of each of L real quantities per kW and per kvar injected at each of N nodes, (L, N) twice.

    Solves the transposed power-flow Jacobian for the gradients (L, N) with respect to voltage; at a node that
    a supply holds nothing responds. A gradient g of a quantity means its change Re(Σ conj(g) dv).
    """
    factors = factors_of(network)
    free = factors.free
    jacobian = power_jacobian(factors, voltage_pu[free])
    right = np.hstack([gradient[:, free].real, gradient[:, free].imag]).T
    solution = splu(jacobian.T.tocsc()).solve(np.ascontiguousarray(right)).T
    by_p, by_q = np.zeros(gradient.shape), np.zeros(gradient.shape)
    by_p[:, free], by_q[:, free] = np.split(solution, 2, axis=1)
    return by_p, by_q
