"""Networks as circuits of OpenDSS: pandapower nets of one transformer, and what is injected at buses."""

from typing import Any

import numpy as np

from gridpact.arrays import Complex
from gridpact.grid.network import Network
from tests.phases.opendss import Circuit

SQRT_3 = np.sqrt(3.0)
# Star windings of OpenDSS lag behind the delta by 30°: the order in which they are at the bus is the clock.
ORDER_OF_CLOCK = {1: ".1.2.3.0", 5: ".3.1.2.0", 9: ".2.3.1.0"}


def of_pandapower(net: Any, low: str, parts: tuple[str, str]) -> Circuit:
    """The net as a circuit: half of the transformer's leakage in a line, which has another zero sequence."""
    grid, trafo = net.ext_grid.iloc[0], net.trafo.iloc[0]
    circuit = Circuit(f"b{grid.bus}", net.bus.vn_kv[grid.bus], grid.vm_pu)
    for index, row in net.line.iterrows():
        circuit.line(
            f"n{index}", f"b{row.from_bus}", f"b{row.to_bus}", row.length_km * 1.0, sequence_values(row)
        )
    resistance, reactance = trafo.vkr_percent, np.sqrt(trafo.vk_percent**2 - trafo.vkr_percent**2)
    kva, percent = 1e3 * trafo.sn_mva, "%"
    circuit.command(
        f"New Transformer.t phases=3 windings=2 ppm_antifloat=0 XHL={reactance / 2:.15g} %noloadloss=0 "
        f"%imag=0 wdg=1 bus=b{trafo.hv_bus}{parts[0]} kv={trafo.vn_hv_kv} kva={kva} "
        f"%R={resistance / 4:.15g} wdg=2 bus=middle{low} conn=wye kv={trafo.vn_lv_kv} kva={kva} "
        f"%R={resistance / 4:.15g}".replace("%%", percent)
    )
    ohm = trafo.vn_lv_kv**2 / trafo.sn_mva / 100
    zero = zero_sequence_percent(trafo, through=parts[1] == "through")
    zero -= (resistance + 1j * reactance) / 2
    values = f"R1={ohm * resistance / 2:.15g} X1={ohm * reactance / 2:.15g} C1=0 C0=0 "
    values += f"R0={ohm * zero.real:.15g} X0={ohm * zero.imag:.15g}"
    circuit.line("half", "middle", f"b{trafo.lv_bus}", 1.0, values)
    return circuit


def sequence_values(row: Any) -> str:
    return (
        f"R1={row.r_ohm_per_km} X1={row.x_ohm_per_km} C1={row.c_nf_per_km} "
        f"R0={row.r0_ohm_per_km} X0={row.x0_ohm_per_km} C0={row.c0_nf_per_km}"
    )


def zero_sequence_percent(trafo: Any, *, through: bool) -> complex:
    """Of a transformer seen from its low-voltage side; through it there is no magnetising impedance."""
    whole = trafo.vkr0_percent + 1j * np.sqrt(trafo.vk0_percent**2 - trafo.vkr0_percent**2)
    if through:
        return complex(whole)
    high, low = trafo.si0_hv_partial * whole, (1 - trafo.si0_hv_partial) * whole
    angle = np.arctan2(1.0, trafo.mag0_rx)
    magnetising = trafo.mag0_percent / 100 * trafo.vk0_percent * np.exp(1j * angle)
    return complex(low + high * magnetising / (high + magnetising))


def add_loads(circuit: Circuit, network: Network, power: Complex, back: str = "0") -> None:
    for position, bus in enumerate(network.bus_ids.tolist()):
        kv = float(network.bus_voltage_kv[position]) / SQRT_3
        for phase, injected in enumerate(power[0, position].tolist()):
            if injected:
                circuit.load(f"l{bus}_{phase}", f"b{bus}.{phase + 1}.{back}", kv, -injected)
