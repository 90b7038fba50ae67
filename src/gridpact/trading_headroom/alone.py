"""Alone: the most that each participant could sell or buy if nobody else traded, under exact AC.

All cells (a period and a participant) are solved at once, each as a power flow of its own. The whole cap of
every cell is tested first; where it breaks a limit, the greatest power that keeps every limit is bracketed
between nothing and the cap (Chandrupatla 1997, "A new hybrid quadratic/bisection algorithm").
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from gridpact.arrays import Float, Int
from gridpact.clearing.network.network_state import KEPT_VOLTAGE_PU
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.network_model import NO_PHASE
from gridpact.results.decimals import DECIMALS
from gridpact.trading_headroom.cells import Cells

PRECISION_KW = 1e-6
STRICTLY_KEPT = 1e-9  # pu of voltage, and share of a rating; a clearing keeps its limits within 1e-7


class Side(Enum):
    """What the most is sought of, by the word for the cap that it has."""

    SALE = LimitedBy.SELLER_SURPLUS
    PURCHASE = LimitedBy.BUYER_DEMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The most that each participant could trade in each period, and what stops it.

    Attributes:
        power_kw: 0 where there is nothing to trade, (T, P).
        limited_by: a `LimitedBy`, `NOTHING` where there is nothing to trade, (T, P).
        element: as in `BindingLimits`, −1 for none, (T, P).
        phase: of the limit, position in `PHASE_LABELS`, (T, P).
    """

    power_kw: Float
    limited_by: Int
    element: Int
    phase: Int


def reach_alone(problem: ClearingProblem, cap_kw: Float, side: Side) -> Reach:
    """The most that each participant could sell or buy alone.

    In a period in which the network has no operating point before anything is traded, that is nothing.

    Args:
        problem: the network, its limits, and what is injected before anything is traded.
        cap_kw: the most that each participant has to sell or buy, (T, P).
        side: which of both.
    """
    period, participant = np.nonzero(cap_kw > 0.0)
    most_kw = cap_kw[period, participant]
    p_per_kw, q_per_kw = _injected(problem, side)
    cells = Cells(
        problem,
        period=period,
        participant=participant,
        p_per_kw=p_per_kw[participant],
        q_per_kw=q_per_kw[participant],
    )
    at_most = cells.worst(most_kw, np.arange(len(most_kw)))
    stopped = np.flatnonzero(at_most.excess > KEPT_VOLTAGE_PU)
    power_kw = most_kw.copy()
    limited_by = np.full(len(most_kw), side.value, dtype=np.int64)
    element, phase = participant.copy(), np.full(len(most_kw), NO_PHASE)
    power_kw[stopped], outside_kw = _bracketed(cells, most_kw, stopped)
    stop = cells.worst(outside_kw, stopped)
    limited_by[stopped], element[stopped], phase[stopped] = stop.limited_by, stop.element, stop.phase
    return Reach(
        power_kw=_placed(power_kw, period, participant, np.zeros(cap_kw.shape)),
        limited_by=_placed(limited_by, period, participant, np.full(cap_kw.shape, LimitedBy.NOTHING)),
        element=_placed(element, period, participant, np.full(cap_kw.shape, -1)),
        phase=_placed(phase, period, participant, np.full(cap_kw.shape, NO_PHASE)),
    )


def _injected(problem: ClearingProblem, side: Side) -> tuple[Float, Float]:
    """More active and reactive power injected per kW that a participant trades, (P,) each."""
    if side is Side.SALE:
        return problem.seller_injects, problem.seller_injects * problem.participants.generation_tan_phi
    return -problem.buyer_draws, -problem.buyer_draws * problem.participants.load_tan_phi


def _bracketed(cells: Cells, most_kw: Float, stopped: Int) -> tuple[Float, Float]:
    """The greatest power of each stopped cell that keeps every limit, and one just above that does not."""
    from scipy.optimize.elementwise import find_root

    def excess(power_kw: Float, cell: Int) -> Float:
        return cells.worst(power_kw, cell.astype(np.int64)).excess - STRICTLY_KEPT

    inside_kw, outside_kw = np.zeros(len(stopped)), most_kw[stopped]
    solvable = np.flatnonzero(cells.has_state[stopped])
    if len(solvable):
        found = find_root(
            excess,
            (inside_kw[solvable], outside_kw[solvable]),
            args=(stopped[solvable],),
            tolerances={"xatol": PRECISION_KW},
        )
        keeps = found.f_bracket[0] <= 0.0
        inside_kw[solvable] = np.where(keeps, _rounded_down(found.bracket[0]), 0.0)
        outside_kw[solvable] = found.bracket[1]
    return inside_kw, outside_kw


def _rounded_down(kw: Float) -> Float:
    """To the last decimal of the results, so that what keeps a limit is never rounded beyond it."""
    scale = 10.0**DECIMALS
    down: Float = np.floor(kw * scale) / scale
    return down


def _placed(values: np.ndarray, period: Int, participant: Int, among: np.ndarray) -> np.ndarray:
    """Writes the values of cells into a table of periods and participants, and gives the table."""
    among[period, participant] = values
    return among
