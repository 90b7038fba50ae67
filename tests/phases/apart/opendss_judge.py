"""OpenDSS as the judge of a written schedule: voltages, both ends of lines and transformers, unbalance."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gridpact.arrays import Complex, Float
from gridpact.grid.limits import Limits
from tests.phases.opendss import Circuit
from tests.phases.opendss_networks import sequence_values
from tests.phases.test_three_phase_opendss import matrix, zeros

SQRT_3 = np.sqrt(3.0)
TURN = np.exp(2j * np.pi / 3)
VOLTAGE_PU, LOADING, UNBALANCE = 1e-4, 0.05, 0.02  # beyond which a limit is broken
Readings = dict[str, Float]


@dataclass(frozen=True)
class Judged:
    """A network as OpenDSS has it: a circuit without loads, and where limits are set.

    Attributes:
        circuit: makes it anew.
        kv: nominal voltages of the buses that are judged.
        lines: names and rated currents, A.
        neutral: of each bus, the node that voltages are to, or none where it is earth.
        transformer: currents of both its sides over the rated ones, (2, 3).
    """

    circuit: Callable[[], Circuit]
    kv: dict[int, float]
    lines: dict[str, float]
    neutral: dict[int, int]
    transformer: Callable[[Circuit], Complex]

    def readings(self, circuit: Circuit) -> Readings:
        """By kind of limit, the value at every place."""
        found: dict[str, list[Any]] = {
            "voltage": [],
            "voltage_unbalance": [],
            "line": [],
            "neutral": [],
            "transformer": [],
        }
        for bus, kv in self.kv.items():
            volts = circuit.phasors(f"b{bus}") / (1e3 * kv / SQRT_3)
            if bus in self.neutral:
                volts = volts - circuit.phasors(f"b{bus}", (self.neutral[bus],)) / (1e3 * kv / SQRT_3)
            a, b, c = volts
            found["voltage"].extend(np.abs(volts))
            share = abs(a + TURN**2 * b + TURN * c) / abs(a + TURN * b + TURN**2 * c)
            found["voltage_unbalance"].append(100.0 * share)
        for name, rated in self.lines.items():
            current = circuit.currents(f"Line.{name}").reshape(2, -1)[:, :3] / rated
            found["line"].extend(100.0 * np.abs(current).max(axis=0))
            found["neutral"].append(100.0 * np.abs(current.sum(axis=1)).max())
        found["transformer"].extend(100.0 * np.abs(self.transformer(circuit)).max(axis=0))
        return {kind: np.array(values) for kind, values in found.items()}

    def judge(self, folder: Path, case_folder: Path, limits: Limits, *, relaxed: bool = False) -> Readings:
        """Greatest excess by kind of limit over a case's limits, or over what the bare network has beyond."""
        schedule = pd.read_csv(folder / "schedule.csv")
        people = pd.read_csv(case_folder / "participants.csv").set_index("participant")
        worst: dict[str, Any] = {}
        for _, rows in schedule.groupby("time"):
            cleared, bare = (self._state(rows, people, is_bare=is_bare) for is_bare in (False, True))
            for kind, sign, most in (
                ("voltage_max", 1.0, limits.voltage_max_pu),
                ("voltage_min", -1.0, limits.voltage_min_pu),
                ("line", 1.0, limits.line_loading_max_percent),
                ("neutral", 1.0, limits.neutral_loading_max_percent),
                ("transformer", 1.0, limits.transformer_loading_max_percent),
                ("voltage_unbalance", 1.0, limits.voltage_unbalance_max_percent),
            ):
                name = "voltage" if kind in ("voltage_max", "voltage_min") else kind
                own = np.full(len(cleared[name]), sign * most)
                held = np.maximum(own, sign * bare[name]) if relaxed else own
                excess = float((sign * cleared[name] - held).max())
                worst[kind] = max(worst.get(kind, -np.inf), excess)
        return worst

    def _state(self, rows: pd.DataFrame, people: pd.DataFrame, *, is_bare: bool) -> Readings:
        """With what the schedule says, or with what there is without any trade, from the same words."""
        circuit = self.circuit()
        for row in rows.itertuples():
            own = people.loc[row.participant]
            made = row.own_use_kw + row.retail_export_kw
            used = row.own_use_kw + row.retail_import_kw
            if is_bare:
                made += row.p2p_sold_kw if own.surplus == "export" else 0.0
                used += row.p2p_bought_kw if own.demand == "firm" else 0.0
            else:
                made, used = made + row.p2p_sold_kw, used + row.p2p_bought_kw
                assert row.net_injection_kw == pytest.approx(made - used, abs=1e-6)
            generating, loading = (
                np.tan(np.arccos(own[f"{name}_power_factor"])) for name in ("generation", "load")
            )
            drawn = used * (1 + 1j * loading) - made * (1 + 1j * generating)
            back = self.neutral.get(own.bus, 0)
            for phase in own.phases:
                at = f"b{own.bus}.{'abc'.index(phase) + 1}.{back}"
                kv = self.kv[own.bus] / SQRT_3
                circuit.load(f"l{row.participant}_{phase}", at, kv, drawn / len(own.phases))
        circuit.solve()
        return self.readings(circuit)


