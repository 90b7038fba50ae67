"""The AC optimum in another formulation, straight from pandapower's tables, to compare with.

Nothing here knows gridpact's network, programme or power flow. Voltages are polar, powers are balanced branch
by branch, currents are limited by the law of cosines, trades are variables one by one; two-ports are written
by hand (a pi for a line, a T with an ideal transformer in front for a transformer). Ipopt solves it.
"""

from copy import deepcopy
from dataclasses import dataclass

import casadi as ca
import numpy as np
import pandapower as pp

from gridpact.case import Case

BASE_MVA = 0.1
VOLUMES_MAX = 8
BASE_KW = 1000.0 * BASE_MVA
SOLVED = ("Solve_Succeeded", "Solved_To_Acceptable_Level")
INJECTING = ("load", "sgen", "gen", "storage", "motor", "ward", "xward", "asymmetric_load", "asymmetric_sgen")
RUNPP = {
    "calculate_voltage_angles": True,
    "trafo_model": "t",
    "trafo_loading": "current",
    "tolerance_mva": 1e-9,
    "numba": False,
}


@dataclass(frozen=True)
class TwoPort:
    """A branch: its end nodes, its admittances in pu, and the currents in pu that are 100 % at its ends."""

    table: str
    index: int
    ends: tuple[int, int]
    y: np.ndarray
    rating: tuple[float, float]


@dataclass(frozen=True)
class Found:
    """An optimum: the objective, and the power of every trade (0 outside its window)."""

    objective: float
    trade_kw: np.ndarray


class NoOptimum(Exception):
    """Ipopt ended without one."""


def bare(net):
    """A net without loads and generators."""
    net = deepcopy(net)
    for table in INJECTING:
        if table in net:
            net[table] = net[table].iloc[:0]
    if "controller" in net:
        net.controller = net.controller.iloc[:0]
    return net


def operated(net, bus, p_kw, q_kvar):
    """The net after `pandapower.runpp` with an injection per participant."""
    net = bare(net)
    for at, p, q in zip(bus, p_kw, q_kvar, strict=True):
        pp.create_sgen(net, at, p_mw=p / 1000.0, q_mvar=q / 1000.0)
    pp.runpp(net, **RUNPP)
    return net


def injected(case: Case, period: int, sold_kw, bought_kw):
    """Active and reactive injection of each participant by section 4 of the design."""
    people, load, made = case.participants, case.profiles.load_kw[period], case.profiles.generation_kw[period]
    own = np.minimum(load, made)
    runs = own + np.where(people.exports, made - own, sold_kw)
    used = np.where(people.firm, load, own + bought_kw)
    tan_made = np.tan(np.arccos(people.generation_power_factor))
    tan_used = np.tan(np.arccos(people.load_power_factor))
    return runs - used, runs * tan_made - used * tan_used


