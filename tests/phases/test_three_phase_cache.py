"""Networks with three phases in archives and caches, and the words that ask for them."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid import compile as compiling
from gridpact.grid.archive import packed, unpacked
from gridpact.grid.cache import FOLDER_VARIABLE
from gridpact.grid.compile import compile_source
from gridpact.grid.network_model import NetworkModel, Neutral
from gridpact.grid.source import NetworkSource
from tests.phases.judged import differences_from_power_grid_model, random_powers, three_phases
from tests.phases.made import pandapower_net, power_grid_model_data, written


def test_an_archive_holds_all_of_a_network_with_three_phases() -> None:
    network = three_phases(pandapower_net("YNyn", 0.0))
    back = unpacked(packed(network, "key"), "key", network.name)
    assert back.phases == network.phases == back.verification_model.phases
    for field in fields(network.verification_model):
        one, other = (getattr(each.verification_model, field.name) for each in (network, back))
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(network.admittance.toarray(), back.admittance.toarray())
    voltage, _, _ = differences_from_power_grid_model(back, random_powers(back, 5.0))
    assert voltage < 1e-9


def test_the_model_and_the_neutral_are_part_of_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "cache"))
    compiling._compiled_file.cache_clear()
    net = tmp_path / "net.json"
    pp.to_json(pandapower_net(), str(net))
    for _ in range(2):
        balanced, phases = (compile_source(NetworkSource(file=net, model=model)) for model in NetworkModel)
        assert not balanced.is_three_phase
        assert phases.nodes == 3 * balanced.nodes
        compiling._compiled_file.cache_clear()
    assert len(list((tmp_path / "cache").iterdir())) == 2
    other = written(power_grid_model_data(), tmp_path)
    back, earthed = (
        compile_source(NetworkSource(file=other, model="three-phase", neutral=neutral)) for neutral in Neutral
    )
    assert np.abs(back.admittance - earthed.admittance).max() > 1.0


@pytest.mark.parametrize(("field", "value"), [("model", "three phases"), ("model", 3), ("neutral", "none")])
def test_an_unknown_word_is_refused(field: str, value: object) -> None:
    with pytest.raises(InvalidCase) as found:
        NetworkSource(builtin="pandapower/cigre_lv", **{field: value})
    [problem] = found.value.problems
    assert problem.field.endswith(field)
    assert "write" in problem.remedy
