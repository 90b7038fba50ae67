"""Random periods in which feed-in breaks limits, helps or competes with trades, or mends what loads break."""

from dataclasses import replace
from pathlib import Path

import numpy as np

import gridpact
from gridpact.case import Case, FeedIn
from gridpact.grid.limits import Limits
from gridpact.results import Clearance
from tests.ac_instances import ac_case, drawn_network


def feed_in_case(seed: int, folder: Path) -> Case:
    """A case of one period with exporters, on a public network, or on a meshed one written to a folder."""
    rng = np.random.default_rng(seed)
    network = drawn_network(rng, folder)
    kind = int(rng.integers(4))
    limits = (
        Limits(line_loading_max_percent=float(rng.uniform(8, 40))),
        Limits(transformer_loading_max_percent=float(rng.uniform(8, 30))),
        Limits(voltage_min_pu=float(rng.uniform(0.93, 0.985)), voltage_max_pu=1.3),
        Limits(voltage_min_pu=0.7, voltage_max_pu=float(rng.uniform(1.005, 1.04))),
    )[kind]
    case = ac_case(
        seed,
        network,
        sellers=int(rng.integers(2, 8)),
        buyers=int(rng.integers(2, 8)),
        trades=int(rng.integers(2, 16)),
        periods=1,
        power_kw=float(rng.uniform(10, 90)),
        firm=float(rng.choice([0.0, 0.3, 1.0])),
        exports=float(rng.choice([0.4, 1.0])),
        power_factor=float(rng.choice([1.0, 0.95, 0.85])),
        limits=limits,
    )
    return replace(case, feed_in=FeedIn.AFTER_TRADES)


def trade_kw(clearance: Clearance) -> np.ndarray:
    """Cleared power of each trade of a clearance of one period, commitments first, (trades,)."""
    offers = clearance.offers
    found = np.zeros(len(clearance.trades))
    np.add.at(found, offers.trade, offers.row_kw(clearance.solution.column_kw))
    return found


def cleared(case: Case, **instead: object) -> Clearance:
    """The clearance of a case with some settings instead of its own."""
    return gridpact.clear(replace(case, **instead), certify=False)