class ExactPeriod:
    """One period of a case on a pandapower net; its baseline must have a power flow."""

    def __init__(self, net, case: Case, period: int = 0) -> None:
        self.case, self.period, self.net = case, period, bare(net)
        nothing = np.zeros(len(case.participants))
        self.baseline = operated(self.net, case.participants.bus, *injected(case, period, nothing, nothing))
        self._node = _nodes(self.net)
        self._ports = [*_lines(self.net, self._node), *_transformers(self.net, self._node)]
        self.trades = np.flatnonzero((case.trades.start <= period) & (case.trades.end > period))
        self._build(relaxed=False)
        try:
            self.solve()
        except NoOptimum:  # no choice keeps the case's own limits: those of the baseline hold
            self._build(relaxed=True)

    def solve(self, weights=None, lower_kw=None, upper_kw=None, at_least=(), uneven_per_kw=None) -> Found:
        """The greatest weighted volume with every trade between two powers, (trades,) each.

        `at_least` has pairs of weights, (trades,), and the volume that they have to reach. With costs of
        unevenness, (trades,), their sum times (proposed − cleared)² is subtracted.
        """
        count, case = len(self.case.trades), self.case
        weights = np.ones(count) if weights is None else np.asarray(weights)
        lower = np.zeros(count) if lower_kw is None else np.asarray(lower_kw)
        upper = case.trades.power_kw if upper_kw is None else np.asarray(upper_kw)
        at = self.trades
        uneven = np.zeros(count) if uneven_per_kw is None else np.asarray(uneven_per_kw)
        scale = max(np.abs(weights[at]).max(initial=0.0), (uneven[at] * BASE_KW).max(initial=0.0)) or 1.0
        bounds = self._bounds
        kept_weights, kept_kw = np.zeros((VOLUMES_MAX, len(at))), np.full(VOLUMES_MAX, -np.inf)
        for place, (chosen, volume_kw) in enumerate(at_least):
            kept_weights[place], kept_kw[place] = np.asarray(chosen)[at], volume_kw
        best = None
        for share in (0.3, 0.8, 0.01):
            found = self._solver(
                x0=np.concatenate([self._start, (lower + share * (upper - lower))[at] / BASE_KW]),
                p=np.concatenate(
                    [
                        weights[at] / scale,
                        kept_weights.ravel(),
                        uneven[at] * BASE_KW / scale,
                        case.trades.power_kw[at] / BASE_KW,
                    ]
                ),
                lbx=np.concatenate([bounds["lbv"], lower[at] / BASE_KW]),
                ubx=np.concatenate([bounds["ubv"], upper[at] / BASE_KW]),
                lbg=np.concatenate([bounds["lbg"], kept_kw / BASE_KW]),
                ubg=np.concatenate([bounds["ubg"], np.full(VOLUMES_MAX, np.inf)]),
            )
            solved = self._solver.stats()["return_status"] in SOLVED
            if solved and (best is None or float(found["f"]) < float(best["f"])):
                best = found
        if best is None:
            raise NoOptimum(self._solver.stats()["return_status"])
        trade_kw = np.zeros(count)
        trade_kw[at] = np.asarray(best["x"]).ravel()[len(self._start) :] * BASE_KW
        return Found(objective=float(weights @ trade_kw), trade_kw=trade_kw)

    def _build(self, *, relaxed: bool) -> None:
        self._relaxed = relaxed
        case, net, node = self.case, self.net, self._node
        supplies = net.ext_grid[net.ext_grid.in_service]
        held = {
            int(node[bus]): (v, np.deg2rad(a))
            for bus, v, a in zip(supplies.bus, supplies.vm_pu, supplies.va_degree, strict=True)
        }
        buses = [bus for bus in net.bus.index if np.isfinite(self.baseline.res_bus.vm_pu[bus])]
        first = {}
        for bus in buses:
            first.setdefault(int(node[bus]), bus)
        free = [n for n in first if n not in held]
        v, angle = ca.SX.sym("v", len(free)), ca.SX.sym("angle", len(free))
        magnitude = {n: v[k] for k, n in enumerate(free)} | {n: held[n][0] for n in held}
        phase = {n: angle[k] for k, n in enumerate(free)} | {n: held[n][1] for n in held}
        power, weight, uneven, proposed = (ca.SX.sym(name, len(self.trades)) for name in "ywuq")
        p = dict.fromkeys(first, 0.0)
        q = dict.fromkeys(first, 0.0)
        rows, lower, upper = [], [], []
        for port in self._ports:
            if not all(end in first for end in port.ends):
                continue
            for here in (0, 1):
                there = 1 - here
                a, b = port.ends[here], port.ends[there]
                own, other = complex(port.y[here, here]), complex(port.y[here, there])
                gap = phase[a] - phase[b]
                cos, sin, product = ca.cos(gap), ca.sin(gap), magnitude[a] * magnitude[b]
                p[a] += magnitude[a] ** 2 * own.real + product * (other.real * cos + other.imag * sin)
                q[a] += -(magnitude[a] ** 2) * own.imag + product * (other.real * sin - other.imag * cos)
                if np.isfinite(port.rating[here]):
                    cross = own * other.conjugate()
                    square = abs(own) ** 2 * magnitude[a] ** 2 + abs(other) ** 2 * magnitude[b] ** 2
                    square += 2 * product * (cross.real * cos - cross.imag * sin)
                    limit = self._loading_limit(port)
                    rows.append(square / (port.rating[here] * limit / 100.0) ** 2)
                    lower.append(-np.inf)
                    upper.append(1.0)
        self._balances(first, free, p, q, power, rows, lower, upper)
        low, high = case.limits.voltage_min_pu, case.limits.voltage_max_pu
        base_v = np.array([self.baseline.res_bus.vm_pu[first[n]] for n in free])
        base_angle = np.deg2rad([self.baseline.res_bus.va_degree[first[n]] for n in free])
        turns = np.full(len(free), np.inf)
        self._start = np.concatenate([base_v, base_angle])
        self._bounds = {
            "lbv": np.concatenate(
                [np.minimum(low, base_v) if relaxed else np.full_like(base_v, low), -turns]
            ),
            "ubv": np.concatenate(
                [np.maximum(high, base_v) if relaxed else np.full_like(base_v, high), turns]
            ),
            "lbg": np.array(lower),
            "ubg": np.array(upper),
        }
        kept = ca.SX.sym("kept", VOLUMES_MAX * len(self.trades))
        volumes = [
            ca.dot(kept[k * len(self.trades) : (k + 1) * len(self.trades)], power) for k in range(VOLUMES_MAX)
        ]
        programme = {
            "x": ca.vertcat(v, angle, power),
            "p": ca.vertcat(weight, kept, uneven, proposed),
            "f": -ca.dot(weight, power) + ca.dot(uneven, (proposed - power) ** 2),
            "g": ca.vertcat(*rows, *volumes),
        }
        options = {"print_level": 0, "sb": "yes", "tol": 1e-9, "max_iter": 500, "bound_relax_factor": 1e-10}
        self._solver = ca.nlpsol("exact", "ipopt", programme, {"print_time": False, "ipopt": options})

    def _balances(self, first, free, p, q, power, rows, lower, upper) -> None:
        """The power balance of every free node, and the caps of every participant."""
        case, people = self.case, self.case.participants
        sold = dict.fromkeys(range(len(people)), 0.0)
        bought = dict(sold)
        for at, trade in enumerate(self.trades.tolist()):
            sold[int(case.trades.seller[trade])] += power[at]
            bought[int(case.trades.buyer[trade])] += power[at]
        load, made = case.profiles.load_kw[self.period], case.profiles.generation_kw[self.period]
        own = np.minimum(load, made)
        p_in, q_in = dict.fromkeys(first, 0.0), dict.fromkeys(first, 0.0)
        for k in range(len(people)):
            node = int(self._node[people.bus[k]])
            runs = (made[k] if people.exports[k] else own[k]) / BASE_KW
            runs = runs if people.exports[k] else runs + sold[k]
            used = load[k] / BASE_KW if people.firm[k] else own[k] / BASE_KW + bought[k]
            p_in[node] += runs - used
            q_in[node] += runs * np.tan(np.arccos(people.generation_power_factor[k]))
            q_in[node] -= used * np.tan(np.arccos(people.load_power_factor[k]))
            for total, cap in ((sold[k], made[k] - own[k]), (bought[k], load[k] - own[k])):
                if not isinstance(total, float):
                    rows.append(total)
                    lower.append(-np.inf)
                    upper.append(cap / BASE_KW)
        for node in free:
            rows += [p[node] - p_in[node], q[node] - q_in[node]]
            lower += [0.0, 0.0]
            upper += [0.0, 0.0]

    def _loading_limit(self, port: TwoPort) -> float:
        limits = self.case.limits
        nominal = (
            limits.line_loading_max_percent
            if port.table == "line"
            else limits.transformer_loading_max_percent
        )
        if not self._relaxed:
            return nominal
        return max(nominal, self.baseline[f"res_{port.table}"].loading_percent[port.index])


