"""The extreme hour as the publication computed it: a formulation of its own, apart from gridpact's.

Two habits of the published data are kept here, because they are needed to arrive at its figure: a line's
impedance per kilometre stands for the whole line's, and a susceptance in siemens times an angle counts as
megawatts, as if the voltage were 1 kV. Each line is limited to an angle difference of 30°.

- `published_volume_kw`: every bus balance may be relaxed by a non-negative power, and the feeders are not
  connected to the supply bus.
- `exact_balance_volume_kw`: the balances are exact, and the feeders hang on a rigid supply.
"""

from dataclasses import dataclass
from importlib.resources import files
from io import StringIO

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from gridpact.arrays import Float, Int
from gridpact.case.case import Case
from gridpact.errors import SolverFailed
from gridpact.units import KW_PER_MW

ANGLE_DIFFERENCE_MAX_RAD = np.pi / 6
BUSES, FEEDER_HEADS = 44, (2, 21, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFeeders:
    """The lines of the 44-bus network as published, without its transformers.

    Attributes:
        buses: number of buses.
        from_bus, to_bus: ends of each line, (L,).
        susceptance_kw: kW per radian, (L,).
        feeder_heads: low-voltage buses of the transformers.
    """

    buses: int
    from_bus: Int
    to_bus: Int
    susceptance_kw: Float
    feeder_heads: Int


def published_feeders() -> PublishedFeeders:
    """The CIGRE low-voltage feeders as pandapower has them, read with the published habits."""
    text = files("gridpact.published").joinpath("data", "cigre_lv_lines.csv").read_text(encoding="utf-8")
    from_bus, to_bus, *impedance_ohm_per_km = np.loadtxt(StringIO(text), delimiter=",", skiprows=1).T
    impedance = impedance_ohm_per_km[0] + 1j * impedance_ohm_per_km[1]
    return PublishedFeeders(
        buses=BUSES,
        from_bus=from_bus.astype(np.int64),
        to_bus=to_bus.astype(np.int64),
        susceptance_kw=-np.imag(1.0 / impedance) * KW_PER_MW,
        feeder_heads=np.array(FEEDER_HEADS),
    )


def published_volume_kw(case: Case, feeders: PublishedFeeders) -> float:
    """Greatest volume with relaxed balances on disconnected feeders, kW."""
    relaxation = eye_array(feeders.buses, format="csr")
    return _volume_kw(case, feeders, relaxation, lower=0.0)


def exact_balance_volume_kw(case: Case, feeders: PublishedFeeders) -> float:
    """Greatest volume with exact balances and a rigid supply at the head of each feeder, kW."""
    heads = len(feeders.feeder_heads)
    supply = csr_array(
        (np.ones(heads), (feeders.feeder_heads, np.arange(heads))), shape=(feeders.buses, heads)
    )
    return _volume_kw(case, feeders, supply, lower=-np.inf, rigid=feeders.feeder_heads)


def _volume_kw(
    case: Case, feeders: PublishedFeeders, extra: csr_array, *, lower: float, rigid: Int | None = None
) -> float:
    """Greatest Σ y with flow out = sold − bought − firm load + extra at every bus; θ = 0 at `rigid` buses."""
    trades, participants = case.trades, case.participants
    count, lines = len(trades), len(feeders.from_bus)
    column = np.arange(count)
    traded = csr_array(
        (
            np.repeat([1.0, -1.0], count),
            (participants.bus[np.concatenate([trades.seller, trades.buyer])], np.tile(column, 2)),
        ),
        shape=(feeders.buses, count),
    )
    incidence = csr_array(
        (
            np.repeat([1.0, -1.0], lines),
            (np.tile(np.arange(lines), 2), np.concatenate([feeders.from_bus, feeders.to_bus])),
        ),
        shape=(lines, feeders.buses),
    )
    flow = incidence.multiply(feeders.susceptance_kw[:, None])
    firm_kw = np.where(participants.firm, case.profiles.load_kw[0], 0.0)
    power_bounds = np.column_stack([np.zeros(count), trades.power_kw])
    angle_bounds = np.full((feeders.buses, 2), [-np.inf, np.inf])
    angle_bounds[rigid if rigid is not None else []] = 0.0
    bounds = np.vstack([power_bounds, angle_bounds, np.full((extra.shape[1], 2), [lower, np.inf])])

    def none_of(columns: int) -> csr_array:
        return csr_array((2 * lines, columns))

    result = linprog(
        np.concatenate([-np.ones(count), np.zeros(feeders.buses + extra.shape[1])]),
        A_ub=hstack([none_of(count), vstack([incidence, -incidence]), none_of(extra.shape[1])]).toarray(),
        b_ub=np.full(2 * lines, ANGLE_DIFFERENCE_MAX_RAD),
        A_eq=hstack([-traded, incidence.T @ flow, -extra]).toarray(),
        b_eq=-np.bincount(participants.bus, weights=firm_kw, minlength=feeders.buses),
        bounds=list(map(tuple, bounds)),
    )
    if not result.success or result.fun is None:
        raise SolverFailed(solver="HiGHS", status=result.message, where="the published extreme hour")
    return -float(result.fun)
