"""Networks of tables are those that pandapower makes of the same numbers; wrong ones are refused by row."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridpact.errors import GridpactError, InvalidCase, InvalidUsage
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import bus_voltage_pu, run_power_flow
from gridpact.grid.network import Network
from gridpact.grid.network_model import NetworkModel
from gridpact.grid.source import NetworkSource
from gridpact.imports.network.import_network import ImportedNetwork, import_network
from gridpact.imports.network.network_columns import NETWORK_TABLES
from tests.documentation import read_page
from tests.imports.portal_files import write_xlsx

ROOT = Path(__file__).parents[2]
Table = list[list[str]]
BUSES: Table = [
    ["name", "vn_kv", "supply", "vm_pu"],
    ["UW", "20", "true", "1.02"],
    ["NS", "0.4", "", ""],
    ["KV 1", "0.4", "", ""],
    ["HA1", "0.4", "", ""],
    ["HA2", "0.4", "no", ""],
]
LINES: Table = [
    ["name", "from_bus", "to_bus", "length_km", "std_type", "r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km",
     "max_i_ka", "parallel", "in_service"],
    ["main", "NS", "KV 1", "0.12", "NAYY 4x150 SE", "", "", "", "", "2", ""],
    ["a", "KV 1", "HA1", "0.025", "", "0.642", "0.083", "210", "0.142", "", ""],
    ["b", "KV 1", "HA2", "0.04", "NAYY 4x50 SE", "", "", "", "", "", "true"],
    ["spare", "NS", "HA2", "0.04", "NAYY 4x50 SE", "", "", "", "", "", "false"],
]  # fmt: skip
TRANSFORMERS: Table = [
    ["name", "hv_bus", "lv_bus", "std_type", "sn_mva", "vn_hv_kv", "vn_lv_kv", "vk_percent", "vkr_percent",
     "pfe_kw", "i0_percent", "shift_degree", "tap_side", "tap_neutral", "tap_min", "tap_max",
     "tap_step_percent", "tap_pos"],
    ["T1", "UW", "NS", "0.4 MVA 20/0.4 kV", *[""] * 13, "-1"],
    ["T2", "UW", "NS", "", "0.63", "20", "0.4", "6", "1.206", "1.65", "0.2619", "150", "hv", "0", "-2", "2",
     "2.5", "-1"],
]  # fmt: skip


def by_pandapower() -> pp.pandapowerNet:
    """The same network, built by pandapower's own calls."""
    net = pp.create_empty_network()
    uw, ns, kv, first, second = (
        pp.create_bus(net, kilovolt, name=name)
        for name, kilovolt in (("UW", 20.0), ("NS", 0.4), ("KV 1", 0.4), ("HA1", 0.4), ("HA2", 0.4))
    )
    pp.create_ext_grid(net, uw, vm_pu=1.02)
    pp.create_line(net, ns, kv, 0.12, "NAYY 4x150 SE", parallel=2, name="main")
    pp.create_line_from_parameters(net, kv, first, 0.025, 0.642, 0.083, 210, 0.142, name="a")
    pp.create_line(net, kv, second, 0.04, "NAYY 4x50 SE", name="b")
    pp.create_line(net, ns, second, 0.04, "NAYY 4x50 SE", name="spare", in_service=False)
    pp.create_transformer(net, uw, ns, "0.4 MVA 20/0.4 kV", tap_pos=-1, name="T1")
    pp.create_transformer(net, uw, ns, "0.63 MVA 20/0.4 kV", tap_pos=-1, name="T2")
    return net


def loaded(net: pp.pandapowerNet) -> pp.pandapowerNet:
    """With loads at the last two buses, solved by pandapower."""
    for bus, power in ((3, 0.02), (4, -0.03)):
        pp.create_load(net, bus, p_mw=power, q_mvar=power / 5)
    pp.runpp(net, tolerance_mva=1e-11)
    return net


def voltages(network: Network) -> np.ndarray:
    """What gridpact makes of the same loads."""
    power = np.zeros((1, network.nodes))
    power[0, network.bus_node[[3, 4]]] = (-20.0, 30.0)
    flow = run_power_flow(network, power, power / 5)
    assert flow.converged.all()
    return bus_voltage_pu(network, flow)[0]


def write(folder: Path, separator: str = ",", decimal: str = ".", **tables: Table) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in {"buses": BUSES, "lines": LINES, "transformers": TRANSFORMERS, **tables}.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8-sig") as file:
            numbers = re.compile(r"-?\d+\.\d+")
            cells = [
                [cell.replace(".", decimal) if numbers.fullmatch(cell) else cell for cell in row]
                for row in rows
            ]
            csv.writer(file, delimiter=separator).writerows(cells)
    return folder


