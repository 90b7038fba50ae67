"""OpenDSS folders that tests write, and OpenDSS itself as their judge, on the folder as it stands."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridpact.arrays import Complex
from gridpact.errors import InvalidCase, Problem
from gridpact.grid.compile import compile_source
from gridpact.grid.network import Network
from gridpact.grid.source import NetworkSource

SQRT_3 = np.sqrt(3.0)
HEAD = """clear
Set DefaultBaseFrequency=50
New Circuit.feeder basekv=11 pu=1.02 bus1=source MVAsc3=200 MVAsc1=150
"""
FOOT = """
Set VoltageBases=[11, 0.4]
CalcVoltageBases
Solve
"""
CODE = """
New LineCode.cable nphases=3 R1=0.32 X1=0.08 R0=1.28 X0=0.30 C1=0 C0=0 units=km NormAmps=200
"""
FOUR_CODE = """
New LineCode.four nphases=4 units=km normamps=150
~ rmatrix=(0.40 | 0.05 0.41 | 0.051 0.052 0.42 | 0.05 0.049 0.048 0.45)
~ xmatrix=(0.70 | 0.50 0.71 | 0.48 0.47 0.72 | 0.46 0.44 0.43 0.75)
~ cmatrix=(0 | 0 0 | 0 0 0 | 0 0 0 0)
"""
TRANSFORMER = "New Transformer.t1 windings=2 buses=(source lv{low}) conns=({high} wye) kvs=(11 0.4) "
TRANSFORMER += "kvas=(250 250) xhl=4 %Rs=(0.6 0.6)"


def transformer(low: str = ".1.2.3.0", high: str = "delta", more: str = "") -> str:
    return f"{TRANSFORMER.format(low=low, high=high)} {more}"


def folder(path: Path, master: str, **files: str) -> Path:
    """The master file of a folder with other files beside it, whose names have `__` for `/`."""
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        file = path / (name.replace("__", "/") + ".txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (path / "Master.dss").write_text(master)
    return path / "Master.dss"


def compiled(master: Path, neutral: str = "return") -> Network:
    return compile_source(NetworkSource(file=master, model="three-phase", neutral=neutral))


def problems_of(master: Path, neutral: str = "return") -> tuple[Problem, ...]:
    with pytest.raises(InvalidCase) as found:
        compiled(master, neutral)
    return found.value.problems


def judged(master: Path, network: Network, power: Complex, *, back: int = 0) -> Complex:
    """Voltages of the phases of each bus to its neutral in pu, by OpenDSS on the folder, (B, 3).

    Args:
        power: injected at each phase of each bus, (B, 3), kVA.
        back: the node that loads at low voltage are to.
    """
    dss: Any = pytest.importorskip("dss", reason="OpenDSS comes with gridpact[opendss]").DSS
    dss.ClearAll()
    dss.AllowForms = False
    dss.AllowChangeDir = False

    def run(text: str) -> None:
        dss.Text.Command = text

    run(f'compile "{master}"')
    for name in dss.ActiveCircuit.Loads.AllNames:
        if name.lower() != "none":
            run(f"disable Load.{name}")
    for position, bus in enumerate(network.bus_names):
        kv = float(network.bus_voltage_kv[position])
        node = back if kv < 1.0 else 0
        for phase, injected in enumerate(power[position].tolist()):
            if injected:
                power_text = f"kW={-injected.real:.15g} kvar={-injected.imag:.15g} kv={kv / SQRT_3:.15g}"
                run(
                    f"New Load.judge_{position}_{phase} bus1={bus}.{phase + 1}.{node} phases=1 {power_text} "
                    "model=1 vminpu=0.05 vmaxpu=5 conn=wye"
                )
    run("Set Tolerance=1e-12")
    run("Set MaxIterations=500")
    run("Solve mode=snapshot")
    assert dss.ActiveCircuit.Solution.Converged
    found = np.zeros((len(network.bus_names), 3), dtype=np.complex128)
    for position, bus in enumerate(network.bus_names):
        dss.ActiveCircuit.SetActiveBus(bus)
        values = np.asarray(dss.ActiveCircuit.ActiveBus.Voltages)
        nodes = dss.ActiveCircuit.ActiveBus.Nodes
        of = dict(zip(nodes, values[0::2] + 1j * values[1::2], strict=True))
        base = 1e3 * network.bus_voltage_kv[position] / SQRT_3
        found[position] = [(of[node] - (of.get(4, 0.0) if back else 0.0)) / base for node in (1, 2, 3)]
    return found
