"""The even cut of three phases, for each kind of limit in both formats, beside one that is found apart.

What clears maximises V − ε S, of the volume V and the unevenness S = Σ q (1 − x)², with ε = 1e-5 (decision
0002). Three things are found apart: the greatest V; that same compromise; and the least S with V fixed.
Let S(V) be the least unevenness of a volume, which is convex. At the compromise one kW of volume is worth at
most 1/ε of unevenness, so that a volume fixed τ lower has S(V − τ) ≥ S(V) − τ/ε, and cuts as much apart as
the flat top allows. The compromise itself has one answer, to which cuts are held to a watt.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gridpact
from gridpact.case import Case
from tests.ac_instances import table_kw
from tests.instances import make_trades
from tests.phases.apart.even_cut import WEIGHT, Apart, NoOptimum
from tests.phases.cases import FORMATS, WIDE, limited, network_source, relief_case, worst_of
from tests.phases.test_three_phase_limits import KINDS, binding_case
from tests.phases.test_three_phase_optimum import european_clearance

CUT_KW = 1e-3
FIXED_BELOW_KW = (1e-9, 1e-8, 1e-7)  # the first at which Ipopt finds an interior


def assert_even(case: Case, clearance: gridpact.Clearance, period: int) -> int:
    """Volume, unevenness and each cut are those found apart; the number of trades that are cut in part."""
    apart = Apart(case, clearance.network, period, clearance.operating_limits)
    cleared = table_kw(clearance)[apart.trades, period]
    greatest_kw, compromise = apart.greatest().sum(), apart.greatest(WEIGHT)
    least, below_kw = least_unevenness(apart, greatest_kw, compromise)
    own = apart.unevenness_kw(cleared)
    assert cleared.sum() == pytest.approx(greatest_kw, rel=1e-6)
    np.testing.assert_allclose(cleared, compromise, rtol=0, atol=CUT_KW)
    assert own == pytest.approx(apart.unevenness_kw(compromise), rel=1e-5)
    assert own == pytest.approx(least, rel=1e-5, abs=below_kw / WEIGHT)
    return int(((cleared > CUT_KW) & (cleared < apart.proposed_kw - CUT_KW)).sum())


def least_unevenness(apart: Apart, greatest_kw: float, start: np.ndarray) -> tuple[float, float]:
    """With the volume fixed as close to the greatest as Ipopt finds one, and how far below that is, kW."""
    for below_kw in FIXED_BELOW_KW:
        try:
            return apart.unevenness_kw(apart.most_even(greatest_kw - below_kw, start)), below_kw
        except NoOptimum:
            continue
    raise AssertionError("no least unevenness was found apart")


def with_neighbours(case: Case, parts: tuple[float, ...] = (0.5, 0.3, 0.2)) -> Case:
    """The case with each trade in unequal parts, each with the next buyer on another phase or bus as well."""
    trades, buyers = case.trades, np.unique(case.trades.buyer)
    share = np.array(parts)
    seller, start, end = (np.repeat(part, len(share)) for part in (trades.seller, trades.start, trades.end))
    turn = np.arange(len(trades) * len(share)) % len(share)
    buyer = buyers[(np.repeat(np.searchsorted(buyers, trades.buyer), len(share)) + turn) % len(buyers)]
    power_kw = np.repeat(trades.power_kw, len(share)) * np.tile(share, len(trades))
    return replace(case, trades=make_trades(seller, buyer, start, end, power_kw))


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_binding_limit_is_shared_most_evenly(kind: str, network_format: str, tmp_path: Path) -> None:
    case = with_neighbours(binding_case(kind, network_format, tmp_path))
    table = gridpact.clear(replace(case, limits=WIDE)).network_state
    bare, most = (worst_of(table, kind, column) for column in ("baseline", "cleared"))
    case = limited(case, kind, bare + 0.5 * (most - bare))
    clearance = gridpact.clear(case)
    assert sum(assert_even(case, clearance, period) for period in range(2)) >= 4


@pytest.mark.parametrize("network_format", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_relieves_the_network_is_shared_most_evenly(
    kind: str, network_format: str, tmp_path: Path
) -> None:
    case = relief_case(network_source(network_format, tmp_path), high=kind != "voltage_min")
    table = gridpact.clear(replace(case, limits=WIDE)).network_state
    bare, traded = (worst_of(table, kind, column) for column in ("baseline", "cleared"))
    own = bare + 0.3 * (traded - bare) if "voltage_m" in kind else 0.9 * bare
    case = limited(with_neighbours(case), kind, own)
    clearance = gridpact.clear(case)
    assert clearance.summary["baseline_violations"]
    assert assert_even(case, clearance, 0) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("period", [13])
def test_the_european_feeder_is_cut_most_evenly(period: int) -> None:
    clearance = european_clearance()
    apart = Apart(clearance.case, clearance.network, period, clearance.operating_limits)
    cleared = table_kw(clearance)[apart.trades, period]
    compromise = apart.greatest(WEIGHT, (0.5,))
    np.testing.assert_allclose(cleared, compromise, rtol=0, atol=CUT_KW)
    assert apart.unevenness_kw(cleared) == pytest.approx(apart.unevenness_kw(compromise), rel=1e-5)
    assert ((cleared > CUT_KW) & (cleared < apart.proposed_kw - CUT_KW)).sum() >= 10
