"""Converting a case: the same tables, the same network as power-grid-model's JSON, the same results."""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pytest
from click.testing import Result
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import gridpact
from gridpact.case import TableFormat
from gridpact.case.conversion.convert import Conversion, convert_case
from gridpact.case.folder.case_files import CaseFiles
from gridpact.case.folder.opener import TableOpener
from gridpact.case.reading.problems import Problems
from gridpact.case.schema import METERS, SHARING
from gridpact.cli import app
from gridpact.errors import InvalidCase, InvalidUsage
from gridpact.grid.compile import compile_source
from gridpact.grid.network import ElementKind
from gridpact.grid.pandapower.from_pandapower import network_from_pandapower
from gridpact.grid.pandapower.power_grid_model_json import power_grid_model_json
from gridpact.grid.source import NetworkSource
from tests.agreement import assert_carried, carried, random_injections
from tests.example import write_example
from tests.unit.test_grid_from_pandapower import add_line, feeder

ROOT = Path(__file__).parents[2]
SOURCE = NetworkSource(builtin="test")
SHARING_ROWS = """\
time,participant,coefficient,priority
,home-1,0.25,
2016-06-09T12:00,home-2,0.5,1
"""


def examples() -> list[str]:
    return ["cigre-lv-day", "cigre-lv-extreme", "village-day", "clock-back-day", "clock-forward-day"]


def converted(folder: Path, out: Path, table_format: TableFormat) -> Conversion:
    return convert_case(folder, out, table_format)


def assert_same_case(first: Any, second: Any, place: str = "case") -> None:
    """Two cases are equal but for where their network lies and what format their tables have."""
    if place in ("case.network", "case.table_format", "case.inputs_sha256", "case.warnings"):
        return
    if is_dataclass(first):
        for field in fields(first):
            assert_same_case(getattr(first, field.name), getattr(second, field.name), f"{place}.{field.name}")
    elif isinstance(first, np.ndarray):
        np.testing.assert_array_equal(first, second, err_msg=place)
    else:
        assert first == second, place


@pytest.mark.parametrize("name", examples())
def test_a_converted_case_reads_as_the_case_and_clears_to_the_same(name: str, tmp_path: Path) -> None:
    folder = ROOT / "examples" / name
    conversion = converted(folder, tmp_path / "fast", TableFormat.PARQUET)
    assert conversion.left == tuple(sorted({path.name for path in folder.iterdir()} & {"README.md"}))
    assert conversion.difference.voltage_pu < 1e-11
    case, fast = gridpact.read_case(folder), gridpact.read_case(tmp_path / "fast")
    assert fast.table_format is TableFormat.PARQUET
    assert_same_case(case, fast)
    first, second = gridpact.clear(case), gridpact.clear(fast)
    for table, columns in (
        ("cleared", ("cleared_kw",)),
        ("schedule", ("net_injection_kw", "curtailed_kw")),
        ("network_state", ("baseline", "cleared")),
        ("exchange", ("baseline_import_kw", "import_kw", "losses_kw")),
        ("limits", ("value", "shadow_price")),
    ):
        one, other = getattr(first, table), getattr(second, table)
        rest = [column for column in one.columns if one[column].dtype == object]
        assert one[rest].equals(other[rest]), table
        for column in columns:
            np.testing.assert_allclose(other[column], one[column], rtol=0, atol=1e-5, err_msg=column)


