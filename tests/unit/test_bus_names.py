"""Buses by index and by name, in networks of pandapower, of power-grid-model and of SimBench."""

import json
import unicodedata
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gridpact
from gridpact.case import TableFormat, read_case
from gridpact.case.conversion.convert import convert_case
from gridpact.case.reading.bus_names import BusNames, plain
from gridpact.case.times import Fault
from gridpact.errors import InvalidCase, Problem
from gridpact.grid.archive import packed, unpacked
from gridpact.grid.compile import compile_source
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource
from tests.example import CASE, PARTICIPANTS, write_example

NAMES = ("UW", "NS", "KV 1", "4", "Haus Müller", "HA2", "HA3", "twin", "twin", "off", "cut", None)
OFF, CUT = 9, 10


@cache
def pandapower_json() -> str:
    """A street of buses called `NAMES`, of which bus 9 is out of service and bus 10 has no line."""
    import pandapower as pp

    net = pp.create_empty_network()
    for index, name in enumerate(NAMES):
        pp.create_bus(net, 20.0 if index == 0 else 0.4, name=name, in_service=index != OFF)
    pp.create_ext_grid(net, 0)
    pp.create_transformer(net, 0, 1, "0.25 MVA 20/0.4 kV")
    for index in range(2, len(NAMES)):
        if index not in (OFF, CUT):
            pp.create_line(net, 1, index, 0.05, "NAYY 4x150 SE")
    text: str = pp.to_json(net)
    return text


def power_grid_model_json() -> str:
    """The same street, whose nodes carry their names beside what power-grid-model reads."""
    nodes: list[dict[str, Any]] = [
        {"id": index, "u_rated": 400.0, "name": name}
        for index, name in enumerate(NAMES)
        if index != OFF and name is not None
    ]
    nodes.append({"id": 11, "u_rated": 400.0})
    lines = [
        {
            "id": 100 + node["id"],
            "from_node": 0,
            "to_node": node["id"],
            "from_status": int(node["id"] != CUT),
            "to_status": int(node["id"] != CUT),
            **{"r1": 0.01, "x1": 0.004, "c1": 1e-8, "tan1": 0.0, "i_n": 270.0},
        }
        for node in nodes
        if node["id"]
    ]
    source = {"id": 99, "node": 0, "status": 1, "u_ref": 1.0, "sk": 1e16}
    data = {"node": nodes, "line": lines, "source": [source]}
    content = {"version": "1.0", "type": "input", "is_batch": False, "attributes": {}, "data": data}
    return json.dumps(content)


def with_network(folder: Path, network: str, *buses: str) -> Path:
    """The example on a network, its participants at these buses."""
    write_example(folder)
    text = CASE.replace('builtin = "pandapower/kerber_landnetz_freileitung_2"', 'file = "network.json"')
    (folder / "case.toml").write_text(text)
    (folder / "network.json").write_text(network)
    participants = PARTICIPANTS
    for old, bus in zip(("h1,3", "h2,5", "h3,7"), buses, strict=True):
        participants = participants.replace(old, f"{old[:3]}{bus}")
    (folder / "participants.csv").write_text(participants, encoding="utf-8")
    return folder


def problems_at(folder: Path, *buses: str) -> list[Problem]:
    with pytest.raises(InvalidCase) as refusal:
        read_case(with_network(folder, pandapower_json(), *buses))
    return list(refusal.value.problems)


@pytest.mark.parametrize("network", [pandapower_json, power_grid_model_json], ids=["pandapower", "pgm"])
def test_a_bus_may_be_called_by_its_name(network: Any, tmp_path: Path) -> None:
    indices = read_case(with_network(tmp_path / "indices", network(), "2", "4", "6"))
    names = read_case(with_network(tmp_path / "names", network(), "KV 1", "Haus Müller", '"HA3"'))
    assert names.participants.bus.tolist() == indices.participants.bus.tolist() == [2, 4, 6]
    assert names.warnings == ()
    one, other = gridpact.clear(indices), gridpact.clear(names)
    assert one.schedule.equals(other.schedule)
    assert one.network_state.equals(other.network_state)


def test_an_index_goes_before_a_name_and_that_is_said(tmp_path: Path) -> None:
    case = read_case(with_network(tmp_path, pandapower_json(), "4", "3", "5.0"))
    assert case.participants.bus.tolist() == [4, 3, 5]
    said = "participants.csv: bus '4' is taken for an index, and other buses have that name"
    assert case.warnings == (said,)


def test_what_names_no_bus_or_several_is_refused_with_what_would_be_right(tmp_path: Path) -> None:
    found = problems_at(tmp_path, "twin", "HA1", "Haus Muller")
    assert [(problem.line, problem.value, problem.what, problem.remedy) for problem in found] == [
        (2, "twin", "is the name of 2 buses", "write the index: 7 or 8"),
        (3, "HA1", "is not a bus of the network", "did you mean 'HA3' (bus 6) or 'HA2' (bus 5)?"),
        (4, "Haus Muller", "is not a bus of the network", "did you mean 'Haus Müller' (bus 4)?"),
    ]


def test_a_bus_that_cannot_be_used_is_refused_by_its_name_too(tmp_path: Path) -> None:
    found = [*problems_at(tmp_path / "names", "off", "cut", "HA2"), *problems_at(tmp_path, "9", "10", "HA2")]
    assert [problem.what for problem in found] == [
        "is out of service in the network",
        "is cut off in the network",
    ] * 2


