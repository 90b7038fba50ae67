"""The networks that come with the package are what pandapower and SimBench make."""

import io
from pathlib import Path

import numpy as np
import pytest
from benchmarks.ship_networks import LINES, NETWORKS, archive_of, published_lines

from gridpact.grid.compile import compile_source
from gridpact.grid.network_model import NetworkModel
from gridpact.grid.pandapower.builtin import builtin_net
from gridpact.grid.shipped.shipped_networks import SHIPPED, SHIPPED_NAMES, file_name
from gridpact.grid.source import NetworkSource
from gridpact.published.extreme import published_feeders
from tests.extras.bare import ROOT

LAST_BITS = 1e-12


def arrays_of(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize(("name", "model"), SHIPPED)
def test_they_are_what_the_libraries_make(name: str, model: NetworkModel) -> None:
    shipped = arrays_of((NETWORKS / file_name(name, model)).read_bytes())
    made = arrays_of(archive_of(name, model))
    assert shipped.keys() == made.keys()
    for member, array in made.items():
        assert shipped[member].dtype == array.dtype and shipped[member].shape == array.shape, member
        if array.dtype.kind in "fc":  # processors may differ in the last bits of what they calculate
            np.testing.assert_allclose(shipped[member], array, rtol=LAST_BITS, atol=1e-300, err_msg=member)
        elif member != "power_grid_model_json":
            np.testing.assert_array_equal(shipped[member], array, err_msg=member)


@pytest.mark.parametrize(("name", "model"), SHIPPED)
def test_their_json_is_the_same_network(name: str, model: NetworkModel, tmp_path: Path) -> None:
    shipped = arrays_of((NETWORKS / file_name(name, model)).read_bytes())
    (tmp_path / "network.json").write_bytes(shipped["power_grid_model_json"].tobytes())
    by_file = compile_source(NetworkSource(file=tmp_path / "network.json", model=model))
    by_name = compile_source(NetworkSource(builtin=name, model=model))
    assert by_file.bus_ids.tolist() == by_name.bus_ids.tolist()
    assert by_file.bus_names == by_name.bus_names
    difference = by_file.admittance - by_name.admittance
    assert abs(difference).max() <= 1e-9 * abs(by_name.admittance).max()


def test_every_file_of_the_folder_is_one_of_them() -> None:
    assert {path.name for path in NETWORKS.iterdir()} == {file_name(*one) for one in SHIPPED}


def test_the_networks_of_all_examples_are_among_them() -> None:
    named = set()
    for path in (ROOT / "examples").rglob("case.toml"):
        named |= {line.split('"')[1] for line in path.read_text().splitlines() if line.startswith("builtin")}
    assert named and named <= set(SHIPPED_NAMES)


def test_the_published_feeders_are_the_lines_of_pandapower() -> None:
    assert LINES.read_text() == published_lines()
    net, feeders = builtin_net(NetworkSource(builtin="pandapower/cigre_lv"))[0], published_feeders()
    assert feeders.buses == len(net.bus)
    assert feeders.feeder_heads.tolist() == net.trafo.lv_bus.tolist()
    assert feeders.from_bus.tolist() == net.line.from_bus.tolist()
