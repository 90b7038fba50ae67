"""The zero sequence of a pandapower net, by the formulas of pandapower's three-phase power flow.

A transformer is a T circuit: parts of its short-circuit impedance z₀ to both sides of the magnetising one,

    z_hv = s z₀,  z_lv = (1 − s) z₀,  z_m = (mag0_percent / 100) |z₀| (mag0_rx + j) / √(mag0_rx² + 1)

with s = si0_hv_partial: mag0_percent is a share of the short-circuit impedance, and 100 makes both equal.
Seen from the low-voltage side, a Dyn transformer is z_lv + z_hv ∥ z_m, and a Yzn transformer is
(z_lv + z_m) / 1.1547, where 1.1547 is 2/√3.
"""

from typing import Any

import numpy as np

from gridpact.arrays import Bool, Complex, Float, Int
from gridpact.grid.pandapower.to_power_grid_model import tapped
from gridpact.grid.pandapower.vector_group import DELTA_WYE, WYE_WYE, WYE_ZIGZAG, winding_groups
from gridpact.grid.three_phase.two_port import TwoPorts, no_two_ports, pi_two_ports
from gridpact.units import KVA_PER_MVA

YZN_FACTOR = 1.1547
REVERSED_CLOCKS = (2, 6, 10)
DEGREES_PER_CLOCK = 30.0


def zero_two_ports(net: Any, table: str, switches: Bool) -> TwoPorts:
    """The zero sequence of the rows of a table in kVA at nominal voltage.

    Args:
        net: a prepared pandapower net.
        table: "line", "trafo", "impedance" or "switch".
        switches: rows of the switch table that are branches.
    """
    if table == "switch":
        return _switches(net, np.flatnonzero(switches))
    return {"line": _lines, "trafo": _transformers, "impedance": _impedances}[table](net)


def _lines(net: Any) -> TwoPorts:
    line = net.line
    r0, x0, c0 = (numbers(line, f"{name}_per_km") for name in ("r0_ohm", "x0_ohm", "c0_nf"))
    length, parallel = line.length_km.to_numpy().astype(float), line.parallel.to_numpy().astype(float)
    base = KVA_PER_MVA * net.bus.vn_kv.reindex(line.from_bus).to_numpy() ** 2
    with np.errstate(all="ignore"):
        series = base * parallel / length / (r0 + 1j * x0)
    half = base * 1j * np.pi * net.f_hz * c0 * 1e-9 * length * parallel
    return pi_two_ports(series, half, half)


def _impedances(net: Any) -> TwoPorts:
    rows = net.impedance
    base = KVA_PER_MVA * rows.sn_mva.to_numpy().astype(float)
    with np.errstate(all="ignore"):
        series = base / (numbers(rows, "rft0_pu") + 1j * numbers(rows, "xft0_pu"))
    shunt_from, shunt_to = (
        base * (numbers(rows, f"g{end}0_pu", 0.0) + 1j * numbers(rows, f"b{end}0_pu", 0.0)) for end in "ft"
    )
    return pi_two_ports(series, shunt_from, shunt_to)


def _switches(net: Any, rows: Int) -> TwoPorts:
    """A contact has its impedance in every conductor, and none between them: all sequences are alike."""
    from gridpact.grid.pandapower.to_power_grid_model import SWITCH_R_OVER_X

    switch = net.switch.iloc[rows]
    base = KVA_PER_MVA * net.bus.vn_kv.reindex(switch.bus).to_numpy() ** 2
    angle = np.arctan(1 / SWITCH_R_OVER_X)
    with np.errstate(all="ignore"):
        series = base / (switch.z_ohm.to_numpy().astype(float) * np.exp(1j * angle))
    nothing = np.zeros(len(rows))
    return pi_two_ports(series, nothing, nothing)


def _transformers(net: Any) -> TwoPorts:
    if not len(net.trafo):
        return no_two_ports(0)
    high, low, magnetising = zero_impedances(net)
    group, clock = winding_groups(net.trafo), clocks(net)
    with np.errstate(all="ignore"):
        product = high * low + low * magnetising + high * magnetising
        seen = np.select(
            [group == DELTA_WYE, group == WYE_ZIGZAG],
            [(high + magnetising) / product, YZN_FACTOR / (low + magnetising)],
            0.0,
        )
        ports = pi_two_ports(
            magnetising / product, low / product, high / product, ratios(net) * turned_sign(clock)
        )
    through = group == WYE_WYE
    return TwoPorts(
        np.where(through, ports.from_from, floating_kva(net.trafo)),
        np.where(through, ports.from_to, 0.0),
        np.where(through, ports.to_from, 0.0),
        np.where(through, ports.to_to, seen),
    )


def zero_impedances(net: Any) -> tuple[Complex, Complex, Complex]:
    """z_hv, z_lv and z_m of each transformer at its low-voltage side, pu of 1 kVA and nominal voltage."""
    trafo = net.trafo
    low_kv = tapped(trafo)[1] / net.bus.vn_kv.reindex(trafo.lv_bus).to_numpy()
    base = low_kv**2 / trafo.sn_mva.to_numpy().astype(float) / KVA_PER_MVA / trafo.parallel.to_numpy()
    size, resistance = numbers(trafo, "vk0_percent") / 100, numbers(trafo, "vkr0_percent") / 100
    reactance = np.sqrt(np.maximum(size**2 - resistance**2, 0.0))
    ratio = numbers(trafo, "mag0_rx")
    magnetising = numbers(trafo, "mag0_percent") / 100 * size * (ratio + 1j) / np.sqrt(ratio**2 + 1)
    share, whole = numbers(trafo, "si0_hv_partial"), base * (resistance + 1j * reactance)
    return share * whole, (1 - share) * whole, base * magnetising


def ratios(net: Any) -> Float:
    """Ratio of each transformer at its taps over that of the nominal voltages of its buses."""
    trafo, vn = net.trafo, net.bus.vn_kv
    high_kv, low_kv, _ = tapped(trafo)
    buses = vn.reindex(trafo.lv_bus).to_numpy() / vn.reindex(trafo.hv_bus).to_numpy()
    ratio: Float = high_kv / low_kv * buses
    return ratio


def clocks(net: Any) -> Int:
    """By how many times 30° each transformer turns at its taps."""
    return np.rint(tapped(net.trafo)[2] / DEGREES_PER_CLOCK).astype(np.int64) % 12


def turned_sign(clock: Int) -> Float:
    """−1 where a transformer turns the zero sequence, whose windings are connected the other way round."""
    return np.where(np.isin(clock, REVERSED_CLOCKS), -1.0, 1.0)


def floating_kva(trafo: Any) -> Complex:
    """The tiny admittance to earth that power-grid-model gives a winding without a neutral, kVA.

    Without it, nothing would say what the zero-sequence voltage of an open end is.
    """
    sn_kva = KVA_PER_MVA * (trafo.sn_mva * trafo.parallel).to_numpy().astype(float)
    size = trafo.vk_percent.to_numpy().astype(float) / 100
    admittance: Complex = -1e-8j * sn_kva / size
    return admittance


def numbers(table: Any, column: str, absent: float = np.nan) -> Float:
    """A column of numbers, whatever its type, and what is to be taken where there is none."""
    if column not in table:
        return np.full(len(table), absent)
    values = [_number(value) for value in table[column]]
    return np.array([absent if np.isnan(value) else value for value in values], dtype=np.float64)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan
