"""Judges of a schedule on three phases: OpenDSS, and power-grid-model by its asymmetric calculation."""

from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from tests.phases.opendss_networks import SQRT_3, of_pandapower

from gridpact.arrays import Float
from gridpact.clearing.network.connections import Connections
from gridpact.clearing.network.injection import Injection
from gridpact.grid.network import Network
from gridpact.grid.pandapower.builtin import builtin_net
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow

Judge = Callable[[Network, NetworkSource, Connections, Injection], Float]


def by_power_grid_model(
    network: Network, source: NetworkSource, connected: Connections, injection: Injection
) -> Float:
    """Voltage to the neutral at each connection, pu, (T, C), of participants that inject (T, P)."""
    flow = run_verification_power_flow(
        network.verification_model,
        connected.bus,
        connected.shared(injection.p_kw),
        connected.shared(injection.q_kvar),
        connected.phase,
    )
    by_bus = flow.voltage_pu.reshape(len(flow.voltage_pu), -1, len(network.phases))
    at_connections: Float = by_bus[:, connected.bus, connected.phase]
    return at_connections


def by_opendss(
    network: Network, source: NetworkSource, connected: Connections, injection: Injection
) -> Float:
    """The same by OpenDSS, on a built-in network of pandapower with a Dyn transformer that turns by 30°."""
    net, _ = builtin_net(source)
    circuit = of_pandapower(net, "", (" conn=delta", ""))
    power = connected.shared(injection.p_kw) + 1j * connected.shared(injection.q_kvar)
    volts = 1e3 * network.bus_voltage_kv[connected.bus] / SQRT_3
    buses = network.bus_ids[connected.bus].tolist()
    phases = connected.phase.tolist()
    for load, (bus, phase, one, drawn) in enumerate(
        zip(buses, phases, volts.tolist(), (-power[0]).tolist(), strict=True)
    ):
        circuit.load(f"l{load}", f"b{bus}.{phase + 1}.0", one / 1e3, drawn)
    found = np.empty(power.shape)
    for period, injected in enumerate(power):
        for load, drawn in enumerate((-injected).tolist()):
            circuit.command(f"Edit Load.l{load} kW={drawn.real:.15g} kvar={drawn.imag:.15g}")
        circuit.solve()
        found[period] = [
            abs(circuit.phasors(f"b{bus}", (phase + 1,))[0]) for bus, phase in zip(buses, phases, strict=True)
        ]
    return found / volts


JUDGES: dict[str, Judge] = {
    f"OpenDSS (dss-python {version('dss-python')})": by_opendss,
    f"power-grid-model {version('power-grid-model')}": by_power_grid_model,
}
