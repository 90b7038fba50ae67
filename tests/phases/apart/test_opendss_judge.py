"""OpenDSS judges what clears: each kind of limit, binding, relieved or relaxed, in both formats.

It reads the currents of both windings of the transformer, over the rated ones, for every pair of windings.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gridpact
from gridpact.case import Case, write_case
from gridpact.grid.network_model import NetworkModel
from gridpact.grid.source import NetworkSource
from tests.phases.apart.opendss_judge import Judged, broken, four_wires, of_pandapower, of_power_grid_model
from tests.phases.cases import FORMATS, PHASES, WIDE, case_on, limited, network_source, relief_case, worst_of
from tests.phases.made import DELTA, WYE, WYE_N, ZIGZAG_N, pandapower_net, power_grid_model_data, written
from tests.phases.opendss_networks import zero_sequence_percent
from tests.phases.test_three_phase_limits import KINDS

PANDAPOWER = {"Dyn": "dy", "YNyn": "yy", "Yzn": "yz"}
WINDINGS = {"dy": (DELTA, WYE_N), "yy": (WYE_N, WYE_N), "yz": (WYE, ZIGZAG_N), "dz": (DELTA, ZIGZAG_N)}
MODES = ("binding", "relieved", "relaxed")


def judged_network(
    network_format: str,
    folder: Path,
    windings: str = "dy",
    clock: int = 5,
    neutral: str = "return",
    **more: Any,
) -> tuple[NetworkSource, Judged]:
    """A network as a file, and as OpenDSS has it."""
    if network_format == "power-grid-model":
        data = power_grid_model_data(*WINDINGS[windings], clock, charging=False, i0=0.0, p0=0.0, tap_pos=0)
        data = four_wires(data)
        source = NetworkSource(file=written(data, folder), model=NetworkModel.THREE_PHASE, neutral=neutral)
        return source, of_power_grid_model(data, windings, neutral)
    group = {value: key for key, value in PANDAPOWER.items()}[windings]
    made = {"pfe_kw": 0.0, "i0_percent": 0.0, **more}
    if windings == "yy":
        made["mag0_percent"] = 1e12
    source = network_source("pandapower", folder, group=group, shift=30.0 * clock, **made)
    net = pandapower_net(group, 30.0 * clock, charging=False, **made)
    trafo = net.trafo.iloc[0]
    zero = zero_sequence_percent(trafo, through=windings == "yy")
    if windings == "yz":
        zero = zigzag_percent(trafo)
    return source, of_pandapower(net, windings, zero)


def zigzag_percent(trafo: Any) -> complex:
    """Zero sequence of a Yzn transformer of pandapower: (z_lv + z_m) / 1.1547 (decision 0010)."""
    whole = trafo.vkr0_percent + 1j * np.sqrt(trafo.vk0_percent**2 - trafo.vkr0_percent**2)
    angle = np.arctan2(1.0, trafo.mag0_rx)
    magnetising = trafo.mag0_percent / 100 * trafo.vk0_percent * np.exp(1j * angle)
    return complex(((1 - trafo.si0_hv_partial) * whole + magnetising) / (2 / np.sqrt(3.0)))


def judged(case: Case, network: Judged, folder: Path, *, relaxed: bool = False) -> dict[str, Any]:
    """What OpenDSS says of the schedule that is written."""
    write_case(case, folder / "case")
    gridpact.write_clearance(gridpact.clear(case), folder / "out")
    return network.judge(folder / "out", folder / "case", case.limits, relaxed=relaxed)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_opendss_finds_no_limit_broken(kind: str, network_format: str, mode: str, tmp_path: Path) -> None:
    low = {"vn_lv_kv": 0.4 if kind == "voltage_min" and mode == "binding" else 0.41}
    source, network = judged_network(network_format, tmp_path, **low)
    if mode == "binding":
        case = case_on(source, tmp_path, phases=PHASES, power_kw=12.0)
    else:
        case = relief_case(source, high=kind != "voltage_min")
    table = gridpact.clear(replace(case, limits=WIDE)).network_state
    bare, most = (worst_of(table, kind, column) for column in ("baseline", "cleared"))
    value = {
        "binding": bare + 0.6 * (most - bare),
        "relieved": bare + 0.3 * (most - bare) if "voltage_m" in kind else 0.9 * bare,
        "relaxed": {"voltage_max": 0.9, "voltage_min": 1.1}.get(kind, 0.02 * bare),
    }[mode]
    case = limited(case, kind, value)
    worst = judged(case, network, tmp_path, relaxed=mode == "relaxed")
    assert broken(worst) == []
    if mode == "binding":
        assert worst[kind] > (-1e-5 if "voltage_m" in kind else -1e-3)
        # The judge does find what is broken: the same schedule within a limit that is a little tighter.
        tighter = limited(
            case, kind, value * (1.02 if kind == "voltage_min" else 0.98 if "voltage_m" in kind else 0.5)
        )
        assert broken(network.judge(tmp_path / "out", tmp_path / "case", tighter.limits)) == [kind]


@pytest.mark.parametrize(
    ("network_format", "windings", "clock"),
    [
        *[("pandapower", "dy", clock) for clock in (1, 7, 11)],
        ("pandapower", "yy", 0),
        *[("pandapower", "yz", clock) for clock in (5, 11)],
        *[("power-grid-model", "dy", clock) for clock in (1, 11)],
        *[("power-grid-model", "yy", clock) for clock in (0, 6, 4)],
        *[("power-grid-model", "yz", clock) for clock in (5, 1)],
        ("power-grid-model", "dz", 6),
    ],
)
def test_both_windings_of_a_transformer_are_loaded_as_opendss_says(
    network_format: str, windings: str, clock: int, tmp_path: Path
) -> None:
    neutral = "return" if clock % 2 else "earthed"
    source, network = judged_network(network_format, tmp_path, windings, clock, neutral)
    case = case_on(source, tmp_path, phases=PHASES, power_kw=12.0)
    table = gridpact.clear(replace(case, limits=WIDE)).network_state
    bare, most = (worst_of(table, "transformer", column) for column in ("baseline", "cleared"))
    case = limited(case, "transformer", bare + 0.5 * (most - bare))
    worst = judged(case, network, tmp_path)
    assert broken(worst) == []
    assert abs(worst["transformer"]) < 1e-3
