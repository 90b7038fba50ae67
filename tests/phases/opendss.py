"""OpenDSS as a judge: circuits written as its script, and the voltages and currents that it finds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gridpact.arrays import Complex

SETTINGS = ("Set Voltagebases=[20, 11, 10, 0.416, 0.41, 0.4]", "CalcVoltageBases", "Set Tolerance=1e-11")


class Circuit:
    """A circuit of OpenDSS, an element a line of its script."""

    def __init__(self, bus: str, kv: float, pu: float, impedance: str = "Z1=[0, 1e-9] Z0=[0, 1e-9]"):
        dss = pytest.importorskip("dss", reason="the judge OpenDSS comes with gridpact[opendss]")
        self.engine: Any = dss.DSS
        self.engine.ClearAll()
        self.engine.AllowForms = False
        self.command("Set DefaultBaseFrequency=50")
        source = f"basekv={kv} pu={pu} phases=3 frequency=50 {impedance}"
        self.command(f"New Circuit.judge bus1={bus} {source}")

    def command(self, text: str) -> None:
        self.engine.Text.Command = text

    def line(self, name: str, first: str, second: str, km: float, values: str) -> None:
        self.command(f"New Line.{name} bus1={first} bus2={second} length={km} units=km {values}")

    def load(self, name: str, at: str, kv: float, power: complex) -> None:
        """A load of constant power between a phase and the neutral, kVA."""
        constant = "phases=1 model=1 vminpu=0.05 vmaxpu=5 conn=wye"
        kw, kvar = f"{power.real:.15g}", f"{power.imag:.15g}"
        self.command(f"New Load.{name} bus1={at} kv={kv:.15g} kW={kw} kvar={kvar} {constant}")

    def solve(self) -> None:
        for setting in SETTINGS:
            self.command(setting)
        self.command("Set Maxiterations=500")
        self.command("Solve mode=snapshot")
        assert self.engine.ActiveCircuit.Solution.Converged

    def phasors(self, bus: str, nodes: Sequence[int] = (1, 2, 3)) -> Complex:
        """Voltages of the phases of a bus to earth, V."""
        active = self.engine.ActiveCircuit
        active.SetActiveBus(bus)
        values = np.asarray(active.ActiveBus.Voltages)
        found = dict(zip(active.ActiveBus.Nodes, values[0::2] + 1j * values[1::2], strict=True))
        return np.array([found[node] for node in nodes])

    def currents(self, element: str) -> Complex:
        """Currents into an element, one for each conductor of each end, A."""
        active = self.engine.ActiveCircuit
        active.SetActiveElement(element)
        values = np.asarray(active.ActiveCktElement.Currents)
        return values[0::2] + 1j * values[1::2]
