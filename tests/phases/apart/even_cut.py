"""The even cut apart: another programme, on `Answers`, which Ipopt solves with exact derivatives."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import casadi as ca
import numpy as np

from gridpact.arrays import Complex, Float, Int
from gridpact.case import Case
from gridpact.clearing.network.network_state import OperatingLimits
from gridpact.grid.network import Network
from gridpact.grid.places import places
from tests.phases.apart.answers import Answers, answers

OPTIONS = {
    "print_level": 0,
    "sb": "yes",
    "tol": 1e-13,
    "acceptable_tol": 1e-11,
    "constr_viol_tol": 1e-11,
    "acceptable_constr_viol_tol": 1e-11,
    "dual_inf_tol": 1e-11,
    "compl_inf_tol": 1e-12,
    "bound_relax_factor": 0.0,
    "max_iter": 500,
}
SOLVED = ("Solve_Succeeded", "Solved_To_Acceptable_Level")
TURN = np.exp(2j * np.pi / 3)
WEIGHT = 1e-5  # of the unevenness beside the volume, by decision 0002
FIRST_ROWS, BROKEN = 30, -1e-10


class NoOptimum(Exception):
    """Ipopt ended without one."""


@dataclass(frozen=True)
class Rows:
    """R limits, |top| ≤ |bottom|: both are affine in K currents, at rest (R,) and gain (R, K), and near 1."""

    top: tuple[Complex, Complex]
    bottom: tuple[Complex, Complex]

    def room(self, current: Complex) -> Float:
        """|bottom|² − |top|², (R,)."""
        top, bottom = (np.abs(rest + gain @ current) ** 2 for rest, gain in (self.top, self.bottom))
        room: Float = bottom - top
        return room


@dataclass(frozen=True)
class Apart:
    """A period of a case: its n trades as variables one by one, on the answers of power-grid-model.

    Of the network, names, places and ratings are taken, and what is converted for verification; the caps and
    injections are made here of the case's own profiles.
    """

    case: Case
    network: Network
    period: int
    limits: OperatingLimits

    @cached_property
    def trades(self) -> Int:
        """Those whose window has the period, (n,)."""
        trades = self.case.trades
        return np.flatnonzero((trades.start <= self.period) & (self.period < trades.end))

    @cached_property
    def proposed_kw(self) -> Float:
        return self.case.trades.power_kw[self.trades]

    def uneven(self, cleared: Any) -> Any:
        """Σ q (1 − x)², kW."""
        return ca.sum1((self.proposed_kw - cleared) ** 2 / self.proposed_kw)

    def unevenness_kw(self, cleared: Float) -> float:
        return float(self.uneven(ca.DM(cleared)))

    def greatest(self, weight: float = 0.0, shares: tuple[float, ...] = (0.05, 0.5)) -> Float:
        """The greatest volume, less the weight of the unevenness; the best, from shares of the proposed."""
        starts = tuple(share * self.proposed_kw for share in shares)
        return self._best(lambda y: -ca.sum1(y) + weight * self.uneven(y), 0.0, starts)

    def most_even(self, volume_kw: float, start: Float) -> Float:
        """The least unevenness among what has at least this volume."""
        return self._best(self.uneven, volume_kw, (start,))

    def _best(self, objective: Any, volume_kw: float, starts: tuple[Float, ...]) -> Float:
        found, reasons = [], []
        for start in starts:
            try:
                found.append(self._solved(objective, volume_kw, start))
            except NoOptimum as reason:
                reasons.append(str(reason))
        if not found:
            raise NoOptimum("; ".join(reasons))
        return min(found, key=lambda one: float(objective(ca.DM(one))))

    def _solved(self, objective: Any, volume_kw: float, start: Float) -> Float:
        """With more and more rows, until none of the others is broken."""
        current = self._currents(start)
        least = np.argsort(self._rows.room(current))[:FIRST_ROWS]
        while True:
            cleared, current = self._with_rows(least, objective, volume_kw, start)
            broken = np.flatnonzero(self._rows.room(current) < BROKEN)
            if not len(np.setdiff1d(broken, least)):
                return cleared
            least = np.union1d(least, broken)

    @cached_property
    def _connected(self) -> tuple[Int, Float]:
        """The nodes (K, 2) at which participants are, and the share of each participant there, (K, P)."""
        people = self.case.participants
        position = {bus: place for place, bus in enumerate(self.network.bus_ids.tolist())}
        share: dict[tuple[int, int], Float] = {}
        for index, bus in enumerate(people.bus.tolist()):
            phases = people.phases[index] if people.phases else "abc"
            for phase in phases:
                at = position[bus], "abc".index(phase)
                share.setdefault(at, np.zeros(len(people.bus)))[index] = 1.0 / len(phases)
        nodes = sorted(share)
        return np.array(nodes), np.array([share[node] for node in nodes])

    @cached_property
    def _answers(self) -> Answers:
        model, kv = self.network.verification_model, self.network.bus_voltage_kv
        return answers(model, self._connected[0], kv)

    def _powers(self, cleared: Any) -> tuple[Any, Any, Any]:
        """Active and reactive power at the nodes, kW and kvar, and what is left of each cap, kW."""
        people, profiles = self.case.participants, self.case.profiles
        load, made = profiles.load_kw[self.period], profiles.generation_kw[self.period]
        own = np.minimum(load, made)
        sold, bought = (
            ca.DM((who[self.trades] == np.arange(len(own))[:, None]).astype(float)) @ cleared
            for who in (self.case.trades.seller, self.case.trades.buyer)
        )
        runs = own + np.where(people.exports, made - own, 0.0) + np.where(people.exports, 0.0, 1.0) * sold
        used = own + np.where(people.firm, load - own, 0.0) + np.where(people.firm, 0.0, 1.0) * bought
        of_made, of_used = (
            np.tan(np.arccos(one)) for one in (people.generation_power_factor, people.load_power_factor)
        )
        share = ca.DM(self._connected[1])
        caps = ca.vertcat(made - own - sold, load - own - bought)
        return share @ (runs - used), share @ (runs * of_made - used * of_used), caps

    def _currents(self, cleared: Float) -> Complex:
        """The currents that the nodes inject, by fixed point, kVA/pu, (K,)."""
        p_kw, q_kvar, _ = (np.asarray(part).ravel() for part in self._powers(ca.DM(cleared)))
        rest, gain = self._at_nodes
        current = np.zeros(len(rest), dtype=np.complex128)
        for _ in range(100):
            current = ((p_kw + 1j * q_kvar) / (rest + gain @ current)).conj()
        return current

    @property
    def _at_nodes(self) -> tuple[Complex, Complex]:
        """Their own voltages, pu."""
        at = tuple(self._connected[0].T)
        return self._answers.voltage[0][at], self._answers.voltage[1][at]

    @cached_property
    def _rows(self) -> Rows:
        """Every limit of the period."""
        count, limits, found = len(self._connected[0]), self.limits, places(self.network)
        (rest, gain), (i_rest, i_gain) = self._answers.voltage, self._answers.current
        forms: list[tuple[Any, Any, Any, Any, float]] = []
        nothing = np.zeros(count)
        for place, (high, low) in enumerate(
            zip(limits.voltage_max_pu[self.period], limits.voltage_min_pu[self.period], strict=True)
        ):
            if np.isfinite(high):
                at = divmod(place, 3)
                forms.append((rest[at], gain[at], high, nothing, high))
                forms.append((low, nothing, rest[at], gain[at], low))
        for place, element in enumerate(found.loading_element.tolist()):
            most, phase = limits.loading_max_percent[self.period, place] / 100.0, found.loading_phase[place]
            chosen = np.ones(3) if phase == "n" else np.eye(3)["abc".index(phase)]
            for side in (0, 1):
                one, other = chosen @ i_rest[side, element], chosen @ i_gain[side, element]
                forms.append((one, other, most, nothing, most))
        for place, bus in enumerate(found.unbalance_bus.tolist()):
            most = limits.unbalance_max_percent[self.period, place] / 100.0
            negative, positive = np.array([1.0, TURN**2, TURN]) / 3, np.array([1.0, TURN, TURN**2]) / 3
            top, bottom = negative @ rest[bus], most * positive @ rest[bus]
            forms.append((top, negative @ gain[bus], bottom, most * positive @ gain[bus], most))
        columns = [np.array(column) for column in zip(*forms, strict=True)]
        scale = columns[4]
        rest, gain = ([(part.T / scale).T for part in columns[place:4:2]] for place in (0, 1))
        return Rows((rest[0], gain[0]), (rest[1], gain[1]))

    def _with_rows(
        self, chosen: Int, objective: Any, volume_kw: float, start: Float
    ) -> tuple[Float, Complex]:
        """The optimum within some of the rows: its trades, (n,), and its currents, (K,)."""
        first = self._currents(start)
        forms = [self._at_nodes] + [
            (rest[chosen].astype(complex), gain[chosen].astype(complex))
            for rest, gain in (self._rows.top, self._rows.bottom)
        ]
        rest, gain = (np.concatenate(parts) for parts in zip(*forms, strict=True))
        value = rest + gain @ first
        sizes = {"y": len(start), "r": len(first), "i": len(first), "u": len(rest), "w": len(rest)}
        cleared, real, imaginary, u, w = (ca.SX.sym(name, size) for name, size in sizes.items())
        affine = ca.vertcat(
            rest.real + ca.DM(gain.real) @ real - ca.DM(gain.imag) @ imaginary - u,
            rest.imag + ca.DM(gain.real) @ imaginary + ca.DM(gain.imag) @ real - w,
        )
        p_kw, q_kvar, caps = self._powers(cleared)
        at = slice(0, len(first))
        balance = ca.vertcat(
            u[at] * real + w[at] * imaginary - p_kw, w[at] * real - u[at] * imaginary - q_kvar
        )
        size = (u**2 + w**2)[len(first) :]
        room = size[len(chosen) :] - size[: len(chosen)]
        rows = ca.vertcat(affine, balance, caps, room, ca.sum1(cleared) - volume_kw)
        variables = ca.vertcat(cleared, real, imaginary, u, w)
        programme = {"x": variables, "f": objective(cleared), "g": rows}
        solver = ca.nlpsol("apart", "ipopt", programme, {"print_time": False, "ipopt": OPTIONS})
        free = np.full(variables.shape[0] - len(start), np.inf)
        equations = affine.shape[0] + balance.shape[0]
        found = solver(
            x0=np.concatenate([start, first.real, first.imag, value.real, value.imag]),
            lbx=np.concatenate([np.zeros(len(start)), -free]),
            ubx=np.concatenate([self.proposed_kw, free]),
            lbg=np.zeros(rows.shape[0]),
            ubg=np.where(np.arange(rows.shape[0]) < equations, 0.0, np.inf),
        )
        if solver.stats()["return_status"] not in SOLVED:
            raise NoOptimum(solver.stats()["return_status"])
        trades, currents = np.split(
            np.asarray(found["x"]).ravel()[: len(start) + 2 * len(first)], [len(start)]
        )
        return trades, currents[: len(first)] + 1j * currents[len(first) :]
