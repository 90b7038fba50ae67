"""Sound power-grid-model files of every make are read, whichever version wrote them."""

import codecs
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid.compile import compile_source
from gridpact.grid.exchange import power_grid_model_content
from gridpact.grid.flow.power_flow import bus_voltage_pu, loading_percent, run_power_flow
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.source import NetworkSource
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.agreement import at_nodes, random_injections
from tests.unit.test_grid_from_power_grid_model import branch, line, network_data, transformer, written

Data = dict[str, list[dict[str, Any]]]
ID_MAX = 2**31 - 1


def voltages(network: Network, total_kw: float = 100.0) -> Any:
    """Voltages of our power flow, after power-grid-model gave the same, and the same loadings."""
    p_kw, q_kvar = random_injections(network, total_kw)
    flow = run_power_flow(network, at_nodes(network, p_kw), at_nodes(network, q_kvar))
    assert flow.converged.all()
    every_bus = np.arange(len(network.bus_ids))
    other = run_verification_power_flow(network.verification_model, every_bus, p_kw, q_kvar)
    np.testing.assert_allclose(bus_voltage_pu(network, flow), other.voltage_pu, rtol=0, atol=1e-8)
    np.testing.assert_allclose(loading_percent(network, flow), other.loading_percent, rtol=0, atol=1e-4)
    return bus_voltage_pu(network, flow)


def radial() -> Data:
    """A supply, a transformer and a line, all rated."""
    return {
        "node": [{"id": index, "u_rated": volts} for index, volts in ((1, 10e3), (2, 400.0), (3, 400.0))],
        "line": [line(4, 2, 3)],
        "transformer": [transformer(5, 1, 2)],
        "source": [{"id": 6, "node": 1, "status": 1, "u_ref": 1.02, "sk": 1e16}],
    }


def with_values(component: str, **values: Any) -> Callable[[Data], None]:
    def change(data: Data) -> None:
        for record in data[component]:
            record.update(values)

    return change


@pytest.mark.parametrize(
    "change",
    [
        with_values("line", x1=0.0),
        with_values("line", r1=0.0),
        with_values("transformer", uk=0.04, pk=0.04 * 2e5),
        with_values("transformer", uk=0.04, pk=0.04 * 2e5 * (1 + 1e-12)),
        with_values("transformer", pk=0.0),
        with_values("transformer", i0=0.0, p0=0.0),
        with_values("transformer", i0=0.0025, p0=0.0025 * 2e5),
        with_values("transformer", i0=0.0025 * (1 - 1e-12), p0=0.0025 * 2e5),
    ],
)
def test_no_reactance_or_no_resistance(change: Callable[[Data], None], tmp_path: Path) -> None:
    data = radial()
    change(data)
    network = compile_source(written(tmp_path, data))
    voltages(network)
    assert network.notices == ()


def test_no_load_losses_a_rounding_above_the_no_load_power_are_said(tmp_path: Path) -> None:
    data = radial()
    with_values("transformer", i0=0.002499, p0=0.0025 * 2e5)(data)
    network = compile_source(written(tmp_path, data))
    assert network.notices == ("i0 raised to the no-load losses, a rounding above it: transformer 5",)
    exact = radial()
    with_values("transformer", i0=0.0025, p0=0.0025 * 2e5)(exact)
    (tmp_path / "exact").mkdir()
    same = compile_source(written(tmp_path / "exact", exact))
    np.testing.assert_allclose(voltages(network), voltages(same), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"i0": 0.002, "p0": 500.0}, "transformer 5 i0 '0.002' is below p0/sn, which is 0.0025: the no-load"),
        ({"uk": 0.01}, "transformer 5 uk '0.01' is below pk/sn, which is 0.012: the short-circuit losses"),
    ],
)
def test_losses_beyond_the_whole_name_the_transformer(
    values: dict[str, float], said: str, tmp_path: Path
) -> None:
    data = radial()
    with_values("transformer", **values)(data)
    with pytest.raises(InvalidCase) as caught:
        compile_source(written(tmp_path, data))
    (problem,) = caught.value.problems
    assert said in str(problem)
    assert problem.remedy


def test_a_line_without_an_impedance_is_to_be_a_link(tmp_path: Path) -> None:
    data = radial()
    with_values("line", r1=0.0, x1=0.0)(data)
    with pytest.raises(InvalidCase, match=r"ids 4\) \(a link joins two nodes without an impedance\)"):
        compile_source(written(tmp_path, data))
    data["link"] = [branch(4, 2, 3)]
    del data["line"]
    voltages(compile_source(written(tmp_path, data)))


ZERO_SEQUENCE = {
    "line": ("r0", "x0", "c0", "tan0"),
    "transformer": (
        *("r_grounding_from", "x_grounding_from", "r_grounding_to", "x_grounding_to"),
        *("i0_zero_sequence", "p0_zero_sequence"),
    ),
    "shunt": ("g0", "b0"),
    "source": ("z01_ratio",),
}