def made(path: Path, out: Path) -> tuple[ImportedNetwork, Network]:
    imported = import_network(path, out)
    return imported, compile_source(NetworkSource(file=out))


@pytest.mark.parametrize(
    ("kind", "separator", "decimal"), [("csv", ",", "."), ("csv", ";", ","), ("xlsx", "", "")]
)
def test_the_power_flow_is_that_of_the_network_that_pandapower_makes(
    tmp_path: Path, kind: str, separator: str, decimal: str
) -> None:
    if kind == "csv":
        path = write(tmp_path / "tables", separator, decimal)
    else:
        sheets = {"Buses": BUSES, "Lines": LINES, "Transformers": TRANSFORMERS, "Notes": [["x"]]}
        path = write_xlsx(tmp_path / "network.xlsx", sheets)
    imported, network = made(path, tmp_path / "out" / "network.json")
    direct = loaded(by_pandapower())
    ours = loaded(pp.from_json(str(tmp_path / "out" / "network.json")))
    np.testing.assert_allclose(ours.res_bus.vm_pu, direct.res_bus.vm_pu, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.res_line.loading_percent, direct.res_line.loading_percent, atol=1e-9)
    np.testing.assert_allclose(voltages(network), direct.res_bus.vm_pu, rtol=0, atol=1e-8)
    assert network.bus_names == ("UW", "NS", "KV 1", "HA1", "HA2")
    assert [bus["name"] for bus in imported.facts["buses"] if bus["supply"]] == ["UW"]
    assert [line["name"] for line in imported.facts["lines"]] == ["main", "a", "b"]


def test_the_zero_sequence_makes_a_network_of_three_phases(tmp_path: Path) -> None:
    lines = [
        [*row, *extra]
        for row, extra in zip(
            LINES,
            (["r0_ohm_per_km", "x0_ohm_per_km", "c0_nf_per_km"], *[["2.5", "0.3", "200"]] * 4),
            strict=True,
        )
    ]
    names = ["vector_group", "vk0_percent", "vkr0_percent", "mag0_percent", "mag0_rx", "si0_hv_partial"]
    zero = (names, *[["Dyn5", "6", "1.4", "100", "0", "0.9"]] * 2)
    transformers = [[*row, *extra] for row, extra in zip(TRANSFORMERS, zero, strict=True)]
    import_network(
        write(tmp_path / "tables", lines=lines, transformers=transformers), tmp_path / "network.json"
    )
    source = NetworkSource(file=tmp_path / "network.json", model=NetworkModel.THREE_PHASE)
    assert compile_source(source).is_three_phase


def changed(table: Table, row: int, name: str, value: str) -> Table:
    place = table[0].index(name)
    return [
        [value if (k, at) == (row, place) else cell for at, cell in enumerate(cells)]
        for k, cells in enumerate(table)
    ]


def refusal(path: Path, out: Path) -> list[str]:
    with pytest.raises(InvalidCase) as refused:
        import_network(path, out)
    assert not out.exists()
    return [str(problem).replace(f"{path}/", "") for problem in refused.value.problems]


def test_every_problem_of_the_tables_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    lines = changed(changed(LINES, 1, "std_type", "NAYY 4x150"), 2, "to_bus", "HA9")
    lines = changed(changed(lines, 2, "length_km", "-1"), 2, "max_i_ka", "")
    lines = changed(changed(lines, 3, "r_ohm_per_km", "1"), 4, "in_service", "perhaps")
    lines = changed(changed(lines, 4, "to_bus", "NS"), 1, "parallel", "1.5")
    buses = changed(changed(changed(BUSES, 3, "vn_kv", "x"), 5, "name", "HA1"), 1, "supply", "")
    transformers = [["name", "hv_bus", "lv_bus", "std_typ"], ["T1", "UW", "", "0.4 MVA 20/0.4 kV"]]
    path = write(tmp_path / "t", buses=buses, lines=lines, transformers=transformers)
    said = refusal(path, tmp_path / "network.json")
    for place, words in (
        ("buses.csv line 2", "lacks a bus with a supply (write true in the column supply"),
        ("buses.csv line 4", "vn_kv 'x' is no number"),
        ("buses.csv line 6", "name 'HA1' is there more than once"),
        ("lines.csv line 2", "parallel '1.5' is no whole number"),
        (
            "lines.csv line 2",
            "std_type 'NAYY 4x150' is no standard type of pandapower (did you mean 'NAYY 4x150 SE'?)",
        ),
        ("lines.csv line 3", "to_bus 'HA9' is not in buses.csv"),
        ("lines.csv line 3", "length_km '-1' is not above 0"),
        ("lines.csv line 3", "lacks max_i_ka (or name a standard type"),
        ("lines.csv line 4", "std_type 'NAYY 4x50 SE' stands beside r_ohm_per_km"),
        ("lines.csv line 5", "in_service 'perhaps' is neither true nor false"),
        ("lines.csv line 5", "to_bus 'NS' is its from_bus too"),
        ("transformers.csv line 1", "std_typ is not a known column (did you mean 'std_type'?)"),
        ("transformers.csv line 2", "lv_bus is missing"),
    ):
        assert any(each.startswith(f"{place}: ") and words in each for each in said), (words, said)


