"""A hand-made power-grid-model network: our power flow equals power-grid-model's own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import (
    bus_voltage_pu,
    import_kw,
    loading_percent,
    losses_kw,
    run_power_flow,
)
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.agreement import at_nodes, random_injections


def branch(index: int, first: int, second: int, **values: Any) -> dict[str, Any]:
    return {"id": index, "from_node": first, "to_node": second, "from_status": 1, "to_status": 1, **values}


def line(index: int, first: int, second: int, **values: Any) -> dict[str, Any]:
    return branch(
        index, first, second, **({"r1": 0.03, "x1": 0.01, "c1": 2e-7, "tan1": 0.1, "i_n": 200.0} | values)
    )


def transformer(index: int, first: int, second: int, **values: Any) -> dict[str, Any]:
    given = {"u1": 10.2e3, "u2": 410.0, "sn": 2e5, "uk": 0.04, "pk": 2.4e3, "i0": 0.004, "p0": 500.0}
    given |= {"winding_from": 2, "winding_to": 1, "clock": 5, "tap_side": 0, "tap_pos": 2, "tap_min": -3}
    given |= {"tap_max": 3, "tap_nom": 0, "tap_size": 200.0}
    return branch(index, first, second, **(given | values))


def network_data() -> dict[str, list[dict[str, Any]]]:
    volts = {
        1: 10e3,
        2: 400.0,
        3: 400.0,
        4: 400.0,
        5: 400.0,
        6: 400.0,
        7: 400.0,
        8: 10e3,
        9: 690.0,
        10: 400.0,
    }
    return {
        "node": [{"id": index, "u_rated": rated} for index, rated in sorted(volts.items(), reverse=True)],
        "line": [
            line(20, 2, 3),
            line(21, 3, 4, i_n=150.0),
            line(22, 2, 4),
            line(23, 4, 5, c1=3e-5, to_status=0),
            line(24, 8, 1, c1=1e-6, from_status=0),
            line(25, 6, 7, from_status=0, to_status=0),
        ],
        "link": [branch(30, 4, 6), branch(31, 6, 7, to_status=0)],
        "generic_branch": [
            branch(32, 3, 9, r1=0.02, x1=0.05, g1=1e-4, b1=-2e-4, k=1.03, theta=0.2, sn=1e5),
            branch(33, 2, 10, r1=0.02, x1=0.03, g1=0.0, b1=0.0),
        ],
        "transformer": [
            transformer(40, 1, 2, uk_min=0.035, uk_max=0.05, pk_min=2e3, pk_max=3e3),
            transformer(41, 1, 2, tap_side=1, tap_pos=-2, tap_size=6.0, uk_min=0.036),
            transformer(42, 1, 2, tap_min=4, tap_max=-4, tap_pos=-2, tap_nom=1, tap_size=100.0),
            transformer(43, 1, 2, from_status=0),
            transformer(44, 1, 2, tap_pos=-1, tap_max=0, uk_max=0.06),
        ],
        "shunt": [
            {"id": 50, "node": 4, "status": 1, "g1": 0.01, "b1": 0.05},
            {"id": 51, "node": 3, "status": 0, "g1": 1.0, "b1": 1.0},
        ],
        "source": [
            {"id": 60, "node": 1, "status": 1, "u_ref": 1.03, "u_ref_angle": 0.1, "sk": 2e7, "rx_ratio": 0.3},
            {"id": 61, "node": 1, "status": 1, "u_ref": 1.01, "u_ref_angle": 0.1, "sk": 5e7},
            {"id": 62, "node": 2, "status": 0, "u_ref": 2.0},
        ],
        "sym_load": [{"id": 70, "node": 3, "status": 1, "type": 0, "p_specified": 1e3, "q_specified": 0.0}],
    }


def written(folder: Path, data: dict[str, list[dict[str, Any]]]) -> NetworkSource:
    content = {"version": "1.0", "type": "input", "is_batch": False, "attributes": {}, "data": data}
    (folder / "network.json").write_text(json.dumps(content), encoding="utf-8")
    return NetworkSource(file=folder / "network.json")


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return compile_source(written(tmp_path, network_data()))


def test_power_flow_equals_that_of_power_grid_model(network: Network) -> None:
    p_kw, q_kvar = random_injections(network, 200.0)
    flow = run_power_flow(network, at_nodes(network, p_kw), at_nodes(network, q_kvar))
    every_bus = np.arange(len(network.bus_ids))
    other = run_verification_power_flow(network.verification_model, every_bus, p_kw, q_kvar)
    assert flow.converged.all()
    assert other.converged.all()
    np.testing.assert_allclose(bus_voltage_pu(network, flow), other.voltage_pu, rtol=0, atol=1e-8)
    np.testing.assert_allclose(loading_percent(network, flow), other.loading_percent, rtol=0, atol=1e-4)
    balance = import_kw(network, flow) + p_kw.sum(axis=1) - losses_kw(network, flow)
    np.testing.assert_allclose(balance, 0.0, atol=1e-6)


def test_what_the_network_holds(network: Network) -> None:
    assert network.bus_ids.tolist() == [1, 2, 3, 4, 6, 9, 10]
    assert network.islanded_bus_ids.tolist() == [5, 7, 8]
    assert len(network.slack_node) == 2
    assert not np.isin(network.slack_node, network.bus_node).any()
    node = dict(zip(network.bus_ids, network.bus_node, strict=True))
    assert node[4] == node[6]
    assert network.elements.id.tolist() == [20, 21, 22, 23, 24, 40, 41, 42, 43, 44, 32]
    assert network.elements.kind == (ElementKind.LINE,) * 5 + (ElementKind.TRANSFORMER,) * 6
    assert [notice.split(":")[0] for notice in network.notices] == [
        "ignored in the network file",
        "without a rating, and so never overloaded",
    ]


def test_three_winding_transformer_is_refused(tmp_path: Path) -> None:
    data = network_data()
    data["three_winding_transformer"] = [
        {"id": 80, "node_1": 1, "node_2": 2, "node_3": 3, "status_1": 1, "status_2": 1, "status_3": 1}
    ]
    with pytest.raises(InvalidCase, match="three_winding_transformer holds 1 in service"):
        compile_source(written(tmp_path, data))


def test_values_that_are_not_given(tmp_path: Path) -> None:
    data = network_data()
    del data["generic_branch"][1]["g1"]
    with pytest.raises(InvalidCase, match="generic_branch 33 lacks a value"):
        compile_source(written(tmp_path, data))


def test_no_source_in_service(tmp_path: Path) -> None:
    data = network_data()
    for source in data["source"]:
        source["status"] = 0
    with pytest.raises(InvalidCase, match="has no supply"):
        compile_source(written(tmp_path, data))


def test_every_problem_of_power_grid_model_is_listed(tmp_path: Path) -> None:
    data = network_data()
    data["line"][0]["i_n"] = -5.0
    data["line"][1]["to_node"] = 77
    data["source"][0]["u_ref"] = 0.0
    with pytest.raises(InvalidCase) as caught:
        compile_source(written(tmp_path, data))
    text = str(caught.value)
    assert "'i_n'" in text
    assert "'to_node'" in text
    assert "'u_ref'" in text
    assert all(problem.file == "network.json" for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("source", "u_ref", 230.0, r"source 60 u_ref '230' is not from 0\.5 to 1\.5 .*in volts\?"),
        ("transformer", "uk", 4.0, r"transformer 40 uk '4' is more than .*in percent\?"),
    ],
)
def test_a_value_in_another_unit_is_refused(
    name: str, column: str, value: float, said: str, tmp_path: Path
) -> None:
    data = network_data()
    data[name][0][column] = value
    with pytest.raises(InvalidCase, match=said):
        compile_source(written(tmp_path, data))


def test_a_supply_behind_its_impedance_is_listed_at_its_bus(network: Network) -> None:
    from gridpact.grid.listing import listing

    assert [bus["index"] for bus in listing(network)["buses"] if bus["supply"]] == [1]
