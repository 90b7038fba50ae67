"""Sound pandapower files of every make are read, and give pandapower's own voltages to 1e-9 pu."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pytest
from pandapower.converter.pypower import from_ppc

import gridpact
from gridpact.errors import InvalidCase
from gridpact.grid import library_errors
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import bus_voltage_pu, loading_percent, run_power_flow
from gridpact.grid.listing import listing
from gridpact.grid.network import ElementKind, Network
from gridpact.grid.source import NetworkSource
from gridpact.grid.unrated import is_placeholder, is_placeholder_power
from gridpact.grid.verification.verification_flow import run_verification_power_flow
from tests.agreement import assert_carried, at_nodes, carried, random_injections, run_pandapower
from tests.unit.test_grid_from_pandapower import add_line, feeder

LARGE = 4_000_000_000


def as_file(net: Any, folder: Path) -> NetworkSource:
    (folder / "network.json").write_text(pp.to_json(net, filename=None), encoding="utf-8")
    return NetworkSource(file=folder / "network.json")


def own_voltages(network: Network, p_kw: Any, q_kvar: Any) -> Any:
    """Voltages of our power flow, after the second conversion gave the same."""
    flow = run_power_flow(network, at_nodes(network, p_kw), at_nodes(network, q_kvar))
    assert flow.converged.all()
    every_bus = np.arange(len(network.bus_ids))
    other = run_verification_power_flow(network.verification_model, every_bus, p_kw, q_kvar)
    np.testing.assert_allclose(other.voltage_pu, bus_voltage_pu(network, flow), rtol=0, atol=1e-8)
    np.testing.assert_allclose(
        other.loading_percent, loading_percent(network, flow), rtol=0, atol=1e-4, equal_nan=False
    )
    return bus_voltage_pu(network, flow)


def assert_like_pandapower(net: Any, folder: Path) -> Network:
    """The file of a net gives the voltages of `pandapower.runpp`, which is told to start flat."""
    network = compile_source(as_file(net, folder))
    p_kw, q_kvar = random_injections(network, 60.0)
    voltage = own_voltages(network, p_kw, q_kvar)
    run_pandapower(net, network, p_kw[0], q_kvar[0], init="flat", tolerance_mva=1e-12)
    np.testing.assert_allclose(net.res_bus.vm_pu[network.bus_ids], voltage[0], rtol=0, atol=1e-9)
    return network


def set_all(table: str, **values: Any) -> Callable[[Any], None]:
    def change(net: Any) -> None:
        for column, value in values.items():
            net[table][column] = value

    return change


def with_impedance(**values: Any) -> Callable[[Any], None]:
    def change(net: Any) -> None:
        pp.create_bus(net, vn_kv=0.4)
        pp.create_impedance(net, 3, net.bus.index[-1], sn_mva=0.3, **values)

    return change


ZEROS = {
    "line without reactance": set_all("line", x_ohm_per_km=0.0),
    "line without resistance": set_all("line", r_ohm_per_km=0.0),
    "impedance without reactance": with_impedance(rft_pu=0.02, xft_pu=0.0),
    "impedance without resistance": with_impedance(rft_pu=0.0, xft_pu=0.02),
    "transformer without reactance": set_all("trafo", vk_percent=1.2, vkr_percent=1.2),
    "transformer whose resistance is a rounding above": set_all("trafo", vk_percent=1.2, vkr_percent=1.2001),
    "transformer without resistance": set_all("trafo", vkr_percent=0.0),
    "transformer without iron": set_all("trafo", pfe_kw=0.0, i0_percent=0.0),
    "iron without magnetisation": set_all("trafo", i0_percent=0.1),
}


@pytest.mark.parametrize("change", ZEROS.values(), ids=ZEROS)
def test_a_resistance_or_a_reactance_of_zero(change: Callable[[Any], None], tmp_path: Path) -> None:
    net = feeder(shift_degree=0.0)
    change(net)
    network = compile_source(as_file(net, tmp_path))
    p_kw, q_kvar = random_injections(network, 60.0)
    assert_carried(network, carried(net), p_kw, q_kvar)
    net.trafo["vkr_percent"] = np.minimum(net.trafo.vkr_percent, net.trafo.vk_percent)
    assert_like_pandapower(net, tmp_path)


def test_no_reactance_behind_a_phase_shift() -> None:
    """pandapower cannot start there: its DC power flow divides by zero, and a flat start is too far off."""
    shifted, plain = feeder(shift_degree=150.0), feeder(shift_degree=0.0)
    for net in (shifted, plain):
        net.line["x_ohm_per_km"] = 0.0
        net.trafo["vkr_percent"] = net.trafo["vk_percent"]
    first, second = carried(shifted), carried(plain)
    p_kw, q_kvar = random_injections(first, 60.0)
    np.testing.assert_allclose(
        own_voltages(first, p_kw, q_kvar), own_voltages(second, p_kw, q_kvar), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            set_all("line", r_ohm_per_km=0.0, x_ohm_per_km=0.0),
            r"line 0 has no impedance.* \(a closed bus-bus switch",
        ),
        (with_impedance(rft_pu=0.0, xft_pu=0.0), r"impedance 0 is zero \(a closed bus-bus switch joins"),
        (
            set_all("trafo", vk_percent=0.0, vkr_percent=0.0),
            r"vk_percent '0' is not a positive number \(an ideal",
        ),
    ],
)
def test_no_impedance_at_all_is_refused_with_a_remedy(
    change: Callable[[Any], None], said: str, tmp_path: Path
) -> None:
    net = feeder()
    change(net)
    with pytest.raises(InvalidCase, match=said):
        compile_source(as_file(net, tmp_path))


def numbered(net: Any, first: int) -> dict[str, dict[int, int]]:
    """Gives every table of a net indices from `first` on, and says which index became which."""
    new = {table: {} for table in ("bus", "line", "trafo", "switch", "ext_grid", "impedance", "shunt")}
    for table, pairs in new.items():
        pairs.update({old: first + 7 * old for old in net[table].index.tolist()})
    for table, columns in (
        ("line", ("from_bus", "to_bus")),
        ("trafo", ("hv_bus", "lv_bus")),
        ("impedance", ("from_bus", "to_bus")),
        ("shunt", ("bus",)),
        ("ext_grid", ("bus",)),
        ("switch", ("bus",)),
    ):
        for column in columns:
            net[table][column] = [new["bus"][bus] for bus in net[table][column]]
    kinds = {"b": "bus", "l": "line", "t": "trafo"}
    pairs_of = zip(net.switch.et, net.switch.element, strict=True)
    net.switch["element"] = np.array(
        [new[kinds[kind]][element] for kind, element in pairs_of], dtype=np.int64
    )
    for table, pairs in new.items():
        net[table].index = [pairs[old] for old in net[table].index]
    return new


def with_everything() -> Any:
    net = feeder(7)
    loop = add_line(net, 2, 6)
    pp.create_switch(net, 6, loop, et="l", closed=False)
    pp.create_bus(net, vn_kv=0.4)
    pp.create_switch(net, 5, 8, et="b")
    pp.create_switch(net, 1, 0, et="t")
    pp.create_bus(net, vn_kv=0.4)
    pp.create_impedance(net, 4, 9, rft_pu=0.02, xft_pu=0.05, sn_mva=0.3)
    pp.create_shunt(net, 3, q_mvar=0.01)
    return net


def test_indices_as_large_as_those_of_a_database(tmp_path: Path) -> None:
    small, large = with_everything(), with_everything()
    new = numbered(large, LARGE)
    (tmp_path / "small").mkdir()
    first, second = (
        compile_source(as_file(small, tmp_path / "small")),
        compile_source(as_file(large, tmp_path)),
    )
    assert second.bus_ids.tolist() == [new["bus"][bus] for bus in first.bus_ids.tolist()]
    tables = {ElementKind.LINE: "line", ElementKind.TRANSFORMER: "trafo"}
    expected = [
        new[tables[kind]][index]
        for kind, index in zip(first.elements.kind, first.elements.id.tolist(), strict=True)
    ]
    assert second.elements.id.tolist() == expected
    p_kw, q_kvar = random_injections(first, 60.0)
    np.testing.assert_array_equal(own_voltages(first, p_kw, q_kvar), own_voltages(second, p_kw, q_kvar))
    assert [row["index"] for row in listing(second)["lines"]] == [
        new["line"][row["index"]] for row in listing(first)["lines"]
    ]


def test_a_problem_names_the_large_index(tmp_path: Path) -> None:
    net = with_everything()
    new = numbered(net, LARGE)
    net.line.loc[new["line"][1], "length_km"] = 0.0
    with pytest.raises(InvalidCase, match=f"line {new['line'][1]} length_km"):
        compile_source(as_file(net, tmp_path))


def test_bus_numbers_that_pandapower_cuts_to_32_bits_are_restored(tmp_path: Path) -> None:
    supply, house = 9_999_999_999, 9_999_999_998
    net = pp.create_empty_network()
    for bus in (supply, house):
        pp.create_bus(net, vn_kv=0.4, index=bus)
    add_line(net, supply, house)
    pp.create_gen(net, supply, p_mw=0.0, slack=True)
    assert net.line.from_bus[0] != supply, "pandapower keeps large numbers: the restoring can go"
    network = compile_source(as_file(net, tmp_path))
    assert network.bus_ids.tolist() == [house, supply]
    assert network.notices[0].startswith("restored: 2 bus numbers that pandapower had cut to 32 bits")


CASE = """\
name = "large"
[horizon]
start = "2024-06-21T12:00"
timezone = "Europe/Berlin"
resolution = "15min"
periods = 1
[network]
file = "network.json"
"""


def test_a_case_with_large_indices_and_without_reactance_clears(tmp_path: Path) -> None:
    net = with_everything()
    net.line["x_ohm_per_km"] = 0.0
    new = numbered(net, LARGE)["bus"]
    as_file(net, tmp_path)
    (tmp_path / "case.toml").write_text(CASE, encoding="utf-8")
    (tmp_path / "participants.csv").write_text(f"participant,bus\nsun,{new[7]}\nshop,{new[3]}\n")
    (tmp_path / "profiles.csv").write_text(
        "time,participant,load_kw,generation_kw\n2024-06-21T12:00,sun,0,5\n2024-06-21T12:00,shop,4,0\n"
    )
    (tmp_path / "trades.csv").write_text(
        "trade,seller,buyer,start,end,power_kw,price_per_kwh\n"
        "t,sun,shop,2024-06-21T12:00,2024-06-21T12:15,4,0.2\n"
    )
    clearance = gridpact.clear(gridpact.read_case(tmp_path))
    assert clearance.summary["status"] == "cleared"
    assert clearance.summary["verification"]["max_difference_pu"] < 1e-9
    state = clearance.network_state
    assert set(state.loc[state.kind == "bus", "element"]) <= set(new.values())
    assert clearance.schedule.bus.tolist() == [new[7], new[3]]


def matpower_case(rating_mva: float) -> dict[str, Any]:
    """A case of MATPOWER: a supply, a transformer of 0.5 MVA with the tap at 1.025, and a line."""
    bus = np.zeros((3, 13))
    bus[:, 0], bus[:, 1], bus[:, 7] = (1, 2, 3), (3, 1, 1), 1.0
    bus[:, 9], bus[:, 11], bus[:, 12] = (20.0, 0.4, 0.4), 1.1, 0.9
    generator = np.zeros((1, 21))
    generator[0, [0, 5, 6, 7]] = 1, 1.02, 1.0, 1
    branch = np.zeros((2, 13))
    branch[:, 0], branch[:, 1], branch[:, 10] = (1, 2), (2, 3), 1
    branch[:, 2], branch[:, 3] = (0.02, 0.3), (0.12, 0.1)
    branch[0, [5, 8]] = rating_mva, 1.025
    return {"version": "2", "baseMVA": 1.0, "bus": bus, "gen": generator, "branch": branch}


@pytest.mark.parametrize(("rating_mva", "written"), [(0.0, 99_999.0), (9_900.0, 9_900.0)])
def test_an_unrated_transformer_of_a_matpower_case(rating_mva: float, written: float, tmp_path: Path) -> None:
    net = from_ppc(matpower_case(rating_mva), f_hz=50)
    assert net.trafo.sn_mva.tolist() == [written]
    assert net.trafo.vk_percent[0] > 1e4
    network = assert_like_pandapower(net, tmp_path)
    notice = "not rated (sn_mva is a placeholder), and so never overloaded: 1 transformer (0)"
    assert notice in network.notices
    at = [index for index, kind in enumerate(network.elements.kind) if kind is ElementKind.TRANSFORMER]
    assert len(at) == 1
    assert np.isinf(network.branches.rating_from_kva[network.branches.element == at[0]]).all()
    assert np.isinf(network.verification_model.rating_to_a[at]).all()
    p_kw, q_kvar = random_injections(network, 60.0)
    assert_carried(network, carried(net), p_kw, q_kvar)


@pytest.mark.parametrize("change", [{"parallel": 2}, {"df": 0.9}, {"vn_lv_kv": 0.42}, {"vn_hv_kv": 21.0}])
def test_an_unrated_transformer_is_carried_whatever_else_it_has(change: dict[str, Any]) -> None:
    net = from_ppc(matpower_case(0.0), f_hz=50)
    net.trafo = net.trafo.assign(**change)
    network = carried(net)
    assert network.elements.kind.count(ElementKind.TRANSFORMER) == 1
    assert any("without a rating" in notice for notice in network.notices)
    assert np.isinf(network.branches.rating_from_kva).any()


def test_a_rated_transformer_is_still_asked_about_its_unit(tmp_path: Path) -> None:
    with pytest.raises(InvalidCase, match=r"trafo 0 vk_percent '400' is not from 0 to 100"):
        compile_source(as_file(feeder(vk_percent=400.0), tmp_path))


def test_what_stands_for_not_rated() -> None:
    ratings = np.array([9_900.0, 99_999.0, 1e5, 1e10, np.inf, np.nan, 0.0, 250.0, 9_899.0, 9_000.0, 99.999])
    assert is_placeholder(ratings).tolist() == [True] * 5 + [False] * 6
    assert is_placeholder_power(ratings).tolist() == [True] * 5 + [False] * 5 + [True]


def column(*values: Any) -> dict[str, Any]:
    return {str(index): value for index, value in enumerate(values)}


OLD_EMPTY_TABLES = {
    "switch": ("bus", "element", "et", "type", "closed", "name"),
    "sgen": ("name", "bus", "p_kw", "q_kvar", "sn_kva", "scaling", "in_service", "type"),
    "gen": ("name", "bus", "p_kw", "vm_pu", "sn_kva", "min_q_kvar", "max_q_kvar", "in_service", "type"),
    "shunt": ("bus", "name", "q_kvar", "p_kw", "in_service"),
    "impedance": (
        "name",
        "from_bus",
        "to_bus",
        "rft_pu",
        "xft_pu",
        "rtf_pu",
        "xtf_pu",
        "sn_kva",
        "in_service",
    ),
}


def old_file() -> dict[str, Any]:
    """A file as pandapower 1.2 wrote it: tables at the top, kVA, and other names of columns."""
    line = {"name": column("A", None), "std_type": column(None, None)}
    line |= {"from_bus": column(1, 2), "to_bus": column(2, 3), "length_km": column(0.08, 0.05)}
    line |= {"r_ohm_per_km": column(0.32, 0.2), "x_ohm_per_km": column(0.08, 0.07)}
    line |= {"c_nf_per_km": column(400.0, 250.0), "max_i_ka": column(0.2, 0.27), "df": column(1.0, 1.0)}
    line |= {"parallel": column(1, 1), "type": column("cs", "cs"), "in_service": column(True, True)}
    trafo = {"name": column("T"), "std_type": column(None), "hv_bus": column(0), "lv_bus": column(1)}
    trafo |= {"sn_kva": column(250.0), "vn_hv_kv": column(10.0), "vn_lv_kv": column(0.4)}
    trafo |= {"vsc_percent": column(4.0), "vscr_percent": column(1.2), "pfe_kw": column(0.6)}
    trafo |= {"i0_percent": column(0.4), "shift_degree": column(0.0), "tp_side": column("hv")}
    trafo |= {"tp_mid": column(0), "tp_min": column(-2), "tp_max": column(2), "tp_st_percent": column(2.5)}
    trafo |= {"tp_st_degree": column(0.0), "tp_pos": column(-1), "parallel": column(1)}
    trafo |= {"in_service": column(True)}
    bus = {"name": column("MV", "LV", "a", "b"), "vn_kv": column(10.0, 0.4, 0.4, 0.4)}
    bus |= {"type": column(*"bbbb"), "zone": column(*[None] * 4), "in_service": column(*[True] * 4)}
    grid = {"name": column(None), "bus": column(0), "vm_pu": column(1.01), "va_degree": column(0.0)}
    grid |= {"in_service": column(True)}
    load = {"name": column("l"), "bus": column(3), "p_kw": column(5.0), "q_kvar": column(1.0)}
    load |= {"sn_kva": column(None), "scaling": column(1.0), "in_service": column(True), "type": column(None)}
    tables: dict[str, Any] = {
        name: {key: {} for key in columns} for name, columns in OLD_EMPTY_TABLES.items()
    }
    tables |= {"bus": bus, "line": line, "trafo": trafo, "ext_grid": grid, "load": load}
    return tables | {
        "name": "old",
        "f_hz": 50.0,
        "sn_kva": 1000.0,
        "version": 1.2,
        "converged": False,
        "std_types": {"line": {}, "trafo": {}, "trafo3w": {}},
    }


def with_marked_tables(content: dict[str, Any]) -> dict[str, Any]:
    """The same as pandapower 1.6.0 wrote it: each table is marked, the net is not."""
    marked = dict(content, version="1.6.0")
    for table in ("bus", "line", "trafo", "ext_grid", "load", *OLD_EMPTY_TABLES):
        columns = list(content[table])
        index = [int(row) for row in content[table][columns[0]]]
        data = [[content[table][column][str(row)] for column in columns] for row in index]
        marked[table] = {
            "_module": "pandas.core.frame",
            "_class": "DataFrame",
            "orient": "split",
            "dtype": {column: "object" for column in columns if "bus" not in column},
            "_object": json.dumps({"columns": columns, "index": index, "data": data}),
        }
    return marked


@pytest.mark.parametrize("change", [dict, with_marked_tables], ids=["1.2", "1.6"])
def test_an_old_file_whose_tables_stand_at_the_top(
    change: Callable[[dict[str, Any]], dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "network.json").write_text(json.dumps(change(old_file())), encoding="utf-8")
    network = compile_source(NetworkSource(file=tmp_path / "network.json"))
    assert network.bus_names == ("MV", "LV", "a", "b")
    assert network.notices == ("ignored in the network file: 1 load; participants bring their own",)
    plain = feeder(3, shift_degree=0.0, tap_side="hv", tap_neutral=0, tap_pos=-1, tap_min=-2, tap_max=2)
    plain.trafo["tap_step_percent"], plain.trafo["tap_changer_type"] = 2.5, "Ratio"
    plain.ext_grid["vm_pu"] = 1.01
    for name, values in (
        ("length_km", (0.08, 0.05)),
        ("r_ohm_per_km", (0.32, 0.2)),
        ("x_ohm_per_km", (0.08, 0.07)),
        ("c_nf_per_km", (400.0, 250.0)),
    ):
        plain.line[name] = values
    plain.line["g_us_per_km"] = 0.0
    p_kw, q_kvar = random_injections(network, 60.0)
    run_pandapower(plain, network, p_kw[0], q_kvar[0], init="flat", tolerance_mva=1e-12)
    voltage = own_voltages(network, p_kw, q_kvar)[0]
    np.testing.assert_allclose(plain.res_bus.vm_pu, voltage, rtol=0, atol=1e-9)


FLAGS = [(1, 0), (1.0, 0.0), ("true", "false"), ("True", "False"), ("1", "0")]


@pytest.mark.parametrize(("on", "off"), FLAGS, ids=str)
def test_flags_in_every_spelling(on: Any, off: Any, tmp_path: Path) -> None:
    net = with_everything()
    add_line(net, 3, 7, in_service=False)
    expected = compile_source(as_file(net, tmp_path))
    for table, name in (
        *((table, "in_service") for table in ("bus", "line", "trafo", "impedance", "shunt", "ext_grid")),
        ("switch", "closed"),
    ):
        values = [on if flag else off for flag in net[table][name]]
        net[table][name] = np.array(values, dtype=object)
    network = compile_source(as_file(net, tmp_path))
    assert network.elements.id.tolist() == expected.elements.id.tolist()
    np.testing.assert_array_equal(network.admittance.toarray(), expected.admittance.toarray())


def test_indices_with_a_point_and_values_that_are_not_given(tmp_path: Path) -> None:
    net = with_everything()
    expected = compile_source(as_file(net, tmp_path))
    net.line["from_bus"] = net.line["from_bus"].astype(float)
    net.switch["element"] = net.switch["element"].astype(float)
    net.bus.index = net.bus.index.astype(float)
    for table, name in (
        ("line", "parallel"),
        ("line", "df"),
        ("trafo", "parallel"),
        ("trafo", "df"),
        ("switch", "z_ohm"),
        ("impedance", "gf_pu"),
        ("ext_grid", "va_degree"),
    ):
        net[table][name] = np.array([None] * len(net[table]), dtype=object)
    pp.create_gen(net, 3, p_mw=0.01)
    net.gen["slack"] = np.array([None], dtype=object)
    net.trafo["tap_dependency_table"] = np.array(["false"], dtype=object)
    network = compile_source(as_file(net, tmp_path))
    assert network.bus_ids.tolist() == expected.bus_ids.tolist()
    np.testing.assert_array_equal(network.admittance.toarray(), expected.admittance.toarray())


def test_flags_and_indices_that_are_none_are_named_at_once(tmp_path: Path) -> None:
    net = feeder()
    net.line["in_service"] = np.array([True, "maybe", None, True], dtype=object)
    net.line["from_bus"] = np.array([1, 2.5, 3, 4], dtype=object)
    with pytest.raises(InvalidCase) as caught:
        compile_source(as_file(net, tmp_path))
    said = [str(problem) for problem in caught.value.problems]
    remedy = "(write true or false, or 1 or 0)"
    assert f"network.json: line 1 in_service 'maybe' is neither true nor false {remedy}" in said
    assert f"network.json: line 2 in_service 'None' is neither true nor false {remedy}" in said
    assert "network.json: line 1 from_bus '2.5' is not a bus" in said


def test_a_reference_that_is_no_whole_number_is_not_rounded(tmp_path: Path) -> None:
    net = feeder()
    net.line["to_bus"] = net.line["to_bus"] + 0.5
    with pytest.raises(InvalidCase, match=r"line 0 to_bus '2\.5' is not a bus"):
        compile_source(as_file(net, tmp_path))


def test_a_bus_index_that_is_a_text(tmp_path: Path) -> None:
    net = feeder()
    net.bus.index = ["a", 1, 2, 3, 4, 5]
    with pytest.raises(InvalidCase, match="bus index 'a' is not a whole number"):
        compile_source(as_file(net, tmp_path))


@pytest.mark.parametrize("shape", ["split", "missing"])
def test_zero_sequence_data_play_no_part(shape: str, tmp_path: Path) -> None:
    net = feeder(shift_degree=0.0)
    expected = compile_source(as_file(net, tmp_path)).admittance.toarray()
    for value in (0.0, np.nan):
        for name in ("r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km", "g0_us_per_km"):
            net.line[name] = value
        for name in ("vk0_percent", "vkr0_percent", "mag0_percent", "mag0_rx", "si0_hv_partial", "xn_ohm"):
            net.trafo[name] = value
        net.trafo["vector_group"] = "Dyn" if shape == "split" else None
        for name in ("r0x0_max", "x0x_max", "s_sc_max_mva", "rx_max"):
            net.ext_grid[name] = value
        network = compile_source(as_file(net, tmp_path))
        np.testing.assert_array_equal(network.admittance.toarray(), expected)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError("Unable to allocate 29.8 GiB for an array"), "takes more memory than there is"),
        (RecursionError("maximum recursion depth exceeded"), "is nested too deeply"),
        (KeyError("vn_kv"), "lacks 'vn_kv'"),
        (ModuleNotFoundError("No module named 'geopandas'", name="geopandas"), "install geopandas"),
        (
            AttributeError("'NoneType' object has no attribute 'bus'"),
            "cannot be used as a network (see whether",
        ),
        (ValueError("PPJSONDecoder failed"), "cannot be used as a network (see whether"),
        (RuntimeError("Factor is exactly singular"), "as a network: Factor is exactly singular (see whether"),
    ],
)
def test_what_a_library_raises_is_a_problem_in_words(
    error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise error

    source = as_file(feeder(), tmp_path)
    monkeypatch.setattr(pp, "from_json_string", failing)
    with pytest.raises(InvalidCase) as caught:
        compile_source(source)
    (problem,) = caught.value.problems
    assert said in str(problem)
    assert problem.remedy
    assert not library_errors.PROGRAM_WORDS.search(problem.what)


def test_a_builtin_that_fails_asks_for_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        pytest.raises(InvalidCase, match=r"cannot be used as a network \(please report this network"),
        library_errors.problems_of_libraries(NetworkSource(builtin="pandapower/cigre_lv")),
    ):
        raise TypeError("unsupported operand")