def test_back_in_csv_it_is_the_case_again(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    converted(folder, tmp_path / "fast", TableFormat.PARQUET)
    conversion = converted(tmp_path / "fast", tmp_path / "back", TableFormat.CSV)
    assert conversion.network_is_unchanged
    assert conversion.files == (
        "case.toml",
        "network.json",
        "orders.csv",
        "participants.csv",
        "profiles.csv",
        "trades.csv",
    )
    assert_same_case(gridpact.read_case(folder), gridpact.read_case(tmp_path / "back"))
    content = [(tmp_path / name / "network.json").read_bytes() for name in ("fast", "back")]
    assert content[0] == content[1]


def test_a_builtin_stays_one_in_csv(tmp_path: Path) -> None:
    conversion = converted(ROOT / "examples" / "cigre-lv-day", tmp_path / "out", TableFormat.CSV)
    assert conversion.network_is_unchanged
    assert not (tmp_path / "out" / "network.json").exists()
    assert gridpact.read_case(tmp_path / "out").network.builtin == "pandapower/cigre_lv"


def test_what_settlement_takes_goes_with_the_case(tmp_path: Path) -> None:
    source = ROOT / "examples" / "simbench-rural-june"
    folder = tmp_path / "case"
    folder.mkdir()
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "sharing.csv").write_text(SHARING_ROWS)
    (folder / "notes.txt").write_text("mine")
    conversion = converted(folder, tmp_path / "fast", TableFormat.PARQUET)
    assert conversion.left == ("README.md", "notes.txt")
    assert {"meters.parquet", "sharing.parquet", "tariffs.toml"} <= set(conversion.files)
    converted(tmp_path / "fast", tmp_path / "back", TableFormat.CSV)
    case = gridpact.read_case(folder)
    for name in ("fast", "back"):
        assert (tmp_path / name / "tariffs.toml").read_bytes() == (folder / "tariffs.toml").read_bytes()
        for schema, texts, numbers in (
            (METERS, ["participant"], ["import_kwh", "export_kwh"]),
            (SHARING, ["participant"], ["coefficient", "priority"]),
        ):
            problems = Problems()
            readers = [
                TableOpener(CaseFiles(each, problems), problems).table(schema)
                for each in (folder, tmp_path / name)
            ]
            assert readers[0] is not None and readers[1] is not None
            for column in texts:
                assert readers[0].names(column).texts() == readers[1].names(column).texts()
            for column in numbers:
                np.testing.assert_array_equal(readers[0].number(column), readers[1].number(column))
            times = [reader.instant("time", case.horizon) for reader in readers if reader is not None]
            np.testing.assert_array_equal(*times)
            assert not len(problems)


