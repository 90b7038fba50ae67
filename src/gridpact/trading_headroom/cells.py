"""Cells: one participant in one period each, trading alone, and what that does to the limits."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from gridpact.arrays import Float, Int
from gridpact.clearing.network.network_state import operate
from gridpact.clearing.problem.problem import ClearingProblem
from gridpact.clearing.problem.solution import LimitedBy
from gridpact.grid.flow.power_flow import bus_voltage_pu, loading_percent, run_power_flow, unbalance_percent
from gridpact.grid.network_model import NO_PHASE
from gridpact.grid.places import places
from gridpact.trading_headroom.all_limits import AllLimits

NO_STATE = 1.0
VALUES_AT_ONCE = 2_000_000  # voltages, loadings and unbalances that are held at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstLimit:
    """The limit that is exceeded most, or is nearest, under each of m cells.

    Attributes:
        excess: in pu of voltage, as a share of the rating or of the positive sequence, negative inside;
            `NO_STATE` where there is no operating point, (m,).
        limited_by: a `LimitedBy`, (m,).
        element: as in `BindingLimits`, −1 without an operating point, (m,).
        phase: position in `PHASE_LABELS`, (m,).
    """

    excess: Float
    limited_by: Int
    element: Int
    phase: Int


class Cells:
    """R cells, each of which adds to what is injected in its period before anything is traded.

    Args:
        problem: the network, its limits, and that injection.
        period: of each cell, (R,).
        participant: that trades, and injects at each of its phases alike, (R,).
        p_per_kw: kW more injected per kW that the cell trades, (R,).
        q_per_kw: kvar more injected per kW, (R,).

    Attributes:
        has_state: whether the network has an operating point before, (R,); where it has none, no cell is
            solved.
    """

    def __init__(
        self, problem: ClearingProblem, *, period: Int, participant: Int, p_per_kw: Float, q_per_kw: Float
    ) -> None:
        self._network, self._limits = problem.network, problem.operating_limits
        self._before = problem.injection_at_nodes(np.zeros(problem.offers.columns))
        self._connected = csr_array(problem.connected[participant])
        self._period, self._p_per_kw, self._q_per_kw = period, p_per_kw, q_per_kw
        self._all = AllLimits.of(self._network)
        loadings = len(places(self._network).loading_element)
        self._at_once = max(1, VALUES_AT_ONCE // (self._network.nodes + loadings))
        self.has_state = operate(self._network, self._before).converged[period]

    def worst(self, power_kw: Float, cells: Int) -> WorstLimit:
        """The worst limit of some cells, (m,), each trading its own power, (m,), alone."""
        excess = np.full(len(cells), NO_STATE)
        limited_by = np.full(len(cells), LimitedBy.VOLTAGE_MIN, dtype=np.int64)
        element, phase = np.full(len(cells), -1, dtype=np.int64), np.full(len(cells), NO_PHASE)
        solvable = np.flatnonzero(self.has_state[cells])
        for first in range(0, len(solvable), self._at_once):
            some = solvable[first : first + self._at_once]
            found = self._worst(power_kw[some], cells[some])
            excess[some], limited_by[some] = found.excess, found.limited_by
            element[some], phase[some] = found.element, found.phase
        return WorstLimit(excess=excess, limited_by=limited_by, element=element, phase=phase)

    def _worst(self, power_kw: Float, cells: Int) -> WorstLimit:
        """The same for cells in periods with an operating point, few enough to be held at once."""
        period, row = self._period[cells], np.arange(len(cells))
        p_kw, q_kvar = self._before.p_kw[period], self._before.q_kvar[period]
        at = csr_array(self._connected[cells])
        nodes = np.diff(at.indptr)
        place = np.repeat(row, nodes), at.indices
        p_kw[place] += np.repeat(self._p_per_kw[cells] * power_kw, nodes) * at.data
        q_kvar[place] += np.repeat(self._q_per_kw[cells] * power_kw, nodes) * at.data
        flow = run_power_flow(self._network, p_kw, q_kvar)
        voltage_pu, limits = bus_voltage_pu(self._network, flow), self._limits
        beyond = np.hstack(
            [
                voltage_pu - limits.voltage_max_pu[period],
                limits.voltage_min_pu[period] - voltage_pu,
                (loading_percent(self._network, flow) - limits.loading_max_percent[period]) / 100.0,
                (unbalance_percent(self._network, flow) - limits.unbalance_max_percent[period]) / 100.0,
            ]
        )
        worst = beyond.argmax(axis=1)
        return WorstLimit(
            excess=np.where(flow.converged, beyond[row, worst], NO_STATE),
            limited_by=np.where(flow.converged, self._all.limited_by[worst], LimitedBy.VOLTAGE_MIN),
            element=np.where(flow.converged, self._all.element[worst], -1),
            phase=np.where(flow.converged, self._all.phase[worst], NO_PHASE),
        )
