"""DC clearing of meshed networks and of two supplies, beside a programme built from pandapower's tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandapower as pp
import pytest
from scipy.optimize import linprog

import gridpact
from gridpact.case import Case, Formulation
from gridpact.grid.limits import Limits
from gridpact.grid.source import NetworkSource
from tests.instances import make_case, make_participants, make_trades

LINE_PERCENT, TRANSFORMER_PERCENT = 30.0, 25.0
PERIODS, BUSES = 3, 6


def meshed() -> Any:
    """A ring with a chord behind a transformer."""
    net = pp.create_empty_network()
    pp.create_bus(net, 20.0)
    for _ in range(BUSES - 1):
        pp.create_bus(net, 0.4)
    pp.create_ext_grid(net, 0)
    pp.create_transformer_from_parameters(net, 0, 1, 0.16, 20.0, 0.4, 1.4, 4.0, 0.0, 0.0, shift_degree=150)
    for start, end, km, ka in ((1, 2, 0.2, 0.1), (2, 3, 0.1, 0.06), (3, 4, 0.3, 0.08), (4, 1, 0.2, 0.1)):
        pp.create_line_from_parameters(net, start, end, km, 0.3, 0.08, 0.0, ka)
    pp.create_line_from_parameters(net, 2, 4, 0.15, 0.5, 0.1, 0.0, 0.05, parallel=2, df=0.9)
    pp.create_line_from_parameters(net, 3, 5, 0.15, 0.5, 0.1, 0.0, 0.05)
    return net


def two_supplies() -> Any:
    """A street between two supplies with a branch, one line of it doubled by a longer one."""
    net = pp.create_empty_network()
    for _ in range(BUSES):
        pp.create_bus(net, 0.4)
    pp.create_ext_grid(net, 0)
    pp.create_ext_grid(net, 5)
    for start, end, km in ((0, 1, 0.2), (1, 2, 0.3), (2, 5, 0.1), (1, 2, 0.5), (2, 3, 0.2), (3, 4, 0.2)):
        pp.create_line_from_parameters(net, start, end, km, 0.3, 0.12, 0.0, 0.05)
    return net


def branches(net: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ends, kW per radian, and greatest flow of lines and transformers, from the tables of the net."""
    ends, susceptance, limit = [], [], []
    for line in net.line.itertuples():
        volt = net.bus.vn_kv[line.from_bus]
        r, x = (each * line.length_km / line.parallel for each in (line.r_ohm_per_km, line.x_ohm_per_km))
        rating = np.sqrt(3) * volt * line.max_i_ka * line.df * line.parallel * 1e3
        ends.append((line.from_bus, line.to_bus))
        susceptance.append(1e3 * volt**2 * x / (r**2 + x**2))
        limit.append(rating * LINE_PERCENT / 100)
    for trafo in net.trafo.itertuples():
        r = trafo.vkr_percent / 100
        x = np.sqrt((trafo.vk_percent / 100) ** 2 - r**2)
        ends.append((trafo.hv_bus, trafo.lv_bus))
        susceptance.append(1e3 * trafo.sn_mva * x / (r**2 + x**2))
        limit.append(1e3 * trafo.sn_mva * TRANSFORMER_PERCENT / 100)
    return np.array(ends), np.array(susceptance), np.minimum(limit, np.array(susceptance) * np.pi / 6)


