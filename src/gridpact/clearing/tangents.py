"""Tangents: planes that touch what a network can carry, and cut off an allocation that it cannot.

On the way from nothing traded to an allocation that breaks a limit lies the last point that keeps them all.
The limits that are reached there are linearised at it: where the set of what can be carried is convex, the
plane cuts nothing off that can be carried (Kronqvist, Lundell, Westerlund 2016, "The extended supporting
hyperplane algorithm for convex mixed-integer nonlinear programming").
"""

import numpy as np
from scipy.sparse import csr_array, vstack

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.clearing.injection import Injection
from gridpact.clearing.monitored import Monitored
from gridpact.clearing.operation import OperatingLimits, keeps_limits, operate
from gridpact.clearing.search import Cuts
from gridpact.clearing.situations import Situations
from gridpact.grid.sensitivity import injection_gradient, loading_gradient, voltage_gradient

HALVINGS = 40
TANGENTS_PER_SITUATION = 4


def broken(situations: Situations, limits: OperatingLimits, power_kw: Float) -> Bool:
    """Which situations an allocation (J,) breaks a limit in, (S,); `limits` are theirs, (S, …)."""
    return ~keeps_limits(operate(situations.problem.network, situations.injection(power_kw)), limits)


def tangents(
    situations: Situations, limits: OperatingLimits, monitored: Monitored, power_kw: Float
) -> tuple[Cuts, Int]:
    """The planes at which the way to an allocation (J,) leaves the limits of each situation, all broken.

    Returns:
        k planes, and the situation of each, (k,).
    """
    network = situations.problem.network
    start, end = situations.injection(np.zeros_like(power_kw)), situations.injection(power_kw)
    share = _share_reached(situations, limits, start, end)
    operation = operate(network, _between(start, end, share))
    rows, upper, of_row = [csr_array((0, len(power_kw)))], [np.empty(0)], [np.empty(0, dtype=np.int64)]
    for situation in np.flatnonzero(operation.converged).tolist():
        voltage_pu = operation.node_voltage_pu[situation]
        gradient, room = _reached(monitored, limits, situation, voltage_pu)
        by_p, by_q = injection_gradient(network, voltage_pu, gradient)
        effect_p, effect_q = situations.effect(situation)
        row = by_p @ effect_p + by_q @ effect_q
        scale = np.maximum(np.abs(row).max(axis=1, initial=0.0), np.finfo(float).tiny)
        rows.append(csr_array(row / scale[:, None]))
        upper.append((room + row @ (share[situation] * power_kw)) / scale)
        of_row.append(np.full(len(room), situation))
    cuts = Cuts(rows=csr_array(vstack(rows)), upper=np.concatenate(upper))
    return cuts, np.concatenate(of_row)


def _share_reached(
    situations: Situations, limits: OperatingLimits, start: Injection, end: Injection
) -> Float:
    """The share of the way at which a limit is reached, or after which there is no state, (S,)."""
    low, high = np.zeros(len(situations)), np.ones(len(situations))
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        kept = keeps_limits(operate(situations.problem.network, _between(start, end, middle)), limits)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle)
    has_state = operate(situations.problem.network, _between(start, end, high)).converged
    return np.where(has_state, high, low)


def _between(start: Injection, end: Injection, share: Float) -> Injection:
    return Injection(
        p_kw=start.p_kw + share[:, None] * (end.p_kw - start.p_kw),
        q_kvar=start.q_kvar + share[:, None] * (end.q_kvar - start.q_kvar),
    )


def _reached(
    monitored: Monitored, limits: OperatingLimits, situation: int, voltage_pu: Complex
) -> tuple[Complex, Float]:
    """Gradients of the limits that are reached most, (k, N), signed to grow, and what is left of each, (k,).

    A voltage counts in pu, a loading in parts of its rating.
    """
    least, greatest, loading_max = monitored.bounds(limits, situation)
    magnitude = np.abs(voltage_pu[monitored.node])
    loading = np.abs(np.asarray(monitored.admittance @ voltage_pu))
    room = np.concatenate([greatest - magnitude, magnitude - least, loading_max / 100.0 - loading])
    nearest = np.argsort(room, kind="stable")[:TANGENTS_PER_SITUATION]
    nearest = nearest[room[nearest] <= max(float(room[nearest[0]]), 0.0) + 1e-6]
    nodes = len(monitored.node)
    gradients = []
    for row in nearest.tolist():
        if row < 2 * nodes:
            sign = 1.0 if row < nodes else -1.0
            gradients.append(
                sign * voltage_gradient(monitored.network, voltage_pu, monitored.node[[row % nodes]])
            )
        else:
            end = csr_array(monitored.admittance[[row - 2 * nodes]])
            gradients.append(loading_gradient(end, np.array([100.0]), voltage_pu))
    return np.vstack(gradients), room[nearest]