def broken(worst: Readings) -> list[str]:
    """The kinds of limit that are broken beyond what a judge may differ."""
    most = {"voltage_max": VOLTAGE_PU, "voltage_min": VOLTAGE_PU, "voltage_unbalance": UNBALANCE}
    return [kind for kind, excess in worst.items() if excess > most.get(kind, LOADING)]


def units(
    circuit: Circuit, windings: str, clock: int, high: str, sides_kv: tuple[float, float], kva: float
) -> Callable[[Circuit], Complex]:
    """A transformer from a bus to `middle`: three nearly ideal units of one phase; reads currents over rated.

    A delta's unit is between a phase and the one before, and so are the halves of a zigzag: each turns by one
    hour. Other clocks come of other phases' units, and of windings the other way round.
    """
    (high_kv, low_kv), (first, second) = sides_kv, windings
    step, turned = _order(clock, (first == "d") + (second == "z"))
    for unit in range(3):
        phase, following = ((unit + add + step) % 3 + 1 for add in (0, 1))
        back = (unit - 1) % 3 + 1 if first == "d" else 0
        sides = [(high, unit + 1, back, high_kv / (1.0 if first == "d" else SQRT_3))]
        if second == "z":  # the node between the halves of a phase is 4 more
            sides += [("middle", phase, phase + 4, low_kv / 3), ("middle", 0, following + 4, low_kv / 3)]
        else:
            sides += [("middle", phase, 0, low_kv / SQRT_3)]
        text = f"New Transformer.u{unit} phases=1 windings={len(sides)} ppm_antifloat=0 %noloadloss=0 %imag=0"
        text += " XHL=1e-4" + (" XHT=1e-4 XLT=1e-4" if second == "z" else "")
        for place, (bus, one, other, kv) in enumerate(sides):
            ends = f"{other}.{one}" if turned and place else f"{one}.{other}"
            text += f" wdg={place + 1} bus={bus}.{ends} kv={kv:.15g} kva={kva / 3:.15g} %R=1e-5"
        circuit.command(text)
    rated_a = np.array([[kva / (SQRT_3 * kv)] for kv in sides_kv])

    def read(solved: Circuit) -> Complex:
        ampere = np.zeros((2, 3), dtype=np.complex128)
        for unit in range(3):
            current = solved.currents(f"Transformer.u{unit}")
            ampere[0, unit] += current[0]
            if first == "d":
                ampere[0, (unit - 1) % 3] += current[1]
            ampere[1, (unit + step) % 3] += current[3 if turned else 2]
        return ampere / rated_a

    return read


def _order(clock: int, hours: int) -> tuple[int, bool]:
    """By how many phases the low side is on, and whether its windings are the other way round."""
    orders = [(step, turned) for step in range(3) for turned in (False, True)]
    return next(one for one in orders if (hours - 4 * one[0] + 6 * one[1] - clock) % 12 == 0)


