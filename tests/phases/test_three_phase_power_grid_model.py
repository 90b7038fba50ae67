"""power-grid-model input with three phases: as power-grid-model has it, and its neutral either way."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid.compile import compile_source
from gridpact.grid.exchange import difference, power_grid_model_content
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from tests.phases.judged import bus_phasors, differences_from_power_grid_model, flow_of, random_powers
from tests.phases.made import DELTA, WYE, WYE_N, ZIGZAG_N, pandapower_net, power_grid_model_data, written

WINDINGS = (
    (DELTA, WYE_N, 5),
    (DELTA, WYE_N, 11),
    (WYE_N, WYE_N, 0),
    (WYE_N, WYE_N, 6),
    (WYE_N, WYE_N, 4),
    (WYE, ZIGZAG_N, 5),
    (WYE_N, ZIGZAG_N, 5),
    (DELTA, ZIGZAG_N, 6),
)
KVA = 3.0


def compiled(
    data: dict[str, Any], folder: Path, neutral: str = "return", model: str = "three-phase"
) -> Network:
    return compile_source(NetworkSource(file=written(data, folder), model=model, neutral=neutral))


def assert_as_power_grid_model(
    data: dict[str, Any], folder: Path, neutral: str = "return", kva: float = KVA, voltage_pu: float = 1e-10
) -> None:
    network = compiled(data, folder, neutral)
    voltage, loading, unbalance = differences_from_power_grid_model(network, random_powers(network, kva))
    assert voltage < voltage_pu
    assert loading < 1e5 * voltage_pu
    assert unbalance < 1e4 * voltage_pu


@pytest.mark.parametrize("windings", WINDINGS)
@pytest.mark.parametrize("neutral", ["return", "earthed"])
def test_every_pair_of_windings_is_as_power_grid_model_has_it(
    windings: tuple[int, int, int], neutral: str, tmp_path: Path
) -> None:
    assert_as_power_grid_model(power_grid_model_data(*windings), tmp_path, neutral)


@pytest.mark.parametrize(
    "given",
    [
        {"r_grounding_to": 0.05, "x_grounding_to": 0.02},
        {"r_grounding_from": 5.0, "x_grounding_from": 2.0, "r_grounding_to": 0.05},
        {"i0_zero_sequence": 1.0},
        {"i0_zero_sequence": 1.0, "p0_zero_sequence": 6e4, "tap_side": 1, "tap_size": 5.0},
        {"i0": 0.0, "p0": 0.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("windings", [(DELTA, WYE_N, 5), (WYE_N, WYE_N, 6), (WYE, ZIGZAG_N, 5)])
def test_every_value_of_a_transformer_counts(
    windings: tuple[int, int, int], given: dict[str, float], tmp_path: Path
) -> None:
    assert_as_power_grid_model(power_grid_model_data(*windings, **given), tmp_path)


def test_a_star_without_its_partner_goes_back_through_the_core(tmp_path: Path) -> None:
    data = power_grid_model_data(WYE, WYE_N, 0, i0_zero_sequence=1.0, p0_zero_sequence=6e4)
    assert_as_power_grid_model(data, tmp_path, kva=0.3)


@pytest.mark.parametrize("end", ["from", "to"])
@pytest.mark.parametrize("windings", [(DELTA, WYE_N, 5), (WYE_N, WYE_N, 0), (WYE, ZIGZAG_N, 5)])
def test_a_transformer_may_be_open_at_one_end(
    windings: tuple[int, int, int], end: str, tmp_path: Path
) -> None:
    data = power_grid_model_data(*windings)
    data["transformer"].append(data["transformer"][0] | {"id": 31, f"{end}_status": 0})
    assert_as_power_grid_model(data, tmp_path)


@pytest.mark.parametrize("windings", [(WYE_N, DELTA, 7), (ZIGZAG_N, WYE, 7), (WYE_N, WYE_N, 6)])
def test_the_low_voltage_side_may_be_the_first(windings: tuple[int, int, int], tmp_path: Path) -> None:
    turned = {"from_node": 1, "to_node": 8, "u1": 410.0, "u2": 1e4, "tap_side": 1}
    assert_as_power_grid_model(power_grid_model_data(*windings, **turned), tmp_path)


def test_links_join_nodes(tmp_path: Path) -> None:
    data = power_grid_model_data()
    data["asym_line"] = data["asym_line"][:3]
    data["link"] = [{"id": 60, "from_node": 5, "to_node": 7, "from_status": 1, "to_status": 1}]
    assert_as_power_grid_model(data, tmp_path, voltage_pu=1e-8)


def test_lines_may_have_three_conductors(tmp_path: Path) -> None:
    data = power_grid_model_data(four=False)
    assert_as_power_grid_model(data, tmp_path)


def test_the_way_back_of_the_neutral_is_counted_unless_it_is_earthed_everywhere(tmp_path: Path) -> None:
    data = power_grid_model_data()
    networks = [compiled(data, tmp_path, neutral) for neutral in ("return", "earthed")]
    power = random_powers(networks[0], KVA)
    back, earthed = (np.abs(bus_phasors(network, flow_of(network, power))) for network in networks)
    assert np.abs(back - earthed).max() > 1e-3


def problems_of(data: dict[str, Any], folder: Path, model: str = "three-phase") -> list[str]:
    with pytest.raises(InvalidCase) as found:
        compiled(data, folder, model=model)
    return [str(problem) for problem in found.value.problems]


def test_everything_that_is_missing_is_listed_at_once_one_problem_an_element(tmp_path: Path) -> None:
    data = power_grid_model_data(winding_to=WYE)
    del data["line"][0]["r0"], data["line"][1]["c0"], data["line"][1]["tan0"], data["shunt"][0]["g0"]
    del data["asym_line"][0]["r_ba"], data["asym_line"][1]["x_nn"], data["asym_line"][2]["c_ba"]
    branch = {"id": 60, "from_node": 1, "to_node": 2, "from_status": 1, "to_status": 1}
    data["generic_branch"] = [branch | {"r1": 0.1, "x1": 0.1, "g1": 0.0, "b1": 0.0}]
    found = problems_of(data, tmp_path)
    assert len(found) == 8
    for text in (
        "generic_branch holds 1 in service",
        "line 20 r0 lacks a value",
        "line 21 c0, tan0 lack values",
        "shunt 40 g0 lacks a value",
        "asym_line 24 r_ba lacks a value",
        "asym_line 25 x_nn lacks a value",
        "asym_line 26 c_ba lacks a value",
        "transformer 30 winding_to '0 (wye)' has no neutral on its low-voltage side",
    ):
        assert any(text in problem for problem in found), text


def test_what_is_out_of_service_needs_no_zero_sequence(tmp_path: Path) -> None:
    data = power_grid_model_data()
    spare = data["line"][1] | {"id": 29, "from_status": 0, "to_status": 0}
    data["line"].append({name: value for name, value in spare.items() if name not in ("r0", "x0")})
    branch = {"id": 60, "from_node": 1, "to_node": 2, "from_status": 0, "to_status": 0}
    data["generic_branch"] = [branch | {"r1": 0.1, "x1": 0.1, "g1": 0.0, "b1": 0.0}]
    assert_as_power_grid_model(data, tmp_path)


def test_a_line_of_two_phases_is_refused(tmp_path: Path) -> None:
    data = power_grid_model_data(four=False)
    for name in ("r_ca", "r_cb", "r_cc", "x_ca", "x_cb", "x_cc"):
        del data["asym_line"][3][name]
    [found] = problems_of(data, tmp_path)
    assert "asym_line 27 r_ca, r_cb, r_cc, x_ca, x_cb, x_cc lack values" in found


def test_a_star_without_any_way_back_is_refused(tmp_path: Path) -> None:
    data = power_grid_model_data(WYE, WYE_N, 0, i0=0.0, p0=0.0)
    [found] = problems_of(data, tmp_path)
    assert "has no way back for unbalanced current" in found


def test_a_balanced_network_says_that_conductors_need_three_phases(tmp_path: Path) -> None:
    [found] = problems_of(power_grid_model_data(), tmp_path, model="balanced")
    assert "set model = 'three-phase'" in found


@pytest.mark.parametrize(
    ("group", "shift", "given"),
    [
        ("Dyn5", 150.0, {}),
        ("Dyn", 330.0, {"tap_pos": 2, "parallel": 2}),
        ("YNyn", 0.0, {"si0_hv_partial": 0.5, "tap_pos": -1, "tap_side": "lv"}),
        ("Yzn", 150.0, {}),
    ],
)
def test_a_pandapower_net_is_the_same_as_power_grid_model_json(
    group: str, shift: float, given: dict[str, Any], tmp_path: Path
) -> None:
    net = pandapower_net(group, shift, **given)
    pp.create_shunt(net, 3, q_mvar=-0.01, p_mw=0.002)
    pp.create_switch(net, 3, 6, et="b", closed=True)
    pp.to_json(net, str(tmp_path / "net.json"))
    source = NetworkSource(file=tmp_path / "net.json", model="three-phase")
    (tmp_path / "converted.json").write_bytes(power_grid_model_content(source))
    networks = [
        compile_source(replace(source, file=tmp_path / f"{name}.json")) for name in ("net", "converted")
    ]
    random = np.random.default_rng(1)
    power = random.uniform(-10.0, 10.0, (3, len(networks[0].bus_ids))) * (1.0 + 0.2j)
    found = difference(*networks, power)
    assert found.voltage_pu < 1e-10
    assert found.loading_percent < 1e-6


def test_what_power_grid_model_json_cannot_carry_is_refused_at_once(tmp_path: Path) -> None:
    net = pandapower_net("YNyn", 0.0)
    pp.create_impedance(net, 3, 6, 0.01, 0.02, 0.1, rft0_pu=0.02, xft0_pu=0.05)
    pp.to_json(net, str(tmp_path / "net.json"))
    with pytest.raises(InvalidCase) as found:
        power_grid_model_content(NetworkSource(file=tmp_path / "net.json", model="three-phase"))
    assert [problem.field for problem in found.value.problems] == ["impedance", "trafo 0 si0_hv_partial"]