def greatest_volume_kw(net: Any, case: Case, period: int, *, on_network: bool = True) -> float:
    """The optimum of a period: variables are the power of each trade and the angle of each bus."""
    ends, susceptance, limit = branches(net)
    people, trades = case.participants, case.trades
    load, generation = case.profiles.load_kw[period], case.profiles.generation_kw[period]
    own = np.minimum(load, generation)
    at_bus = np.zeros((BUSES, len(people)))
    at_bus[people.bus, np.arange(len(people))] = 1.0
    made, used = np.where(people.exports, generation, own), np.where(people.firm, load, own)
    flow_of_angle = np.zeros((len(ends), BUSES))
    flow_of_angle[np.arange(len(ends)), ends[:, 0]] = susceptance
    flow_of_angle[np.arange(len(ends)), ends[:, 1]] = -susceptance
    injection_of_angle = np.zeros((BUSES, BUSES))
    for row, (start, end) in zip(flow_of_angle, ends, strict=True):
        injection_of_angle[start] += row
        injection_of_angle[end] -= row
    free = np.setdiff1d(np.arange(BUSES), net.ext_grid.bus)
    baseline = at_bus @ (made - used)
    angle = np.linalg.solve(injection_of_angle[np.ix_(free, free)], baseline[free])
    baseline_flow = flow_of_angle[:, free] @ angle
    sells, buys = np.zeros((len(people), len(trades))), np.zeros((len(people), len(trades)))
    sells[trades.seller, np.arange(len(trades))] = 1.0
    buys[trades.buyer, np.arange(len(trades))] = 1.0
    moved = at_bus @ (sells * ~people.exports[:, None] - buys * ~people.firm[:, None])
    none = np.zeros((len(people), len(free)))
    caps = np.block([[sells, none], [buys, none]])
    flows = np.hstack([np.zeros((len(ends), len(trades))), flow_of_angle[:, free]])
    upper = limit if on_network else np.full(len(ends), 1e6)
    inside = (trades.start <= period) & (period < trades.end)
    for above, below in (
        (upper, upper),
        (np.maximum(upper, baseline_flow), np.maximum(upper, -baseline_flow)),
    ):
        best = linprog(
            -np.r_[np.ones(len(trades)), np.zeros(len(free))],
            A_ub=np.vstack([caps, flows, -flows]),
            b_ub=np.r_[generation - own, load - own, above, below],
            A_eq=np.hstack([-moved[free], injection_of_angle[np.ix_(free, free)]]),
            b_eq=baseline[free],
            bounds=[(0, power * here) for power, here in zip(trades.power_kw, inside, strict=True)]
            + [(None, None)] * len(free),
        )
        if best.status == 0:  # otherwise no choice keeps the case's own limits
            break
    assert best.status == 0
    return float(-best.fun)


def random_on(net: Any, path: Path, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    count, sellers, trades = 16, 8, 30
    pp.to_json(net, str(path))
    is_seller = np.arange(count) < sellers
    start = rng.integers(0, PERIODS, trades)
    case = make_case(
        make_participants(rng.integers(1, 5, count), rng.random(count) < 0.3, rng.random(count) < 0.2),
        rng.uniform(0, 25, (PERIODS, count)) * np.where(is_seller, 0.1, 1.0),
        rng.uniform(0, 25, (PERIODS, count)) * np.where(is_seller, 1.0, 0.05),
        make_trades(
            rng.integers(0, sellers, trades),
            rng.integers(sellers, count, trades),
            start,
            rng.integers(start + 1, PERIODS + 1),
            rng.uniform(0.1, 25, trades),
        ),
        network="pandapower/cigre_lv",  # until it is replaced
        limits=Limits(
            line_loading_max_percent=LINE_PERCENT, transformer_loading_max_percent=TRANSFORMER_PERCENT
        ),
    )
    return replace(case, network=NetworkSource(file=path), formulation=Formulation.DC)


@pytest.mark.parametrize("make_net", [meshed, two_supplies])
def test_the_volume_is_that_of_a_programme_from_the_tables(make_net: Any, tmp_path: Path) -> None:
    net, stopped = make_net(), 0
    for seed in range(8):
        case = random_on(net, tmp_path / f"{seed}.json", seed)
        clearance = gridpact.clear(case)
        cleared = clearance.cleared.groupby("time")["cleared_kw"].sum()
        for period, time in enumerate(sorted(cleared.index)):
            best = greatest_volume_kw(net, case, period)
            assert cleared[time] == pytest.approx(best, abs=1e-6)
            stopped += best < greatest_volume_kw(net, case, period, on_network=False) - 1e-3
    assert stopped >= 3
