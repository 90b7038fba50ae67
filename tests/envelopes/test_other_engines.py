"""Combinations within operating envelopes keep every limit by pandapower and by OpenDSS."""

from pathlib import Path

import numpy as np
import pandapower as pp
import pytest

import gridpact
from gridpact.grid.pandapower.builtin import builtin_net
from gridpact.grid.source import NetworkSource
from tests.envelopes.made import (
    SINGLE,
    Judge,
    builtin_case,
    envelope_case,
    random_and_worst,
    three_phase_case,
)
from tests.envelopes.other_engines import OpenDSSJudge, excess_by_pandapower
from tests.phases.made import pandapower_net

KEPT = 1e-7  # pu, and parts of a rating
AT_LIMIT = 1e-5
BEYOND = 1.02


NAMES = (
    "pandapower/cigre_lv",
    "pandapower/kerber_dorfnetz",
    "pandapower/kerber_landnetz_freileitung_2",
    "simbench/1-LV-rural1--0-sw",
)


@pytest.mark.parametrize("rule", ["equal", "max-min"])
@pytest.mark.parametrize("name", NAMES)
def test_balanced_combinations_keep_every_limit_by_pandapower(name: str, rule: str) -> None:
    case = builtin_case(name, 11, 12, scale=4.0, voltage_min_pu=0.95)
    found = gridpact.operating_envelopes(case, rule=rule)
    net, _ = builtin_net(case.network)
    excess = excess_by_pandapower(case, net, random_and_worst(found, 20, 1))
    assert -AT_LIMIT < excess.max() <= KEPT, "a corner stands at its limit, and none beyond"
    assert excess_by_pandapower(case, net, BEYOND * found.corners.power_kw).max() > KEPT


@pytest.mark.parametrize("rule", ["equal", "max-min"])
@pytest.mark.parametrize("name", ["pandapower/village_1", "simbench/1-LV-rural1--0-sw"])
def test_a_thousand_combinations_keep_every_limit_by_power_grid_model(name: str, rule: str) -> None:
    case = builtin_case(name, 5, 20, scale=3.0, transformer_loading_max_percent=300.0)
    found = gridpact.operating_envelopes(case, rule=rule)
    excess = Judge(case, found.network).excess(random_and_worst(found, 1000, 2))
    assert -1e-5 < excess.max() <= 1e-8


def test_a_thousand_combinations_on_a_thousand_buses_with_three_phases_keep_every_limit() -> None:
    case = builtin_case("pandapower/ieee_european_lv_asymmetric", 5, 30, phases=SINGLE * 5)
    found = gridpact.operating_envelopes(case)
    excess = Judge(case, found.network).excess(random_and_worst(found, 300, 2))
    assert -1e-5 < excess.max() <= 1e-8


@pytest.mark.parametrize("rule", ["equal", "max-min"])
@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"voltage_unbalance_max_percent": 0.5, "neutral_loading_max_percent": 500.0},
        {"voltage_unbalance_max_percent": 9.0, "neutral_loading_max_percent": 15.0},
    ],
)
def test_combinations_on_single_phases_keep_every_limit_by_opendss(
    limits: dict[str, float], rule: str, tmp_path: Path
) -> None:
    net = pandapower_net("Dyn", 150.0, pfe_kw=0.0, i0_percent=0.0)
    pp.to_json(net, str(tmp_path / "network.json"))
    source = NetworkSource(file=tmp_path / "network.json", model="three-phase")
    case = envelope_case(
        source,
        buses=[2, 3, 4, 5, 4, 3],
        connection_kw=15.0,
        load_power_factor=0.95,
        phases=SINGLE,
        **limits,
    )
    found = gridpact.operating_envelopes(case, rule=rule)
    judge = OpenDSSJudge(case, net)
    excess = judge.excess(random_and_worst(found, 100, 3))
    assert -AT_LIMIT < excess.max() <= KEPT
    assert judge.excess(BEYOND * found.corners.power_kw).max() > KEPT


def test_random_small_networks_with_three_phases_keep_every_limit(tmp_path: Path) -> None:
    for seed in range(4):
        phases = tuple(np.random.default_rng(seed).choice(["a", "b", "ab", "c", "bc"], 7).tolist())
        case = three_phase_case(tmp_path, phases=phases, seed=seed)
        found = gridpact.operating_envelopes(case, rule="max-min")
        assert Judge(case, found.network).excess(random_and_worst(found, 1000, seed)).max() <= 1e-8


def test_a_line_of_two_metres_keeps_its_rating_by_other_engines() -> None:
    """Its current is a difference of voltages so small that the rounding of a power flow shows in it."""
    case = builtin_case("simbench/1-LV-semiurb4--0-sw", 12, 20, scale=3.0)
    found = gridpact.operating_envelopes(case, rule="max-min")
    worst_kw = found.corners.power_kw
    by_others = (
        excess_by_pandapower(case, builtin_net(case.network)[0], worst_kw),
        Judge(case, found.network).excess(worst_kw),
    )
    assert "line" in set(found.corners_table["limited_by"])
    for excess in by_others:
        assert excess.max() <= 0.0
