"""The limits that hold an AC optimum down, from its multipliers and the sensitivities of its power flow."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Float
from gridpact.clearing.ac_physics import AcPhysics
from gridpact.clearing.programme import Optimum, PeriodData, SolverStatus
from gridpact.clearing.reasons import DUAL_MIN, ActiveLimits, element_kinds
from gridpact.clearing.solution import LimitedBy
from gridpact.grid.sensitivity import injection_gradient, loading_gradient, voltage_gradient

TIGHT_TOLERANCE, TIGHT_SCALE = 1e-5, 1e-4  # of the squared rows; a barrier leaves duals on others too


def active_limits(physics: AcPhysics | None, data: PeriodData, optimum: Optimum) -> ActiveLimits:
    """The limits that have a dual at an optimum; none where there is no physics, or no optimum."""
    if physics is None or optimum.status is SolverStatus.FAILED:
        return ActiveLimits.none(len(data.pair))
    pairs = physics.pairs
    return limits_with_dual(
        physics,
        optimum.state,
        LimitedRows(
            value=optimum.limit_value,
            dual=optimum.limit_dual,
            lower=data.limit_lower,
            upper=data.limit_upper,
        ),
        (csr_array(pairs.injected_p[:, data.pair]), csr_array(pairs.injected_q[:, data.pair])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedRows:
    """The limited rows of a physics at an optimum: value, dual and bounds, (L,) each."""

    value: Float
    dual: Float
    lower: Float
    upper: Float


def limits_with_dual(
    physics: AcPhysics, state: Float, rows: LimitedRows, injected: tuple[csr_array, csr_array]
) -> ActiveLimits:
    """The limits that have a dual in a state of the physics.

    Args:
        physics: of the network.
        state: its variables, (2R,).
        rows: its limited rows.
        injected: kW and kvar more at each node per kW of each of n columns, (N, n) each.
    """
    monitored, network = physics.monitored, physics.pairs.network
    voltages = len(monitored.node)
    bound = np.where(rows.dual > 0.0, rows.upper, rows.lower)
    is_tight = np.isfinite(bound)
    is_tight &= np.abs(rows.value - bound) <= TIGHT_TOLERANCE * np.maximum(np.abs(bound), TIGHT_SCALE)
    active = np.flatnonzero((np.abs(rows.dual) > DUAL_MIN) & is_tight)
    if not len(active):
        return ActiveLimits.none(injected[0].shape[1])
    is_voltage = active < voltages
    bus, end = active[is_voltage], active[~is_voltage] - voltages
    root = np.sqrt(bound[active])
    # Rows are squares: of the voltage in pu, and of the loading with 1 for 100 %.
    dual = rows.dual[active] * 2.0 * root * np.where(is_voltage, 1.0, 0.01)
    voltage_pu = physics.node_voltage_pu(state)
    ends = csr_array(monitored.admittance[end])
    gradient: Complex = np.vstack(
        [
            voltage_gradient(network, voltage_pu, monitored.node[bus]),
            loading_gradient(ends, np.ones(len(end)), voltage_pu),
        ]
    )
    by_p, by_q = injection_gradient(network, voltage_pu, gradient)
    at_bus = np.where(dual[is_voltage] > 0.0, LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN)
    return ActiveLimits(
        limited_by=np.concatenate([at_bus, element_kinds(network, monitored.element[end])]).astype(np.int64),
        element=np.concatenate([monitored.bus[bus], monitored.element[end]]),
        value=np.sqrt(rows.value[active]) * np.where(is_voltage, 1.0, 100.0),
        limit=np.where(is_voltage, root, 100.0 * root),
        dual=dual,
        effect=by_p @ injected[0] + by_q @ injected[1],
    )
