"""`gridpact init` makes a case that runs, in a folder that is new or empty."""

from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.cli import main
from gridpact.errors import InvalidUsage
from gridpact.grid.compile import compile_source
from gridpact.grid.flow.power_flow import bus_voltage_pu, run_power_flow
from gridpact.grid.source import NetworkSource
from gridpact.imports.network.import_network import import_network
from gridpact.imports.starter.first_case import make_first_case


def test_the_first_case_clears_is_held_back_by_a_limit_and_settles(tmp_path: Path) -> None:
    make_first_case(tmp_path / "street")
    case = gridpact.read_case(tmp_path / "street")
    assert not case.warnings
    clearance = gridpact.clear(case)
    assert clearance.summary["status"] == "cleared"
    assert set(clearance.cleared["limited_by"]) & {"voltage_max"}
    gridpact.write_clearance(clearance, tmp_path / "cleared")
    settled = gridpact.settle(tmp_path / "street", tmp_path / "cleared")
    assert not any(invariant["figure"] for invariant in settled.summary["invariants"].values())


def test_its_network_is_that_of_its_tables(tmp_path: Path) -> None:
    make_first_case(tmp_path / "street")
    import_network(tmp_path / "street" / "tables", tmp_path / "network.json")
    voltages = []
    for file in (tmp_path / "street" / "network.json", tmp_path / "network.json"):
        network = compile_source(NetworkSource(file=file))
        power = np.linspace(-20.0, 5.0, network.nodes)[None, :]
        power[0, network.slack_node] = 0.0
        voltages.append(
            (network.bus_names, bus_voltage_pu(network, run_power_flow(network, power, power / 4)))
        )
    assert voltages[0][0] == voltages[1][0]
    np.testing.assert_allclose(voltages[0][1], voltages[1][1], rtol=0, atol=1e-9)


def test_an_empty_folder_is_filled_and_no_other_is_touched(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "case.toml" in make_first_case(empty)
    for folder in (empty, tmp_path):
        before = sorted(folder.rglob("*"))
        with pytest.raises(InvalidUsage, match="is not empty"):
            make_first_case(folder)
        assert sorted(folder.rglob("*")) == before
    with pytest.raises(InvalidUsage, match="is a file"):
        make_first_case(empty / "case.toml")


def test_the_command_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["gridpact", "init", "street", "--quiet"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    commands = [
        line.split("gridpact ")[1].split()
        for line in capsys.readouterr().out.splitlines()
        if "gridpact " in line
    ]
    assert [words[0] for words in commands] == ["check", "clear", "settle"]
    for words in commands:
        monkeypatch.setattr(
            "sys.argv", ["gridpact", *words, "--quiet"] if words[0] != "check" else ["gridpact", *words]
        )
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code, words