def test_white_space_and_odd_numbers_are_refused(tmp_path: Path) -> None:
    found = problems_at(tmp_path, "HA2 ", "1e400", "12")
    assert [(problem.what, problem.remedy) for problem in found] == [
        ("has white space around it", "write it without"),
        ("is not a finite number", "write the index, as in 3"),
        ("is not a bus of the network", "its buses are 0 to 8, 11; see `gridpact network`"),
    ]


def test_buses_are_not_looked_up_where_there_is_no_network(tmp_path: Path) -> None:
    folder = with_network(tmp_path, "{}", "KV 1", "", "7.5")
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    assert [(problem.file, problem.line) for problem in refusal.value.problems] == [
        ("network.json", 0),
        ("participants.csv", 3),
    ]
    assert refusal.value.unchecked == ("buses, because the network could not be read",)


@pytest.mark.parametrize(
    ("column", "buses"),
    [
        (pa.array(["KV 1", "4", "HA3"]), [2, 4, 6]),
        (pa.array(["KV 1", "HA2", "HA3"]).dictionary_encode(), [2, 5, 6]),
        (pa.array([2, 4, 6], pa.int16()), [2, 4, 6]),
        (pa.array([2.0, 4.0, 6.0]), [2, 4, 6]),
    ],
)
def test_parquet_may_hold_names_or_indices(column: pa.Array, buses: list[int], tmp_path: Path) -> None:
    folder = with_network(tmp_path, pandapower_json(), "2", "4", "6")
    (folder / "participants.csv").unlink()
    pq.write_table(
        pa.table({"participant": ["h1", "h2", "h3"], "bus": column}), folder / "participants.parquet"
    )
    assert read_case(folder).participants.bus.tolist() == buses


def test_a_column_of_flags_names_no_buses(tmp_path: Path) -> None:
    folder = with_network(tmp_path, pandapower_json(), "2", "4", "6")
    (folder / "participants.csv").unlink()
    table = {"participant": ["h1", "h2", "h3"], "bus": pa.array([True, False, True])}
    pq.write_table(pa.table(table), folder / "participants.parquet")
    with pytest.raises(InvalidCase, match="bus has the type bool, which is not a bus index or name"):
        read_case(folder)


def test_names_become_indices_in_a_conversion(tmp_path: Path) -> None:
    folder = with_network(tmp_path / "case", pandapower_json(), "KV 1", "HA2", "HA3")
    convert_case(folder, tmp_path / "out", TableFormat.PARQUET)
    assert read_case(tmp_path / "out").participants.bus.tolist() == [2, 5, 6]
    by_name = (tmp_path / "out" / "case.toml").parent
    (by_name / "participants.parquet").unlink()
    (by_name / "participants.csv").write_text("participant,bus\nh1,KV 1\nh2,HA2\nh3,HA3\n")
    assert read_case(by_name).participants.bus.tolist() == [2, 5, 6]


def test_simbench_buses_go_by_their_names() -> None:
    network = compile_source(NetworkSource(builtin="simbench/1-LV-rural1--0-sw"))
    names = BusNames.of(network)
    for index, name in zip(network.bus_ids.tolist(), network.bus_names, strict=True):
        assert names.find(name) == names.find(str(index)) == index


@cache
def small() -> Network:
    return compile_source(NetworkSource(builtin="pandapower/kerber_landnetz_freileitung_2"))


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)


@settings(deadline=None)
@given(st.lists(st.one_of(TEXTS, st.integers(0, 12).map(str)), min_size=10, max_size=10))
def test_every_bus_is_found_by_what_is_its_name_alone(drawn: list[str]) -> None:
    network = replace(small(), bus_names=tuple(drawn))
    names = BusNames.of(network)
    for index, name in zip(network.bus_ids.tolist(), drawn, strict=True):
        found = names.find(name.strip())
        if not plain(name):
            assert isinstance(found, Fault)
        elif plain(name).isascii() and plain(name).isdecimal() and int(name) in network.bus_ids:
            assert found == int(name)
        elif [plain(other) for other in drawn].count(plain(name)) == 1:
            assert found == index
            assert names.find(unicodedata.normalize("NFD", name.strip())) == index
        else:
            assert isinstance(found, Fault) and found.what.startswith("is the name of")


@settings(deadline=None)
@given(TEXTS)
def test_what_is_no_bus_is_always_a_fault_with_a_remedy(text: str) -> None:
    names = BusNames.of(small())
    assume(plain(text) not in names.of_name)
    found = names.find(text)
    if isinstance(found, Fault):
        assert found.what and found.remedy
    else:
        assert float(text) == found


def test_a_name_shared_with_a_bus_that_is_off_is_not_unique() -> None:
    off = small().bus_ids[:1] + 77
    network = replace(small(), out_of_service_bus_ids=off, out_of_service_bus_names=("bus_1_2",))
    found = BusNames.of(network).find("bus_1_2")
    assert isinstance(found, Fault) and found.what == "is the name of 2 buses"
    kept = unpacked(packed(network, "key"), "key", network.name)
    assert (kept.out_of_service_bus_names, kept.bus_names) == (("bus_1_2",), network.bus_names)


def test_whole_numbers_as_names_may_have_lost_or_gained_decimals() -> None:
    network = replace(small(), bus_names=("101.0", "102", *small().bus_names[2:]))
    names = BusNames.of(network)
    assert [names.find(text) for text in ("101", "101.0", "102", "102.0")] == [0, 0, 1, 1]