@pytest.mark.parametrize("value", [0.0, -1.0, None, float("nan"), float("inf"), "unknown"], ids=str)
def test_zero_sequence_values_play_no_part(value: Any, tmp_path: Path) -> None:
    data = network_data()
    (tmp_path / "plain").mkdir()
    expected = compile_source(written(tmp_path / "plain", data)).admittance.toarray()
    for component, names in ZERO_SEQUENCE.items():
        with_values(component, **dict.fromkeys(names, value))(data)
    network = compile_source(written(tmp_path, data))
    np.testing.assert_array_equal(network.admittance.toarray(), expected)


def test_components_of_later_versions_that_are_ignored_anyway_are_counted(tmp_path: Path) -> None:
    data = network_data()
    data["voltage_regulator"] = [{"id": 90, "regulated_object": 70, "status": 1, "u_ref": 1.0}]
    data["sym_gen"] = [{"id": 91, "node": 3, "status": 1, "type": 0, "p_specified": 1.0}] * 2
    data["sym_voltage_sensor"] = [{"id": 92, "measured_object": 3, "u_measured": 401.0}]
    data["frequency_sensor"] = [{"id": 93, "measured_object": 3}]
    data["heat_pump"] = [{"id": 94, "node": 3, "status": 1, "p_specified": 3e3}] * 2
    data["series_capacitor"] = [branch(95, 2, 3, from_status=0, to_status=0)]
    network = compile_source(written(tmp_path, data))
    assert network.notices[0] == (
        "ignored in the network file: 1 load, 1 voltage regulator, 2 generators, 1 voltage sensor, "
        "1 frequency sensor, 2 heat pumps, 1 series capacitor; participants bring their own loads"
    )


def test_a_later_component_that_carries_current_is_a_problem(tmp_path: Path) -> None:
    data = network_data()
    data["series_capacitor"] = [branch(95, 2, 3)]
    data["static_var_compensator"] = [{"id": 96, "node": 3, "status": 1}]
    with pytest.raises(InvalidCase) as caught:
        compile_source(written(tmp_path, data))
    said = [str(problem) for problem in caught.value.problems]
    remedy = "take them out of service, or replace them by lines, transformers or generic branches"
    assert said == [
        f"network.json: {name} holds 1, a component that gridpact does not model ({remedy})"
        for name in ("series_capacitor", "static_var_compensator")
    ]


def as_lists(data: Data, header: dict[str, list[str]]) -> dict[str, Any]:
    records = {
        name: [[record[key] for key in header[name]] for record in rows] if name in header else rows
        for name, rows in data.items()
    }
    return {"version": "1.0", "type": "input", "is_batch": False, "attributes": header, "data": records}


