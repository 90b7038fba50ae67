"""pandapower nets that cannot be are refused by name, and values in another unit are asked about."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandapower as pp
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid.flow.power_flow import bus_voltage_pu, run_power_flow
from gridpact.grid.pandapower.from_pandapower import network_from_pandapower
from gridpact.grid.source import NetworkSource
from tests.unit.test_grid_from_pandapower import add_line, feeder

SOURCE = NetworkSource(builtin="test")
Change = Callable[[Any], Any]


def refusal(net: Any) -> list[str]:
    """What is said of a net that is refused, without quotes."""
    with pytest.raises(InvalidCase) as caught:
        network_from_pandapower(net, SOURCE)
    assert "LoadflowNotConverged" not in str(caught.value)
    start = "case.toml: network.builtin test "
    return [str(problem).replace("'", "").removeprefix(start) for problem in caught.value.problems]


def every(table: str, column: str, factor: float) -> Change:
    def change(net: Any) -> None:
        net[table][column] = net[table][column] * factor

    return change


def first(table: str, column: str, value: Any) -> Change:
    def change(net: Any) -> None:
        net[table].loc[net[table].index[0], column] = value

    return change


def values(table: str, **columns: Any) -> Change:
    def change(net: Any) -> None:
        for column, value in columns.items():
            net[table].loc[net[table].index[0], column] = value

    return change


def taps(step_percent: float, position: int = 0, side: str = "hv") -> Change:
    return values(
        "trafo",
        tap_side=side,
        tap_neutral=0.0,
        tap_min=-2.0,
        tap_max=2.0,
        tap_pos=float(position),
        tap_step_percent=step_percent,
        tap_changer_type="Ratio",
    )


def both(*changes: Change) -> Change:
    def change(net: Any) -> None:
        for each in changes:
            each(net)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            first("trafo", "vn_hv_kv", 20.0),
            "trafo 0 is rated 20/0.4 kV between buses of 10 and 0.4 kV: the ratio is off by a factor 2",
        ),
        (first("trafo", "vn_hv_kv", 11.2), "trafo 0 is rated 11.2/0.4 kV"),
        (first("trafo", "vn_lv_kv", 0.23), "trafo 0 is rated 10/0.23 kV"),
        (
            values("trafo", vn_hv_kv=13.0, vn_lv_kv=0.52),
            "trafo 0 is rated 13/0.52 kV between buses of 10 and",
        ),
        (first("bus", "vn_kv", 20.0), "trafo 0 is rated 10/0.4 kV between buses of 20 and 0.4 kV"),
        (
            lambda net: net.bus.loc.__setitem__((slice(1, None), "vn_kv"), 10.0),
            "trafo 0 is rated 10/0.4 kV between buses of 10 and 10 kV: the ratio is off by a factor 25",
        ),
        (values("trafo", hv_bus=1, lv_bus=0), "trafo 0 is rated 10/0.4 kV between buses of 0.4 and 10 kV"),
        (values("trafo", hv_bus=1, lv_bus=0), "(are its sides exchanged?)"),
        (values("trafo", vn_hv_kv=0.4, vn_lv_kv=10.0), "(are its sides exchanged?)"),
        (both(taps(2.5), first("trafo", "vn_hv_kv", 11.7)), "trafo 0 is rated 11.7/0.4 kV"),
        (first("bus", "vn_kv", 10.2), ""),
        (lambda net: add_line(net, 0, 3), "line 4 joins buses of 10 kV and 0.4 kV (only a transformer can"),
        (
            lambda net: net.bus.loc.__setitem__((4, "vn_kv"), 0.406),
            "line 2 joins buses of 0.4 kV and 0.406 kV",
        ),
    ],
)
def test_voltages_that_do_not_go_together(change: Change, said: str) -> None:
    net = feeder()
    change(net)
    if said:
        assert any(said in problem for problem in refusal(net)), refusal(net)
    else:
        network_from_pandapower(net, SOURCE)


@pytest.mark.parametrize(
    "change",
    [
        first("trafo", "vn_lv_kv", 0.42),
        both(values("trafo", vn_hv_kv=11.0, vn_lv_kv=0.433), first("bus", "vn_kv", 11.0)),
        both(values("trafo", vn_hv_kv=20.0), first("bus", "vn_kv", 20.0)),
        both(taps(2.5), first("trafo", "vn_hv_kv", 11.2)),
        both(taps(2.5, position=-2, side="lv"), first("trafo", "vn_hv_kv", 9.1)),
        first("line", "max_i_ka", 4.9),
        first("line", "length_km", 2.5),
        first("trafo", "vkr_percent", 0.0),
        values("trafo", vk_percent=0.01, vkr_percent=0.0),
    ],
)
def test_what_is_ordinary_passes(change: Change) -> None:
    net = feeder()
    change(net)
    network_from_pandapower(net, SOURCE)


def test_a_low_voltage_bus_of_420_volts_passes() -> None:
    net = feeder(vn_hv_kv=20.0)
    net.bus["vn_kv"] = [20.0] + [0.42] * 5
    network_from_pandapower(net, SOURCE)


@pytest.mark.parametrize("closed", [True, False])
def test_nominal_voltages_less_than_a_percent_apart_are_one(closed: bool) -> None:
    net = feeder(6)
    net.bus.loc[[5, 6], "vn_kv"] = 0.402
    net.line.loc[3, "in_service"] = not closed
    if closed:
        pp.create_switch(net, 4, 5, et="b")
    network = network_from_pandapower(net, SOURCE)
    assert any("nominal voltage taken as 0.4 kV" in notice and "5, 6" in notice for notice in network.notices)
    alike = feeder(6)
    alike.line.loc[3, "in_service"] = not closed
    if closed:
        pp.create_switch(alike, 4, 5, et="b")
    expected = network_from_pandapower(alike, SOURCE)
    load = np.full((1, network.nodes), -2.0)
    np.testing.assert_array_equal(
        bus_voltage_pu(network, run_power_flow(network, load, 0 * load)),
        bus_voltage_pu(expected, run_power_flow(expected, load, 0 * load)),
    )


def test_three_winding_transformers_are_looked_at_too() -> None:
    net = feeder()
    pp.create_bus(net, vn_kv=20.0)
    pp.create_bus(net, vn_kv=110.0)
    pp.create_transformer3w(net, 7, 6, 0, "63/25/38 MVA 110/20/10 kV")
    assert len(refusal(net)) == 1
    net.trafo3w.loc[0, ["hv_bus", "mv_bus"]] = [6, 7]
    assert "trafo3w 0 is rated 110/20/10 kV between buses of 20 and 110 and 10 kV" in refusal(net)[1]
    assert "are its sides exchanged?" in refusal(net)[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (every("line", "max_i_ka", 1e3), "line 0 max_i_ka 200 is more than a line carries"),
        (first("line", "max_i_ka", 5.1), "line 0 max_i_ka 5.1"),
        (every("line", "max_i_ka", 1e3), "write it in kA; is the value in A?"),
        (every("line", "length_km", 1e3), "line 0 length_km 80 is so long"),
        (every("line", "length_km", 1e3), "write it in km; is the value in m?"),
        (first("line", "length_km", 25.0), "line 0 length_km 25"),
        (first("line", "length_km", 12.0), "line 0 length_km 12"),
        (every("line", "r_ohm_per_km", 1e3), "line 0 r_ohm_per_km 320"),
        (every("line", "x_ohm_per_km", 1e3), "is the value in milliohm?"),
        (
            both(every("line", "r_ohm_per_km", 0.08), every("line", "x_ohm_per_km", 0.08)),
            "ohm of the whole line?",
        ),
        (every("line", "c_nf_per_km", 1e3), "line 0 c_nf_per_km 400000"),
        (first("trafo", "sn_mva", 250.0), "trafo 0 sn_mva 250"),
        (first("trafo", "sn_mva", 250.0), "is the value in kVA?"),
        (values("trafo", vk_percent=0.04, vkr_percent=0.012), "trafo 0 vk_percent 0.04"),
        (first("trafo", "vkr_percent", 0.012), "is the value a fraction of 1?"),
        (first("trafo", "pfe_kw", 600.0), "trafo 0 pfe_kw 600"),
        (first("trafo", "vn_lv_kv", 400.0), "trafo 0 vn_lv_kv 400 is no rated voltage"),
        (values("trafo", vn_hv_kv=10e3, vn_lv_kv=400.0), "is the value in V?"),
        (every("bus", "vn_kv", 1e3), "bus 0 vn_kv 10000"),
        (first("bus", "vn_kv", 10e3), "bus 0 vn_kv 10000"),
        (lambda net: net.bus.loc.__setitem__((1, "vn_kv"), 400.0), "bus 1 vn_kv 400"),
        (lambda net: net.bus.loc.__setitem__((5, "vn_kv"), 400.0), "bus 5 vn_kv 400"),
        (taps(250.0), "trafo 0 tap_step_percent 250"),
        (lambda net: pp.create_shunt(net, 3, q_mvar=-20.0), "shunt 0 q_mvar -20"),
        (lambda net: pp.create_shunt(net, 3, q_mvar=-20.0), "is the value in kvar?"),
        (first("ext_grid", "vm_pu", 230.0), "is the value in volts?"),
    ],
)
def test_values_in_another_unit(change: Change, said: str) -> None:
    net = feeder()
    change(net)
    assert any(said in problem for problem in refusal(net)), refusal(net)


def test_low_voltage_buses_in_volts_without_a_transformer() -> None:
    net = feeder()
    net.trafo = net.trafo.iloc[:0]
    net.bus["vn_kv"] = 400.0
    net.ext_grid["bus"] = 1
    assert all("vn_kv 400" in problem for problem in refusal(net))


def test_one_cause_is_one_problem() -> None:
    net = feeder(40)
    net.line["max_i_ka"] = 200.0
    (said,) = refusal_of_file(net)
    assert said.startswith("line 0 max_i_ka 200 is more than a line carries")
    assert "; so for 39 in all: 0, 1, 2, … (" in said
    net.line["max_i_ka"] = [200.0, 150.0, 270.0] + [0.2] * 36
    assert [said.split()[1] for said in refusal_of_file(net)] == ["0", "1", "2"]


def refusal_of_file(net: Any) -> list[str]:
    from pathlib import Path

    source = NetworkSource(file=Path("network.json"))
    with pytest.raises(InvalidCase) as caught:
        network_from_pandapower(net, source)
    return [str(problem).replace("'", "").removeprefix("network.json: ") for problem in caught.value.problems]


@pytest.mark.parametrize("rating", [9_900.0, 99_999.0, 1e5, 1e9])
def test_a_rating_that_stands_for_none(rating: float) -> None:
    net = feeder()
    net.line.loc[1, "max_i_ka"] = rating
    network = network_from_pandapower(net, SOURCE)
    assert any("max_i_ka is a placeholder" in notice for notice in network.notices), network.notices
    assert np.isinf(network.branches.rating_from_kva[1])


def test_supplies_that_hold_one_bus_at_two_voltages() -> None:
    net = feeder()
    pp.create_ext_grid(net, 0, vm_pu=1.0)
    (said,) = refusal(net)
    assert said.startswith("ext_grid 1 holds bus 0 at 1 pu and 0°, where ext_grid 0 holds it at 1.02 pu")
    net.ext_grid["vm_pu"] = 1.02
    network_from_pandapower(net, SOURCE)
    net.ext_grid["va_degree"] = [0.0, 5.0]
    assert "and 5°" in refusal(net)[0]


@pytest.mark.parametrize(
    ("shift", "angle", "fights"),
    [(0.0, 0.0, False), (150.0, -150.0, False), (150.0, 0.0, True), (0.0, -150.0, True), (0.0, 30.0, True)],
)
def test_supplies_on_both_sides_of_a_transformer(shift: float, angle: float, fights: bool) -> None:
    net = feeder(shift_degree=shift)
    pp.create_ext_grid(net, 5, vm_pu=1.02, va_degree=angle)
    if fights:
        (said,) = refusal(net)
        assert said.startswith("ext_grid 1 holds 1.02 pu at"), said
        assert "where ext_grid 0 gives" in said
    else:
        network_from_pandapower(net, SOURCE)


def test_a_slack_generator_behind_a_phase_shift() -> None:
    net = feeder(shift_degree=150.0)
    pp.create_gen(net, 5, p_mw=0.0, vm_pu=1.01, slack=True)
    assert refusal(net)[0].startswith("gen 0 holds 1.01 pu at 0°, where ext_grid 0 gives")


@pytest.mark.parametrize(
    ("voltage", "said"), [(0.85, "ext_grid 1 holds 0.85 pu"), (0.93, "of its rating without load")]
)
def test_supplies_that_fight_by_magnitude(voltage: float, said: str) -> None:
    net = feeder(shift_degree=0.0)
    pp.create_ext_grid(net, 2, vm_pu=voltage)
    (problem,) = refusal(net)
    assert said in problem
    assert "ext_grid 0" in problem


def test_a_supply_out_of_what_can_be() -> None:
    net = feeder()
    net.ext_grid["vm_pu"] = 1.3
    assert refusal(net)[0].startswith(
        "ext_grid 0 holds 1.3 pu at 0°, where a network without load has 0.8 to 1.2"
    )


def test_a_tap_that_takes_the_voltage_away() -> None:
    net = feeder()
    taps(9.0, position=-2)(net)
    (said,) = refusal(net)
    assert said.startswith("trafo 0 gives 1.24") and "pu at bus 1 and 4 others outside" in said, said


def test_a_line_that_takes_the_voltage_away() -> None:
    net = feeder()
    pp.create_bus(net, vn_kv=10.0)
    add_line(
        net, 0, 6, length_km=240.0, r_ohm_per_km=0.05, x_ohm_per_km=0.12, c_nf_per_km=300.0, max_i_ka=np.nan
    )
    (said,) = refusal(net)
    assert said.startswith("line 4 gives 1."), said
    assert "pu at bus 6, where a network without load has" in said


def test_a_shunt_that_takes_the_voltage_away() -> None:
    net = feeder()
    pp.create_shunt(net, 4, q_mvar=-1.2)
    (said,) = refusal(net)
    assert said.startswith("shunts of bus 4 takes"), said
    net.line["max_i_ka"] = np.nan
    net.shunt["q_mvar"] = -3.0
    (said,) = refusal(net)
    assert said.startswith("shunts of bus 4 takes"), said
    assert "pu at bus" in said


def test_a_state_that_does_not_exist() -> None:
    net = feeder(4)
    net.line[["c_nf_per_km", "g_us_per_km"]] = 0.0
    add_line(net, 2, 3, r_ohm_per_km=-0.32, x_ohm_per_km=-0.08, c_nf_per_km=0.0, g_us_per_km=0.0)
    (said,) = refusal(net)
    assert "has no voltage without load" in said, said
    assert "line 3" in said, said
