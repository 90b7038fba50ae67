"""pandapower nets with three phases: as power-grid-model and pandapower itself have them."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid.compile import compile_source
from gridpact.grid.pandapower.from_pandapower import network_from_pandapower
from gridpact.grid.source import NetworkSource
from tests.phases.judged import (
    THREE_PHASE,
    bus_phasors,
    differences_from_power_grid_model,
    flow_of,
    pandapower_phasors,
    random_powers,
    three_phases,
)
from tests.phases.made import pandapower_net

GROUPS = (
    ("Dyn", 150.0),
    ("dyn11", 330.0),
    ("Dyn", 0.0),
    ("YNyn", 0.0),
    ("YNyn6", 180.0),
    ("YNyn", 60.0),
    ("Yzn5", 150.0),
    ("Yzn", 0.0),
)
BASIC = (("Dyn", 150.0), ("YNyn", 0.0), ("Yzn", 150.0))
KVA = 8.0


def assert_as_power_grid_model(net: Any) -> None:
    network = three_phases(net)
    voltage, loading, unbalance = differences_from_power_grid_model(network, random_powers(network, KVA))
    assert voltage < 1e-9
    assert loading < 1e-5
    assert unbalance < 1e-6


@pytest.mark.parametrize(("group", "shift"), GROUPS)
def test_every_vector_group_is_as_power_grid_model_has_it(group: str, shift: float) -> None:
    assert_as_power_grid_model(pandapower_net(group, shift))


@pytest.mark.parametrize(
    "given",
    [
        {"tap_pos": 2},
        {"tap_pos": -1, "tap_side": "lv"},
        {"si0_hv_partial": 0.0},
        {"si0_hv_partial": 1.0},
        {"mag0_percent": 1e4},
        {"mag0_percent": 1000.0, "mag0_rx": 0.0},
        {"parallel": 2, "df": 0.9},
        {"pfe_kw": 0.0, "i0_percent": 0.0},
        {"vkr0_percent": 3.9},
    ],
    ids=str,
)
@pytest.mark.parametrize(("group", "shift"), BASIC)
def test_every_value_of_a_transformer_counts(group: str, shift: float, given: dict[str, Any]) -> None:
    assert_as_power_grid_model(pandapower_net(group, shift, **given))


def _joined(net: Any) -> None:
    pp.create_switch(net, 3, 6, et="b", closed=True)


def _contact(net: Any) -> None:
    pp.create_switch(net, 3, 6, et="b", closed=True, z_ohm=0.05)


def _impedance(net: Any) -> None:
    pp.create_impedance(net, 3, 6, 0.01, 0.02, 0.1, rft0_pu=0.02, xft0_pu=0.05)
    net.impedance["gf_pu"], net.impedance["gf0_pu"], net.impedance["bt0_pu"] = 0.02, 0.01, 0.03


def _shunt(net: Any) -> None:
    pp.create_shunt(net, 3, q_mvar=-0.01, p_mw=0.002)


def _open_line(net: Any) -> None:
    pp.create_switch(net, 5, 4, et="l", closed=False)


def _beside(net: Any) -> int:
    row = net.trafo.iloc[0].to_dict()
    net.trafo.loc[1] = row
    return 1


def _open_high(net: Any) -> None:
    pp.create_switch(net, 7, _beside(net), et="t", closed=False)


def _open_low(net: Any) -> None:
    pp.create_switch(net, 1, _beside(net), et="t", closed=False)


def _radial(net: Any) -> None:
    net.line.loc[5, "in_service"] = False


CHANGES = (_joined, _contact, _impedance, _shunt, _open_line, _beside, _open_high, _open_low, _radial)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("group", "shift"), BASIC)
def test_every_element_is_as_power_grid_model_has_it(group: str, shift: float, change: Any) -> None:
    net = pandapower_net(group, shift)
    change(net)
    assert_as_power_grid_model(net)


@pytest.mark.parametrize(("group", "shift"), BASIC)
@pytest.mark.parametrize("charging", [True, False])
def test_voltages_are_those_of_pandapower(group: str, shift: float, charging: bool) -> None:
    net = pandapower_net(group, shift, charging=charging, mesh=False)
    network = three_phases(net)
    power = random_powers(network, 5.0)
    power[:, network.bus_ids == 0] = 0.0
    own = bus_phasors(network, flow_of(network, power))
    for period in (1, 2):
        theirs = pandapower_phasors(deepcopy(net), network, power[period])
        np.testing.assert_allclose(own[period], theirs, rtol=0, atol=3e-6)


def test_a_zero_sequence_magnetising_impedance_of_100_percent_is_not_infinite() -> None:
    def voltage(percent: float) -> np.ndarray:
        network = three_phases(pandapower_net(mag0_percent=percent))
        return np.abs(bus_phasors(network, flow_of(network, random_powers(network, KVA))))

    assert np.abs(voltage(100.0) - voltage(1e20)).max() > 1e-4


def test_the_european_feeder_is_built_in() -> None:
    network = compile_source(
        NetworkSource(builtin="pandapower/ieee_european_lv_asymmetric", model="three-phase")
    )
    assert network.nodes == 3 * 907
    assert network.phases == ("a", "b", "c")
    voltage, loading, unbalance = differences_from_power_grid_model(network, random_powers(network, 0.1))
    assert voltage < 1e-9
    assert loading < 1e-5
    assert unbalance < 1e-6
    assert any("ext_grid 0" in notice for notice in network.notices)
    assert not any("unbalanced" in notice for notice in network.notices)


def test_equal_phases_are_the_balanced_network() -> None:
    net = pandapower_net("YNyn", 0.0)
    network = three_phases(net)
    balanced = network_from_pandapower(net, NetworkSource(builtin="made"))
    power = random_powers(network, KVA)
    power[:] = power[:, :, :1]
    own = bus_phasors(network, flow_of(network, power))
    from gridpact.grid.flow.power_flow import run_power_flow

    at = np.zeros((len(power), balanced.nodes), dtype=np.complex128)
    np.add.at(at.T, balanced.bus_node, 3 * power[:, :, 0].T)
    twin = run_power_flow(balanced, at.real, at.imag).voltage_pu[:, balanced.bus_node]
    np.testing.assert_allclose(own[:, :, 0], twin, rtol=0, atol=1e-12)
    np.testing.assert_allclose(own[:, :, 1], twin * np.exp(-2j * np.pi / 3), rtol=0, atol=1e-12)


def problems_of(net: Any) -> list[str]:
    with pytest.raises(InvalidCase) as found:
        network_from_pandapower(net, THREE_PHASE)
    return [str(problem) for problem in found.value.problems]


def test_everything_that_is_missing_is_listed_at_once_one_problem_an_element() -> None:
    net = pandapower_net()
    net.line.loc[1, "r0_ohm_per_km"] = np.nan
    net.line.loc[2, ["r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km"]] = np.nan
    net.line.loc[3, "in_service"] = False
    net.line.loc[3, "r0_ohm_per_km"] = np.nan
    net.trafo.loc[0, ["vk0_percent", "mag0_rx"]] = np.nan
    pp.create_impedance(net, 3, 6, 0.01, 0.02, 0.1)
    found = problems_of(net)
    assert len(found) == 4
    assert any("line 1 r0_ohm_per_km lacks a value" in text for text in found)
    assert any("line 2 r0_ohm_per_km, x0_ohm_per_km, c0_nf_per_km lack values" in text for text in found)
    assert any("trafo 0 vk0_percent, mag0_rx lack values" in text for text in found)
    assert any("impedance 0 rft0_pu, xft0_pu" in text for text in found)


def test_a_net_without_any_zero_sequence_names_every_element() -> None:
    net = pandapower_net()
    net.line = net.line.drop(columns=["r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km"])
    net.trafo = net.trafo.drop(
        columns=["vector_group", "vk0_percent", "vkr0_percent", "mag0_percent", "mag0_rx", "si0_hv_partial"]
    )
    with pytest.raises(InvalidCase) as found:
        network_from_pandapower(net, NetworkSource(file=Path("net.json"), model="three-phase"))
    assert found.value.total == 6 + 2
    lines, group, values = found.value.problems
    assert (lines.field, lines.count) == ("line 0 r0_ohm_per_km, x0_ohm_per_km, c0_nf_per_km", 6)
    assert [also.field.split()[1] for also in lines.also] == ["1", "2"]
    assert (group.field, group.what) == ("trafo 0 vector_group", "is missing")
    assert values.field.startswith("trafo 0 vk0_percent, vkr0_percent, mag0_percent")


@pytest.mark.parametrize(
    ("group", "shift", "what"),
    [
        ("Dy", 150.0, "no neutral on its low-voltage side"),
        ("Yd5", 150.0, "no neutral on its low-voltage side"),
        ("Yyn", 0.0, "is not modelled"),
        ("Dyn5", 330.0, "does not turn by shift_degree 330"),
        ("YNyn", 30.0, "turns by an even multiple of 30"),
        ("Dyn", 145.0, "no multiple of 30"),
        ("star", 0.0, "is not a vector group"),
    ],
)
def test_a_vector_group_that_has_no_place_is_refused(group: str, shift: float, what: str) -> None:
    found = problems_of(pandapower_net(group, shift))
    assert len(found) == 1
    assert what in found[0]
    assert "trafo 0" in found[0]


@pytest.mark.parametrize("table", ["load", "asymmetric_load"])
def test_delta_loads_are_refused_where_they_are_in_service(table: str) -> None:
    net = pandapower_net()
    if table == "load":
        pp.create_load(net, 3, 0.001, type="delta")
        pp.create_load(net, 3, 0.001, type="delta", in_service=False)
        pp.create_load(net, 3, 0.001, type="wye")
    else:
        pp.create_asymmetric_load(net, 3, 0.001, type="delta")
    found = problems_of(net)
    assert len(found) == 1
    assert f"{table} 0 type 'delta'" in found[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("vk0_percent", 0.0),
        ("vkr0_percent", 9.0),
        ("mag0_percent", 0.0),
        ("si0_hv_partial", 1.5),
        ("xn_ohm", 1.0),
    ],
)
def test_a_value_of_no_meaning_is_refused(column: str, value: float) -> None:
    net = pandapower_net()
    net.trafo[column] = value
    found = problems_of(net)
    assert len(found) == 1
    assert f"trafo 0 {column}" in found[0]


def test_a_three_winding_transformer_is_refused() -> None:
    net = pandapower_net()
    pp.create_transformer3w_from_parameters(
        net, 0, 7, 1, 20.0, 20.0, 0.4, 1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 1.0, 1.0, 1.0, 1.0, 0.1
    )
    assert any("three-winding transformers" in text for text in problems_of(net))
