"""PowerFlow: the voltages that injections cause, all periods at once.

The equations are conj(v) ∘ (Y v) = conj(s) at every node without a supply, with v given at the others. They
are solved by the implicit Z-bus fixed point v ← Yrr⁻¹ (conj(s / v) − Yrs v_supply), which needs one sparse
factorisation for all periods and iterations (Chen, Chen, Hwang, Kotas, Chebli 1991, "Distribution system
power flow analysis: a rigid approach"); a period where it contracts too slowly is solved by Newton.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array, hstack, vstack
from scipy.sparse.linalg import SuperLU, splu

from gridpact.arrays import Bool, Complex, Float, Int, frozen
from gridpact.grid.network import Network

ERROR_PU = 1e-12
ROUNDING_PU = 1e-14
SLOW_CONTRACTION = 0.9
DENSE_NODES_MAX = 300
ACCEPTED_STEP_PU = 1e-10
FIXED_POINT_ITERATIONS = 40
NEWTON_ITERATIONS = 20
KEPT_FACTORS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFlow:
    """Voltages of all nodes in all periods.

    Attributes:
        voltage_pu: complex, NaN in a period that has no solution, (T, N).
        converged: true where the voltages solve the equations to better than 1e-9 pu, (T,).
        slack_injection_kw: active power that participants inject at the nodes of the supplies, (T,).
    """

    voltage_pu: Complex
    converged: Bool
    slack_injection_kw: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What a power flow needs of a network beyond the injections.

    `free` are the nodes without a supply; `impedance` is the inverse of Yrr, as a matrix in a small network
    and as sparse factors in a large one; `no_load_pu` is the voltage of the free nodes without injection.
    """

    free: Int
    reduced: csr_array
    impedance: Complex | SuperLU
    supply_current: Complex
    no_load_pu: Complex

    def voltage_of(self, current: Complex) -> Complex:
        """Voltages of the free nodes, (T, R), for the currents injected there, (T, R)."""
        if isinstance(self.impedance, SuperLU):
            return np.asarray(self.impedance.solve(np.ascontiguousarray(current.T)), np.complex128).T
        return current @ self.impedance.T


def run_power_flow(network: Network, p_kw: Float, q_kvar: Float) -> PowerFlow:
    """The AC power flow of every period.

    Equal periods are solved once, so their voltages are equal to the last bit.

    Args:
        network: N nodes.
        p_kw: active power injected at each node, (T, N).
        q_kvar: reactive power injected at each node, (T, N).

    Returns:
        Voltages, NaN in the periods that did not converge.
    """
    injection = np.ascontiguousarray(p_kw + 1j * q_kvar)
    distinct, period = _distinct_rows(injection)
    free_voltage = _solve(network, distinct)
    voltage = np.empty((len(distinct), network.nodes), dtype=np.complex128)
    voltage[:, network.slack_node] = network.slack_voltage_pu
    if free_voltage.shape[1]:
        voltage[:, factors_of(network).free] = free_voltage
    converged: Bool = np.asarray(np.isfinite(free_voltage).all(axis=1))
    voltage[~converged] = complex(np.nan, np.nan)
    return PowerFlow(
        voltage_pu=frozen(voltage[period], np.complex128),
        converged=frozen(converged[period], np.bool_),
        slack_injection_kw=frozen(np.asarray(p_kw)[:, network.slack_node].sum(axis=1), np.float64),
    )


def bus_voltage_pu(network: Network, flow: PowerFlow) -> Float:
    """Voltage magnitude of each bus, (T, B)."""
    magnitude: Float = np.abs(flow.voltage_pu)[:, network.bus_node]
    return magnitude


def loading_percent(network: Network, flow: PowerFlow) -> Float:
    """Loading of each element, (T, E): the greatest current at its ends over the rating there.

    An end without a rating counts as 0 %.
    """
    branches = network.branches
    at_from = (
        np.abs(_currents(branches.admittance_from, flow.voltage_pu).T) / branches.rating_from_kva[:, None]
    )
    at_to = np.abs(_currents(branches.admittance_to, flow.voltage_pu).T) / branches.rating_to_kva[:, None]
    loading = np.zeros((len(network.elements), len(flow.converged)))
    rated = branches.element >= 0
    np.maximum.at(loading, branches.element[rated], 100.0 * np.maximum(at_from, at_to)[rated])
    return loading.T


def import_kw(network: Network, flow: PowerFlow) -> Float:
    """Active power drawn from the supplies, (T,).

    That is the injection at their nodes beyond what participants inject there themselves.
    """
    at_supply = flow.voltage_pu[:, network.slack_node]
    current = _currents(network.admittance[network.slack_node], flow.voltage_pu)
    drawn: Float = (at_supply * current.conj()).real.sum(axis=1) - flow.slack_injection_kw
    return drawn


def losses_kw(network: Network, flow: PowerFlow) -> Float:
    """Active power that the network itself takes, (T,): import plus everything injected.

    It is lost in lines, in transformers (iron losses too), in shunts, and inside supplies that have an
    impedance.
    """
    current = _currents(network.admittance, flow.voltage_pu)
    lost: Float = (flow.voltage_pu * current.conj()).real.sum(axis=1)
    return lost


