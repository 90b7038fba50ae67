"""PowerFlow: the voltages that injections cause, all periods at once.

The equations are conj(v) ∘ (Y v) = conj(s) at every node without a supply, with v given at the others. They
are solved by the implicit Z-bus fixed point v ← Yrr⁻¹ (conj(s / v) − Yrs v_supply), which needs one sparse
factorisation for all periods and iterations (Chen, Chen, Hwang, Kotas, Chebli 1991, "Distribution system
power flow analysis: a rigid approach"); a period where it contracts too slowly is solved by Newton.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.linalg import SuperLU, splu

from gridpact.arrays import Bool, Complex, Float, Int, frozen
from gridpact.grid.flow.rated_currents import rated_currents
from gridpact.grid.flow.unbalance import sequence_voltages
from gridpact.grid.network import Network
from gridpact.grid.places import places

ERROR_PU = 1e-13
ROUNDING_PU = 1e-14
SLOW_CONTRACTION = 0.9
DENSE_NODES_MAX = 50
ACCEPTED_STEP_PU = 1e-10
FIXED_POINT_ITERATIONS = 40
NEWTON_ITERATIONS = 20
KEPT_FACTORS = 16
PIVOT_THRESHOLD = 0.1  # below 1 keeps the pivots of a tree on the diagonal, and so its factors as sparse


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFlow:
    """Voltages of all nodes in all periods.

    Attributes:
        injection_kva: complex power that participants inject at each node, (T, N).
        voltage_pu: complex, NaN in a period that has no solution, (T, N).
        converged: true where the voltages solve the equations to better than 1e-9 pu, (T,).
    """

    injection_kva: Complex
    voltage_pu: Complex
    converged: Bool

    def at(self, periods: Int) -> "PowerFlow":
        """The power flow of some periods, in their order."""
        return PowerFlow(
            injection_kva=self.injection_kva[periods],
            voltage_pu=self.voltage_pu[periods],
            converged=self.converged[periods],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What a power flow needs of a network beyond the injections at its R nodes.

    `free` are the nodes without a supply, or those of them that the network is reduced to; `impedance` is the
    inverse of Yrr, as a matrix in a small network and as sparse factors in a large one; `no_load_pu` is the
    voltage of the free nodes without injection.
    """

    free: Int
    reduced: csr_array
    impedance: Complex | SuperLU
    supply_current: Complex
    no_load_pu: Complex

    def voltage_of(self, current: Complex) -> Complex:
        """Voltages of the free nodes, (T, R), for the currents injected there, (T, R)."""
        if isinstance(self.impedance, SuperLU):
            return np.asarray(self.impedance.solve(current.T), np.complex128).T
        return current @ self.impedance.T


def run_power_flow(network: Network, p_kw: Float, q_kvar: Float, near: PowerFlow | None = None) -> PowerFlow:
    """The AC power flow of every period.

    Equal periods are solved once, so their voltages are equal to the last bit.

    Args:
        network: N nodes.
        p_kw: active power injected at each node, (T, N).
        q_kvar: reactive power injected at each node, (T, N).
        near: a power flow of as many periods whose voltages to start from. A period that injects the same
            there is taken over as it is.

    Returns:
        Voltages, NaN in the periods that did not converge.
    """
    injection = np.ascontiguousarray(p_kw + 1j * q_kvar)
    distinct, period = _distinct_rows(injection)
    voltage = _voltage_of(network, injection[distinct], None if near is None else near.at(distinct))
    converged: Bool = np.asarray(np.isfinite(voltage).all(axis=1))
    return PowerFlow(
        injection_kva=frozen(injection, np.complex128),
        voltage_pu=frozen(voltage[period], np.complex128),
        converged=frozen(converged[period], np.bool_),
    )


def voltages_of(factors: Factors, power: Complex) -> Complex:
    """Voltages, (m, R), for powers injected at the R nodes of some factors, (m, R).

    Equal rows are solved once; NaN where there is no solution.
    """
    distinct, row = _distinct_rows(power)
    start = np.tile(factors.no_load_pu, (len(distinct), 1))
    return _solve(factors, power[distinct], start)[row]


def bus_voltage_pu(network: Network, flow: PowerFlow) -> Float:
    """Voltage magnitude of each bus, or each phase of each, (T, V): see `places`."""
    magnitude: Float = np.abs(flow.voltage_pu)[:, places(network).voltage_node]
    return magnitude