def worst_excess(net, clearance, bare_case=None) -> tuple[float, float]:
    """By how much runpp finds limits broken under the written schedule alone, in pu and in points.

    Where the status says that limits stay broken, those that the bare network breaks count as relaxed to its
    own value, also found by runpp; it is that of another case where one is given.
    """
    case, schedule = clearance.case, clearance.schedule
    is_relaxed = clearance.summary["status"] == "baseline_unsafe"
    people, limits = case.participants, case.limits
    held = net.ext_grid.bus[net.ext_grid.in_service].tolist()
    node = _nodes(net)
    others = [bus for bus in net.bus.index if node[bus] not in {node[bus] for bus in held}]
    worst_pu = worst_points = 0.0
    for period, label in enumerate(case.horizon.labels()):
        rows = schedule[schedule.time == label].set_index("participant").loc[list(people.ids)]
        used = (rows.own_use_kw + rows.p2p_bought_kw + rows.retail_import_kw).to_numpy()
        runs = (rows.own_use_kw + rows.p2p_sold_kw + rows.retail_export_kw).to_numpy()
        np.testing.assert_allclose(runs - used, rows.net_injection_kw, atol=1e-9)
        q = runs * np.tan(np.arccos(people.generation_power_factor))
        q -= used * np.tan(np.arccos(people.load_power_factor))
        after = operated(net, people.bus, runs - used, q)
        nothing = np.zeros(len(people))
        bare = injected(bare_case or case, period, nothing, nothing)
        before = operated(net, people.bus, *bare) if is_relaxed else None
        v = after.res_bus.vm_pu[others]
        low, high = limits.voltage_min_pu, limits.voltage_max_pu
        if before is not None:
            v0 = before.res_bus.vm_pu[others]
            low, high = np.fmin(low, v0), np.fmax(high, v0)
        worst_pu = max(worst_pu, np.nanmax(np.fmax(low - v, v - high)))
        for table, limit in (
            ("res_line", limits.line_loading_max_percent),
            ("res_trafo", limits.transformer_loading_max_percent),
        ):
            if len(after[table]):
                now = after[table].loading_percent
                most = limit if before is None else np.fmax(limit, before[table].loading_percent)
                worst_points = max(worst_points, np.nanmax(now - most))
    return float(worst_pu), float(worst_points)


