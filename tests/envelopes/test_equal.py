"""The rule `equal`: closed forms, and bisection with every corner by power-grid-model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest

import gridpact
from gridpact.envelopes import EnvelopeRule, OperatingEnvelopes
from gridpact.grid.source import NetworkSource
from tests.envelopes.made import Judge, builtin_case, envelope_case, three_phase_case
from tests.unit.test_headroom import power_kw_at, power_kw_of

SHARE = 1e-6


def two_bus(folder: Path, connection_kw: float, **limits: float) -> gridpact.Case:
    """One participant at the end of a line of 0.3 + 0.1j ohm behind a supply of 1 pu at 400 V."""
    net = pp.create_empty_network()
    supply, end = (pp.create_bus(net, 0.4) for _ in range(2))
    pp.create_ext_grid(net, supply)
    pp.create_line_from_parameters(net, supply, end, 1.0, 0.3, 0.1, 0.0, 0.2)
    pp.to_json(net, str(folder / "network.json"))
    source = NetworkSource(file=folder / "network.json")
    return envelope_case(source, buses=[int(end)], connection_kw=[connection_kw], **limits)


def shares(found: OperatingEnvelopes) -> tuple[float, float]:
    """Of imports and of exports; the same for all."""
    connection = found.case.participants.connection_kw
    both = [power[0] / connection for power in (found.import_max_kw, found.export_max_kw)]
    assert all(np.ptp(share) < 1e-8 for share in both)
    return float(both[0][0]), float(both[1][0])


def test_voltages_give_the_envelope_of_the_formula(tmp_path: Path) -> None:
    case = two_bus(tmp_path, 400.0, voltage_max_pu=1.04, voltage_min_pu=0.97, line_loading_max_percent=1e3)
    found = gridpact.operating_envelopes(case)
    assert found.export_max_kw[0, 0] == pytest.approx(power_kw_at(1.04), abs=400.0 * SHARE)
    assert found.import_max_kw[0, 0] == pytest.approx(-power_kw_at(0.97), abs=400.0 * SHARE)
    row = found.table.iloc[0]
    assert row[["limited_by_import", "element_import"]].tolist() == ["voltage_min", "1"]
    assert row[["limited_by_export", "element_export"]].tolist() == ["voltage_max", "1"]


def test_a_line_gives_the_envelope_of_the_formula_on_both_sides(tmp_path: Path) -> None:
    case = two_bus(tmp_path, 300.0, voltage_max_pu=1.5, voltage_min_pu=0.5, line_loading_max_percent=40.0)
    found = gridpact.operating_envelopes(case)
    assert found.export_max_kw[0, 0] == pytest.approx(power_kw_of(0.08), abs=300.0 * SHARE)
    assert found.import_max_kw[0, 0] == pytest.approx(-power_kw_of(-0.08), abs=300.0 * SHARE)
    assert set(found.table["limited_by_import"]) == set(found.table["limited_by_export"]) == {"line"}
    assert found.corners.value == pytest.approx(40.0, abs=1e-4)
    assert np.sign(found.corners.power_kw[:, 0]).tolist() in ([1.0, -1.0], [-1.0, 1.0])


def test_what_the_network_carries_whole_is_limited_by_the_connection(tmp_path: Path) -> None:
    found = gridpact.operating_envelopes(two_bus(tmp_path, 9.2))
    assert found.export_max_kw[0, 0] == found.import_max_kw[0, 0] == 9.2
    assert found.table.iloc[0, 4:].tolist() == ["connection", "p0", "connection", "p0"]
    assert len(found.corners) == 1 and found.summary["verification"]["status"] == "kept"


def test_beyond_the_last_operating_point_no_element_is_to_blame(tmp_path: Path) -> None:
    case = two_bus(tmp_path, 5000.0, voltage_min_pu=0.5, line_loading_max_percent=1e3)
    case = replace(case, participants=replace(case.participants, load_power_factor=0.2))
    found = gridpact.operating_envelopes(case)
    assert 0.0 < found.import_max_kw[0, 0] < 5000.0
    assert Judge(case, found.network).excess(-found.import_max_kw[:1])[0] <= 1e-8


@pytest.mark.parametrize("limit", ["voltage_max_pu", "voltage_min_pu"])
def test_where_the_idle_network_breaks_a_limit_all_envelopes_are_zero(limit: str, tmp_path: Path) -> None:
    case = two_bus(tmp_path, 9.2, **{limit: {"voltage_max_pu": 0.99, "voltage_min_pu": 1.01}[limit]})
    for rule in EnvelopeRule:
        found = gridpact.operating_envelopes(case, rule=rule)
        assert not found.export_max_kw.any() and not found.import_max_kw.any()
        expected = [limit.removesuffix("_pu"), "1"] * 2
        assert found.table.iloc[0, 4:].tolist() == expected
        assert found.broken == 1 and "all envelopes are 0" in " ".join(found.summary["notices"])


def test_forecasts_and_trades_do_not_enter_and_every_period_has_the_same(tmp_path: Path) -> None:
    case = builtin_case("pandapower/kerber_landnetz_kabel_1", 3, 6, scale=5.0)
    once = gridpact.operating_envelopes(case)
    horizon = replace(case.horizon, periods=5)
    profiles = gridpact.Profiles(load_kw=np.full((5, 6), 77.0), generation_kw=np.zeros((5, 6)))
    again = gridpact.operating_envelopes(replace(case, horizon=horizon, profiles=profiles))
    assert np.array_equal(again.export_max_kw, np.tile(once.export_max_kw, (5, 1)))
    assert np.array_equal(again.import_max_kw, np.tile(once.import_max_kw, (5, 1)))


BALANCED = [
    ("pandapower/cigre_lv", 1, {}),
    ("pandapower/cigre_lv", 2, {"voltage_max_pu": 1.03, "transformer_loading_max_percent": 300.0}),
    ("pandapower/kerber_landnetz_kabel_1", 3, {}),
    ("pandapower/kerber_landnetz_freileitung_1", 4, {"transformer_loading_max_percent": 400.0}),
    ("pandapower/village_1", 5, {"transformer_loading_max_percent": 500.0}),
]


@pytest.mark.parametrize(("name", "seed", "limits"), BALANCED)
def test_the_shares_are_those_of_bisection_over_all_corners(
    name: str, seed: int, limits: dict[str, float]
) -> None:
    case = builtin_case(name, seed, 5, scale=10.0, **limits)
    found = gridpact.operating_envelopes(case)
    judge = Judge(case, found.network)
    assert shares(found) == pytest.approx(judge.equal_by_bisection(), abs=2e-5)
    assert min(shares(found)) < 1.0


KINDS = {
    "voltage_unbalance": {"voltage_unbalance_max_percent": 0.4, "neutral_loading_max_percent": 900.0},
    "neutral": {"neutral_loading_max_percent": 12.0, "voltage_unbalance_max_percent": 90.0},
    "voltage_max": {"voltage_max_pu": 1.06, "voltage_unbalance_max_percent": 90.0},
    "voltage_min": {
        "voltage_min_pu": 1.0,
        "voltage_max_pu": 1.4,
        "voltage_unbalance_max_percent": 90.0,
        "neutral_loading_max_percent": 900.0,
        "line_loading_max_percent": 900.0,
    },
    "line": {"line_loading_max_percent": 20.0, "voltage_unbalance_max_percent": 90.0},
}


@pytest.mark.parametrize("kind", KINDS)
def test_on_single_phases_the_shares_are_those_of_bisection_over_all_corners(
    kind: str, tmp_path: Path
) -> None:
    case = three_phase_case(tmp_path, seed=len(kind), **KINDS[kind])
    found = gridpact.operating_envelopes(case)
    assert kind in {*found.table["limited_by_import"], *found.table["limited_by_export"]}
    assert shares(found) == pytest.approx(Judge(case, found.network).equal_by_bisection(), abs=2e-5)


def test_a_case_on_all_phases_has_the_envelopes_of_its_balanced_twin(tmp_path: Path) -> None:
    phases = three_phase_case(tmp_path, phases=("abc",) * 6)
    balanced = replace(phases, network=replace(phases.network, model="balanced"))
    both = [gridpact.operating_envelopes(case) for case in (phases, balanced)]
    assert both[0].export_max_kw == pytest.approx(both[1].export_max_kw, rel=1e-4)
    assert both[0].import_max_kw == pytest.approx(both[1].import_max_kw, rel=1e-4)
    columns = [list(found.table) for found in both]
    assert [name for name in columns[0] if name.startswith("phase")] == ["phase_import", "phase_export"]
    assert [name for name in columns[0] if not name.startswith("phase")] == columns[1]
