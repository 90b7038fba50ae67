"""Other engines as judges of the limits of a case: pandapower if balanced, OpenDSS with three phases."""

from typing import Any

import numpy as np
import pandapower as pp

from gridpact.arrays import Complex, Float
from gridpact.case import Case
from tests.phases.opendss_networks import ORDER_OF_CLOCK, SQRT_3, of_pandapower

TURN = np.exp(2j * np.pi / 3)
PHASES = "abc"


def reactive_kvar(case: Case, power_kw: Float) -> Float:
    """What net powers at the meter draw or give by the participants' power factors, (m, P)."""
    people = case.participants
    export, load = (np.tan(np.arccos(f)) for f in (people.generation_power_factor, people.load_power_factor))
    return np.where(power_kw > 0.0, power_kw * export, power_kw * load)


def excess_by_pandapower(case: Case, net: Any, power_kw: Float) -> Float:
    """The greatest excess of any limit, pu and parts of one, under net powers, (m, P): (m,)."""
    for table in ("load", "sgen", "gen", "storage", "shunt", "asymmetric_load", "asymmetric_sgen"):
        net[table] = net[table].iloc[:0]
    pp.create_sgens(net, case.participants.bus, 0.0)
    free = net.bus.index.difference(net.ext_grid.bus)
    limits, worst = case.limits, []
    for active, reactive in zip(power_kw, reactive_kvar(case, power_kw), strict=True):
        net.sgen["p_mw"], net.sgen["q_mvar"] = active / 1e3, reactive / 1e3
        pp.runpp(net, numba=False, tolerance_mva=1e-10, init="auto", max_iteration=30)
        voltage = net.res_bus.vm_pu[free]
        parts = [
            voltage - limits.voltage_max_pu,
            limits.voltage_min_pu - voltage,
            (net.res_line.loading_percent - limits.line_loading_max_percent) / 100.0,
            (net.res_trafo.loading_percent - limits.transformer_loading_max_percent) / 100.0,
        ]
        worst.append(max(float(np.nanmax(part)) for part in parts if len(part)))
    return np.array(worst)


class OpenDSSJudge:
    """The limits of a case with three phases by OpenDSS, on a pandapower net of one transformer."""

    def __init__(self, case: Case, net: Any):
        trafo, rated_amps = net.trafo.iloc[0], 1e3 * net.line.max_i_ka * net.line.df
        star = trafo.vector_group == "YNyn"
        low = "" if star else ORDER_OF_CLOCK[round(trafo.shift_degree / 30.0)]
        self.circuit = of_pandapower(net, low, (" conn=wye", "through") if star else (" conn=delta", ""))
        self.case, self.rated_amps = case, dict(zip(net.line.index, rated_amps, strict=True))
        kva, both = 1e3 * trafo.sn_mva, (trafo.vn_hv_kv, trafo.vn_lv_kv)
        self.rated_trafo_amps = [kva / kv / SQRT_3 for kv in both]
        self.volts = {f"b{bus}": 1e3 * kv / SQRT_3 for bus, kv in net.bus.vn_kv.items()}
        self.held = {f"b{bus}" for bus in net.ext_grid.bus}
        self.shares = self._connect()
        self.circuit.solve()
        self.buses, self.nodes = self._nodes()

    def _connect(self) -> list[tuple[str, int, float]]:
        """A load for each phase of each participant: its name, the participant, and its part of the power."""
        found = []
        people = self.case.participants
        for one, (bus, phases) in enumerate(zip(people.bus.tolist(), people.phases, strict=True)):
            for phase in phases:
                name, kv = f"l{one}{phase}", self.volts[f"b{bus}"] / 1e3
                self.circuit.load(name, f"b{bus}.{PHASES.index(phase) + 1}.0", kv, 0j)
                found.append((name, one, 1.0 / len(phases)))
        return found

    def _nodes(self) -> tuple[list[str], list[list[int]]]:
        """The buses that have limits, and where their phases are among all nodes."""
        places = {name: k for k, name in enumerate(self.circuit.engine.ActiveCircuit.AllNodeNames)}
        names = {name.split(".")[0] for name in places}
        buses = sorted(names & set(self.volts) - self.held)
        return buses, [[places[f"{bus}.{phase}"] for phase in (1, 2, 3)] for bus in buses]

    def excess(self, power_kw: Float) -> Float:
        """The greatest excess of any limit, pu and parts of one, under net powers, (m, P): (m,)."""
        power = power_kw + 1j * reactive_kvar(self.case, power_kw)
        return np.array([self._of(row) for row in power])

    def _of(self, power: Complex) -> float:
        for name, one, share in self.shares:
            drawn = -power[one] * share
            self.circuit.command(f"Edit Load.{name} kW={drawn.real:.15g} kvar={drawn.imag:.15g}")
        self.circuit.command("Solve mode=snapshot")
        solution = self.circuit.engine.ActiveCircuit.Solution
        assert solution.Converged
        return max(*self._voltages(), *self._lines(), *self._transformer())

    def _voltages(self) -> list[float]:
        """Excesses of voltages and of unbalances, pu and parts of one."""
        limits = self.case.limits
        values = np.asarray(self.circuit.engine.ActiveCircuit.AllBusVolts)
        phasors = (values[0::2] + 1j * values[1::2])[self.nodes]
        pu = np.abs(phasors) / np.array([self.volts[bus] for bus in self.buses])[:, None]
        a, b, c = phasors.T
        unbalance = np.abs(a + TURN**2 * b + TURN * c) / np.abs(a + TURN * b + TURN**2 * c)
        return [
            float(pu.max()) - limits.voltage_max_pu,
            limits.voltage_min_pu - float(pu.min()),
            float(unbalance.max()) - limits.voltage_unbalance_max_percent / 100.0,
        ]

    def _lines(self) -> list[float]:
        limits, worst = self.case.limits, []
        for index, rated in self.rated_amps.items():
            ends = self.circuit.currents(f"Line.n{index}").reshape(2, 3)
            worst.append(np.abs(ends).max() / rated - limits.line_loading_max_percent / 100.0)
            neutral = np.abs(ends.sum(axis=1)).max() / rated
            worst.append(neutral - limits.neutral_loading_max_percent / 100.0)
        return worst

    def _transformer(self) -> list[float]:
        sides = np.abs(self.circuit.currents("Transformer.t").reshape(2, 4)[:, :3])
        limit = self.case.limits.transformer_loading_max_percent / 100.0
        return [float(s.max()) / rated - limit for s, rated in zip(sides, self.rated_trafo_amps, strict=True)]
