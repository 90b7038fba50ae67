"""Why the AC clearing cut: the duals of a stage, as reasons and binding limits.

The kW that a cut column would add to the objective is used up by duals: of its seller's cap, its buyer's cap,
and of every limit times the change of the limited quantity per kW of the column, which is the sensitivity of
the power flow at the optimum. The greatest share is the reason.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Complex, Float, Int
from gridpact.clearing.ac_physics import AcPhysics
from gridpact.clearing.programme import Optimum, PeriodData, SolverStatus
from gridpact.clearing.solution import BindingLimits, LimitedBy
from gridpact.grid.network import ElementKind
from gridpact.grid.sensitivity import injection_gradient, loading_gradient, voltage_gradient

DUAL_MIN = 1e-6
SHARE_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveLimits:
    """The limits with a dual at a stage, L of them.

    Attributes:
        limited_by: a `LimitedBy`, (L,).
        element: bus position or rated element, (L,).
        limit: pu or percent, (L,).
        dual: objective per pu or per percentage point, positive at an upper limit, (L,).
        effect: change in pu or percent per kW of each column, (L, n).
    """

    limited_by: Int
    element: Int
    limit: Float
    dual: Float
    effect: Float


def active_limits(physics: AcPhysics | None, data: PeriodData, optimum: Optimum) -> ActiveLimits:
    """The limits that have a dual at an optimum; none where there is no physics, or no optimum."""
    if physics is None or optimum.status is SolverStatus.FAILED:
        index, number = np.empty(0, dtype=np.int64), np.empty(0)
        effect = np.empty((0, len(data.pair)))
        return ActiveLimits(limited_by=index, element=index, limit=number, dual=number, effect=effect)
    monitored, network = physics.monitored, physics.pairs.network
    voltages = len(monitored.node)
    active = np.flatnonzero(np.abs(optimum.limit_dual) > DUAL_MIN)
    bus, end = active[active < voltages], active[active >= voltages] - voltages
    bound = np.where(optimum.limit_dual > 0.0, data.limit_upper, data.limit_lower)[active]
    root = np.sqrt(bound)
    is_voltage = active < voltages
    # Rows are squares: of the voltage in pu, and of the loading with 1 for 100 %.
    dual = optimum.limit_dual[active] * 2.0 * root * np.where(is_voltage, 1.0, 0.01)
    voltage_pu = physics.node_voltage_pu(optimum.state)
    gradient: Complex = np.vstack(
        [
            voltage_gradient(network, voltage_pu, monitored.node[bus]),
            loading_gradient(csr_array(monitored.admittance[end]), np.ones(len(end)), voltage_pu),
        ]
    )
    by_p, by_q = injection_gradient(network, voltage_pu, gradient)
    pairs = data.pair
    kinds = [
        LimitedBy.TRANSFORMER if network.elements.kind[k] is ElementKind.TRANSFORMER else LimitedBy.LINE
        for k in monitored.element[end]
    ]
    at_bus = np.where(dual[is_voltage] > 0.0, LimitedBy.VOLTAGE_MAX, LimitedBy.VOLTAGE_MIN)
    return ActiveLimits(
        limited_by=np.concatenate([at_bus, np.array(kinds, dtype=np.int64)]).astype(np.int64),
        element=np.concatenate([monitored.bus[bus], monitored.element[end]]),
        limit=np.where(is_voltage, root, 100.0 * root),
        dual=dual,
        effect=by_p @ physics.pairs.injected_p[:, pairs] + by_q @ physics.pairs.injected_q[:, pairs],
    )


def reasons(active: ActiveLimits, optimum: Optimum, seller: Int, buyer: Int) -> tuple[Int, Int]:
    """The `LimitedBy` and the element of each column, (n,) each, were it cut.

    Args:
        active: the limits with a dual.
        optimum: where they have it.
        seller: participant that sells each column, (n,).
        buyer: participant that buys each column, (n,).
    """
    count = len(active.dual)
    share = np.vstack(
        [active.dual[:, None] * active.effect, optimum.seller_dual[seller], optimum.buyer_dual[buyer]]
    )
    strongest = np.argmax(np.round(share, SHARE_DECIMALS), axis=0)
    kinds = np.concatenate([active.limited_by, [LimitedBy.SELLER_SURPLUS, LimitedBy.BUYER_DEMAND]])
    elements = np.append(active.element, [-1, -1])[strongest]
    return kinds[strongest], np.select(
        [strongest == count, strongest == count + 1], [seller, buyer], elements
    )


def binding_limits(period: int, data: PeriodData, optimum: Optimum, active: ActiveLimits) -> BindingLimits:
    """The caps and limits of a period with a dual, and their shadow prices."""
    sellers = np.flatnonzero(optimum.seller_dual > DUAL_MIN)
    buyers = np.flatnonzero(optimum.buyer_dual > DUAL_MIN)
    limit = np.concatenate([data.seller_cap_kw[sellers], data.buyer_cap_kw[buyers], active.limit])
    dual = np.concatenate([optimum.seller_dual[sellers], optimum.buyer_dual[buyers], np.abs(active.dual)])
    return BindingLimits(
        period=np.full(len(limit), period, dtype=np.int64),
        limited_by=np.concatenate(
            [
                np.full(len(sellers), LimitedBy.SELLER_SURPLUS, dtype=np.int64),
                np.full(len(buyers), LimitedBy.BUYER_DEMAND, dtype=np.int64),
                active.limited_by,
            ]
        ),
        element=np.concatenate([sellers, buyers, active.element]),
        value=limit,
        limit=limit,
        shadow_price_kw_per_percent=dual * limit / 100.0,
    )