def _currents(admittance: csr_array, voltage: Complex) -> Complex:
    """What each row of the admittance matrix draws in each period, (T, rows)."""
    return np.asarray(admittance @ voltage.T).T


def _distinct_rows(injection: Complex) -> tuple[Complex, Int]:
    """The distinct rows in order of appearance, and for each row the index of its equal."""
    position: dict[bytes, int] = {}
    keys = [row.tobytes() for row in injection]
    index = np.array([position.setdefault(key, len(position)) for key in keys], dtype=np.int64)
    _, first = np.unique(index, return_index=True)
    return injection[first], index


@lru_cache(maxsize=KEPT_FACTORS)
def factors_of(network: Network) -> Factors:
    """What the power flow of a network needs, made once for each network."""
    free = np.setdiff1d(np.arange(network.nodes), network.slack_node)
    rows = network.admittance[free]
    reduced = csr_array(rows[:, free])
    factors = splu(csc_array(reduced))
    supply_current = np.asarray(rows[:, network.slack_node] @ network.slack_voltage_pu)
    is_small = len(free) <= DENSE_NODES_MAX
    return Factors(
        free=free,
        reduced=reduced,
        impedance=np.asarray(factors.solve(np.eye(len(free), dtype=np.complex128)), np.complex128)
        if is_small
        else factors,
        supply_current=supply_current,
        no_load_pu=-factors.solve(supply_current),
    )


def _solve(network: Network, injection: Complex) -> Complex:
    """Voltages of the free nodes, (T, R); NaN in the periods that have no solution."""
    if network.nodes == len(network.slack_node):
        return np.zeros((len(injection), 0), dtype=np.complex128)
    factors = factors_of(network)
    power = injection[:, factors.free]
    voltage, converged = _fixed_point(factors, power)
    for period in np.flatnonzero(~converged):
        voltage[period] = _newton(factors, power[period])
    return voltage


def _fixed_point(factors: Factors, power: Complex) -> tuple[Complex, Bool]:
    """Iterates every period until the map's own contraction proves the error small.

    With steps d and d' after it, the map contracts by c = d'/d there, and what is left is at most
    d' c / (1 − c) (Banach). A period that contracts by less than `SLOW_CONTRACTION` is given up.
    """
    voltage = np.tile(factors.no_load_pu, (len(power), 1))
    converged = np.zeros(len(power), dtype=np.bool_)
    last_step = np.full(len(power), np.inf)
    active = np.arange(len(power))
    with np.errstate(all="ignore"):
        for _ in range(FIXED_POINT_ITERATIONS):
            if not len(active):
                break
            before = voltage[active]
            current = (power[active] / before).conj() - factors.supply_current
            after = factors.voltage_of(current)
            step = np.abs(after - before).max(axis=1)
            contraction = np.where(np.isinf(last_step[active]), np.nan, step / last_step[active])
            done = (step <= ROUNDING_PU) | (step * contraction / (1.0 - contraction) <= ERROR_PU) & (
                contraction < SLOW_CONTRACTION
            )
            voltage[active] = after
            last_step[active] = step
            converged[active[done]] = True
            active = active[~done & np.isfinite(step) & ~(contraction >= SLOW_CONTRACTION)]
    return voltage, converged


def _newton(factors: Factors, power: Complex) -> Complex:
    """Newton in rectangular coordinates from the no-load voltage; NaN where it does not converge."""
    voltage = factors.no_load_pu.copy()
    failed = np.full_like(voltage, complex(np.nan, np.nan))
    with np.errstate(all="ignore"):
        for _ in range(NEWTON_ITERATIONS):
            current = factors.reduced @ voltage + factors.supply_current
            mismatch = power - voltage * current.conj()
            try:
                step = splu(power_jacobian(factors, voltage)).solve(
                    np.concatenate([mismatch.real, mismatch.imag])
                )
            except RuntimeError:
                return failed
            change = step[: len(voltage)] + 1j * step[len(voltage) :]
            voltage = voltage + change
            if not np.isfinite(voltage).all():
                return failed
            if np.abs(change).max() <= ACCEPTED_STEP_PU:
                return voltage
    return failed


def power_jacobian(factors: Factors, voltage: Complex) -> csc_array:
    """Change of injected p and q per change of real and imaginary voltage at the free nodes, (2R, 2R).

    With I = Y v + supply current and s = v ∘ conj(I), ds = conj(I) ∘ dv + v ∘ conj(Y dv).
    """
    current: Complex = np.asarray(factors.reduced @ voltage) + factors.supply_current
    by_voltage = diags_array(current.conj())
    by_conjugate = diags_array(voltage) @ factors.reduced.conj()
    jacobian: csc_array = vstack(
        [
            hstack([(by_voltage + by_conjugate).real, (by_conjugate - by_voltage).imag]),
            hstack([(by_voltage + by_conjugate).imag, (by_voltage - by_conjugate).real]),
        ],
        format="csc",
    )
    return jacobian
