"""MeteredFlow: the AC power flow that the readings of the meters imply.

Import is a load and export a generation, each at the participant's power factor for it, and constant over a
period. A meter shows the sum of a participant's phases, which share it equally.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.case.horizon import Horizon
from gridpact.case.participants import Participants
from gridpact.case.reading.problems import Problems
from gridpact.clearing.network.connections import connections_of
from gridpact.clearing.network.injection import Injection, at_nodes, injection
from gridpact.errors import Problem
from gridpact.grid.flow.power_flow import PowerFlow, losses_kw, run_power_flow
from gridpact.grid.flow.sensitivity import injection_gradient
from gridpact.grid.network import Network
from gridpact.settlement.amounts.money import WH_PER_KWH
from gridpact.settlement.energy.meters import Meters


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredFlow:
    """The power flow of T periods and P participants on N nodes.

    Attributes:
        network: that it flows in.
        injected: by each participant, (T, P).
        connected: incidence of participants on nodes, shares of its power at each of its phases, (P, N).
        flow: the voltages it causes.
    """

    network: Network
    injected: Injection
    connected: csr_array
    flow: PowerFlow


def run_metered_flow(
    participants: Participants, network: Network, horizon: Horizon, meters: Meters
) -> MeteredFlow:
    """The power flow of all periods."""
    connected = connections_of(network, participants).incidence(len(participants), network.nodes)
    kw_per_wh = 1.0 / (WH_PER_KWH * horizon.hours_per_period)
    made_kw = np.asarray(meters.all_export_wh * kw_per_wh, np.float64)
    used_kw = np.asarray(meters.all_import_wh * kw_per_wh, np.float64)
    injected = injection(participants, made_kw, used_kw)
    at = at_nodes(connected, injected)
    flow = run_power_flow(network, at.p_kw, at.q_kvar)
    return MeteredFlow(network=network, injected=injected, connected=connected, flow=flow)


def flow_losses_wh(metered: MeteredFlow, horizon: Horizon, wanted: Bool) -> Int:
    """Losses of the power flow in the periods that are wanted, rounded half to even, 0 in the others, (T,).

    Raises:
        InvalidCase: the power flow has no solution in some of them.
    """
    unsolved = np.flatnonzero(wanted & ~metered.flow.converged)
    if len(unsolved):
        problems = Problems()
        problems.extend(
            Problem(
                file="meters.csv",
                field="time",
                value=horizon.instant(period).isoformat(timespec="minutes"),
                what="has no reading of @head, and the AC power flow of the other readings has no solution",
                remedy="a row for participant @head, or readings in kWh that the network can carry",
            )
            for period in unsolved.tolist()
        )
        raise problems.refusal()
    lost_wh = losses_kw(metered.network, metered.flow) * horizon.hours_per_period * WH_PER_KWH
    return np.rint(np.where(wanted, lost_wh, 0.0)).astype(np.int64)


def marginal_losses_kw(metered: MeteredFlow) -> Float:
    """w = p ∂L/∂p + q ∂L/∂q of each participant, kW, (T, P); NaN where the power flow has no solution.

    L is Re(vᴴ Y v), whose gradient with respect to v is (Y + Yᴴ) v.
    """
    network, injected = metered.network, metered.injected
    hermitian = network.admittance + network.admittance.conj().T
    weight = np.full(injected.p_kw.shape, np.nan)
    for period in np.flatnonzero(metered.flow.converged):
        voltage: Complex = metered.flow.voltage_pu[period]
        gradient: Complex = np.asarray(hermitian @ voltage)
        by_p, by_q = injection_gradient(network, voltage, gradient[None, :])
        by_participant = metered.connected @ by_p[0], metered.connected @ by_q[0]
        weight[period] = (
            injected.p_kw[period] * by_participant[0] + injected.q_kvar[period] * by_participant[1]
        )
    return weight
