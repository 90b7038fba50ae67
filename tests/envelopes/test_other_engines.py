"""Combinations within operating envelopes keep every limit by pandapower and by OpenDSS."""

from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pandapower.networks as pn
import pytest

import gridpact
from gridpact.arrays import Float
from gridpact.case import Case
from gridpact.envelopes import OperatingEnvelopes
from gridpact.grid.source import NetworkSource
from tests.envelopes.made import SINGLE, Judge, builtin_case, envelope_case, three_phase_case
from tests.phases.made import pandapower_net
from tests.phases.opendss_networks import ORDER_OF_CLOCK, SQRT_3, of_pandapower

KEPT_PU = 1e-6
KEPT_PERCENT = 2e-3  # currents through short lines are as exact as the voltages at both ends


def combinations(found: OperatingEnvelopes, count: int, seed: int) -> Float:
    """The worst corners, random corners and random combinations between them, net kW, (m, P)."""
    random, people = np.random.default_rng(seed), found.export_max_kw.shape[1]
    corners = random.integers(-1, 2, (count // 2, people)).astype(float)
    parts = np.vstack([corners, random.uniform(-1.0, 1.0, (count - len(corners), people))])
    power_kw = np.where(parts > 0.0, parts * found.export_max_kw[0], parts * found.import_max_kw[0])
    return np.vstack([found.corners.power_kw, power_kw])


def reactive(case: Case, power_kw: Float) -> Float:
    people = case.participants
    export, load = (np.tan(np.arccos(f)) for f in (people.generation_power_factor, people.load_power_factor))
    return np.where(power_kw > 0.0, power_kw * export, power_kw * load)


def kept_by_pandapower(case: Case, net: Any, power_kw: Float) -> tuple[float, float]:
    """The greatest excess of a voltage, pu, and of a loading, percent."""
    net.load, net.sgen = net.load.iloc[:0], net.sgen.iloc[:0]
    pp.create_sgens(net, case.participants.bus, 0.0)
    held, limits = set(net.ext_grid.bus), case.limits
    free = [bus for bus in net.bus.index if bus not in held]
    voltages, loadings = [], []
    for row in power_kw:
        net.sgen["p_mw"], net.sgen["q_mvar"] = row / 1e3, reactive(case, row[None])[0] / 1e3
        pp.runpp(net, numba=False, tolerance_mva=1e-10)
        voltage = net.res_bus.vm_pu[free]
        voltages += [(voltage - limits.voltage_max_pu).max(), (limits.voltage_min_pu - voltage).max()]
        loadings += [
            (net.res_line.loading_percent - limits.line_loading_max_percent).max(),
            (net.res_trafo.loading_percent - limits.transformer_loading_max_percent).max(),
        ]
    return float(np.nanmax(voltages)), float(np.nanmax(loadings))


NETS = {
    "pandapower/cigre_lv": pn.create_cigre_network_lv,
    "pandapower/kerber_dorfnetz": pn.create_kerber_dorfnetz,
    "pandapower/kerber_landnetz_freileitung_2": pn.create_kerber_landnetz_freileitung_2,
}


@pytest.mark.parametrize("rule", ["equal", "max-min"])
@pytest.mark.parametrize("name", NETS)
def test_balanced_combinations_keep_every_limit_by_pandapower(name: str, rule: str) -> None:
    case = builtin_case(name, 11, 12, scale=4.0, voltage_min_pu=0.95)
    found = gridpact.operating_envelopes(case, rule=rule)
    worst = kept_by_pandapower(case, NETS[name](), combinations(found, 20, 1))
    assert worst[0] <= KEPT_PU and worst[1] <= KEPT_PERCENT
    assert max(worst[0] / KEPT_PU, worst[1] / KEPT_PERCENT) > -1.0, "a corner stands at its limit"


@pytest.mark.parametrize("rule", ["equal", "max-min"])
@pytest.mark.parametrize("name", ["pandapower/village_1", "simbench/1-LV-rural1--0-sw"])
def test_a_thousand_combinations_keep_every_limit_by_power_grid_model(name: str, rule: str) -> None:
    case = builtin_case(name, 5, 20, scale=3.0, transformer_loading_max_percent=300.0)
    found = gridpact.operating_envelopes(case, rule=rule)
    excess = Judge(case, found.network).excess(combinations(found, 1000, 2))
    assert -1e-5 < excess.max() <= 1e-8


def test_a_thousand_combinations_on_a_thousand_buses_with_three_phases_keep_every_limit() -> None:
    case = builtin_case("pandapower/ieee_european_lv_asymmetric", 5, 30, phases=SINGLE * 5)
    found = gridpact.operating_envelopes(case)
    excess = Judge(case, found.network).excess(combinations(found, 300, 2))
    assert -1e-5 < excess.max() <= 1e-8


def excess_by_opendss(case: Case, net: Any, power_kw: Float, phases: tuple[str, ...]) -> float:
    """The greatest excess of any limit, pu and parts of one, under net powers of single phases, (m, P)."""
    limits, turn, worst = case.limits, np.exp(2j * np.pi / 3), [-np.inf]
    power = power_kw + 1j * reactive(case, power_kw)
    for row in power:
        circuit = of_pandapower(net, ORDER_OF_CLOCK[5], (" conn=delta", ""))
        for place, (bus, phase) in enumerate(zip(case.participants.bus.tolist(), phases, strict=True)):
            if row[place]:
                circuit.load(f"l{place}", f"b{bus}.{'abc'.index(phase) + 1}.0", 0.4 / SQRT_3, -row[place])
        circuit.solve()
        for bus in net.bus.index.difference(net.ext_grid.bus):
            if bus == 6:  # is connected to nothing
                continue
            voltage = circuit.phasors(f"b{bus}") / (1e3 * net.bus.vn_kv[bus] / SQRT_3)
            worst += [np.abs(voltage).max() - limits.voltage_max_pu]
            worst += [limits.voltage_min_pu - np.abs(voltage).min()]
            a, b, c = voltage
            share = abs(a + turn**2 * b + turn * c) / abs(a + turn * b + turn**2 * c)
            worst.append(share - limits.voltage_unbalance_max_percent / 100.0)
        for index, line in net.line.iterrows():
            ends = circuit.currents(f"Line.n{index}").reshape(2, 3)
            rated = 1e3 * line.max_i_ka * line.df
            worst.append(np.abs(ends).max() / rated - limits.line_loading_max_percent / 100.0)
            neutral = np.abs(ends.sum(axis=1)).max() / rated
            worst.append(neutral - limits.neutral_loading_max_percent / 100.0)
    return float(max(worst))


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
    excess = excess_by_opendss(case, net, combinations(found, 12, 3), SINGLE)
    assert -1e-5 < excess <= KEPT_PU


def test_random_small_networks_with_three_phases_keep_every_limit(tmp_path: Path) -> None:
    for seed in range(4):
        phases = tuple(np.random.default_rng(seed).choice(["a", "b", "ab", "c", "bc"], 7).tolist())
        case = three_phase_case(tmp_path, phases=phases, seed=seed)
        found = gridpact.operating_envelopes(case, rule="max-min")
        assert Judge(case, found.network).excess(combinations(found, 1000, seed)).max() <= 1e-8
