"""Every built-in network: our power flow, pandapower's and power-grid-model's agree."""

import numpy as np
import pytest

from gridpact.errors import InvalidCase
from gridpact.grid.compile import compile_source
from gridpact.grid.pandapower.builtin import builtin_names, builtin_net, pandapower_names
from gridpact.grid.source import NetworkSource
from tests.agreement import assert_agrees

SIMBENCH = tuple(
    f"simbench/1-LV-{name}--0-sw" for name in ("rural1", "rural2", "rural3", "semiurb4", "semiurb5", "urban6")
)


@pytest.mark.parametrize("name", [*pandapower_names(), *SIMBENCH])
def test_power_flows_agree_on_every_builtin(name: str) -> None:
    net, notices = builtin_net(NetworkSource(builtin=name))
    network = assert_agrees(net, notices=notices)
    assert len(network.elements) == len(network.elements.id) == len(network.elements.name)
    assert any(notice.startswith("ignored in the network file") for notice in network.notices)


def test_networks_drawn_by_lot_are_the_same_every_time() -> None:
    source = NetworkSource(builtin="pandapower/kerber_landnetz_kabel_1")
    (first, notices), (second, _) = builtin_net(source), builtin_net(source)
    assert first.line.r_ohm_per_km.equals(second.line.r_ohm_per_km)
    assert any("lot" in notice for notice in notices)


def test_cigre_is_the_published_network() -> None:
    network = compile_source(NetworkSource(builtin="pandapower/cigre_lv"))
    assert len(network.bus_ids) == 44
    assert network.nodes == 41
    assert network is compile_source(NetworkSource(builtin="pandapower/cigre_lv"))
    assert network.notices == ("ignored in the network file: 15 loads; participants bring their own",)
    assert (network.branches.susceptance_kw > 0).all()
    with pytest.raises(ValueError, match="read-only"):
        network.admittance.data[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        network.bus_ids[0] = 0


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("pandapower/cigre_vl", "pandapower/cigre_lv"),
        ("simbench/1-LV-rural2--0-sv", "simbench/1-LV-rural2--0-sw"),
        ("cigre_lv", "pandapower/cigre_lv"),
        ("pandapower/mv_oberrhein", "see `gridpact network`"),
        ("pandapower/case118", "see `gridpact network`"),
    ],
)
def test_unknown_name_suggests_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(InvalidCase) as caught:
        compile_source(NetworkSource(builtin=name))
    (problem,) = caught.value.problems
    assert (problem.file, problem.field, problem.value) == ("case.toml", "network.builtin", name)
    assert nearest in problem.remedy


def test_names_are_sorted_and_distinct() -> None:
    names = builtin_names()
    assert len(set(names)) == len(names)
    assert list(pandapower_names()) == sorted(pandapower_names())
    assert np.isin(SIMBENCH, names).all()
