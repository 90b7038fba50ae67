"""Cases with three phases: what a folder says, what is wrong with it, and that it is written as read."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridpact
from gridpact.case import Case, TableFormat, read_case, write_case
from gridpact.case.conversion.convert import convert_case
from gridpact.errors import InvalidCase, InvalidUsage, Problem
from gridpact.grid.limits import Limits
from gridpact.grid.network_model import CONNECTIONS, NetworkModel, Neutral
from gridpact.grid.source import NetworkSource
from tests.phases.cases import FORMATS, PHASES, case_on, network_source
from tests.phases.made import power_grid_model_data, written

REMEDY = 'set model = "three-phase" for the network, or leave it out'
SAID = "is of three phases, and the network is balanced"


def folder_of(tmp_path: Path, network_format: str = "pandapower", table_format: str = "csv") -> Path:
    (tmp_path / "made").mkdir()
    case = case_on(network_source(network_format, tmp_path / "made"), tmp_path / "made", phases=PHASES)
    case = replace(case, limits=Limits(voltage_unbalance_max_percent=1.5, neutral_loading_max_percent=80.0))
    write_case(case, tmp_path / "case", table_format)
    return tmp_path / "case"


def edited(folder: Path, **replaced: str) -> None:
    """The settings with some lines instead of others, which begin with the same key."""
    lines = (folder / "case.toml").read_text().splitlines()
    for key, line in replaced.items():
        lines = [line if one.startswith(f"{key} = ") else one for one in lines]
    (folder / "case.toml").write_text("\n".join(line for line in lines if line) + "\n")


def problems_of(folder: Path) -> list[Problem]:
    with pytest.raises(InvalidCase) as refusal:
        read_case(folder)
    return list(refusal.value.problems)


def without_file(case: Case) -> dict[str, Any]:
    return {
        "limits": case.limits,
        "model": case.network.model,
        "neutral": case.network.neutral,
        "phases": case.participants.phases,
        "bus": case.participants.bus.tolist(),
        "load": case.profiles.load_kw.tolist(),
    }


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("table_format", list(TableFormat))
def test_a_case_is_written_as_it_is_read(
    table_format: TableFormat, network_format: str, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, network_format, table_format)
    case = read_case(folder)
    assert case.network.model is NetworkModel.THREE_PHASE
    assert case.participants.phases == PHASES
    assert case.limits.voltage_unbalance_max_percent == 1.5
    assert case.limits.neutral_loading_max_percent == 80.0
    other = TableFormat.CSV if table_format is TableFormat.PARQUET else TableFormat.PARQUET
    for number, again in enumerate((table_format, other)):
        write_case(case, tmp_path / f"again{number}", again)
        assert without_file(read_case(tmp_path / f"again{number}")) == without_file(case)
    cleared = gridpact.clear(case).solution.column_kw
    conversion = convert_case(folder, tmp_path / "converted", other)
    assert conversion.difference.voltage_pu < 1e-9 and conversion.left == ()
    converted = read_case(tmp_path / "converted")
    assert without_file(converted) == without_file(case)
    np.testing.assert_allclose(gridpact.clear(converted).solution.column_kw, cleared, rtol=0, atol=1e-4)


def test_without_a_column_everybody_is_on_all_phases(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    table = [line.split(",") for line in (folder / "participants.csv").read_text().splitlines()]
    place = table[0].index("phases")
    rows = [",".join(cell for at, cell in enumerate(row) if at != place) for row in table]
    (folder / "participants.csv").write_text("\n".join(rows) + "\n")
    assert set(read_case(folder).participants.phases) == {"abc"}


def test_every_connection_is_taken_and_any_other_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    text = (folder / "participants.csv").read_text()
    rows = text.splitlines()
    for given in (*CONNECTIONS, ""):
        cells = rows[1].split(",")
        cells[rows[0].split(",").index("phases")] = given
        (folder / "participants.csv").write_text("\n".join([rows[0], ",".join(cells), *rows[2:]]) + "\n")
        assert read_case(folder).participants.phases[0] == (given or "abc")
    for given in ("ba", "A", "n", "an", "1", "abcn", "a b"):
        cells = rows[1].split(",")
        cells[rows[0].split(",").index("phases")] = given
        (folder / "participants.csv").write_text("\n".join([rows[0], ",".join(cells), *rows[2:]]) + "\n")
        [problem] = problems_of(folder)
        assert (problem.file, problem.line, problem.field) == ("participants.csv", 2, "phases")
        assert (problem.value, problem.what) == (given, "is not a choice")
        assert "'bc'" in problem.remedy


def test_what_has_no_place_in_a_balanced_network_is_one_list(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    edited(folder, model='neutral = "return"')
    found = {(one.file, one.line, one.field, one.value, one.what, one.remedy) for one in problems_of(folder)}
    lines = (folder / "case.toml").read_text().splitlines()

    def line(key: str) -> int:
        return next(at for at, text in enumerate(lines, 1) if text.startswith(f"{key} = "))

    limits = ("voltage_unbalance_max_percent", "1.5"), ("neutral_loading_max_percent", "80.0")
    assert found == {
        ("case.toml", line("neutral"), "network.neutral", "return", SAID, REMEDY),
        *(("case.toml", line(key), f"limits.{key}", value, SAID, REMEDY) for key, value in limits),
        ("participants.csv", 2, "phases", PHASES[0], SAID, REMEDY),
    }
    assert sum(one.count for one in problems_of(folder)) == 3 + len(PHASES)


@pytest.mark.parametrize(
    ("key", "line", "what"),
    [
        ("voltage_unbalance_max_percent", "voltage_unbalance_max_percent = 0", "is out of range"),
        ("voltage_unbalance_max_percent", "voltage_unbalance_max_percent = 100.1", "is out of range"),
        ("neutral_loading_max_percent", "neutral_loading_max_percent = 0.0", "is out of range"),
        ("neutral_loading_max_percent", "neutral_loading_max_percent = 1000.5", "is out of range"),
        ("neutral_loading_max_percent", 'neutral_loading_max_percent = "80"', "is not a number"),
        ("model", 'model = "three phase"', "is not a known model"),
        ("model", "model = 3", "is not text"),
        ("model", 'model = "three-phase"\nneutral = "n"', "is not a known neutral"),
    ],
)
def test_each_setting_is_refused_where_it_stands(key: str, line: str, what: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    edited(folder, **{key: line})
    [problem] = problems_of(folder)
    text = (folder / "case.toml").read_text().splitlines()[problem.line - 1]
    assert problem.file == "case.toml" and text == line.splitlines()[-1]
    assert problem.what == what and problem.remedy


@pytest.mark.parametrize("network_format", [*FORMATS, "builtin"])
def test_a_neutral_is_of_lines_by_four_conductors(network_format: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "pandapower" if network_format == "builtin" else network_format)
    if network_format == "builtin":
        edited(folder, file='builtin = "pandapower/ieee_european_lv_asymmetric"')
    edited(folder, model='model = "three-phase"\nneutral = "earthed"')
    if network_format == "power-grid-model":
        case = read_case(folder)
        assert case.network.neutral is Neutral.EARTHED
        write_case(case, tmp_path / "again")
        assert read_case(tmp_path / "again").network.neutral is Neutral.EARTHED
        assert gridpact.clear(case).summary["status"] == "cleared"
        data = power_grid_model_data(four=False)
        written(data, folder)
    [problem] = problems_of(folder)
    text = (folder / "case.toml").read_text().splitlines()[problem.line - 1]
    assert (problem.file, text, problem.value) == ("case.toml", 'neutral = "earthed"', "earthed")
    assert "four conductors" in problem.what and "leave it out" in problem.remedy


def test_in_memory_as_in_a_folder(tmp_path: Path) -> None:
    case = case_on(network_source("pandapower", tmp_path), tmp_path, phases=PHASES)
    people = replace(case.participants, phases="b")
    assert people.phases == ("b",) * 6
    with pytest.raises(InvalidCase) as refusal:
        replace(case.participants, phases=("a", "x", "abc", "cb", "", "a"))
    assert ("phases", (4,)) in [(one.field, one.index) for one in refusal.value.problems]
    with pytest.raises(InvalidCase, match="is not a choice"):
        replace(case.participants, phases=("a", "x", "abc", "cb", "a", "a"))
    with pytest.raises(InvalidCase, match="shape"):
        replace(case.participants, phases=("a",))
    balanced = NetworkSource(file=case.network.file)
    with pytest.raises(InvalidCase) as refused:
        replace(case, network=balanced)
    fields = {problem.field for problem in refused.value.problems}
    assert fields == {"phases", "voltage_unbalance_max_percent"}
    with pytest.raises(InvalidCase, match="three phases"):
        NetworkSource(file=case.network.file, neutral="earthed")
    with pytest.raises(InvalidUsage, match="the network of the case is three-phase"):
        gridpact.clear(case, network=gridpact.compile_network(replace(balanced_case(case))))


def balanced_case(case: Case) -> Case:
    people = replace(case.participants, phases=())
    return replace(case, network=NetworkSource(file=case.network.file), limits=Limits(), participants=people)


def test_what_lacks_the_zero_sequence_is_listed_with_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "power-grid-model")
    content = json.loads((folder / "network.json").read_text())
    for line in content["data"]["line"][:2]:
        del line["r0"]
    (folder / "network.json").write_text(json.dumps(content))
    edited(folder, neutral_loading_max_percent="neutral_loading_max_percent = 0")
    found = {(problem.file, problem.field) for problem in problems_of(folder)}
    assert found == {
        ("case.toml", "limits.neutral_loading_max_percent"),
        ("network.json", "line 20 r0"),
        ("network.json", "line 21 r0"),
    }


@pytest.mark.parametrize("changes", [{"formulation": "dc"}, {"certify": True}], ids=str)
def test_what_has_no_meaning_is_refused_with_a_reason(changes: dict[str, Any], tmp_path: Path) -> None:
    case = case_on(network_source("pandapower", tmp_path), tmp_path, phases=PHASES)
    certify = changes.pop("certify", None)
    with pytest.raises(InvalidUsage, match=r"phases.*\(") as refusal:
        gridpact.clear(replace(case, **changes), certify=certify)
    assert "balanced" in str(refusal.value)


def test_no_certificate_is_made_where_cones_would_be_cheap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_on(network_source("pandapower", tmp_path), tmp_path, phases=PHASES, power_kw=60.0)
    monkeypatch.setattr("gridpact.pipeline.cones_cost_less_than_clearing", lambda *_: True)
    clearance = gridpact.clear(case)
    assert clearance.certificate is None and clearance.summary["bound"]["method"] == "caps"
    assert gridpact.clear(balanced_case(case)).certificate is not None
