"""The limits that hold an AC optimum down, from its multipliers and the sensitivities of its power flow."""

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex
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
    monitored, pairs = physics.monitored, physics.pairs
    voltages = len(monitored.node)
    bound = np.where(optimum.limit_dual > 0.0, data.limit_upper, data.limit_lower)
    is_tight = np.isfinite(bound)
    is_tight &= np.abs(optimum.limit_value - bound) <= TIGHT_TOLERANCE * np.maximum(
        np.abs(bound), TIGHT_SCALE
    )
    active = np.flatnonzero((np.abs(optimum.limit_dual) > DUAL_MIN) & is_tight)
    if not len(active):
        return ActiveLimits.none(len(data.pair))
    is_voltage = active < voltages
    bus, end = active[is_voltage], active[~is_voltage] - voltages
    root = np.sqrt(bound[active])
    # Rows are squares: of the voltage in pu, and of the loading with 1 for 100 %.
    dual = optimum.limit_dual[active] * 2.0 * root * np.where(is_voltage, 1.0, 0.01)
    voltage_pu = physics.node_voltage_pu(optimum.state)
    ends = csr_array(monitored.admittance[end])
    gradient: Complex = np.vstack(
        [
            voltage_gradient(pairs.network, voltage_pu, monitored.node[bus]),
            loading_gradient(ends, np.ones(len(end)), voltage_pu),
        ]
    )
    by_p, by_q = injection_gradient(pairs.network, voltage_pu, gradient)
    at_bus = np.where(dual[is_voltage] > 0.0, LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN)
    return ActiveLimits(
        limited_by=np.concatenate([at_bus, element_kinds(pairs.network, monitored.element[end])]).astype(
            np.int64
        ),
        element=np.concatenate([monitored.bus[bus], monitored.element[end]]),
        value=np.sqrt(optimum.limit_value[active]) * np.where(is_voltage, 1.0, 100.0),
        limit=np.where(is_voltage, root, 100.0 * root),
        dual=dual,
        effect=by_p @ pairs.injected_p[:, data.pair] + by_q @ pairs.injected_q[:, data.pair],
    )