def test_a_problem_in_what_settlement_takes_is_refused(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    (folder / "meters.csv").write_text("time,participant,import_kwh,export_kwh\nnow,h1,x,-1\n")
    with pytest.raises(InvalidCase) as caught:
        converted(folder, tmp_path / "out", TableFormat.PARQUET)
    assert [(problem.file, problem.field) for problem in caught.value.problems] == [
        ("meters.csv", "time"),
        ("meters.csv", "import_kwh"),
        ("meters.csv", "export_kwh"),
    ]


def test_a_power_grid_model_file_stays_as_it_is(tmp_path: Path) -> None:
    first = converted(write_example(tmp_path / "case"), tmp_path / "one", TableFormat.PARQUET)
    second = converted(tmp_path / "one", tmp_path / "two", TableFormat.PARQUET)
    assert not first.network_is_unchanged and second.network_is_unchanged
    assert second.difference.voltage_pu == second.difference.loading_percent == 0.0
    assert first.files == second.files
    for name in first.files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_lines_and_transformers_are_called_as_before() -> None:
    net = feeder()
    net.line["name"] = [f"cable {index}" for index in range(4)]
    network, other = network_from_pandapower(net, SOURCE), carried(net)
    assert other.elements.id.tolist() == network.elements.id.tolist() == [0, 1, 2, 3, 0]
    assert other.elements.name[:4] == ("cable 0", "cable 1", "cable 2", "cable 3")
    assert other.verification_model.element_component_id.tolist() == [1000, 1001, 1002, 1003, 2000]
    assert other.elements.kind == (ElementKind.LINE,) * 4 + (ElementKind.TRANSFORMER,)


def test_a_tap_changer_is_carried_as_such() -> None:
    net = feeder(
        tap_side="hv",
        tap_neutral=0,
        tap_min=-2,
        tap_max=2,
        tap_pos=-1,
        tap_step_percent=2.5,
        tap_step_degree=0.0,
        tap_changer_type="Ratio",
    )
    data = json.loads(power_grid_model_json(net, SOURCE))["data"]
    (transformer,) = data["transformer"]
    given = {name: transformer[name] for name in transformer if name.startswith("tap")}
    assert given == {
        "tap_side": 0,
        "tap_pos": -1,
        "tap_min": -2,
        "tap_max": 2,
        "tap_nom": 0,
        "tap_size": 250.0,
    }
    assert (transformer["u1"], transformer["u2"], transformer["clock"]) == (10e3, 400.0, 5)
    assert transformer["sn"] == pytest.approx(250e3)
    assert transformer["uk"] == pytest.approx(0.04, rel=1e-3)


def test_a_phase_shift_between_the_clocks_is_a_generic_branch_with_its_rating() -> None:
    net = feeder(shift_degree=37.0, vn_hv_kv=10.5, vn_lv_kv=0.42, df=0.8, parallel=2)
    data = json.loads(power_grid_model_json(net, SOURCE))["data"]
    assert "transformer" not in data
    network = network_from_pandapower(net, SOURCE)
    assert_carried(network, carried(net), *random_injections(network, 60.0))


def without_capacitance(net: Any) -> None:
    net.line.loc[2, "c_nf_per_km"] = 0.0


def shifted_and_unlike_the_buses(net: Any) -> None:
    net.trafo["shift_degree"], net.trafo["vn_lv_kv"] = 37.0, 0.41


def numbered_below_zero(net: Any) -> None:
    net.line.index = [-4, 1, 2, 3]


def numbered_above_all_ids(net: Any) -> None:
    net.line.index = [10**9, 1, 2, 3]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_capacitance, "line 2 g_us_per_km stands without a capacitance"),
        (shifted_and_unlike_the_buses, "trafo 0 has a phase shift that is no multiple of 30°, and rated"),
        (numbered_below_zero, "line index '-4' is negative"),
        (numbered_above_all_ids, "are too large for the ids"),
    ],
)
def test_what_cannot_be_carried_exactly_is_refused_with_a_remedy(
    change: Callable[[Any], None], said: str
) -> None:
    net = feeder()
    change(net)
    with pytest.raises(InvalidCase) as caught:
        power_grid_model_json(net, SOURCE)
    (problem,) = caught.value.problems
    assert said in str(problem)
    assert problem.remedy


def test_a_refused_network_leaves_nothing(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    net = feeder(8)
    without_capacitance(net)
    (folder / "network.json").write_text(pp.to_json(net, filename=None))
    text = (folder / "case.toml").read_text()
    (folder / "case.toml").write_text(
        text.replace('builtin = "pandapower/kerber_landnetz_freileitung_2"', 'file = "network.json"')
    )
    done = CliRunner().invoke(
        app, ["convert", str(folder), "--to", "parquet", "--out", str(tmp_path / "out")]
    )
    assert isinstance(done.exception, InvalidCase)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]


whole = st.integers(-8, 8)


def nothing_or(low: float, high: float) -> st.SearchStrategy[float]:
    return st.just(0.0) | st.floats(low, high)


