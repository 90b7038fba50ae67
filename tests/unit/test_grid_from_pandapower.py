"""Hand-made pandapower nets, one for each thing that a net can hold."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandapower as pp
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid.network import ElementKind
from gridpact.grid.pandapower.from_pandapower import network_from_pandapower
from gridpact.grid.source import NetworkSource
from tests.agreement import assert_agrees

SOURCE = NetworkSource(builtin="test")


def feeder(buses: int = 5, **trafo: Any) -> Any:
    """A 10 kV bus, a transformer, and a line of 0.4 kV buses 1, 2, … from its secondary on."""
    net = pp.create_empty_network(f_hz=50.0, sn_mva=1.0)
    pp.create_bus(net, vn_kv=10.0, name="supply")
    pp.create_ext_grid(net, 0, vm_pu=1.02)
    for _ in range(buses):
        pp.create_bus(net, vn_kv=0.4)
    values = {
        "sn_mva": 0.25,
        "vn_hv_kv": 10.0,
        "vn_lv_kv": 0.4,
        "vk_percent": 4.0,
        "vkr_percent": 1.2,
        "pfe_kw": 0.6,
        "i0_percent": 0.4,
        "shift_degree": 150.0,
    }
    pp.create_transformer_from_parameters(net, 0, 1, **(values | trafo))
    for bus in range(1, buses):
        add_line(net, bus, bus + 1)
    return net


def add_line(net: Any, first: int, second: int, **line: Any) -> int:
    values = {
        "length_km": 0.08,
        "r_ohm_per_km": 0.32,
        "x_ohm_per_km": 0.08,
        "c_nf_per_km": 400.0,
        "g_us_per_km": 30.0,
        "max_i_ka": 0.2,
    }
    return int(pp.create_line_from_parameters(net, first, second, **(values | line)))


def test_plain_feeder() -> None:
    network = assert_agrees(feeder())
    assert network.elements.kind == (ElementKind.LINE,) * 4 + (ElementKind.TRANSFORMER,)
    assert network.bus_names[0] == "supply"


def test_sixty_hertz_and_another_base_power() -> None:
    net = feeder()
    net.f_hz, net.sn_mva = 60.0, 100.0
    assert_agrees(net)


@pytest.mark.parametrize("side", ["hv", "lv"])
@pytest.mark.parametrize("kind", ["Ratio", "Symmetrical", "Ideal", None])
@pytest.mark.parametrize("degree", [0.0, 60.0])
def test_tap_changer(side: str, kind: str | None, degree: float) -> None:
    net = feeder(
        tap_side=side,
        tap_neutral=0,
        tap_min=-5,
        tap_max=5,
        tap_pos=-3,
        tap_step_percent=0.0 if kind == "Ideal" and degree else 1.5,
        tap_step_degree=degree,
        tap_changer_type=kind,
    )
    assert_agrees(net)


def test_ideal_and_second_tap_changers_with_steps_in_percent() -> None:
    net = feeder(
        tap_side="hv",
        tap_neutral=1,
        tap_pos=3,
        tap_step_percent=2.0,
        tap_step_degree=0.0,
        tap_changer_type="Ideal",
        tap2_side="lv",
        tap2_neutral=0,
        tap2_min=-3,
        tap2_max=3,
        tap2_pos=2,
        tap2_step_percent=1.0,
        tap2_step_degree=0.0,
        tap2_changer_type="Ratio",
    )
    assert_agrees(net)


@pytest.mark.parametrize("shift", [0.0, 30.0, 150.0, -30.0])
def test_windings_unlike_the_buses(shift: float) -> None:
    assert_agrees(feeder(vn_hv_kv=10.5, vn_lv_kv=0.42, shift_degree=shift, parallel=2, df=0.8))


def test_parallel_lines_and_derating() -> None:
    net = feeder()
    net.line.loc[1, "parallel"] = 3
    net.line.loc[2, "df"] = 0.6
    assert_agrees(net)


def test_closed_switches_join_buses() -> None:
    net = feeder()
    for _ in range(3):
        pp.create_bus(net, vn_kv=0.4)
    pp.create_switch(net, 3, 6, et="b")
    pp.create_switch(net, 6, 7, et="b")
    pp.create_switch(net, 7, 8, et="b", closed=False)
    network = assert_agrees(net)
    node = dict(zip(network.bus_ids, network.bus_node, strict=True))
    assert node[3] == node[6] == node[7]
    assert network.islanded_bus_ids.tolist() == [8]


def test_switch_with_resistance() -> None:
    net = feeder()
    pp.create_bus(net, vn_kv=0.4)
    pp.create_switch(net, 5, 6, et="b", z_ohm=0.01)
    pp.create_switch(net, 4, 6, et="b", z_ohm=0.02, closed=False)
    assert_agrees(net)


@pytest.mark.parametrize("end", [4, 5])
def test_line_open_at_one_end(end: int) -> None:
    net = feeder()
    loop = add_line(net, 2, 5, length_km=2.0, c_nf_per_km=9000.0)
    pp.create_switch(net, end, 3, et="l", closed=False)
    network = assert_agrees(net)
    assert network.nodes == len(network.bus_ids) + 1
    assert loop in network.elements.id


def test_line_open_at_both_ends_is_no_element() -> None:
    net = feeder()
    loop = add_line(net, 2, 5)
    for bus in (2, 5):
        pp.create_switch(net, bus, loop, et="l", closed=False)
    network = assert_agrees(net)
    assert loop not in network.elements.id[: network.elements.kind.count(ElementKind.LINE)]


@pytest.mark.parametrize("side", [0, 1])
def test_transformer_open_on_one_side(side: int) -> None:
    net = feeder()
    values = net.trafo.loc[
        0, ["sn_mva", "vn_hv_kv", "vn_lv_kv", "vk_percent", "vkr_percent", "pfe_kw", "i0_percent"]
    ]
    pp.create_transformer_from_parameters(net, 0, 1, shift_degree=150.0, **values.to_dict())
    pp.create_switch(net, side, 1, et="t", closed=False)
    network = assert_agrees(net)
    assert network.elements.kind.count(ElementKind.TRANSFORMER) == 2


def test_out_of_service_line_bus_and_transformer() -> None:
    net = feeder(6)
    spare = pp.create_bus(net, vn_kv=0.4, in_service=False)
    add_line(net, 3, spare, length_km=1.0, c_nf_per_km=5000.0)
    add_line(net, 2, 6, in_service=False)
    net.bus.loc[5, "in_service"] = False
    network = assert_agrees(net)
    assert network.out_of_service_bus_ids.tolist() == [5, spare]
    assert network.islanded_bus_ids.tolist() == [6]


def test_transformer_at_out_of_service_bus() -> None:
    net = feeder()
    spare = pp.create_bus(net, vn_kv=10.0, in_service=False)
    pp.create_transformer(net, spare, 1, "0.25 MVA 10/0.4 kV")
    network = assert_agrees(net)
    assert network.elements.kind.count(ElementKind.TRANSFORMER) == 1


def test_two_supplies_at_unlike_voltages_and_angles() -> None:
    net = feeder(shift_degree=0.0)
    pp.create_ext_grid(net, 5, vm_pu=0.99, va_degree=-1.5)
    network = assert_agrees(net)
    assert len(network.slack_node) == 2


def test_slack_generator_is_a_supply() -> None:
    net = feeder(shift_degree=0.0)
    pp.create_gen(net, 5, p_mw=0.0, vm_pu=1.01, slack=True)
    pp.create_gen(net, 3, p_mw=0.01, vm_pu=1.05)
    network = assert_agrees(net)
    assert len(network.slack_node) == 2
    assert network.notices == ("ignored in the network file: 1 generator; participants bring their own",)


def test_meshed_ring() -> None:
    net = feeder(7)
    add_line(net, 2, 7)
    add_line(net, 1, 5)
    assert_agrees(net)


def test_shunts() -> None:
    net = feeder()
    pp.create_shunt(net, 4, q_mvar=-0.02, p_mw=0.001, vn_kv=0.41, step=2, max_step=3)
    pp.create_shunt(net, 5, q_mvar=0.01, p_mw=0.0, in_service=False)
    pp.create_shunt(net, 1, q_mvar=0.01)
    assert_agrees(net)


def test_impedances_also_between_voltages() -> None:
    net = feeder()
    pp.create_bus(net, vn_kv=0.4)
    pp.create_impedance(net, 3, 6, rft_pu=0.02, xft_pu=0.05, sn_mva=0.3)
    pp.create_bus(net, vn_kv=0.69)
    pp.create_impedance(
        net, 0, 7, rft_pu=0.01, xft_pu=0.03, sn_mva=0.2, gf_pu=0.001, bf_pu=-0.002, gt_pu=0.003, bt_pu=0.004
    )
    assert_agrees(net)


def test_line_without_rating_is_never_overloaded() -> None:
    net = feeder()
    net.line.loc[2, "max_i_ka"] = np.nan
    network = assert_agrees(net)
    assert any("without a rating" in notice for notice in network.notices)
    assert np.isinf(network.branches.rating_from_kva).sum() == 1


def test_bus_indices_in_any_order() -> None:
    net = feeder()
    pp.toolbox.reindex_buses(net, {0: 70, 1: 3, 2: 12, 3: 1, 4: 44, 5: 9})
    network = assert_agrees(net)
    assert network.bus_ids.tolist() == [1, 3, 9, 12, 44, 70]


def test_susceptance_is_that_of_the_series_impedance() -> None:
    network = network_from_pandapower(feeder(), SOURCE)
    ohm = 0.08 * (0.32 + 0.08j)
    expected_kw = -(1 / ohm).imag * 0.4**2 * 1e3
    np.testing.assert_allclose(network.branches.susceptance_kw[:4], expected_kw, rtol=1e-12)


def set_value(table: str, column: str, value: Any) -> Callable[[Any], None]:
    def change(net: Any) -> None:
        net[table].loc[net[table].index[0], column] = value

    return change


def add_three_winding(net: Any) -> None:
    pp.create_bus(net, vn_kv=10.0)
    pp.create_bus(net, vn_kv=110.0)
    pp.create_transformer3w(net, 7, 0, 6, "63/25/38 MVA 110/10/10 kV")


def add_dc_line(net: Any) -> None:
    pp.create_dcline(net, 1, 5, p_mw=0.01, loss_percent=1, loss_mw=0, vm_from_pu=1, vm_to_pu=1)


def join_voltages(net: Any) -> None:
    pp.create_switch(net, 0, 1, et="b")


def bypass_line(net: Any) -> None:
    pp.create_switch(net, 3, 4, et="b")


def misplace_switch(net: Any) -> None:
    pp.create_switch(net, 1, 0, et="l")
    net.switch["bus"] = 5


def asymmetric_impedance(net: Any) -> None:
    pp.create_impedance(net, 2, 4, rft_pu=0.02, xft_pu=0.05, rtf_pu=0.01, xtf_pu=0.05, sn_mva=0.3)


def only_the_supply(net: Any) -> None:
    net.trafo = net.trafo.iloc[:0]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (set_value("ext_grid", "in_service", False), "has no supply"),
        (set_value("line", "max_i_ka", 0.0), "line 0 max_i_ka"),
        (set_value("line", "length_km", 0.0), "line 0 length_km"),
        (set_value("line", "r_ohm_per_km", np.nan), "line 0 r_ohm_per_km"),
        (set_value("line", "from_bus", 99), "line 0 from_bus 99 is not a bus"),
        (set_value("trafo", "vk_percent", 1.0), "vkr_percent"),
        (set_value("trafo", "sn_mva", 0.0), "trafo 0 sn_mva"),
        (set_value("trafo", "leakage_resistance_ratio_hv", 0.3), "leakage_resistance_ratio_hv"),
        (set_value("trafo", "tap_dependency_table", True), "tap_dependency_table"),
        (set_value("bus", "vn_kv", -1.0), "bus 0 vn_kv"),
        (set_value("bus", "vn_kv", 20.0), "trafo 0 is rated 10/0.4 kV between buses of 20 and 0.4 kV"),
        (set_value("bus", "vn_kv", 10.5), ""),
        (add_three_winding, "three-winding transformers"),
        (add_dc_line, "DC lines"),
        (join_voltages, "joins buses of 10 kV and 0.4 kV"),
        (bypass_line, "line 2 is bypassed by closed switches"),
        (misplace_switch, "is not an end of line 0"),
        (asymmetric_impedance, "differs in its two directions"),
        (only_the_supply, "has no bus besides those of its supplies"),
    ],
)
def test_what_cannot_be_carried_is_refused(change: Callable[[Any], None], text: str) -> None:
    net = feeder()
    change(net)
    if not text:
        network_from_pandapower(net, SOURCE)
        return
    with pytest.raises(InvalidCase) as caught:
        network_from_pandapower(net, SOURCE)
    assert any(text in str(problem).replace("'", "") for problem in caught.value.problems), caught.value
    assert all(problem.file == "case.toml" for problem in caught.value.problems)


@pytest.mark.parametrize("value", [230.0, 0.4])
def test_a_supply_in_another_unit_is_refused(value: float) -> None:
    net = feeder()
    net.ext_grid.loc[0, "vm_pu"] = value
    with pytest.raises(
        InvalidCase, match=rf"ext_grid 0 vm_pu '{value:g}' is not from 0.5 to 1.5 .*in volts\?"
    ):
        network_from_pandapower(net, SOURCE)


def test_a_short_circuit_voltage_in_another_unit_is_refused() -> None:
    with pytest.raises(InvalidCase, match=r"trafo 0 vk_percent '400' is not from 0 to 100"):
        network_from_pandapower(feeder(vk_percent=400.0), SOURCE)