def test_lists_of_values_with_attributes_of_later_versions(tmp_path: Path) -> None:
    data = radial()
    expected = compile_source(written(tmp_path, data))
    for record in data["node"]:
        record["altitude"], record["name"] = 12.0, f"node {record['id']}"
    content = as_lists(data, {"node": ["id", "u_rated", "altitude", "name"], "heat_pump": ["id", "node"]})
    (tmp_path / "network.json").write_text(json.dumps(content), encoding="utf-8")
    network = compile_source(NetworkSource(file=tmp_path / "network.json"))
    np.testing.assert_array_equal(network.admittance.toarray(), expected.admittance.toarray())
    assert network.bus_names == ("node 1", "node 2", "node 3")
    assert network.notices == (
        "ignored in the network file, as power-grid-model lacks it: altitude of 3 nodes",
    )
    content["data"]["node"][1] = [2]
    (tmp_path / "network.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InvalidCase, match=r"node number 2 is no record of it \(write attributes"):
        compile_source(NetworkSource(file=tmp_path / "network.json"))


@pytest.mark.parametrize(("on", "off"), [(True, False), (1.0, 0.0), ("true", "False"), ("1", "0")], ids=str)
def test_flags_and_indices_in_every_spelling(on: Any, off: Any, tmp_path: Path) -> None:
    data = network_data()
    expected = compile_source(written(tmp_path, data))
    spelled = copy.deepcopy(data)
    for rows in spelled.values():
        for record in rows:
            for name, value in record.items():
                if "status" in name:
                    record[name] = on if value else off
                elif name in ("id", "from_node", "to_node", "node", "tap_pos", "winding_from"):
                    record[name] = float(value)
    spelled["transformer"][0]["tap_nom"] = None
    network = compile_source(written(tmp_path, spelled))
    np.testing.assert_array_equal(network.admittance.toarray(), expected.admittance.toarray())
    assert network.elements.id.tolist() == expected.elements.id.tolist()


def test_values_that_are_not_understood_are_named_at_once(tmp_path: Path) -> None:
    data = radial()
    data["line"][0] |= {"from_status": 2, "r1": "0,03", "to_node": 3.5}
    data["node"][0]["u_rated"] = True
    with pytest.raises(InvalidCase) as caught:
        compile_source(written(tmp_path, data))
    said = [str(problem).split(" (")[0] for problem in caught.value.problems]
    assert said == [
        "network.json: node 1 u_rated 'True' is not a number",
        "network.json: line 4 to_node '3.5' is not a whole number",
        "network.json: line 4 from_status '2' is neither 0 nor 1",
        "network.json: line 4 r1 '0,03' is not a number",
    ]


def renumbered(data: Data, shift: int) -> Data:
    """The same with all ids greater by `shift`."""
    moved = copy.deepcopy(data)
    for rows in moved.values():
        for record in rows:
            for name in ("id", "from_node", "to_node", "node"):
                if name in record:
                    record[name] += shift
    return moved


def test_ids_up_to_the_greatest_that_power_grid_model_has(tmp_path: Path) -> None:
    data = radial()
    expected = compile_source(written(tmp_path, data))
    (tmp_path / "large").mkdir()
    network = compile_source(written(tmp_path / "large", renumbered(data, ID_MAX - 6)))
    assert network.bus_ids.tolist() == [ID_MAX - 5, ID_MAX - 4, ID_MAX - 3]
    assert network.elements.id.tolist() == [ID_MAX - 2, ID_MAX - 1]
    np.testing.assert_array_equal(voltages(network), voltages(expected))


def test_ids_beyond_are_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidCase) as caught:
        compile_source(written(tmp_path, renumbered(radial(), 4_000_000_000)))
    said = str(caught.value)
    assert "node 4000000001 id '4000000001' is beyond 2147483647" in said
    assert "number all components from 0" in said
    assert "line 4000000004 from_node '4000000002' is beyond" in said


def test_a_thousand_ids_beyond_are_one_problem(tmp_path: Path) -> None:
    data = radial()
    data["node"] += [{"id": 4_000_000_000 + number, "u_rated": 400.0} for number in range(1000)]
    with pytest.raises(InvalidCase) as caught:
        compile_source(written(tmp_path, data))
    (problem,) = caught.value.problems
    assert "as in 1,000 records (node 4000000000, node 4000000001, node 4000000002, …)" in str(problem)


@pytest.mark.parametrize("sn", [9.9e9, 9.9999e10, 1e12, 99.999e6])
def test_a_transformer_whose_rating_is_a_placeholder(sn: float, tmp_path: Path) -> None:
    data = radial()
    ordinary = data["transformer"][0]
    scale = sn / ordinary["sn"]
    ordinary |= {"tap_pos": 0}
    expected = voltages(compile_source(written(tmp_path, data)))
    ordinary |= {"sn": sn, "uk": ordinary["uk"] * scale, "pk": ordinary["pk"] * scale**2}
    ordinary |= {"i0": ordinary["i0"] / scale}
    (tmp_path / "unrated").mkdir()
    network = compile_source(written(tmp_path / "unrated", data))
    np.testing.assert_allclose(voltages(network), expected, rtol=0, atol=1e-9)
    assert network.elements.kind == (ElementKind.LINE, ElementKind.TRANSFORMER)
    assert np.isinf(network.branches.rating_from_kva[network.branches.element == 1]).all()
    assert network.notices == ("without a rating, and so never overloaded: 1 branch (5)",)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_byte_order_mark(mark: bytes, encoding: str, tmp_path: Path) -> None:
    data = radial()
    data["node"][2]["name"] = "Bäckerei"
    source = written(tmp_path, data)
    text = (tmp_path / "network.json").read_text(encoding="utf-8")
    (tmp_path / "network.json").write_bytes(mark + text.encode(encoding))
    assert compile_source(source).bus_names[2] == "Bäckerei"
    assert power_grid_model_content(source).decode("utf-8") == text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"\x80\x04\x95",
            r"is a pickle, which can run code when it is opened \(open it with pandapower\.from_p",
        ),
        (
            b"PK\x03\x04",
            r"is a workbook or a ZIP archive \(unpack it, or open it with pandapower\.from_excel",
        ),
        (b"SQLite format 3\x00", r"is a database \(open it with pandapower\.from_sqlite"),
        (b"\x1f\x8b\x08", r"is compressed \(unpack it\)"),
        (b"\xe4\xf6", r"is not UTF-8 text \(give JSON"),
        (codecs.BOM_UTF16_LE + b"\x00", r"is not UTF-16 text \(give JSON"),
    ],
)
def test_a_file_that_is_no_text_says_what_it_is(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "network.json").write_bytes(content)
    with pytest.raises(InvalidCase, match=said):
        compile_source(NetworkSource(file=tmp_path / "network.json"))