def unbalance_percent(network: Network, flow: PowerFlow) -> Float:
    """Voltage unbalance |V2|/|V1|, (T, U): see `places`; none in a balanced network."""
    if not network.is_three_phase:
        return np.empty((len(flow.converged), 0))
    negative, positive = (np.abs(_currents(forms, flow.voltage_pu)) for forms in sequence_voltages(network))
    unbalance: Float = 100.0 * negative / positive
    return unbalance


def loading_percent(network: Network, flow: PowerFlow) -> Float:
    """Loading of each element, or each of its conductors, (T, L): see `places`.

    It is the greatest current at its ends over the rating there. An end without a rating counts as 0 %.
    """
    currents = rated_currents(network)
    at_from = np.abs(_currents(currents.at_from, flow.voltage_pu).T) / currents.rating_from_kva[:, None]
    at_to = np.abs(_currents(currents.at_to, flow.voltage_pu).T) / currents.rating_to_kva[:, None]
    loading = np.zeros((len(places(network).loading_phase), len(flow.converged)))
    by_column = np.argsort(currents.column, kind="stable")
    column, first = np.unique(currents.column[by_column], return_index=True)
    greatest = np.maximum.reduceat(100.0 * np.maximum(at_from, at_to)[by_column], first, axis=0)
    rated = column >= 0
    loading[column[rated]] = greatest[rated]
    return loading.T


def import_kw(network: Network, flow: PowerFlow) -> Float:
    """Active power drawn from the supplies, (T,).

    That is the injection at their nodes beyond what participants inject there themselves.
    """
    at_supply = flow.voltage_pu[:, network.slack_node]
    current = _currents(_supply_rows(network), flow.voltage_pu)
    injected = flow.injection_kva[:, network.slack_node]
    drawn: Float = (at_supply * current.conj() - injected).real.sum(axis=1)
    return drawn


def losses_kw(network: Network, flow: PowerFlow) -> Float:
    """Active power that the network itself takes, (T,): import plus everything injected.

    It is lost in lines, in transformers (iron losses too), in shunts, and inside supplies that have an
    impedance.
    """
    current = _currents(network.admittance, flow.voltage_pu)
    lost: Float = (flow.voltage_pu * current.conj()).real.sum(axis=1)
    return lost


@lru_cache(maxsize=KEPT_FACTORS)
def _supply_rows(network: Network) -> csr_array:
    """The rows of the admittance matrix at the supplies, (K, N)."""
    return network.admittance[network.slack_node]


def _currents(admittance: csr_array, voltage: Complex) -> Complex:
    """What each row of the admittance matrix draws in each period, (T, rows)."""
    return np.asarray(admittance @ voltage.T).T


def _distinct_rows(injection: Complex) -> tuple[Int, Int]:
    """The first of each set of equal rows, and for each row the index of its set."""
    if len(set(injection.sum(axis=1).tolist())) == len(injection):  # Equal rows have equal sums.
        every = np.arange(len(injection))
        return every, every
    position: dict[bytes, int] = {}
    keys = [row.tobytes() for row in injection]
    index = np.array([position.setdefault(key, len(position)) for key in keys], dtype=np.int64)
    _, first = np.unique(index, return_index=True)
    return first, index


@lru_cache(maxsize=KEPT_FACTORS)
def factors_of(network: Network) -> Factors:
    """What the power flow of a network needs, made once for each network."""
    free = np.setdiff1d(np.arange(network.nodes), network.slack_node)
    rows = network.admittance[free]
    reduced = csr_array(rows[:, free])
    factors = splu(
        csc_array(reduced),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=PIVOT_THRESHOLD,
        options={"SymmetricMode": True},
    )
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


def _voltage_of(network: Network, injection: Complex, near: PowerFlow | None) -> Complex:
    """Voltages of all nodes, (T, N); NaN in the periods that have no solution."""
    voltage = np.empty(injection.shape, dtype=np.complex128)
    voltage[:, network.slack_node] = network.slack_voltage_pu
    if network.nodes == len(network.slack_node):
        return voltage
    factors = factors_of(network)
    at_free = np.tile(factors.no_load_pu, (len(injection), 1))
    unknown = np.ones(len(injection), dtype=np.bool_)
    if near is not None:
        at_free[near.converged] = near.voltage_pu[near.converged][:, factors.free]
        unknown = ~(near.converged & (near.injection_kva == injection).all(axis=1))
    at_free[unknown] = _solve(factors, injection[unknown][:, factors.free], at_free[unknown])
    voltage[:, factors.free] = at_free
    voltage[~np.isfinite(at_free).all(axis=1)] = complex(np.nan, np.nan)
    return voltage


