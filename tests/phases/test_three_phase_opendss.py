"""Networks with three phases are as OpenDSS has them: voltages, currents, neutrals and unbalance."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridpact.arrays import Complex, Float
from gridpact.grid.compile import compile_source
from gridpact.grid.network import Network
from gridpact.grid.places import places
from gridpact.grid.source import NetworkSource
from tests.phases.judged import bus_phasors, flow_of, random_powers, readings, three_phases
from tests.phases.made import FOUR_CONDUCTORS, pandapower_net, power_grid_model_data, written
from tests.phases.opendss import Circuit
from tests.phases.opendss_networks import ORDER_OF_CLOCK, SQRT_3, add_loads, of_pandapower

CONDUCTORS = "abcn"


def one_period(network: Network, kva: float) -> Complex:
    power = random_powers(network, kva, seed=3)[1:2]
    held = np.isin(network.bus_node, network.slack_node)
    power[:, held] = 0.0
    return power


def voltage_differences(circuit: Circuit, network: Network, flow: Any, *, to_neutral: bool = False) -> Float:
    own, differences = bus_phasors(network, flow)[0], []
    for position, bus in enumerate(network.bus_ids.tolist()):
        found = circuit.phasors(f"b{bus}")
        if to_neutral and network.bus_voltage_kv[position] < 1.0:
            found = found - circuit.phasors(f"b{bus}", (4,))
        theirs = found / (1e3 * network.bus_voltage_kv[position] / SQRT_3)
        differences.append(np.abs(theirs - own[position]))
    return np.array(differences)


@pytest.mark.parametrize("clock", [1, 5, 9])
@pytest.mark.parametrize("mesh", [True, False])
@pytest.mark.parametrize("charging", [True, False])
def test_a_delta_star_transformer_turns_and_carries_as_in_opendss(
    clock: int, mesh: bool, charging: bool
) -> None:
    net = pandapower_net("Dyn", 30.0 * clock, mesh=mesh, charging=charging, pfe_kw=0.0, i0_percent=0.0)
    network = three_phases(net)
    power = one_period(network, 5.0)
    circuit = of_pandapower(net, ORDER_OF_CLOCK[clock], (" conn=delta", ""))
    add_loads(circuit, network, power)
    circuit.solve()
    assert voltage_differences(circuit, network, flow_of(network, power)).max() < 2e-8


def test_a_star_star_transformer_carries_as_in_opendss() -> None:
    net = pandapower_net("YNyn", 0.0, pfe_kw=0.0, i0_percent=0.0, mag0_percent=1e12)
    network = three_phases(net)
    power = one_period(network, 5.0)
    circuit = of_pandapower(net, "", (" conn=wye", "through"))
    add_loads(circuit, network, power)
    circuit.solve()
    assert voltage_differences(circuit, network, flow_of(network, power)).max() < 2e-8


def test_currents_neutrals_and_unbalance_are_those_of_opendss() -> None:
    net = pandapower_net("Dyn", 150.0, pfe_kw=0.0, i0_percent=0.0)
    network = three_phases(net)
    power = one_period(network, 8.0)
    circuit = of_pandapower(net, ORDER_OF_CLOCK[5], (" conn=delta", ""))
    add_loads(circuit, network, power)
    circuit.solve()
    _, loading, unbalance = readings(network, flow_of(network, power))
    found = places(network)
    for index, row in net.line.iterrows():
        ends = np.abs(_with_neutral(circuit.currents(f"Line.n{index}").reshape(2, 3))).max(axis=0)
        rated = 1e3 * row.max_i_ka * row.df
        position = network.elements.id.tolist().index(index)
        np.testing.assert_allclose(
            loading[0, found.loading_element == position], 100.0 * ends / rated, rtol=0, atol=1e-5
        )
    for column, position in enumerate(found.unbalance_bus.tolist()):
        a, b, c = circuit.phasors(f"b{network.bus_ids[position]}")
        turn = np.exp(2j * np.pi / 3)
        share = abs(a + turn**2 * b + turn * c) / abs(a + turn * b + turn**2 * c)
        assert unbalance[0, column] == pytest.approx(100.0 * share, abs=1e-5)


def _with_neutral(current: Complex) -> Complex:
    return np.hstack([current, current.sum(axis=1, keepdims=True)])


def test_the_european_feeder_is_that_of_opendss() -> None:
    from pandapower.networks import ieee_european_lv_asymmetric

    net = ieee_european_lv_asymmetric()
    network = compile_source(
        NetworkSource(builtin="pandapower/ieee_european_lv_asymmetric", model="three-phase")
    )
    random = np.random.default_rng(5)
    power = np.zeros((1, len(network.bus_ids), 3), dtype=np.complex128)
    for load in net.asymmetric_load.itertuples():
        phase = int(np.argmax([load.p_a_mw, load.p_b_mw, load.p_c_mw]))
        power[0, network.bus_ids.tolist().index(load.bus), phase] = random.uniform(-4.0, 5.0)
    circuit = of_pandapower(net, "", (" conn=delta", ""))
    add_loads(circuit, network, power)
    circuit.solve()
    differences = voltage_differences(circuit, network, flow_of(network, power))
    assert np.abs(bus_phasors(network, flow_of(network, power))).max() > 1.06
    assert differences.max() < 1e-8


def four_wire_circuit(data: dict[str, Any], neutral: str) -> Circuit:
    """The power-grid-model input as a circuit whose cables have four conductors."""
    source, [trafo] = data["source"][0], data["transformer"]
    ratio = source["rx_ratio"]
    z1 = 10.0**2 / (source["sk"] / 1e6) * (ratio + 1j) / np.sqrt(ratio**2 + 1)
    z0 = source["z01_ratio"] * z1
    impedance = f"Z1=[{z1.real:.15g}, {z1.imag:.15g}] Z0=[{z0.real:.15g}, {z0.imag:.15g}]"
    circuit = Circuit("b0", 10.0, source["u_ref"], impedance)
    for line in data["line"][:1]:
        values = " ".join(f"{name.upper()}={line[name]:.15g}" for name in ("r1", "x1", "r0", "x0"))
        circuit.line(f"n{line['id']}", "b0", "b8", 1.0, values + " C1=0 C0=0")
    resistance = 100.0 * trafo["pk"] / trafo["sn"]
    reactance = np.sqrt((100.0 * trafo["uk"]) ** 2 - resistance**2)
    circuit.command(
        f"New Transformer.t phases=3 windings=2 ppm_antifloat=0 XHL={reactance:.15g} %noloadloss=0 %imag=0 "
        f"wdg=1 bus=b8 conn=delta kv=10 kva=250 %R={resistance / 2:.15g} "
        f"wdg=2 bus=b1.3.1.2.4 conn=wye kv=0.41 kva=250 %R={resistance / 2:.15g}"
    )
    circuit.command("New Reactor.earth phases=1 bus1=b1.4 bus2=b1.0 R=1e-9 X=0")
    for line in data["asym_line"]:
        # Each end of an earthed neutral is earth itself.
        end = ".1.2.3.4" if neutral == "return" else ".1.2.3.0"
        values = f"nphases=4 rmatrix=({matrix(line, 'r')}) xmatrix=({matrix(line, 'x')}) cmatrix=({zeros()})"
        first, second = (f"b{line[f'{side}_node']}{end}" for side in ("from", "to"))
        circuit.command(f"New Line.n{line['id']} phases=4 bus1={first} bus2={second} length=1 {values[10:]}")
    return circuit


def matrix(line: dict[str, Any], part: str) -> str:
    """The lower triangle, as OpenDSS reads it."""
    rows = []
    for row in range(4):
        names = [f"{part}_{CONDUCTORS[row]}{CONDUCTORS[column]}" for column in range(row + 1)]
        rows.append(" ".join(f"{line[name]:.15g}" for name in names))
    return " | ".join(rows)


def zeros() -> str:
    return " | ".join(" ".join(["0"] * count) for count in range(1, 5))


@pytest.mark.parametrize("neutral", ["return", "earthed"])
@pytest.mark.parametrize("mesh", [True, False])
def test_cables_of_four_conductors_are_those_of_opendss(neutral: str, mesh: bool, tmp_path: Path) -> None:
    data = power_grid_model_data(charging=False, i0=0.0, p0=0.0, tap_pos=0)
    data["line"], data["shunt"] = data["line"][:1], []
    template = data["asym_line"][0]
    ends = [(1, 2), (2, 3), (3, 4), (2, 5), (5, 7), *([(4, 5)] if mesh else [])]
    data["asym_line"] = [
        template | {"id": 40 + count, "from_node": first, "to_node": second}
        for count, (first, second) in enumerate(ends)
    ]
    data["node"] = [node for node in data["node"] if node["id"] != 6]
    network = compile_source(
        NetworkSource(file=written(data, tmp_path), model="three-phase", neutral=neutral)
    )
    power = one_period(network, 3.0)
    power[:, network.bus_voltage_kv > 1.0] = 0.0
    circuit = four_wire_circuit(data, neutral)
    add_loads(circuit, network, power, back="4" if neutral == "return" else "0")
    circuit.solve()
    differences = voltage_differences(
        circuit, network, flow_of(network, power), to_neutral=neutral == "return"
    )
    assert differences.max() < 1e-8
    assert len(FOUR_CONDUCTORS) == 20