def test_what_is_wrong_with_the_network_is_said_of_its_row(tmp_path: Path) -> None:
    lines = changed(changed(LINES, 2, "max_i_ka", "142"), 3, "length_km", "40")
    transformers = changed(TRANSFORMERS, 2, "vn_hv_kv", "10")
    said = refusal(write(tmp_path / "t", lines=lines, transformers=transformers), tmp_path / "network.json")
    assert any(each.startswith("lines.csv line 3: ") and "is the value in A?" in each for each in said), said
    assert any(each.startswith("lines.csv line 4: ") and "is the value in m?" in each for each in said), said


def test_a_transformer_that_fits_no_bus_is_said_of_its_row(tmp_path: Path) -> None:
    said = refusal(
        write(tmp_path / "t", transformers=changed(TRANSFORMERS, 2, "vn_hv_kv", "10")),
        tmp_path / "network.json",
    )
    assert any(
        each.startswith("transformers.csv line 3: ") and "trafo 1 is rated 10/0.4 kV" in each for each in said
    ), said


def test_tables_that_are_missing_or_there_twice(tmp_path: Path) -> None:
    folder = write(tmp_path / "t")
    (folder / "buses.csv").rename(folder / "bus.csv")
    assert "has no table buses" in refusal(folder, tmp_path / "n.json")[0]
    (folder / "bus.csv").rename(folder / "buses.csv")
    write_xlsx(folder / "buses.xlsx", {"a": BUSES})
    assert "only one of them can be the table" in refusal(folder, tmp_path / "n.json")[0]
    assert "name the folder that holds them" in refusal(folder / "lines.csv", tmp_path / "n.json")[0]
    assert "does not exist" in refusal(tmp_path / "nowhere", tmp_path / "n.json")[0]


def test_a_bus_that_no_supply_reaches_is_a_notice(tmp_path: Path) -> None:
    folder = write(tmp_path / "t", buses=[*BUSES, ["lonely", "0.4", "", ""]])
    imported, _ = made(folder, tmp_path / "n.json")
    assert imported.notices == ("no supply reaches lonely: nobody can be connected there",)


def test_only_a_network_of_pandapower_is_replaced(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "t"), tmp_path / "network.json"
    made(folder, out)
    made(folder, out)
    out.write_text(json.dumps({"mine": 1}))
    with pytest.raises(InvalidUsage, match="is no network of pandapower"):
        import_network(folder, out)
    with pytest.raises(InvalidUsage, match="no network file by its name"):
        import_network(folder, tmp_path / "network.txt")
    assert json.loads(out.read_text()) == {"mine": 1}


@pytest.mark.parametrize("schema", NETWORK_TABLES, ids=lambda schema: schema.name)
def test_the_page_names_every_column_and_no_other(schema: object) -> None:
    page = read_page("own-network")
    section = page.split(f"\n### {schema.name}\n")[1].split("\n#")[0]  # type: ignore[attr-defined]
    named = [
        name
        for row in re.findall(r"^\| (.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    ]
    assert named == [column.name for column in schema.columns]  # type: ignore[attr-defined]


JUNK = (
    "",
    "x",
    "-1",
    "0",
    "1e9",
    "nan",
    "inf",
    "0,5",
    "true",
    "HA1",
    "UW",
    "NAYY 4x50 SE",
    "hv",
    " ",
    "=1+1",
    "1.234,5",
)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damaged_tables_are_refused_in_words_or_make_a_network(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    tables = {"buses": BUSES, "lines": LINES, "transformers": TRANSFORMERS}
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(list(tables)))
        rows = tables[name]
        row = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.sampled_from(rows[0]))
        if column:
            tables[name] = changed(rows, row, column, data.draw(st.sampled_from(JUNK)))
    try:
        made(write(folder / "t", **tables), folder / "network.json")
    except GridpactError as error:
        assert not re.search(r"Error|Exception|Traceback|pandapower\.", str(error)), str(error)
        assert not (folder / "network.json").exists()