def _solve(factors: Factors, power: Complex, start: Complex) -> Complex:
    """Voltages of the free nodes, (T, R); NaN in the periods that have no solution."""
    voltage, converged = _fixed_point(factors, power, start)
    for period in np.flatnonzero(~converged):
        voltage[period] = _newton(factors, power[period])
    return voltage


def _fixed_point(factors: Factors, power: Complex, start: Complex) -> tuple[Complex, Bool]:
    """Iterates every period from its start until the map's own contraction proves the error small.

    With a step d and, k maps later, a step d' the map contracts by c = (d'/d)^(1/k) there, and what is left
    is at most d' c / (1 − c) (Banach). Steps are looked at again when that promises the first period its
    end, or after twice as many maps. A period that contracts by less than `SLOW_CONTRACTION` is given up.
    """
    voltage = np.empty_like(start)
    converged = np.zeros(len(power), dtype=np.bool_)
    active, before, last_step = np.arange(len(power)), start, np.full(len(power), np.nan)
    maps, iterations = 1, 0
    with np.errstate(all="ignore"):
        while len(active) and iterations < FIXED_POINT_ITERATIONS:
            for _ in range(maps - 1):
                before = _mapped(factors, power, before)
            after = _mapped(factors, power, before)
            iterations += maps
            step = np.abs(after - before).max(axis=1)
            contraction = (step / last_step) ** (1.0 / maps)
            error = step * contraction / (1.0 - contraction)
            is_slow = contraction >= SLOW_CONTRACTION
            done = (step <= ROUNDING_PU) | (error <= ERROR_PU) & ~is_slow
            going_on = ~done & np.isfinite(step) & ~is_slow
            before, last_step = after, step
            if not going_on.all():
                voltage[active[done]], converged[active[done]] = after[done], True
                active, power = active[going_on], power[going_on]
                before, last_step = after[going_on], step[going_on]
            promised = np.log(ERROR_PU / error[going_on]) / np.log(contraction[going_on])
            first = float(promised.min(initial=iterations))
            maps = ceil(first) if first > 1.0 else 1
    return voltage, converged


def _mapped(factors: Factors, power: Complex, voltage: Complex) -> Complex:
    """The voltages under the currents that powers inject at some voltages, (T, R) each."""
    return factors.no_load_pu + factors.voltage_of((power / voltage).conj())


def _newton(factors: Factors, power: Complex) -> Complex:
    """Newton in rectangular coordinates from the no-load voltage; NaN where it does not converge."""
    voltage = factors.no_load_pu.copy()
    failed = np.full_like(voltage, complex(np.nan, np.nan))
    with np.errstate(all="ignore"):
        for _ in range(NEWTON_ITERATIONS):
            current = factors.reduced @ voltage + factors.supply_current
            mismatch = power - voltage * current.conj()
            right = np.concatenate([mismatch.real, mismatch.imag])
            jacobian = power_jacobian(factors, voltage)
            try:
                is_dense = not isinstance(factors.impedance, SuperLU)
                step = np.linalg.solve(jacobian.toarray(), right) if is_dense else splu(jacobian).solve(right)
            except (RuntimeError, np.linalg.LinAlgError):
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
    reduced, every = factors.reduced, np.arange(len(voltage))
    node = np.repeat(every, np.diff(reduced.indptr))
    current: Complex = np.asarray(reduced @ voltage) + factors.supply_current
    row, column = np.append(node, every), np.append(reduced.indices, every)
    by_conjugate = np.append(voltage[node] * reduced.data.conj(), np.zeros(len(voltage)))
    by_voltage = np.append(np.zeros(len(node)), current.conj())
    together, apart = by_voltage + by_conjugate, by_voltage - by_conjugate
    entries = np.concatenate([together.real, -apart.imag, together.imag, apart.real])
    below, right = row + len(voltage), column + len(voltage)
    cells = np.concatenate([row, row, below, below]), np.concatenate([column, right, column, right])
    return csc_array((entries, cells), shape=(2 * len(voltage),) * 2)
