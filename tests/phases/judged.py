"""Judges of networks with three phases: how far apart several power flows of one network are."""

from typing import Any

import numpy as np

from gridpact.arrays import Complex, Float
from gridpact.grid.flow.power_flow import (
    PowerFlow,
    bus_voltage_pu,
    loading_percent,
    run_power_flow,
    unbalance_percent,
)
from gridpact.grid.network import Network
from gridpact.grid.pandapower.from_pandapower import network_from_pandapower
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow

PERIODS = 4
THREE_PHASE = NetworkSource(builtin="made", model="three-phase")


def three_phases(net: Any) -> Network:
    """A pandapower net in memory as a network with three phases."""
    return network_from_pandapower(net, THREE_PHASE)


def random_powers(network: Network, kva: float, seed: int = 1) -> Complex:
    """Power injected at each phase of each bus, (T, B, 3); nothing in the first period."""
    random, shape = np.random.default_rng(seed), (PERIODS, len(network.bus_ids), 3)
    power = kva * (random.uniform(-1.0, 1.0, shape) + 0.3j * random.uniform(-1.0, 1.0, shape))
    power[0] = 0.0
    return power


def flow_of(network: Network, power: Complex) -> PowerFlow:
    """gridpact's own power flow."""
    at = np.zeros((len(power), network.nodes), dtype=np.complex128)
    np.add.at(at.T, network.bus_nodes.ravel(), power.reshape(len(power), -1).T)
    flow = run_power_flow(network, at.real, at.imag)
    assert flow.converged.all()
    return flow


def readings(network: Network, flow: PowerFlow) -> tuple[Float, Float, Float]:
    return bus_voltage_pu(network, flow), loading_percent(network, flow), unbalance_percent(network, flow)


def differences_from_power_grid_model(network: Network, power: Complex) -> list[float]:
    """Greatest differences in pu of voltage, percent of loading and percent of unbalance."""
    buses = len(network.bus_ids)
    bus, phase = np.repeat(np.arange(buses), 3), np.tile(np.arange(3), buses)
    spread = power.reshape(len(power), -1)
    other = run_verification_power_flow(network.verification_model, bus, spread.real, spread.imag, phase)
    assert other.converged.all()
    own = readings(network, flow_of(network, power))
    theirs = (other.voltage_pu, other.loading_percent, other.unbalance_percent)
    assert all(np.isfinite(part).all() for part in (*own, *theirs))
    return [float(np.abs(one - two).max(initial=0.0)) for one, two in zip(own, theirs, strict=True)]


def bus_phasors(network: Network, flow: PowerFlow) -> Complex:
    """Complex voltage of each phase of each bus, (T, B, 3)."""
    return flow.voltage_pu[:, network.bus_nodes]


def pandapower_phasors(net: Any, network: Network, power: Complex) -> Complex:
    """The same by pandapower's own three-phase power flow for one period, (B, 3)."""
    import pandapower as pp

    for bus, (a, b, c) in zip(network.bus_ids.tolist(), -power / 1e3, strict=True):
        pp.create_asymmetric_load(
            net, bus, a.real, b.real, c.real, q_a_mvar=a.imag, q_b_mvar=b.imag, q_c_mvar=c.imag
        )
    pp.runpp_3ph(net, tolerance_mva=1e-10, max_iteration=200, numba=False)
    found = net.res_bus_3ph.loc[network.bus_ids]
    return np.stack(
        [found[f"vm_{phase}_pu"] * np.exp(1j * np.deg2rad(found[f"va_{phase}_degree"])) for phase in "abc"],
        axis=1,
    )
