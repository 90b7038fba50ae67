"""Feed-in in the lossless model, beside a linear programme on flows of pandapower's own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandapower as pp
import pytest
from scipy.optimize import linprog

import gridpact
from gridpact.case import Case
from gridpact.clearing.dc_model.dc_grid import DcGrid
from gridpact.grid.limits import Limits
from gridpact.grid.network import ElementKind
from tests.ac_instances import net_of
from tests.exact import bare
from tests.feed_in.exact_feed_in import Retailed
from tests.feed_in.random_feed_in import cleared, feed_in_case, trade_kw

NEAR, UNIT_KW = 1e-4, 10.0


def flows_kw(case: Case, network: gridpact.Network, injected_kw: np.ndarray) -> np.ndarray:
    """The flow of each rated element by `rundcpp`."""
    net = bare(net_of(case))
    for bus, kw in zip(case.participants.bus, injected_kw, strict=True):
        pp.create_sgen(net, int(bus), p_mw=kw / 1e3)
    pp.rundcpp(net)
    lines, transformers = net.res_line.p_from_mw, net.res_trafo.p_hv_mw
    kinds = zip(network.elements.kind, network.elements.id, strict=True)
    return 1e3 * np.array([(lines if kind is ElementKind.LINE else transformers)[at] for kind, at in kinds])


class LinearPeriod:
    """The period as a linear programme over trades and feed-in."""

    def __init__(self, case: Case) -> None:
        self.case, retailed, count = case, Retailed(case, net_of(case)), len(case.participants)
        network = gridpact.compile_network(case)
        grid, element = DcGrid(network, case.limits), network.branches.element
        self.limit_kw = np.full(len(network.elements.id), np.inf)
        self.limit_kw[element[element >= 0]] = grid.flow_limit_kw[element >= 0]
        nothing = flows_kw(case, network, np.zeros(count))
        gain = np.stack(
            [(flows_kw(case, network, UNIT_KW * one) - nothing) / UNIT_KW for one in np.eye(count)], axis=1
        )
        load, made = case.profiles.load_kw[0], case.profiles.generation_kw[0]
        own = np.minimum(load, made)
        self.bare_kw = nothing + gain @ (own - np.where(case.participants.firm, load, own))
        trades = retailed.trades
        self.most_kw, self.is_trade = trades.power_kw, np.arange(len(trades)) < len(case.trades)
        every = np.arange(count)[:, None]
        sold, bought = (trades.seller == every).astype(float), (trades.buyer == every).astype(float)
        self.effect = gain @ (sold - np.where(case.participants.firm, 0.0, 1.0)[:, None] * bought)
        self.caps, self.cap_kw = np.vstack([sold, bought]), np.concatenate([made - own, load - own])

    def greatest(self, counts: np.ndarray, least: np.ndarray, most: np.ndarray, limit: np.ndarray) -> float:
        known = np.isfinite(limit)
        found = linprog(
            -counts.astype(float),
            A_ub=np.vstack([self.effect[known], -self.effect[known], self.caps]),
            b_ub=np.concatenate([(limit - self.bare_kw)[known], (limit + self.bare_kw)[known], self.cap_kw]),
            bounds=np.stack([least, most], axis=1),
        )
        return -float(found.fun) if found.status == 0 else np.nan


@pytest.mark.parametrize(
    "seed", (1, 14, 24, 31, 36, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (9, 16, 25, 35)))
)
def test_trades_and_feed_in_are_those_of_a_linear_programme(seed: int, tmp_path: Path) -> None:
    rng, case = np.random.default_rng(seed), feed_in_case(seed, tmp_path)
    percent = {
        "line_loading_max_percent": float(rng.uniform(3, 40)),
        "transformer_loading_max_percent": float(rng.uniform(3, 40)),
    }
    case = replace(case, formulation="dc", limits=Limits(**percent))
    clearance, period = cleared(case), LinearPeriod(case)
    traded_kw, nothing, limit_kw = trade_kw(clearance), np.zeros(len(period.most_kw)), period.limit_kw
    volume_kw = period.greatest(period.is_trade, nothing, period.most_kw, limit_kw)
    if np.isnan(volume_kw):  # no choice keeps the limits
        limit_kw = np.maximum(limit_kw, np.abs(period.bare_kw))
        volume_kw = period.greatest(period.is_trade, nothing, period.most_kw, limit_kw)
    assert traded_kw.sum() == pytest.approx(volume_kw, rel=NEAR)
    least, most = nothing.copy(), period.most_kw.copy()
    least[period.is_trade], most[period.is_trade] = np.maximum(traded_kw - 1e-7, 0.0), traded_kw + 1e-7
    fed_in_kw = period.greatest(~period.is_trade, least, most, limit_kw)
    assert clearance.fed_in.fed_in_kw.sum() == pytest.approx(fed_in_kw, rel=NEAR, abs=NEAR)