def of_pandapower(net: Any, windings: str, zero_percent: complex) -> Judged:
    """A net of `made`; all of the transformer's leakage is in a line behind it."""
    grid, trafo = net.ext_grid.iloc[0], net.trafo.iloc[0]
    sides_kv, kva = (trafo.vn_hv_kv, trafo.vn_lv_kv), 1e3 * trafo.sn_mva
    reader: list[Callable[[Circuit], Complex]] = []

    def circuit() -> Circuit:
        made = Circuit(f"b{grid.bus}", net.bus.vn_kv[grid.bus], grid.vm_pu)
        for index, row in net.line.iterrows():
            values = sequence_values(row)
            made.line(f"n{index}", f"b{row.from_bus}", f"b{row.to_bus}", row.length_km, values)
        clock = round(trafo.shift_degree / 30)
        reader[:] = [units(made, windings, clock, f"b{trafo.hv_bus}", sides_kv, kva)]
        leakage = trafo.vkr_percent + 1j * np.sqrt(trafo.vk_percent**2 - trafo.vkr_percent**2)
        ohm = trafo.vn_lv_kv**2 / trafo.sn_mva / 100
        _leakage(made, f"b{trafo.lv_bus}", ohm * leakage, ohm * zero_percent)
        return made

    judged = [bus for bus in net.bus.index.tolist() if bus not in (grid.bus, 6)]
    lines = {f"n{index}": 1e3 * row.max_i_ka * row.df for index, row in net.line.iterrows()}
    kv = {bus: float(net.bus.vn_kv[bus]) for bus in judged}
    return Judged(circuit, kv, lines, {}, lambda solved: reader[0](solved))


def of_power_grid_model(data: dict[str, Any], windings: str, neutral: str) -> Judged:
    """Input of `four_wires`, with cables of four conductors as such."""
    source, [trafo] = data["source"][0], data["transformer"]
    sides_kv, kva = (trafo["u1"] / 1e3, trafo["u2"] / 1e3), trafo["sn"] / 1e3
    reader: list[Callable[[Circuit], Complex]] = []

    def circuit() -> Circuit:
        ratio = source["rx_ratio"]
        z1 = 10.0**2 / (source["sk"] / 1e6) * (ratio + 1j) / np.sqrt(ratio**2 + 1)
        z0 = source["z01_ratio"] * z1
        impedance = f"Z1=[{z1.real:.15g}, {z1.imag:.15g}] Z0=[{z0.real:.15g}, {z0.imag:.15g}]"
        made = Circuit("b0", 10.0, source["u_ref"], impedance)
        [line] = data["line"]
        values = " ".join(f"{name.upper()}={line[name]:.15g}" for name in ("r1", "x1", "r0", "x0"))
        made.line(f"n{line['id']}", "b0", "b8", 1.0, values + " C1=0 C0=0")
        reader[:] = [units(made, windings, trafo["clock"], "b8", sides_kv, kva)]
        resistance = trafo["pk"] / trafo["sn"]
        leakage = resistance + 1j * np.sqrt(trafo["uk"] ** 2 - resistance**2)
        leakage *= trafo["u2"] ** 2 / trafo["sn"]
        _leakage(made, "b1", leakage, leakage * (0.1 if windings[1] == "z" else 1.0))
        made.command("New Reactor.earth phases=1 bus1=b1.4 bus2=b1.0 R=1e-9 X=0")
        for line in data["asym_line"]:
            ends = [
                f"b{line[f'{side}_node']}.1.2.3.{4 if neutral == 'return' else 0}" for side in ("from", "to")
            ]
            made.command(
                f"New Line.n{line['id']} phases=4 bus1={ends[0]} bus2={ends[1]} length=1 "
                f"rmatrix=({matrix(line, 'r')}) xmatrix=({matrix(line, 'x')}) cmatrix=({zeros()})"
            )
        return made

    kv = {node["id"]: node["u_rated"] / 1e3 for node in data["node"] if node["id"]}
    lines = {f"n{line['id']}": line["i_n"] for name in ("line", "asym_line") for line in data[name]}
    back = {bus: 4 for bus, value in kv.items() if value < 1.0} if neutral == "return" else {}
    return Judged(circuit, kv, lines, back, lambda solved: reader[0](solved))


def four_wires(data: dict[str, Any]) -> dict[str, Any]:
    """Input of `made` with cables of four conductors throughout its low voltage, all of one length."""
    template = data["asym_line"][0]
    ends = [(1, 2), (2, 3), (3, 4), (2, 5), (4, 5)]
    cables = [
        template | {"id": 40 + count, "from_node": one, "to_node": two}
        for count, (one, two) in enumerate(ends)
    ]
    nodes = [node for node in data["node"] if node["id"] not in (6, 7)]
    return data | {"line": data["line"][:1], "asym_line": cables, "shunt": [], "node": nodes}


def _leakage(circuit: Circuit, bus: str, positive: complex, zero: complex) -> None:
    values = f"R1={positive.real:.15g} X1={positive.imag:.15g} C1=0 C0=0 "
    circuit.line("half", "middle", bus, 1.0, values + f"R0={zero.real:.15g} X0={zero.imag:.15g}")