@settings(deadline=None, max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(
    side=st.sampled_from(["hv", "lv"]),
    position=whole,
    neutral=whole,
    bounds=st.tuples(whole, whole),
    percent=nothing_or(0.1, 0.5) | st.floats(-0.5, -0.1),  # of up to 16 steps
    plate=st.tuples(
        st.floats(1.0, 12.0), nothing_or(0.05, 0.95), nothing_or(0.01, 3.0), nothing_or(0.01, 2.0)
    ),
    voltages=st.tuples(st.floats(9.6, 10.4), st.floats(0.39, 0.41)),
    shift=st.sampled_from([0.0, 30.0, 150.0, -30.0, 330.0, 180.0]),
    parallel=st.integers(1, 3),
    df=st.floats(0.3, 1.0),
)
def test_any_transformer_is_carried_exactly(
    side: str,
    position: int,
    neutral: int,
    bounds: tuple[int, int],
    percent: float,
    plate: tuple[float, float, float, float],
    voltages: tuple[float, float],
    shift: float,
    parallel: int,
    df: float,
) -> None:
    net = feeder(
        4,
        vk_percent=plate[0],
        vkr_percent=plate[0] * plate[1],
        i0_percent=plate[2],
        pfe_kw=plate[3],
        vn_hv_kv=voltages[0],
        vn_lv_kv=voltages[1],
        shift_degree=shift,
        parallel=parallel,
        df=df,
        tap_side=side,
        tap_pos=position,
        tap_neutral=neutral,
        tap_min=min(bounds),
        tap_max=max(bounds),
        tap_step_percent=percent,
        tap_step_degree=0.0,
        tap_changer_type="Ratio",
    )
    network = network_from_pandapower(net, SOURCE)
    try:
        other = carried(net)
    except InvalidCase as refused:
        assert "no name plate gives" in str(refused)  # a resistance below that of the iron's share in it
        return
    assert_carried(network, other, *random_injections(network, 40.0))


def edited(folder: Path, change: Callable[[dict[str, Any]], None]) -> NetworkSource:
    net = feeder()
    add_line(net, 1, 3)
    content = json.loads(power_grid_model_json(net, SOURCE))
    change(content["data"])
    (folder / "network.json").write_text(json.dumps(content))
    return NetworkSource(file=folder / "network.json")


def test_two_lines_of_one_index_are_refused(tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        data["line"][2]["id_reference"]["index"] = 1

    with pytest.raises(InvalidCase, match=r"line 1002 id_reference\.index '1' is the index of line 1001 too"):
        compile_source(edited(tmp_path, change))


@pytest.mark.parametrize(
    "reference", [None, 3, {"table": "trafo", "index": 8}, {"table": "line", "index": "x"}]
)
def test_a_reference_that_says_nothing_is_left_out(tmp_path: Path, reference: Any) -> None:
    def change(data: dict[str, Any]) -> None:
        data["line"][2]["id_reference"], data["line"][2]["name"] = reference, 7

    network = compile_source(edited(tmp_path, change))
    assert network.elements.id.tolist() == [0, 1, 1002, 3, 4, 0]
    assert network.elements.name[2] == ""


def test_ideal_supplies_hold_their_node_and_may_not_differ_there(tmp_path: Path) -> None:
    def add(u_ref: float) -> Callable[[dict[str, Any]], None]:
        def change(data: dict[str, Any]) -> None:
            data["source"].append(data["source"][0] | {"id": 6001, "u_ref": u_ref})

        return change

    network = compile_source(edited(tmp_path, add(1.02)))
    assert network.slack_node.tolist() == [network.bus_node[0]]
    assert network.nodes == 6
    with pytest.raises(InvalidCase, match="source 6001 holds node 0 at another voltage than source 6000"):
        compile_source(edited(tmp_path, add(1.03)))


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    (folder / "notes.txt").write_text("mine")
    command = ["convert", str(folder), "--to", "parquet", "--out"]
    done = CliRunner().invoke(app, [*command, str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "Example street: converted to parquet" in done.output
    assert "left      notes.txt" in done.output
    assert "voltages agree within" in done.output
    done = CliRunner().invoke(app, [*command, str(tmp_path / "json"), "--json"])
    facts = json.loads(done.stdout)
    assert facts["max_difference_pu"] < 1e-11
    assert facts["files"] == sorted(path.name for path in (tmp_path / "json").iterdir())
    assert facts["network_is_unchanged"] is False
    done = CliRunner().invoke(app, ["convert", str(folder), "--to", "csv", "--out", str(tmp_path / "csv")])
    assert "  network   unchanged\n" in done.output


def convert(case: Path, out: Path, table_format: str = "parquet") -> Result:
    return CliRunner().invoke(app, ["convert", str(case), "--to", table_format, "--out", str(out)])


def test_an_earlier_conversion_is_replaced(tmp_path: Path) -> None:
    folder, out = write_example(tmp_path / "case"), tmp_path / "out"
    assert convert(folder, out).exit_code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert convert(folder, out).exit_code == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert convert(folder, out, "csv").exit_code == 0
    assert_same_case(gridpact.read_case(folder), gridpact.read_case(out))
    assert not list(out.glob("*.parquet"))
    done = CliRunner().invoke(app, ["clear", str(folder), "--out", str(out)])
    assert f"{out} holds a case" in str(done.exception)


def edit_a_setting(out: Path) -> None:
    (out / "case.toml").write_text((out / "case.toml").read_text().replace("Example", "Sample"))


def edit_a_table(out: Path) -> None:
    (out / "trades.csv").write_text((out / "trades.csv").read_text().replace("0.2", "0.3"))


def edit_the_mark(out: Path) -> None:
    mark, line, rest = (out / "case.toml").read_text().partition("\n")
    (out / "case.toml").write_text(mark[:-1] + ("1" if mark[-1] == "0" else "0") + line + rest)


def remove_the_mark(out: Path) -> None:
    (out / "case.toml").write_text((out / "case.toml").read_text().partition("\n")[2])


def add_a_file(out: Path) -> None:
    (out / "notes.txt").write_text("mine")


def add_an_empty_folder(out: Path) -> None:
    (out / "result").mkdir()


def remove_a_file(out: Path) -> None:
    (out / "orders.csv").unlink()


def rename_a_file(out: Path) -> None:
    (out / "orders.csv").rename(out / "orders-old.csv")


def link_a_file(out: Path) -> None:
    (out / "orders.csv").rename(out.parent / "orders.csv")
    (out / "orders.csv").symlink_to(out.parent / "orders.csv")


@pytest.mark.parametrize(
    "change",
    [
        edit_a_setting,
        edit_a_table,
        edit_the_mark,
        remove_the_mark,
        add_a_file,
        add_an_empty_folder,
        remove_a_file,
        rename_a_file,
        link_a_file,
    ],
)
def test_a_conversion_that_was_changed_is_never_replaced(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    folder, out = write_example(tmp_path / "case"), tmp_path / "out"
    assert convert(folder, out, "csv").exit_code == 0
    change(out)
    before = {path.name: path.read_bytes() if path.is_file() else b"" for path in out.iterdir()}
    done = convert(folder, out)
    assert isinstance(done.exception, InvalidUsage)
    assert (
        "out holds a case that is not as a conversion left it (name a folder that is new or empty, or"
        in str(done.exception)
    )
    assert {path.name: path.read_bytes() if path.is_file() else b"" for path in out.iterdir()} == before


def test_what_changes_during_a_conversion_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = write_example(tmp_path / "case"), tmp_path / "out"
    assert convert(folder, out, "csv").exit_code == 0

    def meanwhile(*arguments: Any) -> Conversion:
        edit_a_table(out)
        return convert_case(*arguments)

    monkeypatch.setattr("gridpact.case.conversion.convert.convert_case", meanwhile)
    assert "not as a conversion left it" in str(convert(folder, out).exception)
    assert (out / "trades.csv").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "out"]


def test_the_command_writes_only_into_a_new_folder(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "case")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    write_example(tmp_path / "other")
    before = sorted(tmp_path.rglob("*"))
    for out, said in (
        ("case", "is the case folder"),
        ("mine", "holds notes.txt"),
        ("other", "holds a case that is not as a conversion left it"),
        (".", "holds the case folder"),
    ):
        done = CliRunner().invoke(app, ["convert", str(folder), "--to", "csv", "--out", str(tmp_path / out)])
        assert said in str(done.exception)
    done = CliRunner().invoke(app, ["convert", str(folder), "--to", "xlsx", "--out", str(tmp_path / "new")])
    assert "--to 'xlsx' is not known (write csv, parquet)" in str(done.exception)
    assert sorted(tmp_path.rglob("*")) == before
