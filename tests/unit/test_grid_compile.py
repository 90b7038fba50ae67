"""Network files: recognised by content, compiled once, and refused without a traceback."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandapower import networks

from gridpact.errors import InvalidCase
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.dc_model import susceptance_kw
from gridpact.grid.flow.power_flow import bus_voltage_pu, run_power_flow
from gridpact.grid.listing import listed, listing
from gridpact.grid.source import NetworkSource


@pytest.fixture(scope="module")
def cigre_json() -> str:
    return str(pp.to_json(networks.create_cigre_network_lv(), filename=None))


def test_pandapower_file_is_the_same_network_as_the_builtin(tmp_path: Path, cigre_json: str) -> None:
    (tmp_path / "network.json").write_text(cigre_json, encoding="utf-8")
    from_file = compile_source(NetworkSource(file=tmp_path / "network.json"))
    builtin = compile_source(NetworkSource(builtin="pandapower/cigre_lv"))
    nothing = np.zeros((1, builtin.nodes))
    np.testing.assert_array_equal(
        bus_voltage_pu(from_file, run_power_flow(from_file, nothing, nothing)),
        bus_voltage_pu(builtin, run_power_flow(builtin, nothing, nothing)),
    )
    assert from_file.name == "network.json"


def test_a_file_is_compiled_once_as_long_as_its_content_is_the_same(tmp_path: Path, cigre_json: str) -> None:
    file = tmp_path / "network.json"
    file.write_text(cigre_json, encoding="utf-8")
    first = compile_source(NetworkSource(file=file))
    assert compile_source(NetworkSource(file=file)) is first
    net = networks.create_cigre_network_lv()
    net.line.loc[0, "length_km"] = 0.5
    file.write_text(pp.to_json(net, filename=None), encoding="utf-8")
    assert compile_source(NetworkSource(file=file)) is not first


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidCase, match=r"no\.json: does not exist"):
        compile_source(NetworkSource(file=tmp_path / "no.json"))
    with pytest.raises(InvalidCase, match="cannot be read"):
        compile_source(NetworkSource(file=tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"null",
        b"[]",
        b"{}",
        b'{"_class": "pandapowerNet"}',
        b'{"_class": "pandapowerNet", "_module": "pandapower.auxiliary", "_object": {}}',
        b'{"_class": "pandapowerNet", "_module": "pandapower.auxiliary", "_object": {"bus": 3}}',
        b'{"_class": "pandapowerNet", "_module": "os", "_object": "ls"}',
        b'{"type": "input", "version": "1.0", "data": {}}',
        b'{"type": "input", "version": "1.0", "is_batch": false, "attributes": {}, "data": {}}',
        b'{"type": "input", "version": "1.0", "is_batch": true, "attributes": {}, "data": []}',
        b'{"type": "input", "version": "1.0", "is_batch": false, "attributes": {}, '
        b'"data": {"node": [{"id": "x"}]}}',
    ],
)
def test_content_that_is_no_network(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "network.json").write_bytes(content)
    with pytest.raises(InvalidCase) as caught:
        compile_source(NetworkSource(file=tmp_path / "network.json"))
    assert all(problem.file == "network.json" for problem in caught.value.problems)


DAMAGES = st.sampled_from([None, -1, 0, 99, 1e300, "x", "", [], {}, True, float("nan")])


@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), value=DAMAGES)
def test_damaged_file_never_gives_a_traceback(
    tmp_path: Path, cigre_json: str, data: st.DataObject, value: Any
) -> None:
    """One cell of one table is replaced: the file still compiles, or is refused with problems."""
    content = json.loads(cigre_json)
    tables = content["_object"]
    name = data.draw(st.sampled_from(["bus", "line", "trafo", "switch", "ext_grid"]))
    table = json.loads(tables[name]["_object"])
    column = data.draw(st.integers(0, len(table["columns"]) - 1))
    table["data"][0][column] = value
    tables[name]["_object"] = json.dumps(table)
    (tmp_path / "network.json").write_text(json.dumps(content), encoding="utf-8")
    try:
        network = compile_source(NetworkSource(file=tmp_path / "network.json"))
    except InvalidCase as error:
        assert error.problems
    else:
        nothing = np.zeros((1, network.nodes))
        assert run_power_flow(network, nothing, nothing).converged.all()


def test_the_two_conversions_have_to_agree(
    tmp_path: Path, cigre_json: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gridpact.grid.pandapower import to_power_grid_model

    def wrong(trafo: Any) -> tuple[Any, Any, Any]:
        return trafo.vn_hv_kv.to_numpy() * 1.1, trafo.vn_lv_kv.to_numpy(), np.zeros(len(trafo))

    monkeypatch.setattr(to_power_grid_model, "tapped", wrong)
    net = pp.from_json_string(cigre_json)
    net.name = "unlike"
    (tmp_path / "network.json").write_text(pp.to_json(net, filename=None), encoding="utf-8")
    with pytest.raises(InvalidCase, match="understood in two ways"):
        compile_source(NetworkSource(file=tmp_path / "network.json"))


def test_a_file_that_is_not_json_says_so(tmp_path: Path) -> None:
    for content, message in (
        (
            b"bus,vn_kv\n1,0.4\n",
            r"network\.json: is not JSON: Expecting value in line 1 \(give JSON written by",
        ),
        (b"\xff\xfa", r"network\.json: is not UTF-8 text"),
    ):
        (tmp_path / "network.json").write_bytes(content)
        with pytest.raises(InvalidCase, match=message):
            compile_source(NetworkSource(file=tmp_path / "network.json"))


def test_a_listing_names_what_the_network_holds() -> None:
    facts = listing(compile_source(NetworkSource(builtin="pandapower/cigre_lv")))
    assert [len(facts[name]) for name in ("buses", "lines", "transformers")] == [44, 37, 3]
    assert facts["buses"][2] == {"index": 2, "name": "Bus R1", "nominal_kv": 0.4, "supply": False}
    assert [bus["index"] for bus in facts["buses"] if bus["supply"]] == [0, 1, 20, 23]
    assert facts["notices"] == ["ignored in the network file: 15 loads; participants bring their own"]
    text = listed(facts)
    assert "  bus              0       20 kV  Bus 0  supply\n" in text
    assert text.splitlines()[-1].startswith("  notice  ignored")


def test_b_of_the_dc_model_where_the_reactance_is_next_to_nothing() -> None:
    resistance, reactance = np.array([1.0, 1.0, 1.0, 1.0]), np.array([1.0, 1e-3, 0.9e-3, -1.0])
    expected = [0.5, 1e-3 / (1 + 1e-6), 1 / np.sqrt(1 + 0.81e-6), 1 / np.sqrt(2)]
    np.testing.assert_allclose(susceptance_kw(resistance, reactance), expected, rtol=1e-12)
