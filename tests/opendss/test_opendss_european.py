"""The IEEE European LV feeder as its folder has it, written from pandapower's: it loads, and is OpenDSS's."""

from pathlib import Path

import numpy as np

from gridpact.grid.opendss.participants_template import participants_template
from gridpact.grid.source import NetworkSource
from tests.opendss.folders import compiled, folder, judged
from tests.phases.judged import bus_phasors, differences_from_power_grid_model, flow_of

VALUES = ("r_ohm_per_km", "x_ohm_per_km", "r0_ohm_per_km", "x0_ohm_per_km", "c_nf_per_km", "c0_nf_per_km")
HEAD = """clear
Set DefaultBaseFrequency=50  ! Hz
New circuit.LVTest
Edit Vsource.Source BasekV=11 pu=1.05 ISC3=3000 ISC1=5
Redirect LineCode.txt
"""
RESULTS = """
buscoords buscoords.dss
New energymeter.m1 LINE.LINE1 1
New Monitor.LINE1_PQ_vs_Time LINE.LINE1 1 Mode=1 ppolar=0
Solve mode=daily stepsize=1m number=1440
Export monitors LINE1_PQ_vs_Time
Plot profile phases=all
Show Voltages LN Nodes
"""


def written(path: Path, *, whole: bool) -> Path:
    """The folder in the layout in which it is published; without profiles and results where not `whole`."""
    from pandapower.networks import ieee_european_lv_asymmetric

    net = ieee_european_lv_asymmetric()
    codes: dict[tuple[float, ...], str] = {}
    lines, loads, shapes = [], [], []
    for index, row in net.line.iterrows():
        code = codes.setdefault(tuple(row[name] for name in VALUES), f"code{len(codes)}")
        ends = f"Bus1={row.from_bus} Bus2={row.to_bus} phases=3"
        lines.append(f"New Line.LINE{index} {ends} Linecode={code} Length={row.length_km * 1e3:.15g} Units=m")
    for number, load in enumerate(net.asymmetric_load.itertuples(), start=1):
        phase = int(np.argmax([load.p_a_mw, load.p_b_mw, load.p_c_mw])) + 1
        daily = f"Daily=Shape_{number}" if whole else ""
        loads.append(f"New Load.LOAD{number} Phases=1 Bus1={load.bus}.{phase} kV=0.23 kW=1 PF=.95 {daily}")
        file = f"file=Load_profile_{number}.csv"
        shapes.append(f"New Loadshape.Shape_{number} npts=1440 minterval=1 mult=({file}) useactual=true")
    parts = " ".join(f"{key}={{{place}}}" for place, key in enumerate(("R1", "X1", "R0", "X0", "C1", "C0")))
    texts = {
        "LineCode": "\n".join(
            f"New LineCode.{name} nphases=3 {parts.format(*key)} Units=km" for key, name in codes.items()
        ),
        "Lines": "\n".join(lines),
        "Loads": "\n".join(loads),
        "LoadShapes": "\n".join(shapes),
        "Transformers": "New Transformer.TR1 Buses=[SourceBus 1] Conns=[Delta Wye] kVs=[11 0.416] "
        "kVAs=[800 800] XHL=4 sub=y",
    }
    order = [*(["LoadShapes"] if whole else []), "Lines", "Transformers", "Loads"]
    end = "\nSet voltagebases=[11  .416]\nCalcvoltagebases\n"
    redirects = "\n".join(f"Redirect {name}.txt" for name in order)
    return folder(path, HEAD + redirects + end + (RESULTS if whole else ""), **texts)


def test_the_folder_is_the_feeder_of_opendss(tmp_path: Path) -> None:
    master, plain = written(tmp_path / "whole", whole=True), written(tmp_path / "plain", whole=False)
    network = compiled(master)
    assert len(network.bus_ids) == 907
    assert not [each for each in network.notices if "NormAmps" not in each and "left" not in each][1:]
    rows = participants_template(NetworkSource(file=master, model="three-phase"))
    assert len(rows) == 55
    random, place = np.random.default_rng(7), {name: row for row, name in enumerate(network.bus_names)}
    power = np.zeros((1, 907, 3), dtype=np.complex128)
    for row in rows:
        assert network.bus_ids[place[row["bus"]]] == int(row["bus"])
        power[0, place[row["bus"]], "abc".index(row["phases"])] = random.uniform(-4, 5) + 1j
    own = bus_phasors(network, flow_of(network, power))[0]
    assert np.abs(own).max() > 1.06
    assert np.abs(own - judged(plain, network, power[0])).max() < 1e-8
    voltage, _, unbalance = differences_from_power_grid_model(network, power)
    assert voltage < 1e-9
    assert unbalance < 1e-6