def _nodes(net) -> dict[int, int]:
    """The node of each bus: the least bus that closed switches join it to."""
    node = {int(bus): int(bus) for bus in net.bus.index}
    joins = net.switch[(net.switch.et == "b") & net.switch.closed]
    for a, b in zip(joins.bus, joins.element, strict=True):
        low, high = sorted((node[a], node[b]))
        node = {bus: low if at == high else at for bus, at in node.items()}
    return node


def _open_ends(net, kind: str) -> set[tuple[int, int]]:
    switches = net.switch[(net.switch.et == kind) & ~net.switch.closed]
    return set(zip(switches.element.tolist(), switches.bus.tolist(), strict=True))


def _lines(net, node):
    opened = _open_ends(net, "l")
    for row in net.line[net.line.in_service].itertuples():
        kv = net.bus.vn_kv[row.from_bus]
        ohm = kv**2 / BASE_MVA
        series = (row.r_ohm_per_km + 1j * row.x_ohm_per_km) * row.length_km / row.parallel / ohm
        charging = 1j * 2 * np.pi * net.f_hz * row.c_nf_per_km * 1e-9 + row.g_us_per_km * 1e-6
        shunt = charging * row.length_km * row.parallel * ohm
        y = np.array([[1 / series + shunt / 2, -1 / series], [-1 / series, 1 / series + shunt / 2]])
        rating = row.max_i_ka * row.parallel * row.df * np.sqrt(3) * kv / BASE_MVA
        y, rating = _switched(y, rating, (row.Index, row.from_bus), (row.Index, row.to_bus), opened)
        yield TwoPort("line", row.Index, (node[row.from_bus], node[row.to_bus]), y, rating)


def _switched(y, rating, at_from, at_to, opened):
    """A branch with an open end takes current at the other end only."""
    if at_from in opened and at_to in opened:
        return np.zeros((2, 2)), (np.inf, np.inf)
    if at_from in opened:
        return np.diag([0.0, y[1, 1] - y[0, 1] * y[1, 0] / y[0, 0]]), (np.inf, rating)
    if at_to in opened:
        return np.diag([y[0, 0] - y[0, 1] * y[1, 0] / y[1, 1], 0.0]), (rating, np.inf)
    return y, (rating, rating)


def _transformers(net, node):
    closed = net.trafo[net.trafo.in_service]
    opened = {element for element, _ in _open_ends(net, "t")}
    for row in closed.itertuples():
        if row.Index in opened:
            continue
        taps = 0.0 if np.isnan(row.tap_pos) else (row.tap_pos - row.tap_neutral) * row.tap_step_percent / 100
        taps = 0.0 if np.isnan(taps) else taps
        hv = row.vn_hv_kv * (1 + taps if row.tap_side == "hv" else 1.0)
        lv = row.vn_lv_kv * (1 + taps if row.tap_side == "lv" else 1.0)
        hv_bus, lv_bus = net.bus.vn_kv[row.hv_bus], net.bus.vn_kv[row.lv_bus]
        scale = (lv / lv_bus) ** 2 * BASE_MVA / (row.sn_mva * row.parallel)
        r = row.vkr_percent / 100 * scale
        z = r + 1j * np.sqrt((row.vk_percent / 100 * scale) ** 2 - r**2)
        iron = row.pfe_kw / 1000 * row.parallel
        idle = row.i0_percent / 100 * row.sn_mva * row.parallel
        shunt = (iron - 1j * np.sqrt(max(idle**2 - iron**2, 0.0))) / BASE_MVA * (lv_bus / lv) ** 2
        # The chain matrix of z/2, shunt, z/2 as admittances, seen through the ideal transformer.
        a, b = 1 + z / 2 * shunt, z * (1 + z / 4 * shunt)
        ratio = hv / hv_bus / (lv / lv_bus) * np.exp(1j * np.deg2rad(row.shift_degree))
        y = np.array([[a / b / abs(ratio) ** 2, -1 / b / ratio.conjugate()], [-1 / b / ratio, a / b]])
        mva = row.sn_mva * row.parallel * row.df
        rating = (mva * hv_bus / row.vn_hv_kv / BASE_MVA, mva * lv_bus / row.vn_lv_kv / BASE_MVA)
        yield TwoPort("trafo", row.Index, (node[row.hv_bus], node[row.lv_bus]), y, rating)
