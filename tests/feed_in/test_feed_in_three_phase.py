"""Feed-in on three phases, beside an optimum found apart: Ipopt on the states of power-grid-model.

Where feed-in helps trades, the trades' optimum is flat in it: with the trades held within δ kW of where they
are, there is room for feed-in of the order of √δ. Ipopt needs some δ, and what it makes of it is allowed for.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import casadi as ca
import numpy as np
import pytest

import gridpact
from gridpact.arrays import frozen
from gridpact.case import Case, FeedIn
from tests.feed_in.exact_feed_in import Retailed
from tests.feed_in.random_feed_in import cleared
from tests.phases.apart.even_cut import Apart, NoOptimum
from tests.phases.cases import FORMATS, PHASES, WIDE, case_on, limited, network_source, worst_of
from tests.phases.test_three_phase_limits import KINDS

NEAR, NEAR_KW = 1e-4, 1e-4
HELD_WITHIN_KW, ROOM = (
    (1e-9, 1e-8, 1e-7, 1e-6),
    15.0,
)  # δ, the first at which Ipopt finds an interior; kW per √kW


@dataclass(frozen=True)
class FeedInApart(Apart):
    """A period whose feed-in stands as trades with a retailer after its own trades; these may be fixed."""

    fixed_kw: tuple[float, ...] = ()
    within_kw: float = 0.0

    @cached_property
    def _connected(self) -> tuple[np.ndarray, np.ndarray]:
        """As of all others; the retailer, which comes last, draws nothing."""
        nodes, share = Apart._connected.func(self)
        share[:, -1] = 0.0
        return nodes, share

    @property
    def least_kw(self) -> np.ndarray:
        rest = np.zeros(len(self.trades) - len(self.fixed_kw))
        return np.append(np.maximum(np.array(self.fixed_kw) - self.within_kw, 0.0), rest)

    @property
    def most_kw(self) -> np.ndarray:
        fixed = np.array(self.fixed_kw) + self.within_kw
        return np.append(fixed, self.proposed_kw[len(fixed) :])

    def greatest_of(self, counts: np.ndarray) -> np.ndarray:
        """The greatest power of what counts, (n,)."""
        starts = tuple(self.least_kw + share * (self.most_kw - self.least_kw) for share in (0.05, 0.5))
        return self.best(lambda power: -ca.dot(ca.DM(counts), power), 0.0, starts)


def exporting(kind: str, network_format: str, folder: Path) -> Case:
    """A case in which feed-in breaks a kind of limit that is kept without it and without trades."""
    low = {} if network_format == "power-grid-model" else {"vn_lv_kv": 0.4 if kind == "voltage_min" else 0.41}
    case = case_on(network_source(network_format, folder, **low), folder, phases=PHASES, power_kw=12.0)
    people = case.participants
    sells = np.isin(np.arange(len(people)), case.trades.seller)
    case = replace(
        case, participants=replace(people, exports=frozen(sells, np.bool_)), feed_in=FeedIn.AFTER_TRADES
    )
    free = cleared(case, limits=WIDE).network_state
    nothing = cleared(case, limits=WIDE, trades=case.trades.at(np.arange(0)), participants=people)
    bare, most = worst_of(nothing.network_state, kind, "cleared"), worst_of(free, kind, "cleared")
    return limited(case, kind, bare + 0.4 * (most - bare))


def apart(case: Case, clearance: gridpact.Clearance, period: int) -> FeedInApart:
    """The period with a retailer."""
    retailed = Retailed(case, None, supply=int(case.participants.bus[0]))
    return FeedInApart(retailed, clearance.network, period, clearance.operating_limits)


def greatest_beside(free: FeedInApart, traded_kw: np.ndarray) -> tuple[float, float]:
    """The most feed-in beside the trades of a period, and within what these are held, kW."""
    counts = (np.arange(len(free.trades)) >= len(traded_kw)).astype(float)
    for within_kw in HELD_WITHIN_KW:
        held = replace(free, fixed_kw=tuple(traded_kw.tolist()), within_kw=within_kw)
        try:
            return float(counts @ held.greatest_of(counts)), within_kw
        except NoOptimum:
            continue
    raise AssertionError("no feed-in was found apart")


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_trades_and_feed_in_are_those_found_apart(kind: str, network_format: str, tmp_path: Path) -> None:
    case = exporting(kind, network_format, tmp_path)
    clearance = cleared(case)
    assert clearance.summary["status"] == "cleared"
    offers, curtailed = clearance.offers, 0.0
    row_kw = offers.row_kw(clearance.solution.column_kw)
    for period in range(case.horizon.periods):
        here = offers.period == period
        traded_kw = row_kw[here][np.argsort(offers.trade[here])]
        free = apart(case, clearance, period)
        is_trade = (np.arange(len(free.trades)) < len(traded_kw)).astype(float)
        volume_kw = float(is_trade @ free.greatest_of(is_trade))
        assert traded_kw.sum() == pytest.approx(volume_kw, rel=NEAR, abs=NEAR_KW)
        fed_in_kw, within_kw = greatest_beside(free, traded_kw)
        room_kw = NEAR_KW + ROOM * within_kw**0.5
        assert clearance.fed_in.fed_in_kw[period].sum() == pytest.approx(fed_in_kw, rel=NEAR, abs=room_kw)
        curtailed += float(clearance.fed_in.curtailed_kw[period].sum())
    assert curtailed > 0.1
    assert set(clearance.curtailed["limited_by"]) == {kind}
    assert set(clearance.curtailed["phase"]) <= set("abcn") | {""}
